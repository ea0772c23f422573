"""Check of settlements in another currency against the known exchange rate."""

from __future__ import annotations

from decimal import Decimal
from statistics import median_low

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.service.exchange import quote_of
from voyagent.billing.payments.errors import SettledFarFromRate
from voyagent.billing.payments.queries.allocations import rates_between
from voyagent.kernel.money import Money, exponent

FAR = 2
"""A settlement at more than this multiple of the known rate, or less than its inverse, is far.

Between booking and payment a rate moves by a few percent, and a bank keeps a few percent. Even in a
currency crisis a rate rarely doubles before a document is paid. What is beyond is no exchange
difference but a debt that somebody forgives, and that needs approval as a write-off.
"""


def check_near(amount: Money, settled: Money, document: Invoice | Bill) -> None:
    """Check that the settled amount is worth about as much as the paid amount.

    `amount` is the paid amount. `settled` is the settled amount, which is in another currency: that
    of the document. The two amounts are compared at the document's booked rate. A document in the
    currency of the ledger has no booked rate; for such a document the median of the last booked
    rates between the two currencies is used, so that a single mistyped rate has no effect. If there
    are no such rates either, nothing is checked.

    Raises SettledFarFromRate if one amount is worth less than half of the other.
    """
    booked = quote_of(document)
    known = (
        rates_between(amount.currency, document.currency)
        if booked is None
        else [(booked.base, booked.rate)]
    )
    if not known:
        return
    rate = median_low(rate if base == amount.currency else 1 / rate for base, rate in known)
    paid, other = amount.decimal, settled.decimal
    # Both amounts may be rounded, which counts for amounts of a few minor units.
    paid_by, other_by = _half_unit(amount.currency), _half_unit(settled.currency)
    if other - other_by > FAR * rate * (paid + paid_by) or FAR * (other + other_by) < rate * (
        paid - paid_by
    ):
        raise SettledFarFromRate


def _half_unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-exponent(currency)) / 2
