"""Input and output of the ledger: the chart, the journal, the months."""
