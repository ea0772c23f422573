"""Queries of the documents that belong to trips."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, select

from voyagent.billing.core.models.invoices import Invoice
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
