"""HTML pages of the chart of accounts, the journal and the months."""
