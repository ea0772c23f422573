"""Pages of the ledger: the chart, the journal, the months."""
