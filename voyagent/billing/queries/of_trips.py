"""The documents of trips, and whom a trip is for by its invoices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, literal, select, union_all

from voyagent.billing.models import Bill, CreditNote, Invoice, SupplierCredit
from voyagent.kernel.tenancy import owned

_INVOICES, _BILLS = Invoice.__table__.c, Bill.__table__.c
_NOTES, _CREDITS = CreditNote.__table__.c, SupplierCredit.__table__.c


def of_trips_statement() -> Select[Any]:
    """Invoices and bills of trips, and the credits on either, as their entries name them: source_type, source_id, and the trip as thing_id.

    What settles a document or gives it up posts neither revenue nor what a service cost.
    """
    notes = select(literal("credit_note"), _NOTES.id, _INVOICES.trip_id).join_from(CreditNote.__table__, Invoice.__table__, _NOTES.invoice_id == _INVOICES.id)
    credited = select(literal("supplier_credit"), _CREDITS.id, _BILLS.trip_id).join_from(
        SupplierCredit.__table__, Bill.__table__, _CREDITS.bill_id == _BILLS.id
    )
    found = union_all(
        select(literal("invoice").label("source_type"), _INVOICES.id.label("source_id"), _INVOICES.trip_id.label("thing_id")).where(*_of_one(Invoice)),
        select(literal("bill"), _BILLS.id, _BILLS.trip_id).where(*_of_one(Bill)),
        notes.where(owned(CreditNote), *_of_one(Invoice)),
        credited.where(owned(SupplierCredit), *_of_one(Bill)),
    )
    return select(found.subquery("of_trips"))


def invoiced(trip_id: ColumnElement[UUID]) -> ScalarSelect[Any]:
    """For a Core select of another room: the customer of the newest invoice of a trip that a column names, drafts among them, void ones not."""
    mine = select(_INVOICES.party_name).where(owned(Invoice), _INVOICES.trip_id == trip_id, _INVOICES.status != "void")
    return mine.order_by(_INVOICES.issue_date.desc(), _INVOICES.id.desc()).limit(1).scalar_subquery()


def _of_one(model: type[Invoice | Bill]) -> tuple[ColumnElement[bool], ...]:
    return owned(model), model.__table__.c.trip_id.is_not(None), model.__table__.c.status != "draft"


__all__ = ["invoiced", "of_trips_statement"]
