"""File a visa application for a passenger."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import (
    CheckShown,
    Description,
    FactShown,
    LeavingShown,
    Measured,
)
from voyagent.capabilities.capability import Capability, Card, Invocation, Policy, Slot
from voyagent.capabilities.cards import day
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed, Id
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import PASSENGER_STEPS, TRIP_RESULTS
from voyagent.trips.capabilities.lookups import passengers
from voyagent.trips.capabilities.reviews import APPROVERS, DRY_RUN, itinerary_of
from voyagent.trips.models import TripLine
from voyagent.trips.rules.details import Country
from voyagent.trips.service import visas
from voyagent.trips.service.errors import NoNationality
from voyagent.trips.service.lines import check_room
from voyagent.trips.service.supplier_queries import suppliers
from voyagent.trips.service.supplies import Booking
from voyagent.trips.words import country_name


class FileVisaInput(Closed):
    """The passenger and the country of the application."""

    passenger_id: Annotated[Id, Slot("passenger", N_("For which passenger?"))] = Field(
        description="The passenger who applies."
    )
    destination: Annotated[Country, Slot("country", N_("A visa for which country?"))] = Field(
        description="ISO 3166 code of the country that grants the visa, such as AE."
    )


def run(call: Invocation, inputs: FileVisaInput) -> OutboundCall[JsonObject]:
    """File the application with the supplier. Raises the errors of `visas.file_visa`."""
    filing = visas.file_visa(
        suppliers(call),
        call.port(Keyring),
        call.actor,
        inputs.passenger_id,
        inputs.destination,
        filed_on=_filed_on(call.actor),
    )
    return filing.then(_output)


def dry_run(call: Invocation, inputs: FileVisaInput) -> JsonObject:
    """Add the application to the trip without asking the supplier, for the preview.

    Raises PassengerNotFound, NoDayOfArrival, NoNationality, TripFull.
    """
    one, trip = visas.applicant(inputs.passenger_id)
    visas.day_of_arrival(trip)
    if one.nationality is None:
        raise NoNationality
    check_room(trip, 1)
    visas.put_visa(
        trip,
        one.full_name,
        inputs.destination,
        clock.today(call.actor.timezone),
        Booking("filed", "", "", "", DRY_RUN),
        Money(0, trip.currency),
    )
    return {}


def preview(_call: Invocation, inputs: FileVisaInput) -> Description:
    """Describe the application to its approver: passenger, country and day of arrival.

    Raises PassengerNotFound, NoDayOfArrival.
    """
    one, trip = visas.applicant(inputs.passenger_id)
    country, arrives_on = country_name(inputs.destination), visas.day_of_arrival(trip)
    has_passport = one.passport_sealed is not None
    passport = gettext("Passport on file") if has_passport else gettext("No passport on file")
    return Description(
        title=gettext(
            "File a visa for %(country)s for %(name)s", country=country, name=one.full_name
        ),
        undo=gettext("A filed application can’t be withdrawn"),
        facts=[
            FactShown(label=gettext("Passenger"), value=one.full_name),
            FactShown(
                label=gettext("Nationality"),
                value=country_name(one.nationality) if one.nationality else gettext("unknown"),
            ),
            FactShown(label=gettext("Country"), value=country),
            FactShown(label=gettext("Arrives"), value=day(arrives_on)),
        ],
        leaves=[
            LeavingShown(
                kind="filing",
                text=gettext("Application of %(name)s, with passport", name=one.full_name),
            )
        ],
        checks=[CheckShown(code="passport", ok=has_passport, text=passport)],
    )


def measure(call: Invocation, inputs: FileVisaInput) -> Measured:
    """Return the trip's lines as texts, to compare them before and after a dry run.

    Raises PassengerNotFound.
    """
    return itinerary_of(call, visas.applicant(inputs.passenger_id)[1].id)


def policy(_call: Invocation, _wanted: FileVisaInput) -> Policy:
    """Return a policy without an amount: the supplier states its fee afterwards."""
    return Policy()


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Describe the application in one sentence.

    Before the filing, the sentence has the country. After the filing, it has the receipt number.
    """
    if output.get("receipt"):
        return str(gettext("Filed the visa, receipt %(receipt)s", receipt=output["receipt"]))
    country = country_name(str(given.get("destination", "")))
    if not country:
        return str(gettext("File a visa"))
    return str(gettext("File a visa for %(country)s", country=country))


