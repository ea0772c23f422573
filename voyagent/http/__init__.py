"""Code that pages and JSON API share: transaction, errors, guards, parsing, forms."""
