"""The books: accounts, and entries that always balance and never change."""
