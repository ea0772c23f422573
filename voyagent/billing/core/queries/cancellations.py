"""Queries of the effects of cancellations on the lines of documents."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, select

from voyagent.billing.core.models.cancellations import Cancellation, CancellationLine
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.kinds import BILL, INVOICE, DocumentKind
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


def lost_lines(bill_id: UUID) -> set[int]:
    """Return the numbers of the lines of a bill of which the supplier keeps a part.

    A cancellation has recognised their cost, so nothing of them is prepaid any more.
    """
    found = select(CancellationLine.bill_line_no).where(
        CancellationLine.bill_id == bill_id, CancellationLine.supplier_charge_minor > 0
    )
    return {line_no for line_no in db.session.scalars(found) if line_no is not None}


def credited_lines(bill_id: UUID) -> dict[int, str]:
    """Return the lines of a bill that cancellations have credited.

    The keys are line numbers, and the values are numbers of the last cancellations.
    """
    found = (
        select(CancellationLine.bill_line_no, Cancellation.number)
        .join(Cancellation, Cancellation.id == CancellationLine.cancellation_id)
        .where(CancellationLine.bill_id == bill_id, CancellationLine.supplier_refund_minor > 0)
        .order_by(Cancellation.id)
    )
    return {line_no: number for line_no, number in db.session.execute(found) if line_no is not None}


def is_of_cancellation(credit: CreditNote | SupplierCredit) -> bool:
    """Return True if a cancellation has made a credit note or a supplier credit."""
    kind = INVOICE if isinstance(credit, CreditNote) else BILL
    made = _has_made(kind, getattr(credit, kind.key), credit.id)
    found = select(CancellationLine.cancellation_id).where(made)
    return db.session.scalars(found.limit(1)).first() is not None


def of_credit(kind: DocumentKind, name: str) -> ColumnElement[Any]:
    """Return a column of the cancellation that made a credit, for a select of credits."""
    credit, lines = kind.credit.model.__table__.c, CancellationLine.__table__.c
    cancellations = Cancellation.__table__.c
    return (
        select(cancellations[name])
        .join_from(
            CancellationLine.__table__,
            Cancellation.__table__,
            cancellations.id == lines.cancellation_id,
        )
        .where(
            owned(CancellationLine),
            owned(Cancellation),
            _has_made(kind, credit[kind.key], credit.id),
        )
        .limit(1)
        .scalar_subquery()
    )


def _has_made(kind: DocumentKind, document_id: Any, credit_id: Any) -> ColumnElement[bool]:
    """Return the condition for the lines of the cancellation that made a credit."""
    lines = CancellationLine.__table__.c
    return and_(lines[kind.key] == document_id, lines[f"{kind.credit.name}_id"] == credit_id)


def cancellations_of_statement(kind: DocumentKind, document_id: UUID) -> Select[Any]:
    """Select the cancellations of an invoice or a bill, oldest first.

    Rows: id, number, cancelled_on, reason.
    """
    cancellations, lines = Cancellation.__table__.c, CancellationLine.__table__.c
    of_document = exists().where(
        owned(CancellationLine),
        lines.cancellation_id == cancellations.id,
        lines[kind.key] == document_id,
    )
    return (
        select(*(cancellations[name] for name in ("id", "number", "cancelled_on", "reason")))
        .where(owned(Cancellation), of_document)
        .order_by(cancellations.cancelled_on, cancellations.id)
    )
