"""Forms of invoices, and the query parameters of the list of invoices."""
