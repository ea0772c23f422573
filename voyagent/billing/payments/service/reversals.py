"""Services that reverse payments and refunds recorded by mistake."""

from __future__ import annotations

from collections import Counter
from datetime import date
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.core.models.payments import Payment, Refund
from voyagent.billing.core.queries import reversals as reversal_queries
from voyagent.billing.core.rules import CONTROL
from voyagent.billing.core.service import advance_taxes
from voyagent.billing.core.service.charges import (
    Charge,
    ChargedAmounts,
    charge_of,
    read_charge,
    reason_kept,
)
from voyagent.billing.core.service.days import day_of
from voyagent.billing.core.service.reversals import mark, why_of
from voyagent.billing.payments.errors import (
    NotACheque,
    PaymentOfCreditNote,
    PaymentPaidOut,
    PaymentRefunded,
    PaymentReversed,
    RefundReversed,
)
from voyagent.billing.payments.queries import (
    allocations as allocation_queries,
    documents as payment_queries,
    refunds as refund_queries,
)
from voyagent.billing.payments.service.allocations import check_unclaimed
from voyagent.billing.payments.service.carried_lines import (
    exchanged_back,
    given_back,
    moving_lines,
)
from voyagent.billing.payments.service.deducting import TDS_ACCOUNTS
from voyagent.billing.payments.service.means import ledger_account
from voyagent.billing.payments.service.settling import (
    counter_of,
    exchange_sides,
    move,
    settle,
    settlement_kept,
)
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.money import Money, wire_amount
from voyagent.ledger import words
from voyagent.ledger.rules import DIFFERENCES
from voyagent.ledger.service import entries
from voyagent.settings.queries import check_limit

CHEQUE = "cheque"


def reverse_payment(
    actor: Actor,
    payment_id: UUID,
    *,
    reason: str,
    on: date | None = None,
    charge: Charge | None = None,
) -> Payment:
    """Reverse a whole payment on a day (default today).

    With a `charge` the payment is a cheque that bounced: what the bank takes for it is posted on
    the same day, from the bank account of the payment.

    The day may not be before the date of the payment, the date of any of its allocations, or the
    last reversal of one of its allocations or refunds.

    Raises Forbidden, PaymentNotFound, PaymentOfCreditNote, PaymentReversed, PaymentPaidOut,
    PaymentRefunded, PaymentClaimed, ReasonRequired, TextTooLong, AmountAboveLimit, InvalidDate,
    PeriodLocked. With a charge also NotACheque, and the errors of `read_charge`.
    """
    actor.require_authority("payment.reverse")
    payment = payment_queries.get_payment(payment_id, lock=True)
    check_reversible(payment)
    if charge is not None:
        check_cheque(payment)
    why = why_of(reason)
    amount = Money(payment.amount_minor, payment.currency)
    check_limit(actor, amount)
    allocations = allocation_queries.allocations_of(payment.id)
    last = reversal_queries.last_taken_back(payment.id) or payment.paid_on
    day = day_of(
        actor, on, max([payment.paid_on, last, *(one.effective_on for one in allocations)])
    )
    over = {one.reverses_id for one in allocations}
    current = [one for one in allocations if one.reverses_id is None and one.id not in over]
    document_ids = {one.document_id for one in current if one.document_id}
    allocation_queries.lock_documents(
        "receivable" if payment.direction == "in" else "payable", document_ids
    )
    check_unclaimed(payment, document_ids)
    narration = words.with_reason(f"Reversal of {payment.number}", payment.party_name, why)
    for one in current:  # each of these has a journal entry of its own to reverse
        if one.is_exchanged:
            settle(
                payment,
                [counter_of(payment, one, day)],
                entries.reverse(
                    actor,
                    one.entry_id,
                    reason=narration,
                    entry_date=day,
                    carried=exchanged_back(payment, one),
                ).entry_id,
            )
    # Reversing the payment's entry undoes only the allocations made with it. Later allocations and
    # deallocations are moved back first, so that no account keeps a balance.
    at_once = {one.id for one in allocations if one.entry_id == payment.entry_id}
    later = [
        counter_of(payment, one, day)
        for one in allocations
        if one.reverses_id in at_once
        or (one in current and not one.is_exchanged and one.id not in at_once)
    ]
    if lines := moving_lines(actor, payment, later):
        move(
            actor,
            payment,
            lines,
            day,
            source=("payment", payment.id, "settled"),
            take_back=sum(one.amount_minor for one in later) < 0,
        )
    settled = [one for one in allocations if one.id in at_once]
    reversal = entries.reverse(
        actor,
        payment.entry_id,
        reason=narration,
        entry_date=day,
        carried=given_back(payment, settled),
    )
    if alike := [one for one in current if not one.is_exchanged]:
        settle(payment, [counter_of(payment, one, day) for one in alike], reversal.entry_id)
    payment.refunded_minor = payment.amount_minor
    payment.base_used_minor = payment.base_minor or 0
    private: dict[str, audit.Fact] = {"reason": why}
    outputs: dict[str, audit.Fact] = {
        "amount": wire_amount(payment.money_minor, payment.currency),
        "currency": payment.currency,
        "reversed_on": day,
    }
    if charge is not None:
        charged = _charged(payment, charge, day)
        check_limit(actor, charged.total)
        payment.bounce_entry_id = _post_charge(actor, payment, charged, day)
        outputs["charge"] = charged.total.wire
        private |= reason_kept(charged.why)
    mark(actor, payment, day, why, reversal.entry_id)
    advance_taxes.follow(actor, payment, day, permission="payment.reverse")
    audit.record(
        actor,
        "payment.reversed" if charge is None else "payment.bounced",
        entity_refs={"payment_id": payment.id, "journal_entry_id": reversal.entry_id},
        private=private,
        outputs=outputs,
    )
    return payment


