"""What a part of a payment takes of it and settles of a document, which may be in another currency;
and what that posts.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from voyagent.billing import queries
from voyagent.billing.models import Bill, Invoice
from voyagent.billing.queries import EXCHANGE
from voyagent.billing.service.exchange import quote_of
from voyagent.billing.service.payment_errors import (
    BookedRateMissing,
    SettledAmountMissing,
    SettledAmountWrong,
)
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_
from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.kernel.rates import Quote, RateOfOtherMoney

CONTROL = {"in": ("receivable", "customer_advances"), "out": ("payable", "supplier_advances")}
"""Of each direction the account of open documents, and the one of what is paid ahead of them."""
OPEN_ACCOUNTS = tuple(documents for documents, _advances in CONTROL.values())
"""The accounts of open documents: on them a line of a document names the party."""
DIFFERENCES = "exchange_differences"
"""The account of what it gains (on the right) or loses that money of one currency is given for that
of another.
"""


class TwoForeignCurrencies(MixedCurrencies):
    """Neither the payment nor the document is in the currency of the books, so nobody can say what
    is gained or lost.
    """

    message = N_(
        "Neither the payment nor the document is in the agency’s currency. Record the amount that"
        " the bank credited in the agency’s currency."
    )


class PaidInOtherMoney(MixedCurrencies):
    """A payment of one document names an amount in another currency, and not what that settles."""

    message = N_(
        "This document is in another currency. Record the payment under Payments, New payment,"
        " with the amount it settles."
    )


@dataclass(frozen=True, slots=True)
class Part:
    """How much of a payment an invoice (of money that came in) or a bill (of money that went out)
    takes.

    Where the document is in another currency, `settled` is what it is settled with in its own, or
    `quote` the rate of the day that says so.
    """

    document_id: UUID
    amount: Money
    settled: Money | None = None
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A part as it is booked: what it takes of the payment, and what it settles of the document;
    the same where both are in one currency.

    `booked` is what the document stood in the books for by as much, in the currency of the payment;
    None where the document is in the currency of the books.
    """

    document_id: UUID
    amount: Money
    settled: Money
    quote: Quote | None = None
    booked: Money | None = None

    @property
    def is_exchanged(self) -> bool:
        """Whether money of one currency settles a document in another."""
        return self.amount.currency != self.settled.currency


def settlement_of(actor: Actor, part: Part, document: Invoice | Bill) -> Settlement:
    """What a part of a payment settles of a document whose row is held, by the amounts given or by
    the rate of the day; never more is booked than there was.

    One of the two currencies is that of the books: where it is the payment's, the document says at
    which rate it was booked. Parts re-add: what was booked for all of them together is what the
    whole was booked for, to the last minor unit. Raises SettledAmountMissing, SettledAmountWrong,
    BookedRateMissing, TwoForeignCurrencies, MixedCurrencies, RateOfOtherMoney, InvalidRate,
    InvalidAmount.
    """
    amount, currency = part.amount.within(1), document.currency
    if amount.currency == currency:
        if part.quote is not None or part.settled not in (None, amount):
            raise SettledAmountWrong
        return Settlement(part.document_id, amount, amount)
    booked_at = quote_of(document)
    if booked_at is None and currency != actor.currency:
        raise BookedRateMissing if amount.currency == actor.currency else TwoForeignCurrencies
    if booked_at is not None and amount.currency not in (booked_at.base, booked_at.quote):
        raise TwoForeignCurrencies
    settled = _settled(part, currency)
    if booked_at is None:
        return Settlement(part.document_id, amount, settled, part.quote)
    before = queries.exchanged_before(document)
    whole = booked_at.changing(currency).convert(
        Money(before.settled_minor + settled.amount_minor, currency)
    )
    return Settlement(
        part.document_id,
        amount,
        settled,
        part.quote,
        whole - Money(before.booked_minor, amount.currency),
    )


def exchange_sides(direction: str, part: Settlement) -> list[tuple[str, int, Money]]:
    """What letting an advance settle a document in another currency posts: the purpose of each
    account, 1 for debit or -1 for credit, the amount.

    Each currency balances for itself.
    """
    documents, advances = CONTROL[direction]
    sign = 1 if direction == "in" else -1
    booked = part.amount if part.booked is None else part.booked
    sides = [
        (advances, sign, part.amount),
        (EXCHANGE, -sign, booked),
        (DIFFERENCES, -sign, part.amount - booked),
        (EXCHANGE, sign, part.settled),
        (documents, -sign, part.settled),
    ]
    turned = [
        (purpose, side, amount) if amount.amount_minor > 0 else (purpose, -side, -amount)
        for purpose, side, amount in sides
        if amount
    ]
    return sorted(turned, key=lambda side: (side[2].currency != part.amount.currency, -side[1]))


def _settled(part: Part, currency: str) -> Money:
    """What a part settles in the document's currency, as it is given or by the rate of the day."""
    by_rate = (
        None
        if part.quote is None
        else part.quote.changing(part.amount.currency).convert(part.amount)
    )
    settled = by_rate if part.settled is None else part.settled
    if settled is None:
        raise SettledAmountMissing
    if settled.currency != currency:
        raise MixedCurrencies if part.quote is None else RateOfOtherMoney
    if by_rate not in (None, settled):
        raise SettledAmountWrong
    return settled.within(1)
