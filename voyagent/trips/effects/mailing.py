"""The itinerary by mail: what granting it means, and what the reviewer sees of it."""

from __future__ import annotations

from typing import Any, Literal

from flask_babel import gettext

from voyagent.approvals import effects
from voyagent.approvals.effects import Description, Effect, FactShown
from voyagent.http.template_filters import symbol_money
from voyagent.identity.permissions import roles_that_may
from voyagent.identity.schemas import Email
from voyagent.kernel.actor import Actor
from voyagent.kernel.fields import Closed, Id
from voyagent.trips import service
from voyagent.trips.details import VisaDetails
from voyagent.trips.effects.shown import checks_of, day_in_words, journey_of
from voyagent.trips.queries import Line
from voyagent.trips.sending import mail_itinerary
from voyagent.trips.words import LINE_WORDS, country_name


class SendItineraryIn(Closed):
    """What `send_itinerary` needs: the trip, the customer's address, the language (the agency's,
    where none is said), and whether the price stands on it.
    """

    trip_id: Id
    to: Email
    locale: Literal["en", "hi"] | None = None
    prices: bool = True


def run_send(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Send it. Raises InvalidArguments and whatever `service.send_itinerary` raises."""
    wanted = effects.read_arguments(SendItineraryIn, arguments)
    trip = mail_itinerary(
        actor,
        wanted.trip_id,
        to=wanted.to,
        locale=wanted.locale or actor.locale,
        prices=wanted.prices,
    )
    return {"sent": True, "trip_id": str(trip.id), "to": wanted.to}


def describe_send(actor: Actor, arguments: dict[str, Any]) -> Description:
    """To whom, what it says line by line, and what is wrong with it.

    Raises InvalidArguments, TripNotFound, NothingToSend.
    """
    wanted = effects.read_arguments(SendItineraryIn, arguments)
    journey = journey_of(wanted.trip_id)
    if not journey.standing:
        raise service.NothingToSend
    prices = (
        ", ".join(symbol_money(total.price) for total in journey.totals if total.price)
        if wanted.prices
        else ""
    )
    language = "हिन्दी" if (wanted.locale or actor.locale) == "hi" else "English"
    people = ", ".join(one.full_name for one in journey.passengers)
    return Description(
        title=gettext(
            "Send the itinerary “%(title)s” to %(address)s",
            title=journey.trip["title"],
            address=wanted.to,
        ),
        undo=gettext("A sent e-mail can’t be recalled"),
        facts=[
            FactShown(label=gettext("E-mail address"), value=wanted.to),
            FactShown(label=gettext("Language"), value=language),
            FactShown(label=gettext("Price"), value=prices or gettext("Not specified")),
            FactShown(label=gettext("Travellers"), value=people or gettext("nobody yet")),
            *(
                FactShown(label=str(LINE_WORDS[line.kind]), value=_told(line))
                for line in journey.standing
            ),
        ],
        checks=checks_of(journey),
    )


def _told(line: Line) -> str:
    """A line as the customer is told of it: what and when, without what it costs the agency."""
    name = country_name(line.name) if isinstance(line.details, VisaDetails) else line.name
    days = " – ".join(
        day_in_words(day)
        for day in dict.fromkeys([line.starts_on, line.ends_on])
        if day is not None
    )
    return ", ".join(filter(None, (name, days, line.supplier_ref)))


SEND = effects.register(
    Effect(
        "send_itinerary",
        roles_that_may("trip.send"),
        "Send the itinerary to the customer",
        money=False,
        reversible=False,
        run=run_send,
        permission="trip.send",
        describe=describe_send,
        schema=SendItineraryIn,
    )
)
