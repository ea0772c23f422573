"""Queries of credit notes: one with all its parts, the list, and amounts returned so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, cast, func, select

from voyagent.billing.core.models.credits import CreditNote, CreditNoteLine
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import CREDIT_NOTE
from voyagent.billing.core.queries.credits import CreditSearch, credited_taxes_statement, narrowed
from voyagent.billing.core.queries.documents import page_of
from voyagent.billing.core.queries.recognitions import by_entry, recognitions_statement
from voyagent.billing.credit_notes.errors import CreditNoteNotFound
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement, keyed_select
from voyagent.kernel.db import db, load_one
from voyagent.kernel.pages import Cursor, CursorPage
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.entries import entry_lines_statement

_NOTES = CreditNote.__table__.c
_LINES = CreditNoteLine.__table__.c
_INVOICES = Invoice.__table__.c
_TEXTS = ("number", "party_name", "invoice_number")


@dataclass(frozen=True, slots=True)
class CreditDocument:
    """A credit note with its invoice's number, lines, taxes and journal lines."""

    note: Row
    lines: list[Row]
    taxes: list[Row]
    journal: list[Row]
    further: list[Row]
    """Journal entries on service dates after the date of the credit note."""


def read_credit_note(reader: Reader, credit_note_id: UUID) -> CreditDocument:
    """Return a credit note with all its parts, in one request to the database.

    Raises CreditNoteNotFound.
    """
    notes, found, taxes, journal, further = reader.read(*_document_statements(credit_note_id))
    return CreditDocument(
        first_row(notes, CreditNoteNotFound), found, taxes, journal, by_entry(further)
    )


def get_credit_note(credit_note_id: UUID) -> CreditNote:
    """Return a credit note. Raises CreditNoteNotFound."""
    return load_one(select(CreditNote).where(CreditNote.id == credit_note_id), CreditNoteNotFound)


def list_credit_notes(
    reader: Reader, search: CreditSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of credit notes after the cursor, newest issue date first."""
    return page_of(reader.read(_list_statement(search, limit, cursor))[0], limit)


def recalled_by_line(invoice: Invoice) -> dict[int, int]:
    """Return the commission returned so far by line number, in minor units.

    Reversed credit notes do not count.
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


def round_off_given_back(invoice_id: UUID) -> bool:
    """Return True if a credit note that is not reversed has returned the invoice's rounding."""
    given = select(CreditNote.id).where(
        CreditNote.invoice_id == invoice_id,
        CreditNote.round_off_minor != 0,
        CreditNote.reversed_on.is_(None),
    )
    return db.session.scalar(given.limit(1)) is not None


@keyed_select
def _document_statements(credit_note_id: Any) -> tuple[Select[Any], ...]:
    entry_id = (
        select(_NOTES.entry_id)
        .where(owned(CreditNote), _NOTES.id == credit_note_id)
        .scalar_subquery()
    )
    lines = (
        select(_LINES.line_no, _LINES.description, _LINES.amount_minor, _LINES.commission_minor)
        .where(owned(CreditNoteLine), _LINES.credit_note_id == credit_note_id)
        .order_by(_LINES.line_no)
    )
    names = (
        name_of(_NOTES.created_by_user_id).label("created_by"),
        name_of(_NOTES.reversed_by_user_id).label("reversed_by"),
    )
    one = _notes().add_columns(*names).where(_NOTES.id == credit_note_id)
    return (
        one,
        lines,
        credited_taxes_statement(CREDIT_NOTE, credit_note_id),
        entry_lines_statement(entry_id),
        recognitions_statement("credit_note", credit_note_id),
    )


@cached_statement
def _list_statement(search: CreditSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    return narrowed(_notes(), _NOTES, _NOTES.invoice_id, _TEXTS, search, limit, cursor)


def _notes() -> Select[Any]:
    columns = [
        column
        for column in CreditNote.__table__.columns
        if column.name
        not in {
            "tenant_id",
            "party_key",
            "created_by_user_id",
            "reversed_by_user_id",
        }
    ]
    return (
        select(*columns, _INVOICES.number.label("invoice_number"))
        .select_from(
            CreditNote.__table__.join(
                Invoice.__table__,
                (_INVOICES.tenant_id == _NOTES.tenant_id) & (_INVOICES.id == _NOTES.invoice_id),
            )
        )
        .where(owned(CreditNote))
    )
