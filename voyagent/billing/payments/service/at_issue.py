"""Advances that an invoice takes when it is issued.

What was paid in advance is not revalued: the part of the invoice that an advance covers is worth
the base amount at which the advance was posted (Ind AS 21, Appendix B).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from voyagent.billing.core.errors import InvalidDate
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.service.carrying import carried_by_payment
from voyagent.billing.core.service.exchange import columns_of, rate_to_be_booked
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.errors import PaymentNotFound
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service.allocations import allocate_alike, check_left, spread
from voyagent.billing.payments.service.cash import check_cash_limit
from voyagent.billing.payments.service.settling import Part, check_parts, lock_documents
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import MixedCurrencies, Money


def issue_with_advances(
    actor: Actor,
    invoice_id: UUID,
    *,
    advance_ids: Sequence[UUID],
    seen: datetime | None = None,
    over_limit_reason: str | None = None,
    out_of_order_reason: str | None = None,
) -> Invoice:
    """Issue an invoice that advances of its customer settle on its issue date.

    `advance_ids` are payments in the currency of the invoice. Their unused amounts are used in this
    order, as far as the invoice needs them. The other arguments are those of `issue_invoice`.

    Raises Forbidden, PaymentNotFound, PaymentReversed, NothingLeft, MixedCurrencies, RateMissing,
    and the errors of `issue_invoice` and `allocate`.
    """
    actor.require_authority("invoice.issue")
    if advance_ids:
        actor.require_authority("payment.record")
    return issuing.issue_invoice(
        actor,
        invoice_id,
        seen=seen,
        over_limit_reason=over_limit_reason,
        out_of_order_reason=out_of_order_reason,
        advances=_Advances(actor, advance_ids) if advance_ids else None,
    )


@dataclass(frozen=True, slots=True)
class _Advances:
    """Advances of a customer by id, in the order in which they settle an invoice."""

    actor: Actor
    ids: Sequence[UUID]

    def base_of(self, invoice: Invoice) -> Money | None:
        """Lock the advances and return the invoice's total in the base currency.

        The part that the advances settle has their base amount. The rest is converted at the rate
        of the invoice, or else at the reference rate of its issue date. This rate is set in the
        invoice. The result is None if an advance has no base amount.
        """
        # In this order two requests cannot deadlock.
        for payment_id in sorted(set(self.ids)):
            check_left(payment_queries.get_payment(payment_id, lock=True))
        parts = self._parts(invoice)
        if any(payment.currency != invoice.currency for payment, _minor in parts):
            raise MixedCurrencies
        bases = [carried_by_payment(payment, minor) for payment, minor in parts]
        known = [base_minor for base_minor in bases if base_minor is not None]
        if len(known) < len(bases):
            return None
        base = Money(sum(known), self.actor.currency)
        rest = invoice.total_minor - sum(minor for _payment, minor in parts)
        if not rest:
            return base
        quote = rate_to_be_booked(invoice)
        assert quote is not None  # only advances in another currency have base amounts
        for name, value in columns_of(quote).items():
            setattr(invoice, name, value)
        return base + quote.convert(Money(rest, invoice.currency))

    def allocate(self, invoice: Invoice) -> None:
        """Settle an issued invoice on its issue date."""
        day, parts = invoice.issue_date, self._parts(invoice)
        is_carried = all(payment.base_minor is not None for payment, _minor in parts)
        for payment, minor in parts:
            documents = lock_documents(payment.direction, [invoice.id])
            amount = Money(minor, payment.currency)
            (settlement,) = check_parts(
                self.actor,
                payment,
                [Part(invoice.id, amount)],
                documents,
                day,
                left_minor=payment.unapplied_minor,
            )
            if is_carried:
                base_minor = carried_by_payment(payment, minor)
                settlement = replace(settlement, document_base_minor=base_minor)
            check_cash_limit(
                self.actor, payment, [settlement], list(documents.values()), None, is_new=False
            )
            allocate_alike(self.actor, payment, [settlement], day)

    def _parts(self, invoice: Invoice) -> list[tuple[Payment, int]]:
        """Return how much of each advance settles an invoice, in minor units.

        Raises PaymentNotFound, also for a payment to a supplier and for one that is not for
        services, and InvalidDate for an advance that was paid after the issue date.
        """
        by_id = {one: payment_queries.get_payment(one) for one in self.ids}
        left = [(one, payment.unapplied_minor) for one, payment in by_id.items()]
        for payment in by_id.values():
            if payment.direction != "in" or payment.nature != "service":
                raise PaymentNotFound
            if payment.paid_on > invoice.issue_date:
                raise InvalidDate
        return [(by_id[one], minor) for one, minor in spread(invoice.open_minor, left)]
