"""Services of customers and suppliers."""
