"""Check a hotel rate with the supplier, and read its current price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.capabilities.capability import Capability, Card, Choice, Invocation, Slot
from voyagent.capabilities.cards import money, sum_note
from voyagent.capabilities.refusals import unsupported
from voyagent.capabilities.results import Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import RATE_COLUMNS, rate_row
from voyagent.trips.capabilities.outputs import rate_output
from voyagent.trips.service import hotels
from voyagent.trips.service.supplier_queries import suppliers


class CheckHotelRateInput(Closed):
    """A rate from a search."""

    rate_key: Annotated[
        str,
        Field(min_length=1, max_length=4096),
        Slot("rate", N_("Which of the hotel rates?")),
    ] = Field(description="`rate_key` of a rate in the search results.")


def run(call: Invocation, inputs: CheckHotelRateInput) -> OutboundCall[JsonObject]:
    """Read the rate again from the supplier.

    Raises the errors of `hotels.check_hotel_rate`.
    """
    checking = hotels.check_hotel_rate(suppliers(call), call.actor, inputs.rate_key)
    return checking.then(
        lambda rate: {"checked": True, **rate_output(rate)}, refused=unsupported("checked")
    )


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Describe the check in one sentence.

    After the check, the sentence has the hotel's name.
    """
    if not output.get("hotel"):
        return str(gettext("Checked a hotel rate"))
    return str(gettext("Checked the rate at %(hotel)s", hotel=output["hotel"]))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: hotel, room, price and terms."""
    facts = {
        "hotel": output["hotel"],
        "room": output["room"],
        "price": money(output["price"]),
    }
    if output["is_refundable"]:
        return str(gettext("%(hotel)s, %(room)s: %(price)s for the stay, refundable.", **facts))
    return str(gettext("%(hotel)s, %(room)s: %(price)s for the stay, not refundable.", **facts))


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the rate as a choice, to which later messages can refer."""
    price = output["price"]
    amount = Money.parse(price["amount"], price["currency"])
    return (Choice(output["rate_key"], rate_row(output), amount=amount),)


CAPABILITY = Capability(
    name="check_hotel_rate",
    title=N_("Check a hotel rate"),
    summary="Read the current price and conditions of a hotel rate.",
    area="hotels_holidays",
    input=CheckHotelRateInput,
    output=frozenset(
        {"checked", "rate_key", "hotel", "stars", "room", "price", "is_refundable", "board_basis"}
    ),
    permission="trip.update",
    approval="never",
    run=run,
    card=Card(
        icon="tag",
        sentence=sentence,
        note=sum_note,
        answer=answer,
        fills=("rate_key",),
        records=records,
        results=(Result(columns=RATE_COLUMNS),),
    ),
    audit=N_("Assistant: check a hotel rate"),
    follow_ups=("book_hotel", "search_hotels"),
    examples={
        "en": (
            "check the rate of the first hotel",
            "is the Amber Court price still valid",
            "recheck option 2 before we book",
            "confirm the room rate at Marina Palace",
            "is that room still available",
            "what is the current price of the second hotel",
            "rate check pls, number 3",
            "is the last one refundable",
            "does hotel 1 include breakfast",
            "verify the tariff of the Creek hotel now",
            "has the rate gone up since we searched?",
            "price check for the resort",
            "is the Novotel rate still the same",
            "check if the second room is still available at that price",
            "revalidate the rate for Taj before I book",
            "what does option 3 cost now",
            "price of the deluxe room today",
            "is breakfast part of the Lemon Tree rate",
            "confirm availability and tariff of the first hotel again",
            "does the cheapest hotel allow free cancellation",
            "is the 4 star one still on offer",
            "latest price for Holiday Inn pls",
        ),
        "hi": (
            "pehle hotel ka rate check karo",
            "Amber Court ka daam abhi kya hai",
            "doosra wala kamra abhi khaali hai kya",
            "Marina Palace ka rate confirm kar lo",
            "teesre hotel mein breakfast shaamil hai kya",
            "rate badha to nahi, dekh lo",
            "Novotel ka rate abhi bhi wahi hai kya",
            "Taj ka daam dobara check karo",
            "doosre hotel ka kiraya kitna hai ab",
            "wo kamra abhi milega kya us rate pe",
            "पहले होटल का रेट चेक करो",
            "क्या वह कमरा अभी खाली है",
            "ताज का दाम अभी कितना है",
            "दूसरे होटल का रेट फिर से देखो",
        ),
    },
)
