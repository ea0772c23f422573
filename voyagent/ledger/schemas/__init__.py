"""Request and response schemas of the chart of accounts, the journal and the months."""
