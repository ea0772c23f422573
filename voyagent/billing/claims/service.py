"""Services of refunds that suppliers owe: claim, receive, remind and reverse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.bills.service import read_reference
from voyagent.billing.claims import queries
from voyagent.billing.claims.errors import (
    ClaimExceeded,
    ClaimMatched,
    ClaimNotOpen,
    ClaimReceiptReversed,
    NothingSettled,
    NothingToClaim,
)
from voyagent.billing.core.errors import DateTooEarly, DocumentNotOpen
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.claims import SupplierClaim, SupplierClaimReceipt
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.queries import claims as claim_queries
from voyagent.billing.core.queries.known_rates import KnownRates
from voyagent.billing.core.rules import BOUGHT, CLAIMS
from voyagent.billing.core.service import numbering
from voyagent.billing.core.service.carrying import carried_by_claim, money_or_none
from voyagent.billing.core.service.credits import CreditEntry
from voyagent.billing.core.service.days import day_of
from voyagent.billing.core.service.reversals import why_of
from voyagent.billing.payments.service.means import Means, find_means, ledger_account
from voyagent.billing.payments.service.settled_rates import check_near
from voyagent.billing.supplier_credits import service as supplier_credits
from voyagent.billing.supplier_credits.errors import SupplierCreditTaken
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.ledger import words
from voyagent.ledger.rules import DIFFERENCES, EXCHANGE
from voyagent.ledger.service import chart, entries, months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.settings.queries import check_limit

CLAIM_SERIES, CLAIM_LETTER = "supplier_claim", "L"
"""Name and prefix of the number series of claims on suppliers."""
RECEIPT = "claim_receipt"
"""Type of the source of the journal entry of a receipt."""
Side = tuple[UUID | str, int, Money]
"""Id or purpose of an account, 1 for debit or -1 for credit, and amount."""


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that a supplier refunds for a claim.

    With `give_up_rest` the amount that is then still open is given up.

    `amount` is in the currency of the claim; None is all that is open. `money` is what reached the
    bank account, if the account has another currency. `bank_account_id` is by default that of the
    currency of the money. `on` is the day of the money, by default today.
    """

    amount: Money | None = None
    money: Money | None = None
    bank_account_id: UUID | None = None
    on: date | None = None
    give_up_rest: bool = False
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class _Checked:
    """A refund that passed the checks: its row, journal lines and their base amounts."""

    row: SupplierClaimReceipt
    sides: list[Side]
    bases: list[Money | None]


def open_claim(  # noqa: PLR0913 - each keyword is a field of the form
    actor: Actor,
    bill_id: UUID,
    *,
    reason: str,
    on: date | None = None,
    amounts: Mapping[int, Money] | None = None,
    expected_on: date | None = None,
    credit_note_number: str | None = None,
    further_credit_reason: str | None = None,
) -> SupplierClaim:
    """Credit a paid or part-paid bill, and claim a refund from the supplier.

    `amounts` are the amounts before tax that the supplier takes back, by line number; their taxes
    are credited too. The default is all that is not credited yet. What is open of the bill is
    settled first. The rest is debited to the account of claims at the rate of the day `on`; the
    credited cost leaves its account at the base amount that it was booked with, and the difference
    is an exchange difference. Prepaid cost is credited as such, with its recognition on the later
    service date. `on` is by default today, or the issue date of the bill if that is later.

    `expected_on` is the day on which the money is expected. `credit_note_number` is that of the
    supplier's credit note, if it has arrived; a later one is matched by `match_credit_note`.
    `further_credit_reason` confirms a credit on a line that a cancellation has credited.

    The transaction is that of the caller. Raises Forbidden, BillNotFound, DocumentNotOpen,
    NothingToClaim, ReasonRequired, TextTooLong, InvalidDate, NoLines, LineNotOnBill, InvalidAmount,
    MixedCurrencies, CreditExceedsLine, SupplierCreditTaken, LineCreditedByCancellation,
    AmountAboveLimit, RateMissing, PeriodLocked, AccountNotFound, AccountInactive.
    """
    actor.require_authority("bill.credit")
    claim_queries.lock_supplier(bill_id)
    bill = bill_queries.get_bill(bill_id, lock=True)
    if not can_be_claimed(bill):
        raise DocumentNotOpen
    why = why_of(reason)
    credit, day = claim_now(actor, bill, amounts, on)
    if expected_on is not None and expected_on < day:
        raise DateTooEarly
    given = None if credit_note_number is None else read_reference(credit_note_number)
    further = supplier_credits.check_further(bill, credit, further_credit_reason)
    chart.account_of(actor, CLAIMS)
    number = numbering.take_number(CLAIM_SERIES, day, letter=CLAIM_LETTER)
    entry = CreditEntry(
        number=given or number,
        reason=why,
        further_credit_reason=further,
        day=day,
        contents=credit,
    )
    found, posted = supplier_credits.enter(actor, bill, entry, credit)
    claim = SupplierClaim(
        id=new_id(),
        number=number,
        bill_id=bill.id,
        supplier_credit_id=found.id,
        currency=bill.currency,
        amount_minor=credit.excess.amount_minor,
        base_minor=posted.base_minor(CLAIMS),
        claimed_on=day,
        expected_on=expected_on,
        credit_note_number=given,
        created_by_user_id=actor.user_id,
    )
    db.session.add(claim)
    db.session.flush()
    _record(actor, "claim.opened", claim, credit.excess, claimed_on=day)
    return claim


