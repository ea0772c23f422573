"""Journal lines of allocations, with the base amounts that both sides carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from voyagent.billing.core.models.payments import Allocation, Payment
from voyagent.billing.core.rules import CONTROL
from voyagent.billing.core.service.carrying import money_or_none
from voyagent.billing.payments.service.settling import Settlement, exchange_sides
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.ledger.rules import EXCHANGE
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Line


def moving_lines(actor: Actor, payment: Payment, allocations: Sequence[Allocation]) -> list[Line]:
    """Return the lines that move amounts between advances and documents, debits first.

    A negative allocation moves its amount back. The documents have the currency of the payment.
    Amounts that go both ways are set off, except those with base amounts, which may differ. The
    list is empty if nothing is left to move.
    """
    documents, advances = CONTROL[payment.direction][0], payment.advances_account
    sign = 1 if payment.direction == "in" else -1
    minors, bases = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for one in allocations:
        way = 1 if one.amount_minor > 0 else -1
        for account, side, base_minor in (
            (advances, sign, one.payment_base_minor),
            (documents, -sign, one.document_base_minor),
        ):
            place = (account, 0 if base_minor is None else way)
            minors[place] += side * one.amount_minor
            bases[place] += abs(base_minor or 0)
    places = sorted((at for at in minors if minors[at]), key=lambda at: minors[at] < 0)
    return entries.lines_of(
        [
            (at[0], 1 if minors[at] > 0 else -1, Money(abs(minors[at]), payment.currency))
            for at in places
        ],
        memo=payment.number,
        party_id=payment.party_id,
        party_name=payment.party_name,
        bases=[money_or_none(bases[at] if at[1] else None, actor.currency) for at in places],
    )


def given_back(payment: Payment, allocations: Sequence[Allocation]) -> dict[str, int | None]:
    """Return the base amounts that the reversal of a payment's entry restores.

    The keys are purposes of accounts, as `entries.reverse` takes them. The amounts are in minor
    units, positive for a debit, and None where the original has no base amount. `allocations` are
    those that were posted in the payment's own entry.
    """
    documents, advances = CONTROL[payment.direction][0], payment.advances_account
    sign = 1 if payment.direction == "in" else -1
    bases = [one.document_base_minor for one in allocations]
    known = [minor for minor in bases if minor is not None]
    used = sum(one.payment_base_minor or 0 for one in allocations)
    return {
        documents: sign * sum(known) if known and len(known) == len(bases) else None,
        advances: None if payment.base_minor is None else sign * (payment.base_minor - used),
    }


def exchanged_back(payment: Payment, allocation: Allocation) -> dict[str, int | None]:
    """Return the base amounts that the reversal of an exchange restores.

    The result has the form of that of `given_back`.
    """
    documents, advances = CONTROL[payment.direction][0], payment.advances_account
    sign = 1 if payment.direction == "in" else -1
    taken, used = allocation.document_base_minor, allocation.payment_base_minor
    return {
        documents: None if taken is None else sign * taken,
        advances: None if used is None else -sign * used,
    }


def exchange_lines(
    actor: Actor, payment: Payment, allocation: Allocation, part: Settlement
) -> list[Line]:
    """Return the journal lines of an allocation to a document in another currency.

    If the payment and the document have base amounts, both lines on the currency exchange account
    carry the base amount of the payment's part. Otherwise only the line in the document's currency
    carries one: that of the document's part, if there is one.
    """
    documents, advances = CONTROL[payment.direction][0], payment.advances_account
    document_base_minor, paid_minor = allocation.document_base_minor, allocation.payment_base_minor
    is_both = document_base_minor is not None and paid_minor is not None
    bases = {
        (documents, part.settled.currency): document_base_minor,
        (advances, part.amount.currency): paid_minor,
        (EXCHANGE, part.settled.currency): paid_minor if is_both else document_base_minor,
        (EXCHANGE, part.amount.currency): paid_minor if is_both else None,
    }
    sides = exchange_sides(payment, part)
    return entries.lines_of(
        sides,
        memo=payment.number,
        party_id=payment.party_id,
        party_name=payment.party_name,
        bases=[
            money_or_none(bases.get((account, amount.currency)), actor.currency)
            for account, _side, amount in sides
        ],
    )
