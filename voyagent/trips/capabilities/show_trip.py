"""Show the conversation's trip to staff: passengers, services, costs and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from flask_babel import gettext

from voyagent.capabilities.capability import Capability, Card, Choice, Invocation
from voyagent.capabilities.cards import SHOWN_MAX, amounts, day, listing, paragraphs
from voyagent.capabilities.results import Column, Result
from voyagent.kernel.errors import N_
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money
from voyagent.trips.capabilities.cards import TRIP_RESULTS, people_note, price_text
from voyagent.trips.capabilities.current_trip import TRIP_CHOICES, CurrentTripInput, current_trip
from voyagent.trips.capabilities.outputs import money_output
from voyagent.trips.queries.charges import charges_of
from voyagent.trips.rules.details import VisaDetails
from voyagent.trips.rules.journey import Line, Passenger
from voyagent.trips.rules.lint import findings
from voyagent.trips.words import country_name, sentence_of, state_word

_FIELDS = {"flight": ("pnr_id",), "hotel": ("booking_id",)}


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


def run(call: Invocation, inputs: CurrentTripInput) -> JsonObject:
    """Return the trip with its totals, its warnings and the items for an invoice.

    `findings` are the warnings, and `charges` the items for an invoice. Raises the errors of
    `current_trip`.
    """
    journey = current_trip(call, inputs)
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
    }


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Describe the request in one sentence.

    After the request, the sentence has the title of the trip.
    """
    if not output.get("title"):
        return str(gettext("Viewed the trip"))
    return str(gettext("Viewed the trip: %(title)s", title=output["title"]))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: passengers, services, prices, total and warnings."""
    people = ", ".join(one["full_name"] for one in output["passengers"]) or gettext("nobody yet")
    lines = [_row(line, output["lines"]) for line in output["lines"]]
    return paragraphs(
        listing(f"{output['title']}: {people}", lines, shown_max=len(lines)),
        _total(output),
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
        "Show the conversation's trip, the lines of an invoice for it (`charges`), and warnings."
    ),
    area="everywhere",
    input=CurrentTripInput,
    output=frozenset(
        {"trip_id", "title", "status", "passengers", "lines", "totals", "charges", "findings"}
    ),
    permission="trip.read",
    approval="never",
    run=run,
    choices=TRIP_CHOICES,
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
        ),
    },
)
