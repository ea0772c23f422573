"""Tables of cancellations, and of the document lines that they cancel."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.billing.core.models.parts import CURRENCY, ZERO
from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references


class Cancellation(TenantOwned, Base):
    """The cancellation of a customer's purchase; it is never changed.

    `preview_hash` is that of the preview which a person has confirmed. `fee_invoice_id` is the
    invoice of the agency's fee, and `refund_id` the refund to the customer. Either is null if there
    is none.
    """

    __tablename__ = "cancellations"

    number: Mapped[str]
    trip_id: Mapped[UUID | None]
    cancelled_on: Mapped[date]
    reason: Mapped[str]
    preview_hash: Mapped[str]
    fee_invoice_id: Mapped[UUID | None]
    refund_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "number", name="uq_cancellations_number"),
        references("trips", "trip_id", "fk_cancellations_trip"),
        references("invoices", "fee_invoice_id", "fk_cancellations_fee"),
        references("refunds", "refund_id", "fk_cancellations_refund"),
        references("users", "created_by_user_id", "fk_cancellations_creator"),
        CheckConstraint("length(number) <= 16", name="number"),
        CheckConstraint("cancelled_on between '1900-01-01' and '2200-12-31'", name="date"),
        CheckConstraint("length(reason) between 1 and 500", name="reason"),
        CheckConstraint("preview_hash ~ '^[0-9a-f]{64}$'", name="hash"),
        Index(
            "ix_cancellations_trip",
            "tenant_id",
            "trip_id",
            postgresql_where=text("trip_id is not null"),
        ),
    )


class CancellationLine(TenantBound, Base):
    """A line of an invoice or of a bill that a cancellation cancels.

    Amounts are before tax. `customer_credit_minor` is the amount of the line that the credit note
    credits, and `kept_minor` the part of the rest whose revenue was still deferred: it is revenue
    from the day of the cancellation on. `commission_recalled_minor` is the commission that the
    credit takes back. `tax_treatment` says whether tax collected at source is credited or kept. For
    a bill line, `supplier_refund_minor` is the amount that the supplier credits, and
    `supplier_charge_minor` the amount that the supplier keeps.
    """

    __tablename__ = "cancellation_lines"

    cancellation_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    invoice_id: Mapped[UUID | None]
    invoice_line_no: Mapped[int | None]
    credit_note_id: Mapped[UUID | None]
    bill_id: Mapped[UUID | None]
    bill_line_no: Mapped[int | None]
    supplier_credit_id: Mapped[UUID | None]
    currency: Mapped[str]
    customer_credit_minor: Mapped[int] = mapped_column(server_default=ZERO)
    kept_minor: Mapped[int] = mapped_column(server_default=ZERO)
    commission_recalled_minor: Mapped[int] = mapped_column(server_default=ZERO)
    tax_treatment: Mapped[str] = mapped_column(server_default=text("'keep'"))
    supplier_refund_minor: Mapped[int] = mapped_column(server_default=ZERO)
    supplier_charge_minor: Mapped[int] = mapped_column(server_default=ZERO)
    supplier_expected_on: Mapped[date | None]

    __table_args__ = (
        references("cancellations", "cancellation_id", "fk_cancellation_lines_cancellation"),
        references("invoices", "invoice_id", "fk_cancellation_lines_invoice"),
        references("credit_notes", "credit_note_id", "fk_cancellation_lines_note"),
        references("bills", "bill_id", "fk_cancellation_lines_bill"),
        references("supplier_credits", "supplier_credit_id", "fk_cancellation_lines_credit"),
        CheckConstraint(
            "num_nonnulls(invoice_id, bill_id) = 1"
            " and (invoice_id is null) = (invoice_line_no is null)"
            " and (bill_id is null) = (bill_line_no is null)",
            name="document",
        ),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint(
            "customer_credit_minor >= 0 and kept_minor >= 0"
            " and commission_recalled_minor between 0 and customer_credit_minor"
            " and supplier_refund_minor >= 0 and supplier_charge_minor >= 0",
            name="amounts",
        ),
        CheckConstraint("tax_treatment in ('credit', 'keep')", name="tax"),
        *(
            Index(
                f"ix_cancellation_lines_{document}",
                "tenant_id",
                f"{document}_id",
                postgresql_where=text(f"{document}_id is not null"),
            )
            for document in ("invoice", "bill")
        ),
    )
