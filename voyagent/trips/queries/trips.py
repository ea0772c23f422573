"""Queries of trips: one trip, the trip of a conversation, the list."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, select, text, tuple_

from voyagent.chat.queries.sessions import SessionNotFound, is_live, session_statement
from voyagent.identity.queries.people import name_of as person_of
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.db import db, load_one
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor, Page, next_cursor
from voyagent.kernel.person_keys import key_column
from voyagent.kernel.tenancy import owned
from voyagent.trips.models import Trip, TripLine, TripPassenger
from voyagent.trips.queries.acceptance import acceptance_of
from voyagent.trips.rules import details as kinds
from voyagent.trips.rules.journey import (
    OVER,
    Journey,
    Line,
    Passenger,
    status_of,
)

_TRIPS, _PEOPLE, _LINES = Trip.__table__.c, TripPassenger.__table__.c, TripLine.__table__.c
_TRIP_COLUMNS = (
    "id",
    "tenant_id",
    "title",
    "currency",
    "notes",
    "enquiry_id",
    "created_by_user_id",
    "created_at",
    "updated_at",
    "sent_at",
    "sent_to",
    "decision",
)
_PASSENGER_COLUMNS = (
    *("id", "trip_id", "full_name", "kind", "date_of_birth", "nationality"),
    *("passport_last4", "passport_expiry", "created_at", "updated_at"),
)
_LINE_COLUMNS = (
    *(
        "id",
        "trip_id",
        "kind",
        "status",
        "starts_on",
        "ends_on",
        "details",
        "cost_minor",
        "price_minor",
        "currency",
        "quoted_cost_minor",
        "quoted_price_minor",
        "booked_cost_minor",
        "party_id",
    ),
    *(
        "supplier",
        "supplier_ref",
        "supplier_key",
        "our_reference",
        "hold_expires_at",
        "created_at",
        "updated_at",
    ),
)

_AMOUNTS = ("cost", "price", "quoted_cost", "quoted_price", "booked_cost")


class TripNotFound(NotFound):
    """The agency has no such trip."""

    code = "trip_not_found"
    message = N_("We could not find that trip.")


class PassengerNotFound(NotFound):
    """The trip has no such passenger."""

    code = "passenger_not_found"
    message = N_("We could not find that passenger. It may have been removed.")


class LineNotFound(NotFound):
    """The trip has no such line."""

    code = "line_not_found"
    message = N_("We could not find that line of the trip. It may have been removed.")


def agencies_with_offers() -> list[UUID]:
    """Return the ids of agencies with offers or supplier responses to delete."""
    return list(
        db.session.scalars(text("select app.tenants_with_offers(:at)"), {"at": clock.now()})
    )


def get_trip(trip_id: UUID, *, lock: bool = False) -> Trip:
    """Return a trip.

    With `lock`, the trip's row is locked until the transaction ends. Raises TripNotFound.
    """
    return load_one(select(Trip).where(Trip.id == trip_id), TripNotFound, lock=lock)


def get_passenger(trip_id: UUID, passenger_id: UUID, *, lock: bool = False) -> TripPassenger:
    """Return a passenger; `lock` locks the trip's row. Raises PassengerNotFound."""
    if lock:
        _hold(trip_id)
    statement = select(TripPassenger).where(
        TripPassenger.id == passenger_id, TripPassenger.trip_id == trip_id
    )
    return load_one(statement.execution_options(populate_existing=lock), PassengerNotFound)


def get_line(trip_id: UUID, line_id: UUID, *, lock: bool = False) -> TripLine:
    """Return a trip line; `lock` locks the trip's row. Raises LineNotFound."""
    if lock:
        _hold(trip_id)
    statement = select(TripLine).where(TripLine.id == line_id, TripLine.trip_id == trip_id)
    return load_one(statement.execution_options(populate_existing=lock), LineNotFound)


def trip_id_of_line(line_id: UUID) -> UUID:
    """Return the id of the trip that a trip line belongs to. Raises LineNotFound."""
    return load_one(select(TripLine.trip_id).where(TripLine.id == line_id), LineNotFound)


def ids_of_enquiry(enquiry_id: UUID) -> Select[Any]:
    """Select the ids of the trips of an enquiry."""
    return select(Trip.id).where(Trip.enquiry_id == enquiry_id)


def find_trip(*, session_id: UUID | None = None, enquiry_id: UUID | None = None) -> Trip | None:
    """Return the trip of a conversation or the newest trip of an enquiry, or None.

    If `session_id` is given, `enquiry_id` is ignored.
    """
    if session_id is not None:
        return db.session.scalar(select(Trip).where(Trip.session_id == session_id))
    return db.session.scalar(
        select(Trip)
        .where(Trip.enquiry_id == enquiry_id)
        .order_by(Trip.created_at.desc(), Trip.id.desc())
        .limit(1)
    )


def read_trip(reader: Reader, trip_id: UUID) -> Journey:
    """Return a trip with its passengers and lines. Raises TripNotFound."""
    journey = _read(reader, _TRIPS.id == trip_id)[0]
    if journey is None:
        raise TripNotFound
    return journey


