"""Services that record and reverse payouts of payment gateways."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import update

from voyagent.audit.service import recording as audit
from voyagent.banking import queries as banking
from voyagent.banking.errors import BankAccountClosed
from voyagent.billing.core.models.payments import Payment, Refund
from voyagent.billing.core.models.payouts import GatewayPayout
from voyagent.billing.core.service.charges import (
    CHARGE_SHARE,
    NO_CHARGE,
    Charge,
    confirm_share,
    read_charge,
    reason_kept,
)
from voyagent.billing.core.service.days import day_of
from voyagent.billing.core.service.reversals import why_of
from voyagent.billing.payments.errors import PaymentPaidOut
from voyagent.billing.payouts import queries
from voyagent.billing.payouts.errors import (
    NothingPaidOut,
    NotInGateway,
    PayoutAccountsUnfit,
    PayoutChargeTooHigh,
    PayoutReversed,
)
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger import words
from voyagent.ledger.rules import DIFFERENCES
from voyagent.ledger.service import entries, months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.settings.queries import check_limit

Side = tuple[UUID | str, int, Money]
"""Id or purpose of an account, 1 for debit or -1 for credit, and amount."""


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout to record: the payments and refunds, and the charge of the gateway.

    `charge` is in the currency of the gateway. `on` is the day of the transfer, by default today.
    """

    gateway_id: UUID
    bank_account_id: UUID
    payment_ids: Collection[UUID]
    refund_ids: Collection[UUID] = ()
    charge: Charge = NO_CHARGE
    on: date | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class _Checked:
    """A payout that passed the checks: its row, what it covers, and its journal lines."""

    row: GatewayPayout
    items: list[Payment | Refund]
    sides: list[Side]
    gateway_name: str
    why: str | None


def record_payout(actor: Actor, payout: Payout) -> GatewayPayout:
    """Record a transfer of a gateway to a bank account.

    Its amount is the sum of the payments less the refunds. The bank account gets it less the fee
    and the tax on the fee, which is claimed as input tax. Each payment is paid out once.

    Raises Forbidden, BankAccountNotFound, BankAccountClosed, PayoutAccountsUnfit, NotInGateway,
    PaymentPaidOut, NothingPaidOut, PayoutChargeTooHigh, DeductionAboveUsual, InvalidAmount,
    InvalidDate, AmountAboveLimit, PeriodLocked, and the errors of `read_charge`.
    """
    actor.require_authority("payment.record")
    checked = _checked(actor, payout, lock=True)
    row = checked.row
    posted = entries.post(
        actor,
        source_type="payout",
        source_id=row.id,
        purpose="payout",
        narration=", ".join(filter(None, (f"Payout of {checked.gateway_name}", row.reference))),
        lines=entries.lines_of(checked.sides, memo=row.reference),
        entry_date=row.paid_on,
        differences=DIFFERENCES,
    )
    row.entry_id = posted.entry_id
    db.session.add(row)
    db.session.flush()
    for item in checked.items:
        item.payout_id = row.id
    db.session.flush()
    audit.record(
        actor,
        "payout.recorded",
        entity_refs=_refs(row, row.entry_id),
        private=reason_kept(checked.why),
        outputs={
            "amount": Money(row.net_minor, row.currency).wire,
            "currency": row.currency,
            "paid_on": row.paid_on.isoformat(),
        },
    )
    return row


def payout_sides(actor: Actor, payout: Payout) -> list[Side]:
    """Return the journal lines that recording a payout would post.

    A journal line is a tuple: key or id of the account, 1 for debit or -1 for credit, and amount.
    Raises the errors of `record_payout`.
    """
    checked = _checked(actor, payout, lock=False)
    if months.is_closed(checked.row.paid_on):
        raise PeriodLocked
    return checked.sides


