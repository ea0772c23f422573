"""Customers and suppliers, identified by the name on their documents."""
