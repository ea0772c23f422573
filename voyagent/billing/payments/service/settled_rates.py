"""Check of settlements in another currency against the known exchange rate."""

from __future__ import annotations

from decimal import Decimal

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries.known_rates import FAR, KnownRates, price_of
from voyagent.billing.core.service.exchange import quote_of
from voyagent.billing.payments.errors import SettledFarFromRate
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money, exponent


def check_near(
    actor: Actor, amount: Money, settled: Money, document: Invoice | Bill, known: KnownRates
) -> None:
    """Check that the settled amount is worth about as much as the paid amount.

    `amount` is the paid amount. `settled` is the settled amount, which is in another currency: that
    of the document. The two amounts are compared at the document's booked rate. If this rate is far
    from the `known` rate of the issue date, or if the document has no booked rate, they are
    compared at the known rate: the author of a document enters its rate, and could forgive a debt
    by it. Two foreign currencies are compared by their prices in the currency of the ledger. If no
    rate is known, nothing is checked.

    Raises SettledFarFromRate if one amount is worth less than half of the other. Such a difference
    does not come from exchange rates: somebody forgives a debt, which needs approval as a
    write-off.
    """
    rate = _known_price(actor, amount.currency, document, known)
    if rate is None:
        return
    paid, other = amount.decimal, settled.decimal
    # Both amounts may be rounded, which counts for amounts of a few minor units.
    paid_by, other_by = _half_unit(amount.currency), _half_unit(settled.currency)
    if other - other_by > FAR * rate * (paid + paid_by) or FAR * (other + other_by) < rate * (
        paid - paid_by
    ):
        raise SettledFarFromRate


def _known_price(
    actor: Actor, currency: str, document: Invoice | Bill, known: KnownRates
) -> Decimal | None:
    """Return the price of a currency in that of the document, or None if unknown."""
    booked, day = quote_of(document), document.issue_date
    if booked is not None and known.is_far(booked, day):
        booked = None
    if actor.currency in (currency, document.currency):
        if booked is not None:
            return price_of(booked.base, booked.rate, currency)
        return known.price(currency, document.currency, day)
    of_document = (
        known.price(document.currency, actor.currency, day)
        if booked is None
        else price_of(booked.base, booked.rate, document.currency)
    )
    paid = known.price(currency, actor.currency, day)
    return paid / of_document if paid and of_document else None


def _half_unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-exponent(currency)) / 2
