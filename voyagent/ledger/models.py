"""Tables of the ledger: accounts, entries, balances, closed months, revaluations."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    FetchedValue,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    desc,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references

_ZERO = text("0")


class Account(TenantOwned, Base):
    """An account in the agency's chart of accounts.

    `purpose`, such as `receivable`, identifies an account to which the application posts
    automatically. `is_monetary` is null until somebody chooses; if it is null, `rules.revalued`
    decides. `cash_flow` is a section of the cash flow statement; if it is null,
    `rules.cash_flow_kind` decides.
    """

    __tablename__ = "accounts"

    code: Mapped[str]
    name: Mapped[str]
    type: Mapped[str]
    normal_side: Mapped[str]
    purpose: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[DefaultNow]
    is_monetary: Mapped[bool | None]
    cash_flow: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("tenant_id", "code", name="uq_accounts_code"),
        UniqueConstraint("tenant_id", "purpose", name="uq_accounts_purpose"),
        CheckConstraint("code ~ '^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$'", name="code"),
        CheckConstraint(
            "type in ('asset', 'liability', 'equity', 'revenue', 'expense')", name="type"
        ),
        CheckConstraint("normal_side in ('debit', 'credit')", name="normal_side"),
        CheckConstraint("cash_flow in ('operating', 'investing', 'financing')", name="cash_flow"),
    )


class JournalEntry(TenantOwned, Base):
    """A posted journal entry. It is never changed, only reversed by another entry.

    `source_type` and `source_id` identify the document or act that posted the entry. `purpose`,
    such as `issue`, distinguishes the entries of one source. `trip_id` is the trip of the document,
    or of the expected bill for an accrual, that posted the entry. A reversal has the same `trip_id`
    as the entry that it reverses.
    """

    __tablename__ = "journal_entries"

    entry_date: Mapped[date]
    narration: Mapped[str]
    source_type: Mapped[str]
    source_id: Mapped[UUID]
    purpose: Mapped[str]
    line_count: Mapped[int]
    reverses_id: Mapped[UUID | None]
    trip_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID | None]
    recorded_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint(
            "tenant_id", "source_type", "source_id", "purpose", name="uq_journal_entries_source"
        ),
        UniqueConstraint("tenant_id", "reverses_id", name="uq_journal_entries_reverses_id"),
        references("journal_entries", "reverses_id", "fk_journal_entries_reverses"),
        references("users", "created_by_user_id", "fk_journal_entries_creator"),
        references("trips", "trip_id", "fk_journal_entries_trip"),
        CheckConstraint("entry_date between '1900-01-01' and '2200-12-31'", name="date"),
        CheckConstraint("line_count >= 2", name="lines"),
        CheckConstraint("reverses_id <> id", name="reverses"),
        Index("ix_journal_entries_date", "tenant_id", desc("entry_date"), desc("id")),
        Index(
            "ix_journal_entries_trip",
            "tenant_id",
            "trip_id",
            "entry_date",
            postgresql_where=text("trip_id is not null"),
        ),
    )


class Posting(TenantBound, Base):
    """A line of a journal entry: a debit or a credit to one account.

    Amounts are in minor units of `currency`. A line with a party has its id, and its name as it was
    when the line was posted.

    Base amounts are in minor units of the agency's base currency, and null where none is known.
    `base_basis` says what a base amount comes from:
      - `own`: the line is in the base currency, so both amounts are equal
      - `rate`: converted at `rate`. One unit of `currency` costs `rate` of the base currency; if
        `is_rate_inverse`, one unit of the base currency costs `rate` of `currency`
      - `given`: another amount of the entry, such as the base money for which it was exchanged
      - `difference`: the line has no amount, only a difference in the base currency
    """

    __tablename__ = "postings"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[UUID]
    currency: Mapped[str]
    debit_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    credit_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    effective_date: Mapped[date]
    party_id: Mapped[UUID | None]
    party_name: Mapped[str | None]
    party_key: Mapped[str | None] = mapped_column(
        FetchedValue(), server_onupdate=FetchedValue(for_update=True), deferred=True
    )
    memo: Mapped[str | None]
    base_debit_minor: Mapped[int | None]
    base_credit_minor: Mapped[int | None]
    base_basis: Mapped[str | None]
    rate: Mapped[Decimal | None] = mapped_column(Numeric(17, 8))
    is_rate_inverse: Mapped[bool | None]
    rate_on: Mapped[date | None]
    rate_source: Mapped[str | None]

    __table_args__ = (
        references("journal_entries", "entry_id", "fk_postings_entry"),
        references("accounts", "account_id", "fk_postings_account"),
        references("parties", "party_id", "fk_postings_party"),
        CheckConstraint("line_no >= 1", name="line_no"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint(
            "debit_minor >= 0 and credit_minor >= 0 and case when base_basis = 'difference'"
            " then debit_minor = 0 and credit_minor = 0"
            " else (debit_minor > 0) <> (credit_minor > 0) end",
            name="sides",
        ),
        CheckConstraint(
            "num_nonnulls(base_debit_minor, base_credit_minor, base_basis) in (0, 3)"
            " and base_basis in ('own', 'rate', 'given', 'difference')"
            " and base_debit_minor >= 0 and base_credit_minor >= 0"
            " and least(base_debit_minor, base_credit_minor) = 0"
            " and (debit_minor = 0 or base_credit_minor = 0)"
            " and (credit_minor = 0 or base_debit_minor = 0)"
            " and (base_basis <> 'own'"
            " or base_debit_minor = debit_minor and base_credit_minor = credit_minor)"
            " and (base_basis <> 'difference' or base_debit_minor + base_credit_minor > 0)",
            name="base",
        ),
        CheckConstraint(
            "case when base_basis = 'rate'"
            " then num_nonnulls(rate, is_rate_inverse, rate_on, rate_source) = 4"
            " else num_nonnulls(rate, is_rate_inverse, rate_on, rate_source) = 0 end"
            " and rate > 0",
            name="rate",
        ),
        Index("ix_postings_date", "tenant_id", "effective_date", "account_id"),
        Index("ix_postings_account", "tenant_id", "account_id", "effective_date"),
        Index(
            "ix_postings_party",
            *("tenant_id", "party_key", "account_id", "effective_date", "entry_id"),
            postgresql_include=["currency", "debit_minor", "credit_minor"],
            postgresql_where=text("party_key is not null"),
        ),
        Index(
            "ix_postings_unlinked",
            "tenant_id",
            "effective_date",
            postgresql_where=text("party_id is null and party_name is not null"),
        ),
        Index(
            "ix_postings_without_base",
            "tenant_id",
            "effective_date",
            postgresql_where=text("base_basis is null"),
        ),
    )


class MonthlyBalance(TenantBound, Base):
    """Total debits and credits of an account in one month and currency.

    A line without a base amount counts as zero in the base sums. A database trigger on `postings`
    maintains this table.
    """

    __tablename__ = "monthly_balances"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    debit_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    credit_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    base_debit_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    base_credit_minor: Mapped[int] = mapped_column(server_default=_ZERO)

    __table_args__ = (references("accounts", "account_id", "fk_monthly_balances_account"),)


class DailyBalance(TenantBound, Base):
    """Total debits and credits of an account on one day and in one currency.

    A line without a base amount counts as zero in the base sums. A database trigger on `postings`
    maintains this table.
    """

    __tablename__ = "daily_balances"

    day: Mapped[date] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    debit_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    credit_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    base_debit_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    base_credit_minor: Mapped[int] = mapped_column(server_default=_ZERO)

    __table_args__ = (references("accounts", "account_id", "fk_daily_balances_account"),)


class TripEarning(TenantBound, Base):
    """Revenue and cost of a trip on one day and in one currency, in minor units.

    The columns with `base` have both in the base currency. A line without a base amount counts as
    zero in them. Revenue is credit less debit of all revenue accounts. Cost is debit less credit of
    the account for the cost of services. A database trigger on `postings` maintains this table.
    """

    __tablename__ = "trip_earnings"

    day: Mapped[date] = mapped_column(primary_key=True)
    trip_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    revenue_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    cost_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    base_revenue_minor: Mapped[int] = mapped_column(server_default=_ZERO)
    base_cost_minor: Mapped[int] = mapped_column(server_default=_ZERO)


class ClosedMonth(TenantBound, Base):
    """A closed month, given by its first day.

    Neither this month nor any earlier month takes journal entries.
    """

    __tablename__ = "closed_months"

    month: Mapped[date] = mapped_column(primary_key=True)
    closed_at: Mapped[DefaultNow]
    closed_by_user_id: Mapped[UUID | None]

    __table_args__ = (
        references("users", "closed_by_user_id", "fk_closed_months_closer"),
        CheckConstraint(
            "extract(day from month) = 1 and month between '1900-01-01' and '2200-12-01'",
            name="month",
        ),
    )


class Revaluation(TenantOwned, Base):
    """The result of a run of the revaluation of a month for an account and currency.

    `balance_minor` is debit less credit at the end of the month, in minor units of `currency`. The
    base amounts are in minor units of the base currency; their difference is posted by the entry. A
    zero balance has no rate. A row is never changed.
    """

    __tablename__ = "revaluations"

    month: Mapped[date]
    run_no: Mapped[int] = mapped_column(SmallInteger)
    account_id: Mapped[UUID]
    currency: Mapped[str]
    rate: Mapped[Decimal | None] = mapped_column(Numeric(17, 8))
    is_rate_inverse: Mapped[bool | None]
    rate_on: Mapped[date | None]
    rate_source: Mapped[str | None]
    balance_minor: Mapped[int]
    base_before_minor: Mapped[int]
    base_after_minor: Mapped[int]
    entry_id: Mapped[UUID]
    reversal_entry_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint(
            *("tenant_id", "month", "account_id", "currency", "run_no"), name="uq_revaluations_run"
        ),
        references("accounts", "account_id", "fk_revaluations_account"),
        references("journal_entries", "entry_id", "fk_revaluations_entry"),
        references("journal_entries", "reversal_entry_id", "fk_revaluations_reversal"),
        references("users", "created_by_user_id", "fk_revaluations_creator"),
        CheckConstraint(
            "extract(day from month) = 1 and month between '1900-01-01' and '2200-12-01'",
            name="month",
        ),
        CheckConstraint("run_no >= 1", name="run_no"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint(
            "num_nonnulls(rate, is_rate_inverse, rate_on, rate_source)"
            " = case when balance_minor = 0 then 0 else 4 end and rate > 0",
            name="rate",
        ),
        CheckConstraint("base_before_minor <> base_after_minor", name="difference"),
    )
