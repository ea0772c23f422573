"""Import of advances from the agency's earlier program, as opening documents."""

from __future__ import annotations

from datetime import date

from sqlalchemy.exc import IntegrityError

from voyagent.billing.core.models.payments import OPENING_ACCOUNT, Payment
from voyagent.billing.core.service.opening import former_number
from voyagent.billing.payments.errors import FormerPaymentTaken
from voyagent.billing.payments.service import payments
from voyagent.billing.payments.service.means import Means
from voyagent.billing.payments.service.settling import Direction
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.service import chart


def import_advance(
    actor: Actor,
    *,
    direction: Direction,
    party_name: str,
    reference: str,
    paid_on: date,
    amount: Money,
    exchange_rate: Quote | None = None,
) -> Payment:
    """Import an advance that a customer paid or that was paid to a supplier.

    `direction` is `in` for a customer and `out` for a supplier. `reference` is the advance's number
    in the agency's earlier program. `exchange_rate` is the rate of a foreign currency in the books.

    Raises Forbidden, FormerNumberRequired, FormerPaymentTaken, and the errors of `record_payment`.
    """
    actor.require_authority("payment.record")
    former = former_number(reference)
    chart.opening_account(actor)
    try:
        return payments.record_payment(
            actor,
            direction=direction,
            party_name=party_name,
            amount=amount,
            on=paid_on,
            means=Means(account=OPENING_ACCOUNT),
            reference=former,
            exchange_rate=exchange_rate,
        )
    except IntegrityError as error:
        if "uq_payments_opening" in str(error.orig):
            raise FormerPaymentTaken from None
        raise
