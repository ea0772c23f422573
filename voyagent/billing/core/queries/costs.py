"""Queries of the cost of bill lines, and of the account on which it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import SupplierCredit
from voyagent.billing.core.queries import credits as credit_queries, taxes as tax_queries
from voyagent.billing.core.queries.documents import get_lines
from voyagent.billing.core.queries.recognitions import PREPAID, prepaid_lines
from voyagent.billing.core.rules import BOUGHT
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger.queries import sources


@dataclass(frozen=True, slots=True)
class StandingCost:
    """The cost of a bill line without its credits, and the account of this cost.

    `account` is the key of the account: `prepaid_trip_costs` before the service, `cost_of_services`
    from then on, or `held_for_suppliers` for a purchase as agent. `service_date` is the date of the
    entry that will recognise a prepaid cost, otherwise None. `base` is what the account carries of
    the amount in the base currency, or None if the amount is in the base currency itself or if its
    base amount is not known.
    """

    line_no: int
    account: str
    service_date: date | None
    amount: Money
    base: Money | None


def costs_of(bill: Bill) -> dict[int, int]:
    """Return the cost of each line in minor units, with taxes that are not claimed."""
    taxes: dict[int, int] = defaultdict(int)
    for tax in tax_queries.get_taxes(bill):
        taxes[tax.line_no] += tax.amount_minor
    return {
        line.line_no: line.amount_minor + (0 if line.input_credit else taxes[line.line_no])
        for line in get_lines(bill)
    }


def standing_costs(bill: Bill, day: date, base_currency: str) -> list[StandingCost]:
    """Return the cost of each line of a posted bill, with its account on a day.

    `day` is not before the last credit of the bill or its reversal. Lines that are credited
    completely are left out. The base amounts of lines on one account, and of prepaid lines with one
    service date, add up to what the entries of the bill and of its credits have left there.
    """
    lines, costs, prepaid = get_lines(bill), costs_of(bill), prepaid_lines(bill, day)
    credited = credit_queries.credited_by_line(bill)
    taxes = credit_queries.credited_taxes(bill)
    groups: dict[tuple[str, date | None], dict[int, int]] = defaultdict(dict)
    for line in lines:
        minor = costs[line.line_no] - credited.get(line.line_no, 0)
        if not line.input_credit:
            minor -= sum(tax for (line_no, _name), tax in taxes.items() if line_no == line.line_no)
        if minor:
            until = prepaid.get(line.line_no)
            groups[PREPAID if until else BOUGHT[line.bought_as], until][line.line_no] = minor
    base_of = _bases(bill, day, base_currency)
    found = []
    for (account, until), minors in groups.items():
        base = base_of(account, until)
        bases: list[Money] | list[None] = (
            [None] * len(minors) if base is None else base.split(list(minors.values()))
        )
        found += [
            StandingCost(line_no, account, until, Money(minor, bill.currency), part)
            for (line_no, minor), part in zip(minors.items(), bases, strict=True)
        ]
    return sorted(found, key=lambda one: one.line_no)


def _bases(bill: Bill, day: date, base_currency: str) -> Callable[[str, date | None], Money | None]:
    """Return a function that tells the base amount on an account on a day.

    For prepaid cost it is what the entries on the service date take from the account.
    """
    if bill.base_minor is None:
        return lambda _account, _until: None
    of_bill = select(SupplierCredit.id).where(SupplierCredit.bill_id == bill.id)
    of_sources: dict[str, Sequence[UUID]] = {
        "bill": [bill.id],
        "supplier_credit": db.session.scalars(of_bill).all(),
    }
    rows: list[Row] = SessionReader(db.session).read(sources.base_by_day_statement(of_sources))[0]

    def base_of(account: str, until: date | None) -> Money:
        minor = sum(
            -row["base_minor"] if until else row["base_minor"]
            for row in rows
            if row["purpose"] == account
            and (row["effective_date"] == until if until else row["effective_date"] <= day)
        )
        return Money(minor, base_currency)

    return base_of
