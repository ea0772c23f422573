"""Check of settlements in another currency against the known exchange rate."""

from __future__ import annotations

from decimal import Decimal

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries.known_rates import FAR, KnownRates, price_of
from voyagent.billing.core.service.exchange import quote_of
from voyagent.billing.payments.errors import SettledFarFromRate
from voyagent.kernel.money import Money, exponent


def check_near(amount: Money, settled: Money, document: Invoice | Bill, known: KnownRates) -> None:
    """Check that the settled amount is worth about as much as the paid amount.

    `amount` is the paid amount. `settled` is the settled amount, which is in another currency: that
    of the document. The two amounts are compared at the document's booked rate. If this rate is far
    from the `known` rate of the issue date, or if the document has no booked rate, they are
    compared at the known rate: the author of a document enters its rate, and could forgive a debt
    by it. If neither rate exists, nothing is checked.

    Raises SettledFarFromRate if one amount is worth less than half of the other. Such a difference
    does not come from exchange rates: somebody forgives a debt, which needs approval as a
    write-off.
    """
    booked, day = quote_of(document), document.issue_date
    if booked is not None and not known.is_far(booked, day):
        rate: Decimal | None = price_of(booked.base, booked.rate, amount.currency)
    else:
        rate = known.price(amount.currency, settled.currency, day)
    if rate is None:
        return
    paid, other = amount.decimal, settled.decimal
    # Both amounts may be rounded, which counts for amounts of a few minor units.
    paid_by, other_by = _half_unit(amount.currency), _half_unit(settled.currency)
    if other - other_by > FAR * rate * (paid + paid_by) or FAR * (other + other_by) < rate * (
        paid - paid_by
    ):
        raise SettledFarFromRate


def _half_unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-exponent(currency)) / 2
