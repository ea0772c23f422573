"""Code that pages and the JSON API share: transaction, errors, guards, parsing, forms, OpenAPI."""
