"""Search hotels in a city and list their rates."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext, ngettext
from pydantic import Field

from voyagent.capabilities.capability import Capability, Card, Invocation, Slot
from voyagent.capabilities.cards import count_note, day, listing
from voyagent.capabilities.refusals import unsupported
from voyagent.capabilities.results import Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed, CurrencyCode, PlainAmount, Trimmed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import RATE_COLUMNS, rate_row
from voyagent.trips.capabilities.outputs import LISTED_MAX, rate_output
from voyagent.trips.rules.details import Country
from voyagent.trips.service import hotels
from voyagent.trips.service.supplier_queries import hotel_query, suppliers


class SearchHotelsInput(Closed):
    """A city, the days of the stay and the guests."""

    country: Annotated[Country, Slot("country", N_("In which country?"))] = Field(
        description="ISO 3166 code of the country, such as AE."
    )
    city: Annotated[str, Trimmed(128), Slot("city", N_("In which city?"))] = Field(
        description="Name of the city."
    )
    check_in: Annotated[
        BusinessDate, Slot("date", N_("From which day to which? Such as “12–18 Dec”."))
    ] = Field(description="Day of arrival, YYYY-MM-DD.")
    check_out: Annotated[BusinessDate, Slot("date", N_("Until which day?"))] = Field(
        description="Day of departure, YYYY-MM-DD; one to 365 nights later."
    )
    guests: Annotated[int, Field(ge=1, le=30), Slot("people", N_("For how many guests?"))] = Field(
        description="Number of guests, children included."
    )
    currency: Annotated[CurrencyCode | None, Slot("currency")] = Field(
        default=None, description="ISO 4217 code of the rates; absent for the agency's currency."
    )
    budget_max: Annotated[PlainAmount | None, Slot("budget")] = Field(
        default=None, description="Highest price of the whole stay, such as 60000.00."
    )


def run(call: Invocation, inputs: SearchHotelsInput) -> OutboundCall[JsonObject]:
    """Return at most twenty rates, cheapest first.

    Raises InvalidAmount, UnknownCurrency, and the errors of `hotels.search_hotels`.
    """
    query = hotel_query(
        country=inputs.country,
        city=inputs.city,
        check_in=inputs.check_in,
        check_out=inputs.check_out,
        guests=inputs.guests,
        currency=inputs.currency or call.actor.currency,
        budget_max=inputs.budget_max,
    )
    searching = hotels.search_hotels(suppliers(call), call.actor, query)
    return searching.then(
        lambda found: {
            "count": len(found),
            "results": [rate_output(one.offer) for one in found[:LISTED_MAX]],
        },
        refused=unsupported("searched"),
    )


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Describe the search in one sentence, with city and days."""
    if not given.get("city"):
        return str(gettext("Searched hotels"))
    days = " – ".join(day(given[name]) for name in ("check_in", "check_out") if given.get(name))
    return str(gettext("Searched hotels in %(city)s, %(days)s", city=given["city"], days=days))


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: the search and its rates."""
    days = " – ".join(day(given[name]) for name in ("check_in", "check_out") if given.get(name))
    guests = ngettext("one guest", "%(num)d guests", given["guests"]) if given.get("guests") else ""
    search = ", ".join(filter(None, (given["city"], days, str(guests))))
    if not output["results"]:
        return str(
            gettext(
                "%(search)s: no hotels found. Search other days or another city, or allow a higher"
                " price.",
                search=search,
            )
        )
    heading = ngettext(
        "%(search)s: one rate for the stay, valid for twenty minutes.",
        "%(search)s: %(num)d rates for the stay, valid for twenty minutes.",
        output["count"],
        search=search,
    )
    return listing(str(heading), map(rate_row, output["results"]), output["count"])


CAPABILITY = Capability(
    name="search_hotels",
    title=N_("Search hotels"),
    summary="Search hotels in a city; rates are valid for 20 minutes.",
    area="hotels_holidays",
    input=SearchHotelsInput,
    output=frozenset({"count", "results"}),
    permission="trip.update",
    approval="never",
    run=run,
    card=Card(
        icon="building",
        sentence=sentence,
        note=count_note,
        answer=answer,
        fills=("rate_key",),
        rows="results",
        row=rate_row,
        results=(Result(title=N_("Rates"), rows="results", columns=RATE_COLUMNS),),
    ),
    audit=N_("Assistant: search hotels"),
    follow_ups=("check_hotel_rate", "book_hotel"),
    examples={
        "en": (
            "hotels in Dubai 12-18 Dec for 2",
            "find a 4 star in Singapore from 10 to 14 March, 3 guests",
            "search rooms in Munnar this weekend for 5 people",
            "beach resort Goa 24 Dec to 2 Jan 4 pax",
            "need a hotel near the Haram, Makkah, 6 nights from 2 Feb, 5 guests",
            "rates in Bangkok for 3 nights from 20 jan, family of 4",
            "any hotel under 60k for the stay in Male, 15 to 19 Feb, couple",
            "accommodation in London 1 May - 7 May, 1 guest, budget GBP 900",
            "show stay options for Bali, honeymoon, 5 nights",
            "where can they stay in Kuala Lumpur, chk in 10/3 chk out 14/3",
            "list hotels with breakfast in Abu Dhabi for the 23rd to 25th, 2 adults",
            "htl availability Srinagar 5-9 June 3 pax",
            "find hotels near Marina Bay 2 to 5 April for 2 adults",
            "need 3 rooms in Jaipur 24 to 26 Jan, 6 pax",
            "any 5 star in Udaipur for new year, 2 nights, 4 guests",
            "budget hotel Bangkok Sukhumvit 14-18 Feb under 4000 per night",
            "show resorts in Coorg this weekend for a couple",
            "search hotel Paris 10 June 4 nights 2 adults 1 child",
            "homestay in Darjeeling for 5 persons 12 to 15 May",
            "htls in Kathmandu 3rd to 6th april 2pax with bf",
            "room availability at Pattaya from 9 Feb for 3 nights, 4 people",
            "which hotels are free in Lonavala on Saturday night for 8",
            "hotel options in Tashkent, check in 1 March check out 4 March, 10 guests",
        ),
        "hi": (
            "Dubai mein hotel dikhao 12 se 18 December, 2 log",
            "Goa mein 4 raat ke liye kamra chahiye",
            "Singapore ka sasta hotel batao, 10 March se 14 March",
            "Manali mein 5 logon ke rukne ka intezaam dekho",
            "Makkah mein Haram ke paas hotel dhoondo",
            "Bali mein 60 hazaar tak ka resort milega kya",
            "Jaipur mein 3 kamre chahiye 24 se 26 January",
            "Udaipur ka 5 star hotel dikhao do raat ke liye",
            "Bangkok mein sasta hotel 14 se 18 Feb, 2 log",
            "Coorg mein resort dekho is weekend",
            "दुबई में होटल दिखाओ 12 से 18 दिसंबर, 2 लोग",
            "गोवा में 4 रात के लिए कमरा चाहिए",
            "सिंगापुर का सस्ता होटल बताओ",
            "मनाली में 5 लोगों के रुकने का होटल देखो",
            "जयपुर में 24 जनवरी को होटल मिलेगा क्या",
        ),
    },
)