def reverse_refund(
    actor: Actor, payment_id: UUID, refund_id: UUID, *, reason: str, on: date | None = None
) -> Refund:
    """Reverse a whole refund on a day; the default is today.

    The refund may cover other payments than the named one too.

    Raises Forbidden, PaymentNotFound, RefundNotFound, RefundReversed, PaymentPaidOut,
    ReasonRequired, TextTooLong, AmountAboveLimit, InvalidDate, PeriodLocked.
    """
    actor.require_authority("payment.reverse")
    payment = payment_queries.get_payment(payment_id)
    refund = allocation_queries.get_refund(payment_id, refund_id)
    parts = allocation_queries.refund_parts(refund)
    payments = {one.id: one for one in refund_queries.lock_payments(parts.keys())}
    db.session.refresh(refund)  # another request may have reversed it before the lock
    if refund.reversed_on is not None:
        raise RefundReversed
    if refund.payout_id is not None:
        raise PaymentPaidOut
    why = why_of(reason)
    amount = Money(refund.amount_minor, payment.currency)
    check_limit(actor, amount)
    day = day_of(actor, on, refund.refunded_on)
    narration = words.with_reason(
        (
            f"Reversal of refund {refund.number}"
            if refund.has_parts
            else f"Reversal of refund {refund.number} of {payment.number}"
        ),
        payment.party_name,
        why,
    )
    bases = Counter[str]()
    for part_id, (_minor, base_minor) in parts.items():
        one = payments[part_id]
        if one.base_minor is not None:
            bases[one.advances_account] += base_minor if one.direction == "out" else -base_minor
    reversal = entries.reverse(
        actor, refund.entry_id, reason=narration, entry_date=day, carried=bases
    )
    for part_id, (minor, base_minor) in parts.items():
        payments[part_id].refunded_minor -= minor
        payments[part_id].base_used_minor -= base_minor
    mark(actor, refund, day, why, reversal.entry_id)
    for part_id in parts:
        advance_taxes.follow(actor, payments[part_id], day, refund, permission="payment.reverse")
    audit.record(
        actor,
        "payment.refund_reversed",
        entity_refs={
            "payment_id": payment.id,
            "refund_id": refund.id,
            "journal_entry_id": reversal.entry_id,
        },
        private={"reason": why},
        outputs={
            "number": refund.number,
            "amount": amount.wire,
            "currency": amount.currency,
            "reversed_on": day,
        },
    )
    return refund


