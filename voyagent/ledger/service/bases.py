"""Base amounts of the lines of a journal entry: pure functions.

Every amount here is signed: a debit is positive, a credit is negative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal
from uuid import UUID

from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.rules import DIFFERENCES
from voyagent.ledger.service.errors import EntryUnbalancedInBase, TooManyCurrencies

Basis = Literal["own", "rate", "given", "difference"]


@dataclass(frozen=True, slots=True)
class BasedLine:
    """A line of an entry with its base amount, or without one if none is known.

    `is_exchange` says that the line is on the account of exchange (1160). `quote` is the rate at
    which the line was converted, if its basis is `rate`. A line with the basis `difference` has an
    amount of zero.
    """

    account: UUID | str
    amount: Money
    is_exchange: bool = False
    base: Money | None = None
    basis: Basis | None = None
    quote: Quote | None = None

    @property
    def columns(self) -> dict[str, int | str | bool | date | Decimal | None]:
        """Return the amounts and the rate as values of the columns of `postings`."""
        minor, currency = self.amount.amount_minor, self.amount.currency
        base = None if self.base is None else self.base.amount_minor
        quote = self.quote
        return {
            "currency": currency,
            "debit_minor": max(minor, 0),
            "credit_minor": max(-minor, 0),
            "base_debit_minor": None if base is None else max(base, 0),
            "base_credit_minor": None if base is None else max(-base, 0),
            "base_basis": self.basis,
            "rate": None if quote is None else quote.rate,
            "is_rate_inverse": None if quote is None else quote.is_inverse_for(currency),
            "rate_on": None if quote is None else quote.on,
            "rate_source": None if quote is None else quote.source,
        }


def complete(
    lines: Sequence[BasedLine],
    base_currency: str,
    rates: Mapping[str, Quote],
    differences: str | None = None,
) -> list[BasedLine]:
    """Return the lines of an entry with their base amounts.

    The entry balances in each currency. A line in the base currency has its own amount, and a line
    with a base amount keeps it. The other lines of a currency and side are added, converted once
    and split, so that parts add up to the whole. Their rate is that of `rates`, by currency. Where
    two currencies were exchanged, the second one is worth what was paid for it: its lines take
    their base amounts from the exchange account, which comes to zero. A currency without any of
    these has lines without base amounts.

    What does not balance in base then is a further line on the account of the purpose
    `differences`. Without such an account, a difference of at most one minor unit for each foreign
    line goes to exchange differences.

    Raises TooManyCurrencies if more than two currencies are exchanged. Raises EntryUnbalancedInBase
    if the exchange account does not come to zero, or a difference is too large. Raises InvalidRate,
    RateOfOtherMoney and InvalidAmount for a rate or an amount that cannot be used.
    """
    done = own_only(lines, base_currency)
    if len(_exchanged(lines)) > 2:
        raise TooManyCurrencies
    follower = _follower(lines, base_currency, rates)
    for currency in dict.fromkeys(line.amount.currency for line in lines):
        if currency not in (base_currency, follower) and currency in rates:
            _convert_all(done, currency, rates[currency])
    if follower is not None:
        _follow(done, follower)
    return _balanced(done, base_currency, differences)


def own_only(lines: Iterable[BasedLine], base_currency: str) -> list[BasedLine]:
    """Return the lines with the base amounts that need no rate."""

    def own(line: BasedLine) -> BasedLine:
        if line.amount.currency == base_currency:
            return replace(line, base=line.amount, basis="own")
        return line if line.base is None else replace(line, basis="given")

    return [own(line) for line in lines]


def wanted_rates(
    lines: Sequence[BasedLine], base_currency: str, rates: Mapping[str, Quote]
) -> list[str]:
    """Return the currencies whose rates `complete` needs beside those in `rates`."""
    foreign = dict.fromkeys(
        line.amount.currency
        for line in lines
        if line.amount.currency != base_currency and line.base is None
    )
    known = {_follower(lines, base_currency, rates), *rates}
    return [currency for currency in foreign if currency not in known]


def _exchanged(lines: Sequence[BasedLine]) -> dict[str, int]:
    """Return the sums of the exchange account that are not zero, by currency."""
    sums: dict[str, int] = {}
    for line in lines:
        if line.is_exchange:
            currency = line.amount.currency
            sums[currency] = sums.get(currency, 0) + line.amount.amount_minor
    return {currency: minor for currency, minor in sums.items() if minor}


def _follower(
    lines: Sequence[BasedLine], base_currency: str, rates: Mapping[str, Quote]
) -> str | None:
    """Return the currency that is worth what was paid for it, or None.

    It is the foreign one of two exchanged currencies. If both are foreign, it is the one that comes
    later in the entry, which begins with the money, unless only this one has a rate.
    """
    exchanged = _exchanged(lines)
    if len(exchanged) != 2:
        return None
    first, second = exchanged
    if base_currency in exchanged:
        return second if first == base_currency else first
    return first if second in rates and first not in rates else second


def _convert_all(done: list[BasedLine], currency: str, quote: Quote) -> None:
    for sign in (1, -1):
        places = _open(done, currency, sign)
        _convert(done, places, quote.convert, basis="rate", quote=quote)


def _follow(done: list[BasedLine], currency: str) -> None:
    """Convert a currency at the ratio of what was paid for it to its own amount."""
    others = [line.base for line in done if line.is_exchange and line.amount.currency != currency]
    paid = [base for base in others if base is not None]
    if len(paid) < len(others):
        return
    ratio = Fraction(-sum(one.amount_minor for one in paid), _exchanged(done)[currency])
    if ratio < 0:
        raise EntryUnbalancedInBase

    def convert(total: Money) -> Money:
        return Money(_half_up(total.amount_minor * ratio), paid[0].currency)

    for sign in (1, -1):
        places = _open(done, currency, sign)
        # The lines on the exchange account convert to whole minor units, exactly.
        for is_exchange in (True, False):
            part = [at for at in places if done[at].is_exchange is is_exchange]
            _convert(done, part, convert, basis="given")


def _open(done: Sequence[BasedLine], currency: str, sign: int) -> list[int]:
    return [
        at
        for at, line in enumerate(done)
        if line.amount.currency == currency
        and line.base is None
        and line.amount.amount_minor * sign > 0
    ]


def _convert(
    done: list[BasedLine],
    places: Sequence[int],
    convert: Callable[[Money], Money],
    *,
    basis: Basis,
    quote: Quote | None = None,
) -> None:
    """Convert the sum of some lines of one side, and split the result over them."""
    if not places:
        return
    amounts = [done[at].amount for at in places]
    total = sum(amounts[1:], amounts[0])
    bases = convert(total).split([abs(amount.amount_minor) for amount in amounts])
    for at, base in zip(places, bases, strict=True):
        done[at] = replace(done[at], base=base, basis=basis, quote=quote)


def _balanced(
    done: list[BasedLine], base_currency: str, differences: str | None
) -> list[BasedLine]:
    """Add a line for the difference of each currency, if all base amounts are known."""
    known = [(line, line.base) for line in done if line.base is not None]
    if len(known) < len(done):
        return done
    if sum(base.amount_minor for line, base in known if line.is_exchange):
        raise EntryUnbalancedInBase
    sums: dict[str, int] = {}
    for line, base in known:
        currency = line.amount.currency
        sums[currency] = sums.get(currency, 0) + base.amount_minor
    for currency, minor in sums.items():
        count = sum(line.amount.currency == currency for line in done)
        if differences is None and abs(minor) > count:
            raise EntryUnbalancedInBase
    return done + [
        BasedLine(
            differences or DIFFERENCES,
            Money(0, currency),
            base=Money(-minor, base_currency),
            basis="difference",
        )
        for currency, minor in sums.items()
        if minor
    ]


def _half_up(value: Fraction) -> int:
    """Return the nearest whole number, half away from zero."""
    nearest = int(abs(value) + Fraction(1, 2))
    return nearest if value > 0 else -nearest
