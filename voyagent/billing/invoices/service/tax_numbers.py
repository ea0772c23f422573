"""Encryption of PANs and tax numbers of buyers after a change of the secret."""

from __future__ import annotations

from voyagent.billing.core.models.invoices import PAN, TAX_NUMBER, Invoice
from voyagent.kernel import resealing
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.resealing import SealedColumn


def _pan_digest(keyring: Keyring, pan: str) -> bytes:
    return keyring.digest(PAN, pan)


SEALED = (
    SealedColumn(
        "invoices",
        "customer_pan_sealed",
        PAN,
        clear="customer_pan",
        hashed="customer_pan_digest",
        hashes=_pan_digest,
    ),
    SealedColumn("invoices", "customer_tax_number_sealed", TAX_NUMBER, clear="customer_tax_number"),
)


def reseal(keyring: Keyring) -> int:
    """Encrypt old PANs and tax numbers of up to 500 invoices with the current secret.

    Old values are encrypted with an earlier secret, or were stored unencrypted by an earlier
    release. Returns the number of changed invoices.
    """
    return resealing.reseal(keyring, Invoice, "customer_pan", "customer_tax_number")
