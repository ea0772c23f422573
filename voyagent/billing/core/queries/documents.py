"""Searches that the lists of invoices and bills share, and the lines of a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, overload
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Uuid, and_, func, literal, or_, select, tuple_

from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.parts import OPEN
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.kernel.pages import Cursor, CursorPage, page_by_day
from voyagent.kernel.patterns import contains
from voyagent.kernel.tenancy import owned

COUNTED_MAX = 1000
LOOKED_MAX = 20_000


@dataclass(frozen=True, slots=True)
class DocumentSearch:
    """Filters of a list of invoices or bills.

    `status` is a stored status, `open` or `overdue` (open, due before `today`); `party` is a whole
    name. While the agency's time zone is unknown, `today` may be a day off, except for `overdue`.
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

    @property
    def states(self) -> tuple[str, ...] | None:
        """Return the wanted statuses, or None for all."""
        return self.known[self.status] if self.status else None

    @property
    def due_until(self) -> date | None:
        """Return the last wanted due date."""
        if self.status != "overdue":
            return self.due_to
        return min(self.due_to or date.max, date.fromordinal(self.today.toordinal() - 1))

    @property
    def is_looked_up(self) -> bool:
        """Return True if the SQL function for texts finds the rows; it has no filter by trip."""
        return bool(self.text) and self.trip_id is None

    @property
    def is_counted(self) -> bool:
        """Return True if the counters have the total."""
        return self == type(self)(self.today, status=self.status)


@overload
def get_lines(document: Invoice) -> Sequence[InvoiceLine]: ...


@overload
def get_lines(document: Bill) -> Sequence[BillLine]: ...


def get_lines(document: Invoice | Bill) -> Sequence[InvoiceLine | BillLine]:
    """Return the lines of a document, in order."""
    if isinstance(document, Invoice):
        return db.session.scalars(
            select(InvoiceLine)
            .where(InvoiceLine.invoice_id == document.id)
            .order_by(InvoiceLine.line_no)
        ).all()
    return db.session.scalars(
        select(BillLine).where(BillLine.bill_id == document.id).order_by(BillLine.line_no)
    ).all()


def open_minor_of(row: Row) -> int:
    """Return the open amount of a row; zero for drafts, paid and void documents."""
    return (
        row["total_minor"] - row["paid_minor"] - row["credited_minor"]
        if row["status"] in OPEN
        else 0
    )


def has_text(text: str, columns: Any) -> ColumnElement[bool]:
    """Return the condition that an invoice's search column contains a text, in any case."""
    found: ColumnElement[bool] = columns.search.like(func.lower(contains(text)))
    return found


def conditions(search: DocumentSearch, table: Any) -> list[ColumnElement[bool]]:
    """Return the conditions of a search, without its text."""
    conditions: list[ColumnElement[bool]] = []
    if search.states:
        conditions.append(table.c.status.in_(search.states))
    if search.currency:
        conditions.append(table.c.currency == search.currency)
    if search.party:
        conditions.append(table.c.party_key == func.lower(search.party))
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
        # Nothing is due before it is issued, so the newest issue dates need not be walked through
        # to find an old due date.
        conditions += [table.c.due_date <= search.due_until, table.c.issue_date <= search.due_until]
    return conditions


def _due_within(search: DocumentSearch, day: ColumnElement[date]) -> ColumnElement[bool]:
    return and_(
        *([day >= search.due_from] if search.due_from else []),
        *([day <= search.due_until] if search.due_until else []),
    )


def _instalment_due_within(search: DocumentSearch, table: Any) -> ColumnElement[bool]:
    """Return the condition that an open instalment is due within the searched dates."""
    each: Any = func.unnest(table.c.instalment_dues).column_valued("each")
    return (
        select(each)
        .where(each >= table.c.due_date, _due_within(search, each))
        .correlate(table)
        .exists()
    )


def page_of(rows: list[Row], limit: int) -> CursorPage[Row]:
    """Return a page by `issue_date` of rows that include one more than is shown."""
    return page_by_day(rows, limit, "issue_date")


def having_text(
    rows: Select[Any], day: str, names: Iterable[str], text: str | None, limit: int
) -> Select[Any]:
    """Return the newest rows of a list that contain a text in one of the columns.

    With a text only the next 20,000 rows are read, so that a rare text does not scan the table.
    """
    if not text:
        return rows.limit(limit)
    near = rows.limit(LOOKED_MAX).subquery("near").c
    found = select(*near).where(or_(*(near[name].ilike(contains(text)) for name in names)))
    return found.order_by(near[day].desc(), near.id.desc()).limit(limit)


def by_day_statement(
    model: Any, names: Iterable[str], search: DocumentSearch, cursor: Cursor | None
) -> Select[Any]:
    """Return columns of the documents of a search after the cursor, newest issue date first.

    The text of the search is not applied.
    """
    table = model.__table__
    statement = select(*(table.c[name] for name in names)).where(
        owned(model), *conditions(search, table)
    )
    if cursor is not None:
        statement = statement.where(
            tuple_(table.c.issue_date, table.c.id)
            < tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        )
    return statement.order_by(table.c.issue_date.desc(), table.c.id.desc())
