"""The list of invoices for programs: a page behind the last row of the page before, which costs the
same at any depth; nothing is counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    Date,
    Integer,
    Select,
    Text,
    Uuid,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.queries.documents import (
    LOOKED_MAX,
    DocumentSearch,
    InvoiceSearch,
    conditions,
    has_text,
)
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.pages import Cursor, cut_by_day
from voyagent.kernel.patterns import contains, is_blunt
from voyagent.kernel.tenancy import owned

_BRIEF = (
    *(
        "id",
        "status",
        "number",
        "party_name",
        "party_reference",
        "issue_date",
        "due_date",
        "currency",
        "total_minor",
        "paid_minor",
    ),
    *(
        "credited_minor",
        "written_off_minor",
        "tax_minor",
        "round_off_minor",
        "enquiry_id",
        "trip_id",
        "created_at",
        "updated_at",
    ),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list, newest issue date first; `next_cursor` is None where the list ends."""

    items: list[Row]
    next_cursor: str | None


def list_invoices(
    reader: Reader, search: InvoiceSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> Listed:
    """Invoices by issue date, the newest first, behind the row of a cursor.

    Of a search with fewer than three letters only the next 20,000 are looked at.
    """
    rows = reader.read(_statement(search, limit + 1, cursor))[0]
    return page_of(rows, limit)


def page_of(rows: list[Row], limit: int) -> Listed:
    """A page of rows by `issue_date`, of which one more than is shown was read."""
    return Listed(*cut_by_day(rows, limit, "issue_date"))


def having_text(
    rows: Select[Any], day: str, names: Iterable[str], text: str | None, limit: int
) -> Select[Any]:
    """The first rows of a list, ordered by `day` and id from the newest on, that have a text in one
    of some columns, whatever the case.

    With a text only the next 20,000 rows are looked at, so that what nobody finds does not cost the
    whole table.
    """
    if not text:
        return rows.limit(limit)
    near = rows.limit(LOOKED_MAX).subquery("near").c
    found = select(*near).where(or_(*(near[name].ilike(contains(text)) for name in names)))
    return found.order_by(near[day].desc(), near.id.desc()).limit(limit)


def by_day_statement(
    model: Any, names: Iterable[str], search: DocumentSearch, cursor: Cursor | None
) -> Select[Any]:
    """Columns of invoices or bills that a search finds but for its text, the newest issue date
    first, behind the row of a cursor.
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


@cached_statement
def _statement(search: InvoiceSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    table = Invoice.__table__
    if not search.is_looked_up:
        rows = by_day_statement(Invoice, _BRIEF, search, cursor).limit(limit)
        return rows.where(has_text(search.text, table.c)) if search.text else rows
    found = _found(search, limit, cursor)
    statement = (
        select(*(table.c[name] for name in _BRIEF))
        .where(owned(Invoice))
        .join(found, table.c.id == found.c.id)
    )
    return statement.order_by(table.c.issue_date.desc(), table.c.id.desc()).limit(limit)


def _found(search: InvoiceSearch, limit: int, cursor: Cursor | None) -> Any:
    text = search.text or ""
    call = func.app.find_invoices_behind(
        literal(contains(text), Text()),
        cast(list(search.states), ARRAY(Text)) if search.states else cast(None, ARRAY(Text)),
        literal(search.party, Text()),
        *(
            literal(value, Date())
            for value in (
                search.issued_from,
                search.issued_to,
                cursor.at.date() if cursor else None,
            )
        ),
        literal(cursor.id if cursor else None, Uuid()),
        *(literal(value, Integer()) for value in (limit, LOOKED_MAX if is_blunt(text) else None)),
    )
    return call.table_valued("id", name="found")


__all__ = ["Listed", "by_day_statement", "having_text", "list_invoices", "page_of"]
