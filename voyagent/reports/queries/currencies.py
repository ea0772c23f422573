"""Reports by currency, and in the base currency, which adds all currencies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

from voyagent.kernel.money import Money


class AccountAmount(NamedTuple):
    """Amount of an account in one currency; a computed row has no code."""

    code: str
    name: str
    type: str
    amount: Money


class InOneCurrency(Protocol):
    """The part of a report with the amounts of one currency."""

    @property
    def currency(self) -> str:
        """Return the currency of all amounts."""

    @property
    def is_blank(self) -> bool:
        """Return True if there is nothing to show."""

    @property
    def amounts(self) -> Iterable[AccountAmount]:
        """Return the amount of each account, ordered by code in each type."""


Block = TypeVar("Block", bound=InOneCurrency)


class ForeignAmounts(NamedTuple):
    """Amounts of an account in other currencies, in the order of `currencies`."""

    code: str
    name: str
    type: str
    amounts: tuple[Money, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCurrency(Generic[Block]):
    """A report in each currency, and in the base currency.

    `blocks` has the postings of each currency, the agency's own first. `base` has all postings in
    the base currency. It is None if the base amounts are not established, or nothing is posted.
    """

    blocks: tuple[Block, ...]
    base: Block | None = field(default=None)

    def shown(self, currency: str | None) -> list[Block]:
        """Return the blocks to show.

        They are the block of `currency` if it is given, or else the block in base if there is one,
        or else all blocks. Blank blocks are left out, but the block in base only if `foreign` is
        empty too.
        """
        if currency is None and self.base is not None:
            return [] if self.base.is_blank and not self.foreign else [self.base]
        return [
            block
            for block in self.blocks
            if currency in (None, block.currency) and not block.is_blank
        ]

    def added_in(self, currency: str | None) -> str | None:
        """Return the base currency if `shown` returns the block in base, else None."""
        return self.base.currency if currency is None and self.base is not None else None

    @property
    def foreign(self) -> list[Block]:
        """The blocks of other currencies that are not blank; none without a block in base."""
        if self.base is None:
            return []
        books = self.base.currency
        return [block for block in self.blocks if block.currency != books and not block.is_blank]

    @property
    def foreign_amounts(self) -> list[ForeignAmounts]:
        """The accounts with amounts in other currencies, which `foreign` has."""
        of_block = [
            {(one.type, one.code, one.name): one.amount for one in block.amounts}
            for block in self.foreign
        ]
        zeros = [Money(0, block.currency) for block in self.foreign]
        found = (
            ForeignAmounts(
                code,
                name,
                kind,
                tuple(
                    amounts.get((kind, code, name), zero)
                    for amounts, zero in zip(of_block, zeros, strict=True)
                ),
            )
            for kind, code, name in dict.fromkeys(key for amounts in of_block for key in amounts)
        )
        return [one for one in found if any(one.amounts)]
