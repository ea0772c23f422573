"""Amounts of a credit: limits by line and by open amount, and taxes in proportion.

No line is credited twice, and all amounts are in the document's currency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from voyagent.billing.core.errors import CreditExceedsLine, DocumentNotOpen, NoLines
from voyagent.billing.core.models.bills import Bill, BillLine, BillTax
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine, InvoiceTax
from voyagent.billing.core.models.kinds import kind_of
from voyagent.billing.core.models.parts import OPEN
from voyagent.kernel.money import MixedCurrencies, Money


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """The credit of an invoice line: amount before tax and returned commission.

    `sold_as` and `service_date` are those of the invoice line.
    """

    line_no: int
    description: str
    sold_as: str
    amount_minor: int
    commission_minor: int
    service_date: date | None


@dataclass(frozen=True, slots=True)
class CreditedTax:
    """The credited amount of a tax component of a document line."""

    line_no: int
    component: str
    amount_minor: int


def credit_refused(document: Invoice | Bill) -> DocumentNotOpen | None:
    """Return the error that prevents any credit on a document, or None.

    For a paid document the message explains how to credit a paid amount.
    """
    if document.status in OPEN:
        return None
    if not document.paid_minor:
        return DocumentNotOpen()
    return kind_of(document).credit.nothing_open()


def left_of(lines: Iterable[InvoiceLine | BillLine], credited: Mapping[int, int]) -> dict[int, int]:
    """Return the amount of each line that is not credited yet.

    The result is in minor units by line number. `credited` are the amounts of earlier credits by
    line number.
    """
    return {line.line_no: line.amount_minor - credited.get(line.line_no, 0) for line in lines}


def wanted_of(
    document: Invoice | Bill, left: Mapping[int, int], amounts: Mapping[int, Money] | None
) -> dict[int, int]:
    """Return the amounts to credit in minor units by line number.

    If `amounts` is None, all that is not credited yet is credited. Raises NoLines, InvalidAmount,
    MixedCurrencies, CreditExceedsLine; LineNotOnInvoice or LineNotOnBill for an unknown line.
    """
    if amounts is None:
        return {number: minor for number, minor in left.items() if minor}
    for number, amount in amounts.items():
        if number not in left:
            raise kind_of(document).credit.no_such_line
        if amount.currency != document.currency:
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
    """Reduce the amounts to credit to the open amount, taxes included.

    `left` are the amounts of the lines that are not credited yet, `taxes` the taxes on these
    amounts, both in minor units by line number. `total_of` returns the total of some lines with
    their rounded taxes. The lines are credited in order until the open amount is used up; of the
    last one only a part may be credited. If rounding leaves a small amount open, the next lines use
    it.
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
    """Return the largest number from 1 to `top` for which `fits` is true, or 0.

    The search begins at `guess`. If a number fits, all smaller numbers must fit too.
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
    """Return the taxes of credited amounts, in proportion to the taxes of their lines.

    `wanted` are the amounts to credit by line number, `charged` the document's taxes, `before` the
    amounts credited earlier by line number, `taken` the taxes credited earlier by line number and
    component. Rounding is half up over all credits together, so that a line that is credited
    completely returns its complete tax.
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
    """Return the commission to return with a credited amount, in minor units.

    It is in proportion to the line's commission, rounded half up over all credits together.
    `before` is the amount of the line that was credited earlier, `recalled` the commission that was
    returned earlier. After a reversal `recalled` need not be a rounded share, so the result is
    limited to 0 to `wanted`.
    """
    due = _share(line.commission_minor, before + wanted, line.amount_minor, currency) - recalled
    return min(max(due, 0), wanted)


def _share(minor: int, part: int, whole: int, currency: str) -> int:
    """Return `minor` times `part` divided by `whole`, rounded half up."""
    return Money.rounded(Money(minor, currency).decimal * part / whole, currency).amount_minor
