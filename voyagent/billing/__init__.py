"""Billing documents and payments, each posted to the ledger.

Documents are invoices, bills, credit notes and write-offs.
"""
