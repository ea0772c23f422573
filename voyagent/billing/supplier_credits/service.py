"""Services of supplier credits: enter and reverse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from voyagent.audit.service import recording as audit
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.bills.service import read_reference
from voyagent.billing.core.errors import ReasonRequired
from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.credits import SupplierCredit
from voyagent.billing.core.models.kinds import SUPPLIER_CREDIT
from voyagent.billing.core.queries import (
    credits as credit_queries,
    documents as document_queries,
    taxes as tax_queries,
)
from voyagent.billing.core.service import crediting, pricing
from voyagent.billing.core.service.crediting import CreditedTax
from voyagent.billing.core.service.credits import (
    CreditEntry,
    add_credited,
    post_credit,
    record_reversal,
    reverse_credit,
    store_parts,
)
from voyagent.billing.core.service.days import book_day
from voyagent.billing.core.service.input_taxes import bought_sides, of_line
from voyagent.billing.core.service.voiding import REASON_MAX
from voyagent.billing.supplier_credits import queries as supplier_credit_queries
from voyagent.billing.supplier_credits.errors import (
    LineNotOnBill,
    SupplierCreditExceedsOpen,
    SupplierCreditReversed,
    SupplierCreditTaken,
)
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger.service import months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.settings.queries import check_limit


def reverse_supplier_credit(
    actor: Actor, supplier_credit_id: UUID, *, reason: str, on: date | None = None
) -> SupplierCredit:
    """Reverse a whole supplier credit on a day: by default today, or its issue date if later.

    The supplier's number can be entered again.

    Raises Forbidden, SupplierCreditNotFound, SupplierCreditReversed, ReasonRequired, TextTooLong,
    AmountAboveLimit, InvalidDate; PeriodLocked.
    """
    actor.require_authority("bill.credit")
    credit = supplier_credit_queries.get_supplier_credit(supplier_credit_id)
    bill = bill_queries.get_bill(credit.bill_id, lock=True)
    db.session.refresh(credit)
    if credit.reversed_on is not None:
        raise SupplierCreditReversed
    title = (
        f"Reversal of supplier credit note {credit.vendor_reference} on bill"
        f" {bill.vendor_reference}"
    )
    reverse_credit(actor, SUPPLIER_CREDIT, credit, bill, title, reason, on)
    refs = {"supplier_credit_id": credit.id, "bill_id": bill.id}
    record_reversal(
        actor,
        credit,
        bill,
        "supplier_credit.reversed",
        refs,
        {"vendor_reference": credit.vendor_reference},
    )
    return credit


def credit_bill(
    actor: Actor,
    bill_id: UUID,
    *,
    vendor_reference: str,
    reason: str,
    on: date | None = None,
    amounts: Mapping[int, Money] | None = None,
) -> SupplierCredit:
    """Enter a supplier's credit note on a bill.

    `amounts` are the amounts to credit before tax, by line number; by default all that is not
    credited yet. The journal entry is the reverse of the bill's entry: payables against cost,
    purchases as agent and input tax. At most the open amount is credited. A supplier's number can
    be used only once.

    Raises Forbidden, BillNotFound, DocumentNotOpen; VendorReferenceRequired, ReasonRequired,
    TextTooLong, InvalidDate; NoLines, LineNotOnBill, InvalidAmount, MixedCurrencies,
    CreditExceedsLine, SupplierCreditExceedsOpen, SupplierCreditTaken; AmountAboveLimit,
    PeriodLocked, AccountNotFound, AccountInactive.
    """
    actor.require_authority("bill.credit")
    bill = bill_queries.get_bill(bill_id, lock=True)
    if refused := crediting.credit_refused(bill):
        raise refused
    reference = read_reference(vendor_reference)
    why = pricing.words(reason, REASON_MAX)
    if why is None:
        raise ReasonRequired
    lines = document_queries.get_lines(bill)
    wanted, taxes, day = _read(actor, bill, lines, amounts, on)
    tax_minor = crediting.tax_minor_of(taxes)
    total = Money(crediting.total_minor_of(wanted.values(), taxes), bill.currency)
    credit = _write(
        actor,
        bill,
        reference,
        credit_sides(lines, wanted, taxes, bill.currency),
        tax_minor,
        day,
        why,
    )
    store_parts(
        SUPPLIER_CREDIT,
        credit,
        (
            {
                "line_no": line.line_no,
                "description": line.description,
                "amount_minor": wanted[line.line_no],
            }
            for line in lines
            if line.line_no in wanted
        ),
        taxes,
    )
    add_credited(bill, total)
    audit.record(
        actor,
        "supplier_credit.entered",
        entity_refs={
            "supplier_credit_id": credit.id,
            "bill_id": bill.id,
            "journal_entry_id": credit.entry_id,
        },
        inputs={"reason": why},
        outputs={"total": total.wire, "currency": total.currency, "issue_date": day},
    )
    return credit


def bill_credit_sides(
    actor: Actor, bill: Bill, amounts: Mapping[int, Money] | None, on: date | None
) -> list[tuple[str, int, Money]]:
    """Return the journal lines that entering a supplier credit would post now.

    Each item is account, 1 for debit or -1 for credit, and amount. Raises InvalidDate,
    PeriodLocked; NoLines, LineNotOnBill, InvalidAmount, MixedCurrencies, CreditExceedsLine,
    SupplierCreditExceedsOpen; AmountAboveLimit.
    """
    lines = document_queries.get_lines(bill)
    wanted, taxes, _day = _read(actor, bill, lines, amounts, on)
    return credit_sides(lines, wanted, taxes, bill.currency)


def _read(
    actor: Actor,
    bill: Bill,
    lines: Sequence[BillLine],
    amounts: Mapping[int, Money] | None,
    on: date | None,
) -> tuple[dict[int, int], list[CreditedTax], date]:
    """Check a credit and return its amounts by line number in minor units, its taxes and date.

    Raises the errors of `bill_credit_sides`.
    """
    day = book_day(actor, bill, on)
    wanted = crediting.wanted_of(
        crediting.left_of(lines, credit_queries.credited_by_line(bill)),
        bill.currency,
        amounts,
        LineNotOnBill,
    )
    taxes = taxes_of_credit(bill, lines, wanted)
    total = Money(crediting.total_minor_of(wanted.values(), taxes), bill.currency)
    if total.amount_minor > bill.open_minor:
        raise SupplierCreditExceedsOpen
    check_limit(actor, total)
    if months.is_closed(day):
        raise PeriodLocked
    return wanted, taxes, day


def creditable_of_bill(bill: Bill) -> dict[int, Money]:
    """Return the amounts of the bill lines that are not credited yet, by line number."""
    left = crediting.left_of(
        document_queries.get_lines(bill), credit_queries.credited_by_line(bill)
    )
    return {number: Money(minor, bill.currency) for number, minor in left.items() if minor}


def proposed_of_bill(bill: Bill) -> dict[int, Money]:
    """Return the proposed amounts of a supplier credit by line number.

    The amounts and their taxes are together at most the open amount.
    """
    left = {number: amount.amount_minor for number, amount in creditable_of_bill(bill).items()}
    taxes_of = _taxing(bill, document_queries.get_lines(bill))

    def total_of(minors: Mapping[int, int]) -> int:
        return crediting.total_minor_of(minors.values(), taxes_of(minors))

    if total_of(left) <= bill.open_minor:
        return creditable_of_bill(bill)
    found = crediting.within(left, crediting.by_line(taxes_of(left)), bill.open_minor, total_of)
    return {number: Money(minor, bill.currency) for number, minor in found.items()}


def taxes_of_credit(
    bill: Bill, lines: Sequence[BillLine], wanted: Mapping[int, int]
) -> list[CreditedTax]:
    """Return the taxes of credited amounts, in proportion to the taxes of their lines.

    `wanted` are the amounts by line number, in minor units.
    """
    return _taxing(bill, lines)(wanted)


def credit_sides(
    lines: Sequence[BillLine],
    wanted: Mapping[int, int],
    taxes: Sequence[CreditedTax],
    currency: str,
) -> list[tuple[str, int, Money]]:
    """Return the journal lines of a supplier credit.

    `wanted` are the amounts by line number, in minor units. Each item is account, 1 for debit or -1
    for credit, and amount.
    """
    billed = bought_sides(
        (of_line(line, wanted[line.line_no], taxes) for line in lines if line.line_no in wanted),
        currency,
    )
    return [(purpose, -sign, amount) for purpose, sign, amount in reversed(billed)]


def _taxing(
    bill: Bill, lines: Sequence[BillLine]
) -> Callable[[Mapping[int, int]], list[CreditedTax]]:
    """Return a function that computes the taxes of amounts without further queries."""
    charged, before, taken = (
        tax_queries.get_taxes(bill),
        credit_queries.credited_by_line(bill),
        credit_queries.credited_taxes(bill),
    )
    return lambda wanted: crediting.taxes_on(wanted, lines, charged, before, taken, bill.currency)


def _write(
    actor: Actor,
    bill: Bill,
    reference: str,
    sides: Sequence[tuple[str, int, Money]],
    tax_minor: int,
    day: date,
    why: str,
) -> SupplierCredit:
    """Post and store a supplier credit, without its lines."""
    credit = post_credit(
        actor,
        SUPPLIER_CREDIT,
        bill,
        CreditEntry(
            number=reference,
            title=f"Supplier credit note {reference} on bill {bill.vendor_reference}",
            reason=why,
            total=sides[0][2],
            lines=sides,
            day=day,
        ),
        tax_minor=tax_minor,
    )
    db.session.add(credit)
    try:
        db.session.flush()
    except IntegrityError as error:
        if "uq_supplier_credits_reference" in str(error.orig):
            raise SupplierCreditTaken from None
        raise
    return credit
