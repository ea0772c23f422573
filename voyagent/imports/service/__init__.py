"""Services of imports.

`files` imports a file; each other module handles some kinds of file.
"""
