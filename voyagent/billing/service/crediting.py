"""What may be credited of a document's lines, whoever credits: no line twice over, in the document's currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from voyagent.billing.models import BillLine, InvoiceLine
from voyagent.billing.service.errors import CreditExceedsLine, LineNotOnInvoice, NoLines
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money


def left_of(lines: Iterable[InvoiceLine | BillLine], credited: Mapping[int, int]) -> dict[int, int]:
    """What is not credited yet of each line, by its number, in minor units; `credited` is what was before."""
    return {line.line_no: line.amount_minor - credited.get(line.line_no, 0) for line in lines}


def wanted_of(
    left: Mapping[int, int], currency: str, amounts: Mapping[int, Money] | None, missing: type[LineNotOnInvoice] = LineNotOnInvoice
) -> dict[int, int]:
    """The amounts that are to be credited, by line, in minor units; without `amounts` all that is left.

    Raises NoLines, InvalidAmount, MixedCurrencies, CreditExceedsLine, and `missing` for a line that the document does not have.
    """
    if amounts is None:
        return {number: minor for number, minor in left.items() if minor}
    for number, amount in amounts.items():
        if number not in left:
            raise missing
        if amount.currency != currency:
            raise MixedCurrencies
        if amount.amount_minor <= 0:
            raise InvalidAmount
        if amount.amount_minor > left[number]:
            raise CreditExceedsLine
    if not amounts:
        raise NoLines
    return {number: amount.amount_minor for number, amount in amounts.items()}
