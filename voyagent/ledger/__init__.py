"""Double-entry ledger: accounts and balanced entries that never change."""
