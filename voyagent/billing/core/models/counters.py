"""Tables of number series, and roll-up tables of documents and payments."""

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

    A transaction that takes a number locks the row until the transaction ends. No number is skipped
    or used twice.
    """

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(primary_key=True)
    financial_year: Mapped[str] = mapped_column(primary_key=True)
    last_number: Mapped[int]

    __table_args__ = (CheckConstraint("last_number between 1 and 99999999", name="last"),)


class InvoiceCount(TenantBound, Base):
    """The number of invoices by status, maintained by triggers on `invoices`."""

    __tablename__ = "invoice_counts"

    status: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(server_default=_ZERO)


class OpenDocuments(TenantBound):
    """Columns with the count and the amount of open documents.

    The kind is `receivable` (invoices) or `payable` (bills).
    """

    kind: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    currency: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    n: Mapped[int] = mapped_column(server_default=_ZERO)
    open_minor: Mapped[int] = mapped_column(server_default=_ZERO)


class Advances(TenantBound):
    """Columns with the count and the sum of advances, by direction and currency.

    The direction is `in` (from customers) or `out` (to suppliers).
    """

    direction: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    currency: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    n: Mapped[int] = mapped_column(server_default=_ZERO)
    unapplied_minor: Mapped[int] = mapped_column(server_default=_ZERO)


class OfParty:
    """Columns of a customer or supplier: key, and name as last written.

    The key is that of `Party`: the name in lower case, with the id behind it for a further party of
    this name.
    """

    party_key: Mapped[str] = mapped_column(primary_key=True, sort_order=1)
    party_name: Mapped[str] = mapped_column(sort_order=2)


class AgeingByDue(OpenDocuments, Base):
    """Roll-up of open documents by month of issue and due date.

    Triggers on `invoices` and `bills` maintain the table. `n` counts open instalments, or documents
    without instalments. `documents` counts a document once, at the due date of its first open
    instalment. `open_base_minor` is the open amount in the base currency as it was posted. It is
    None if it is not known: before the sum is filled, and if one of the documents has no base
    amount, such as one in the base currency itself.
    """

    __tablename__ = "ageing_by_due"

    issue_month: Mapped[date] = mapped_column(primary_key=True)
    due_date: Mapped[date] = mapped_column(primary_key=True)
    documents: Mapped[int] = mapped_column(server_default=_ZERO)
    open_base_minor: Mapped[int | None]

    __table_args__ = (
        Index(
            "ix_ageing_by_due_open",
            *("tenant_id", "kind", "currency", "due_date"),
            postgresql_include=["issue_month", "n", "documents", "open_minor"],
            postgresql_where=_OPEN,
        ),
    )


class AgeingByParty(OpenDocuments, OfParty, Base):
    """Roll-up of open documents by party and month of issue.

    Triggers on `invoices` and `bills` maintain the table.
    """

    __tablename__ = "ageing_by_party"

    issue_month: Mapped[date] = mapped_column(primary_key=True)

    __table_args__ = (
        Index(
            "ix_ageing_by_party_open", "tenant_id", "kind", "issue_month", postgresql_where=_OPEN
        ),
    )


class PartyOpenBalance(OpenDocuments, OfParty, Base):
    """Roll-up of all open documents by party.

    Triggers on `ageing_by_party` maintain the table.
    """

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
    """Roll-up of unused payments by date, maintained by triggers on `payments`."""

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
    """Roll-up of unused payments by party, maintained by triggers on `payments`."""

    __tablename__ = "advances_by_party"

    __table_args__ = (
        Index("ix_advances_by_party_left", "tenant_id", "direction", postgresql_where=_OPEN),
    )
