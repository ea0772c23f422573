"""Visas: what granting an application means, and what the reviewer sees of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext

from voyagent.approvals import effects
from voyagent.approvals.effects import (
    CheckShown,
    Description,
    Effect,
    FactShown,
    LeavingShown,
    Measured,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.fields import Closed, Id
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips import service
from voyagent.trips.details import Country
from voyagent.trips.effects.shown import (
    APPROVERS,
    OUTSIDE,
    TRIED,
    day_in_words,
    keyring,
    measured,
    suppliers,
)
from voyagent.trips.service import visas
from voyagent.trips.service.lines import check_room
from voyagent.trips.service.supplies import Booking
from voyagent.trips.words import country_name


class FileVisaIn(Closed):
    """What `file_visa` needs: who travels, and to which country."""

    passenger_id: Id
    destination: Country


def run_file(actor: Actor, arguments: dict[str, Any]) -> OutboundCall[dict[str, Any]]:
    """File the application. Raises InvalidArguments and whatever `service.file_visa` raises."""
    wanted = effects.read_arguments(FileVisaIn, arguments)
    filed_on = day_of(actor)
    filing = service.file_visa(
        suppliers(), keyring(), actor, wanted.passenger_id, wanted.destination, filed_on=filed_on
    )
    return filing.then(
        lambda line: {
            "filed": True,
            "line_id": str(line.id),
            "receipt": line.supplier_ref,
            "status": line.status,
            "trip_id": str(line.trip_id),
        }
    )


def try_file(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Put the application on the trip."""
    wanted = effects.read_arguments(FileVisaIn, arguments)
    one, trip = visas.applicant(wanted.passenger_id)
    visas.day_of_arrival(trip)
    if one.nationality is None:
        raise service.NoNationality
    check_room(trip, 1)
    visas.put_visa(
        trip,
        one.full_name,
        wanted.destination,
        clock.today(actor.timezone),
        Booking("filed", "", "", "", TRIED),
        Money(0, trip.currency),
    )
    return {}


def describe_file(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """Whose application, for which country, from which day.

    Raises PassengerNotFound, NoDayOfArrival.
    """
    wanted = effects.read_arguments(FileVisaIn, arguments)
    one, trip = visas.applicant(wanted.passenger_id)
    country, arrives_on = country_name(wanted.destination), visas.day_of_arrival(trip)
    passport = (
        gettext("Passport on file")
        if one.passport_sealed is not None
        else gettext("No passport on file")
    )
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
            FactShown(label=gettext("Arrives"), value=day_in_words(arrives_on)),
        ],
        leaves=[
            LeavingShown(
                kind="filing",
                text=gettext("Application of %(name)s, with passport", name=one.full_name),
            )
        ],
        checks=[CheckShown(code="passport", ok=one.passport_sealed is not None, text=passport)],
    )


def measure_file(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """The itinerary."""
    return measured(
        visas.applicant(effects.read_arguments(FileVisaIn, arguments).passenger_id)[1].id
    )


def day_of(actor: Actor) -> date:
    """Return the day on which the approved proposal was made, by its id; without a grant, today.

    An application that is filed again after midnight is the same one.
    """
    if actor.grant is None:
        return clock.today(actor.timezone)
    milliseconds = int(UUID(actor.grant.reference.removeprefix("ap-")).hex[:12], 16)
    return (
        datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(ZoneInfo(actor.timezone)).date()
    )


FILE = effects.register(
    Effect(
        "file_visa",
        APPROVERS,
        "File a visa",
        reversible=False,
        run=run_file,
        permission="trip.file_visa",
        describe=describe_file,
        rehearse=try_file,
        measure=measure_file,
        schema=FileVisaIn,
        **OUTSIDE,
    )
)
