"""Settlement of documents by parts of a payment, also in another currency."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from voyagent.billing import queries
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
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
"""Accounts of documents and of advances, by direction."""
OPEN_ACCOUNTS = tuple(documents for documents, _advances in CONTROL.values())
"""Accounts of open documents, whose lines name the party."""
DIFFERENCES = "exchange_differences"
"""Account of exchange gains (credit) and losses (debit)."""


class TwoForeignCurrencies(MixedCurrencies):
    """Neither currency is that of the books, so gain or loss cannot be computed."""

    message = N_(
        "Neither the payment nor the document is in the agency’s currency. Record the amount that"
        " the bank credited in the agency’s currency."
    )


class PaidInOtherMoney(MixedCurrencies):
    """A payment of one document is in another currency and states no settled amount."""

    message = N_(
        "This document is in another currency. Record the payment under Payments, New payment,"
        " with the amount it settles."
    )


@dataclass(frozen=True, slots=True)
class Part:
    """The amount of a payment that a document takes.

    For a document in another currency, `settled` is its amount in that currency, or `quote` the
    rate.
    """

    document_id: UUID
    amount: Money
    settled: Money | None = None
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A booked part: the amount of the payment, and the settled amount of the document.

    `booked` is the document's book value of that amount in the payment's currency; None if the
    document is in the currency of the books.
    """

    document_id: UUID
    amount: Money
    settled: Money
    quote: Quote | None = None
    booked: Money | None = None

    @property
    def is_exchanged(self) -> bool:
        """True if payment and document have different currencies."""
        return self.amount.currency != self.settled.currency


def settlement_of(actor: Actor, part: Part, document: Invoice | Bill) -> Settlement:
    """Return what a part settles of a locked document, by the given amounts or rate.

    One currency is that of the books; if it is the payment's, the document has its booked rate.
    Parts add up to the whole book value to the last minor unit. Raises SettledAmountMissing,
    SettledAmountWrong, BookedRateMissing, TwoForeignCurrencies, MixedCurrencies, RateOfOtherMoney,
    InvalidRate, InvalidAmount.
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
    """Return the journal lines of an allocation to a document in another currency.

    Each currency balances.
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
    """Return the settled amount, as given or by the rate."""
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