def read_with(
    reader: Reader, trip_id: UUID, *more: Select[Any]
) -> tuple[Journey | None, list[list[Row]]]:
    """Return a trip, or None, and the rows of further selects, in one round trip."""
    return _read(reader, _TRIPS.id == trip_id, *more)


def read_trip_of_session(reader: Reader, session_id: UUID) -> Journey | None:
    """Return the trip of a conversation, or None; includes encrypted passport numbers.

    Raises SessionNotFound if the conversation does not exist.
    """
    journey, sessions = _read(
        reader, _TRIPS.session_id == session_id, session_statement(session_id), sealed=True
    )
    if not sessions[0]:
        raise SessionNotFound
    return journey


def list_bookings(
    reader: Reader, kind: str, status: str, *, session_id: UUID | None, limit: int
) -> list[tuple[str, Line]]:
    """Return supplier bookings of a kind and status, with the titles of their trips.

    Each booking is given as its trip line. Lines of the conversation's trip come first, then the
    newest lines.
    """
    statement = (
        select(*(_LINES[name] for name in _LINE_COLUMNS), _TRIPS.title.label("trip_title"))
        .join_from(Trip.__table__, TripLine.__table__, _LINES.trip_id == _TRIPS.id)
        .where(
            owned(Trip),
            owned(TripLine),
            _LINES.kind == kind,
            _LINES.status == status,
            _LINES.supplier_key.is_not(None),
        )
        .order_by(*_own_first(session_id), _LINES.created_at.desc(), _LINES.id.desc())
        .limit(limit)
    )
    return [
        (row["trip_title"], _line({name: row[name] for name in _LINE_COLUMNS}))
        for row in reader.read(statement)[0]
    ]


def list_passengers(reader: Reader, *, session_id: UUID | None, limit: int) -> list[Row]:
    """Return `id` and `full_name` of passengers, and the `title` of their trips.

    Passengers of the conversation's trip come first, then passengers of the newest trips.
    """
    statement = (
        select(_PEOPLE.id, _PEOPLE.full_name, _TRIPS.title)
        .join_from(Trip.__table__, TripPassenger.__table__, _PEOPLE.trip_id == _TRIPS.id)
        .where(owned(Trip), owned(TripPassenger))
        .order_by(*_own_first(session_id), _TRIPS.created_at.desc(), _PEOPLE.created_at, _PEOPLE.id)
        .limit(limit)
    )
    return reader.read(statement)[0]


def list_titles(reader: Reader, *, session_id: UUID | None, limit: int) -> list[Row]:
    """Return `id` and `title` of trips.

    The conversation's trip comes first, then the newest trips.
    """
    statement = (
        select(_TRIPS.id, _TRIPS.title)
        .where(owned(Trip))
        .order_by(*_own_first(session_id), _TRIPS.created_at.desc(), _TRIPS.id.desc())
        .limit(limit)
    )
    return reader.read(statement)[0]


def title_statement(trip_id: UUID) -> Select[Any]:
    """Select the `title` of a trip: one row, or none if it does not exist."""
    return select(_TRIPS.title).where(owned(Trip), _TRIPS.id == trip_id)


def read_title(reader: Reader, trip_id: UUID | None) -> str | None:
    """Return a trip's title; None if there is no id or no such trip."""
    rows = reader.read(title_statement(trip_id))[0] if trip_id is not None else []
    return rows[0]["title"] if rows else None


