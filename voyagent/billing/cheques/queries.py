"""Queries of received cheques."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import BigInteger, Date, Select, Uuid, case, cast, func, literal, select, tuple_

from voyagent.banking import queries as banking
from voyagent.billing.cheques.errors import ChequeNotFound
from voyagent.billing.core.models.cheques import ChequeInvoice, ReceivedCheque
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.queries.cheques import is_held
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement, keyed_select
from voyagent.kernel.db import db, load_one
from voyagent.kernel.pages import Cursor, CursorPage, page_by_day
from voyagent.kernel.tenancy import owned
from voyagent.parties import queries as parties

Status = Literal["received", "deposited", "returned"]
_CHEQUES = ReceivedCheque.__table__.c
_LINKS = ChequeInvoice.__table__.c
_PAYMENTS, _INVOICES = Payment.__table__.c, Invoice.__table__.c
_STATUSES = {
    "received": is_held(),
    "deposited": _CHEQUES.payment_id.is_not(None),
    "returned": _CHEQUES.returned_on.is_not(None),
}


@dataclass(frozen=True, slots=True)
class ChequeSearch:
    """Filters of the list of received cheques.

    `first` and `last` limit the date on the cheque.
    """

    status: Status | None = None
    first: date | None = None
    last: date | None = None
    party_id: UUID | None = None
    invoice_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ChequeDocument:
    """A received cheque, and the invoices that it is for, earliest due date first."""

    cheque: Row
    invoices: list[Row]


def get_cheque(cheque_id: UUID, *, lock: bool = False) -> ReceivedCheque:
    """Return a received cheque.

    With `lock` its row is locked until the transaction ends. Raises ChequeNotFound.
    """
    return load_one(
        select(ReceivedCheque).where(ReceivedCheque.id == cheque_id), ChequeNotFound, lock=lock
    )


def invoice_ids(cheque_id: UUID) -> list[UUID]:
    """Return the ids of the invoices that a cheque is to settle."""
    found = select(ChequeInvoice.invoice_id).where(ChequeInvoice.cheque_id == cheque_id)
    return list(db.session.scalars(found))


def list_cheques(
    reader: Reader, search: ChequeSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of received cheques after the cursor, by the date on the cheque.

    Held cheques are listed earliest date first, so that the next deposit is on top. All other lists
    begin with the latest date.
    """
    rows = reader.read(_list_statement(search, limit + 1, cursor))[0]
    return page_by_day(rows, limit, "cheque_on")


def held_totals(reader: Reader, search: ChequeSearch) -> list[Row]:
    """Return the sum of the held cheques in each currency.

    Rows: currency, amount_minor.
    """
    statement = (
        select(
            _CHEQUES.currency,
            cast(func.sum(_CHEQUES.amount_minor), BigInteger).label("amount_minor"),
        )
        .where(owned(ReceivedCheque), is_held(), *_conditions(search))
        .group_by(_CHEQUES.currency)
        .order_by(_CHEQUES.currency)
    )
    return reader.read(statement)[0]


def read_cheque(reader: Reader, cheque_id: UUID) -> ChequeDocument:
    """Return a received cheque with its invoices. Raises ChequeNotFound."""
    cheques, invoices = reader.read(*_document_statements(cheque_id))
    return ChequeDocument(first_row(cheques, ChequeNotFound), invoices)


@cached_statement
def _list_statement(search: ChequeSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    statement = _cheques().where(*_conditions(search))
    place = tuple_(_CHEQUES.cheque_on, _CHEQUES.id)
    is_held_only = search.status == "received"
    if cursor is not None:
        at = tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        statement = statement.where(place > at if is_held_only else place < at)
    order = (
        (_CHEQUES.cheque_on, _CHEQUES.id)
        if is_held_only
        else (_CHEQUES.cheque_on.desc(), _CHEQUES.id.desc())
    )
    return statement.order_by(*order).limit(limit)


def _conditions(search: ChequeSearch) -> list[Any]:
    conditions: list[Any] = []
    if search.status is not None:
        conditions.append(_STATUSES[search.status])
    if search.first is not None:
        conditions.append(_CHEQUES.cheque_on >= search.first)
    if search.last is not None:
        conditions.append(_CHEQUES.cheque_on <= search.last)
    if search.party_id is not None:
        conditions.append(_CHEQUES.party_id == search.party_id)
    if search.invoice_id is not None:
        of_invoice = select(_LINKS.cheque_id).where(
            owned(ChequeInvoice), _LINKS.invoice_id == search.invoice_id
        )
        conditions.append(_CHEQUES.id.in_(of_invoice))
    return conditions


@keyed_select
def _document_statements(cheque_id: Any) -> tuple[Select[Any], ...]:
    invoices = (
        select(*(_INVOICES[name] for name in ("id", "number", "total_minor")))
        .join_from(
            ChequeInvoice.__table__,
            Invoice.__table__,
            (_INVOICES.tenant_id == _LINKS.tenant_id) & (_INVOICES.id == _LINKS.invoice_id),
        )
        .where(owned(ChequeInvoice), owned(Invoice), _LINKS.cheque_id == cheque_id)
        .order_by(_INVOICES.due_date, _INVOICES.id)
    )
    return _cheques().where(_CHEQUES.id == cheque_id), invoices


def _cheques() -> Select[Any]:
    return (
        select(
            *(one for one in _CHEQUES if one.name != "tenant_id"),
            case(
                *((condition, literal(status)) for status, condition in _STATUSES.items()),
            ).label("status"),
            parties.name_of(_CHEQUES.party_id).label("party_name"),
            banking.name_of(_CHEQUES.bank_account_id).label("bank_account_name"),
            _PAYMENTS.number.label("payment_number"),
            _PAYMENTS.paid_on.label("deposited_on"),
            _PAYMENTS.reversed_on.label("payment_reversed_on"),
            name_of(_CHEQUES.created_by_user_id).label("created_by"),
        )
        .outerjoin_from(
            ReceivedCheque.__table__,
            Payment.__table__,
            (_PAYMENTS.tenant_id == _CHEQUES.tenant_id) & (_PAYMENTS.id == _CHEQUES.payment_id),
        )
        .where(owned(ReceivedCheque))
    )
