"""Double-entry ledger: accounts, and entries that balance and never change."""