def check_reversible(payment: Payment) -> None:
    """Check that a payment can be reversed.

    It is not the credit of a credit note, is neither reversed nor paid out by a gateway, and all of
    its refunds are reversed.

    Raises PaymentOfCreditNote, PaymentReversed, PaymentPaidOut, PaymentRefunded.
    """
    if payment.credit_note_id is not None:
        raise PaymentOfCreditNote
    if payment.reversed_on is not None:
        raise PaymentReversed
    if payment.payout_id is not None:
        raise PaymentPaidOut
    if payment.refunded_minor:
        raise PaymentRefunded


def check_cheque(payment: Payment) -> None:
    """Check that a payment was made by cheque. Raises NotACheque."""
    if payment.mode != CHEQUE:
        raise NotACheque


def bounce_sides(
    payment: Payment, charge: Charge, day: date
) -> list[tuple[UUID | str, int, Money | None]]:
    """Return the journal lines that a bounced cheque would post.

    They are those of the reversal and of the charge. A journal line is a tuple: key or id of the
    account, 1 for debit or -1 for credit, and amount. Raises the errors of `read_charge`.
    """
    return [
        *reversal_sides(payment),
        *_charge_sides(payment, _charged(payment, charge, day)),
    ]


def reversal_sides(payment: Payment) -> list[tuple[UUID | str, int, Money | None]]:
    """Return the journal lines that reversing a payment would post.

    A journal line is a tuple: key or id of the account, 1 for debit or -1 for credit, and amount.
    The amount is never None.
    """
    sign = 1 if payment.direction == "in" else -1
    exchanged = [one for one in allocation_queries.allocations_of(payment.id) if one.is_exchanged]
    alike_minor = payment.allocated_minor - sum(one.amount_minor for one in exchanged)
    accounts = (CONTROL[payment.direction][0], payment.advances_account)
    parts = zip(accounts, (alike_minor, payment.unapplied_minor), strict=True)
    sides: list[tuple[UUID | str, int, Money | None]] = [
        (purpose, sign, Money(minor, payment.currency)) for purpose, minor in parts if minor
    ]
    over = {one.reverses_id for one in exchanged}
    for one in exchanged:
        if one.reverses_id is None and one.id not in over:
            posted = exchange_sides(payment, settlement_kept(payment, one))
            sides += [
                (purpose, -side, amount)
                for purpose, side, amount in posted
                if purpose != payment.advances_account
            ]
    money = ((ledger_account(payment), payment.money_minor),)
    deducted = ((TDS_ACCOUNTS[payment.direction], payment.tds_minor),)
    sides += [
        (key, -sign, Money(minor, payment.currency)) for key, minor in money + deducted if minor
    ]
    sides += [(key, -side, amount) for key, side, amount in charge_of(payment).sides]
    return sides if sign > 0 else sides[::-1]


def _charged(payment: Payment, charge: Charge, day: date) -> ChargedAmounts:
    charged = read_charge(charge, payment.currency, day)
    charged.total.within(1, entries.AMOUNT_MAX_MINOR)
    return charged


def _charge_sides(payment: Payment, charged: ChargedAmounts) -> list[tuple[UUID | str, int, Money]]:
    return [*charged.sides, (ledger_account(payment), -1, charged.total)]


def _post_charge(actor: Actor, payment: Payment, charged: ChargedAmounts, day: date) -> UUID:
    return entries.post(
        actor,
        source_type="bounce",
        source_id=payment.id,
        purpose="charge",
        narration=f"Bank charge for the bounced cheque {payment.number}, {payment.party_name}",
        lines=entries.lines_of(_charge_sides(payment, charged), memo=payment.instrument_no),
        entry_date=day,
        differences=DIFFERENCES,
    ).entry_id
