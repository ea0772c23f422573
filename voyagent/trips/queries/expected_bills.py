"""Queries of the bills that suppliers of booked services are expected to send."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    ScalarSelect,
    Select,
    Uuid,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.pages import Cursor, CursorPage, page_by_day
from voyagent.kernel.tenancy import owned
from voyagent.parties import queries as parties
from voyagent.trips.models import ExpectedBill, Trip, TripLine
from voyagent.trips.queries.services import GIVEN_ON
from voyagent.trips.rules.details import name_of, read_details, service_days

State = Literal["open", "matched", "released"]
_EXPECTED, _LINES, _TRIPS = ExpectedBill.__table__.c, TripLine.__table__.c, Trip.__table__.c
_COLUMNS = (
    *("id", "trip_id", "trip_line_id", "party_id", "currency", "amount_minor", "matched_minor"),
    *("accrued_minor", "accrued_base_minor"),
    *("due_on", "status", "created_at", "updated_at"),
)


@dataclass(frozen=True, slots=True)
class ExpectedBillSearch:
    """Filters of the list of expected bills; a field that is None does not filter.

    `party_id` means the supplier with all that is merged with it; with `or_unknown`, also expected
    bills whose supplier is not known.
    """

    state: State = "open"
    party_id: UUID | None = None
    trip_id: UUID | None = None
    currency: str | None = None
    due_from: date | None = None
    due_to: date | None = None
    or_unknown: bool = False


def list_expected_bills(
    reader: Reader, search: ExpectedBillSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of expected bills, the first due one first.

    Each row has the columns of the table, `trip_title`, `open_minor`, and of the line `kind`,
    `service` (the name), `starts_on`, `service_to` (None for one day) and `supplier` (the name as
    the line has it). A line that was removed leaves them empty.
    """
    rows = reader.read(_list_statement(search, limit + 1, cursor))[0]
    return page_by_day([_shown(row) for row in rows], limit, "due_on")


def list_given(reader: Reader, last: date, *, limit: int) -> list[Row]:
    """Return open expected bills of services that were given by the day `last`.

    The earliest service is first. Each row is one of `list_expected_bills` with `given_on`, the
    last day of the service, or the day of the booking if the service has no day.
    """
    return [_shown(row) for row in reader.read(_given_statement("open", last, limit))[0]]


def list_cancelled(reader: Reader, last: date, *, limit: int) -> list[Row]:
    """Return released expected bills whose cost is still accrued.

    Their services were cancelled. The rows and the days are those of `list_given`.
    """
    return [_shown(row) for row in reader.read(cancelled_statement(last, limit))[0]]


@cached_statement
def cancelled_statement(last: date, limit: int) -> Select[Any]:
    """Select the rows of `list_cancelled`."""
    return _given_statement("released", last, limit).where(_EXPECTED.accrued_minor > 0)


def trips_statement() -> Select[Any]:
    """Select the trip of each expected bill. Rows: id, trip_id."""
    return select(_EXPECTED.id, _EXPECTED.trip_id).where(owned(ExpectedBill))


@cached_statement
def accrued_statement() -> Select[Any]:
    """Select the expected bills for which cost is accrued.

    Rows: id, currency, accrued_minor, accrued_base_minor.
    """
    return select(
        *(_EXPECTED[name] for name in ("id", "currency", "accrued_minor", "accrued_base_minor"))
    ).where(owned(ExpectedBill), _EXPECTED.accrued_minor > 0)


def get_expected_bills(ids: Sequence[UUID], *, lock: bool = False) -> list[Row]:
    """Return the expected bills with the given ids, by id; unknown ids are left out.

    With `lock` their rows are locked until the transaction ends.
    """
    if lock:
        held = select(ExpectedBill.id).where(ExpectedBill.id.in_(ids)).order_by(ExpectedBill.id)
        db.session.execute(held.with_for_update(key_share=True))
    return read_expected_bills(SessionReader(db.session), ids)


def read_expected_bills(reader: Reader, ids: Collection[UUID]) -> list[Row]:
    """Return the expected bills with the given ids, by id; unknown ids are left out."""
    of_ids = _statement().where(_EXPECTED.id.in_(ids)).order_by(_EXPECTED.id)
    return [_shown(row) for row in reader.read(of_ids)[0]]


def service_of(expected_bill_id: ColumnElement[UUID]) -> ScalarSelect[UUID | None]:
    """Return the SQL for the trip line of an expected bill."""
    own = select(_EXPECTED.trip_line_id).where(
        owned(ExpectedBill), _EXPECTED.id == expected_bill_id
    )
    return own.scalar_subquery()


def _statement() -> Select[Any]:
    return (
        select(
            *(_EXPECTED[name] for name in _COLUMNS),
            (_EXPECTED.amount_minor - _EXPECTED.matched_minor).label("open_minor"),
            _TRIPS.title.label("trip_title"),
            *(
                _LINES[name]
                for name in ("kind", "details", "supplier", "supplier_ref", "starts_on")
            ),
        )
        .join_from(ExpectedBill.__table__, Trip.__table__, _TRIPS.id == _EXPECTED.trip_id)
        .outerjoin(
            TripLine.__table__,
            (_LINES.id == _EXPECTED.trip_line_id) & owned(TripLine),
        )
        .where(owned(ExpectedBill), owned(Trip))
    )


@cached_statement
def _given_statement(state: State, last: date, limit: int) -> Select[Any]:
    given_on = func.coalesce(GIVEN_ON, _EXPECTED.due_on)
    return (
        _statement()
        .add_columns(given_on.label("given_on"))
        .where(_EXPECTED.status == state, _EXPECTED.due_on <= last, given_on <= last)
        .order_by(given_on, _EXPECTED.id)
        .limit(limit)
    )


@cached_statement
def _list_statement(search: ExpectedBillSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    page = _statement().where(*_conditions(search))
    if cursor is not None:
        page = page.where(
            tuple_(_EXPECTED.due_on, _EXPECTED.id)
            > tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        )
    return page.order_by(_EXPECTED.due_on, _EXPECTED.id).limit(limit)


def _conditions(search: ExpectedBillSearch) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [_EXPECTED.status == search.state]
    for column, value in (
        (_EXPECTED.trip_id, search.trip_id),
        (_EXPECTED.currency, search.currency),
    ):
        if value is not None:
            wanted.append(column == value)
    if search.party_id is not None:
        is_of = _EXPECTED.party_id.in_(parties.group_of(search.party_id))
        wanted.append(or_(is_of, _EXPECTED.party_id.is_(None)) if search.or_unknown else is_of)
    if search.due_from is not None:
        wanted.append(_EXPECTED.due_on >= search.due_from)
    if search.due_to is not None:
        wanted.append(_EXPECTED.due_on <= search.due_to)
    return wanted


def _shown(row: Row) -> Row:
    details = row["details"]
    if details is None:
        return {**row, "service": None, "service_to": None}
    read = read_details(row["kind"], details)
    return {**row, "service": name_of(read), "service_to": service_days([read])[1]}
