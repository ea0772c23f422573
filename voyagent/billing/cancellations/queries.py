"""Queries of cancellations, and of the documents that one can credit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select

from voyagent.billing.cancellations.errors import CancellationNotFound
from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.cancellations import Cancellation, CancellationLine
from voyagent.billing.core.models.claims import SupplierClaim
from voyagent.billing.core.models.credits import CreditNote, CreditNoteLine, SupplierCredit
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.kinds import kind_of
from voyagent.billing.core.models.parts import OPEN_INVOICE
from voyagent.billing.core.models.payments import Refund
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import keyed_select
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import owned

_CANCELLATIONS = Cancellation.__table__.c
_LINES = CancellationLine.__table__.c
_INVOICES = Invoice.__table__.c
_DIGITS = re.compile(r"\d{2,}")


@dataclass(frozen=True, slots=True)
class CancellationDocument:
    """A cancellation with its lines, which name invoice and credit note.

    `costs` are its bill lines, which name bill, supplier credit and claim.
    """

    cancellation: Row
    lines: list[Row]
    costs: list[Row]


def read_cancellation(reader: Reader, cancellation_id: UUID) -> CancellationDocument:
    """Return a cancellation with its lines. Raises CancellationNotFound."""
    found, lines, costs = reader.read(*_document_statements(cancellation_id))
    return CancellationDocument(first_row(found, CancellationNotFound), lines, costs)


def invoices_of_trip(trip_id: UUID) -> list[UUID]:
    """Return the ids of a trip's issued invoices, oldest first.

    Void invoices, and invoices of the fees of earlier cancellations, are left out.
    """
    found = select(Invoice.id).where(
        Invoice.trip_id == trip_id,
        Invoice.status.not_in(("draft", "void")),
        ~exists().where(Cancellation.fee_invoice_id == Invoice.id),
    )
    return list(db.session.scalars(found.order_by(Invoice.issue_date, Invoice.id)))


def bills_of_trip(trip_id: UUID) -> list[Bill]:
    """Return a trip's posted bills that are not void, oldest first."""
    found = select(Bill).where(Bill.trip_id == trip_id, Bill.status.not_in(("draft", "void")))
    return list(db.session.scalars(found.order_by(Bill.issue_date, Bill.id)))


def list_cancellable(reader: Reader, text: str, *, limit: int) -> list[Row]:
    """Return invoices of which something is not credited, newest first.

    They are at most `limit` invoices whose numbers end with a number in the text, or else the
    newest `limit`. Rows: id, reference (the number), party_name, currency, open_minor (the total
    that is not credited).
    """
    left_minor = _INVOICES.total_minor - _INVOICES.credited_minor - _INVOICES.excess_minor
    found = (
        select(
            _INVOICES.id,
            _INVOICES.number.label("reference"),
            _INVOICES.party_name,
            _INVOICES.currency,
            left_minor.label("open_minor"),
        )
        .where(owned(Invoice), _INVOICES.status.in_((*OPEN_INVOICE, "paid")), left_minor > 0)
        .order_by(_INVOICES.issue_date.desc(), _INVOICES.id.desc())
        .limit(limit)
    )
    ends = [_INVOICES.number.endswith(digits) for digits in set(_DIGITS.findall(text))]
    numbered = reader.read(found.where(or_(*ends)))[0] if ends else []
    return numbered or reader.read(found)[0]


def last_credited(document: Invoice | Bill) -> date | None:
    """Return the latest issue date of the credits of an invoice or a bill, or None.

    Reversed credits do not count.
    """
    kind = kind_of(document)
    credit = kind.credit.model
    return db.session.scalar(
        select(func.max(credit.issue_date)).where(
            getattr(credit, kind.key) == document.id, credit.reversed_on.is_(None)
        )
    )


def recalled_by(credit_note_id: UUID) -> dict[int, int]:
    """Return the commission that a credit note takes back, by line number.

    Amounts are in minor units.
    """
    found = select(CreditNoteLine.line_no, CreditNoteLine.commission_minor).where(
        CreditNoteLine.credit_note_id == credit_note_id
    )
    return {row.line_no: row.commission_minor for row in db.session.execute(found)}


