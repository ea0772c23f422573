"""Invoices, bills, credits, write-offs and payments, all posted to the ledger."""
