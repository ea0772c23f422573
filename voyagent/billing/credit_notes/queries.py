"""Queries of credit notes, and of the commission and rounding they have returned."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Numeric, Select, and_, cast, func, select

from voyagent.billing.core.models.credits import CreditNote, CreditNoteLine, CreditNoteTax
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine, InvoiceTax
from voyagent.billing.core.models.kinds import INVOICE
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.queries.credits import (
    CreditDocument,
    CreditSearch,
    credit_statements,
    list_credits,
)
from voyagent.billing.core.queries.kept_papers import kept_hash
from voyagent.billing.core.queries.recognitions import by_entry, recognitions_statement
from voyagent.billing.credit_notes.errors import CreditNoteNotFound
from voyagent.billing.invoices.queries.documents import with_tax_numbers
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import keyed_select
from voyagent.kernel.db import db, load_one
from voyagent.kernel.pages import Cursor, CursorPage
from voyagent.kernel.tenancy import owned


def read_credit_note(reader: Reader, credit_note_id: UUID) -> CreditDocument:
    """Return a credit note with its lines, taxes and journal lines.

    Raises CreditNoteNotFound.
    """
    notes, found, taxes, journal, recognitions = reader.read(*_document_statements(credit_note_id))
    note = with_tax_numbers(first_row(notes, CreditNoteNotFound))
    return CreditDocument(note, found, taxes, journal, by_entry(recognitions))


def get_credit_note(credit_note_id: UUID) -> CreditNote:
    """Return a credit note. Raises CreditNoteNotFound."""
    return load_one(select(CreditNote).where(CreditNote.id == credit_note_id), CreditNoteNotFound)


def line_numbers(credit_note_id: UUID) -> set[int]:
    """Return the numbers of the lines that a credit note credits."""
    found = select(CreditNoteLine.line_no).where(CreditNoteLine.credit_note_id == credit_note_id)
    return set(db.session.scalars(found))


def get_customer_credit(credit_note_id: UUID) -> Payment | None:
    """Lock and return the customer's credit from a credit note, or None."""
    return db.session.scalar(
        select(Payment).where(Payment.credit_note_id == credit_note_id).with_for_update()
    )


def list_credit_notes(
    reader: Reader, search: CreditSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of credit notes after the cursor, newest issue date first."""
    return list_credits(reader, INVOICE, search, limit=limit, cursor=cursor)


def round_off_given_back(invoice_id: UUID) -> bool:
    """Return True if a credit note has returned the invoice's rounding amount.

    Reversed credit notes are ignored.
    """
    given = select(CreditNote.id).where(
        CreditNote.invoice_id == invoice_id,
        CreditNote.round_off_minor != 0,
        CreditNote.reversed_on.is_(None),
    )
    return db.session.scalar(given.limit(1)) is not None


@keyed_select
def _document_statements(credit_note_id: Any) -> tuple[Select[Any], ...]:
    note, lines, _taxes, journal = credit_statements(INVOICE, credit_note_id)
    invoices = Invoice.__table__.c
    return (
        note.add_columns(
            kept_hash("credit_note", CreditNote.__table__.c.id).label("paper_sha256"),
            invoices.issue_date.label("invoice_date"),
            *_of_customer_credit(),
            *(
                invoices[name]
                for name in (
                    *("place_of_supply", "party_address"),
                    *("customer_tax_number", "customer_tax_number_sealed"),
                    *("customer_pan", "customer_pan_sealed"),
                )
            ),
        ),
        lines,
        _taxes_statement(credit_note_id),
        journal,
        recognitions_statement("credit_note", credit_note_id),
    )


def _of_customer_credit() -> list[ColumnElement[Any]]:
    """Return the id and the number of the customer's credit from a credit note."""
    payments = Payment.__table__.c
    return [
        select(payments[name])
        .where(owned(Payment), payments.credit_note_id == CreditNote.__table__.c.id)
        .scalar_subquery()
        .label(f"customer_credit_{name}")
        for name in ("id", "number")
    ]


def _taxes_statement(credit_note_id: Any) -> Select[Any]:
    """Return the SQL for the taxes of a credit note, with the rates of its invoice.

    The taxable value is in proportion to the credited amount of the line (Rule 53(1A)).
    """
    taxes, charged = CreditNoteTax.__table__, InvoiceTax.__table__
    credited, lines = CreditNoteLine.__table__, InvoiceLine.__table__
    note = CreditNote.__table__
    share = charged.c.taxable_minor * cast(credited.c.amount_minor, Numeric) / lines.c.amount_minor
    return (
        select(
            *(taxes.c.line_no, taxes.c.component, taxes.c.amount_minor),
            *(charged.c.percent, charged.c.confirmed),
            cast(func.round(share), BigInteger).label("taxable_minor"),
        )
        .select_from(taxes)
        .join(note, _same(note, taxes, id="credit_note_id"))
        .join(credited, _same(credited, taxes, credit_note_id="credit_note_id", line_no="line_no"))
        .join(
            charged,
            _same(charged, taxes, line_no="line_no", component="component")
            & (charged.c.invoice_id == note.c.invoice_id),
        )
        .join(
            lines,
            _same(lines, taxes, line_no="line_no") & (lines.c.invoice_id == note.c.invoice_id),
        )
        .where(owned(CreditNoteTax), taxes.c.credit_note_id == credit_note_id)
        .order_by(taxes.c.line_no, taxes.c.component)
    )


def _same(table: Any, other: Any, **columns: str) -> ColumnElement[bool]:
    """Return the condition that columns of two tables of one agency are equal."""
    return and_(
        table.c.tenant_id == other.c.tenant_id,
        *(table.c[name] == other.c[of_other] for name, of_other in columns.items()),
    )
