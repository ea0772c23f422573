"""Format enquiries as JSON output, and as text for the assistant's answers."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext, ngettext

from voyagent.capabilities.capability import Choice
from voyagent.capabilities.cards import day, money
from voyagent.capabilities.results import Column, Result, ResultLink
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import wire_instant
from voyagent.kernel.json_values import JsonObject

SHOWN_MAX = 20
ENQUIRY_STEPS = {
    "enquiry_not_found": N_("Give the customer’s name, or list the enquiries."),
}


def route(enquiry: JsonObject) -> str:
    """Return the route as `Mumbai → Paris`; an unknown end is left out."""
    return " → ".join(filter(None, (enquiry.get("origin"), enquiry.get("destination"))))


def _days(enquiry: JsonObject) -> list[str | None]:
    return [enquiry.get("depart_date"), enquiry.get("return_date")]


OPEN_ENQUIRY = ResultLink(label=N_("Open the enquiry"), page="enquiry_id")
ENQUIRY_TABLE = Result(
    title=N_("Enquiries"),
    rows="enquiries",
    columns=(
        Column(label=N_("Customer"), value="customer_name", page="enquiry_id"),
        Column(label=N_("Route"), value=route),
        Column(label=N_("Dates"), value=_days, kind="dates"),
        Column(label=N_("People"), value="pax_count", kind="number"),
    ),
)
ENQUIRY_FACTS = Result(
    record="enquiry",
    columns=(
        Column(label=N_("Customer"), value="customer_name"),
        Column(label=N_("Route"), value=route),
        Column(label=N_("Dates"), value=_days, kind="dates"),
        Column(label=N_("People"), value="pax_count"),
        Column(label=N_("E-mail"), value="customer_email"),
        Column(label=N_("Phone"), value="customer_phone"),
    ),
    link=OPEN_ENQUIRY,
)


def brief(row: Row) -> JsonObject:
    """Return the main fields of an enquiry as JSON, for a list."""
    amount = row["budget_hundredths"]
    return {
        "id": str(row["id"]),
        "customer_name": row["customer_name"],
        "origin": row["origin"],
        "destination": row["destination"],
        "depart_date": _day(row["depart_date"]),
        "return_date": _day(row["return_date"]),
        "pax_count": row["pax_count"],
        "budget": (
            None
            if amount is None
            else {
                "amount": f"{amount // 100}.{amount % 100:02d}",
                "currency": row["budget_currency"],
            }
        ),
        "status": row["status"],
    }


def full(row: Row) -> JsonObject:
    """Return the fields of `brief`, the contact details, notes and time of creation."""
    return brief(row) | {
        "customer_email": row["customer_email"],
        "customer_phone": row["customer_phone"],
        "notes": row["notes"],
        "created_at": wire_instant(row["created_at"]),
    }


def enquiry_line(enquiry: JsonObject) -> str:
    """Describe an enquiry in one line: customer, route, dates, people and status."""
    days = " – ".join(day(one) for one in _days(enquiry) if one)
    people = str(ngettext("one person", "%(num)d people", enquiry["pax_count"]))
    status = status_label(enquiry["status"])
    return ", ".join(filter(None, (enquiry["customer_name"], route(enquiry), days, people, status)))


def enquiry_record(enquiry: JsonObject) -> Choice:
    """Return an enquiry as a record that an answer refers to."""
    return Choice(enquiry["id"], enquiry_line(enquiry))


def field_labels() -> dict[str, str]:
    """Return the labels of the fields that a customer's message often lacks, by field."""
    return {
        "customer_email": gettext("e-mail"),
        "customer_phone": gettext("phone"),
        "origin": gettext("origin"),
        "destination": gettext("destination"),
        "depart_date": gettext("departure"),
        "return_date": gettext("return"),
        "budget": gettext("budget"),
    }


def not_known(enquiry: JsonObject) -> str:
    """Return a sentence that lists the empty fields; an empty text if there are none."""
    labels = ", ".join(label for name, label in field_labels().items() if not enquiry.get(name))
    return str(gettext("Not known: %(fields)s.", fields=labels)) if labels else ""


def budget_line(enquiry: JsonObject) -> str:
    """Return the budget as text; an empty text if there is none."""
    budget = enquiry.get("budget")
    return str(gettext("Budget %(budget)s.", budget=money(budget))) if budget else ""


def status_label(status: str) -> str:
    """Return a status as part of a sentence; an empty text if it is unknown."""
    labels = {
        "new": gettext("new"),
        "open": gettext("open"),
        "quoted": gettext("quoted"),
        "booked": gettext("booked"),
        "cancelled": gettext("cancelled"),
    }
    return str(labels.get(status, ""))


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None
