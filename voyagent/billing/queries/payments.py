"""Reading payments: one with all that happened to it, the list, what is paid ahead by party, and
what the rules hold while they change it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    Uuid,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import OPEN, RATE_COLUMNS
from voyagent.billing.core.models.payments import Allocation, Payment, Refund
from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.billing.queries.documents import BillNotFound, InvoiceNotFound
from voyagent.billing.queries.listing import having_text
from voyagent.billing.queries.open_documents import Kind
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement, keyed_select
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.pages import Cursor, cut_by_day
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.entries import entry_lines_statement

_PAYMENTS = Payment.__table__.c
_ALLOCATIONS = Allocation.__table__.c
_REFUNDS = Refund.__table__.c
_LISTED = (
    *(
        "id",
        "number",
        "direction",
        "party_name",
        "currency",
        "amount_minor",
        "allocated_minor",
        "refunded_minor",
        "paid_on",
        "account",
        "reference",
    ),
    *("entry_id", "created_at", "reversed_on", "reversal_reason", "reversal_entry_id"),
)


class PaymentNotFound(NotFound):
    """No such payment in the agency."""

    code = "payment_not_found"
    message = N_("We could not find that payment.")


class AllocationNotFound(NotFound):
    """No such allocation of this payment."""

    code = "allocation_not_found"
    message = N_("We could not find that part of the payment.")


class RefundNotFound(NotFound):
    """No such refund in the agency."""

    code = "refund_not_found"
    message = N_("We could not find that refund.")


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What money of another currency settles of a document so far, in the document's currency, and
    what as much of it stood in the books for.
    """

    settled_minor: int
    booked_minor: int


@dataclass(frozen=True, slots=True)
class PaymentSearch:
    """What the list is narrowed to.

    `direction` is in or out; `party` a whole name; `is_unapplied`, `is_reversed`: only those with
    something left, reversed.
    """

    direction: str | None = None
    party: str | None = None
    paid_from: date | None = None
    paid_to: date | None = None
    is_unapplied: bool = False
    text: str | None = None
    is_reversed: bool = False


@dataclass(frozen=True, slots=True)
class PaymentsListed:
    """A page of the list, newest day first; `next_cursor` is None where the list ends."""

    items: list[Row]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PaymentDocument:
    """A payment with what it settles and settled, what was given back of it, and the journal lines
    of the day on which it came.
    """

    payment: Row
    allocations: list[Row]
    refunds: list[Row]
    journal: list[Row]


def get_payment(payment_id: UUID, *, lock: bool = False) -> Payment:
    """A payment of the agency; `lock` holds its row until the transaction ends.

    Raises PaymentNotFound.
    """
    statement = select(Payment).where(Payment.id == payment_id)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    found = db.session.scalar(statement)
    if found is None:
        raise PaymentNotFound
    return found


def get_allocation(payment_id: UUID, allocation_id: UUID) -> Allocation:
    """An allocation of a payment. Raises AllocationNotFound."""
    found = db.session.scalar(
        select(Allocation).where(
            Allocation.id == allocation_id, Allocation.payment_id == payment_id
        )
    )
    if found is None:
        raise AllocationNotFound
    return found


