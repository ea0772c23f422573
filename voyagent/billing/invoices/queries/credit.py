"""Credit terms of the customer of a draft, and what the customer owes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select, true

from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import OPEN_INVOICE
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.queries.known_rates import KnownRates
from voyagent.billing.core.service.exchange import quote_of
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.queries.party_lines import PartyRef, is_of
from voyagent.parties import queries as parties


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """The customer of a draft, with the terms that can stop an invoice.

    `party_key` is that of the customer. If records are merged, the stricter terms of all of them
    apply: `is_on_hold` if one is on hold, and `limits` has the lowest limit in each currency.
    `party_ids` are the records that have terms. All are empty for a customer without any.
    """

    party_key: str
    party_ids: tuple[UUID, ...]
    limits: tuple[Money, ...]
    is_on_hold: bool


@dataclass(frozen=True, slots=True)
class Exposure:
    """The sum that a customer would owe with a new invoice, and the credit limit.

    `open` is due now, `document` is the total of the new invoice, and `advances` are payments that
    settle nothing yet. These amounts are in the currency of `limit`. `unrated` are the due amounts,
    and the total of the new invoice, that could not be converted into it: they have no booked rate,
    or one far from the known rate.
    """

    limit: Money
    open: Money
    document: Money
    advances: Money
    unrated: tuple[Money, ...]

    @property
    def total(self) -> Money:
        """Return the sum without the amounts that have no rate."""
        return self.open + self.document - self.advances

    @property
    def excess(self) -> Money:
        """Return the part of the sum above the limit, or zero."""
        return Money(max(0, (self.total - self.limit).amount_minor), self.limit.currency)


def find_terms(invoice_id: UUID, *, lock: bool = False) -> CreditTerms | None:
    """Return the credit terms of the customer of an invoice.

    The result is None if there is no such invoice. With `lock`, the row of a customer with a limit
    or a hold is locked until the transaction ends, so that two invoices cannot both pass below the
    limit. So are the rows of records merged with it, even if they are merged while the call waits
    for the lock. A row with neither limit nor hold is not locked.
    """
    found = _terms(invoice_id, lock=lock)
    while lock and found is not None and found.party_ids:
        again = _terms(invoice_id, lock=True)
        if again == found:
            break
        found = again
    return found


def _terms(invoice_id: UUID, *, lock: bool) -> CreditTerms | None:
    terms = parties.credit_terms(Invoice.party_id, Invoice.party_key, lock=lock)
    rows = db.session.execute(
        select(
            Invoice.party_key,
            terms.c.party_id,
            terms.c.limit_minor,
            terms.c.currency,
            terms.c.is_on_hold,
        )
        .outerjoin(terms, true())
        .where(Invoice.id == invoice_id)
    ).all()
    if not rows:
        return None
    lowest: dict[str, int] = {}
    for row in rows:
        if row.limit_minor is not None:
            lowest[row.currency] = min(lowest.get(row.currency, row.limit_minor), row.limit_minor)
    return CreditTerms(
        rows[0].party_key,
        tuple(row.party_id for row in rows if row.party_id is not None),
        tuple(Money(minor, currency) for currency, minor in sorted(lowest.items())),
        any(row.is_on_hold for row in rows),
    )


def read_exposure(invoice: Invoice, limit: Money) -> Exposure:
    """Return what the customer of a draft would owe after its issue.

    The amounts of parties that are merged with the customer count too.

    An amount in another currency counts at the booked rate of its invoice. A booked rate far from
    the known rate of the draft's issue date is not used, because the author of the invoice enters
    it. Advances in other currencies have no rate, so they are left out.
    """
    currency, known = limit.currency, KnownRates()
    rated, unrated = Money(0, currency), list[Money]()
    for amount, quote in _open_amounts(invoice.party_id or invoice.party_name):
        one = _converted(amount, quote, currency, known, invoice.issue_date)
        if one is None:
            unrated.append(amount)
        else:
            rated += one
    total = Money(invoice.total_minor, invoice.currency)
    document = _converted(total, quote_of(invoice), currency, known, invoice.issue_date)
    if document is None:
        unrated.append(total)
    unused = Payment.amount_minor - Payment.allocated_minor - Payment.refunded_minor
    advances = db.session.scalar(
        select(cast(func.coalesce(func.sum(unused), 0), BigInteger)).where(
            is_of(Payment.party_key, invoice.party_id or invoice.party_name),
            Payment.direction == "in",
            Payment.currency == currency,
            unused > 0,
        )
    )
    return Exposure(
        limit,
        rated,
        document or Money(0, currency),
        Money(advances or 0, currency),
        tuple(unrated),
    )


def _open_amounts(party: PartyRef) -> Iterator[tuple[Money, Quote | None]]:
    """Yield the sums of a customer's open invoices by currency and booked rate."""
    rate = (Invoice.rate_base, Invoice.rate_quote, Invoice.rate, Invoice.rate_on)
    due = Invoice.total_minor - Invoice.paid_minor - Invoice.credited_minor
    statement = (
        select(
            Invoice.currency,
            *rate,
            Invoice.rate_source,
            cast(func.sum(due), BigInteger).label("open_minor"),
        )
        .where(is_of(Invoice.party_key, party), Invoice.status.in_(OPEN_INVOICE))
        .group_by(Invoice.currency, *rate, Invoice.rate_source)
        .order_by(Invoice.currency, *rate)
    )
    for row in db.session.execute(statement):
        quote = (
            None
            if row.rate is None
            else Quote(row.rate_base, row.rate_quote, row.rate, row.rate_on, row.rate_source)
        )
        yield Money(row.open_minor, row.currency), quote


def _converted(
    amount: Money, quote: Quote | None, currency: str, known: KnownRates, day: date
) -> Money | None:
    """Return an amount converted into a currency, or None if it cannot be converted.

    A booked rate far from the known one is not used.
    """
    if amount.currency == currency:
        return amount
    if quote is None or {quote.base, quote.quote} != {amount.currency, currency}:
        return None
    if known.is_far(quote, day):
        return None
    with suppress(InvalidAmount):  # it is too large at this rate
        return quote.convert(amount)
    return None
