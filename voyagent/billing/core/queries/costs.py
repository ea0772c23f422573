"""Queries of the cost and deferred revenue of document lines, with base amounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.kinds import kind_of
from voyagent.billing.core.queries import credits as credit_queries, taxes as tax_queries
from voyagent.billing.core.queries.cancellations import kept_lines, lost_lines
from voyagent.billing.core.queries.documents import get_lines
from voyagent.billing.core.queries.recognitions import DEFERRED, PREPAID, recognised
from voyagent.billing.core.rules import (
    ACCRUED,
    BOUGHT,
    Parts,
    cost_parts,
    later_parts,
    left_of_parts,
    revenue_minor,
    revenue_parts,
)
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger.queries import sources


@dataclass(frozen=True, slots=True)
class StandingCost:
    """A part of the cost of a bill line after its credits, with its account.

    A line has one part for each entry that will recognise prepaid cost, and one for the rest.
    `account` is the key of the account: `prepaid_trip_costs` until the cost is recognised,
    `cost_of_services` from then on, or `held_for_suppliers` for a purchase as agent. `service_date`
    is the date of the entry that will recognise a prepaid part, otherwise None. `base` is what the
    account carries of the amount in the base currency, or None if the amount is in the base
    currency itself or if its base amount is not known.
    """

    line_no: int
    account: str
    service_date: date | None
    amount: Money
    base: Money | None


@dataclass(frozen=True, slots=True)
class StandingRevenue:
    """A part of the deferred revenue of an invoice line without its credits.

    `sold_as` is that of the line, and `service_date` the day of the entry that will recognise the
    part. `base` is what deferred income carries of it in the base currency, or None if the amount
    is in the base currency itself or if its base amount is not known.
    """

    line_no: int
    sold_as: str
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


def parts_left(bill: Bill) -> dict[int, dict[date, int]]:
    """Return the parts of each line of a posted bill, less its credits.

    The amounts are in minor units, by line number and by the day on which the part becomes cost.
    Lines without parts are left out.
    """
    costs, credited = costs_of(bill), credited_costs(bill)
    by_part = credit_queries.credited_parts(bill)
    found = {}
    for line in get_lines(bill):
        if parts := _parts_of(line, costs[line.line_no]):
            credited_minor = credited.get(line.line_no, 0)
            found[line.line_no] = left_of_parts(parts, credited_minor, by_part.get(line.line_no))
    return found


def _parts_of(line: BillLine, minor: int) -> dict[date, int]:
    return cost_parts(minor, line.bought_as, line.service_date, line.service_to, line.recognition)


def credited_costs(bill: Bill) -> dict[int, int]:
    """Return the credited cost of each line, with taxes that are not claimed.

    The amounts are in minor units, by line number.
    """
    found = defaultdict(int, credit_queries.credited_by_line(bill))
    unclaimed = {line.line_no for line in get_lines(bill) if not line.input_credit}
    for (line_no, _component), minor in credit_queries.credited_taxes(bill).items():
        if line_no in unclaimed:
            found[line_no] += minor
    return found


def prepaid_parts(bill: Bill, parts: Mapping[int, Parts], day: date) -> dict[int, dict[date, int]]:
    """Return the parts of the lines of a posted bill that are prepaid on a day.

    A part counts only if the bill posted an entry for its day: an earlier release posted some costs
    at once. Lines of which a cancellation has recognised the cost are left out.
    """
    lost = lost_lines(bill.id)
    return _booked(
        bill, {no: later_parts(of_line, day) for no, of_line in parts.items() if no not in lost}
    )


def standing_costs(bill: Bill, day: date, base_currency: str) -> list[StandingCost]:
    """Return the parts of the cost of a posted bill, each with its account on a day.

    `day` is not before the last credit of the bill or its reversal. Parts that are credited
    completely are left out. The base amounts of the parts on one account add up to the base amount
    on this account from the entries of the bill and of its credits; for prepaid parts this holds
    for each date.
    """
    costs, credited = costs_of(bill), credited_costs(bill)
    prepaid = prepaid_parts(bill, parts_left(bill), day)
    groups: dict[tuple[str, date | None], dict[int, int]] = defaultdict(dict)
    for line in get_lines(bill):
        minor = costs[line.line_no] - credited.get(line.line_no, 0)
        for day_of_part, part in prepaid.get(line.line_no, {}).items():
            groups[PREPAID, day_of_part][line.line_no] = part
            minor -= part
        if minor:
            groups[BOUGHT[line.bought_as], None][line.line_no] = minor
    base_of = _bases(bill, day, base_currency)
    found = []
    for (account, until), minors in groups.items():
        bases = _split(base_of(account, until), minors.values())
        found += [
            StandingCost(line_no, account, until, Money(minor, bill.currency), part)
            for (line_no, minor), part in zip(minors.items(), bases, strict=True)
        ]
    return sorted(found, key=lambda one: (one.line_no, one.service_date or date.min))


def parts_of_line(line: InvoiceLine, method: str | None) -> dict[date, int]:
    """Divide the revenue of an invoice line over the days on which it is recognised.

    `method` is the method of recognition. The amounts are in minor units.
    """
    minor = revenue_minor(line.sold_as, line.amount_minor, line.commission_minor)
    return revenue_parts(minor, line.sold_as, line.service_date, line.service_to, method)


def revenue_left(invoice: Invoice) -> dict[int, dict[date, int]]:
    """Return the parts of each line of a posted invoice, less its credits.

    The amounts are in minor units, by line number and by the day on which they are recognised.
    """
    credited = credit_queries.credited_by_line(invoice)
    recalled = credit_queries.recalled_by_line(invoice)
    by_part = credit_queries.credited_parts(invoice)
    return {
        line.line_no: left_of_parts(
            parts_of_line(line, line.recognition),
            revenue_minor(
                line.sold_as, credited.get(line.line_no, 0), recalled.get(line.line_no, 0)
            ),
            by_part.get(line.line_no),
        )
        for line in get_lines(invoice)
    }


def deferred_parts(
    invoice: Invoice, parts: Mapping[int, Parts], day: date
) -> dict[int, dict[date, int]]:
    """Return the parts of lines of a posted invoice that are still deferred on a day.

    A part counts only if the invoice posted an entry for its day: an earlier release deferred less.
    Lines whose revenue a cancellation has kept are left out.
    """
    kept = kept_lines(invoice.id)
    return _booked(
        invoice,
        {no: later_parts(of_line, day) for no, of_line in parts.items() if no not in kept},
    )


def kept_parts(invoice: Invoice, parts: Mapping[int, Parts]) -> dict[int, dict[date, int]]:
    """Return the parts of lines of a posted invoice that a cancellation has kept."""
    kept = kept_lines(invoice.id)
    return _booked(
        invoice,
        {no: later_parts(of_line, kept[no]) for no, of_line in parts.items() if no in kept},
    )


def _booked(document: Invoice | Bill, parts: Mapping[int, Parts]) -> dict[int, dict[date, int]]:
    """Return the parts for which a document has posted a later entry, by line number."""
    if not any(parts.values()):
        return {}
    booked = {on for _entry_id, on in recognised(kind_of(document).name, document.id)}
    return {
        line_no: {on: minor for on, minor in of_line.items() if on in booked}
        for line_no, of_line in parts.items()
    }


def standing_revenue(invoice: Invoice, day: date, base_currency: str) -> list[StandingRevenue]:
    """Return the parts of the revenue of an invoice that are deferred on a day.

    `day` is not before the last credit of the invoice or its reversal. Parts that are credited
    completely are left out.
    """
    waiting = deferred_parts(invoice, revenue_left(invoice), day)
    sold = {line.line_no: line.sold_as for line in get_lines(invoice)}
    groups: dict[date, dict[int, int]] = defaultdict(dict)
    for line_no, parts in waiting.items():
        for until, minor in parts.items():
            groups[until][line_no] = minor
    base_of = _bases(invoice, invoice.issue_date, base_currency)
    return [
        StandingRevenue(line_no, sold[line_no], until, Money(minor, invoice.currency), base)
        for until, minors in sorted(groups.items())
        for (line_no, minor), base in zip(
            minors.items(), _split(base_of(DEFERRED, until), minors.values()), strict=True
        )
    ]


def _split(base: Money | None, minors: Collection[int]) -> list[Money] | list[None]:
    return [None] * len(minors) if base is None else base.split(list(minors))


def _bases(
    document: Invoice | Bill, day: date, base_currency: str
) -> Callable[[str, date | None], Money | None]:
    """Return a function that returns the base amount on an account on a day.

    It takes an account and, for prepaid cost or deferred revenue, the date of recognition. It then
    returns the base amount that the entries on that date take from the account. The accrued cost
    that a bill takes over is a part of its cost.
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
            if (BOUGHT["cost"] if row["purpose"] == ACCRUED else row["purpose"]) == account
            and (row["effective_date"] == until if until else row["effective_date"] <= day)
        )
        return Money(minor, base_currency)

    return base_of
