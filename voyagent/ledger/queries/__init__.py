"""Reads of the ledger; callers import the module that has the function."""
