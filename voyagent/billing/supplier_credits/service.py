"""Services of supplier credits: enter and reverse."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.bills.service import read_reference
from voyagent.billing.core.errors import (
    BillPaid,
    ClaimReceived,
    DocumentNotOpen,
    SupplierCreditExceedsOpen,
)
from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.credits import SupplierCredit
from voyagent.billing.core.models.kinds import SUPPLIER_CREDIT
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.queries import (
    cancellations as cancellation_queries,
    claims as claim_queries,
    credits as credit_queries,
    documents as document_queries,
    taxes as tax_queries,
)
from voyagent.billing.core.queries.costs import parts_left, prepaid_parts
from voyagent.billing.core.rules import CLAIMS, Parts, split_parts, stored_parts
from voyagent.billing.core.service import crediting, earning
from voyagent.billing.core.service.crediting import CreditedTax
from voyagent.billing.core.service.credits import (
    CreditEntry,
    CreditLineColumns,
    check_credit,
    enter_credit,
    proposed_amounts,
    reverse_credit,
)
from voyagent.billing.core.service.days import book_day
from voyagent.billing.core.service.earning import Recognition
from voyagent.billing.core.service.input_taxes import Bought, bought_sides, later_costs, of_line
from voyagent.billing.core.service.pricing import confirmed
from voyagent.billing.core.service.reversals import why_of
from voyagent.billing.supplier_credits import queries as supplier_credit_queries
from voyagent.billing.supplier_credits.errors import (
    LineCreditedByCancellation,
    SupplierCreditOfCancellation,
    SupplierCreditTaken,
)
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger.service.entries import Posted


def reverse_supplier_credit(
    actor: Actor, supplier_credit_id: UUID, *, reason: str, on: date | None = None
) -> SupplierCredit:
    """Reverse a whole supplier credit on a day, with its claim on the supplier.

    `on` is not before the issue date of the credit, nor before the last reversal of a receipt of
    the claim. It defaults to today, or to the later of these dates if that is after today.

    Raises Forbidden, SupplierCreditNotFound, SupplierCreditReversed, SupplierCreditOfCancellation,
    ClaimReceived, ReasonRequired, TextTooLong, AmountAboveLimit, InvalidDate, PeriodLocked.
    """
    actor.require_authority("bill.credit")
    credit = supplier_credit_queries.get_supplier_credit(supplier_credit_id)
    bill = bill_queries.get_bill(credit.bill_id, lock=True)
    lost = cancellation_queries.lost_lines(bill.id)
    if cancellation_queries.is_of_cancellation(credit) or not lost.isdisjoint(
        supplier_credit_queries.line_numbers(credit.id)
    ):
        raise SupplierCreditOfCancellation
    claim = claim_queries.find_claim_of(credit.id, lock=True)
    if claim is not None and claim.received_minor + claim.given_up_minor:
        raise ClaimReceived
    since = None if claim is None else claim_queries.last_receipt_reversed(claim.id)
    reverse_credit(actor, SUPPLIER_CREDIT, credit, bill, reason, on, since=since)
    if claim is not None:
        claim.reversed_on = credit.reversed_on
        db.session.flush()
    return credit


def credit_bill(
    actor: Actor,
    bill_id: UUID,
    *,
    vendor_reference: str,
    reason: str,
    on: date | None = None,
    amounts: Mapping[int, Money] | None = None,
    further_credit_reason: str | None = None,
) -> SupplierCredit:
    """Enter a supplier's credit note on a bill.

    `amounts` are the amounts to credit before tax, by line number. The default is every amount of
    the bill that is not credited yet. `vendor_reference` is the supplier's number of the credit
    note. Prepaid cost is credited as such, and so is its recognition on the later service date.
    `further_credit_reason` confirms a credit on a line that a cancellation has credited.

    Raises Forbidden, BillNotFound, DocumentNotOpen, VendorReferenceRequired, ReasonRequired,
    TextTooLong, InvalidDate, NoLines, LineNotOnBill, InvalidAmount, MixedCurrencies,
    CreditExceedsLine, SupplierCreditExceedsOpen, SupplierCreditTaken, LineCreditedByCancellation,
    AmountAboveLimit, PeriodLocked, AccountNotFound, AccountInactive.
    """
    actor.require_authority("bill.credit")
    claim_queries.lock_supplier(bill_id)
    bill = bill_queries.get_bill(bill_id, lock=True)
    if refused := credit_refused(bill):
        raise refused
    reference = read_reference(vendor_reference)
    why = why_of(reason)
    credit, day = credit_now(actor, bill, amounts, on)
    if credit.excess:
        raise SupplierCreditExceedsOpen
    entry = CreditEntry(
        number=reference,
        reason=why,
        further_credit_reason=check_further(bill, credit, further_credit_reason),
        day=day,
        contents=credit,
    )
    return enter(actor, bill, entry, credit)[0]


def check_further(bill: Bill, credit: BillCredit, reason: str | None) -> str | None:
    """Check that a supplier's credit note is not entered again after a cancellation.

    If a cancellation has credited a line of the credit, `reason` confirms that the supplier gives
    back more, and is returned without surplus spaces. Otherwise None is returned.

    Raises LineCreditedByCancellation if `reason` is blank, and TextTooLong.
    """
    credited = cancellation_queries.credited_lines(bill.id)
    number = next((credited[number] for number in credit.minors if number in credited), None)
    if number is None:
        return None
    return confirmed(LineCreditedByCancellation(number), reason)


def enter(
    actor: Actor, bill: Bill, entry: CreditEntry, credit: BillCredit
) -> tuple[SupplierCredit, Posted]:
    """Post a supplier credit and the recognitions that it cancels, and store it.

    Returns the credit and its entry. The caller has locked the bill and keeps an excess as a claim.

    Raises ApprovalRequired, SupplierCreditTaken, and the errors of `enter_credit`.
    """
    actor.require_authority("bill.credit")
    if claim_queries.is_matched(bill.party_id, entry.number):
        raise SupplierCreditTaken
    try:
        found, posted = enter_credit(
            actor, SUPPLIER_CREDIT, bill, entry, excess_minor=credit.excess.amount_minor
        )
    except IntegrityError as error:
        if "uq_supplier_credits_reference" in str(error.orig):
            raise SupplierCreditTaken from None
        raise
    earning.recognise(
        actor,
        ("supplier_credit", found.id),
        credit.recognitions,
        narration=f"Supplier credit note {entry.number} on bill {bill.vendor_reference},"
        f" {bill.party_name}",
        memo=entry.number,
        document=bill,
        posted=posted,
    )
    return found, posted


@dataclass(frozen=True, slots=True)
class BillCredit:
    """The contents of a supplier credit: lines, credited amounts and taxes.

    `lines` are the credited lines of the bill. `minors` are the credited amounts before tax by line
    number, in minor units. `parts` has what earlier credits have left of each line, by line number
    and by the day on which it becomes cost, and `prepaid` the days on which a line is still prepaid
    by line number. `open_minor` is what is open of the bill; what is credited above it is a claim
    on the supplier.
    """

    currency: str
    open_minor: int
    lines: list[BillLine]
    minors: Mapping[int, int]
    taxes: list[CreditedTax]
    parts: Mapping[int, Parts]
    prepaid: Mapping[int, Collection[date]]

    @property
    def rows(self) -> list[CreditLineColumns]:
        """Return the column values of the lines of the credit."""
        return [
            {
                "line_no": line.line_no,
                "description": line.description,
                "amount_minor": self.minors[line.line_no],
                "parts_minor": stored_parts(self._parts_of(line)),
            }
            for line in self.lines
        ]

    @property
    def total(self) -> Money:
        """The total of the credited amounts and taxes."""
        return Money(crediting.total_minor_of(self.minors.values(), self.taxes), self.currency)

    @property
    def excess(self) -> Money:
        """The part of the total above the open amount of the bill."""
        return Money(max(self.total.amount_minor - self.open_minor, 0), self.currency)

    @property
    def sides(self) -> list[tuple[str, int, Money]]:
        """Return the journal lines: account, 1 for debit or -1 for credit, and amount."""
        *bought, (payable, _sign, total) = bought_sides(self._bought, self.currency)
        debits = ((payable, total - self.excess), (CLAIMS, self.excess))
        return [
            *((purpose, 1, amount) for purpose, amount in debits if amount),
            *((purpose, -sign, amount) for purpose, sign, amount in reversed(bought)),
        ]

    @property
    def recognitions(self) -> list[Recognition]:
        """Return the cost whose recognition on later service dates is cancelled."""
        return later_costs(self._bought, self.currency, is_credit=True)

    @property
    def _bought(self) -> list[Bought]:
        found = []
        for line in self.lines:
            prepaid = self.prepaid.get(line.line_no, ())
            later = {on: minor for on, minor in self._parts_of(line).items() if on in prepaid}
            found.append(self._of(line, later))
        return found

    def _parts_of(self, line: BillLine) -> dict[date, int]:
        """Return the credited cost of a line by the day on which it becomes cost."""
        return split_parts(self._of(line).cost_minor, self.parts.get(line.line_no, {}))

    def _of(self, line: BillLine, later: Parts = MappingProxyType({})) -> Bought:
        return of_line(line, self.minors[line.line_no], self.taxes, later)


def credit_now(
    actor: Actor, bill: Bill, amounts: Mapping[int, Money] | None, on: date | None
) -> tuple[BillCredit, date]:
    """Check a supplier credit, and return its contents and its date.

    The date is `on`. If `on` is None, the date is today, or the issue date of the bill if the issue
    date is later. Raises InvalidDate, AmountAboveLimit, PeriodLocked, NoLines, LineNotOnBill,
    InvalidAmount, MixedCurrencies, CreditExceedsLine.
    """
    day = book_day(actor, bill, on)
    left = crediting.left_of(
        document_queries.get_lines(bill), credit_queries.credited_by_line(bill)
    )
    parts = parts_left(bill)
    credit_of = _crediting(bill, parts, prepaid_parts(bill, parts, day))
    credit = credit_of(crediting.wanted_of(bill, left, amounts))
    check_credit(actor, credit.total, day)
    return credit, day


def credit_refused(bill: Bill) -> DocumentNotOpen | None:
    """Return the error for a bill that cannot be credited, or None if it is open."""
    if bill.status in OPEN:
        return None
    return BillPaid() if bill.paid_minor else DocumentNotOpen()


def proposed(bill: Bill) -> dict[int, Money]:
    """Return the proposed amounts of a supplier credit by line number.

    The sum of the amounts and their taxes is at most the open amount of the bill.
    """
    return proposed_amounts(bill, _crediting(bill, {}, {}))


def _crediting(
    bill: Bill, parts: Mapping[int, Parts], prepaid: Mapping[int, Collection[date]]
) -> Callable[[Mapping[int, int]], BillCredit]:
    """Return a function that computes a supplier credit without further queries.

    The argument of the function is the amounts to credit by line number, in minor units. Taxes are
    in proportion to the taxes of the bill's lines. `parts` and `prepaid` are those of the credit.
    """
    lines, charged = document_queries.get_lines(bill), tax_queries.get_taxes(bill)
    before, taken = credit_queries.credited_by_line(bill), credit_queries.credited_taxes(bill)

    def credit_of(minors: Mapping[int, int]) -> BillCredit:
        return BillCredit(
            bill.currency,
            bill.open_minor,
            [line for line in lines if line.line_no in minors],
            minors,
            crediting.taxes_on(minors, lines, charged, before, taken, bill.currency),
            parts,
            prepaid,
        )

    return credit_of
