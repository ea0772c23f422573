"""Postings of a bill: its cost, and its taxes, claimed or part of the cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import NamedTuple

from voyagent.billing.core.errors import (
    InputTaxAboveRate,
    TaxComponentUnknown,
    TaxInAnotherCurrency,
    TaxNumberMissing,
)
from voyagent.billing.core.models.bills import Bill, BillLine, BillTax
from voyagent.billing.core.queries import documents as document_queries, taxes as tax_queries
from voyagent.billing.core.queries.policies import cost_methods, methods_on
from voyagent.billing.core.queries.recognitions import PREPAID
from voyagent.billing.core.rules import BOUGHT, Parts, cost_parts, later_parts
from voyagent.billing.core.service import earning
from voyagent.billing.core.service.crediting import CreditedTax
from voyagent.billing.core.service.earning import Recognition
from voyagent.billing.core.service.pricing import LineItem, PricedLine, confirmed, price
from voyagent.billing.core.service.taxing import home
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.taxes.rules import tables

INPUT = {"cgst": "input_cgst", "sgst": "input_sgst", "igst": "input_igst", "vat": "input_vat"}
"""Key of the account of each claimed tax component, from which it is set off later."""


class Bought(NamedTuple):
    """A bill line, or a part of one, with its taxes.

    `minor` is the amount before tax. `taxes` has pairs of tax component and amount. Amounts are in
    minor units. If `input_credit` is true, the taxes are claimed as input tax credit; otherwise
    they are part of the cost. `later` is the prepaid part of the cost in minor units, by the day on
    which it becomes cost.
    """

    bought_as: str
    minor: int
    taxes: Sequence[tuple[str, int]] = ()
    input_credit: bool = False
    later: Parts = MappingProxyType({})

    @property
    def account(self) -> str:
        """Return the key of the account of the cost that is not prepaid."""
        return BOUGHT.get(self.bought_as, BOUGHT["cost"])

    @property
    def cost_minor(self) -> int:
        """Return the amount with the taxes that are not claimed, in minor units."""
        taxes_minor = 0 if self.input_credit else sum(minor for _component, minor in self.taxes)
        return self.minor + taxes_minor


def charge(bill: Bill, lines: Sequence[PricedLine]) -> None:
    """Store the taxes printed on a supplier's bill and add them to the bill's total.

    Raises TaxNumberMissing, TaxInAnotherCurrency, TaxComponentUnknown.
    """
    taxes = [
        (number, component, amount)
        for number, line in enumerate(lines, start=1)
        for component, amount in line.input_taxes.items()
    ]
    check(bill, {component for _number, component, _amount in taxes})
    db.session.add_all(
        BillTax(
            bill_id=bill.id, line_no=number, component=component, amount_minor=amount.amount_minor
        )
        for number, component, amount in taxes
    )
    bill.tax_minor = sum(amount.amount_minor for _number, _component, amount in taxes)
    bill.total_minor += bill.tax_minor
    db.session.flush()


def check(bill: Bill, components: Iterable[str]) -> None:
    """Check that a bill may have taxes with these components.

    Without components nothing is checked. Raises TaxNumberMissing if the agency has no tax number,
    TaxInAnotherCurrency if the bill is not in the currency of the agency's country, and
    TaxComponentUnknown if that country does not have a component on the issue date.
    """
    given = set(components)
    if not given:
        return
    at = home()
    if at is None:
        raise TaxNumberMissing
    if bill.currency != tables.currency_of(at.country):
        raise TaxInAnotherCurrency
    if not given <= set(tables.components_on(at.country, bill.issue_date)) & INPUT.keys():
        raise TaxComponentUnknown


def check_rates(bill: Bill, reason: str | None) -> str | None:
    """Check that the claimed taxes of a bill are within the highest rate of its day.

    If the taxes are above it, `reason` confirms them and is returned without surplus spaces. If
    they are within it, None is returned. Raises InputTaxAboveRate if they are above it and `reason`
    is blank, and TextTooLong.
    """
    above = above_rate(bill)
    return None if above is None else confirmed(above, reason)


def above_rate(bill: Bill) -> InputTaxAboveRate | None:
    """Return the error of the first line that claims too much tax, or None.

    Taxes that are part of the cost are not checked.
    """
    percent = highest_percent(bill.issue_date)
    for number, line in enumerate(bought(bill), start=1):
        printed = Money(sum(minor for _component, minor in line.taxes), bill.currency)
        highest = highest_if_above(printed, Money(line.minor, bill.currency), percent)
        if line.input_credit and highest is not None:
            return InputTaxAboveRate(number, printed, highest)
    return None


def highest_percent(on: date) -> Decimal | None:
    """Return the highest tax rate of a day, or None if it is not known."""
    at = home()
    return None if at is None else tables.highest_percent_on(at.country, on)


def highest_if_above(tax: Money, amount: Money, percent: Decimal | None) -> Money | None:
    """Return the tax on an amount at the highest rate if `tax` is above it, else None.

    A difference up to one unit of the currency is tolerated, because suppliers round. Without a
    rate the result is None.
    """
    if percent is None:
        return None
    minor = int((amount.amount_minor * percent / 100).to_integral_value(ROUND_HALF_UP))
    highest = Money(minor, amount.currency)
    tolerated = Money.parse("1", amount.currency)
    return highest if (tax - highest - tolerated).amount_minor > 0 else None


def sketch_bill(items: Sequence[LineItem], *, issue_date: date) -> list[Bought]:
    """Return the lines of a bill that is not stored, as they would be posted.

    Raises the errors of `pricing.price` and `charge`.
    """
    priced = price(items)
    currency = priced.total.currency
    check(
        Bill(issue_date=issue_date, currency=currency),
        {component for line in priced.lines for component in line.input_taxes},
    )
    return bought_lines(priced.lines, issue_date)


def bought_lines(lines: Sequence[PricedLine], issue_date: date) -> list[Bought]:
    """Return checked lines of a bill with their taxes, for posting on its issue date."""
    is_dated = any(line.service_date for line in lines)
    method = methods_on(issue_date).principal if is_dated else None
    return [
        _with_later(
            Bought(
                line.bought_as,
                line.amount.amount_minor,
                [(component, tax.amount_minor) for component, tax in line.input_taxes.items()],
                line.input_credit,
            ),
            line,
            method,
            issue_date,
        )
        for line in lines
    ]


def bought(bill: Bill) -> list[Bought]:
    """Return the lines of a bill with their taxes, for posting on its issue date."""
    taxes, lines = tax_queries.get_taxes(bill), document_queries.get_lines(bill)
    methods = methods_of_bill(bill, lines)
    return [
        _with_later(
            of_line(line, line.amount_minor, taxes), line, methods[line.line_no], bill.issue_date
        )
        for line in lines
    ]


def methods_of_bill(bill: Bill, lines: Iterable[BillLine]) -> dict[int, str | None]:
    """Return the method of each line by line number.

    It is None for a line that is never prepaid, and for a line that an earlier release posted. The
    lines of a draft get the methods of `cost_methods`.
    """
    found = {line.line_no: line.recognition for line in lines}
    new = [
        line.line_no
        for line in lines
        if bill.entry_id is None
        and line.bought_as == "cost"
        and line.service_date is not None
        and line.recognition is None
    ]
    if new:
        method_of = cost_methods(SessionReader(db.session), bill.id, bill.issue_date)
        found |= {line_no: method_of(line_no) for line_no in new}
    return found


def of_line(
    line: BillLine,
    minor: int,
    taxes: Iterable[BillTax | CreditedTax],
    later: Parts = MappingProxyType({}),
) -> Bought:
    """Return an amount of a bill line, `minor` in minor units, with the line's taxes.

    The amount is the whole line or, for a supplier credit, the credited part. `taxes` may have
    taxes of other lines, which are ignored. `later` is the prepaid part of the cost, if it is
    known.
    """
    return Bought(
        line.bought_as,
        minor,
        [(tax.component, tax.amount_minor) for tax in taxes if tax.line_no == line.line_no],
        line.input_credit,
        later,
    )


def later_costs(
    lines: Iterable[Bought], currency: str, *, is_credit: bool = False
) -> list[Recognition]:
    """Return a recognition for each day on which prepaid cost becomes cost.

    Set `is_credit` for the lines of a supplier credit; the debit and the credit are then swapped.
    """
    prepaid = ((day, BOUGHT["cost"], minor) for line in lines for day, minor in line.later.items())
    return earning.by_day(prepaid, PREPAID, currency, is_credit=is_credit)


def _with_later(
    line: Bought, dated: BillLine | PricedLine, method: str | None, day: date
) -> Bought:
    """Return a line with the part of its cost that is prepaid on a day."""
    parts = cost_parts(
        line.cost_minor, dated.bought_as, dated.service_date, dated.service_to, method
    )
    return line._replace(later=later_parts(parts, day))


def bought_sides(lines: Iterable[Bought], currency: str) -> list[tuple[str, int, Money]]:
    """Return the journal lines for receiving a bill, one for each account.

    A purchase as agent is no cost; it reduces the amount held for suppliers (Ind AS 115, B34 to
    B38). A claimed tax is posted to its own account (section 16 of the CGST Act); any other tax is
    posted as part of the cost. The prepaid parts of a cost are posted to an asset account. A
    journal line is a tuple: key of the account, 1 for debit or -1 for credit, and amount.
    """
    sums = dict.fromkeys((PREPAID, *BOUGHT.values(), *INPUT.values()), 0)
    for line in lines:
        later_minor = sum(line.later.values())
        sums[line.account] += line.cost_minor - later_minor
        sums[PREPAID] += later_minor
        for component, minor in line.taxes if line.input_credit else ():
            sums[INPUT[component]] += minor
    debits = [(purpose, 1, Money(minor, currency)) for purpose, minor in sums.items() if minor]
    return [
        *(debits or [(BOUGHT["cost"], 1, Money(0, currency))]),
        ("payable", -1, Money(sum(sums.values()), currency)),
    ]
