"""Tables of number series and of the roll-ups of documents by age and party."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Index, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base
from voyagent.kernel.tenancy import TenantBound

_ZERO = text("0")
_OPEN = text("n > 0")


class NumberSeries(TenantBound, Base):
    """The last number used in a series and financial year.

    The row is locked until the commit, so that no number is lost or used twice.
    """

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(primary_key=True)
    financial_year: Mapped[str] = mapped_column(primary_key=True)
    last_number: Mapped[int]

    __table_args__ = (CheckConstraint("last_number between 1 and 99999999", name="last"),)


class InvoiceCount(TenantBound, Base):
    """The number of invoices by status, maintained by triggers on `invoices` alone."""

    __tablename__ = "invoice_counts"

    status: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(server_default=_ZERO)


class OpenDocuments(TenantBound):
    """Count and open amount of documents of a kind (receivable, payable) and currency."""

    kind: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    currency: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    n: Mapped[int] = mapped_column(server_default=_ZERO)
    open_minor: Mapped[int] = mapped_column(server_default=_ZERO)


class Advances(TenantBound):
    """Count and unused amount of payments of a direction (in, out) and currency."""

    direction: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    currency: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    n: Mapped[int] = mapped_column(server_default=_ZERO)
    unapplied_minor: Mapped[int] = mapped_column(server_default=_ZERO)


class OfParty:
    """Columns of a party: the key of its name and its latest spelling."""

    party_key: Mapped[str] = mapped_column(primary_key=True, sort_order=1)
    party_name: Mapped[str] = mapped_column(sort_order=2)


class AgeingByDue(OpenDocuments, Base):
    """Open documents of a kind by month of issue and due date.

    Triggers on `invoices` and `bills` maintain it. With instalments, each open one counts in `n` on
    its own date; in `documents` the document counts once, on the date of the first open one.
    """

    __tablename__ = "ageing_by_due"

    issue_month: Mapped[date] = mapped_column(primary_key=True)
    due_date: Mapped[date] = mapped_column(primary_key=True)
    documents: Mapped[int] = mapped_column(server_default=_ZERO)

    __table_args__ = (
        Index(
            "ix_ageing_by_due_open",
            *("tenant_id", "kind", "currency", "due_date"),
            postgresql_include=["issue_month", "n", "documents", "open_minor"],
            postgresql_where=_OPEN,
        ),
    )


class AgeingByParty(OpenDocuments, OfParty, Base):
    """Open documents of a party by month of issue.

    Triggers on `invoices` and `bills` maintain it.
    """

    __tablename__ = "ageing_by_party"

    issue_month: Mapped[date] = mapped_column(primary_key=True)

    __table_args__ = (
        Index(
            "ix_ageing_by_party_open", "tenant_id", "kind", "issue_month", postgresql_where=_OPEN
        ),
    )


class PartyOpenBalance(OpenDocuments, OfParty, Base):
    """All open documents of a party, maintained by triggers on `ageing_by_party`."""

    __tablename__ = "party_open_balances"

    __table_args__ = (
        Index(
            "ix_party_open_balances_largest",
            "tenant_id",
            "kind",
            "currency",
            desc("open_minor"),
            "party_key",
            postgresql_where=_OPEN,
        ),
    )


class AdvancesByDay(Advances, Base):
    """Payments with an unused amount by date, maintained by triggers on `payments`."""

    __tablename__ = "advances_by_day"

    paid_on: Mapped[date] = mapped_column(primary_key=True)

    __table_args__ = (
        Index(
            "ix_advances_by_day_left",
            *("tenant_id", "direction", "currency", "paid_on"),
            postgresql_include=["n", "unapplied_minor"],
            postgresql_where=_OPEN,
        ),
    )


class AdvancesByParty(Advances, OfParty, Base):
    """Payments with an unused amount by party, maintained by triggers on `payments`."""

    __tablename__ = "advances_by_party"

    __table_args__ = (
        Index("ix_advances_by_party_left", "tenant_id", "direction", postgresql_where=_OPEN),
    )
