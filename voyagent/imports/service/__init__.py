"""Services of imports.

`files` imports a file; each other module handles some kinds of file. A file is refused as a whole.
`rules.csv_tables` refuses files that are too large, unreadable or empty, and unknown columns.
`files` refuses values that occur twice. The `Taker` of the kind refuses a row if its schema, or the
service of the record, does not accept the row.
"""
