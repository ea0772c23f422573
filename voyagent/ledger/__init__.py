"""Double-entry ledger: accounts, and balanced journal entries that are never changed."""