def can_be_claimed(bill: Bill) -> bool:
    """Return True if a part of a posted bill is paid."""
    return bill.status in (*OPEN, "paid") and bill.paid_minor > 0


def claim_now(
    actor: Actor, bill: Bill, amounts: Mapping[int, Money] | None, on: date | None
) -> tuple[supplier_credits.BillCredit, date]:
    """Return the contents of the supplier credit of a claim, and its date.

    Raises NothingToClaim, and the errors of `supplier_credits.credit_now`.
    """
    credit, day = supplier_credits.credit_now(actor, bill, amounts, on)
    if not credit.excess:
        raise NothingToClaim
    return credit, day


def receive_claim(actor: Actor, claim_id: UUID, refund: Refund) -> SupplierClaimReceipt:
    """Record the money that a supplier refunds, and give up the rest if it is lost.

    The base amount of the claim is reduced in proportion to what is received and given up. The part
    that is given up is cost of services. A difference between the base amount of the money and the
    part for the received amount is an exchange difference. Money in another currency must be near
    the known rate, so that no part of the claim is given up by it.

    Raises Forbidden, ClaimNotFound, ClaimNotOpen, ClaimExceeded, NothingSettled, InvalidAmount,
    SettledFarFromRate, AmountAboveLimit, InvalidDate, RateMissing, PeriodLocked, and the errors of
    `find_means`.
    """
    actor.require_authority("payment.record")
    claim = queries.get_claim(claim_id, lock=True)
    checked = _checked(actor, claim, refund)
    row, bill = checked.row, bill_queries.get_bill(claim.bill_id)
    row.entry_id = entries.post(
        actor,
        source_type=RECEIPT,
        source_id=row.id,
        purpose="receive",
        narration=f"Refund for claim {claim.number}, {bill.party_name}",
        lines=entries.lines_of(
            checked.sides,
            memo=row.reference or claim.number,
            party_id=bill.party_id,
            party_name=bill.party_name,
            bases=checked.bases,
        ),
        entry_date=row.received_on,
        trip_id=bill.trip_id,
        differences=DIFFERENCES,
    ).entry_id
    db.session.add(row)
    _settle(claim, row, 1)
    received = Money(row.received_minor, claim.currency)
    _record(
        actor,
        "claim.received",
        claim,
        received,
        row,
        given_up=Money(row.given_up_minor, claim.currency).wire,
        received_on=row.received_on,
    )
    return row


