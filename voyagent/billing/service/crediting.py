"""What may be credited of a document's lines, whoever credits: no line twice over, in the
document's currency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from voyagent.billing.models import OPEN, Bill, BillLine, BillTax, Invoice, InvoiceLine, InvoiceTax
from voyagent.billing.service.errors import (
    BillPaid,
    CreditExceedsLine,
    DocumentNotOpen,
    InvoicePaid,
    LineNotOnInvoice,
    NoLines,
)
from voyagent.kernel.money import MixedCurrencies, Money


@dataclass(frozen=True, slots=True)
class CreditedTax:
    """What is credited of one component of the tax on a line."""

    line_no: int
    component: str
    amount_minor: int


def credit_refused(document: Invoice | Bill) -> DocumentNotOpen | None:
    """Why nothing of a document can be credited as it stands; None where something can.

    One that was paid says how what was paid is credited.
    """
    if document.status in OPEN:
        return None
    if not document.paid_minor:
        return DocumentNotOpen()
    return InvoicePaid() if isinstance(document, Invoice) else BillPaid()


def left_of(lines: Iterable[InvoiceLine | BillLine], credited: Mapping[int, int]) -> dict[int, int]:
    """What is not credited yet of each line, by its number, in minor units; `credited` is what was
    before.
    """
    return {line.line_no: line.amount_minor - credited.get(line.line_no, 0) for line in lines}


def wanted_of(
    left: Mapping[int, int],
    currency: str,
    amounts: Mapping[int, Money] | None,
    missing: type[LineNotOnInvoice] = LineNotOnInvoice,
) -> dict[int, int]:
    """The amounts that are to be credited, by line, in minor units; without `amounts` all that is
    left.

    Raises NoLines, InvalidAmount, MixedCurrencies, CreditExceedsLine, and `missing` for a line that
    the document does not have.
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


def by_line(taxes: Iterable[CreditedTax]) -> dict[int, int]:
    """What the components of each line come to, in minor units by the line's number."""
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
    """Amounts of lines that come to no more than is open: lines in their order, the last of them in
    part. All is in minor units, by the line's number.

    `taxes` is what is due on all that is left of a line, `total_of` what amounts come to with their
    taxes, each rounded. Of no line more could be taken: where a part with its rounded taxes misses
    what is open by a little, the lines behind it take that up.
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
    """The largest number from 1 to `top` that fits, where all below one that fits do too; 0 where
    none does. It is looked for from a guess on.
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
    """The taxes on amounts of lines that are credited: of each component as much as of its line,
    rounded half up over all credits together.

    So a line that is credited whole gives its whole tax back. `before` and `taken` are what was
    credited of lines and of components so far.
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
    """What is taken back of a line's commission with an amount of it, rounded half up over all
    credits together.

    `before` is what those that stand take of the line, and `recalled` of its commission: where one
    between them was reversed, that is no rounded share.
    """
    due = _share(line.commission_minor, before + wanted, line.amount_minor, currency) - recalled
    return min(max(due, 0), wanted)


def _share(minor: int, part: int, whole: int, currency: str) -> int:
    """As much of an amount as a part is of the whole, rounded half up."""
    return Money.rounded(Money(minor, currency).decimal * part / whole, currency).amount_minor
