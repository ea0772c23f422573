"""Show a trip to staff: passengers, services, documents, next steps and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from flask_babel import gettext
from pydantic import Field
from pydantic_core import to_jsonable_python

from voyagent.capabilities.capability import Capability, Card, Choice, Invocation, Slot
from voyagent.capabilities.cards import SHOWN_MAX, amounts, day, listing, paragraphs, sums
from voyagent.capabilities.results import Column, Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Id
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken
from voyagent.trips.capabilities.cards import TRIP_RESULTS, people_note, price_text
from voyagent.trips.capabilities.current_trip import TRIP_CHOICES, CurrentTripInput, current_trip
from voyagent.trips.capabilities.outputs import money_output
from voyagent.trips.queries.charges import charges_of
from voyagent.trips.queries.facts import read_trip_facts
from voyagent.trips.rules.details import VisaDetails
from voyagent.trips.rules.journey import Line, Passenger
from voyagent.trips.rules.lint import findings
from voyagent.trips.schemas import TripFactsOut
from voyagent.trips.words import country_name, sentence_of, state_word

_FIELDS = {"flight": ("pnr_id",), "hotel": ("booking_id",)}


class ShowTripInput(CurrentTripInput):
    """The trip to show."""

    trip_id: Annotated[Id | None, Slot("trip", N_("Which trip?"))] = Field(
        default=None, description=CurrentTripInput.model_fields["trip_id"].description
    )


def _name(line: JsonObject) -> str:
    return country_name(line["name"]) if line.get("kind") == "visa" else str(line["name"])


LINES = Result(
    title=N_("Trip"),
    rows="lines",
    columns=(
        Column(value=_name, page="trip_id"),
        Column(value="starts_on", kind="date"),
        Column(value="status", kind="status"),
        Column(value="price", kind="money"),
    ),
)


def run(call: Invocation, inputs: ShowTripInput) -> JsonObject:
    """Return the trip with totals, warnings, facts and the items for an invoice.

    `findings` are the warnings, and `charges` the items for an invoice. `facts` is what the API
    answers about the documents of the trip (`TripFactsOut`), or None if the caller may not read
    documents. Raises the errors of `current_trip`.
    """
    trip_id = inputs.trip_id or current_trip(call, inputs).trip["id"]
    found = read_trip_facts(call.reader, trip_id)
    journey = found.journey
    return {
        "trip_id": str(journey.trip["id"]),
        "title": journey.trip["title"],
        "status": journey.status,
        "passengers": [_passenger(one) for one in journey.passengers],
        "lines": [_line(line) for line in journey.lines],
        "totals": [
            {
                "currency": total.currency,
                "cost": total.cost.wire,
                "price": total.price.wire,
                "margin": total.margin.wire,
            }
            for total in journey.totals
        ],
        "charges": [
            {
                "description": one.description,
                "cost": one.cost.wire,
                "price": one.price.wire,
                "currency": one.price.currency,
                "trip_line_id": str(one.line_id),
            }
            for one in charges_of(journey)
        ],
        "findings": [
            {"code": finding.code, "severity": finding.severity, "sentence": sentence_of(finding)}
            for finding in findings(journey.passengers, journey.active_lines)
        ],
        "facts": (
            to_jsonable_python(TripFactsOut.members_of(found))
            if call.actor.can("billing.read")
            else None
        ),
    }


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Describe the request in one sentence.

    After the request, the sentence has the title of the trip.
    """
    if not output.get("title"):
        return str(gettext("Viewed the trip"))
    return str(gettext("Viewed the trip: %(title)s", title=output["title"]))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: passengers, services, prices, total and warnings.

    The answer about an accepted trip also has the sums of its documents and the next steps.
    """
    people = ", ".join(one["full_name"] for one in output["passengers"]) or gettext("nobody yet")
    lines = [_row(line, output["lines"]) for line in output["lines"]]
    return paragraphs(
        listing(f"{output['title']}: {people}", lines, shown_max=len(lines)),
        _total(output),
        *_documents(output),
        "\n".join(finding["sentence"] for finding in output["findings"][:SHOWN_MAX]),
    )


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the trip's services as choices, to which later messages can refer."""
    return tuple(
        Choice(
            line["id"],
            line["name"],
            line["supplier_ref"] or "",
            Money.parse(line["price"]["amount"], line["price"]["currency"]),
            _FIELDS.get(line["kind"], ("line_id",)),
        )
        for line in output["lines"]
    )


def _row(line: JsonObject, lines: Sequence[JsonObject]) -> str:
    price = gettext("in the fare above") if _is_in_fare(line, lines) else price_text(line["price"])
    when = day(line["starts_on"]) if line["starts_on"] else ""
    return ", ".join(filter(None, (line["name"], when, state_word(line["status"]), str(price))))


def _is_in_fare(line: JsonObject, lines: Sequence[JsonObject]) -> bool:
    """Return True if the price of a flight is stored on another flight of its booking."""
    if line["kind"] != "flight" or not line["supplier_ref"] or Decimal(line["price"]["amount"]):
        return False
    return any(
        Decimal(one["price"]["amount"])
        for one in lines
        if one["kind"] == "flight" and one["supplier_ref"] == line["supplier_ref"]
    )


def _total(output: JsonObject) -> str:
    priced = [
        {"amount": total["price"], "currency": total["currency"]}
        for total in output["totals"]
        if Decimal(total["price"])
    ]
    if not priced:
        return str(gettext("There is no price yet."))
    total = gettext("The customer pays %(totals)s.", totals=amounts(priced))
    lines = output["lines"]
    without = any(
        not Decimal(line["price"]["amount"])
        and line["status"] != "cancelled"
        and not _is_in_fare(line, lines)
        for line in lines
    )
    return f"{total} {gettext('Some services have no price yet.')}" if without else str(total)


