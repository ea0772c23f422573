"""Queries of enquiries: one enquiry, the list and the history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    ScalarSelect,
    Select,
    Text,
    Uuid,
    case,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.sql.selectable import Lateral, LateralFromClause, TableValuedAlias
from sqlalchemy.types import TypeEngine

from voyagent.audit.queries.events import events_statement
from voyagent.chat.queries.sessions import exists, is_live
from voyagent.enquiries.models import Enquiry, EnquiryCount
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import Statement, cached_statement, keyed_select
from voyagent.kernel.db import load_one
from voyagent.kernel.errors import N_, NotFound, Unprocessable
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Page, Part, next_cursor
from voyagent.kernel.patterns import contains, contains_any, is_blunt
from voyagent.kernel.tenancy import owned

_TABLE = Enquiry.__table__
_COUNTS = EnquiryCount.__table__.c
COLUMNS = (
    "id",
    "tenant_id",
    "created_by_user_id",
    "customer_name",
    "customer_email",
    "customer_phone",
    "origin",
    "destination",
    "depart_date",
    "return_date",
    "pax_count",
    "budget_hundredths",
    "budget_currency",
    "status",
    "status_source",
    "notes",
    "session_id",
    "created_at",
    "updated_at",
)
COUNTED_MAX = 1000
LOOKED_MAX = 20_000
_TEXT, _DAY, _INSTANT, _NUMBER = Text(), Date(), DateTime(timezone=True), Integer()
_FIND_TYPES: tuple[TypeEngine[Any], ...] = (
    *(_TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _DAY, _DAY, _INSTANT, _INSTANT),
    *(_INSTANT, Uuid(), Boolean(), _NUMBER, _NUMBER, _NUMBER, _NUMBER),
)


class EnquiryNotFound(NotFound):
    """The agency has no such enquiry."""

    code = "enquiry_not_found"
    message = N_("We could not find that enquiry.")


class InvalidDepartRange(Unprocessable):
    """`depart_from` is after `depart_to`."""

    code = "invalid_depart_range"
    message = N_("The first day of departure is after the last.")


class InvalidCreatedRange(Unprocessable):
    """`created_from` is after `created_to`."""

    code = "invalid_created_range"
    message = N_("The first day of receipt is after the last.")


@dataclass(frozen=True, slots=True)
class Search:
    """Filters of the list of enquiries; an enquiry must match all of them.

    Text matches parts of words. The first and the last day of a range are included. `created_from`
    and `created_to` are days in the time zone `zone`.
    """

    text: str | None = None
    customer_email: str | None = None
    origin: str | None = None
    destination: str | None = None
    status: str | None = None
    depart_from: date | None = None
    depart_to: date | None = None
    created_from: date | None = None
    created_to: date | None = None
    zone: str = "UTC"

    def check(self) -> None:
        """Check that no range of days ends before it starts.

        Raises InvalidDepartRange, InvalidCreatedRange.
        """
        if self.depart_from and self.depart_to and self.depart_from > self.depart_to:
            raise InvalidDepartRange
        if self.created_from and self.created_to and self.created_from > self.created_to:
            raise InvalidCreatedRange

    @property
    def texts(self) -> tuple[str | None, str | None, str | None, str | None]:
        """Return the texts to search for: free text, e-mail, origin and destination."""
        return self.text, self.customer_email, self.origin, self.destination

    @property
    def is_blunt(self) -> bool:
        """Return True if every text of the search is too short for the trigram index.

        The result is False if the search has no text.
        """
        parts = [part for part in self.texts if part]
        return bool(parts) and all(map(is_blunt, parts))

    @property
    def is_counted(self) -> bool:
        """Return True if the stored counts give the total: no filter, or only a status."""
        return self == Search(status=self.status, zone=self.zone)

    @property
    def created_between(self) -> tuple[datetime | None, datetime | None]:
        """Return the range of the creation time: inclusive start and exclusive end."""
        after = None if self.created_to is None else self.created_to + timedelta(days=1)
        return _midnight(self.created_from, self.zone), _midnight(after, self.zone)


@dataclass(frozen=True, slots=True)
class EnquiryListPage:
    """Data of the list page: enquiries, counts by status, the open enquiry.

    `is_capped` is true if counting stopped at 1,000. `is_partial` is true if only the newest
    enquiries were searched. `opened` is the enquiry that is shown beside the list, with its newest
    events in `history`.
    """

    page: Page[Row]
    by_status: dict[str, int]
    is_capped: bool
    is_partial: bool
    opened: Row | None = None
    history: list[Row] = field(default_factory=list)


def get_enquiry(enquiry_id: UUID, *, lock: bool = False) -> Enquiry:
    """Return an enquiry of the agency.

    With `lock`, the enquiry's row is locked until the transaction ends.

    Raises EnquiryNotFound.
    """
    return load_one(select(Enquiry).where(Enquiry.id == enquiry_id), EnquiryNotFound, lock=lock)


def get_row(reader: Reader, enquiry_id: UUID) -> Row:
    """Return an enquiry as a row with its creator's name. Raises EnquiryNotFound."""
    return first_row(reader.read(*_row_statements(enquiry_id))[0], EnquiryNotFound)