def read_titles(reader: Reader, trip_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the titles of those trips that exist, by id."""
    statement = select(_TRIPS.id, _TRIPS.title).where(owned(Trip), _TRIPS.id.in_(trip_ids))
    rows = reader.read(statement)[0] if trip_ids else []
    return {row["id"]: row["title"] for row in rows}


def recent(limit: int, chosen: UUID | None = None) -> list[tuple[UUID, str, datetime]]:
    """Return the newest trips, and the chosen trip last if it is not among them.

    Rows: id, title, time of creation.
    """
    columns = Trip.id, Trip.title, Trip.created_at
    found = list(
        db.session.execute(
            select(*columns).order_by(Trip.created_at.desc(), Trip.id.desc()).limit(limit)
        )
    )
    if chosen is not None and all(row.id != chosen for row in found):
        found += db.session.execute(select(*columns).where(Trip.id == chosen))
    return [(row.id, row.title, row.created_at) for row in found]


def list_trips(
    reader: Reader,
    *,
    limit: int,
    offset: int = 0,
    cursor: Cursor | None = None,
    session_id: UUID | None = None,
    enquiry_id: UUID | None = None,
) -> Page[Row]:
    """Return a page of trips, newest first.

    Each row has the columns of a trip, and `first_day`, `last_day`, `passenger_count`, `status` and
    `prices` (the customer's total price in each currency). If `cursor` is given, `offset` is
    ignored.
    """
    where: list[ColumnElement[bool]] = [owned(Trip)]
    if session_id is not None:
        where.append(_TRIPS.session_id == session_id)
    if enquiry_id is not None:
        where.append(_TRIPS.enquiry_id == enquiry_id)
    page = (
        _trips()
        .add_columns(*_gathered())
        .where(*where)
        .order_by(_TRIPS.created_at.desc(), _TRIPS.id.desc())
        .limit(limit)
    )
    page = (
        page.offset(offset)
        if cursor is None
        else page.where(tuple_(_TRIPS.created_at, _TRIPS.id) < tuple_(cursor.at, cursor.id))
    )
    rows, counted = reader.read(
        page, select(cast(func.count(), BigInteger).label("n")).where(*where)
    )
    return Page(
        [_summed(row) for row in rows],
        int(counted[0]["n"]),
        limit,
        offset,
        next_cursor(rows, limit),
    )


def passenger_of(row: TripPassenger) -> Passenger:
    """Convert a loaded passenger to an immutable value."""
    return Passenger(**{name: getattr(row, name) for name in _PASSENGER_COLUMNS})


def line_of(row: TripLine) -> Line:
    """Convert a loaded trip line to an immutable value."""
    return _line({name: getattr(row, name) for name in _LINE_COLUMNS})


def _hold(trip_id: UUID) -> None:
    """Lock a trip's row, before a change of the trip, its passengers or its lines."""
    db.session.execute(select(Trip.id).where(Trip.id == trip_id).with_for_update(key_share=True))


def _read(
    reader: Reader, which: ColumnElement[bool], *more: Select[Any], sealed: bool = False
) -> tuple[Journey | None, list[list[Row]]]:
    of = select(_TRIPS.id).where(owned(Trip), which).scalar_subquery()
    columns: list[ColumnElement[Any]] = [_PEOPLE[name] for name in _PASSENGER_COLUMNS]
    if sealed:
        columns += [_PEOPLE.passport_sealed, key_column(_PEOPLE.id).label("person_key")]
    people = (
        select(*columns)
        .where(owned(TripPassenger), _PEOPLE.trip_id == of)
        .order_by(_PEOPLE.created_at, _PEOPLE.id)
    )
    lines = select(*(_LINES[name] for name in _LINE_COLUMNS)).where(
        owned(TripLine), _LINES.trip_id == of
    )
    trips, passengers, things, *rest = reader.read(
        _trips().where(owned(Trip), which), people, lines, *more
    )
    if not trips:
        return None, rest
    ordered = sorted(
        (_line(row) for row in things), key=lambda line: (*line.place_in_time, line.id)
    )
    return Journey(trips[0], tuple(Passenger(**row) for row in passengers), tuple(ordered)), rest


def _own_first(session_id: UUID | None) -> list[ColumnElement[bool]]:
    if session_id is None:
        return []
    return [_TRIPS.session_id.is_not_distinct_from(session_id).desc()]


def _trips() -> Select[Any]:
    """Select trips; `session_id` is null if the conversation was deleted."""
    session_id = case((is_live(_TRIPS.session_id), _TRIPS.session_id)).label("session_id")
    return select(
        *(_TRIPS[name] for name in _TRIP_COLUMNS),
        session_id,
        person_of(_TRIPS.created_by_user_id).label("opened_by"),
        acceptance_of().label("acceptance"),
    )


def _gathered() -> list[Any]:
    """Return columns that summarise the lines and passengers of each trip in the list."""
    conditions = [owned(TripLine), _LINES.trip_id == _TRIPS.id, _LINES.status.notin_(OVER)]
    by_currency = (
        select(_LINES.currency, cast(func.sum(_LINES.price_minor), BigInteger).label("n"))
        .where(*conditions)
        .group_by(_LINES.currency)
        .correlate(Trip.__table__)
        .subquery()
    )
    return [
        select(func.min(_LINES.starts_on)).where(*conditions).scalar_subquery().label("first_day"),
        select(func.max(func.coalesce(_LINES.ends_on, _LINES.starts_on)))
        .where(*conditions)
        .scalar_subquery()
        .label("last_day"),
        select(func.array_agg(_LINES.status))
        .where(*conditions)
        .scalar_subquery()
        .label("statuses"),
        select(func.jsonb_object_agg(by_currency.c.currency, by_currency.c.n))
        .scalar_subquery()
        .label("prices"),
        select(cast(func.count(), BigInteger))
        .where(owned(TripPassenger), _PEOPLE.trip_id == _TRIPS.id)
        .scalar_subquery()
        .label("passenger_count"),
    ]


def _summed(row: Row) -> Row:
    prices = {row["currency"]: 0, **(row["prices"] or {})}
    return row | {
        "prices": [Money(int(minor), currency) for currency, minor in prices.items()],
        "status": status_of(row["statuses"] or []),
    }


def _line(row: Row) -> Line:
    values = dict(row)
    currency = values.pop("currency")
    for name in _AMOUNTS:
        minor = values.pop(f"{name}_minor")
        values[name] = None if minor is None else Money(minor, currency)
    values["details"] = kinds.read_details(row["kind"], row["details"])
    return Line(**values)
