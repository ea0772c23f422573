"""Documents about money: invoices, bills and payments, each posted to the ledger."""
