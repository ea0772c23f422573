"""Tables of enquiries, and their counts by status and by hour."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references

_SEARCH = (
    "lower(customer_name || chr(31) || COALESCE(customer_email, ''::text) || chr(31) ||"
    " COALESCE(customer_phone, ''::text) || chr(31) || COALESCE(origin, ''::text) || chr(31) ||"
    " COALESCE(destination, ''::text))"
)
STATUSES = ("new", "quoted", "booked", "cancelled")
OPEN_STATUSES = frozenset({"new", "quoted"})
CLOSED_STATUSES = frozenset({"booked", "cancelled"})


class Enquiry(TenantOwned, Base):
    """A customer's enquiry.

    The budget is an estimate, in hundredths of its currency, also for a currency with no or three
    decimals. `search` joins the texts in which filters search. `status_source` is `fact` if a
    booking or an issued document has set the status, and `earlier_status` is the status before
    that. Otherwise `status_source` is `person`, and `earlier_status` is None.
    """

    __tablename__ = "enquiries"

    created_by_user_id: Mapped[UUID]
    customer_name: Mapped[str]
    customer_email: Mapped[str | None]
    customer_phone: Mapped[str | None]
    origin: Mapped[str | None]
    destination: Mapped[str | None]
    depart_date: Mapped[date | None]
    return_date: Mapped[date | None]
    pax_count: Mapped[int] = mapped_column(server_default=text("1"))
    budget_hundredths: Mapped[int | None]
    budget_currency: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'new'"))
    status_source: Mapped[str] = mapped_column(server_default=text("'person'"))
    earlier_status: Mapped[str | None]
    notes: Mapped[str | None]
    session_id: Mapped[UUID | None]
    search: Mapped[str] = mapped_column(Computed(_SEARCH, persisted=True), deferred=True)
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        references("users", "created_by_user_id", "fk_enquiries_creator"),
        references(
            "chat_sessions", "session_id", "fk_enquiries_session", ondelete="SET NULL (session_id)"
        ),
        CheckConstraint("status in ('new', 'quoted', 'booked', 'cancelled')", name="status"),
        CheckConstraint(
            "case status_source when 'person' then earlier_status is null when 'fact' then"
            " earlier_status in ('new', 'quoted', 'cancelled') else false end",
            name="status_source",
        ),
        CheckConstraint("pax_count between 1 and 2147483647", name="pax"),
        CheckConstraint("return_date >= depart_date", name="dates"),
        CheckConstraint("budget_hundredths between 0 and 99999999999999", name="budget"),
        CheckConstraint(
            "budget_hundredths is null or budget_currency is not null", name="budget_currency"
        ),
        CheckConstraint("budget_currency ~ '^[A-Z]{3}$'", name="currency"),
        Index("ix_enquiries_created", "tenant_id", desc("created_at"), desc("id")),
        Index("ix_enquiries_status", "tenant_id", "status", desc("created_at"), desc("id")),
        Index(
            "ix_enquiries_named",
            "tenant_id",
            "updated_at",
            postgresql_where=text(
                "customer_name <> '–' or num_nonnulls(customer_email, customer_phone, origin,"
                " destination, notes) > 0"
            ),
        ),
        Index("ix_enquiries_depart", "tenant_id", "depart_date"),
        Index(
            "ix_enquiries_session",
            "tenant_id",
            "session_id",
            postgresql_where=text("session_id is not null"),
        ),
        Index(
            "ix_enquiries_search",
            "tenant_id",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        ),
    )

    @property
    def is_closed(self) -> bool:
        """Return True if the enquiry is booked or cancelled.

        A closed enquiry can be edited, but does not become new or quoted again.
        """
        return self.status in CLOSED_STATUSES


class EnquiryCount(TenantBound, Base):
    """The number of an agency's enquiries in a status, maintained by triggers."""

    __tablename__ = "enquiry_counts"

    status: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(server_default=text("0"))


class EnquiryHour(TenantBound, Base):
    """Enquiries received in an hour of UTC, and the number of them that are booked.

    Triggers maintain the counts.
    """

    __tablename__ = "enquiries_by_hour"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    received: Mapped[int] = mapped_column(server_default=text("0"))
    booked: Mapped[int] = mapped_column(server_default=text("0"))
