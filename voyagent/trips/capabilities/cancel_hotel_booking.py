"""Cancel a hotel booking at its supplier."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

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
from voyagent.capabilities.cards import day, money
from voyagent.kernel import clock
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed, Id
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import TRIP_RESULTS
from voyagent.trips.capabilities.lookups import booked_stays
from voyagent.trips.capabilities.outputs import money_output
from voyagent.trips.capabilities.reviews import APPROVERS, in_words, itinerary_of
from voyagent.trips.models import TripLine
from voyagent.trips.queries import trips
from voyagent.trips.service import hotels
from voyagent.trips.service.supplier_queries import suppliers


class CancelHotelBookingInput(Closed):
    """The hotel booking to cancel."""

    booking_id: Annotated[Id, Slot("booking", N_("Which hotel booking?"))] = Field(
        description="The id of the hotel line on the trip."
    )


def run(call: Invocation, inputs: CancelHotelBookingInput) -> OutboundCall[JsonObject]:
    """Cancel the rooms at the supplier.

    Raises the errors of `hotels.cancel_hotel_booking`.
    """
    return hotels.cancel_hotel_booking(suppliers(call), call.actor, inputs.booking_id).then(_output)


def dry_run(_call: Invocation, inputs: CancelHotelBookingInput) -> JsonObject:
    """Mark the hotel as cancelled without asking the supplier, for the preview.

    Raises LineNotFound, LineIsOver, NotAtSupplier.
    """
    hotels.mark_cancelled(hotels.booked_stay(inputs.booking_id), None)
    return {}


def preview(_call: Invocation, inputs: CancelHotelBookingInput) -> Description:
    """Describe the cancellation to its approver: the booking and the hotel's terms.

    Raises LineNotFound, LineIsOver, NotAtSupplier.
    """
    booked = hotels.booked_stay(inputs.booking_id)
    stay = trips.line_of(booked)
    words = in_words(stay)
    return Description(
        title=gettext("Cancel %(hotel)s", hotel=stay.name),
        undo=gettext("The rooms may not be available again"),
        facts=[
            FactShown(label=gettext("Hotel"), value=words),
            FactShown(label=gettext("Booking number"), value=stay.supplier_ref or ""),
            *_terms(booked),
        ],
        leaves=[LeavingShown(kind="cancellation", text=words)],
        checks=[
            CheckShown(
                ok=False,
                text=gettext(
                    "The hotel confirms its cancellation charge afterwards. It is then added to"
                    " the trip and to the customer’s price."
                ),
            )
        ],
    )


def measure(call: Invocation, inputs: CancelHotelBookingInput) -> Measured:
    """Return the trip's lines as texts, to compare them before and after a dry run.

    Raises LineNotFound.
    """
    return itinerary_of(call, trips.trip_id_of_line(inputs.booking_id))


def policy(call: Invocation, inputs: CancelHotelBookingInput) -> Policy:
    """Return a policy whose amount is the cancellation charge by the rate's terms.

    The charge is the rate's total if the rate is not refundable, and zero while the cancellation is
    free. Otherwise the policy has no amount, because the charge is not known before the
    cancellation. Raises LineNotFound, LineIsOver, NotAtSupplier.
    """
    rate = hotels.rate_of_stay(hotels.booked_stay(inputs.booking_id))
    if rate is None:
        return Policy()
    if rate.free_until is None:
        return Policy(amounts=(rate.total,))
    # The act runs after the approval, and the supplier may be in another time zone.
    if clock.today(call.actor.timezone) < rate.free_until - timedelta(days=1):
        return Policy(amounts=(Money(0, rate.total.currency),))
    return Policy()


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Describe the cancellation in one sentence, before or after it is done."""
    if not output.get("cancelled"):
        return str(gettext("Cancel a hotel booking"))
    return str(gettext("Cancelled the hotel booking"))


def _terms(booked: TripLine) -> list[FactShown]:
    """Return the cancellation terms of the rate; empty if the rate is not stored."""
    rate = hotels.rate_of_stay(booked)
    if rate is None:
        return []
    terms = (
        gettext(
            "not refundable, %(amount)s may be charged",
            amount=spoken(rate.total.wire, rate.total.currency),
        )
        if rate.free_until is None
        else gettext("Free cancellation before %(day)s", day=day(rate.free_until))
    )
    return [FactShown(label=gettext("Cancellation"), value=terms)]


def _output(cancelled: tuple[TripLine, Money | None]) -> JsonObject:
    line, charge = cancelled
    return {
        "cancelled": True,
        "booking_id": str(line.id),
        "status": line.status,
        "trip_id": str(line.trip_id),
        "charge": money_output(charge) if charge else None,
    }


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: the hotel's cancellation charge, if there is one."""
    charge = output["charge"]
    if charge is None or not Decimal(charge["amount"]):
        return str(gettext("The hotel booking is cancelled."))
    return str(
        gettext(
            "The hotel booking is cancelled. The hotel charges %(amount)s, which is recorded on"
            " the trip.",
            amount=money(charge),
        )
    )


CAPABILITY = Capability(
    name="cancel_hotel_booking",
    title=N_("Cancel a hotel booking"),
    summary="Cancel a hotel booking.",
    area="hotels_holidays",
    input=CancelHotelBookingInput,
    output=frozenset({"cancelled", "booking_id", "status", "trip_id", "charge"}),
    permission="trip.cancel_hotel",
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
    lookups={"booking_id": booked_stays},
    card=Card(icon="building-x", sentence=sentence, answer=answer, results=TRIP_RESULTS),
    audit=N_("Assistant: cancel a hotel"),
    follow_ups=("search_hotels", "show_trip"),
    examples={
        "en": (
            "cancel the hotel",
            "cancel the booking at Marsa Creek Hotel",
            "they don't want the Dubai hotel any more",
            "give the rooms in Munnar back",
            "hotel cancellation pls, Krishnan family",
            "drop the Yas Bay stay",
            "cancel HB123456 with the hotel",
            "client postponed, call off the resort",
            "void the hotel reservation for 19 Dec",
            "release the Abu Dhabi rooms, guest not coming",
            "cnl htl bkg Goa",
            "the stay in Bali has to be cancelled",
            "please cancel the Taj reservation of Ritu Bansal",
            "Novotel booking no longer required, cancel",
            "guest cancelled, cancel his room at Lemon Tree",
            "cancel hotel booking HTL-4471",
            "kill the Holiday Inn booking",
            "client fell sick so cancel the stay in Goa",
            "we need to cancel the rooms for the Iyers before the deadline",
            "hotel confirmation 77821 to be cancelled",
            "cancel both nights at the Pattaya hotel",
        ),
        "hi": (
            "hotel cancel kar do",
            "Marsa Creek wali booking radd karo",
            "Dubai ka hotel nahi chahiye ab",
            "Munnar ke kamre wapas kar do",
            "Krishnan family ka hotel cancel karna hai",
            "customer ka plan badal gaya, resort ki booking hata do",
            "Ritu ka hotel radd karo",
            "Taj ki booking cancel kar do",
            "Novotel nahi chahiye, cancel karo",
            "kamra wapas kar do guest nahi aa raha",
            "होटल की बुकिंग रद्द कर दो",
            "गोवा वाला होटल कैंसल करो",
            "होटल नहीं चाहिए अब, रद्द कर दीजिए",
            "रमेश जी का कमरा कैंसल कर दो",
        ),
    },
)
