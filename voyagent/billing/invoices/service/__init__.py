"""Services of invoices."""
