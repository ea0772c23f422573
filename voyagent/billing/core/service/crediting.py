"""Computation of the amounts, taxes and commission of credits.

The credits of a document line are together at most the amount of the line. All amounts are in the
document's currency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from voyagent.billing.core.errors import CreditExceedsLine, NoLines
from voyagent.billing.core.models.bills import Bill, BillLine, BillTax
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine, InvoiceTax
from voyagent.billing.core.models.kinds import kind_of
from voyagent.billing.core.rules import Parts
from voyagent.kernel.money import MixedCurrencies, Money


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """The part of an invoice line that is credited, before tax.

    `commission_minor` is the part of `amount_minor` that takes back the agency's commission.
    `parts` is the credited revenue by the days on which the invoice recognises it, in minor units.
    It is empty for a line without such parts (`rules.revenue_parts`).
    """

    line_no: int
    description: str
    sold_as: str
    amount_minor: int
    commission_minor: int
    parts: Parts


@dataclass(frozen=True, slots=True)
class CreditedTax:
    """The credited amount of a tax component of a document line."""

    line_no: int
    component: str
    amount_minor: int


def left_of(lines: Iterable[InvoiceLine | BillLine], credited: Mapping[int, int]) -> dict[int, int]:
    """Return how much of each line is not credited yet, by line number.

    `credited` has the sum of earlier credits by line number. All amounts are in minor units.
    """
    return {line.line_no: line.amount_minor - credited.get(line.line_no, 0) for line in lines}


def wanted_of(
    document: Invoice | Bill, left: Mapping[int, int], amounts: Mapping[int, Money] | None
) -> dict[int, int]:
    """Return the amounts to credit in minor units by line number.

    `left` has the amount of each line that is not credited yet. If `amounts` is None, all of `left`
    is credited.

    Raises NoLines if `amounts` is empty, LineNotOnInvoice or LineNotOnBill if the document has no
    line with one of the numbers, InvalidAmount, MixedCurrencies, and CreditExceedsLine.
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
    """Limit the amounts to credit to the open amount of a document, taxes included.

    `left` has the amount of each line that is not credited yet, and `taxes` the tax on that amount.
    Like the result, both are in minor units by line number. `total_of` returns the sum of amounts
    by line and of their rounded taxes.

    Lines are credited in the order of `left` until the open amount is used up.
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

    If a number fits, all smaller numbers must fit too.
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
    """Return the taxes to credit, in proportion to the credited amounts of the lines.

    `wanted` has the amounts to credit, and `before` the amounts credited earlier, by line number.
    `charged` are the taxes of the document. `taken` has the taxes credited earlier, by line number
    and component. Amounts are in minor units.

    For each line, the tax on all its credits together is rounded half up, and the tax credited
    earlier is subtracted.
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
    """Return the commission that a credit of a line takes back, in minor units.

    `wanted` is the amount to credit, `before` the amount of the line that was credited earlier, and
    `recalled` the commission that was taken back earlier. The commission on all credits of the line
    together is in proportion to their amount and rounded half up. `recalled` is then subtracted.
    The result is limited to the range from 0 to `wanted`.
    """
    due = _share(line.commission_minor, before + wanted, line.amount_minor, currency) - recalled
    # After the reversal of a credit, `recalled` is not always a rounded share.
    return min(max(due, 0), wanted)


def _share(minor: int, part: int, whole: int, currency: str) -> int:
    """Return `minor` times `part` divided by `whole`, rounded half up."""
    return Money.rounded(Money(minor, currency).decimal * part / whole, currency).amount_minor
