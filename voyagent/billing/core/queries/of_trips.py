"""Queries of the documents that belong to trips."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, select

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.invoices import Invoice
from voyagent.kernel.tenancy import owned

_INVOICES, _BILLS = Invoice.__table__.c, Bill.__table__.c
_NOTES, _CREDITS = CreditNote.__table__.c, SupplierCredit.__table__.c


def of_trips() -> dict[str, Select[Any]]:
    """Return a statement for the documents of trips, by type of document.

    The keys are `invoice`, `bill`, `credit_note` and `supplier_credit`. Rows: source_id (the
    document's id) and thing_id (the trip's id). Payments and write-offs are left out, because they
    post neither revenue nor cost.
    """
    notes = select(_NOTES.id, _INVOICES.trip_id).join_from(
        CreditNote.__table__, Invoice.__table__, _NOTES.invoice_id == _INVOICES.id
    )
    credited = select(_CREDITS.id, _BILLS.trip_id).join_from(
        SupplierCredit.__table__, Bill.__table__, _CREDITS.bill_id == _BILLS.id
    )
    found = {
        "invoice": select(_INVOICES.id, _INVOICES.trip_id).where(*_of_one(Invoice)),
        "bill": select(_BILLS.id, _BILLS.trip_id).where(*_of_one(Bill)),
        "credit_note": notes.where(owned(CreditNote), *_of_one(Invoice)),
        "supplier_credit": credited.where(owned(SupplierCredit), *_of_one(Bill)),
    }
    return {kind: _named(statement) for kind, statement in found.items()}


def invoiced(trip_id: ColumnElement[UUID]) -> ScalarSelect[Any]:
    """Return a scalar subquery for the customer of a trip's newest invoice that is not void."""
    statement = select(_INVOICES.party_name).where(
        owned(Invoice), _INVOICES.trip_id == trip_id, _INVOICES.status != "void"
    )
    return (
        statement.order_by(_INVOICES.issue_date.desc(), _INVOICES.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _named(statement: Select[Any]) -> Select[Any]:
    source_id, thing_id = statement.selected_columns
    return statement.with_only_columns(source_id.label("source_id"), thing_id.label("thing_id"))


def _of_one(model: type[Invoice | Bill]) -> tuple[ColumnElement[bool], ...]:
    return owned(model), model.__table__.c.trip_id.is_not(None), model.__table__.c.status != "draft"
