"""Queries of the documents that belong to trips."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, Select, cast, func, select

from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.kinds import BILL, INVOICE, DocumentKind
from voyagent.kernel.tenancy import owned

_INVOICES = Invoice.__table__.c


def of_trips() -> dict[str, Select[Any]]:
    """Return SQL selects of the documents that belong to trips, by type of document.

    The keys are `invoice`, `bill`, `credit_note` and `supplier_credit`. Rows: source_id (the
    document's id) and thing_id (the trip's id). Drafts, payments and write-offs are left out.
    """
    return {kind.name: _documents(kind) for kind in (INVOICE, BILL)} | {
        kind.credit.name: _credits(kind) for kind in (INVOICE, BILL)
    }


def invoiced(trip_id: ColumnElement[UUID]) -> ScalarSelect[Any]:
    """Return a scalar subquery for the customer's name on a trip's newest invoice.

    Void invoices are ignored.
    """
    statement = select(_INVOICES.party_name).where(
        owned(Invoice), _INVOICES.trip_id == trip_id, _INVOICES.status != "void"
    )
    return (
        statement.order_by(_INVOICES.issue_date.desc(), _INVOICES.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def invoiced_of(lines: Any) -> ScalarSelect[Any]:
    """Return a scalar subquery for the amount of each trip line on posted invoices, before tax.

    `lines` are the columns of trip lines. The amount is in minor units of the line's currency, and
    null if no invoice has the line.
    """
    parts = InvoiceLine.__table__.c
    return (
        select(cast(func.sum(parts.amount_minor), BigInteger))
        .join_from(
            Invoice.__table__,
            InvoiceLine.__table__,
            (parts.tenant_id == _INVOICES.tenant_id) & (parts.invoice_id == _INVOICES.id),
        )
        .where(
            owned(Invoice),
            owned(InvoiceLine),
            _INVOICES.trip_id == lines.trip_id,
            _INVOICES.currency == lines.currency,
            _INVOICES.status.not_in(("draft", "void")),
            parts.trip_line_id == lines.id,
        )
        .scalar_subquery()
    )


def _documents(kind: DocumentKind) -> Select[Any]:
    table = kind.model.__table__.c
    return select(table.id.label("source_id"), table.trip_id.label("thing_id")).where(
        owned(kind.model), table.trip_id.is_not(None), table.status != "draft"
    )


def _credits(kind: DocumentKind) -> Select[Any]:
    table, documents = kind.credit.model.__table__, kind.model.__table__
    return (
        _documents(kind)
        .with_only_columns(table.c.id.label("source_id"), documents.c.trip_id.label("thing_id"))
        .join_from(table, documents, table.c[kind.key] == documents.c.id)
        .where(owned(kind.credit.model))
    )
