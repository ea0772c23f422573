"""Billing: invoices, bills, credit notes, payments and write-offs, each posted to the ledger."""
