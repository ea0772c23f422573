"""Statements for the lines of a document and the payments that settle it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from voyagent.billing.core.models.kinds import AnyCreditKind, DocumentKind
from voyagent.billing.core.models.payments import Allocation, Payment
from voyagent.billing.core.queries.open_documents import SETTLES
from voyagent.kernel.tenancy import owned


def items_statement(kind: DocumentKind | AnyCreditKind, document_id: UUID) -> Select[Any]:
    """Select all columns of the lines of a document or credit, in order."""
    lines = kind.line.__table__.c
    return (
        select(*(column for column in lines if column.name not in ("tenant_id", kind.key)))
        .where(owned(kind.line), lines[kind.key] == document_id)
        .order_by(lines.line_no)
    )


def settling_statement(kind: DocumentKind, document_id: UUID) -> Select[Any]:
    """Return an SQL statement for the payments that now settle a document.

    The oldest payment is first. Rows: id (of the payment), paid_on, reference, entry_id (of the
    allocation), amount_minor (the settled amount in the document's currency), payment_minor (the
    part of the payment that settles the document, in the payment's currency) and payment_currency.
    """
    payments, allocations = Payment.__table__, Allocation.__table__
    counter = allocations.alias("counter")
    taken_back = (
        select(counter.c.id)
        .where(owned(counter), counter.c.reverses_id == allocations.c.id)
        .exists()
    )
    return (
        select(
            *(payments.c[name] for name in ("id", "paid_on", "reference")),
            allocations.c.entry_id,
            SETTLES.label("amount_minor"),
            allocations.c.amount_minor.label("payment_minor"),
            payments.c.currency.label("payment_currency"),
        )
        .select_from(
            allocations.join(
                payments,
                (payments.c.tenant_id == allocations.c.tenant_id)
                & (payments.c.id == allocations.c.payment_id),
            )
        )
        .where(
            owned(Allocation),
            allocations.c[kind.key] == document_id,
            allocations.c.reverses_id.is_(None),
            ~taken_back,
        )
        .order_by(allocations.c.effective_on, payments.c.id)
    )