def get_with_history(reader: Reader, enquiry_id: UUID) -> tuple[Row, list[Row]]:
    """Return an enquiry and its audit events, newest first.

    Raises EnquiryNotFound.
    """
    rows, history = reader.read(*_row_statements(enquiry_id), _history_statement(enquiry_id))
    return _for_people(first_row(rows, EnquiryNotFound)), history


def row_of(enquiry: Enquiry) -> Row:
    """Return a loaded enquiry as a row.

    `session_id` is None if the conversation was deleted.
    """
    row = {name: getattr(enquiry, name) for name in COLUMNS}
    if enquiry.session_id is not None and not exists(enquiry.session_id):
        row["session_id"] = None
    return row


def list_enquiries(reader: Reader, search: Search, part: Part) -> Page[Row]:
    """Return a page of the list, newest first, with the exact total.

    `part` selects the page, by an offset or a cursor. Raises InvalidDepartRange,
    InvalidCreatedRange.
    """
    search.check()
    page = _page(reader.read(list_statement(search, part))[0], part)
    is_last = part.cursor is None and page.last >= page.total
    return replace(page, next_cursor=None) if is_last else page


def read_list_page(
    reader: Reader, search: Search, part: Part, opened: UUID | None = None
) -> EnquiryListPage:
    """Return the data of the list page.

    `part` selects the page, by an offset or a cursor. `opened` is the id of the enquiry to show
    beside the list.
    """
    more: tuple[Statement, ...] = (
        (*_row_statements(opened), _history_statement(opened, limit=5)) if opened else ()
    )
    rows, *beside = reader.read(list_statement(search, part, for_page=True), *more)
    page = _page(rows, part)
    by_status = {status: int(n) for status, n in (rows[0]["by_status"] or {}).items()}
    return EnquiryListPage(
        page=replace(page, items=[_for_people(row) for row in page.items]),
        by_status=by_status,
        is_capped=not search.is_counted and page.total > COUNTED_MAX,
        is_partial=search.is_blunt and sum(by_status.values()) > LOOKED_MAX,
        opened=_for_people(beside[0][0]) if beside and beside[0] else None,
        history=beside[1] if beside else [],
    )


def find_by_text(reader: Reader, text: str, limit: int = 10) -> list[Row]:
    """Return the newest enquiries that contain a text.

    The text is searched in customer name, e-mail address, phone, origin and destination.
    """
    return list_enquiries(reader, Search(text=text.strip() or None), Part(limit=limit)).items


def find_by_session(reader: Reader, session_id: UUID) -> list[Row]:
    """Return the enquiries that a conversation is about."""
    source = _TABLE.alias("e")
    return reader.read(
        _shown(source)
        .where(owned(source), source.c.session_id == session_id)
        .order_by(source.c.created_at)
    )[0]


def names_statement(parts: Iterable[str]) -> Select[Any]:
    """Select the customer names that contain any of `parts`, which are in lower case."""
    return select(_TABLE.c.customer_name.label("name")).where(
        owned(Enquiry), func.lower(_TABLE.c.customer_name).like(contains_any(parts))
    )


