"""Queries of credits: one credit, the list, and amounts credited so far."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Result, Select, cast, func, select

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import CreditNote, CreditNoteLine
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import DocumentKind, kind_of
from voyagent.billing.core.models.parts import OPEN_INVOICE
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.queries.cancellations import of_credit
from voyagent.billing.core.queries.documents import having_text, newest_first, of_party, page_of
from voyagent.billing.core.queries.parts import items_statement
from voyagent.billing.core.queries.taxes import tax_amounts_statement
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.pages import Cursor, CursorPage
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.entries import entry_lines_statement


@dataclass(frozen=True, slots=True)
class CreditSearch:
    """Filters of a list of credits.

    `party` is the whole name of the customer or supplier, and `party_id` its id. `text` is a part
    of the credit's number, of the party's name, or of the number of the credited document.
    """

    document_id: UUID | None = None
    party: str | None = None
    issued_from: date | None = None
    issued_to: date | None = None
    text: str | None = None
    party_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CreditDocument:
    """A credit with its lines, taxes and journal lines.

    The row `credit` also has the number of the credited invoice or bill.
    """

    credit: Row
    lines: list[Row]
    taxes: list[Row]
    journal: list[Row]
    recognitions: list[Row] = field(default_factory=list)
    """Journal entries on service dates after the date of the credit."""


def list_credits(
    reader: Reader,
    kind: DocumentKind,
    search: CreditSearch,
    *,
    limit: int = 50,
    cursor: Cursor | None = None,
) -> CursorPage[Row]:
    """Return a page of credits after the cursor, newest issue date first."""
    return page_of(reader.read(_list_statement(kind, search, limit, cursor))[0], limit)


def credit_statements(kind: DocumentKind, credit_id: UUID) -> tuple[Select[Any], ...]:
    """Return the SQL for a credit, its lines, its taxes and its journal lines."""
    table = kind.credit.model.__table__.c
    entry_id = (
        select(table.entry_id)
        .where(owned(kind.credit.model), table.id == credit_id)
        .scalar_subquery()
    )
    return (
        _credits(kind)
        .add_columns(
            name_of(table.created_by_user_id).label("created_by"),
            name_of(table.reversed_by_user_id).label("reversed_by"),
            of_credit(kind, "id").label("cancellation_id"),
            of_credit(kind, "number").label("cancellation_number"),
        )
        .where(table.id == credit_id),
        items_statement(kind.credit, credit_id),
        tax_amounts_statement(kind.credit, credit_id),
        entry_lines_statement(entry_id),
    )


def credits_of_statement(kind: DocumentKind, document_id: UUID) -> Select[Any]:
    """Return an SQL statement for the credits on a document, oldest first.

    Rows: id, the number (`number` or `vendor_reference`), issue_date, reason, entry_id,
    amount_minor; and reversed_on, reversal_reason, reversal_entry_id and reversed_by, which are
    null unless the credit is reversed.
    """
    table = kind.credit.model.__table__.c
    names = (
        "id",
        kind.credit.number,
        "issue_date",
        "reason",
        "entry_id",
        "reversed_on",
        "reversal_reason",
        "reversal_entry_id",
    )
    return (
        select(
            *(table[name] for name in names),
            table.total_minor.label("amount_minor"),
            name_of(table.reversed_by_user_id).label("reversed_by"),
        )
        .where(owned(kind.credit.model), table[kind.key] == document_id)
        .order_by(table.issue_date, table.id)
    )


def credited_by_line(document: Invoice | Bill) -> dict[int, int]:
    """Return the credited amount of each document line by line number, in minor units.

    Reversed credits do not count.
    """
    line = kind_of(document).credit.line
    rows = _credited(document, line, line.line_no)
    return {row.line_no: row.minor for row in rows}


def recalled_by_line(invoice: Invoice) -> dict[int, int]:
    """Return the commission that credit notes have taken back, by line number.

    The amounts are in minor units. Reversed credit notes do not count.
    """
    statement = (
        select(
            CreditNoteLine.line_no,
            cast(func.sum(CreditNoteLine.commission_minor), BigInteger).label("minor"),
        )
        .join(CreditNote, CreditNote.id == CreditNoteLine.credit_note_id)
        .where(CreditNote.invoice_id == invoice.id, CreditNote.reversed_on.is_(None))
        .group_by(CreditNoteLine.line_no)
    )
    return {row.line_no: row.minor for row in db.session.execute(statement)}


def credited_taxes(document: Invoice | Bill) -> dict[tuple[int, str], int]:
    """Return the credited tax by line number and component, in minor units.

    Reversed credits do not count.
    """
    tax = kind_of(document).credit.tax
    rows = _credited(document, tax, tax.line_no, tax.component)
    return {(row.line_no, row.component): row.minor for row in rows}


def credited_parts(document: Invoice | Bill) -> dict[int, list[int]]:
    """Return the amounts that credits took from each part of a line.

    The amounts are in minor units, by line number, in the order of the parts. Lines that are
    recognised in one part are left out. Reversed credits do not count.
    """
    kind = kind_of(document)
    credit, line = kind.credit.model, kind.credit.line
    statement = (
        select(line.line_no, line.parts_minor)
        .join(credit, credit.id == getattr(line, kind.credit.key))
        .where(
            getattr(credit, kind.key) == document.id,
            credit.reversed_on.is_(None),
            line.parts_minor.is_not(None),
        )
    )
    found: dict[int, list[int]] = {}
    for line_no, minors in db.session.execute(statement):
        assert minors is not None
        before = found.get(line_no, [0] * len(minors))
        found[line_no] = [old + new for old, new in zip(before, minors, strict=True)]
    return found


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


@cached_statement
def _list_statement(
    kind: DocumentKind, search: CreditSearch, limit: int, cursor: Cursor | None
) -> Select[Any]:
    """Return an SQL statement for the credits that a search finds.

    The newest issue date is first. An extra row after `limit` rows shows that there is a next page.
    """
    table = kind.credit.model.__table__
    statement = _credits(kind)
    if search.document_id is not None:
        statement = statement.where(table.c[kind.key] == search.document_id)
    statement = statement.where(*of_party(table.c, search.party, search.party_id))
    if search.issued_from:
        statement = statement.where(table.c.issue_date >= search.issued_from)
    if search.issued_to:
        statement = statement.where(table.c.issue_date <= search.issued_to)
    return having_text(
        newest_first(statement, table, cursor),
        "issue_date",
        (kind.credit.number, "party_name", kind.credit.document_number),
        search.text,
        limit + 1,
    )


def _credits(kind: DocumentKind) -> Select[Any]:
    """Return the SQL for credits, each with the number of the credited document."""
    table, documents = kind.credit.model.__table__, kind.model.__table__
    internal = {"tenant_id", "party_key", "created_by_user_id", "reversed_by_user_id"}
    return (
        select(
            *(column for column in table.c if column.name not in internal),
            documents.c[kind.number].label(kind.credit.document_number),
        )
        .select_from(
            table.join(
                documents,
                (documents.c.tenant_id == table.c.tenant_id)
                & (documents.c.id == table.c[kind.key]),
            )
        )
        .where(owned(kind.credit.model))
    )


def has_unused_credit(invoice_id: UUID) -> bool:
    """Return True if a credit note on an invoice left a credit that is not used up."""
    unused = Payment.amount_minor - Payment.allocated_minor - Payment.refunded_minor
    found = (
        select(Payment.id)
        .join(CreditNote, CreditNote.id == Payment.credit_note_id)
        .where(CreditNote.invoice_id == invoice_id, Payment.reversed_on.is_(None), unused > 0)
    )
    return db.session.scalars(found.limit(1)).first() is not None


def is_of_open_invoice(credit_note_ids: Collection[UUID]) -> bool:
    """Return True if at least one of the credit notes is on an invoice that is open."""
    found = (
        select(CreditNote.id)
        .join(Invoice, Invoice.id == CreditNote.invoice_id)
        .where(CreditNote.id.in_(credit_note_ids), Invoice.status.in_(OPEN_INVOICE))
    )
    return db.session.scalars(found.limit(1)).first() is not None
