"""Queries of allocations and refunds, and of the documents that payments settle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, or_, select

from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import kind_of
from voyagent.billing.core.models.parts import OPEN, RATE_COLUMNS
from voyagent.billing.core.models.payments import Allocation, Refund, RefundPart
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.payments.errors import AllocationNotFound, RefundNotFound
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.db import db, load_one
from voyagent.kernel.tenancy import owned

_ALLOCATIONS = Allocation.__table__.c
_REFUNDS = Refund.__table__.c


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Sums of a document's allocations from payments in another currency.

    `settled_minor` is the settled amount in the document's currency. `booked_minor` is the book
    value of the settled amount, in the payments' currency. Both are in minor units.
    """

    settled_minor: int
    booked_minor: int


def get_allocation(payment_id: UUID, allocation_id: UUID) -> Allocation:
    """Return an allocation of a payment. Raises AllocationNotFound."""
    return load_one(
        select(Allocation).where(
            Allocation.id == allocation_id, Allocation.payment_id == payment_id
        ),
        AllocationNotFound,
    )


def get_refund(payment_id: UUID, refund_id: UUID) -> Refund:
    """Return a refund of a payment, or of several payments that include it.

    Raises RefundNotFound.
    """
    in_part = select(RefundPart.refund_id).where(RefundPart.payment_id == payment_id)
    return load_one(
        select(Refund)
        .where(Refund.id == refund_id, or_(Refund.payment_id == payment_id, Refund.id.in_(in_part)))
        .execution_options(populate_existing=True),
        RefundNotFound,
    )


def payment_of_allocation(reader: Reader, allocation_id: UUID) -> UUID:
    """Return the id of the payment that an allocation belongs to.

    Raises AllocationNotFound.
    """
    found = reader.read(
        select(_ALLOCATIONS.payment_id).where(owned(Allocation), _ALLOCATIONS.id == allocation_id)
    )[0]
    payment_id: UUID = first_row(found, AllocationNotFound)["payment_id"]
    return payment_id


def payment_of_refund(reader: Reader, refund_id: UUID) -> UUID:
    """Return the id of the payment that a refund belongs to.

    A refund of several payments belongs to the first of them. Raises RefundNotFound.
    """
    found = reader.read(select(_REFUNDS.payment_id).where(owned(Refund), _REFUNDS.id == refund_id))[
        0
    ]
    payment_id: UUID = first_row(found, RefundNotFound)["payment_id"]
    return payment_id


def refund_parts(refund: Refund) -> dict[UUID, tuple[int, int]]:
    """Return the amounts that a refund returns, by the id of the payment.

    The first amount of a pair is in the currency of the payment, the second in the base currency.
    Both are in minor units; the second is 0 if there is no base amount.
    """
    found: Sequence[Refund | RefundPart] = (
        db.session.scalars(select(RefundPart).where(RefundPart.refund_id == refund.id)).all()
        if refund.has_parts
        else [refund]
    )
    return {row.payment_id: (row.amount_minor, row.base_minor or 0) for row in found}


def allocations_of(payment_id: UUID) -> list[Allocation]:
    """Return the allocations of a payment, oldest first.

    The result includes allocations that were taken back, and the rows with negative amounts that
    cancel these allocations.
    """
    return list(
        db.session.scalars(
            select(Allocation)
            .where(Allocation.payment_id == payment_id)
            .order_by(Allocation.created_at, Allocation.id)
        )
    )


def exchanged_before(document: Invoice | Bill) -> Exchanged:
    """Return the part of a document that payments in other currencies have settled.

    Allocations without a booked amount are left out. The caller must have locked the document.
    """
    of = getattr(Allocation, kind_of(document).key)
    sums = ((Allocation.settled_minor, "settled_minor"), (Allocation.booked_minor, "booked_minor"))
    statement = select(
        *(cast(func.coalesce(func.sum(column), 0), BigInteger).label(name) for column, name in sums)
    )
    found = db.session.execute(
        statement.where(of == document.id, Allocation.booked_minor.is_not(None))
    ).one()
    return Exchanged(found.settled_minor, found.booked_minor)


def is_taken_back(allocation_id: UUID) -> bool:
    """Return True if an allocation was taken back."""
    return (
        db.session.scalar(select(Allocation.id).where(Allocation.reverses_id == allocation_id))
        is not None
    )


def lock_documents(kind: Kind, ids: Iterable[UUID]) -> list[Invoice | Bill]:
    """Lock documents until the transaction ends and return them, ordered by id.

    Raises InvoiceNotFound, BillNotFound.
    """
    document_ids = list(ids)
    model: Any = Invoice if kind == "receivable" else Bill
    statement = (
        select(model)
        .where(model.id.in_(document_ids))
        # In this order two requests cannot deadlock.
        .order_by(model.id)
        .with_for_update(key_share=True)
    )
    found: list[Invoice | Bill] = list(
        db.session.scalars(statement.execution_options(populate_existing=True))
    )
    if len(found) < len(document_ids):
        raise InvoiceNotFound if kind == "receivable" else BillNotFound
    return found


def booked_rates(reader: Reader, kind: Kind, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Return the booked exchange rates of the documents that have one, by document id.

    Rows: id and the columns of `AtARate`.
    """
    table: Any = (Invoice if kind == "receivable" else Bill).__table__
    names = ("id", *RATE_COLUMNS)
    rows = reader.read(
        select(*(table.c[name] for name in names)).where(
            owned(table), table.c.id.in_(list(ids)), table.c.rate.is_not(None)
        )
    )[0]
    return {row["id"]: row for row in rows}


def open_document_ids(
    kind: Kind, party_key: str, currency: str, day: date, *, limit: int
) -> list[UUID]:
    """Return ids of open documents of a party in a currency, earliest due date first.

    Only documents issued up to `day` are returned.
    """
    model: Any = Invoice if kind == "receivable" else Bill
    statement = select(model.id).where(
        model.party_key == party_key,
        model.currency == currency,
        model.status.in_(OPEN),
        model.issue_date <= day,
    )
    return list(db.session.scalars(statement.order_by(model.due_date, model.id).limit(limit)))