def _documents(output: JsonObject) -> list[str]:
    """Return the sums of an accepted trip's documents, its margins and its next steps."""
    facts = output.get("facts")  # stored answers of earlier releases have none
    if not facts or facts["acceptance"] != "accepted" or not facts["lines"]:
        return []
    words = {
        "booked_cost": gettext("Booked"),
        "billed": gettext("Billed"),
        "paid": gettext("Paid"),
        "invoiced": gettext("Invoiced"),
        "received": gettext("Received"),
    }
    totals = {
        word: sums(
            {"amount": one[name], "currency": one["currency"]}
            for one in facts["lines"]
            if one[name] is not None
        )
        for name, word in words.items()
    }
    for name, word in (
        ("planned", gettext("Planned margin")),
        ("booked", gettext("Booked margin")),
        ("actual", gettext("Actual margin")),
        ("forecast", gettext("Forecast margin")),
    ):
        totals[word] = [
            {"amount": one[name]["margin"], "currency": one["currency"]} for one in facts["margins"]
        ]
    names = {line["id"]: _name(line) for line in output["lines"]}
    steps = [
        f"{names[one['line_id']]}: {', '.join(_step(one, step) for step in one['next_steps'])}"
        for one in facts["lines"]
        if one["next_steps"]
    ]
    sums_of = [f"{word}: {amounts(values)}" for word, values in totals.items() if values]
    return [
        listing(gettext("Services and documents"), sums_of, shown_max=len(sums_of), numbered=False),
        listing(gettext("Next"), steps, numbered=False)
        if steps
        else gettext("Nothing is left to book, bill or invoice."),
    ]


def _step(fact: JsonObject, step: str) -> str:
    """Return a next step with its amount, if there is one: “Enter bill (INR 150.00)”."""
    words = {"book": gettext("Book"), "bill": gettext("Enter bill"), "invoice": gettext("Invoice")}
    of = {"book": "quoted_cost", "bill": "expected", "invoice": "quoted_price"}
    amount = fact[of[step]]
    stated = f" ({spoken(amount, fact['currency'])})" if Decimal(amount) else ""
    return f"{words[step]}{stated}"


def _passenger(one: Passenger) -> JsonObject:
    return {
        "id": str(one.id),
        "full_name": one.full_name,
        "kind": one.kind,
        "has_passport": one.passport_last4 is not None,
    }


def _line(line: Line) -> JsonObject:
    visa = line.details if isinstance(line.details, VisaDetails) else None
    return {
        "id": str(line.id),
        "kind": line.kind,
        "name": line.name,
        "status": line.status,
        "starts_on": line.starts_on.isoformat() if line.starts_on else None,
        "ends_on": line.ends_on.isoformat() if line.ends_on else None,
        "price": money_output(line.price),
        "supplier_ref": line.supplier_ref,
        **({"country": visa.country, "traveller": visa.traveller} if visa else {}),
    }


CAPABILITY = Capability(
    name="show_trip",
    title=N_("Show the trip"),
    summary=(
        "Show the conversation's trip, the lines of an invoice for it (`charges`), what is booked,"
        " billed, paid, invoiced and received, the next steps and margins (`facts`), and warnings."
    ),
    area="everywhere",
    input=ShowTripInput,
    output=frozenset(
        {
            *("trip_id", "title", "status", "passengers", "lines", "totals", "charges"),
            *("findings", "facts"),
        }
    ),
    permission="trip.read",
    approval="never",
    run=run,
    lookups=TRIP_CHOICES,
    card=Card(
        icon="suitcase",
        sentence=sentence,
        note=people_note,
        answer=answer,
        records=records,
        results=(LINES, *TRIP_RESULTS),
    ),
    audit=N_("Assistant: show the trip"),
    follow_ups=("send_itinerary", "draft_invoice", "add_passenger"),
    examples={
        "en": (
            "show the trip",
            "what is booked so far",
            "how much does this trip cost us",
            "what is our margin on this",
            "who is travelling",
            "is anything missing on this booking file",
            "trip summary pls",
            "which lines are on the trip",
            "any problems with this trip?",
            "what have we got for them till now",
            "cost and selling price of everything",
            "list passengers and bookings of this file",
            "open this trip",
            "what is the status of Ritu's trip",
            "summary of the trip so far",
            "what is still missing in the trip",
            "show everything booked for the Iyers",
            "total cost and selling price of this trip",
            "who all are on this trip",
            "trip details please",
            "anything pending before departure",
            "is the London trip complete",
            "what is still to be billed on this trip",
            "which services of the trip are not invoiced yet",
            "what do we have to do next on this trip",
            "how much has the customer paid for this trip",
            "which supplier bills of this trip are still expected",
            "what is booked, billed and invoiced on the Goa trip",
        ),
        "hi": (
            "trip dikhao",
            "ab tak kya kya book hua hai",
            "is trip mein kaun kaun ja raha hai",
            "is yatra ka kharcha kitna hai",
            "trip mein kuch kami to nahi hai",
            "is trip pe hamara margin kitna hai",
            "trip ki jaankari do",
            "is trip mein kya kya book hua hai",
            "Ritu ki trip dikhao",
            "trip mein kya baaki hai",
            "ट्रिप दिखाओ",
            "इस ट्रिप में क्या क्या बुक हुआ है",
            "यात्रा में क्या बाकी है",
            "ट्रिप का कुल खर्च कितना है",
            "is trip mein kiska bill aana baaki hai",
            "trip ki kaun si service ka invoice nahi bana",
            "इस ट्रिप में किसका बिल आना बाकी है",
        ),
    },
)
