"""What both doors share: one transaction a request, one table of errors, guards, parsing, forms and
the OpenAPI document.
"""
