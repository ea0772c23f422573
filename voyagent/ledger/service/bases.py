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

    `is_exchange` says that the line is on the currency exchange account. `quote` is the rate at
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

    The lines must balance in each currency. Their base amounts:

    - A line in the base currency has its own amount. A line with a base amount keeps it.
    - If the entry exchanges two currencies, one of them (`_follower`) takes its base amounts from
      those of the other one, so that the base amounts on the currency exchange account add up to
      zero.
    - The lines of any other currency are converted at its rate in `rates`. The lines of one side
      are added, converted once and split, so that the parts add up to the whole.
    - The lines of a currency without a rate stay without base amounts.

    If all lines have base amounts, but those of a currency do not balance, a further line with the
    difference is added, on the account whose purpose is `differences`. If `differences` is None,
    the difference may be at most one minor unit for each line of the currency, and the line is on
    the account of exchange differences.

    Raises TooManyCurrencies if more than two currencies are exchanged. Raises EntryUnbalancedInBase
    if the base amounts on the currency exchange account do not add up to zero, or if a difference
    is too large. Raises InvalidRate, RateOfOtherMoney and InvalidAmount for a rate or an amount
    that cannot be used.
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


def translated(
    lines: Sequence[BasedLine],
    base_currency: str,
    rates: Mapping[str, Quote],
    find: Callable[[str], Quote],
) -> list[BasedLine]:
    """Return the lines of an earlier entry with their base amounts; no line is added.

    The base amounts are those of `complete`. Where `complete` adds a line with a difference, the
    largest line of the currency takes this difference instead. If the base amounts on the currency
    exchange account do not add up to zero, or more than two currencies are exchanged, each currency
    is converted at its own rate. `rates` are the known rates by currency, and `find` returns the
    rate of any other currency.

    Raises the errors of `find`. Raises EntryUnbalancedInBase if a currency cannot be balanced
    without a change of the base amounts that lines had before.
    """
    known = dict(rates)
    try:
        known |= {one: find(one) for one in wanted_rates(lines, base_currency, known)}
        done = complete(lines, base_currency, known, DIFFERENCES)[: len(lines)]
    except (TooManyCurrencies, EntryUnbalancedInBase):
        done = own_only(lines, base_currency)
        for one in _foreign_without_base(done, base_currency):
            known[one] = known.get(one) or find(one)
            _convert_all(done, one, known[one])
    done = [new if old.base is None else old for old, new in zip(lines, done, strict=True)]
    _settle_rests(done, lines)
    return done


def own_only(lines: Iterable[BasedLine], base_currency: str) -> list[BasedLine]:
    """Return the lines, with base amounts where no rate is needed.

    A line in the base currency gets its own amount. A line with a base amount keeps it. Any other
    line stays without one.
    """

    def own(line: BasedLine) -> BasedLine:
        if line.amount.currency == base_currency:
            return replace(line, base=line.amount, basis="own")
        return line if line.base is None else replace(line, basis="given")

    return [own(line) for line in lines]


def wanted_rates(
    lines: Sequence[BasedLine], base_currency: str, rates: Mapping[str, Quote]
) -> list[str]:
    """Return the currencies whose rates `complete` needs and `rates` does not have."""
    foreign = _foreign_without_base(lines, base_currency)
    known = {_follower(lines, base_currency, rates), *rates}
    return [currency for currency in foreign if currency not in known]


def _foreign_without_base(lines: Sequence[BasedLine], base_currency: str) -> dict[str, None]:
    """Return the other currencies with a line without a base amount."""
    return dict.fromkeys(
        line.amount.currency
        for line in lines
        if line.amount.currency != base_currency and line.base is None
    )


def _settle_rests(done: list[BasedLine], lines: Sequence[BasedLine]) -> None:
    """Balance the base amounts of each currency in its largest line.

    Only a line that had no base amount is changed. Raises EntryUnbalancedInBase if there is none,
    or if it would get a base amount on the other side.
    """
    sums: dict[str, int] = {}
    for line in done:
        if line.base is not None:
            minor = line.base.amount_minor
            sums[line.amount.currency] = sums.get(line.amount.currency, 0) + minor
    for currency, rest in sums.items():
        if not rest:
            continue
        places = [
            at
            for at, line in enumerate(lines)
            if line.amount.currency == currency and line.base is None
        ]
        if not places:
            raise EntryUnbalancedInBase
        at = max(
            places, key=lambda at: (not lines[at].is_exchange, abs(lines[at].amount.amount_minor))
        )
        base = done[at].base
        assert base is not None
        settled = base - Money(rest, base.currency)
        if settled.amount_minor * done[at].amount.amount_minor < 0:
            raise EntryUnbalancedInBase
        done[at] = replace(done[at], base=settled)


def _exchanged(lines: Sequence[BasedLine]) -> dict[str, int]:
    """Return the sums on the currency exchange account that are not zero, by currency."""
    sums: dict[str, int] = {}
    for line in lines:
        if line.is_exchange:
            currency = line.amount.currency
            sums[currency] = sums.get(currency, 0) + line.amount.amount_minor
    return {currency: minor for currency, minor in sums.items() if minor}


def _follower(
    lines: Sequence[BasedLine], base_currency: str, rates: Mapping[str, Quote]
) -> str | None:
    """Return the exchanged currency whose base amounts come from the other one.

    The result is None unless the lines on the currency exchange account have two currencies. If one
    of them is the base currency, the result is the foreign one. If both are foreign, it is the one
    that comes later in the entry, which begins with the money; but if only the later one has a
    rate, it is the earlier one.
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
    """Set the base amounts of an exchanged currency from those of the other one.

    The ratio is the base amount of the other currency on the currency exchange account to the
    amount of this currency there. If a line of the other currency on this account has no base
    amount, nothing is set.
    """
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
    """Return the lines, with a further line for each difference in base amounts.

    There is a further line for each currency whose base amounts do not balance (`complete`). If a
    line has no base amount, no line is added.
    """
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
