"""Searches of credits, and the credited amounts of lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Select, Uuid, cast, func, literal, select, tuple_

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import (
    CreditNote,
    CreditNoteLine,
    SupplierCredit,
    SupplierCreditLine,
)
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries.documents import having_text
from voyagent.kernel.db import db
from voyagent.kernel.pages import Cursor

_KEPT: dict[type, tuple[Any, Any, str, str]] = {
    Invoice: (CreditNote, CreditNoteLine, "credit_note_id", "invoice_id"),
    Bill: (SupplierCredit, SupplierCreditLine, "supplier_credit_id", "bill_id"),
}
"""Of each document what credits it, the lines of that, and by which columns they belong together.
"""


@dataclass(frozen=True, slots=True)
class CreditSearch:
    """What a list of credit notes, or of credits from suppliers, is narrowed to: its invoice or
    bill; `party` is a whole name.
    """

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
    """The rows of a list of credits that a search finds, one more than is shown, the newest day
    first, behind the row of a cursor.
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
    """What is credited of each line of an invoice or a bill so far, by the line's number; what was
    reversed does not count.
    """
    credit, line, key, column = _KEPT[type(document)]
    statement = (
        select(line.line_no, cast(func.sum(line.amount_minor), BigInteger).label("minor"))
        .join(credit, credit.id == getattr(line, key))
        .where(getattr(credit, column) == document.id, credit.reversed_on.is_(None))
        .group_by(line.line_no)
    )
    return {row.line_no: row.minor for row in db.session.execute(statement)}