def reverse_payout(
    actor: Actor, payout_id: UUID, *, reason: str, on: date | None = None
) -> GatewayPayout:
    """Reverse a whole payout on a day (default today).

    Its payments and refunds wait for another payout.

    Raises Forbidden, PayoutNotFound, PayoutReversed, ReasonRequired, TextTooLong,
    AmountAboveLimit, InvalidDate, PeriodLocked.
    """
    actor.require_authority("payment.reverse")
    row = queries.get_payout(payout_id, lock=True)
    if row.reversed_on is not None:
        raise PayoutReversed
    why = why_of(reason)
    check_limit(actor, Money(row.gross_minor, row.currency))
    day = day_of(actor, on, row.paid_on)
    gateway = banking.get_account(row.gateway_id)
    narration = words.with_reason(
        f"Reversal of a payout of {gateway.name}", row.reference or row.paid_on.isoformat(), why
    )
    reversal = entries.reverse(actor, row.entry_id, reason=narration, entry_date=day)
    for table in (Payment, Refund):
        db.session.execute(update(table).where(table.payout_id == payout_id).values(payout_id=None))
    row.reversed_on, row.reversal_entry_id = day, reversal.entry_id
    db.session.flush()
    audit.record(
        actor,
        "payout.reversed",
        entity_refs=_refs(row, reversal.entry_id),
        private={"reason": why},
        outputs={
            "amount": Money(row.net_minor, row.currency).wire,
            "currency": row.currency,
            "reversed_on": day,
        },
    )
    return row


def _checked(actor: Actor, payout: Payout, *, lock: bool) -> _Checked:
    gateway, bank = map(banking.get_account, (payout.gateway_id, payout.bank_account_id))
    currency = gateway.currency
    if gateway.closed_on is not None or bank.closed_on is not None:
        raise BankAccountClosed
    if (gateway.kind, bank.kind, bank.currency) != ("gateway", "bank", currency):
        raise PayoutAccountsUnfit
    items = queries.get_items(set(payout.payment_ids), set(payout.refund_ids), lock=lock)
    if len(items) != len(set(payout.payment_ids)) + len(set(payout.refund_ids)):
        raise NotInGateway
    gross = Money(sum(_money(gateway.id, *item) for item in items), currency)
    if gross.amount_minor <= 0:
        raise NothingPaidOut
    check_limit(actor, gross.within(1, entries.AMOUNT_MAX_MINOR))
    day = day_of(actor, payout.on, max(_day(item) for item, _payment in items))
    kept = read_charge(payout.charge, currency, day)
    net = gross - kept.total
    if net.amount_minor <= 0:
        raise PayoutChargeTooHigh
    why = confirm_share(kept.total, gross, CHARGE_SHARE, payout.charge.reason) or kept.why
    row = GatewayPayout(
        id=new_id(),
        gateway_id=gateway.id,
        bank_account_id=bank.id,
        currency=currency,
        gross_minor=gross.amount_minor,
        fee_minor=kept.fee.amount_minor,
        tax_minor=kept.tax.amount_minor,
        paid_on=day,
        reference=payout.reference,
        created_by_user_id=actor.user_id,
    )
    sides: list[Side] = [(bank.account_id, 1, net), *kept.sides, (gateway.account_id, -1, gross)]
    return _Checked(row, [item for item, _payment in items], sides, gateway.name, why)


def _money(gateway_id: UUID, item: Payment | Refund, payment: Payment) -> int:
    """Return the money that a payment or refund brought into a gateway.

    The amount is in minor units, and negative if the money left the gateway. Raises NotInGateway,
    PaymentPaidOut.
    """
    if item.bank_account_id != gateway_id or item.reversed_on is not None:
        raise NotInGateway
    if item.payout_id is not None:
        raise PaymentPaidOut
    minor = item.money_minor if isinstance(item, Payment) else -item.amount_minor
    return minor if payment.direction == "in" else -minor


def _day(item: Payment | Refund) -> date:
    return item.paid_on if isinstance(item, Payment) else item.refunded_on


def _refs(row: GatewayPayout, entry_id: UUID) -> dict[str, UUID]:
    return {
        "payout_id": row.id,
        "bank_account_id": row.bank_account_id,
        "journal_entry_id": entry_id,
    }
