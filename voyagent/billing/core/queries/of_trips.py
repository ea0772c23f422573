"""Queries of the documents that belong to trips."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Numeric,
    ScalarSelect,
    Select,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from voyagent.billing.core.models.accruals import Accrual
from voyagent.billing.core.models.bills import Bill, ExpectedBillMatch
from voyagent.billing.core.models.claims import SupplierClaim, SupplierClaimReceipt
from voyagent.billing.core.models.credits import CreditNote, CreditNoteLine
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.kinds import BILL, INVOICE, DocumentKind
from voyagent.kernel.tenancy import owned
from voyagent.trips.queries import expected_bills, facts

_INVOICES, _PARTS = Invoice.__table__.c, InvoiceLine.__table__.c
_NOTES, _CREDITED = CreditNote.__table__.c, CreditNoteLine.__table__.c


def of_trips() -> dict[str, Select[Any]]:
    """Return SQL selects of the documents that belong to trips, by type of document.

    The keys are `invoice`, `bill`, `credit_note`, `supplier_credit`, `claim_receipt` (of a claim on
    a supplier) and `accrual` (of an expected bill). Rows: source_id (the document's id) and
    thing_id (the trip's id). Drafts, payments and write-offs are left out.
    """
    return {
        **{kind.name: _documents(kind) for kind in (INVOICE, BILL)},
        **{kind.credit.name: _credits(kind) for kind in (INVOICE, BILL)},
        "claim_receipt": _claim_receipts(),
        "accrual": _accruals(),
    }


def cases() -> dict[str, Select[Any]]:
    """Return SQL selects of the documents that are settled together, by type.

    The keys are `invoice`, `bill`, `credit_note` and `supplier_credit`. Rows: source_id (the
    document's id), trip_id, and case_id: the trip, or without one the invoice or bill.
    """
    found: dict[str, Select[Any]] = {}
    for kind in (INVOICE, BILL):
        documents, notes = kind.model.__table__.c, kind.credit.model.__table__.c
        case_id = func.coalesce(documents.trip_id, documents.id).label("case_id")
        known = select(documents.id.label("source_id"), documents.trip_id, case_id).where(
            owned(kind.model), documents.status != "draft"
        )
        found[kind.name] = known
        found[kind.credit.name] = (
            known.with_only_columns(notes.id.label("source_id"), documents.trip_id, case_id)
            .join_from(
                kind.credit.model.__table__,
                kind.model.__table__,
                notes[kind.key] == documents.id,
            )
            .where(owned(kind.credit.model))
        )
    return found


def invoiced(trip_id: ColumnElement[UUID]) -> ScalarSelect[Any]:
    """Return a scalar subquery for the customer's name on a trip's newest invoice.

    Void invoices are ignored; drafts count.
    """
    statement = select(_INVOICES.party_name).where(
        owned(Invoice), _INVOICES.trip_id == trip_id, _INVOICES.status != "void"
    )
    return (
        statement.order_by(_INVOICES.issue_date.desc(), _INVOICES.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def invoiced_of(lines: FromClause) -> ScalarSelect[Any]:
    """Return a scalar subquery for the amount of a trip line on posted invoices.

    `lines` is the table of trip lines. The amount is before tax and less credit notes, in minor
    units of the line's currency, and null if no invoice has the line.
    """
    amount = _PARTS.amount_minor - _credited(_CREDITED.amount_minor)
    return (
        select(cast(func.sum(amount), BigInteger))
        .select_from(_posted_lines())
        .where(
            owned(Invoice),
            owned(InvoiceLine),
            _INVOICES.trip_id == lines.c.trip_id,
            _INVOICES.currency == lines.c.currency,
            _INVOICES.status.not_in(("draft", "void")),
            _PARTS.trip_line_id == lines.c.id,
        )
        .scalar_subquery()
    )


def is_invoiced(lines: FromClause) -> ColumnElement[bool]:
    """Return a condition: an invoice has the trip line or is for the whole trip.

    `lines` is the table of trip lines. Drafts and voided invoices do not count. An invoice of the
    trip is for the whole trip if none of its lines names a trip line, unless it charges only fees
    or is a debit note.
    """
    parts = InvoiceLine.__table__.c
    of_invoice = (
        select(parts.line_no)
        .where(
            owned(InvoiceLine),
            parts.tenant_id == _INVOICES.tenant_id,
            parts.invoice_id == _INVOICES.id,
        )
        .correlate(Invoice.__table__, lines)
    )
    return (
        select(_INVOICES.id)
        .where(
            owned(Invoice),
            _INVOICES.trip_id == lines.c.trip_id,
            _INVOICES.status.not_in(("draft", "void")),
            or_(
                of_invoice.where(parts.trip_line_id == lines.c.id).exists(),
                and_(
                    _INVOICES.debits_id.is_(None),
                    of_invoice.where(parts.sold_as != "fee").exists(),
                    ~of_invoice.where(parts.trip_line_id.is_not(None)).exists(),
                ),
            ),
        )
        .correlate(lines)
        .exists()
    )


@facts.on_documents
def facts_statement(trip_id: UUID, expected_bill_ids: Select[Any]) -> Select[Any]:
    """Select the invoiced, received and paid amounts of a trip's lines.

    Rows: those of `facts.DocumentFacts`. The invoiced amount is before tax and less credit notes.
    What is paid of an invoice is received for its lines in proportion (`_invoice_lines`). A match
    with a bill counts as paid in the proportion in which the bill is paid.
    """
    lines = _invoice_lines(trip_id).cte("invoiced")
    invoiced_lines, received_lines = (
        select(
            literal(fact).label("fact"),
            lines.c.trip_line_id,
            cast(null(), Uuid).label("expected_bill_id"),
            lines.c.currency,
            cast(func.sum(minor), BigInteger).label("amount_minor"),
        )
        .where(lines.c.trip_line_id.is_not(None), minor.is_not(None))
        .group_by(lines.c.trip_line_id, lines.c.currency)
        for fact, minor in (
            ("invoiced", lines.c.invoiced_minor),
            ("received", lines.c.received_minor),
        )
    )
    matches, bills = ExpectedBillMatch.__table__.c, Bill.__table__.c
    part = func.round(cast(matches.amount_minor, Numeric) * bills.paid_minor / bills.total_minor)
    paid = (
        select(
            literal("paid"),
            cast(null(), Uuid),
            matches.expected_bill_id,
            bills.currency,
            cast(func.sum(part), BigInteger),
        )
        .join_from(
            ExpectedBillMatch.__table__,
            Bill.__table__,
            (bills.tenant_id == matches.tenant_id) & (bills.id == matches.bill_id),
        )
        .where(
            owned(ExpectedBillMatch),
            owned(Bill),
            matches.expected_bill_id.in_(expected_bill_ids),
            matches.amount_minor.is_not(None),
            bills.status.not_in(("draft", "void")),
            bills.paid_minor > 0,
        )
        .group_by(matches.expected_bill_id, bills.currency)
    )
    return select(union_all(invoiced_lines, received_lines, paid).subquery("facts"))


def _invoice_lines(trip_id: UUID) -> Select[Any]:
    """Select what is invoiced and received for each invoice line of a trip.

    Only posted invoices count. Rows: trip_line_id, currency, invoiced_minor and received_minor. The
    amounts are before tax.

    What is paid of an invoice is divided over its lines in proportion to their amounts, less what
    credit notes took of the open amount. A credit above the open amount takes nothing from what is
    received. Rounded sums are subtracted from each other, so that the parts add up. received_minor
    is null if nothing of the invoice is paid.
    """
    of_open = cast(_CREDITED.amount_minor, Numeric) * (_NOTES.total_minor - _NOTES.excess_minor)
    lines = (
        select(
            *(_PARTS[name] for name in ("invoice_id", "line_no", "trip_line_id")),
            *(_INVOICES[name] for name in ("currency", "paid_minor")),
            (_PARTS.amount_minor - _credited(_CREDITED.amount_minor)).label("invoiced_minor"),
            (_PARTS.amount_minor - _credited(func.round(of_open / _NOTES.total_minor))).label(
                "due_minor"
            ),
            (_INVOICES.total_minor - _INVOICES.credited_minor + _INVOICES.written_off_minor).label(
                "whole_minor"
            ),
        )
        .select_from(_posted_lines())
        .where(
            owned(Invoice),
            owned(InvoiceLine),
            _INVOICES.trip_id == trip_id,
            _INVOICES.status.not_in(("draft", "void")),
        )
        .subquery("lines")
    )
    of = lines.c
    due_minor = func.sum(of.due_minor).over(partition_by=of.invoice_id, order_by=of.line_no)
    until, before = (
        func.round(cast(minor, Numeric) * of.paid_minor / of.whole_minor)
        for minor in (due_minor, due_minor - of.due_minor)
    )
    return select(
        *(of[name] for name in ("trip_line_id", "currency", "invoiced_minor")),
        case((of.paid_minor > 0, until - before)).label("received_minor"),
    )


def _posted_lines() -> FromClause:
    """Return invoices joined with their lines."""
    return Invoice.__table__.join(
        InvoiceLine.__table__,
        (_PARTS.tenant_id == _INVOICES.tenant_id) & (_PARTS.invoice_id == _INVOICES.id),
    )


def _credited(minor: ColumnElement[Any]) -> ColumnElement[int]:
    """Return the sum of an expression over the credit notes of an invoice line.

    The sum is zero without credit notes. Reversed ones do not count. Credit notes are looked up
    only for an invoice that has credits or write-offs.
    """
    found = (
        select(cast(func.sum(minor), BigInteger))
        .join_from(
            CreditNote.__table__,
            CreditNoteLine.__table__,
            (_CREDITED.tenant_id == _NOTES.tenant_id) & (_CREDITED.credit_note_id == _NOTES.id),
        )
        .where(
            owned(CreditNote),
            owned(CreditNoteLine),
            _NOTES.invoice_id == _INVOICES.id,
            _NOTES.reversed_on.is_(None),
            _CREDITED.line_no == _PARTS.line_no,
        )
        .correlate(Invoice.__table__, InvoiceLine.__table__)
        .scalar_subquery()
    )
    has_credits = _INVOICES.credited_minor + _INVOICES.excess_minor > 0
    return func.coalesce(case((has_credits, found)), 0)


def _documents(kind: DocumentKind) -> Select[Any]:
    table = kind.model.__table__.c
    return select(table.id.label("source_id"), table.trip_id.label("thing_id")).where(
        owned(kind.model), table.trip_id.is_not(None), table.status != "draft"
    )


def _claim_receipts() -> Select[Any]:
    receipts, claims, bills = (
        table.__table__ for table in (SupplierClaimReceipt, SupplierClaim, Bill)
    )
    return (
        _documents(BILL)
        .with_only_columns(receipts.c.id.label("source_id"), bills.c.trip_id.label("thing_id"))
        .join_from(receipts, claims, receipts.c.claim_id == claims.c.id)
        .join(bills, claims.c.bill_id == bills.c.id)
        .where(owned(SupplierClaimReceipt), owned(SupplierClaim))
    )


def _credits(kind: DocumentKind) -> Select[Any]:
    table, documents = kind.credit.model.__table__, kind.model.__table__
    return (
        _documents(kind)
        .with_only_columns(table.c.id.label("source_id"), documents.c.trip_id.label("thing_id"))
        .join_from(table, documents, table.c[kind.key] == documents.c.id)
        .where(owned(kind.credit.model))
    )


def _accruals() -> Select[Any]:
    accruals, trips = Accrual.__table__.c, expected_bills.trips_statement().subquery("trips")
    return (
        select(accruals.id.label("source_id"), trips.c.trip_id.label("thing_id"))
        .join_from(Accrual.__table__, trips, trips.c.id == accruals.expected_bill_id)
        .where(owned(Accrual))
    )
