"""Encryption of PANs and tax numbers of buyers after a change of the secret."""

from __future__ import annotations

from voyagent.billing.core.models.invoices import Invoice
from voyagent.kernel import resealing
from voyagent.kernel.keyring import Keyring


def reseal(keyring: Keyring) -> int:
    """Encrypt old PANs and tax numbers of up to 500 invoices with the current secret.

    Old values are encrypted with an earlier secret, or were stored unencrypted by an earlier
    release. Returns the number of changed invoices.
    """
    return resealing.reseal(keyring, Invoice, "customer_pan", "customer_tax_number")
