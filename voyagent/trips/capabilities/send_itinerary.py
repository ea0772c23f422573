"""E-mail the itinerary of a trip to the customer as a PDF."""

from __future__ import annotations

from typing import Annotated, Literal

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import CheckShown, Description, FactShown
from voyagent.capabilities.capability import (
    Capability,
    Card,
    Invocation,
    Slot,
    no_money,
)
from voyagent.http.template_filters import symbol_money
from voyagent.identity.rules.permissions import roles_that_may
from voyagent.identity.schemas.entry import Email
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed, Id
from voyagent.kernel.json_values import JsonObject
from voyagent.trips.capabilities.cards import TRIP_RESULTS
from voyagent.trips.capabilities.lookups import trips
from voyagent.trips.capabilities.reviews import days_of, joined, name_of, trip_checks
from voyagent.trips.documents.itinerary_mail import mail_itinerary
from voyagent.trips.queries import trips as trips_queries
from voyagent.trips.service import sending
from voyagent.trips.service.errors import NothingToSend
from voyagent.trips.words import LINE_WORDS


class SendItineraryInput(Closed):
    """The trip, the customer's e-mail address, and options of the PDF."""

    trip_id: Annotated[Id, Slot("trip", N_("Which trip?"))] = Field(
        description="The trip whose itinerary is sent."
    )
    to: Annotated[Email, Slot("email", N_("To which e-mail address?"))] = Field(
        description="The customer's e-mail address."
    )
    locale: Annotated[Literal["en", "hi"] | None, Slot("language")] = Field(
        default=None, description="Language of the PDF; absent for the agency's language."
    )
    prices: Annotated[bool, Slot("flag")] = Field(
        default=True, description="False to leave the price out of the PDF."
    )


def run(call: Invocation, inputs: SendItineraryInput) -> JsonObject:
    """Send the PDF. Raises the errors of `sending.send_itinerary`."""
    trip = mail_itinerary(
        call.actor,
        inputs.trip_id,
        to=inputs.to,
        locale=inputs.locale or call.actor.locale,
        prices=inputs.prices,
    )
    return {"sent": True, "trip_id": str(trip.id), "to": inputs.to}


def notices(_call: Invocation, inputs: SendItineraryInput) -> list[str]:
    """Return a notice if the e-mail address is not known to be the customer's.

    The list is empty if the address is known. The user sees the notice before the mail is sent.
    Raises TripNotFound.
    """
    known = sending.known_addresses(inputs.trip_id)
    if inputs.to.casefold() in {one.casefold() for one in known}:
        return []
    if not known:
        return [gettext("This address is new: no address of the customer is known.")]
    return [
        gettext(
            "This address is new for the customer. Known so far: %(addresses)s",
            addresses=", ".join(known),
        )
    ]


def preview(call: Invocation, inputs: SendItineraryInput) -> Description:
    """Describe the mail to its approver: recipient, language, price and services.

    If the e-mail address is new for the customer, the title and a check say so.

    Raises TripNotFound, NothingToSend.
    """
    journey = trips_queries.read_trip(call.reader, inputs.trip_id)
    if not journey.active_lines:
        raise NothingToSend
    prices = (
        ", ".join(symbol_money(total.price) for total in journey.totals if total.price)
        if inputs.prices
        else ""
    )
    language = "हिन्दी" if (inputs.locale or call.actor.locale) == "hi" else "English"
    people = ", ".join(one.full_name for one in journey.passengers)
    warnings = notices(call, inputs)
    sentence_of_title = (
        N_("Send the itinerary “%(title)s” to %(address)s, a new address for the customer")
        if warnings
        else N_("Send the itinerary “%(title)s” to %(address)s")
    )
    return Description(
        title=gettext(sentence_of_title, title=journey.trip["title"], address=inputs.to),
        undo=gettext("A sent e-mail can’t be recalled"),
        facts=[
            FactShown(label=gettext("E-mail address"), value=inputs.to),
            FactShown(label=gettext("Language"), value=language),
            FactShown(label=gettext("Price"), value=prices or gettext("Not specified")),
            FactShown(label=gettext("Travellers"), value=people or gettext("nobody yet")),
            *(
                FactShown(
                    label=str(LINE_WORDS[line.kind]),
                    value=joined(name_of(line), days_of(line), line.supplier_ref),
                )
                for line in journey.active_lines
            ),
        ],
        checks=[
            *(CheckShown(ok=False, text=text) for text in warnings),
            *trip_checks(journey),
        ],
    )


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Describe the sending in one sentence, with the customer's e-mail address."""
    to = output.get("to") or given.get("to")
    if not to:
        return str(gettext("E-mail the itinerary"))
    if output.get("sent"):
        return str(gettext("E-mailed the itinerary to %(to)s", to=to))
    return str(gettext("E-mail the itinerary to %(to)s", to=to))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer, with the e-mail address."""
    return str(gettext("Itinerary sent to %(to)s.", to=output["to"]))


CAPABILITY = Capability(
    name="send_itinerary",
    title=N_("Send the itinerary to the customer"),
    summary="Mail the itinerary of a trip to the customer as a PDF.",
    area="everywhere",
    input=SendItineraryInput,
    output=frozenset({"sent", "trip_id", "to"}),
    permission="trip.send",
    approval="required",
    approvers=roles_that_may("trip.send"),
    undoable=False,
    policy=no_money,
    run=run,
    preview=preview,
    notices=notices,
    lookups={"trip_id": trips},
    card=Card(icon="send", sentence=sentence, answer=answer, results=TRIP_RESULTS),
    audit=N_("Assistant: send the itinerary to the customer"),
    follow_ups=("draft_invoice", "show_trip"),
    examples={
        "en": (
            "send the itinerary to deepa@example.com",
            "mail the plan to the customer",
            "email itinerary pdf to ravi.menon@example.com without prices",
            "share the itinerary with the client in Hindi",
            "please send her the travel programme",
            "forward the itin to joseph@example.org",
            "send day wise plan by mail to the Krishnan family",
            "can you mail the trip pdf to accounts@alnoor.example",
            "itinerary to be emailed to the customer today",
            "send it to him, hide the price",
            "mail the tour plan of the Doha trip to the guest",
            "pls email final itinerary to mary.t@example.com",
            "email the itinerary to ritu.b@example.com",
            "send tour plan to harish@example.org in english",
            "mail the final programme to Neha Kapoor",
            "share trip plan with client on mail, no prices",
            "send him the PDF itinerary",
            "forward day plan to the travel desk of Zenith Pharma at desk@zenith.example",
            "please email Ritu her itinerary with prices",
            "mail them the Kerala plan today",
            "dispatch itinerary to imran@example.com hide rates",
        ),
        "hi": (
            "itinerary customer ko bhej do",
            "deepa@example.com pe plan mail karo",
            "bina price ke itinerary bhejo",
            "programme Hindi mein mail kar dijiye",
            "Krishnan family ko yatra ka plan email karo",
            "pdf bana ke grahak ko bhej dijiye",
            "Ritu ko itinerary mail karo",
            "harish@example.org pe programme bhej do",
            "client ko plan email kar do bina rate ke",
            "Neha ko PDF bhejo hindi mein",
            "ग्राहक को यात्रा कार्यक्रम भेज दो",
            "आइटिनरेरी ईमेल कर दो",
            "बिना कीमत के प्लान मेल कर दो",
            "रमेश जी को प्लान भेज दीजिए हिंदी में",
        ),
    },
)
