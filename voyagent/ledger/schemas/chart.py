"""Request and response schemas of the chart of accounts."""

from __future__ import annotations

from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Closed,
    Filter,
    Instant,
    Query,
    Trimmed,
)
from voyagent.kernel.serializers import AnswerOf, Computed, CursorPageOf, Minor
from voyagent.ledger.rules import CODE_PATTERN, CONTROL, CashFlowKind, cash_flow_kind, revalued
from voyagent.ledger.service.chart import AccountChanges

PAGE_SIZE, LIMIT_MAX = 100, 200
NAME_MAX = 128
AccountType = Literal["asset", "liability", "equity", "revenue", "expense"]
Side = Literal["debit", "credit"]
Code = Annotated[str, Field(pattern=CODE_PATTERN, examples=["5250"])]


class AccountIn(Closed):
    """An account to add.

    If the normal side is omitted, it is debit for assets and expenses, and credit for liabilities,
    equity and revenue.
    """

    code: Code
    name: Annotated[str, Trimmed(NAME_MAX)]
    type: AccountType
    normal_side: Side | None = None


class AccountPatch(Closed):
    """Fields of an account to change; an omitted field stays as it is.

    Type and normal side cannot change once the account has postings. `is_monetary` and `cash_flow`
    can change only for an account without a `purpose`.
    """

    code: Code = Field(default_factory=str)
    name: Annotated[str, Trimmed(NAME_MAX)] = Field(default_factory=str)
    type: AccountType = Field(default_factory=lambda: "asset")
    normal_side: Side = Field(default_factory=lambda: "debit")
    is_archived: bool = Field(default_factory=bool)
    is_monetary: bool = Field(default_factory=bool)
    cash_flow: CashFlowKind = Field(default_factory=lambda: "operating")

    def changes(self) -> AccountChanges:
        """Return the fields that the request contains."""
        return cast("AccountChanges", self.model_dump(exclude_unset=True))


class AccountsQuery(Query):
    """Filters and cursor of the list of accounts."""

    type: AccountType | None = None
    archived: Annotated[
        int | None,
        Field(ge=0, le=1, description="1 for archived accounts only, 0 for active ones only."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )


class AccountBalanceOut(AnswerOf[Row]):
    """Balance of an account in one currency: debit less credit.

    For assets, liabilities and equity, the balance covers all postings. For revenue and expenses,
    the balance covers only the postings of the current financial year up to today.
    """

    currency: str
    balance: Annotated[str, Minor("minor")]


def _is_control(row: Row) -> bool:
    return row["purpose"] in CONTROL


def _is_monetary(row: Row) -> bool:
    return revalued(row) is not None


def _is_archived(row: Row) -> bool:
    return not row["is_active"]


def _balances(row: Row) -> list[Row]:
    found = sorted((row["balances"] or {}).items())
    return [{"currency": currency, "minor": minor} for currency, minor in found]


class AccountOut(AnswerOf[Row]):
    """An account of the chart.

    `purpose` identifies an account to which the application posts automatically, such as
    `receivable`; it is null for other accounts. If `is_control` is true, manual journal entries
    cannot use the account: documents and payments post to it. If `is_monetary` is true, a month-end
    revaluation brings foreign balances of the account to the closing rates. `cash_flow` is the
    section of the cash flow statement for money that comes from or goes to the account.
    """

    id: UUID
    code: str
    name: str
    type: AccountType
    normal_side: Side
    purpose: str | None
    is_control: Annotated[bool, Computed(_is_control)]
    is_archived: Annotated[bool, Computed(_is_archived)]
    is_monetary: Annotated[bool, Computed(_is_monetary)]
    cash_flow: Annotated[CashFlowKind, Computed(cash_flow_kind)]
    created_at: Instant
    balances: Annotated[list[AccountBalanceOut], Computed(_balances)]


class AccountList(CursorPageOf[AccountOut]):
    """A page of accounts, ordered by code; `next_cursor` is null on the last page."""
