"""Encrypt the PANs and tax numbers of buyers again."""

from __future__ import annotations

from voyagent.billing.core.models.invoices import Invoice
from voyagent.kernel import resealing
from voyagent.kernel.keyring import Keyring


def reseal(keyring: Keyring) -> int:
    """Encrypt PANs and tax numbers of up to 500 invoices with the current secret.

    Returns the number of changed invoices.
    """
    return resealing.reseal(keyring, Invoice, "customer_pan", "customer_tax_number")