def refund_sides(actor: Actor, claim_id: UUID, refund: Refund) -> list[Side]:
    """Return the journal lines that `receive_claim` would post, and raise its errors."""
    checked = _checked(actor, queries.get_claim(claim_id), refund)
    if months.is_closed(checked.row.received_on):
        raise PeriodLocked
    return checked.sides


def reverse_receipt(
    actor: Actor, receipt_id: UUID, *, reason: str, on: date | None = None
) -> SupplierClaimReceipt:
    """Reverse a whole receipt of a claim, so that its amount is open again.

    `on` is the day of the reversal, by default today.

    Raises Forbidden, ClaimReceiptNotFound, ClaimReceiptReversed, ReasonRequired, TextTooLong,
    AmountAboveLimit, InvalidDate, PeriodLocked.
    """
    actor.require_authority("payment.reverse")
    claim = queries.get_claim(queries.get_receipt(receipt_id).claim_id, lock=True)
    row = queries.get_receipt(receipt_id)
    if row.reversed_on is not None:
        raise ClaimReceiptReversed
    why = why_of(reason)
    received = Money(row.received_minor, claim.currency)
    check_limit(actor, received)
    day = day_of(actor, on, row.received_on)
    narration = words.with_reason("Reversal of a refund for claim", claim.number, why)
    reversal = entries.reverse(
        actor,
        row.entry_id,
        reason=narration,
        entry_date=day,
        carried={CLAIMS: row.base_minor},
    )
    row.reversed_on, row.reversal_entry_id = day, reversal.entry_id
    _settle(claim, row, -1)
    _record(
        actor,
        "claim.receipt_reversed",
        claim,
        received,
        row,
        private={"reason": why},
        reversed_on=day,
    )
    return row


def chase_claim(
    actor: Actor, claim_id: UUID, *, on: date | None = None, expected_on: date | None = None
) -> SupplierClaim:
    """Note the day on which the supplier was reminded of a claim (default today).

    `expected_on` is the new day on which the money is expected, if the supplier named one.

    Raises Forbidden, ClaimNotFound, ClaimNotOpen, InvalidDate.
    """
    actor.require("bill.draft")
    claim = queries.get_claim(claim_id, lock=True)
    if not claim.open_minor:
        raise ClaimNotOpen
    day = day_of(actor, on, claim.claimed_on)
    if expected_on is not None and expected_on < day:
        raise DateTooEarly
    claim.chased_on = day
    claim.expected_on = expected_on or claim.expected_on
    db.session.flush()
    _record(actor, "claim.chased", claim, Money(claim.open_minor, claim.currency), chased_on=day)
    return claim


def follow_up(
    actor: Actor,
    claim_id: UUID,
    *,
    chased_on: date | None = None,
    expected_on: date | None = None,
    credit_note_number: str | None = None,
) -> None:
    """Note the number of a supplier's credit note for a claim, a reminder, or both.

    A reminder is noted if there is no `credit_note_number`, or if one of the days is given.
    `chased_on` is the day of the reminder, by default today. Raises the errors of
    `match_credit_note` and `chase_claim`.
    """
    actor.require("bill.draft")
    if credit_note_number is not None:
        match_credit_note(actor, claim_id, number=credit_note_number)
    if credit_note_number is None or chased_on is not None or expected_on is not None:
        chase_claim(actor, claim_id, on=chased_on, expected_on=expected_on)


def match_credit_note(actor: Actor, claim_id: UUID, *, number: str) -> SupplierClaim:
    """Note the supplier's number of the credit note for a claim; post nothing.

    Raises Forbidden, ClaimNotFound, ClaimNotOpen, ClaimMatched, VendorReferenceRequired,
    SupplierCreditTaken.
    """
    actor.require("bill.draft")
    claim = queries.get_claim(claim_id)
    claim_queries.lock_supplier(claim.bill_id)
    bill = bill_queries.get_bill(claim.bill_id, lock=True)  # as `open_claim` and reversals do
    claim = queries.get_claim(claim_id, lock=True)
    if claim.reversed_on is not None:
        raise ClaimNotOpen
    if claim.credit_note_number is not None:
        raise ClaimMatched
    given = read_reference(number)
    if queries.is_credit_entered(bill.party_id, given) or claim_queries.is_matched(
        bill.party_id, given
    ):
        raise SupplierCreditTaken
    claim.credit_note_number = given
    db.session.flush()
    _record(
        actor,
        "claim.matched",
        claim,
        Money(claim.amount_minor, claim.currency),
        private={"credit_note_number": given},
    )
    return claim


