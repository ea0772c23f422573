"""Services of imports.

`files` imports a file; each other module handles some kinds of file. A file is refused as a whole.
`rules.csv_tables` refuses files that are too large, unreadable or empty, and unknown columns.
`files` refuses values that occur twice. Each kind of file has a `Taker`. The `Taker` refuses a row
that does not match its schema, or that the service of the record refuses.
"""
