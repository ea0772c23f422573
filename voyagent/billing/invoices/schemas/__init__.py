"""Request and response bodies of invoices."""
