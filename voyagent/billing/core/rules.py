"""Keys of the ledger accounts of billing."""

from __future__ import annotations

EXCHANGE = "currency_exchange"
"""Key of the clearing account for settlements in another currency."""


CONTROL = {"in": ("receivable", "customer_advances"), "out": ("payable", "supplier_advances")}
"""Keys of the accounts of documents and of advances, by direction of the payment."""
OPEN_ACCOUNTS = tuple(documents for documents, _advances in CONTROL.values())
"""Keys of the accounts of open documents, whose journal lines name the party."""
DIFFERENCES = "exchange_differences"
"""Key of the account of exchange gains (credit) and losses (debit)."""
