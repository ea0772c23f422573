"""Create invoices and bills of the last twelve months in two currencies."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from voyagent.billing.bills import queries as bill_queries, service as bill_service
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.core.service import matching
from voyagent.billing.core.service.instalments import InstalmentItem
from voyagent.billing.core.service.matching import Match
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.invoices.service import drafts as invoice_drafts, from_trips, issuing
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import Money

SOURCE = Path(__file__).with_name("documents.csv")
WHOLE = "full"
LOCAL = "Backwater Spices Exports Pvt Ltd"
"""A customer in the same state as the agency, so that CGST and SGST apply."""
OF_TRIPS = 101
"""Number of the first supplier bill for a trip; the bills of the file have lower numbers."""


def book_all(accountant: Actor) -> dict[str, int]:
    """Create the invoices and bills in `documents.csv`, with their payments.

    Returns the number of documents by kind, `invoice` or `bill`.
    """
    booked = {"invoice": 0, "bill": 0}
    with SOURCE.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            booked[line["kind"]] += 1
            if line["kind"] == "invoice":
                _invoice(accountant, line)
            else:
                _bill(accountant, line, booked["bill"])
    return booked


def book_trip(accountant: Actor, trip_id: UUID, bought: Mapping[str, str]) -> None:
    """Create a paid invoice for a trip, and a paid bill of each supplier, dated today.

    `bought` has, by supplier, the lines of the supplier's bill in the form `description | quantity
    | price; …`.
    """
    sale = from_trips.find_sale(trip_id)
    drafted = invoice_drafts.draft_invoice(
        accountant,
        customer_name=sale.customer_name or "",
        issue_date=clock.today(accountant.timezone),
        # Without a day of service the sale is revenue at once, as the bill is a cost at once.
        line_items=[{**item, "service_date": None, "service_to": None} for item in sale.items],
        trip_id=trip_id,
    )
    invoice = issuing.issue_invoice(accountant, drafted.id)
    whole = Money(invoice.open_minor, invoice.currency)
    _pay(accountant, invoice.id, whole, clock.today(accountant.timezone))
    common = {
        "currency": accountant.currency,
        "days_ago": "0",
        "terms_days": "7",
        "payments": f"0 {WHOLE}",
    }
    for number, (supplier, lines) in enumerate(bought.items(), OF_TRIPS):
        _bill(accountant, {**common, "party": supplier, "lines": lines}, number, trip_id)


def bill_today(accountant: Actor) -> int:
    """Issue an invoice with tax and an invoice in instalments, both dated today.

    Returns the number of invoices that were issued.
    """
    today, currency = clock.today(accountant.timezone), accountant.currency
    tour = LineItem(
        description="Munnar and Thekkady, four nights",
        quantity=2,
        unit_price="18500.00",
        currency=currency,
        tax="tour_without_credit",
    )
    fee = LineItem(
        description="Service fee",
        quantity=2,
        unit_price="750.00",
        currency=currency,
        sold_as="fee",
        tax="service_fee",
    )
    tour["service_date"] = today + timedelta(days=21)
    tour["service_to"] = today + timedelta(days=24)
    cruise = LineItem(
        description="Lakshadweep cruise for a staff outing, cabin",
        quantity=12,
        unit_price="24500.00",
        currency=currency,
    )
    thirds = [
        InstalmentItem(due_date=today + timedelta(days=30 * n), amount="98000.00") for n in range(3)
    ]
    drafted = [
        invoice_drafts.draft_invoice(
            accountant,
            customer_name=LOCAL,
            issue_date=today,
            line_items=[tour, fee],
            place_of_supply="32",
        ),
        invoice_drafts.draft_invoice(
            accountant,
            customer_name=LOCAL,
            issue_date=today,
            line_items=[cruise],
            instalments=thirds,
        ),
    ]
    for invoice in drafted:
        issuing.issue_invoice(accountant, invoice.id)
    return len(drafted)


def draft(
    agent: Actor,
    customer: str,
    description: str,
    quantity: int,
    unit_price: str,
    *,
    enquiry_id: UUID | None = None,
) -> UUID:
    """Create a draft invoice due in two weeks and return its id."""
    today = clock.today(agent.timezone)
    line = LineItem(
        description=description, quantity=quantity, unit_price=unit_price, currency=agent.currency
    )
    drafted = invoice_drafts.draft_invoice(
        agent,
        customer_name=customer,
        issue_date=today,
        due_date=today + timedelta(days=14),
        line_items=[line],
        enquiry_id=enquiry_id,
    )
    return drafted.id


def _invoice(accountant: Actor, line: Row) -> None:
    issued, due = _days(accountant, line)
    drafted = invoice_drafts.draft_invoice(
        accountant,
        customer_name=line["party"],
        issue_date=issued,
        due_date=due,
        line_items=_items(line),
    )
    invoice = issuing.issue_invoice(accountant, drafted.id)
    for day, amount in _payments(accountant, line):
        whole = Money(invoice.open_minor, invoice.currency)
        _pay(accountant, invoice.id, amount or whole, day)


def _pay(accountant: Actor, invoice_id: UUID, amount: Money, day: date) -> None:
    payment_service.record_receipt(accountant, invoice_id, amount, day, reference="NEFT")


def _bill(accountant: Actor, line: Row, number: int, trip_id: UUID | None = None) -> None:
    dated, due = _days(accountant, line)
    facts = {
        "vendor_name": line["party"],
        "vendor_reference": f"{line['party'][:3].upper()}-{number:04d}",
    }
    drafted = bill_service.draft_bill(
        accountant,
        **facts,
        issue_date=dated,
        due_date=due,
        line_items=_items(line),
        trip_id=trip_id,
    )
    if trip_id is not None:
        bill_service.match_bill(accountant, drafted.id, _matches(drafted.id))
    bill = bill_service.receive_draft(accountant, drafted.id)
    for day, amount in _payments(accountant, line):
        payment_service.pay_bill(
            accountant, bill.id, amount or Money(bill.open_minor, bill.currency), day
        )


def _matches(bill_id: UUID) -> list[Match]:
    """Match each line of a bill to an expected bill of its amount, if there is one."""
    bill = bill_queries.get_bill(bill_id)
    found: list[Match] = []
    candidates = matching.candidates(bill)
    for line in document_queries.get_lines(bill):
        alike = [one for one in candidates if one["open_minor"] == line.amount_minor]
        if alike:
            candidates.remove(alike[0])
            found.append(Match(line.line_no, alike[0]["id"]))
    return found


def _days(accountant: Actor, line: Row) -> tuple[date, date]:
    dated = clock.today(accountant.timezone) - timedelta(days=int(line["days_ago"]))
    return dated, dated + timedelta(days=int(line["terms_days"]))


def _items(line: Row) -> list[LineItem]:
    """Parse document lines in the form `description | quantity | price; …`.

    `description | quantity | price | agent` is a bill line that is bought as agent. `description |
    quantity | price | agent | commission` is an invoice line that is sold as agent with this
    commission.
    """
    return [
        _item(line["currency"], *(part.strip() for part in item.split("|")))
        for item in line["lines"].split(";")
    ]


def _item(
    currency: str,
    words: str,
    quantity: str,
    price: str,
    agent: str | None = None,
    commission: str | None = None,
) -> LineItem:
    item = LineItem(description=words, quantity=int(quantity), unit_price=price, currency=currency)
    if agent and commission:
        item |= {"sold_as": "agent", "commission": commission}
    elif agent:
        item |= {"bought_as": "agent"}
    return item


def _payments(accountant: Actor, line: Row) -> list[tuple[date, Money | None]]:
    """Parse payments of the form `days-ago amount; …`.

    Returns the day and the amount of each payment. The word `full` stands for the whole open
    amount, which is returned as None.
    """
    today = clock.today(accountant.timezone)
    pairs = [payment.split() for payment in line["payments"].split(";") if payment.strip()]
    return [
        (
            today - timedelta(days=int(ago)),
            None if amount == WHOLE else Money.parse(amount, line["currency"]),
        )
        for ago, amount in pairs
    ]
