"""Queries of invoices by id, of drafts, and of possible duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, Text, case, cast, select

from voyagent.approvals.queries import unfinished_statement
from voyagent.billing.core.models.invoices import PAN, TAX_NUMBER, Invoice
from voyagent.billing.core.models.kinds import INVOICE
from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.billing.core.queries.cancellations import cancellations_of_statement
from voyagent.billing.core.queries.cheques import held_for_invoice_statement
from voyagent.billing.core.queries.credits import credits_of_statement
from voyagent.billing.core.queries.documents import BASE_COLUMNS
from voyagent.billing.core.queries.kept_papers import kept_hash
from voyagent.billing.core.queries.parts import items_statement, settling_statement
from voyagent.billing.core.queries.policies import methods_of, methods_statement
from voyagent.billing.core.queries.recognitions import by_entry, recognitions_statement
from voyagent.billing.core.queries.taxes import taxes_statement
from voyagent.billing.core.rules import (
    Supply,
    by_month,
    place_of_supply,
    revenue_minor,
    revenue_parts,
    supplies_of,
)
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.chat.queries.sessions import is_live
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import keyed_select
from voyagent.kernel.db import load_one
from voyagent.kernel.keyring import opened_text
from voyagent.kernel.money import Money
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.entries import entry_lines_statement
from voyagent.ledger.queries.party_lines import is_of
from voyagent.taxes.rules.tables import is_taxable

_INVOICES = Invoice.__table__.c
LISTED = (
    *(
        "id",
        "number",
        "status",
        "party_id",
        "party_name",
        "party_reference",
        "issue_date",
        "due_date",
        "currency",
        "total_minor",
        "paid_minor",
        "credited_minor",
    ),
    *("written_off_minor", "excess_minor", "created_at", "instalment_dues", "instalment_minors"),
)
_WRITE_OFFS = WriteOff.__table__.c
WRITE_OFF = "write_off_invoice"
"""Name of the capability that requests a write-off."""


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """An invoice with lines, taxes, payments, credits and journal lines."""

    invoice: Row
    lines: list[Row]
    taxes: list[Row]
    payments: list[Row]
    credit_notes: list[Row]
    cancellations: list[Row]
    debit_notes: list[Row]
    """Invoices that are debit notes of this one, drafts and void ones included."""
    write_offs: list[Row]
    write_off_requests: list[Row]
    """The pending request for a write-off; empty if there is none."""
    held_cheques: list[Row]
    """Received cheques that are to settle the invoice and are not deposited yet."""
    journal: list[Row]
    recognitions: list[Row]
    """Journal entries on service dates after the issue date."""

    @property
    def taxed_lines(self) -> tuple[list[int], list[tuple[int, str]]]:
        """Return the two arguments of `taxing.is_waiting`.

        They are the numbers of the lines with a tax treatment, and a pair of line number and
        component for each computed tax.
        """
        return [line["line_no"] for line in self.lines if is_taxable(line["tax"])], [
            (tax["line_no"], tax["component"]) for tax in self.taxes
        ]

    @property
    def supplies(self) -> set[Supply]:
        """Return the supplies to which the lines belong; by law an invoice has one."""
        own = self.invoice["place_of_supply"]
        given = (
            (line["tax"], place_of_supply(line["tax"], line["place_of_supply"], own))
            for line in self.lines
        )
        return set(
            supplies_of(given, is_registered=self.invoice["customer_tax_number"] is not None)
        )


def get_invoice(invoice_id: UUID, *, lock: bool = False) -> Invoice:
    """Return an invoice; with `lock` its row is locked until the transaction ends.

    Raises InvoiceNotFound.
    """
    return load_one(select(Invoice).where(Invoice.id == invoice_id), InvoiceNotFound, lock=lock)


def read_document(reader: Reader, invoice_id: UUID) -> InvoiceDocument:
    """Return an invoice with its lines, taxes, payments, credits and journal lines.

    Raises InvoiceNotFound.
    """
    found = reader.read(*_document_statements(invoice_id))
    invoices, lines, taxes, payments, notes, cancellations, *others = found
    debits, write_offs, requests, cheques, journal, recognitions = others
    invoice = with_tax_numbers(first_row(invoices, InvoiceNotFound))
    return InvoiceDocument(
        invoice,
        lines,
        taxes,
        payments,
        notes,
        cancellations,
        debits,
        write_offs,
        requests,
        cheques,
        journal,
        by_entry(recognitions),
    )


def revenue_by_month(reader: Reader, document: InvoiceDocument) -> dict[date, Money]:
    """Return the revenue of an invoice by the first day of its months.

    Deferred parts belong to the months in which they are recognised, and the rest to the month of
    the issue date. Of a sale as agent the commission counts. Credits are not subtracted. An
    imported invoice is no revenue.
    """
    invoice, lines = document.invoice, document.lines
    is_draft = invoice["status"] == "draft" and any(line["service_date"] for line in lines)
    methods = (
        methods_of(reader.read(methods_statement(invoice["issue_date"]))[0]) if is_draft else None
    )
    amounts = []
    for line in () if invoice["is_opening"] else lines:
        sold_as, first = line["sold_as"], line["service_date"]
        method = methods.of_sale(sold_as, first) if methods else line["recognition"]
        minor = revenue_minor(sold_as, line["amount_minor"], line["commission_minor"])
        amounts.append((minor, revenue_parts(minor, sold_as, first, line["service_to"], method)))
    return by_month(amounts, invoice["issue_date"], invoice["currency"])


def list_drafts(reader: Reader, party: str | None = None, limit: int = 10) -> list[Row]:
    """Return drafts, newest first; `party` restricts them to one customer."""
    table = Invoice.__table__
    statement = select(*(table.c[name] for name in LISTED)).where(
        owned(Invoice), _INVOICES.status == "draft"
    )
    if party:
        statement = statement.where(is_of(_INVOICES.party_key, " ".join(party.split())))
    return reader.read(
        statement.order_by(_INVOICES.created_at.desc(), _INVOICES.id.desc()).limit(limit)
    )[0]


def find_alike(
    reader: Reader,
    party: str,
    total_minor: int,
    currency: str,
    *,
    since: date,
    besides: UUID | None = None,
) -> list[Row]:
    """Return up to three invoices to a customer with exactly this total.

    Void invoices and invoices issued before `since` are left out. `besides` is the id of an invoice
    that is also left out. Rows: id, number, status, issue_date.
    """
    statement = select(
        _INVOICES.id, _INVOICES.number, _INVOICES.status, _INVOICES.issue_date
    ).where(
        owned(Invoice),
        is_of(_INVOICES.party_key, party),
        _INVOICES.issue_date >= since,
        _INVOICES.total_minor == total_minor,
        _INVOICES.currency == currency,
        _INVOICES.status != "void",
    )
    if besides is not None:
        statement = statement.where(_INVOICES.id != besides)
    return reader.read(
        statement.order_by(_INVOICES.issue_date.desc(), _INVOICES.id.desc()).limit(3)
    )[0]


def find_invoices(reader: Reader, invoice_ids: Sequence[UUID]) -> list[Row]:
    """Return id, number and status of those of the given invoices that exist."""
    return reader.read(
        select(_INVOICES.id, _INVOICES.number, _INVOICES.status).where(
            owned(Invoice), _INVOICES.id.in_(invoice_ids)
        )
    )[0]


def read_amounts(reader: Reader, invoice_ids: Sequence[UUID]) -> list[Row]:
    """Return id, number, customer and amounts of invoices, the newest invoice first.

    Rows: id, number, party_name, currency, total_minor, tax_minor, round_off_minor.
    """
    names = ("id", "number", "party_name", "currency", "total_minor", "tax_minor")
    return reader.read(
        select(*(_INVOICES[name] for name in (*names, "round_off_minor")))
        .where(owned(Invoice), _INVOICES.id.in_(invoice_ids))
        .order_by(_INVOICES.created_at.desc(), _INVOICES.id.desc())
    )[0]


@keyed_select
def _document_statements(invoice_id: Any) -> tuple[Select[Any], ...]:
    entry_id = (
        select(_INVOICES.entry_id)
        .where(owned(Invoice), _INVOICES.id == invoice_id)
        .scalar_subquery()
    )
    return (
        _invoice_statement(invoice_id),
        items_statement(INVOICE, invoice_id),
        taxes_statement(invoice_id),
        settling_statement(INVOICE, invoice_id),
        credits_of_statement(INVOICE, invoice_id),
        cancellations_of_statement(INVOICE, invoice_id),
        _debit_notes_statement(invoice_id),
        write_offs_statement(invoice_id),
        unfinished_statement(WRITE_OFF, "invoice_id", cast(invoice_id, Text)),
        held_for_invoice_statement(invoice_id),
        entry_lines_statement(entry_id),
        recognitions_statement("invoice", invoice_id),
    )


def with_tax_numbers(row: Row) -> Row:
    """Return an invoice's row with PAN and tax number of the buyer decrypted."""
    known = dict(row)
    for name, purpose in (("customer_pan", PAN), ("customer_tax_number", TAX_NUMBER)):
        known[name] = opened_text(purpose, known.pop(f"{name}_sealed"), known[name])
    return known


