"""Code that invoice capabilities share, such as results and checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from flask_babel import gettext

from voyagent.approvals.service.effects import (
    CheckShown,
    DocumentShown,
    MoneyShown,
    RowShown,
)
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.service import numbering, pricing, rounding
from voyagent.billing.core.words.lines import line_words
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.capabilities.capability import Choice
from voyagent.capabilities.cards import day
from voyagent.capabilities.results import Column, Result, ResultLink
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.errors import N_
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken, wire_amount

INVOICE_OUTPUT = frozenset(
    {"invoice_id", "number", "total_amount", "currency", "status", "customer_name", "due_date"}
)
INVOICE_STEPS = {
    "invoice_not_found": N_("Enter the invoice number, or ask for a list of invoices."),
}
INVOICE_FACTS = Result(
    columns=(
        Column(label=N_("Customer"), value="customer_name"),
        Column(label=N_("Number"), value="number"),
        Column(label=N_("Total"), value="total_amount", kind="money"),
    ),
    link=ResultLink(label=N_("Open the invoice"), page="invoice_id"),
)
_ALIKE_DAYS = 30
_USUAL_TERMS_MAX = 180
_USUAL_DAYS_APART = 7


def invoice_output(invoice: Invoice) -> JsonObject:
    """Return an invoice as a capability's result, with the API's member names."""
    return {
        "invoice_id": str(invoice.id),
        "number": invoice.number,
        "total_amount": wire_amount(invoice.total_minor, invoice.currency),
        "currency": invoice.currency,
        "status": invoice.status,
        "customer_name": invoice.party_name,
        "due_date": invoice.due_date.isoformat(),
    }


def invoice_records(output: JsonObject) -> Sequence[Choice]:
    """Return the invoice as a choice, so that a later message can refer to it.

    The amount of the choice is the open amount if the result has it, otherwise the total.
    """
    name = output.get("customer_name") or output.get("party_name") or ""
    amount = output.get("open_amount") or output["total_amount"]
    return (
        Choice(
            output["invoice_id"],
            f"{output['number'] or gettext('draft')}, {name}",
            output["number"] or "",
            Money.parse(amount, output["currency"]),
        ),
    )


def issued_answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the answer text after issuing: number, customer, total and due date."""
    return str(
        gettext(
            "Invoice %(number)s to %(name)s is issued and posted: %(total)s, due %(due)s.",
            number=output["number"],
            name=output["customer_name"],
            total=spoken(output["total_amount"], output["currency"]),
            due=day(output["due_date"]),
        )
    )


def shown_document(
    title: str, party: str, issue_date: date, rows: Sequence[RowShown], total: Money
) -> DocumentShown:
    """Return an invoice in the type that a preview shows."""
    return DocumentShown(
        title=title,
        date=day(issue_date),
        day=issue_date.isoformat(),
        party=party,
        rows=list(rows),
        total=MoneyShown(amount=total.wire, currency=total.currency),
    )


def line_rows(lines: Iterable[pricing.PricedLine]) -> list[RowShown]:
    """Return the preview rows of lines."""
    return [
        RowShown(
            text=line_words(
                line.description, line.quantity, line.unit, line.unit_price, line.discount
            ),
            amount=line.amount.wire,
        )
        for line in lines
    ]


def stored_rows(lines: Iterable[InvoiceLine], currency: str) -> list[RowShown]:
    """Return the preview rows of the lines of an invoice in this currency."""
    return [
        RowShown(
            text=line_words(
                line.description,
                line.exact_quantity,
                line.unit,
                Money(line.unit_price_minor, currency),
                Money(line.discount_minor, currency),
            ),
            amount=wire_amount(line.amount_minor, currency),
        )
        for line in lines
    ]


def tax_rows(taxes: Iterable[Row]) -> list[RowShown]:
    """Return the preview rows of taxes with `words` and `amount`."""
    return [RowShown(text=tax["words"], amount=tax["amount"].wire) for tax in taxes]


def round_off_rows(round_off: Money) -> list[RowShown]:
    """Return the row of a rounding amount, or no row for zero."""
    return [RowShown(text=gettext("Round-off"), amount=round_off.wire)] if round_off else []


def priced_rows(priced: pricing.Priced) -> list[RowShown]:
    """Return the preview rows of lines without taxes, and of their rounding."""
    return [
        *line_rows(priced.lines),
        *round_off_rows(rounding.round_off(priced.total)),
    ]


def priced_total(priced: pricing.Priced) -> Money:
    """Return the total of an invoice whose lines have no taxes.

    The total is rounded if the agency rounds its invoices.
    """
    return priced.total + rounding.round_off(priced.total)


def due_note(due_date: date) -> str:
    """Return the due date as a short text."""
    return str(gettext("Due %(day)s", day=day(due_date)))


def check_terms(issue_date: date, due_date: date) -> CheckShown:
    """Return a check for a preview: a warning if the due date is unusually late.

    A due date more than 180 days after the issue date is unusual.
    """
    days = (due_date - issue_date).days
    if days > _USUAL_TERMS_MAX:
        return CheckShown(
            ok=False, text=gettext("Due %(days)s days after issue, longer than usual", days=days)
        )
    return CheckShown(
        ok=True,
        text=(
            gettext("Due %(days)s days after issue", days=days)
            if days
            else gettext("Due on the day of issue")
        ),
    )


def check_day(actor: Actor, issue_date: date) -> CheckShown:
    """Return a check for a preview: a warning if the issue date is unusual.

    The date is unusual if it is more than 7 days before or after today, or in another financial
    year.
    """
    today = clock.today(actor.timezone)
    apart = (issue_date - today).days
    if apart == 0:
        return CheckShown(ok=True, text=gettext("Issued today"))
    if other := numbering.other_year(issue_date, today):
        return CheckShown(
            ok=False,
            text=gettext(
                "Booked on %(day)s, in a different financial year: %(year)s",
                day=day(issue_date),
                year=other.year,
            ),
        )
    return CheckShown(
        ok=abs(apart) <= _USUAL_DAYS_APART, text=gettext("Booked on %(day)s", day=day(issue_date))
    )


def check_alike(
    reader: Reader, actor: Actor, party: str, total: Money, besides: Invoice | None = None
) -> CheckShown:
    """Return a check for a preview: a warning if an invoice is possibly a duplicate.

    There is a warning if the customer `party` has another invoice with exactly the total `total`,
    and an issue date at most 30 days ago. `besides` is the invoice itself, which is ignored.
    """
    since = clock.today(actor.timezone) - timedelta(days=_ALIKE_DAYS)
    alike = invoice_queries.find_alike(
        reader,
        party,
        total.amount_minor,
        total.currency,
        since=since,
        besides=besides.id if besides else None,
    )
    if not alike:
        return CheckShown(
            code="alike",
            ok=True,
            text=gettext(
                "No other invoice of the same amount for this customer in the last 30 days"
            ),
        )
    which = alike[0]["number"] or gettext("a draft")
    return CheckShown(
        code="alike",
        ok=False,
        text=gettext(
            "Possible duplicate: another invoice of the same amount for this customer, %(which)s",
            which=which,
        ),
    )
