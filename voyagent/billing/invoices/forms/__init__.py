"""Forms of invoices and the filters of their list."""
