"""Tables of trips, passengers, trip lines, expected bills and supplier offers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Uuid, desc, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references


class Trip(TenantOwned, Base):
    """A customer's trip.

    A conversation has at most one trip; an enquiry may have several. `sent_at` and `sent_to` are
    the time and the recipient of the last mail with the itinerary.

    `decision` is set by a person. `accepted_at` is set while the trip is accepted, by a decision or
    by a fact such as a booking. `queries/acceptance.py` derives the trip's acceptance from both.
    """

    __tablename__ = "trips"

    title: Mapped[str]
    currency: Mapped[str]
    notes: Mapped[str | None]
    session_id: Mapped[UUID | None]
    enquiry_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID]
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]
    sent_at: Mapped[datetime | None]
    sent_to: Mapped[str | None]
    decision: Mapped[str | None]
    accepted_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("(sent_at is null) = (sent_to is null)", name="sent"),
        CheckConstraint("decision in ('accepted', 'declined', 'cancelled')", name="decision"),
        CheckConstraint(
            "accepted_at is not null or decision is distinct from 'accepted'", name="accepted"
        ),
        references("users", "created_by_user_id", "fk_trips_creator"),
        references(
            "chat_sessions", "session_id", "fk_trips_session", ondelete="SET NULL (session_id)"
        ),
        references("enquiries", "enquiry_id", "fk_trips_enquiry", "SET NULL (enquiry_id)"),
        CheckConstraint("length(title) between 1 and 200", name="title"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index("ix_trips_created", "tenant_id", desc("created_at"), desc("id")),
        Index(
            "uq_trips_session",
            "tenant_id",
            "session_id",
            unique=True,
            postgresql_where=text("session_id is not null"),
        ),
        Index(
            "ix_trips_enquiry",
            "tenant_id",
            "enquiry_id",
            postgresql_where=text("enquiry_id is not null"),
        ),
    )


class TripPassenger(TenantOwned, Base):
    """A passenger of a trip.

    `passport_sealed` is the passport number, encrypted with the passenger's own key.
    `passport_last4` has the last four characters of the number in clear, for display.
    """

    __tablename__ = "trip_passengers"

    trip_id: Mapped[UUID]
    full_name: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default=text("'adult'"))
    date_of_birth: Mapped[date | None]
    nationality: Mapped[str | None]
    passport_sealed: Mapped[bytes | None] = mapped_column(deferred=True)
    passport_last4: Mapped[str | None]
    passport_expiry: Mapped[date | None]
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        references("trips", "trip_id", "fk_trip_passengers_trip", "CASCADE"),
        CheckConstraint("kind in ('adult', 'child', 'infant', 'senior')", name="kind"),
        CheckConstraint("nationality ~ '^[A-Z]{2}$'", name="nationality"),
        CheckConstraint("(passport_sealed is null) = (passport_last4 is null)", name="passport"),
        CheckConstraint("passport_last4 ~ '^[A-Z0-9]{4}$'", name="last4"),
        Index("ix_trip_passengers_trip", "tenant_id", "trip_id", "created_at", "id"),
        Index(
            "ix_trip_passengers_passports",
            "tenant_id",
            "trip_id",
            postgresql_where=text(
                "num_nonnulls(date_of_birth, nationality, passport_sealed, passport_expiry) > 0"
            ),
        ),
    )


class TripLine(TenantOwned, Base):
    """A line of a trip: one flight, hotel stay, transfer, visa or other service.

    `details` has a shape for each kind (`rules/details.py`). `starts_on` and `ends_on` are the
    first and the last local day of the service. Cost and price have the same currency. The quoted
    amounts are those at the acceptance of the trip, and `booked_cost_minor` is the cost at the
    booking; they do not follow later changes of the line. `party_id` is the party of a booked
    line's supplier. `supplier_ref` is the booking number, and `supplier_key` the supplier's own id
    of the booking. `our_reference` is sent with every attempt of a request, so that a repeated
    request books nothing twice. All flights of one booking have equal values of `supplier_ref`,
    `supplier_key` and `our_reference`.
    """

    __tablename__ = "trip_lines"

    trip_id: Mapped[UUID]
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'planned'"))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    cost_minor: Mapped[int] = mapped_column(server_default=text("0"))
    price_minor: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    quoted_cost_minor: Mapped[int | None]
    quoted_price_minor: Mapped[int | None]
    booked_cost_minor: Mapped[int | None]
    party_id: Mapped[UUID | None]
    supplier: Mapped[str | None]
    supplier_ref: Mapped[str | None]
    supplier_key: Mapped[str | None]
    our_reference: Mapped[str | None]
    offer_id: Mapped[UUID | None]
    hold_expires_at: Mapped[datetime | None]
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        references("trips", "trip_id", "fk_trip_lines_trip", "CASCADE"),
        references(
            "supplier_offers", "offer_id", "fk_trip_lines_offer", ondelete="SET NULL (offer_id)"
        ),
        references("parties", "party_id", "fk_trip_lines_party"),
        CheckConstraint(
            "num_nonnulls(quoted_cost_minor, quoted_price_minor) in (0, 2)", name="quoted"
        ),
        CheckConstraint("kind in ('flight', 'hotel', 'transfer', 'visa', 'other')", name="kind"),
        CheckConstraint(
            "status in ('planned', 'held', 'booked', 'ticketed', 'filed', 'cancelled', 'failed')",
            name="status",
        ),
        CheckConstraint("ends_on >= starts_on", name="days"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("jsonb_typeof(details) = 'object'", name="details"),
        Index("ix_trip_lines_trip", "tenant_id", "trip_id"),
        Index("ix_trip_lines_days", "tenant_id", text("GREATEST(ends_on, starts_on)")),
        Index(
            "ix_trip_lines_reference",
            "tenant_id",
            "our_reference",
            postgresql_where=text("our_reference is not null"),
        ),
        Index(
            "ix_trip_lines_offer",
            "tenant_id",
            "offer_id",
            postgresql_where=text("offer_id is not null"),
        ),
    )


class ExpectedBill(TenantOwned, Base):
    """A bill that a supplier is expected to send for a booked line of a trip.

    It is `open` until bills are matched to it, and `released` when its line is cancelled before.
    `matched_minor` is the sum of the matched bills. `accrued_minor` is the cost that is accrued
    now, and `accrued_base_minor` its amount in the base currency. `trip_line_id` is null if the
    line was removed.
    """

    __tablename__ = "expected_bills"

    trip_id: Mapped[UUID]
    trip_line_id: Mapped[UUID | None]
    party_id: Mapped[UUID | None]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    matched_minor: Mapped[int] = mapped_column(server_default=text("0"))
    accrued_minor: Mapped[int] = mapped_column(server_default=text("0"))
    accrued_base_minor: Mapped[int] = mapped_column(server_default=text("0"))
    due_on: Mapped[date]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        references("trips", "trip_id", "fk_expected_bills_trip", "CASCADE"),
        references(
            "trip_lines", "trip_line_id", "fk_expected_bills_line", "SET NULL (trip_line_id)"
        ),
        references("parties", "party_id", "fk_expected_bills_party"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("amount_minor > 0 and matched_minor >= 0", name="amounts"),
        CheckConstraint("accrued_minor >= 0 and accrued_base_minor >= 0", name="accrued"),
        CheckConstraint("status in ('open', 'matched', 'released')", name="status"),
        Index("ix_expected_bills_due", "tenant_id", "status", "due_on", "id"),
        Index("ix_expected_bills_party", "tenant_id", "party_id", "status", "due_on", "id"),
        Index("ix_expected_bills_trip", "tenant_id", "trip_id"),
        Index("ix_expected_bills_line", "tenant_id", "trip_line_id"),
        Index(
            "ix_expected_bills_accrued",
            "tenant_id",
            "status",
            "id",
            postgresql_where=text("accrued_minor > 0"),
        ),
        Index(
            "uq_expected_bills_line",
            "tenant_id",
            "trip_line_id",
            unique=True,
            postgresql_where=text("status <> 'released'"),
        ),
    )


class SupplierOffer(TenantOwned, Base):
    """An offer of a supplier, valid until `expires_at`, and deleted some time later."""

    __tablename__ = "supplier_offers"

    kind: Mapped[str]
    supplier: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[DefaultNow]
    expires_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("kind in ('flight', 'hotel')", name="kind"),
        Index("ix_supplier_offers_expires", "tenant_id", "expires_at"),
        Index("ix_supplier_offers_over", "expires_at"),
    )


class SupplierResponse(TenantOwned, Base):
    """The offers that a supplier returned for a query, in order.

    Until `expires_at` the offers are returned again for an equal query. `question` is the digest of
    the query.
    """

    __tablename__ = "supplier_responses"

    what: Mapped[str]
    question: Mapped[str]
    offer_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    created_at: Mapped[DefaultNow]
    expires_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("what in ('flights', 'hotels', 'rate')", name="what"),
        Index("ix_supplier_responses_question", "tenant_id", "question", desc("created_at")),
        Index("ix_supplier_responses_expires", "tenant_id", "expires_at"),
        Index("ix_supplier_responses_over", "expires_at"),
    )
