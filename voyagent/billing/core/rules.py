"""Accounts of the ledger on which billing posts, and the written form of a rate."""

from __future__ import annotations

from decimal import Decimal

EXCHANGE = "currency_exchange"
"""The account on which money of one currency is given for that of another."""


CONTROL = {"in": ("receivable", "customer_advances"), "out": ("payable", "supplier_advances")}
"""Accounts of documents and of advances, by direction."""
OPEN_ACCOUNTS = tuple(documents for documents, _advances in CONTROL.values())
"""Accounts of open documents, whose lines name the party."""
DIFFERENCES = "exchange_differences"
"""Account of exchange gains (credit) and losses (debit)."""


def plain_rate(rate: Decimal) -> str:
    """Return a rate without trailing zeros, such as `83` or `0.0121`."""
    return f"{rate.normalize():f}"
