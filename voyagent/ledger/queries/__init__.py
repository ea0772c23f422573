"""Queries of the ledger. Import the submodule that defines the function."""
