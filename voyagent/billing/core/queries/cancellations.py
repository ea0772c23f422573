"""Queries of what cancellations have done with the lines of documents."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select

from voyagent.billing.core.models.cancellations import Cancellation, CancellationLine
from voyagent.billing.core.models.credits import CreditNote
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import owned


def kept_lines(invoice_id: UUID) -> dict[int, date]:
    """Return the lines whose deferred revenue a cancellation has kept, with its day.

    The keys are line numbers. Nothing of these lines is deferred any more.
    """
    found = (
        select(CancellationLine.invoice_line_no, Cancellation.cancelled_on)
        .join(Cancellation, Cancellation.id == CancellationLine.cancellation_id)
        .where(CancellationLine.invoice_id == invoice_id, CancellationLine.kept_minor > 0)
    )
    return {line_no: day for line_no, day in db.session.execute(found) if line_no is not None}


def is_of_cancellation(note: CreditNote) -> bool:
    """Return True if a cancellation has issued a credit note."""
    found = select(CancellationLine.cancellation_id).where(
        CancellationLine.invoice_id == note.invoice_id, CancellationLine.credit_note_id == note.id
    )
    return db.session.scalars(found.limit(1)).first() is not None


def cancellations_of_statement(invoice_id: UUID) -> Select[Any]:
    """Select the cancellations of an invoice, oldest first.

    Rows: id, number, cancelled_on, reason.
    """
    cancellations, lines = Cancellation.__table__.c, CancellationLine.__table__.c
    of_invoice = exists().where(
        owned(CancellationLine),
        lines.cancellation_id == cancellations.id,
        lines.invoice_id == invoice_id,
    )
    return (
        select(*(cancellations[name] for name in ("id", "number", "cancelled_on", "reason")))
        .where(owned(Cancellation), of_invoice)
        .order_by(cancellations.cancelled_on, cancellations.id)
    )