def customer_of(enquiry_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return a scalar select of the customer name of an enquiry.

    `enquiry_id` is a column of another package's query.
    """
    return (
        select(_TABLE.c.customer_name)
        .where(owned(Enquiry), _TABLE.c.id == enquiry_id)
        .scalar_subquery()
    )


def is_named(name: str) -> ColumnElement[bool]:
    """Return the SQL condition that some enquiry has a customer of this name.

    Upper and lower case are equal.
    """
    return (
        select(_TABLE.c.id)
        .where(owned(Enquiry), func.lower(_TABLE.c.customer_name) == func.lower(literal(name)))
        .exists()
    )


@cached_statement
def unanswered_statement(limit: int = 10) -> Select[Any]:
    """Select the enquiries in status `new`, which nobody has answered, oldest first."""
    source = _TABLE.alias("e")
    return (
        _shown(source)
        .where(owned(source), source.c.status == "new")
        .order_by(source.c.created_at, source.c.id)
        .limit(limit)
    )


def new_count() -> ScalarSelect[Any]:
    """Return a scalar select of the number of new enquiries, from the stored counts."""
    return counted("new")


def counted(status: str | None = None) -> ScalarSelect[Any]:
    """Return a scalar select of the number of enquiries, from the stored counts.

    If `status` is None, enquiries of all statuses are counted.
    """
    statement = select(cast(func.coalesce(func.sum(_COUNTS.n), 0), BigInteger)).where(
        owned(EnquiryCount)
    )
    return (
        statement if status is None else statement.where(_COUNTS.status == status)
    ).scalar_subquery()


@cached_statement
def list_statement(search: Search, part: Part, *, for_page: bool = False) -> Select[Any]:
    """Select a page of enquiries, each row with the number of all matching enquiries.

    If no enquiry is on the page, one row without an id has this number. `for_page` adds the names
    of the creators and the counts by status, which the list page shows.
    """
    found, rows = (
        _counted_page(search, part)
        if search.is_counted
        else _found_page(search, part, for_page=for_page)
    )
    shown = (
        _shown(rows, named=for_page)
        .add_columns(found.c.total)
        .select_from(found.outerjoin(rows, _beside(found, rows)))
    )
    if for_page:
        by_status = (
            select(func.jsonb_object_agg(_COUNTS.status, _COUNTS.n))
            .where(owned(EnquiryCount))
            .scalar_subquery()
        )
        shown = shown.add_columns(by_status.label("by_status"))
    return shown.order_by(rows.c.created_at.desc(), rows.c.id.desc())


def _page(rows: list[Row], part: Part) -> Page[Row]:
    total = int(rows[0]["total"])
    items = [row for row in rows if row["id"] is not None]
    return Page(
        items=items,
        total=total,
        limit=part.limit,
        offset=part.offset,
        next_cursor=next_cursor(items, part.limit),
    )


def _for_people(row: Row) -> Row:
    """Add the budget as Money, rounded to the decimals of its currency, to a row."""
    amount = row["budget_hundredths"]
    row["budget"] = (
        None
        if amount is None
        else Money.rounded(Decimal(amount).scaleb(-2), row["budget_currency"])
    )
    return row


def _beside(found: Any, rows: Any) -> ColumnElement[bool]:
    """Return the condition that joins `found`, which has the total, with `rows`."""
    return true() if isinstance(rows, Lateral) else (owned(rows) & (rows.c.id == found.c.id))


def _counted_page(search: Search, part: Part) -> tuple[CTE, LateralFromClause]:
    """Return the total, from the stored counts, and the rows of the page."""
    table = _TABLE.alias("l")
    found = (
        select(counted(search.status).label("total")).cte("found").prefix_with("materialized")
    )  # counted once, though it is used twice
    page = select(table).where(owned(table), *_place(part, table)).limit(part.limit)
    if search.status is not None:
        page = page.where(table.c.status == search.status)
    if part.cursor is None:
        page = page.where(part.offset < found.c.total).offset(
            part.offset
        )  # a page past the end does not read the table
    order = (
        (table.c.created_at, table.c.id)
        if part.backward
        else (table.c.created_at.desc(), table.c.id.desc())
    )
    return found, page.order_by(*order).lateral("rows")


def _found_page(search: Search, part: Part, *, for_page: bool) -> tuple[TableValuedAlias, Any]:
    """Return the ids on the page with the total, and the table of enquiries."""
    made_from, made_before = search.created_between
    values = (
        *(contains(text) if text else None for text in search.texts),
        search.status,
        search.depart_from,
        search.depart_to,
        made_from,
        made_before,
        part.cursor.at if part.cursor else None,
        part.cursor.id if part.cursor else None,
        part.backward,
        part.limit,
        part.offset if part.cursor is None else 0,
        LOOKED_MAX if for_page and search.is_blunt else None,
        COUNTED_MAX + 1 if for_page else None,
    )
    call = func.app.find_enquiries(
        *(cast(literal(value, kind), kind) for value, kind in zip(values, _FIND_TYPES, strict=True))
    )
    return call.table_valued("id", "total", name="found"), _TABLE.alias("rows")


def _place(part: Part, table: Any) -> list[ColumnElement[bool]]:
    if part.cursor is None:
        return []
    here, there = (
        tuple_(table.c.created_at, table.c.id),
        tuple_(literal(part.cursor.at), literal(part.cursor.id)),
    )
    return [here > there if part.backward else here < there]


def _shown(rows: Any, *, named: bool = True) -> Select[Any]:
    """Select the columns of an API response; `named` adds the creator's name.

    `session_id` is null if the conversation was deleted.
    """
    columns = [
        (
            case((is_live(rows.c.session_id), rows.c.session_id)).label(name)
            if name == "session_id"
            else rows.c[name]
        )
        for name in COLUMNS
    ]
    if named:
        columns.append(name_of(rows.c.created_by_user_id).label("logged_by"))
    return select(*columns)


@keyed_select
def _row_statements(enquiry_id: Any) -> tuple[Select[Any], ...]:
    source = _TABLE.alias("e")
    return (_shown(source).where(owned(source), source.c.id == enquiry_id),)


def _history_statement(enquiry_id: UUID, *, limit: int = 100) -> Select[Any]:
    statement = events_statement({"enquiry_id": str(enquiry_id)}, limit=limit)
    return statement.add_columns(name_of(statement.selected_columns.actor_id).label("actor_name"))


def _midnight(day: date | None, zone: str) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
