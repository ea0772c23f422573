"""Keys of the ledger accounts of billing, and the text form of an exchange rate."""

from __future__ import annotations

from decimal import Decimal

EXCHANGE = "currency_exchange"
"""Key of the clearing account for settlements in another currency."""


CONTROL = {"in": ("receivable", "customer_advances"), "out": ("payable", "supplier_advances")}
"""Keys of the accounts of documents and of advances, by direction of the payment."""
OPEN_ACCOUNTS = tuple(documents for documents, _advances in CONTROL.values())
"""Keys of the accounts of open documents, whose journal lines name the party."""
DIFFERENCES = "exchange_differences"
"""Key of the account of exchange gains (credit) and losses (debit)."""


def plain_rate(rate: Decimal) -> str:
    """Return an exchange rate without trailing zeros, such as `83` or `0.0121`."""
    return f"{rate.normalize():f}"
