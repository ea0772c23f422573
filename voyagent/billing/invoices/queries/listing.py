"""Queries of the list of invoices for the API and for export."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Date, Integer, Select, Text, Uuid, cast, func, literal, select

from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries.documents import (
    LOOKED_MAX,
    by_day_statement,
    has_text,
    keys_in_text,
    page_of,
)
from voyagent.billing.core.queries.exports import (
    amount_columns,
    documents_listing,
    open_column,
    party_columns,
    settled_column,
)
from voyagent.billing.invoices.queries.board import InvoiceSearch
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.listings import Column, Listing
from voyagent.kernel.pages import Cursor, CursorPage
from voyagent.kernel.patterns import contains, is_blunt
from voyagent.kernel.tenancy import owned

_BRIEF = (
    *(
        "id",
        "status",
        "number",
        "party_id",
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
        "excess_minor",
        "tax_minor",
        "round_off_minor",
        "enquiry_id",
        "trip_id",
        "created_at",
        "updated_at",
    ),
)


def list_invoices(
    reader: Reader, search: InvoiceSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of invoices after the cursor, newest issue date first.

    Text without three consecutive letters or digits is searched only in the 20,000 invoices after
    the cursor.
    """
    rows = reader.read(_statement(search, limit + 1, cursor))[0]
    return page_of(rows, limit)


@cached_statement
def _statement(search: InvoiceSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    table = Invoice.__table__
    if not search.uses_text_search:
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
        keys_in_text(search.party),
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


def invoices_listing(search: InvoiceSearch) -> Listing:
    """Return the export of the invoices that a search finds, newest issue date first.

    The credited amount excludes write-offs, which have a column of their own.
    """
    of = Invoice.__table__.c
    columns = [
        Column("number", of.number),
        *party_columns(of, "customer_name"),
        *amount_columns(of, "tax_amount", "round_off", "total_amount", "paid_amount"),
        Column(
            "credited_amount",
            of.credited_minor - of.written_off_minor + of.excess_minor,
            "amount",
        ),
        Column("written_off_amount", of.written_off_minor, "amount"),
        Column("open_amount", open_column(of), "amount"),
        settled_column(of),
    ]
    return documents_listing("invoices", Invoice, columns, search)
