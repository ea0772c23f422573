"""Input and output of the chart of accounts."""

from __future__ import annotations

from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Answer,
    Closed,
    Filter,
    Instant,
    Query,
    Trimmed,
    wire_instant,
    wire_members,
)
from voyagent.kernel.money import wire_amount
from voyagent.ledger.queries.accounts import Accounts
from voyagent.ledger.rules import CODE_PATTERN, CONTROL
from voyagent.ledger.service.chart import AccountChanges

PAGE_SIZE, LIMIT_MAX = 100, 200
NAME_MAX = 128
AccountType = Literal["asset", "liability", "equity", "revenue", "expense"]
Side = Literal["debit", "credit"]
Code = Annotated[str, Field(pattern=CODE_PATTERN, examples=["5250"])]


class AccountIn(Closed):
    """An account to add.

    The default normal side is that of the type: debit for assets and expenses, credit for the
    others.
    """

    code: Code
    name: Annotated[str, Trimmed(NAME_MAX)]
    type: AccountType
    normal_side: Side | None = None


class AccountPatch(Closed):
    """Changes of an account; an absent member stays as it is.

    Type and normal side are fixed once anything was posted.
    """

    code: Code = Field(default_factory=str)
    name: Annotated[str, Trimmed(NAME_MAX)] = Field(default_factory=str)
    type: AccountType = Field(default_factory=lambda: "asset")
    normal_side: Side = Field(default_factory=lambda: "debit")
    is_archived: bool = Field(default_factory=bool)

    def changes(self) -> AccountChanges:
        """Return the members that were sent."""
        return cast("AccountChanges", self.model_dump(exclude_unset=True))


class AccountsQuery(Query):
    """Filters and page of the chart."""

    type: AccountType | None = None
    archived: Annotated[
        int | None,
        Field(ge=0, le=1, description="1: only archived accounts; 0: only active ones."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page."
    )


class AccountBalanceOut(Answer):
    """Balance of an account in a currency: debit less credit.

    Of assets, liabilities and equity over all postings; of revenue and expenses from the start of
    this financial year up to today.
    """

    currency: str
    balance: str


class AccountOut(Answer):
    """An account.

    The program's own postings find it by `purpose`. An account with `is_control` follows its
    documents and takes no entries by hand.
    """

    id: UUID
    code: str
    name: str
    type: AccountType
    normal_side: Side
    purpose: str | None
    is_control: bool
    is_archived: bool
    created_at: Instant
    balances: list[AccountBalanceOut]


class AccountList(Answer):
    """A page of the chart by code; `next_cursor` is null on the last page."""

    items: list[AccountOut]
    limit: int
    next_cursor: str | None


def wire_accounts(page: Accounts, limit: int) -> Row:
    """Serialize a page of accounts."""
    return {
        "items": [wire_account(row) for row in page.items],
        "limit": limit,
        "next_cursor": page.next_cursor,
    }


def wire_account(row: Row) -> Row:
    """Serialize an account."""
    computed = {
        "is_control": row["purpose"] in CONTROL,
        "is_archived": not row["is_active"],
        "created_at": wire_instant(row["created_at"]),
        "balances": [
            {"currency": code, "balance": wire_amount(minor, code)}
            for code, minor in sorted((row["balances"] or {}).items())
        ],
    }
    return wire_members(AccountOut, row, computed)
