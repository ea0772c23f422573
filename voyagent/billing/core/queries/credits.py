"""Filters of the lists of credits, and the amounts of document lines credited so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Result, Select, Uuid, cast, func, literal, select, tuple_

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import CreditKind, kind_of
from voyagent.billing.core.queries.documents import having_text
from voyagent.kernel.db import db
from voyagent.kernel.pages import Cursor
from voyagent.kernel.tenancy import owned


@dataclass(frozen=True, slots=True)
class CreditSearch:
    """Filters of a list of credits; `party` is the whole name of the customer or supplier."""

    document_id: UUID | None = None
    party: str | None = None
    issued_from: date | None = None
    issued_to: date | None = None
    text: str | None = None


def narrowed(
    statement: Select[Any],
    table: Any,
    document_id: Any,
    texts: Iterable[str],
    search: CreditSearch,
    limit: int,
    cursor: Cursor | None,
) -> Select[Any]:
    """Add filters, order (newest date first) and cursor to the statement of a list of credits.

    The statement returns up to one row more than `limit`, which shows that there is a next page.
    """
    if search.document_id is not None:
        statement = statement.where(document_id == search.document_id)
    if search.party:
        statement = statement.where(table.party_key == func.lower(search.party))
    if search.issued_from:
        statement = statement.where(table.issue_date >= search.issued_from)
    if search.issued_to:
        statement = statement.where(table.issue_date <= search.issued_to)
    if cursor is not None:
        statement = statement.where(
            tuple_(table.issue_date, table.id)
            < tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        )
    return having_text(
        statement.order_by(table.issue_date.desc(), table.id.desc()),
        "issue_date",
        texts,
        search.text,
        limit + 1,
    )


def credited_by_line(document: Invoice | Bill) -> dict[int, int]:
    """Return the credited amount of each document line by line number, in minor units.

    Reversed credits do not count.
    """
    line = kind_of(document).credit.line
    rows = _credited(document, line, line.line_no)
    return {row.line_no: row.minor for row in rows}


def credited_taxes(document: Invoice | Bill) -> dict[tuple[int, str], int]:
    """Return the credited tax by line number and component, in minor units.

    Reversed credits do not count.
    """
    tax = kind_of(document).credit.tax
    rows = _credited(document, tax, tax.line_no, tax.component)
    return {(row.line_no, row.component): row.minor for row in rows}


def credited_taxes_statement(
    kind: CreditKind[Any], credit_id: UUID
) -> Select[tuple[int, str, int]]:
    """Return a statement for the taxes of one credit.

    Rows: line_no, component, amount_minor.
    """
    taxes = kind.tax.__table__.c
    return (
        select(taxes.line_no, taxes.component, taxes.amount_minor)
        .where(owned(kind.tax), taxes[kind.key] == credit_id)
        .order_by(taxes.line_no, taxes.component)
    )


def _credited(document: Invoice | Bill, part: Any, *by: Any) -> Result[Any]:
    """Sum the lines or taxes of all credits of a document that are not reversed."""
    kind = kind_of(document)
    credit = kind.credit.model
    statement = (
        select(*by, cast(func.sum(part.amount_minor), BigInteger).label("minor"))
        .join(credit, credit.id == getattr(part, kind.credit.key))
        .where(
            getattr(credit, kind.key) == document.id,
            credit.reversed_on.is_(None),
        )
        .group_by(*by)
    )
    return db.session.execute(statement)
