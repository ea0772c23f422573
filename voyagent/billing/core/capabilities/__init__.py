"""Capabilities of the ledger, and code that billing capabilities share."""
