"""Limits of credits: no line is credited twice, amounts are in the document's currency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from voyagent.billing.core.errors import (
    BillPaid,
    CreditExceedsLine,
    DocumentNotOpen,
    InvoicePaid,
    LineNotOnInvoice,
    NoLines,
)
from voyagent.billing.core.models.bills import Bill, BillLine, BillTax
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine, InvoiceTax
from voyagent.billing.core.models.parts import OPEN
from voyagent.kernel.money import MixedCurrencies, Money


@dataclass(frozen=True, slots=True)
class CreditedTax:
    """A credited tax component of a line."""

    line_no: int
    component: str
    amount_minor: int


def credit_refused(document: Invoice | Bill) -> DocumentNotOpen | None:
    """Return why nothing of a document can be credited, or None.

    For a paid document the error says how a payment is credited.
    """
    if document.status in OPEN:
        return None
    if not document.paid_minor:
        return DocumentNotOpen()
    return InvoicePaid() if isinstance(document, Invoice) else BillPaid()


def left_of(lines: Iterable[InvoiceLine | BillLine], credited: Mapping[int, int]) -> dict[int, int]:
    """Return the uncredited amount of each line in minor units; `credited` is earlier credits."""
    return {line.line_no: line.amount_minor - credited.get(line.line_no, 0) for line in lines}


def wanted_of(
    left: Mapping[int, int],
    currency: str,
    amounts: Mapping[int, Money] | None,
    missing: type[LineNotOnInvoice] = LineNotOnInvoice,
) -> dict[int, int]:
    """Return the amounts to credit by line in minor units; by default all that is left.

    Raises NoLines, InvalidAmount, MixedCurrencies, CreditExceedsLine, and `missing` for an unknown
    line.
    """
    if amounts is None:
        return {number: minor for number, minor in left.items() if minor}
    for number, amount in amounts.items():
        if number not in left:
            raise missing
        if amount.currency != currency:
            raise MixedCurrencies
        if amount.within(1).amount_minor > left[number]:
            raise CreditExceedsLine
    if not amounts:
        raise NoLines
    return {number: amount.amount_minor for number, amount in amounts.items()}


def tax_minor_of(taxes: Iterable[CreditedTax]) -> int:
    """Sum the credited taxes, in minor units."""
    return sum(tax.amount_minor for tax in taxes)


def total_minor_of(minors: Iterable[int], taxes: Iterable[CreditedTax]) -> int:
    """Sum the credited amounts of lines and the taxes on them, in minor units."""
    return sum(minors) + tax_minor_of(taxes)


def by_line(taxes: Iterable[CreditedTax]) -> dict[int, int]:
    """Return the sum of tax components by line, in minor units."""
    found: dict[int, int] = {}
    for tax in taxes:
        found[tax.line_no] = found.get(tax.line_no, 0) + tax.amount_minor
    return found


def within(
    left: Mapping[int, int],
    taxes: Mapping[int, int],
    open_minor: int,
    total_of: Callable[[Mapping[int, int]], int],
) -> dict[int, int]:
    """Limit the amounts of lines so that they and their taxes are not above the open amount.

    Lines are taken in order, the last one in part; all in minor units by line. `taxes` is the tax
    on what is left of a line, `total_of` the amount with rounded taxes. Where rounding leaves a
    little, the following lines take it up.
    """
    found: dict[int, int] = {}
    room = open_minor

    def fits(number: int, part: int) -> bool:
        return total_of(found | {number: part}) <= open_minor

    for number, minor in left.items():
        gross = minor + taxes.get(number, 0)
        taken = (
            minor
            if gross <= room
            else _most(minor - 1, minor * room // gross, partial(fits, number))
        )
        if taken:
            found[number] = taken
            room = room - gross if taken == minor else open_minor - total_of(found)
        if room <= 0:
            break
    return found


def _most(top: int, guess: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number up to `top` that fits, found from a guess; 0 if none does.

    All numbers below a fitting one fit.
    """
    low, high, step = 0, top + 1, 1
    at = min(max(guess, 1), top)
    while high - low > 1:
        if fits(at):
            low, at = at, at + step
        else:
            high, at = at, at - step
        step *= 2
        if not low < at < high:
            at = (low + high) // 2
    return low


def taxes_on(
    wanted: Mapping[int, int],
    lines: Iterable[InvoiceLine | BillLine],
    charged: Iterable[InvoiceTax | BillTax],
    before: Mapping[int, int],
    taken: Mapping[tuple[int, str], int],
    currency: str,
) -> list[CreditedTax]:
    """Return the taxes of credited amounts, in proportion to the line's taxes.

    Rounded half up over all credits together, so that a line credited as a whole returns its whole
    tax. `before` and `taken` are earlier credits of lines and components.
    """
    amounts = {line.line_no: line.amount_minor for line in lines}
    found = []
    for tax in charged:
        if tax.line_no in wanted:
            credited = before.get(tax.line_no, 0) + wanted[tax.line_no]
            due = _share(tax.amount_minor, credited, amounts[tax.line_no], currency) - taken.get(
                (tax.line_no, tax.component), 0
            )
            if due > 0:
                found.append(CreditedTax(tax.line_no, tax.component, due))
    return found


def commission_on(line: InvoiceLine, before: int, wanted: int, recalled: int, currency: str) -> int:
    """Return the commission returned with an amount of a line, rounded half up over all credits.

    `before` is the line's earlier credits, `recalled` its returned commission; after a reversal the
    latter is no rounded share.
    """
    due = _share(line.commission_minor, before + wanted, line.amount_minor, currency) - recalled
    return min(max(due, 0), wanted)


def _share(minor: int, part: int, whole: int, currency: str) -> int:
    """Return an amount in the proportion of part to whole, rounded half up."""
    return Money.rounded(Money(minor, currency).decimal * part / whole, currency).amount_minor
