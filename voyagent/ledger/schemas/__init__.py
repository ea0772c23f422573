"""Schemas of the chart of accounts, the journal and the months."""
