"""Query of the list page of invoices: its rows and the counts on its tabs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    Text,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.sql.selectable import TableValuedAlias

from voyagent.billing.core.models.counters import AgeingByDue, InvoiceCount
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import OPEN_INVOICE
from voyagent.billing.core.queries.documents import (
    COUNTED_MAX,
    LOOKED_MAX,
    DocumentSearch,
    conditions,
    has_text,
    keys_in_text,
)
from voyagent.billing.invoices.queries.documents import LISTED
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.pages import Page
from voyagent.kernel.patterns import contains, is_blunt
from voyagent.kernel.tenancy import owned

_ZONES_APART = timedelta(days=2)
_COUNTS = InvoiceCount.__table__.c
_AGEING = AgeingByDue.__table__.c
STATUSES = ("draft", "issued", "partially_paid", "paid", "void")


class InvoiceSearch(DocumentSearch):
    """Filters of the list of invoices; the status `open` means issued or partly paid."""

    __slots__ = ()
    known = {"open": OPEN_INVOICE, "overdue": OPEN_INVOICE} | {
        status: (status,) for status in STATUSES
    }


@dataclass(frozen=True, slots=True)
class InvoiceListPage:
    """A page of the list of invoices, and the counts for the tabs of the list.

    `long_overdue` is the number of open invoices that are overdue by more than two days.
    `due_about_now` is the number of open invoices by due date, from two days before today to two
    days after today. From both, the method `numbers` computes the overdue invoices.

    `is_capped` is true if there may be more invoices than `page.total`. `is_partial` is true if
    only the newest invoices were searched.
    """

    page: Page[Row]
    by_status: dict[str, int]
    long_overdue: int
    due_about_now: dict[date, int]
    is_capped: bool
    is_partial: bool

    def numbers(self, today: date) -> dict[str, int]:
        """Return the counts for the tabs: by status, and `all`, `open` and `overdue`."""
        return self.by_status | {
            "all": sum(self.by_status.values()),
            "open": sum(self.by_status.get(state, 0) for state in OPEN_INVOICE),
            "overdue": (
                self.long_overdue + sum(n for due, n in self.due_about_now.items() if due < today)
            ),
        }


def read_list_page(
    reader: Reader, search: InvoiceSearch, *, limit: int = 50, offset: int = 0
) -> InvoiceListPage:
    """Return a page of the list, newest issue date first, and the counts for its tabs."""
    rows = reader.read(_list_statement(search, limit, offset))[0]
    numbers = rows[0]
    board = InvoiceListPage(
        page=Page(
            items=[row for row in rows if row["id"] is not None],
            total=0,
            limit=limit,
            offset=offset,
        ),
        by_status={status: n for status, n in (numbers["by_status"] or {}).items() if n},
        long_overdue=numbers["long_overdue"],
        due_about_now={
            date.fromisoformat(due): n for due, n in (numbers["due_about_now"] or {}).items()
        },
        is_capped=False,
        is_partial=_is_found(search) and is_blunt(search.text or ""),
    )
    total = (
        board.numbers(search.today).get(search.status or "all", 0)
        if search.is_counted
        else numbers["total"]
    )
    return replace(
        board,
        page=replace(board.page, total=total),
        is_capped=not search.is_counted and total > COUNTED_MAX,
    )


def _list_statement(search: InvoiceSearch, limit: int, offset: int) -> Select[Any]:
    """Select a page of invoices, each row with the counts for the tabs.

    If no invoice is found, a single row without an id has the counts.
    """
    numbers = _numbers(search).subquery("numbers")
    table = Invoice.__table__.alias("i")
    newest = (table.c.issue_date.desc(), table.c.id.desc())
    if _is_found(search):
        found = _found(search, limit, offset)
        source = numbers.join(found, true()).outerjoin(
            table, owned(table) & (table.c.id == found.c.id)
        )
        return (
            select(*(table.c[name] for name in LISTED), numbers, found.c.total)
            .select_from(source)
            .order_by(*newest)
        )
    page = (
        select(table)
        .where(owned(table), *_wanted(search, table))
        .order_by(*newest)
        .limit(limit)
        .offset(offset)
        .lateral("page")
    )
    shown = select(*(page.c[name] for name in LISTED), numbers).select_from(
        numbers.outerjoin(page, true())
    )
    return shown.order_by(page.c.issue_date.desc(), page.c.id.desc())


def _is_found(search: InvoiceSearch) -> bool:
    """Return True if the SQL function `app.find_invoices` is used for the search."""
    return search.uses_text_search and search.issued_from is None and search.issued_to is None


def _found(search: InvoiceSearch, limit: int, offset: int) -> TableValuedAlias:
    states = cast(list(search.states), ARRAY(Text)) if search.states else cast(None, ARRAY(Text))
    looked_max = LOOKED_MAX if search.text and is_blunt(search.text) else None
    call = func.app.find_invoices(
        literal(contains(search.text or ""), Text()),
        states,
        literal(search.currency, Text()),
        keys_in_text(search.party),
        *(literal(value, Date()) for value in (search.due_from, search.due_until)),
        *(literal(value, Integer()) for value in (limit, offset, looked_max, COUNTED_MAX + 1)),
    )
    return call.table_valued("id", "total", name="found")


def _numbers(search: InvoiceSearch) -> Select[Any]:
    by_status = (
        select(func.jsonb_object_agg(_COUNTS.status, _COUNTS.n))
        .where(owned(InvoiceCount))
        .scalar_subquery()
    )
    first, after = search.today - _ZONES_APART, search.today + _ZONES_APART
    open_now = [owned(AgeingByDue), _AGEING.kind == "receivable", _AGEING.n > 0]
    long_overdue = (
        select(cast(func.coalesce(func.sum(_AGEING.documents), 0), BigInteger))
        .where(*open_now, _AGEING.due_date < first)
        .scalar_subquery()
    )
    by_day = (
        select(_AGEING.due_date, func.sum(_AGEING.documents).label("n"))
        .where(*open_now, _AGEING.due_date.between(first, after))
        .group_by(_AGEING.due_date)
        .subquery("by_day")
    )
    due_about_now = select(func.jsonb_object_agg(by_day.c.due_date, by_day.c.n)).scalar_subquery()
    statement = select(
        by_status.label("by_status"),
        long_overdue.label("long_overdue"),
        due_about_now.label("due_about_now"),
    )
    if search.is_counted or _is_found(search):
        return statement
    table = Invoice.__table__.alias("c")
    narrowed = (
        select(literal(1))
        .select_from(table)
        .where(owned(table), *_wanted(search, table))
        .limit(COUNTED_MAX + 1)
        .subquery("counted")
    )
    return statement.add_columns(
        select(func.count()).select_from(narrowed).scalar_subquery().label("total")
    )


def _wanted(search: InvoiceSearch, table: Any) -> list[ColumnElement[bool]]:
    return conditions(search, table) + ([has_text(search.text, table.c)] if search.text else [])
