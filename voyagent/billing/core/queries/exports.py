"""Columns and conditions shared by the exports of documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, literal, or_, select

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.queries.documents import DocumentSearch, conditions, has_text
from voyagent.kernel.db import Base, Columns
from voyagent.kernel.listings import Column, Listing, ends_of
from voyagent.kernel.patterns import contains
from voyagent.kernel.tenancy import owned

TEXTS = {
    "invoices": ("number", "party_name", "party_reference"),
    "bills": ("vendor_reference", "party_name", "party_reference"),
}


def documents_listing(
    name: str, model: type[Invoice | Bill], columns: list[Column], search: DocumentSearch
) -> Listing:
    """Return the export of the invoices or bills that a search finds."""
    table = model.__table__
    criteria = [*conditions(search, table), *text_conditions(table.c, TEXTS[name], search.text)]
    return make_listing(
        name, model, columns, table.c.issue_date, criteria, is_sparse=bool(search.text)
    )


def make_listing(
    name: str,
    model: type[Base],
    columns: list[Column],
    day: ColumnElement[Any],
    wanted: list[ColumnElement[bool]],
    *,
    is_sparse: bool,
) -> Listing:
    """Return an export of the table's rows that match all conditions in `wanted`.

    The rows are ordered by the column `day`, newest first. Set `is_sparse` if few rows match; one
    select then reads all of them.
    """
    table = model.__table__

    def base(cells: Sequence[ColumnElement[Any]]) -> Select[Any]:
        return select(*cells).select_from(table).where(owned(model), *wanted)

    return Listing(
        name=name,
        columns=columns,
        base=base,
        day=day,
        ends=ends_of(day, owned(model), *wanted),
        currency=table.c.currency,
        order=(table.c.id.desc(),),
        is_sparse=is_sparse,
    )


def party_columns(of: Columns, party: str) -> list[Column]:
    """Return the export columns of party, status, dates and currency of a document.

    `of` has the columns of the table of invoices or bills. `party` is the exported name of the
    party column.
    """
    return [
        Column("status", of.status),
        Column(party, of.party_name, "text"),
        Column("party_reference", of.party_reference, "text"),
        Column("issue_date", of.issue_date),
        Column("due_date", of.due_date),
        Column("id", of.id),
        Column("currency", of.currency),
    ]


def amount_columns(of: Columns, *names: str) -> list[Column]:
    """Return columns for amounts, given their exported names such as `total_amount`."""
    return [Column(name, of[f"{name.removesuffix('_amount')}_minor"], "amount") for name in names]


def settled_column(of: Columns) -> Column:
    """Return the column that says how a document was settled, as `settled_as` does."""
    written_off = of.written_off_minor if "written_off_minor" in of else literal(0)
    excess = of.excess_minor if "excess_minor" in of else literal(0)
    is_settled = of.status == "paid"
    return Column(
        "settled_as",
        case(
            (and_(is_settled, written_off > 0), "settled"),
            (and_(is_settled, of.credited_minor + excess == 0), "paid"),
            (and_(is_settled, of.paid_minor == 0), "credited"),
            (and_(is_settled, of.paid_minor >= of.total_minor), "paid_part_credited"),
            (is_settled, "settled"),
        ),
    )


def open_column(of: Columns) -> ColumnElement[Any]:
    """Return the SQL expression for the open amount, equal to `open_minor_of`."""
    return case((of.status.in_(OPEN), of.total_minor - of.paid_minor - of.credited_minor), else_=0)


def text_conditions(
    of: Columns, names: Sequence[str], text: str | None
) -> list[ColumnElement[bool]]:
    """Return a list with the condition for a text; the list is empty without a text.

    If the table has the column `search`, that column is searched, otherwise the columns `names`.
    """
    if not text:
        return []
    if "search" in of:
        return [has_text(text, of)]
    return [or_(*(of[name].ilike(contains(text)) for name in names))]
