"""Rules of the ledger: accounts, entries, reversals and closing of months.

No other package writes to the ledger's tables, except for the rebuild of its stored sums. No posted
entry is ever changed.
"""
