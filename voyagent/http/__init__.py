"""Parts that pages and API share: transaction, errors, guards, parsing, forms, OpenAPI."""