def _filed_on(actor: Actor) -> date:
    """Return the day on which approval was requested; today if none was needed.

    The id of the approval request contains the time of the request. If filing is repeated after
    midnight, the day stays the same, so that the supplier recognises the application.
    """
    if actor.grant is None:
        return clock.today(actor.timezone)
    milliseconds = int(UUID(actor.grant.reference.removeprefix("ap-")).hex[:12], 16)
    return (
        datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(ZoneInfo(actor.timezone)).date()
    )


def _output(line: TripLine) -> JsonObject:
    return {
        "filed": True,
        "line_id": str(line.id),
        "receipt": line.supplier_ref,
        "status": line.status,
        "trip_id": str(line.trip_id),
    }


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: country and receipt number."""
    return str(
        gettext(
            "The visa application for %(country)s is filed, receipt %(receipt)s.",
            country=country_name(given["destination"]),
            receipt=output["receipt"],
        )
    )


CAPABILITY = Capability(
    name="file_visa",
    title=N_("File a visa"),
    summary="File a visa application for a passenger of the trip.",
    area="ticketing_visa",
    input=FileVisaInput,
    output=frozenset({"filed", "line_id", "receipt", "status", "trip_id"}),
    permission="trip.file_visa",
    approval="required",
    approvers=APPROVERS,
    undoable=False,
    four_eyes=True,
    external=True,
    policy=policy,
    run=run,
    dry_run=dry_run,
    preview=preview,
    measure=measure,
    lookups={"passenger_id": passengers},
    card=Card(
        icon="passport",
        sentence=sentence,
        answer=answer,
        next_steps=PASSENGER_STEPS,
        results=TRIP_RESULTS,
    ),
    audit=N_("Assistant: file a visa application"),
    follow_ups=("visa_requirements", "send_itinerary"),
    examples={
        "en": (
            "file the visa for Deepa",
            "apply UAE visa for Ravi Menon",
            "submit visa application Thailand, passenger Mary Thomas",
            "start the Dubai visa of Arjun",
            "pls process Singapore visa for all pax",
            "put in the e-visa for Vietnam for Suresh Pillai",
            "documents are complete, file her Schengen visa with France",
            "lodge the Malaysia visa application for Fatima",
            "do the visa for Joseph now, UK",
            "apply for his visit visa to Qatar",
            "visa application for Sheela to be sent to the embassy of Japan",
            "go ahead with Ahmed's Oman visa",
            "apply visa for Ritu Bansal, Australia",
            "start Thailand e visa for Harish",
            "submit the UK visa application of Imran Sheikh",
            "pls apply dubai visa 30 days for Leela Thomas",
            "file tourist visa to Vietnam for the passenger",
            "Ayesha's papers are ready, send the Schengen application, Italy",
            "initiate US visa for Gopal Krishnan",
            "put Nisha's Turkey visa in process",
            "get the Sri Lanka ETA done for Pooja Reddy",
            "lodge visa for Kenji, destination India",
        ),
        "hi": (
            "Deepa ka visa file kar do",
            "Ravi Menon ke liye Dubai ka visa apply karo",
            "Thailand visa ki application bhej do Mary ke liye",
            "Arjun ka Singapore visa laga do",
            "kagaz poore hain, France ka visa daal dijiye Sunita ke liye",
            "Joseph ka UK visa process karo",
            "Ritu ka Australia visa laga do",
            "Harish ke liye Thailand visa apply kar do",
            "Imran ka UK visa file karna hai",
            "Leela ka Dubai visa process kar do aaj",
            "सुनीता का दुबई वीज़ा फाइल करो",
            "रमेश के लिए थाईलैंड का वीज़ा लगा दो",
            "अर्जुन का सिंगापुर वीज़ा अप्लाई कर दो",
            "वीज़ा की अर्ज़ी भेज दो अमेरिका के लिए",
        ),
    },
)
