"""Bodies of the APIs that credit notes and supplier credits share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from voyagent.billing.core.errors import LineAlreadyNamed
from voyagent.billing.core.queries.credits import CreditDocument
from voyagent.billing.core.schemas.documents import taxed_lines
from voyagent.billing.core.service.pricing import LINES_MAX, REASON_MAX
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    PlainAmount,
    Trimmed,
)
from voyagent.kernel.money import Money


class CreditLineIn(Closed):
    """The amount to credit on one line of the invoice or bill, before tax.

    `line_no` is the number of the line, from 1.
    """

    line_no: Annotated[int, Field(ge=1, le=LINES_MAX)]
    amount: PlainAmount


class CreditIn(Closed):
    """The amounts to credit by document line, with the reason and issue date.

    The amounts are before tax. The issue date defaults to today in the agency's time zone, or to
    the issue date of the invoice or bill if that date is later. Without `lines`, everything that is
    not credited yet is credited.
    """

    reason: Annotated[str, Trimmed(500)]
    issue_date: BusinessDate | None = None
    lines: Annotated[list[CreditLineIn], Field(min_length=1, max_length=LINES_MAX)] | None = None

    def amounts(self, currency: str) -> Mapping[int, Money] | None:
        """Return the amounts by line number, or None if the request has no `lines`.

        The amounts are in `currency`, that of the document.

        Raises:
            InvalidAmount: An amount is not valid in the currency.
            LineAlreadyNamed: Two items name the same line.
        """
        return None if self.lines is None else amounts_of(self.lines, currency)


class SupplierCreditFields(CreditIn):
    """The contents of a credit on a bill.

    `further_credit_reason` is required if a cancellation has already credited one of the lines.
    """

    further_credit_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None


def amounts_of(lines: Sequence[CreditLineIn], currency: str) -> Mapping[int, Money]:
    """Return the amounts of lines by line number, in a currency.

    Raises InvalidAmount, and LineAlreadyNamed if two items name the same line.
    """
    amounts = {line.line_no: Money.parse(line.amount, currency) for line in lines}
    if len(amounts) < len(lines):
        raise LineAlreadyNamed
    return amounts


def credit_row(document: CreditDocument) -> Row:
    """Return a credit with its parts as the row that the API serializes."""
    row = document.credit
    return {
        **row,
        "lines": taxed_lines(document.lines, document.taxes, row["currency"]),
        "recognitions": document.recognitions,
    }