def get_refund(payment_id: UUID, refund_id: UUID) -> Refund:
    """A refund of a payment. Raises RefundNotFound."""
    found = db.session.scalar(
        select(Refund)
        .where(Refund.id == refund_id, Refund.payment_id == payment_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise RefundNotFound
    return found


def payment_of_allocation(reader: Reader, allocation_id: UUID) -> UUID:
    """The id of the payment that an allocation, or what takes one back, is of.

    Raises AllocationNotFound.
    """
    found = reader.read(
        select(_ALLOCATIONS.payment_id).where(owned(Allocation), _ALLOCATIONS.id == allocation_id)
    )[0]
    if not found:
        raise AllocationNotFound
    payment_id: UUID = found[0]["payment_id"]
    return payment_id


def payment_of_refund(reader: Reader, refund_id: UUID) -> UUID:
    """The id of the payment that a refund was given of. Raises RefundNotFound."""
    found = reader.read(select(_REFUNDS.payment_id).where(owned(Refund), _REFUNDS.id == refund_id))[
        0
    ]
    if not found:
        raise RefundNotFound
    payment_id: UUID = found[0]["payment_id"]
    return payment_id


def allocations_of(payment_id: UUID) -> list[Allocation]:
    """All that a payment settles or settled, and what takes it back, the oldest first."""
    return list(
        db.session.scalars(
            select(Allocation)
            .where(Allocation.payment_id == payment_id)
            .order_by(Allocation.created_at, Allocation.id)
        )
    )


def exchanged_before(document: Invoice | Bill) -> Exchanged:
    """What payments in another currency settle of a document whose row is held, as far as that was
    booked at its rate.
    """
    of = Allocation.invoice_id if isinstance(document, Invoice) else Allocation.bill_id
    sums = ((Allocation.settled_minor, "settled_minor"), (Allocation.booked_minor, "booked_minor"))
    statement = select(
        *(cast(func.coalesce(func.sum(column), 0), BigInteger).label(name) for column, name in sums)
    )
    found = db.session.execute(
        statement.where(of == document.id, Allocation.booked_minor.is_not(None))
    ).one()
    return Exchanged(found.settled_minor, found.booked_minor)


def is_taken_back(allocation_id: UUID) -> bool:
    """Whether another allocation counts against this one."""
    return (
        db.session.scalar(select(Allocation.id).where(Allocation.reverses_id == allocation_id))
        is not None
    )


def last_taken_back(
    payment_id: UUID | None = None, document_ids: Iterable[UUID] = ()
) -> date | None:
    """The last day on which something of a payment or of documents was taken back: an allocation, a
    refund, a credit note or a write-off.
    """
    ids = list(document_ids)
    concerned = or_(
        Allocation.payment_id == payment_id,
        Allocation.invoice_id.in_(ids),
        Allocation.bill_id.in_(ids),
    )
    allocated = (
        select(func.max(Allocation.effective_on))
        .where(Allocation.reverses_id.is_not(None), concerned)
        .scalar_subquery()
    )
    written_off = (
        select(func.max(WriteOff.effective_on))
        .where(WriteOff.reverses_id.is_not(None), WriteOff.invoice_id.in_(ids))
        .scalar_subquery()
    )
    refunded = (
        select(func.max(Refund.reversed_on))
        .where(Refund.payment_id == payment_id)
        .scalar_subquery()
    )
    credited = (
        select(func.max(CreditNote.reversed_on))
        .where(CreditNote.invoice_id.in_(ids))
        .scalar_subquery()
    )
    by_suppliers = (
        select(func.max(SupplierCredit.reversed_on))
        .where(SupplierCredit.bill_id.in_(ids))
        .scalar_subquery()
    )
    return db.session.scalar(
        select(func.greatest(allocated, written_off, refunded, credited, by_suppliers))
    )


def lock_documents(kind: Kind, ids: Iterable[UUID]) -> list[Invoice | Bill]:
    """Invoices or bills by id, in the order of their ids, each row held until the transaction ends.

    Raises InvoiceNotFound, BillNotFound.
    """
    wanted = list(ids)
    model: Any = Invoice if kind == "receivable" else Bill
    statement = (
        select(model).where(model.id.in_(wanted)).order_by(model.id).with_for_update(key_share=True)
    )
    found: list[Invoice | Bill] = list(
        db.session.scalars(statement.execution_options(populate_existing=True))
    )
    if len(found) < len(wanted):
        raise InvoiceNotFound if kind == "receivable" else BillNotFound
    return found


def booked_rates(reader: Reader, kind: Kind, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """The rate at which each of these documents is booked, of those that keep one."""
    table: Any = (Invoice if kind == "receivable" else Bill).__table__
    names = ("id", *RATE_COLUMNS)
    rows = reader.read(
        select(*(table.c[name] for name in names)).where(
            owned(table), table.c.id.in_(list(ids)), table.c.rate.is_not(None)
        )
    )[0]
    return {row["id"]: row for row in rows}


def open_document_ids(
    kind: Kind, party: str, currency: str, day: date, *, limit: int
) -> list[UUID]:
    """The open documents of a party in a currency that were issued by a day, those due longest
    first.
    """
    model: Any = Invoice if kind == "receivable" else Bill
    statement = select(model.id).where(
        model.party_key == func.lower(party),
        model.currency == currency,
        model.status.in_(OPEN),
        model.issue_date <= day,
    )
    return list(db.session.scalars(statement.order_by(model.due_date, model.id).limit(limit)))


def list_payments(
    reader: Reader, search: PaymentSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> PaymentsListed:
    """Payments by the day on which they came or went, the newest first, behind the row of a cursor;
    a page costs the same at any depth.
    """
    return PaymentsListed(
        *cut_by_day(reader.read(_list_statement(search, limit + 1, cursor))[0], limit, "paid_on")
    )


def payment_conditions(search: PaymentSearch) -> list[ColumnElement[bool]]:
    """What narrows a list of payments but its text."""
    wanted: list[ColumnElement[bool]] = []
    if search.direction:
        wanted.append(_PAYMENTS.direction == search.direction)
    if search.party:
        wanted.append(_PAYMENTS.party_key == func.lower(search.party))
    if search.paid_from:
        wanted.append(_PAYMENTS.paid_on >= search.paid_from)
    if search.paid_to:
        wanted.append(_PAYMENTS.paid_on <= search.paid_to)
    if search.is_unapplied:
        wanted.append(_PAYMENTS.allocated_minor + _PAYMENTS.refunded_minor < _PAYMENTS.amount_minor)
    if search.is_reversed:
        wanted.append(_PAYMENTS.reversed_on.is_not(None))
    return wanted


def read_payment(reader: Reader, payment_id: UUID) -> PaymentDocument:
    """A payment with its allocations and refunds, the oldest first, in one trip.

    Raises PaymentNotFound.
    """
    payments, allocations, refunds, journal = reader.read(*_document_statements(payment_id))
    if not payments:
        raise PaymentNotFound
    return PaymentDocument(payments[0], allocations, refunds, journal)


@cached_statement
def _list_statement(search: PaymentSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    statement = select(*(_PAYMENTS[name] for name in _LISTED)).where(
        owned(Payment), *payment_conditions(search)
    )
    if cursor is not None:
        statement = statement.where(
            tuple_(_PAYMENTS.paid_on, _PAYMENTS.id)
            < tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        )
    newest = statement.order_by(_PAYMENTS.paid_on.desc(), _PAYMENTS.id.desc())
    return having_text(newest, "paid_on", ("number", "party_name", "reference"), search.text, limit)


@keyed_select
def _document_statements(payment_id: Any) -> tuple[Select[Any], ...]:
    entry_id = (
        select(_PAYMENTS.entry_id)
        .where(owned(Payment), _PAYMENTS.id == payment_id)
        .scalar_subquery()
    )
    return (
        _payment_statement(payment_id),
        _allocations_statement(payment_id),
        _refunds_statement(payment_id),
        entry_lines_statement(entry_id),
    )


def _payment_statement(payment_id: UUID) -> Select[Any]:
    names = (
        name_of(_PAYMENTS.created_by_user_id).label("created_by"),
        name_of(_PAYMENTS.reversed_by_user_id).label("reversed_by"),
    )
    return select(*(_PAYMENTS[name] for name in _LISTED), *names).where(
        owned(Payment), _PAYMENTS.id == payment_id
    )


def _allocations_statement(payment_id: UUID) -> Select[Any]:
    invoices, bills = Invoice.__table__, Bill.__table__
    counter = Allocation.__table__.alias("counter")
    taken_back = (
        select(counter.c.id)
        .where(owned(counter), counter.c.reverses_id == _ALLOCATIONS.id)
        .exists()
    )
    return (
        select(
            *(
                _ALLOCATIONS[name]
                for name in (
                    "id",
                    "invoice_id",
                    "bill_id",
                    "amount_minor",
                    "effective_on",
                    "entry_id",
                    "reverses_id",
                )
            ),
            *(_ALLOCATIONS[name] for name in ("settled_minor", "booked_minor", *RATE_COLUMNS)),
            func.coalesce(invoices.c.currency, bills.c.currency).label("document_currency"),
            func.coalesce(invoices.c.number, bills.c.vendor_reference).label("reference"),
            case((_ALLOCATIONS.reverses_id.is_not(None), True), else_=taken_back).label("is_over"),
        )
        .select_from(
            Allocation.__table__.outerjoin(
                invoices, owned(invoices) & (invoices.c.id == _ALLOCATIONS.invoice_id)
            ).outerjoin(bills, owned(bills) & (bills.c.id == _ALLOCATIONS.bill_id))
        )
        .where(owned(Allocation), _ALLOCATIONS.payment_id == payment_id)
        .order_by(_ALLOCATIONS.created_at, _ALLOCATIONS.id)
    )


def _refunds_statement(payment_id: UUID) -> Select[Any]:
    names = (
        "id",
        "number",
        "amount_minor",
        "refunded_on",
        "account",
        "reference",
        "entry_id",
        "reversed_on",
        "reversal_reason",
        "reversal_entry_id",
    )
    columns = (
        *(_REFUNDS[name] for name in names),
        name_of(_REFUNDS.reversed_by_user_id).label("reversed_by"),
    )
    return (
        select(*columns)
        .where(owned(Refund), _REFUNDS.payment_id == payment_id)
        .order_by(_REFUNDS.created_at, _REFUNDS.id)
    )


__all__ = [
    "AllocationNotFound",
    "Exchanged",
    "PaymentDocument",
    "PaymentNotFound",
    "PaymentSearch",
    "PaymentsListed",
    "RefundNotFound",
    "allocations_of",
    "booked_rates",
    "exchanged_before",
    "get_allocation",
    "get_payment",
    "get_refund",
    "is_taken_back",
    "last_taken_back",
    "list_payments",
    "lock_documents",
    "open_document_ids",
    "payment_of_allocation",
    "payment_of_refund",
    "read_payment",
]
