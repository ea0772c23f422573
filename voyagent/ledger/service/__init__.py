"""Rules of the ledger: accounts, journal entries, reversals and the closing of months.

No other package writes to the ledger's tables, and no posted entry is ever changed.
"""