@keyed_select
def _document_statements(cancellation_id: Any) -> tuple[Select[Any], ...]:
    fee, refunds = Invoice.__table__.alias("fee").c, Refund.__table__.c
    notes, invoice_lines = CreditNote.__table__.c, InvoiceLine.__table__.c
    names = ("id", "number", "trip_id", "cancelled_on", "reason", "fee_invoice_id", "refund_id")
    found = (
        select(
            *(_CANCELLATIONS[name] for name in (*names, "created_at")),
            name_of(_CANCELLATIONS.created_by_user_id).label("created_by"),
            fee.number.label("fee_invoice_number"),
            refunds.number.label("refund_number"),
        )
        .select_from(Cancellation.__table__)
        .outerjoin(
            fee.id.table,
            (fee.tenant_id == _CANCELLATIONS.tenant_id) & (fee.id == _CANCELLATIONS.fee_invoice_id),
        )
        .outerjoin(
            Refund.__table__,
            (refunds.tenant_id == _CANCELLATIONS.tenant_id)
            & (refunds.id == _CANCELLATIONS.refund_id),
        )
        .where(owned(Cancellation), _CANCELLATIONS.id == cancellation_id)
    )
    lines = (
        select(
            *(_LINES[name] for name in _LINES.keys() if name != "tenant_id"),  # noqa: SIM118
            _INVOICES.number.label("invoice_number"),
            _INVOICES.party_id,
            _INVOICES.party_name,
            notes.number.label("credit_note_number"),
            invoice_lines.description,
        )
        .select_from(CancellationLine.__table__)
        .join(
            Invoice.__table__,
            (_INVOICES.tenant_id == _LINES.tenant_id) & (_INVOICES.id == _LINES.invoice_id),
        )
        .join(
            InvoiceLine.__table__,
            (invoice_lines.tenant_id == _LINES.tenant_id)
            & (invoice_lines.invoice_id == _LINES.invoice_id)
            & (invoice_lines.line_no == _LINES.invoice_line_no),
        )
        .outerjoin(
            CreditNote.__table__,
            (notes.tenant_id == _LINES.tenant_id) & (notes.id == _LINES.credit_note_id),
        )
        .where(owned(CancellationLine), _LINES.cancellation_id == cancellation_id)
        .order_by(_LINES.position)
    )
    return found, lines, _costs_statement(cancellation_id)


def _costs_statement(cancellation_id: Any) -> Select[Any]:
    """Select the bill lines of a cancellation."""
    bills, bill_lines = Bill.__table__.c, BillLine.__table__.c
    notes, claims = SupplierCredit.__table__.c, SupplierClaim.__table__.c
    names = ("bill_id", "bill_line_no", "supplier_credit_id", "currency")
    amounts = ("supplier_refund_minor", "supplier_charge_minor", "supplier_expected_on")
    return (
        select(
            *(_LINES[name] for name in (*names, *amounts)),
            bills.vendor_reference,
            bills.party_name,
            bill_lines.description,
            notes.vendor_reference.label("credit_reference"),
            claims.id.label("claim_id"),
            claims.number.label("claim_number"),
        )
        .select_from(CancellationLine.__table__)
        .join(
            Bill.__table__,
            (bills.tenant_id == _LINES.tenant_id) & (bills.id == _LINES.bill_id),
        )
        .join(
            BillLine.__table__,
            (bill_lines.tenant_id == _LINES.tenant_id)
            & (bill_lines.bill_id == _LINES.bill_id)
            & (bill_lines.line_no == _LINES.bill_line_no),
        )
        .outerjoin(
            SupplierCredit.__table__,
            (notes.tenant_id == _LINES.tenant_id) & (notes.id == _LINES.supplier_credit_id),
        )
        .outerjoin(
            SupplierClaim.__table__,
            (claims.tenant_id == _LINES.tenant_id)
            & (claims.supplier_credit_id == _LINES.supplier_credit_id),
        )
        .where(owned(CancellationLine), _LINES.cancellation_id == cancellation_id)
        .order_by(_LINES.position)
    )
