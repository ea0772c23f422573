"""HTML forms for the chart of accounts, the journal and the closing of months."""
