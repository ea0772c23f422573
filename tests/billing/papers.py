"""Short functions for tests to create, issue and settle documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from tests.people import Person
from voyagent.approvals.service import effects
from voyagent.approvals.service.effects import Description
from voyagent.billing.bills import queries as bill_queries, service as bill_service
from voyagent.billing.core.queries.roll_ups import AGEING
from voyagent.billing.core.service.instalments import InstalmentItem
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.payments.service.means import Means
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.write_offs import service as write_off_service
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.roll_ups import differences
from voyagent.kernel.money import Money

ISSUED, DUE = date(2024, 6, 10), date(2024, 6, 25)
EVER = (date(1900, 1, 1), date(2200, 12, 31))
COLUMNS = (
    "status",
    "number",
    "issue_date",
    "due_date",
    "currency",
    "total_minor",
    "paid_minor",
    "party_name",
    "party_reference",
    "notes",
    "entry_id",
)


def line(
    price: str = "22500.00",
    *,
    quantity: int = 2,
    currency: str = "INR",
    description: str = "Dubai visa",
) -> LineItem:
    """Return one line, by default two visas."""
    return LineItem(description=description, quantity=quantity, unit_price=price, currency=currency)


def plan(*parts: tuple[date, str]) -> list[InstalmentItem]:
    """Return instalments by date and amount."""
    return [InstalmentItem(due_date=due, amount=amount) for due, amount in parts]


def draft(person: Person, *lines: LineItem, **given: Any) -> UUID:
    """Create a draft for 45,000 rupees."""
    values = (
        {
            "customer_name": "Deepa Krishnan",
            "issue_date": ISSUED,
            "line_items": list(lines) or [line()],
        }
        | _due(given)
        | given
    )
    with person.acting() as actor:
        return invoice_drafts.draft_invoice(actor, **values).id


def issue(person: Person, invoice_id: UUID) -> str:
    """Issue a draft, in any order of days, and return its number."""
    with person.acting() as actor:
        issued = issuing.issue_invoice(actor, invoice_id, out_of_order_reason="Entered late")
        return issued.number or ""


def issued(person: Person, *lines: LineItem, **given: Any) -> UUID:
    """Create an issued invoice."""
    invoice_id = draft(person, *lines, **given)
    issue(person, invoice_id)
    return invoice_id


def draft_bill(person: Person, *lines: LineItem, **given: Any) -> UUID:
    """Create a draft bill of a supplier."""
    with person.acting() as actor:
        return bill_service.draft_bill(actor, **_billed(lines, given)).id


def receive(person: Person, *lines: LineItem, **given: Any) -> UUID:
    """Create a received bill of a supplier."""
    with person.acting() as actor:
        return bill_service.receive_bill(actor, **_billed(lines, given)).id


def pay(
    person: Person, invoice_id: UUID, minor: int, on: date = DUE, *, currency: str = "INR"
) -> UUID:
    """Record a receipt for an invoice."""
    with person.acting() as actor:
        return payment_service.record_receipt(actor, invoice_id, Money(minor, currency), on).id


def advance(
    person: Person, minor: int, on: date = DUE, *parts: Part, currency: str = "INR", **given: Any
) -> UUID:
    """Record a payment, by default of Deepa Krishnan, of which parts settle documents."""
    values = {"direction": "in", "party_name": "Deepa Krishnan"} | given
    if "account" in values:
        values["means"] = Means(account=values.pop("account"))
    with person.acting() as actor:
        return payment_service.record_payment(
            actor, amount=Money(minor, currency), on=on, parts=parts, **values
        ).id


def write_off(
    person: Person,
    invoice_id: UUID,
    minor: int | None = None,
    *,
    on: date = DUE,
    reason: str = "Cannot be traced",
    currency: str = "INR",
) -> UUID:
    """Write off the amount due of an invoice, or a part, under a grant."""
    amount = None if minor is None else Money(minor, currency)
    with person.granted("invoice.write_off").acting() as actor:
        return write_off_service.write_off_invoice(
            actor, invoice_id, reason=reason, amount=amount, on=on
        ).id


def left_of(person: Person, payment_id: UUID) -> tuple[int, int, int]:
    """Return the allocated, refunded and unallocated amounts of a payment."""
    with person.acting():
        payment = payment_queries.get_payment(payment_id)
        return payment.allocated_minor, payment.refunded_minor, payment.unapplied_minor


def bill_seen(person: Person, bill_id: UUID) -> dict[str, Any]:
    """Return the stored bill."""
    with person.acting():
        bill = bill_queries.get_bill(bill_id)
        return {
            "vendor_reference" if name == "number" else name: getattr(
                bill, "vendor_reference" if name == "number" else name
            )
            for name in COLUMNS
        }


def seen(person: Person, invoice_id: UUID) -> dict[str, Any]:
    """Return the stored invoice."""
    with person.acting():
        invoice = invoice_queries.get_invoice(invoice_id)
        return {name: getattr(invoice, name) for name in COLUMNS}


def untied(person: Person) -> list[str]:
    """Return the differences between roll-ups of open documents and the documents."""
    with person.reading() as reader:
        return list(map(str, differences(reader, AGEING)))


def _billed(lines: tuple[LineItem, ...], given: dict[str, Any]) -> Any:
    begun = {
        "vendor_name": "BSP India",
        "vendor_reference": "BSP-1",
        "issue_date": ISSUED,
        "line_items": list(lines) or [line()],
    }
    return begun | _due(given) | given


def _due(given: dict[str, Any]) -> dict[str, Any]:
    """Return a due date, unless the document has instalments."""
    return {} if given.get("instalments") else {"due_date": DUE}


def describe(name: str) -> Callable[[Actor, dict[str, Any]], Description]:
    """Return the preview of a capability."""
    effect = effects.find(name)
    assert effect is not None
    assert effect.describe is not None
    return effect.describe


def carry_out(name: str) -> Callable[[Actor, dict[str, Any]], dict[str, Any]]:
    """Return the act of a capability, as an approval runs it."""
    effect = effects.find(name)
    assert effect is not None
    return effect.run  # type: ignore[return-value]
