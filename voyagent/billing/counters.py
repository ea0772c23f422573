"""Tables that count documents: the last number of each series, how many there are, and what is open by age and party."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Index, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base
from voyagent.kernel.tenancy import TenantBound

_ZERO = text("0")


class NumberSeries(TenantBound, Base):
    """The last number given out in a series and financial year; its row is locked from the taking to the commit, so no number is lost or used twice."""

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(primary_key=True)
    financial_year: Mapped[str] = mapped_column(primary_key=True)
    last_number: Mapped[int]

    __table_args__ = (CheckConstraint("last_number between 1 and 99999999", name="last"),)


class InvoiceCount(TenantBound, Base):
    """How many invoices are in a status; kept by triggers on `invoices`, written by nobody else."""

    __tablename__ = "invoice_counts"

    status: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(server_default=_ZERO)


class AgeingByDue(TenantBound, Base):
    """Open documents (`kind` receivable or payable) issued in a month and due on a day; kept by triggers on `invoices` and `bills`.

    Of a document in instalments each open one counts in `n` on its own day; in `documents` the document counts once, on the day of the first open one.
    """

    __tablename__ = "ageing_by_due"

    kind: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    issue_month: Mapped[date] = mapped_column(primary_key=True)
    due_date: Mapped[date] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(server_default=_ZERO)
    documents: Mapped[int] = mapped_column(server_default=_ZERO)
    open_minor: Mapped[int] = mapped_column(server_default=_ZERO)

    __table_args__ = (Index("ix_ageing_by_due_open", "tenant_id", "kind", "issue_month", postgresql_where=text("n > 0")),)


class AgeingByParty(TenantBound, Base):
    """Open documents of a party issued in a month; kept by triggers on `invoices` and `bills`. The name is the last spelling."""

    __tablename__ = "ageing_by_party"

    kind: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    issue_month: Mapped[date] = mapped_column(primary_key=True)
    party_key: Mapped[str] = mapped_column(primary_key=True)
    party_name: Mapped[str]
    n: Mapped[int] = mapped_column(server_default=_ZERO)
    open_minor: Mapped[int] = mapped_column(server_default=_ZERO)

    __table_args__ = (Index("ix_ageing_by_party_open", "tenant_id", "kind", "issue_month", postgresql_where=text("n > 0")),)


class OpenByParty(TenantBound, Base):
    """All open documents of a party, whenever they were issued; kept by triggers on `ageing_by_party`. The name is the last spelling."""

    __tablename__ = "open_by_party"

    kind: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    party_key: Mapped[str] = mapped_column(primary_key=True)
    party_name: Mapped[str]
    n: Mapped[int] = mapped_column(server_default=_ZERO)
    open_minor: Mapped[int] = mapped_column(server_default=_ZERO)

    __table_args__ = (Index("ix_open_by_party_largest", "tenant_id", "kind", "currency", desc("open_minor"), "party_key", postgresql_where=text("n > 0")),)


class AdvancesByDay(TenantBound, Base):
    """Payments (`direction` in or out) of a day that have something left; kept by triggers on `payments`."""

    __tablename__ = "advances_by_day"

    direction: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    paid_on: Mapped[date] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(server_default=_ZERO)
    unapplied_minor: Mapped[int] = mapped_column(server_default=_ZERO)

    __table_args__ = (Index("ix_advances_by_day_left", "tenant_id", "direction", "paid_on", postgresql_where=text("n > 0")),)


class AdvancesByParty(TenantBound, Base):
    """Payments of a party that have something left, whenever they were made; kept by triggers on `payments`. The name is the last spelling."""

    __tablename__ = "advances_by_party"

    direction: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    party_key: Mapped[str] = mapped_column(primary_key=True)
    party_name: Mapped[str]
    n: Mapped[int] = mapped_column(server_default=_ZERO)
    unapplied_minor: Mapped[int] = mapped_column(server_default=_ZERO)

    __table_args__ = (Index("ix_advances_by_party_left", "tenant_id", "direction", postgresql_where=text("n > 0")),)
