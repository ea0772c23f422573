"""Documents for tests of the reports, created through the services."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from tests.billing.papers import DUE, advance, issued, line, receive
from tests.ledger.books import post
from tests.people import Person
from voyagent.billing.bills import service as bill_service
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing
from voyagent.billing.payments.service import (
    payments as payment_service,
    reversals as payment_reversals,
)
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel import clock
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.service import entries

AS_OF = date(2026, 3, 31)
# Domain rules, section on ageing: due date, days past due on 31 March 2026, bucket, whether it is
# not due.
VECTORS = (
    (date(2026, 4, 15), 0, "0-30"),
    (date(2026, 3, 31), 0, "0-30"),
    (date(2026, 3, 1), 1, "0-30"),
    (date(2026, 2, 28), 2, "31-60"),
    (date(2026, 1, 30), 2, "31-60"),
    (date(2026, 1, 29), 3, "61-90"),
    (date(2025, 12, 31), 3, "61-90"),
    (date(2025, 12, 30), 4, "90+"),
)
MAY = date(2026, 5, 4)
DAYS = "from=2026-05-01&to=2026-05-31"
EVIL = '=HYPERLINK("x")'
REPORTS = {
    "receivables": "as_of=2026-05-31",
    "payables": "as_of=2026-05-31",
    "trial-balance": "from=2026-05-01&as_of=2026-05-31",
    "profit-and-loss": DAYS,
    "cash-flow": DAYS,
    "balance-sheet": "as_of=2026-05-31",
    "general-ledger": f"account=1200&{DAYS}",
    "day-book": DAYS,
    "trip-margins": DAYS,
    "party-statement": f"party={EVIL.replace('=', '%3D')}&{DAYS}",
}
"""Every report that comes as a file, with what its address asks for."""


def today() -> date:
    """The day in UTC, which is also the zone of a fresh agency."""
    return clock.today()


def days_ago(days: int) -> date:
    """A day in the past."""
    return today() - timedelta(days=days)


def invoice(
    who: Person,
    party: str,
    amount: str,
    *,
    due: date,
    issued: date | None = None,
    currency: str = "INR",
) -> UUID:
    """An issued invoice of one line."""
    with who.acting() as actor:
        drafted = invoice_drafts.draft_invoice(
            actor,
            customer_name=party,
            issue_date=issued or due,
            due_date=due,
            line_items=[
                {
                    "description": "Air tickets",
                    "quantity": 1,
                    "unit_price": amount,
                    "currency": currency,
                }
            ],
        )
        return issuing.issue_invoice(actor, drafted.id, out_of_order_reason="Late").id


def bill(
    who: Person, party: str, amount: str, *, due: date, reference: str, currency: str = "INR"
) -> UUID:
    """A received bill of one line."""
    with who.acting() as actor:
        return bill_service.receive_bill(
            actor,
            vendor_name=party,
            vendor_reference=reference,
            issue_date=min(due, today()),
            due_date=due,
            line_items=[
                {
                    "description": "Air tickets, net",
                    "quantity": 1,
                    "unit_price": amount,
                    "currency": currency,
                }
            ],
        ).id


def pay(who: Person, invoice_id: UUID, amount: str, *, on: date, currency: str = "INR") -> None:
    """A receipt for an invoice."""
    who.does(payment_service.record_receipt, invoice_id, Money.parse(amount, currency), on)


def trade(who: Person) -> None:
    """Invoices, bills, payments, a reversal and an entry by hand, in two currencies."""
    part = invoice(who, "Deepa Krishnan", "1000", due=days_ago(20))
    pay(who, part, "400", on=days_ago(3))
    pay(who, invoice(who, "Deepa Krishnan", "50.25", due=days_ago(40)), "50.25", on=days_ago(2))
    invoice(who, "Al Noor Trading LLC", "700.25", due=days_ago(40), currency="AED")
    bill(who, "Galaxy Consolidators", "300", due=days_ago(5), reference="G-1")
    who.does(
        payment_service.pay_bill,
        bill(who, "Galaxy Consolidators", "80", due=days_ago(9), reference="G-2"),
        Money.parse("80", "INR"),
        days_ago(1),
    )
    for currency in ("INR", "AED"):
        who.does(
            payment_service.record_payment,
            direction="in",
            party_name="Deepa Krishnan",
            amount=Money(10_000, currency),
            on=days_ago(4),
        )
    by_hand = [
        entries.debit("cash", Money(500, "INR"), party_name="By hand"),
        entries.credit("capital", Money(500, "INR")),
    ]
    undone = post(
        who,
        lines=[by_hand[0], entries.credit("revenue_fees", Money(500, "INR"))],
        entry_date=date(2026, 1, 5),
    )
    who.does(entries.reverse, undone.entry_id, reason="Undone", entry_date=date(2026, 2, 5))
    post(who, lines=[entries.debit("bank", Money(500, "INR"), party_name="By hand"), by_hand[1]])


def busy_may(who: Person) -> None:
    """Invoices of two customers, a bill and a loss in dirhams.

    One customer has a name that begins like a formula.
    """
    invoice(who, EVIL, "1000.50", due=MAY)
    invoice(who, "Deepa Krishnan", "200", due=MAY)
    bill(who, "Galaxy Consolidators", "300", due=MAY, reference="-G-1")
    loss = Money(70_025, "AED")
    post(
        who,
        lines=[entries.debit("cost_of_services", loss), entries.credit("bank", loss)],
        entry_date=MAY,
        narration="@rooms",
    )


def taken_back(who: Person) -> None:
    """A refund, a credit note and a supplier's credit, each reversed a day later."""
    sold, bought = issued(who), receive(who)
    with who.acting() as actor:
        paid = payment_service.record_payment(
            actor, direction="in", party_name="Meera Nair", amount=Money(1_000, "INR"), on=DUE
        )
        refund = payment_service.refund_payment(actor, paid.id, amount=Money(400, "INR"), on=DUE)
        payment_reversals.reverse_refund(
            actor, paid.id, refund.id, reason="Wrong customer", on=DUE + timedelta(days=1)
        )
        note = credit_note_service.issue_credit_note(
            actor, sold, reason="Late", on=DUE, amounts={1: Money(1_000_000, "INR")}
        )
        credit_note_service.reverse_credit_note(
            actor, note.id, reason="Wrong invoice", on=DUE + timedelta(days=1)
        )
        credit = supplier_credit_service.credit_bill(
            actor,
            bought,
            reason="Late",
            on=DUE,
            vendor_reference="C-1",
            amounts={1: Money(2_000_000, "INR")},
        )
        supplier_credit_service.reverse_supplier_credit(
            actor, credit.id, reason="Wrong bill", on=DUE + timedelta(days=1)
        )


def paid_in_other_money(who: Person) -> None:
    """An invoice over USD 1,000, booked at 83 rupees and paid with rupees.

    It is settled by 84,000 of them.
    """
    rate = Quote("USD", "INR", Decimal(83), DUE, "State Bank")
    sold = issued(who, line("1000.00", quantity=1, currency="USD"), exchange_rate=rate)
    advance(who, 8_400_000, DUE, Part(sold, Money(8_400_000, "INR"), Money(100_000, "USD")))
