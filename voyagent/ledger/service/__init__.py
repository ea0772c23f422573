"""Rules of the ledger: accounts, entries, reversals and closing of months.

No other package writes to the ledger's tables, and no posted entry is ever changed.
"""
