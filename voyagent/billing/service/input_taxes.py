"""The tax that a supplier charges: the amounts that stand printed on the bill, and whether the
agency has them credited or bears them as cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from voyagent.billing import queries
from voyagent.billing.models import Bill, BillLine, BillTax
from voyagent.billing.service.crediting import CreditedTax
from voyagent.billing.service.errors import (
    TaxComponentUnknown,
    TaxInAnotherCurrency,
    TaxNumberMissing,
)
from voyagent.billing.service.pricing import LineItem, PricedLine, price
from voyagent.billing.service.taxing import home
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.taxes import tables

BOUGHT = {"cost": "cost_of_services", "agent": "held_for_suppliers"}
"""The account that a line of a bill is booked on by how it is bought."""
INPUT = {"cgst": "input_cgst", "sgst": "input_sgst", "igst": "input_igst", "vat": "input_vat"}
"""The account that each component stands on until it is set off against what the agency owes of it.
"""


class Bought(NamedTuple):
    """A line of a bill, or a part of one: how it is bought, its amount before tax and the taxes on
    it, in minor units, and whether these are credited.
    """

    bought_as: str
    minor: int
    taxes: Iterable[tuple[str, int]] = ()
    input_credit: bool = False


def charge(bill: Bill, lines: Sequence[PricedLine]) -> None:
    """Keep the printed taxes of a draft's lines, in their order, and the bill's total with them.

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
    """That each component is a tax of the agency's country on the day of the bill.

    Raises what `charge` raises.
    """
    wanted = set(components)
    if not wanted:
        return
    at = home()
    if at is None:
        raise TaxNumberMissing
    if bill.currency != tables.currency_of(at.country):
        raise TaxInAnotherCurrency
    if not wanted <= set(tables.components_on(at.country, bill.issue_date)) & INPUT.keys():
        raise TaxComponentUnknown


def sketch_bill(items: Sequence[LineItem], *, issue_date: date) -> list[tuple[str, int, Money]]:
    """What receiving a bill of lines that are kept nowhere would post.

    Raises what `pricing.price` and `charge` raise.
    """
    priced = price(items)
    currency = priced.total.currency
    check(
        Bill(issue_date=issue_date, currency=currency),
        {component for line in priced.lines for component in line.input_taxes},
    )
    taxes = (
        [(component, tax.amount_minor) for component, tax in line.input_taxes.items()]
        for line in priced.lines
    )
    billed = zip(priced.lines, taxes, strict=True)
    return bought_sides(
        (
            Bought(line.bought_as, line.amount.amount_minor, printed, line.input_credit)
            for line, printed in billed
        ),
        currency,
    )


def bought(bill: Bill) -> list[Bought]:
    """The lines of a bill as they are posted."""
    taxes = queries.get_bill_taxes(bill.id)
    return [of_line(line, line.amount_minor, taxes) for line in queries.get_lines(bill)]


def of_line(line: BillLine, minor: int, taxes: Iterable[BillTax | CreditedTax]) -> Bought:
    """An amount of a line with those of the taxes that are on it."""
    return Bought(
        line.bought_as,
        minor,
        [(tax.component, tax.amount_minor) for tax in taxes if tax.line_no == line.line_no],
        line.input_credit,
    )


def bought_sides(lines: Iterable[Bought], currency: str) -> list[tuple[str, int, Money]]:
    """What receiving posts: the purpose of each account, 1 for a debit or -1 for a credit, and the
    amount, in the order of the accounts.

    What is bought as agent is no cost, as its sale is no revenue: it takes what is held for
    suppliers down again (Ind AS 115, B34 to B38, on agents). A tax that is credited stands on an
    account of its own (section 16 of the CGST Act); any other is part of what the line costs.
    """
    sums = dict.fromkeys((*BOUGHT.values(), *INPUT.values()), 0)
    for line in lines:
        own = BOUGHT.get(line.bought_as, BOUGHT["cost"])
        sums[own] += line.minor
        for component, minor in line.taxes:
            sums[INPUT[component] if line.input_credit else own] += minor
    debits = [(purpose, 1, Money(minor, currency)) for purpose, minor in sums.items() if minor]
    return [
        *(debits or [(BOUGHT["cost"], 1, Money(0, currency))]),
        ("payable", -1, Money(sum(sums.values()), currency)),
    ]
