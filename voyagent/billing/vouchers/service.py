"""Services of receipt vouchers: issue and reverse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.models.vouchers import ReceiptVoucher
from voyagent.billing.core.queries import vouchers as voucher_queries
from voyagent.billing.core.rules import ADVANCE_TAX, is_taxable_advance
from voyagent.billing.core.service import kept_papers, numbering
from voyagent.billing.core.service.advance_taxes import tax_sides
from voyagent.billing.core.service.days import day_of
from voyagent.billing.core.service.reversals import why_of
from voyagent.billing.core.service.taxing import Buyer, home
from voyagent.billing.payments.errors import PaymentOverAllocated
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service.allocations import check_left
from voyagent.billing.vouchers import queries
from voyagent.billing.vouchers.errors import (
    NotATaxableAdvance,
    VoucherExists,
    VoucherReversed,
    VoucherUsed,
)
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.ledger import words
from voyagent.ledger.service import chart, entries, months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.settings.queries import check_limit, get_settings
from voyagent.taxes.rules import calculation, numbers, tables

RECEIPT_VOUCHER_SERIES = ("receipt_voucher", "V")
"""Name and prefix of the number series of receipt vouchers (Rule 50 of the CGST Rules)."""
VOUCHER = "receipt_voucher"
"""Type of the source of the journal entry of a receipt voucher."""
UNKNOWN_RATE = "service_fee"
"""Treatment whose rate, 18 %, an advance has if its rate is not known yet (Rule 50)."""


@dataclass(frozen=True, slots=True)
class Taxation:
    """The facts that decide the tax on an advance.

    `amount` is the part of the advance to tax. It includes the tax, and is by default the whole
    unused amount. `tax` is the tax treatment; without one the rate is 18 %. `place` is the state
    code of the place of supply, by default the customer's state; if both are unknown, the tax is
    IGST. `on` is the date of the voucher, by default the date of the payment. The tax rates are
    always those of the date of the payment.
    """

    amount: Money | None = None
    tax: str | None = None
    place: str | None = None
    on: date | None = None


def issue_voucher(actor: Actor, payment_id: UUID, given: Taxation) -> ReceiptVoucher:
    """Issue the receipt voucher of an advance, and post its tax.

    The tax is debited to the account of tax on advances and credited to output tax. It is released
    with the use of the advance (`core.service.advance_taxes`).

    Raises Forbidden, PaymentNotFound, NotATaxableAdvance, VoucherExists, PaymentReversed,
    NothingLeft, MixedCurrencies, InvalidAmount, PaymentOverAllocated, AmountAboveLimit,
    InvalidDate, UnknownTreatment, NoRateThen, NoRateForAdvance, UnknownState, PeriodLocked, and
    AccountCodeTaken (no code is left for a new account).
    """
    actor.require_authority("payment.record")
    payment = payment_queries.get_payment(payment_id, lock=True)
    voucher = _checked(actor, payment, given)
    chart.account_of(actor, ADVANCE_TAX)
    series, letter = RECEIPT_VOUCHER_SERIES
    voucher.number = numbering.take_number(series, voucher.issued_on, letter=letter)
    voucher.entry_id = entries.post(
        actor,
        source_type=VOUCHER,
        source_id=voucher.id,
        purpose="issue",
        narration=f"Receipt voucher {voucher.number}, {payment.party_name}",
        lines=entries.lines_of(tax_sides(voucher.taxes, payment.currency), memo=voucher.number),
        entry_date=voucher.issued_on,
    ).entry_id
    db.session.add(voucher)
    db.session.flush()
    kept_papers.keep_later("receipt_voucher", voucher.id)
    _record(actor, "receipt_voucher.issued", voucher, payment, issued_on=voucher.issued_on)
    return voucher


def voucher_sides(actor: Actor, payment_id: UUID, given: Taxation) -> list[tuple[str, int, Money]]:
    """Return the journal lines that `issue_voucher` would post, and raise its errors."""
    payment = payment_queries.get_payment(payment_id)
    voucher = _checked(actor, payment, given)
    if months.is_closed(voucher.issued_on):
        raise PeriodLocked
    return tax_sides(voucher.taxes, payment.currency)


def can_have_voucher(payment: Payment) -> bool:
    """Return True if a payment is an advance on which GST may be due."""
    names = ("direction", "nature", "account", "currency")
    row = {name: getattr(payment, name) for name in names}
    return is_taxable_advance(row, get_settings().tax_number)


def treatments_on(day: date) -> list[str]:
    """Return the tax treatments that an advance on a day may have."""
    codes = tables.treatments(numbers.COUNTRY)
    return [one for one in codes if calculation.is_for_advances(numbers.COUNTRY, one, day)]


def reverse_voucher(
    actor: Actor, receipt_voucher_id: UUID, *, reason: str, on: date | None = None
) -> ReceiptVoucher:
    """Reverse a receipt voucher that was issued by mistake, on a day (default today).

    Nothing of its advance may be used. The number stays used.

    Raises Forbidden, ReceiptVoucherNotFound, VoucherReversed, VoucherUsed, ReasonRequired,
    TextTooLong, AmountAboveLimit, InvalidDate, PeriodLocked.
    """
    actor.require_authority("payment.reverse")
    payment_id = queries.get_voucher(receipt_voucher_id).payment_id
    payment = payment_queries.get_payment(payment_id, lock=True)
    voucher = queries.get_voucher(receipt_voucher_id)
    if voucher.reversed_on is not None:
        raise VoucherReversed
    if voucher_queries.used_of(voucher.id).amount_minor:
        raise VoucherUsed
    why = why_of(reason)
    check_limit(actor, Money(voucher.amount_minor, payment.currency))
    day = day_of(actor, on, voucher_queries.last_used(voucher.id) or voucher.issued_on)
    reversal = entries.reverse(
        actor,
        voucher.entry_id,
        reason=words.with_reason(
            f"Reversal of receipt voucher {voucher.number}", payment.party_name, why
        ),
        entry_date=day,
    )
    voucher.reversed_on, voucher.reversal_entry_id = day, reversal.entry_id
    db.session.flush()
    _record(
        actor,
        "receipt_voucher.reversed",
        voucher,
        payment,
        private={"reason": why},
        reversed_on=day,
    )
    return voucher


def _checked(actor: Actor, payment: Payment, given: Taxation) -> ReceiptVoucher:
    """Check an advance, and return its voucher without number and entry."""
    at = home()
    if at is None or not can_have_voucher(payment):
        raise NotATaxableAdvance
    check_left(payment)
    if voucher_queries.find_voucher_of(payment.id) is not None:
        raise VoucherExists
    left = Money(payment.unapplied_minor, payment.currency)
    amount = given.amount or left
    if amount.currency != payment.currency:
        raise MixedCurrencies
    if amount.within(1).amount_minor > left.amount_minor:
        raise PaymentOverAllocated
    check_limit(actor, amount)
    day = day_of(actor, given.on or payment.paid_on, payment.paid_on)
    place = Buyer.of(payment.party_id or payment.party_name, given.place, None, None).place
    taxes = calculation.tax_in_advance(
        at.country,
        given.tax or UNKNOWN_RATE,
        amount,
        on=payment.paid_on,
        supply=calculation.supply_between(at.state, place) or "other_state",
    )
    return ReceiptVoucher(
        id=new_id(),
        payment_id=payment.id,
        tax=given.tax,
        percent=sum(tax.percent for tax in taxes),
        place_of_supply=place,
        amount_minor=amount.amount_minor,
        issued_on=day,
        created_by_user_id=actor.user_id,
        **{f"{tax.component}_minor": tax.amount.amount_minor for tax in taxes},
    )


def _record(
    actor: Actor,
    kind: str,
    voucher: ReceiptVoucher,
    payment: Payment,
    *,
    private: dict[str, str] | None = None,
    **outputs: date,
) -> None:
    """Record an event of a voucher in the audit log."""
    entry_id = voucher.reversal_entry_id or voucher.entry_id
    audit.record(
        actor,
        kind,
        entity_refs={
            "receipt_voucher_id": voucher.id,
            "payment_id": payment.id,
            "journal_entry_id": entry_id,
        },
        private=private or {},
        outputs={
            "number": voucher.number,
            "amount": Money(voucher.amount_minor, payment.currency).wire,
            "tax": Money(sum(voucher.taxes.values()), payment.currency).wire,
            "currency": payment.currency,
            **outputs,
        },
    )
