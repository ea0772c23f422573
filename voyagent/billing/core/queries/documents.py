"""Filters that the lists of invoices and bills share, and a document's lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, overload
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
)

from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.kinds import kind_of
from voyagent.billing.core.models.parts import OPEN
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import Columns, db
from voyagent.kernel.pages import Cursor, CursorPage, page_by_day
from voyagent.kernel.patterns import contains
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.party_lines import is_of, keys_of
from voyagent.rates.queries import base_currency
from voyagent.settings.queries import chosen

BASE_COLUMNS = (
    base_currency().label("base_currency"),
    chosen("base_currency").is_not(None).label("is_based"),
)
"""The base currency of the agency, and whether its base amounts are established."""
COUNTED_MAX = 1000
LOOKED_MAX = 20_000


@dataclass(frozen=True, slots=True)
class DocumentSearch:
    """Filters of a list of invoices or bills.

    `status` is a stored status, `open`, or `overdue` (open and due before `today`). `today` is the
    date in the agency's time zone; it is used for `overdue` only. `party` is the whole name of the
    customer or supplier, and `party_id` its id.
    """

    known: ClassVar[Mapping[str, tuple[str, ...]]]
    today: date
    text: str | None = None
    status: str | None = None
    currency: str | None = None
    party: str | None = None
    due_from: date | None = None
    due_to: date | None = None
    issued_from: date | None = None
    issued_to: date | None = None
    trip_id: UUID | None = None
    party_id: UUID | None = None

    @property
    def states(self) -> tuple[str, ...] | None:
        """Return the statuses to find, or None for all."""
        return self.known[self.status] if self.status else None

    @property
    def due_until(self) -> date | None:
        """Return the last due date to find, or None; with `overdue` it is before today."""
        if self.status != "overdue":
            return self.due_to
        return min(self.due_to or date.max, date.fromordinal(self.today.toordinal() - 1))

    @property
    def uses_text_search(self) -> bool:
        """Return True if there is a search text and an SQL function can search for it.

        The SQL functions, such as `app.find_invoices`, cannot filter by trip or by the id of the
        party.
        """
        return bool(self.text) and self.trip_id is None and self.party_id is None

    @property
    def is_counted(self) -> bool:
        """Return True if a stored count has the total number of documents.

        Documents are counted by status, so no other filter may be set.
        """
        return self == type(self)(self.today, status=self.status)


@overload
def get_lines(document: Invoice) -> Sequence[InvoiceLine]: ...


@overload
def get_lines(document: Bill) -> Sequence[BillLine]: ...


def get_lines(document: Invoice | Bill) -> Sequence[InvoiceLine | BillLine]:
    """Return the lines of an invoice or a bill, ordered by line number."""
    kind = kind_of(document)
    line: Any = kind.line
    return db.session.scalars(
        select(line).where(getattr(line, kind.key) == document.id).order_by(line.line_no)
    ).all()


def open_minor_of(row: Row) -> int:
    """Return the open amount of an invoice or bill row in minor units.

    The amount is zero for drafts, paid and void documents.
    """
    return (
        row["total_minor"] - row["paid_minor"] - row["credited_minor"]
        if row["status"] in OPEN
        else 0
    )


def base_minor_of(row: Row) -> int | None:
    """Return the total of a document in the base currency, or None if it is not known."""
    is_own = row["currency"] == row["base_currency"]
    found: int | None = row["total_minor"] if is_own else row["base_minor"]
    return found


def base_open_minor_of(row: Row) -> int | None:
    """Return the open amount of a document in the base currency, or None if not known.

    It is a part of the total as it was posted, not of a revaluation. It is zero for paid and void
    documents, and for drafts in the base currency or with a base amount.
    """
    if row["currency"] == row["base_currency"]:
        return open_minor_of(row)
    if row["base_minor"] is None:
        return None
    return row["base_minor"] - row["base_settled_minor"] if row["status"] in OPEN else 0


def has_text(text: str, columns: Columns) -> ColumnElement[bool]:
    """Return the condition that the `search` column contains a text, ignoring case."""
    return columns.search.like(func.lower(contains(text)))


def of_party(
    columns: Columns, name: str | None, party_id: UUID | None
) -> list[ColumnElement[bool]]:
    """Return the conditions that a row is of the party with a name and an id.

    Without a name or without an id, its condition is left out. A name means all parties with this
    name, ignoring case. Rows are found by their key, which has an index.
    """
    return [
        *([is_of(columns.party_key, name)] if name else []),
        *([is_of(columns.party_key, party_id)] if party_id else []),
    ]


def keys_in_text(name: str | None) -> ColumnElement[str | None]:
    """Return the SQL text of the keys of all parties with a name.

    The keys are separated by character 30, as the SQL functions that search expect it. The result
    is null without a name.
    """
    if not name:
        return cast(null(), Text)
    return func.array_to_string(keys_of(name), func.chr(30), type_=Text())


def conditions(search: DocumentSearch, table: FromClause) -> list[ColumnElement[bool]]:
    """Return the conditions of all filters except the text."""
    conditions: list[ColumnElement[bool]] = []
    if search.states:
        conditions.append(table.c.status.in_(search.states))
    if search.currency:
        conditions.append(table.c.currency == search.currency)
    conditions += of_party(table.c, search.party, search.party_id)
    if search.trip_id:
        conditions.append(table.c.trip_id == search.trip_id)
    if search.issued_from:
        conditions.append(table.c.issue_date >= search.issued_from)
    if search.issued_to:
        conditions.append(table.c.issue_date <= search.issued_to)
    if search.due_from:
        conditions.append(
            or_(_due_within(search, table.c.due_date), _instalment_due_within(search, table))
        )
    if search.due_until and search.due_from:
        conditions.append(table.c.issue_date <= search.due_until)
    elif search.due_until:
        # No document is due before its issue date, so documents issued after the last due date
        # can be skipped.
        conditions += [table.c.due_date <= search.due_until, table.c.issue_date <= search.due_until]
    return conditions


def _due_within(search: DocumentSearch, day: ColumnElement[date]) -> ColumnElement[bool]:
    return and_(
        *([day >= search.due_from] if search.due_from else []),
        *([day <= search.due_until] if search.due_until else []),
    )


def _instalment_due_within(search: DocumentSearch, table: FromClause) -> ColumnElement[bool]:
    """Return the condition that an open instalment is due within the filtered dates."""
    each: Any = func.unnest(table.c.instalment_dues).column_valued("each")
    return (
        select(each)
        .where(each >= table.c.due_date, _due_within(search, each))
        .correlate(table)
        .exists()
    )


def page_of(rows: list[Row], limit: int) -> CursorPage[Row]:
    """Return a page of rows that are ordered by issue date.

    If there is a next page, `rows` has one row more than `limit`.
    """
    return page_by_day(rows, limit, "issue_date")


def having_text(
    rows: Select[Any], day: str, names: Iterable[str], text: str | None, limit: int
) -> Select[Any]:
    """Return the SQL select `rows` with a text filter and a limit.

    Without `text` there is no filter. A row is found if one of the columns `names` contains the
    text, ignoring case. Only the first 20,000 rows of the select are searched. The found rows are
    ordered by the date column `day`, newest first.
    """
    if not text:
        return rows.limit(limit)
    near = rows.limit(LOOKED_MAX).subquery("near").c
    found = select(*near).where(or_(*(near[name].ilike(contains(text)) for name in names)))
    return found.order_by(near[day].desc(), near.id.desc()).limit(limit)


def by_day_statement(
    model: type[Invoice | Bill],
    names: Iterable[str],
    search: DocumentSearch,
    cursor: Cursor | None,
) -> Select[Any]:
    """Return an SQL statement for documents after the cursor, newest issue date first.

    All filters except the text are applied; `names` are the selected columns.
    """
    table = model.__table__
    statement = select(*(table.c[name] for name in names)).where(
        owned(model), *conditions(search, table)
    )
    return newest_first(statement, table, cursor)


def newest_first(statement: Select[Any], table: FromClause, cursor: Cursor | None) -> Select[Any]:
    """Order a select by issue date, newest first, and begin after the cursor."""
    if cursor is not None:
        statement = statement.where(
            tuple_(table.c.issue_date, table.c.id)
            < tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        )
    return statement.order_by(table.c.issue_date.desc(), table.c.id.desc())
