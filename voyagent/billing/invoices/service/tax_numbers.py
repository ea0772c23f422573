"""Encrypt the PANs and tax numbers of buyers again."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from voyagent.billing.core.models.invoices import Invoice
from voyagent.kernel.db import db
from voyagent.kernel.keyring import Keyring

ROWS_MAX = 500


def reseal(keyring: Keyring) -> int:
    """Encrypt PANs and tax numbers of up to 500 invoices with the current secret.

    They are in clear text or encrypted with an earlier secret. Returns the number of invoices.
    """
    mark = keyring.present_mark
    rows = db.session.scalars(
        select(Invoice)
        .where(
            or_(
                Invoice.customer_pan_clear.is_not(None),
                Invoice.customer_tax_number_clear.is_not(None),
                func.substring(Invoice.customer_pan_sealed, 1, len(mark)) != mark,
                func.substring(Invoice.customer_tax_number_sealed, 1, len(mark)) != mark,
            )
        )
        .order_by(Invoice.id)
        .limit(ROWS_MAX)
        .with_for_update(skip_locked=True)
    ).all()
    for invoice in rows:
        invoice.customer_pan = invoice.customer_pan
        invoice.customer_tax_number = invoice.customer_tax_number
    db.session.flush()
    return len(rows)
