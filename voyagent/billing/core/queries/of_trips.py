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
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.kinds import BILL, INVOICE, DocumentKind
from voyagent.kernel.tenancy import owned
from voyagent.trips.queries import expected_bills, facts

_INVOICES = Invoice.__table__.c


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

    `lines` is the table of trip lines. The amount is before tax, in minor units of the line's
    currency, and null if no invoice has the line.
    """
    parts = InvoiceLine.__table__.c
    return (
        select(cast(func.sum(parts.amount_minor), BigInteger))
        .join_from(
            Invoice.__table__,
            InvoiceLine.__table__,
            (parts.tenant_id == _INVOICES.tenant_id) & (parts.invoice_id == _INVOICES.id),
        )
        .where(
            owned(Invoice),
            owned(InvoiceLine),
            _INVOICES.trip_id == lines.c.trip_id,
            _INVOICES.currency == lines.c.currency,
            _INVOICES.status.not_in(("draft", "void")),
            parts.trip_line_id == lines.c.id,
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
    """Select the invoiced and paid amounts of a trip's lines (`facts.DocumentFacts`).

    The invoiced amount is before tax. A match with a bill counts as paid in the proportion in which
    the bill is paid.
    """
    parts, matches, bills = (one.__table__.c for one in (InvoiceLine, ExpectedBillMatch, Bill))
    invoiced_lines = (
        select(
            literal("invoiced").label("fact"),
            parts.trip_line_id,
            cast(null(), Uuid).label("expected_bill_id"),
            _INVOICES.currency,
            cast(func.sum(parts.amount_minor), BigInteger).label("amount_minor"),
        )
        .join_from(
            Invoice.__table__,
            InvoiceLine.__table__,
            (parts.tenant_id == _INVOICES.tenant_id) & (parts.invoice_id == _INVOICES.id),
        )
        .where(
            owned(Invoice),
            owned(InvoiceLine),
            _INVOICES.trip_id == trip_id,
            _INVOICES.status.not_in(("draft", "void")),
            parts.trip_line_id.is_not(None),
        )
        .group_by(parts.trip_line_id, _INVOICES.currency)
    )
    share = func.round(cast(matches.amount_minor, Numeric) * bills.paid_minor / bills.total_minor)
    paid = (
        select(
            literal("paid"),
            cast(null(), Uuid),
            matches.expected_bill_id,
            bills.currency,
            cast(func.sum(share), BigInteger),
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
    return select(union_all(invoiced_lines, paid).subquery("facts"))


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
