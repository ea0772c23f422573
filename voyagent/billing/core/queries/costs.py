"""Queries of cost and deferred revenue of document lines, and of what they carry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import kind_of
from voyagent.billing.core.queries import credits as credit_queries, taxes as tax_queries
from voyagent.billing.core.queries.documents import get_lines
from voyagent.billing.core.queries.recognitions import DEFERRED, PREPAID, prepaid_lines
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


@dataclass(frozen=True, slots=True)
class StandingRevenue:
    """The deferred revenue of an invoice line without its credits.

    `base` is what deferred income carries of it in the base currency, or None if the amount is in
    the base currency itself or if its base amount is not known.
    """

    service_date: date
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
        bases = _split(base_of(account, until), minors.values())
        found += [
            StandingCost(line_no, account, until, Money(minor, bill.currency), part)
            for (line_no, minor), part in zip(minors.items(), bases, strict=True)
        ]
    return sorted(found, key=lambda one: one.line_no)


def standing_revenue(
    invoice: Invoice, deferred: Collection[int], base_currency: str
) -> dict[int, StandingRevenue]:
    """Return the deferred revenue of invoice lines without their credits.

    The keys are line numbers. `deferred` has the numbers of all lines of the invoice whose revenue
    is deferred. Lines that are credited completely are left out.
    """
    credited = credit_queries.credited_by_line(invoice)
    groups: dict[date, dict[int, int]] = defaultdict(dict)
    for line in get_lines(invoice):
        minor = line.amount_minor - credited.get(line.line_no, 0)
        if minor and line.line_no in deferred and line.service_date is not None:
            groups[line.service_date][line.line_no] = minor
    base_of = _bases(invoice, invoice.issue_date, base_currency)
    found = {}
    for until, minors in groups.items():
        for (line_no, minor), base in zip(
            minors.items(), _split(base_of(DEFERRED, until), minors.values()), strict=True
        ):
            found[line_no] = StandingRevenue(until, Money(minor, invoice.currency), base)
    return found


def _split(base: Money | None, minors: Collection[int]) -> list[Money] | list[None]:
    return [None] * len(minors) if base is None else base.split(list(minors))


def _bases(
    document: Invoice | Bill, day: date, base_currency: str
) -> Callable[[str, date | None], Money | None]:
    """Return a function that tells the base amount on an account on a day.

    For what waits for its service date it is what the entries on that date take from the account.
    """
    if document.base_minor is None:
        return lambda _account, _until: None
    kind, sign = kind_of(document), 1 if isinstance(document, Invoice) else -1
    credit = kind.credit.model
    of_document = select(credit.id).where(getattr(credit, kind.key) == document.id)
    of_sources: dict[str, Sequence[UUID]] = {
        kind.name: [document.id],
        kind.credit.name: db.session.scalars(of_document).all(),
    }
    rows: list[Row] = SessionReader(db.session).read(sources.base_by_day_statement(of_sources))[0]

    def base_of(account: str, until: date | None) -> Money:
        minor = sum(
            sign * row["base_minor"] if until else row["base_minor"]
            for row in rows
            if row["purpose"] == account
            and (row["effective_date"] == until if until else row["effective_date"] <= day)
        )
        return Money(minor, base_currency)

    return base_of