def _checked(actor: Actor, claim: SupplierClaim, refund: Refund) -> _Checked:
    if not claim.open_minor:
        raise ClaimNotOpen
    still = Money(claim.open_minor, claim.currency)
    amount = still if refund.amount is None else refund.amount
    amount = amount.within(0, entries.AMOUNT_MAX_MINOR)
    if (amount - still).amount_minor > 0:  # raises MixedCurrencies for another currency
        raise ClaimExceeded
    lost = still - amount if refund.give_up_rest else Money(0, claim.currency)
    if not amount and not lost:
        raise NothingSettled
    money = amount if refund.money is None else refund.money
    if amount:
        money = money.within(1, entries.AMOUNT_MAX_MINOR)
        if money.currency == claim.currency and money != amount:
            raise InvalidAmount
    check_limit(actor, amount + lost, money)
    if amount and money.currency != claim.currency:
        bill = bill_queries.get_bill(claim.bill_id)
        check_near(actor, money, amount, bill, KnownRates(besides={bill.id}))
    last = claim_queries.last_receipt_reversed(claim.id)
    day = day_of(actor, refund.on, max(claim.claimed_on, last or claim.claimed_on))
    base_minor, taken_minor = (
        carried_by_claim(claim, one.amount_minor) for one in (amount + lost, amount)
    )
    row = SupplierClaimReceipt(
        id=new_id(),
        claim_id=claim.id,
        received_minor=amount.amount_minor,
        given_up_minor=lost.amount_minor,
        base_minor=base_minor,
        money_currency=money.currency,
        money_minor=money.amount_minor if amount else 0,
        received_on=day,
        reference=refund.reference,
        created_by_user_id=actor.user_id,
    )
    sides: list[Side] = []
    if amount:
        means = Means(bank_account_id=refund.bank_account_id)
        paid = find_means(actor, means, money.currency)
        row.bank_account_id = paid.bank_account_id
        sides.append((ledger_account(paid), 1, money))
        if money.currency != claim.currency:
            sides += [(EXCHANGE, -1, money), (EXCHANGE, 1, amount)]
    bases: list[Money | None] = [None] * len(sides)
    if lost:
        sides.append((BOUGHT["cost"], 1, lost))
        lost_minor = None if base_minor is None else base_minor - (taken_minor or 0)
        bases.append(money_or_none(lost_minor, actor.currency))
    sides.append((CLAIMS, -1, amount + lost))
    bases.append(money_or_none(base_minor, actor.currency))
    return _Checked(row, sides, bases)


def _settle(claim: SupplierClaim, row: SupplierClaimReceipt, sign: int) -> None:
    claim.received_minor += sign * row.received_minor
    claim.given_up_minor += sign * row.given_up_minor
    claim.base_settled_minor += sign * (row.base_minor or 0)
    db.session.flush()


def _record(
    actor: Actor,
    event: str,
    claim: SupplierClaim,
    amount: Money,
    row: SupplierClaimReceipt | None = None,
    *,
    private: Mapping[str, audit.Fact] | None = None,
    **outputs: audit.Fact,
) -> None:
    refs = {"claim_id": claim.id, "bill_id": claim.bill_id}
    if row is not None:
        refs["claim_receipt_id"] = row.id
        refs["journal_entry_id"] = row.reversal_entry_id or row.entry_id
    audit.record(
        actor,
        event,
        entity_refs=refs,
        private=private or {},
        outputs={
            "number": claim.number,
            "amount": amount.wire,
            "currency": amount.currency,
            **outputs,
        },
    )
