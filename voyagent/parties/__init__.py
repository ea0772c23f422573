"""Customers and suppliers, which documents refer to by name."""
