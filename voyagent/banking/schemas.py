"""Request and response bodies of the bank accounts API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import AfterValidator, Field

from voyagent.banking.rules import Kind
from voyagent.banking.service import BankAccountChanges
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import BusinessDate, Closed, CurrencyCode, Id, Instant, Trimmed
from voyagent.kernel.serializers import AnswerOf, Computed, Minor

NAME_MAX = 128
_ABSENT: Any = Field(default_factory=str)


def _compressed(text: str) -> str:
    return text.replace(" ", "").replace("-", "").upper()


Number = Annotated[
    str, Field(pattern=r"^ *[0-9A-Za-z][0-9A-Za-z -]*$", max_length=34), AfterValidator(_compressed)
]
"""The number of an account, such as an IBAN; stored without spaces and hyphens."""
Ifsc = Annotated[
    str,
    Field(pattern=r"^ *[A-Za-z]{4}0[0-9A-Za-z]{6} *$", examples=["HDFC0000001"]),
    AfterValidator(_compressed),
]
Swift = Annotated[
    str,
    Field(pattern=r"^ *[A-Za-z]{6}[0-9A-Za-z]{2}([0-9A-Za-z]{3})? *$", examples=["HDFCINBB"]),
    AfterValidator(_compressed),
]


class _Details(Closed):
    bank_name: Annotated[str, Trimmed(NAME_MAX)] | None = None
    number: Number | None = None
    ifsc: Ifsc | None = None
    swift: Swift | None = None

    def details(self) -> BankAccountChanges:
        """Return the fields that the request contains, for the service."""
        names = set(BankAccountChanges.__annotations__)
        return cast("BankAccountChanges", self.model_dump(include=names, exclude_unset=True))


class BankAccountIn(_Details):
    """A bank account to add.

    `account_id` is its account in the chart; without it, one is added. `opened_on` defaults to
    today. The first account of a kind and currency becomes its default. `is_printed` puts number
    and bank on invoices in the currency. Of a card, `number` is the last four digits.
    """

    kind: Kind
    currency: CurrencyCode
    name: Annotated[str, Trimmed(NAME_MAX)]
    account_id: Id | None = None
    opened_on: BusinessDate | None = None
    is_default: bool = False
    is_printed: bool = False


class BankAccountPatch(_Details):
    """Changes of a bank account: an absent member is unchanged, null clears it.

    `is_default` can only become true. The account that was the default of the kind and currency is
    then no default any more.
    """

    name: Annotated[str, Trimmed(NAME_MAX)] = _ABSENT
    is_default: bool = Field(default_factory=bool)
    is_printed: bool = Field(default_factory=bool)


class BankBalanceOut(AnswerOf[Row]):
    """Balance of a bank account in one currency: debit less credit."""

    currency: str
    balance: Annotated[str, Minor("minor")]


def balances_of(row: Row) -> list[Row]:
    """Return the balances of an account, its own currency first.

    Rows: currency, minor (debit less credit in minor units). Zero is left out, except for the
    account's own currency.
    """
    found = {row["currency"]: 0} | row["balances"]
    return [
        {"currency": currency, "minor": minor}
        for currency, minor in found.items()
        if minor or currency == row["currency"]
    ]


class BankAccountOut(AnswerOf[Row]):
    """A bank account with its balance.

    The number is never sent back; `number_last4` has its last characters. `account_id` is its
    account in the chart. A currency other than that of the account can have a balance from entries
    that were posted before the account had one currency. `closed_on` is null for an open account.
    """

    id: UUID
    account_id: UUID
    kind: Kind
    currency: str
    name: str
    bank_name: str | None
    number_last4: str | None
    ifsc: str | None
    swift: str | None
    is_default: bool
    is_printed: bool
    opened_on: date
    closed_on: date | None
    balances: Annotated[list[BankBalanceOut], Computed(balances_of)]
    created_at: Instant
    updated_at: Instant


class BankAccountsOut(AnswerOf[Row]):
    """All bank accounts: open ones first, by kind and currency, each default first."""

    items: list[BankAccountOut]
