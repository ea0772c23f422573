"""Limit of the law for cash from customers.

In India it is that of section 269ST of the Income-tax Act 1961.
The limit is for what one customer pays on one day, for one invoice, and for one trip. It concerns
agencies in a country whose tables have a limit, and cash in the currency of that country.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute

from voyagent.audit.service import recording as audit
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.payments import CASH, Allocation, Payment, money_of
from voyagent.billing.core.service import pricing, taxing
from voyagent.billing.payments.errors import CashLimit
from voyagent.billing.payments.service.settling import Settlement
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_
from voyagent.kernel.money import Money
from voyagent.ledger.queries.party_lines import is_of
from voyagent.taxes.rules import tables

_LOCK = text("select pg_advisory_xact_lock(hashtextextended('cash for trip ' || :trip_id, 0))")
_ON_A_DAY = N_("From this customer on this day: %(amount)s. The limit is %(limit)s.")
_FOR_AN_INVOICE = N_("For this invoice: %(amount)s. The limit is %(limit)s.")
_FOR_A_TRIP = N_("For this trip: %(amount)s. The limit is %(limit)s.")


def check_cash_limit(
    actor: Actor,
    payment: Payment,
    settlements: Sequence[Settlement],
    documents: Sequence[Invoice | Bill],
    reason: str | None,
    *,
    is_new: bool,
) -> str | None:
    """Check that a payment, or the allocation of an advance, stays below the limit.

    If the limit is reached, `reason` confirms it and is returned without surplus spaces. Otherwise
    None is returned.

    `is_new` is true for a payment that is not stored yet, and false for an advance of which
    `settlements` allocate a part. The caller has locked the documents and, for a new payment, has
    taken its number. All receipts of a day wait for the lock of that number series, and so see each
    other here. Trips are locked last, in the order of their ids.

    Raises CashLimit if the limit is reached without a reason, Forbidden if the actor may not exceed
    it, and TextTooLong.
    """
    limit = _limit(actor, payment)
    if limit is None:
        return None
    over = next(
        (
            (basis, Money(minor, payment.currency))
            for basis, minor in _received(payment, settlements, documents, is_new=is_new)
            if minor >= limit.amount_minor
        ),
        None,
    )
    if over is None:
        return None
    why = pricing.confirmed(CashLimit(*over, limit), reason)
    actor.require("payment.over_cash_limit")
    return why


def over_limit_output(why: str | None) -> dict[str, audit.Fact]:
    """Return the outputs of an audit event for cash above the limit.

    `why` is the result of `check_cash_limit`; if it is None, the outputs are empty.
    """
    return {"is_over_cash_limit": True} if why else {}


def over_limit_private(why: str | None) -> dict[str, audit.Fact]:
    """Return the personal part of an audit event: the reason `why`, if there is one."""
    return {"over_cash_limit_reason": why} if why else {}


def _limit(actor: Actor, payment: Payment) -> Money | None:
    if payment.direction != "in" or CASH not in (payment.account, payment.mode):
        return None
    home = taxing.home()
    country = tables.country_of_currency(actor.currency) if home is None else home.country
    if country is None:
        return None
    amount = tables.cash_limit_on(country, payment.paid_on)
    if amount is None or payment.currency != tables.currency_of(country):
        return None
    return Money.parse(str(amount), payment.currency)


def _received(
    payment: Payment,
    settlements: Sequence[Settlement],
    documents: Sequence[Invoice | Bill],
    *,
    is_new: bool,
) -> Iterator[tuple[str, int]]:
    """Yield sums of cash to compare with the limit: of the day, invoices and trips.

    Each result is a pair: a sentence with placeholders for the sum and the limit, and the sum in
    minor units, which includes this payment. The sum of the day is left out unless `is_new`.
    """
    if is_new:
        yield _ON_A_DAY, _of_the_day(payment) + payment.money_minor
    for_invoices = {part.document_id: part.amount.amount_minor for part in settlements}
    before = _allocated(payment.currency, Invoice.id, for_invoices)
    for invoice_id, minor in for_invoices.items():
        yield _FOR_AN_INVOICE, before.get(invoice_id, 0) + minor
    for_trips: dict[UUID, int] = defaultdict(int)
    for document in documents:
        if document.trip_id is not None:
            for_trips[document.trip_id] += for_invoices[document.id]
    for trip_id in sorted(for_trips):
        db.session.execute(_LOCK, {"trip_id": str(trip_id)})
    before = _allocated(payment.currency, Invoice.trip_id, for_trips)
    for trip_id, minor in for_trips.items():
        yield _FOR_A_TRIP, before.get(trip_id, 0) + minor


def _of_the_day(payment: Payment) -> int:
    """Return the sum of the customer's stored cash payments on the payment date.

    The sum is in minor units.
    """
    return int(
        db.session.scalar(
            select(func.coalesce(func.sum(money_of(Payment.__table__.c)), 0)).where(
                is_of(Payment.party_key, payment.party_id or payment.party_name),
                Payment.paid_on == payment.paid_on,
                *_is_cash(payment.currency),
            )
        )
        or 0
    )


def _allocated(
    currency: str, key: InstrumentedAttribute[Any], keys: Collection[UUID]
) -> dict[UUID, int]:
    """Return the cash allocated to invoices, by the value of their column `key`.

    Only the values `keys` are in the result. The sums are in minor units.
    """
    if not keys:
        return {}
    rows = db.session.execute(
        select(key, func.sum(Allocation.amount_minor))
        .select_from(Allocation)
        .join(Payment, Payment.id == Allocation.payment_id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(key.in_(list(keys)), *_is_cash(currency))
        .group_by(key)
    )
    return {row[0]: int(row[1]) for row in rows}


def _is_cash(currency: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Payment.direction == "in",
        or_(Payment.account == CASH, Payment.mode == CASH),
        Payment.currency == currency,
        Payment.reversed_on.is_(None),
    )