def _debit_notes_statement(invoice_id: UUID) -> Select[Any]:
    """Select the debit notes of an invoice, oldest first."""
    names = ("id", "number", "status", "issue_date", "currency", "total_minor")
    return (
        select(*(_INVOICES[name] for name in names))
        .where(owned(Invoice), _INVOICES.debits_id == invoice_id)
        .order_by(_INVOICES.created_at, _INVOICES.id)
    )


def _debited(name: str) -> ScalarSelect[Any]:
    """Return a scalar select of a column of the invoice that a debit note refers to."""
    debited = Invoice.__table__.alias("debited")
    return (
        select(debited.c[name])
        .where(owned(debited), debited.c.id == _INVOICES.debits_id)
        .scalar_subquery()
    )


def _invoice_statement(invoice_id: UUID) -> Select[Any]:
    columns = [
        column
        for column in Invoice.__table__.columns
        if column.name not in {"party_key", "search", "session_id", "customer_pan_digest"}
    ]
    return select(
        *columns,
        case((is_live(_INVOICES.session_id), _INVOICES.session_id)).label("session_id"),
        name_of(_INVOICES.created_by_user_id).label("created_by"),
        name_of(_INVOICES.issued_by_user_id).label("issued_by"),
        name_of(_INVOICES.voided_by_user_id).label("voided_by"),
        kept_hash("invoice", _INVOICES.id).label("paper_sha256"),
        _debited("number").label("debits_number"),
        _debited("issue_date").label("debits_on"),
        *BASE_COLUMNS,
    ).where(owned(Invoice), _INVOICES.id == invoice_id)


def write_offs_statement(invoice_id: UUID) -> Select[Any]:
    """Return a statement for the write-offs of an invoice, oldest first.

    Rows: id, amount_minor, effective_on, reason, entry_id, reverses_id, created_by, is_over.
    `is_over` is true for a reversed write-off and for the row that reverses it.
    """
    counter = WriteOff.__table__.alias("counter")
    taken_back = (
        select(counter.c.id).where(owned(counter), counter.c.reverses_id == _WRITE_OFFS.id).exists()
    )
    return (
        select(
            *(
                _WRITE_OFFS[name]
                for name in (
                    "id",
                    "amount_minor",
                    "effective_on",
                    "reason",
                    "entry_id",
                    "reverses_id",
                )
            ),
            name_of(_WRITE_OFFS.created_by_user_id).label("created_by"),
            case((_WRITE_OFFS.reverses_id.is_not(None), True), else_=taken_back).label("is_over"),
        )
        .where(owned(WriteOff), _WRITE_OFFS.invoice_id == invoice_id)
        .order_by(_WRITE_OFFS.created_at, _WRITE_OFFS.id)
    )
