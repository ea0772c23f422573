"""For whom rooms are booked and seats held: the names in the words themselves, or in the answer to
the question who stays; another offer keeps the wish.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.assistant.conftest import Talk, of_kind, text
from tests.assistant.phrasings import PLAIN
from tests.assistant.test_holding import SHOWN as FLIGHTS
from tests.assistant.test_hotel_guests import NO_TRIP, SHOWN, turn
from tests.people import Person
from voyagent.assistant.moves import Ask, Call, Context, EnquiryInView, Outcome, Say
from voyagent.assistant.planner import whom
from voyagent.assistant.planner.builtin import understand
from voyagent.kernel import clock

NAMES = ("Asha Nair", "Ravi Nair", "Meera Nair")
PEOPLE: list[dict[str, Any]] = [
    {"id": f"p-{name.split()[0].lower()}", "full_name": name, "nationality": "", "kind": "adult"}
    for name in NAMES
]
ASKED = {
    "city": "Dubai",
    "country": "AE",
    "check_in": "2026-12-12",
    "check_out": "2026-12-18",
    "guests": 2,
}
FOR_TWO = replace(
    PLAIN,
    offers={**SHOWN, "rates_search": ASKED},
    trip={"id": "t-1", "passengers": PEOPLE, "held": []},
)
ON_TRIP = Outcome({"passengers": PEOPLE})
EVERY_NAME = "Asha Nair, Ravi Nair, Meera Nair"
FARE = {"amount": "900.00", "currency": "INR"}
FOUND = Outcome(
    {
        "count": 1,
        "results": [
            {
                "rate_key": "k-9",
                "hotel": "Amber Court",
                "stars": 3,
                "room": "Twin",
                "board": "room_only",
                "is_refundable": False,
                "price": FARE,
            }
        ],
    }
)
ADDED = Outcome({"added": True})


def asked_who(said: str = "book the cheapest one") -> Context:
    who = turn(said, FOR_TWO, ON_TRIP)
    assert isinstance(who, Ask), who
    assert (who.tool, who.missing) == ("book_hotel", "who")
    assert f"Who stays? Say their names, or “everybody”: {EVERY_NAME}." in who.text
    return replace(FOR_TWO, question=who)


def booked(rate: str, *names: str) -> tuple[str, dict[str, Any]]:
    return "book_hotel", {"rate_key": rate, "passenger_ids": [f"p-{name}" for name in names]}


def call_of(said: str, context: Context, *outcomes: Outcome) -> tuple[str, dict[str, Any]]:
    move = turn(said, context, *outcomes)
    assert isinstance(move, Call), (said, move)
    return move.tool, move.arguments


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Asha and Ravi", ("asha", "ravi")),
        ("asha and ravi", ("asha", "ravi")),
        ("Asha Nair, Meera", ("asha", "meera")),
        ("only Meera", ("meera",)),
        ("for Ravi & Meera please", ("ravi", "meera")),
        ("the guests are Asha and Ravi", ("asha", "ravi")),
        ("Asha and Ravi stay", ("asha", "ravi")),
        ("no, Asha and Meera", ("asha", "meera")),
        ("the first two", ("asha", "ravi")),
        ("the last two", ("ravi", "meera")),
        ("everybody but Meera", ("asha", "ravi")),
        ("all except Asha", ("ravi", "meera")),
        ("the second one", ("ravi",)),
    ],
)
def test_who_stays_is_asked_by_name_and_the_answer_books_for_them(
    said: str, names: tuple[str, ...]
) -> None:
    assert call_of(said, asked_who(), ON_TRIP) == booked("k-1", *names)


@pytest.mark.parametrize(
    ("said", "rate", "names"),
    [
        ("book the cheapest for Asha and Ravi", "k-1", ("asha", "ravi")),
        ("book the second one for asha and meera please", "k-2", ("asha", "meera")),
        ("book the second for the first two", "k-2", ("asha", "ravi")),
        ("book the Marina Palace for Meera", "k-2", ("meera",)),
        ("reserve the cheapest for everybody except Ravi", "k-1", ("asha", "meera")),
    ],
)
def test_names_in_the_wish_itself_book_for_them_at_once(
    said: str, rate: str, names: tuple[str, ...]
) -> None:
    assert call_of(said, FOR_TWO, ON_TRIP) == booked(rate, *names)


def test_a_search_still_to_be_made_is_for_as_many_as_are_named() -> None:
    said = "book the cheapest hotel in Dubai 12-18 Dec for Asha and Ravi"
    assert call_of(said, FOR_TWO, ON_TRIP) == ("search_hotels", ASKED)
    assert call_of(said, FOR_TWO, ON_TRIP, FOUND) == booked("k-9", "asha", "ravi")


@pytest.mark.parametrize(
    "said", ["all three", "everybody", "everyone", "all of them", "Asha, Ravi and Meera"]
)
def test_for_more_than_the_rates_are_for_it_is_searched_anew_and_asked_which(said: str) -> None:
    for words, context in ((said, asked_who()), (f"book the cheapest for {said}", FOR_TWO)):
        search = turn(words, context, ON_TRIP)
        assert isinstance(search, Call), search
        assert (search.tool, search.arguments) == ("search_hotels", {**ASKED, "guests": 3})
        assert search.words == "Those rates are for 2, so I search again for 3."
        which = turn(words, context, ON_TRIP, FOUND)
        assert isinstance(which, Ask), which
        assert which.missing == "pick"
        offers = {
            **SHOWN,
            "rates": [{"rate_key": "k-9", "hotel": "Amber Court", "number": 1}],
            "rates_search": {**ASKED, "guests": 3},
        }
        then = replace(FOR_TWO, offers=offers, question=which)
        for answer in ("1", "the cheapest", "the first one", "book the first one"):
            assert call_of(answer, then, ON_TRIP) == booked("k-9", "asha", "ravi", "meera"), answer


@pytest.mark.parametrize(
    "said", ["both", "all four", "the first five", "Nair", "Deepa", "what a day"]
)
def test_what_leaves_open_who_is_meant_books_for_nobody(said: str) -> None:
    again = understand(said, asked_who())
    assert isinstance(again, Ask), again
    assert (again.missing, again.known) == ("who", {"rate_key": "k-1"})


@pytest.mark.parametrize(
    "said",
    ["no, the second one", "rather the second one", "the second one instead", "no, option 2"],
)
def test_another_offer_keeps_the_wish_to_book(said: str) -> None:
    who = turn(said, asked_who(), ON_TRIP)
    assert isinstance(who, Ask), who
    assert (who.tool, who.missing, who.known) == ("book_hotel", "who", {"rate_key": "k-2"})
    assert call_of("Asha and Ravi", replace(FOR_TWO, question=who), ON_TRIP) == booked(
        "k-2", "asha", "ravi"
    )


def test_a_stranger_among_the_guests_is_asked_about_and_a_whole_name_is_taken_along() -> None:
    who = understand("book the cheapest for Deepa", FOR_TWO)
    assert isinstance(who, Ask), who
    assert (
        "I cannot tell who Deepa is. Who stays? Say the whole names; on this trip travel:"
        f" {EVERY_NAME}." == who.text
    )
    new = "Asha and Deepa Krishnan"
    assert call_of(new, replace(FOR_TWO, question=who)) == (
        "add_passenger",
        {"full_name": "Deepa Krishnan"},
    )
    grown = Outcome({"passengers": [*PEOPLE, {"id": "p-deepa", "full_name": "Deepa Krishnan"}]})
    for words, context in (
        (new, replace(FOR_TWO, question=who)),
        (f"book the cheapest for {new}", FOR_TWO),
    ):
        assert call_of(words, context, ADDED) == ("show_trip", {})
        assert call_of(words, context, ADDED, grown) == booked("k-1", "asha", "deepa")


def test_a_hotel_without_a_trip_is_listed_and_then_it_is_asked_which_and_who() -> None:
    said = "book a hotel in Dubai 12-18 Dec for 2 adults"
    which = turn(said, PLAIN, NO_TRIP, FOUND)
    assert isinstance(which, Ask), which
    assert (which.tool, which.missing) == ("book_hotel", "pick")
    assert which.text.endswith("Which one shall I book?")


@pytest.mark.parametrize(
    "said",
    [
        "hold the cheapest for Asha Nair and Ravi Menon",
        "book flight 1 for Asha Nair, Ravi Menon please",
        "hold the cheapest flight from COK to DXB on 12 Dec for Asha Nair and Ravi Menon",
    ],
)
def test_who_is_named_in_a_hold_is_taken_along_and_not_asked_for(said: str) -> None:
    assert call_of(said, FLIGHTS) == ("add_passenger", {"full_name": "Asha Nair"})
    assert call_of(said, FLIGHTS, ADDED) == ("add_passenger", {"full_name": "Ravi Menon"})
    if "COK" not in said:
        assert call_of(said, FLIGHTS, ADDED, ADDED) == ("hold_flight", {"fare_id": "f-1"})
        return
    tool, arguments = call_of(said, FLIGHTS, ADDED, ADDED)
    assert (tool, arguments["passengers"]) == ("search_flights", {"adult": 2})


def test_of_those_who_travel_a_part_of_the_name_will_do_and_a_new_one_is_added() -> None:
    pair = replace(FLIGHTS, trip={"id": "t-1", "passengers": PEOPLE[:2], "held": []})
    assert call_of("hold the second for Asha and Ravi", pair) == ("hold_flight", {"fare_id": "f-2"})
    assert call_of("hold the second for Asha, Ravi and Deepa Menon", pair) == (
        "add_passenger",
        {"full_name": "Deepa Menon"},
    )
    about = EnquiryInView("e-1", "Isha Paul")
    assert call_of("hold the second for Isha", replace(FLIGHTS, enquiry=about)) == (
        "add_passenger",
        {"full_name": "Isha Paul"},
    )
    for said, part in (
        ("hold the second for Ravi and Deepa Menon", "all 2 who travel"),
        ("hold the second for Zoya", "Nobody called Zoya travels"),
    ):
        told = understand(said, pair)
        assert isinstance(told, Say), told
        assert part in told.text


def test_who_of_those_named_in_a_hold_is_the_child_is_asked() -> None:
    family = replace(
        FLIGHTS, offers={**FLIGHTS.offers, "fares_search": {"passengers": {"adult": 1, "child": 1}}}
    )
    young = understand("hold the second for Asha Nair and Ravi Menon", family)
    assert isinstance(young, Ask), young
    assert (young.missing, young.known["fare_id"]) == ("young", "f-2")
    other = understand("no, the third one", replace(family, question=young))
    assert isinstance(other, Ask), other
    assert (other.missing, other.known["fare_id"]) == ("young", "f-3")


@pytest.mark.parametrize(
    "words",
    [
        "the cheapest for 2 adults",
        "the cheapest for business class",
        "flight 2 for them",
        "the cheapest for two nights",
        "a flight for 12 Dec",
        "the second",
        "for",
    ],
)
def test_words_that_name_nobody_stay_as_they_are(words: str) -> None:
    assert whom.named(words, FOR_TWO) == whom.Named(words)


def test_a_trip_of_three_books_rooms_for_two_of_them(talk: Talk, bob: Person) -> None:
    session_id, day = talk.begin(bob), clock.today("UTC") + timedelta(days=40)
    talk.say(bob, session_id, f"add passengers {EVERY_NAME}")
    talk.say(
        bob,
        session_id,
        f"hotels in Dubai {day:%d %b %Y} to {day + timedelta(days=3):%d %b %Y} for 2 guests",
    )
    assert f"Who stays? Say their names, or “everybody”: {EVERY_NAME}." in text(
        talk.say(bob, session_id, "book the cheapest one")
    )
    assert "Who stays?" in text(talk.say(bob, session_id, "no, the second one"))
    assert "for Asha Nair, Ravi Nair." in text(talk.say(bob, session_id, "Asha and Ravi"))
    anew = talk.say(bob, session_id, "book the cheapest for everybody")
    assert text(anew).endswith("Which one shall I book?")
    (search,) = [
        one["tool_input"]
        for one in of_kind(anew, "tool_use")
        if one["tool_name"] == "search_hotels"
    ]
    assert search["guests"] == 3
    assert f"for {EVERY_NAME}." in text(talk.say(bob, session_id, "the third one"))
    two, three = (one["summary"] for one in talk.pending(bob, session_id))
    assert two != three


def test_names_in_a_hold_are_taken_along_in_one_message(talk: Talk, bob: Person) -> None:
    session_id, day = talk.begin(bob), clock.today("UTC") + timedelta(days=40)
    talk.say(bob, session_id, f"flights Kochi to Doha {day:%d %b %Y} for 2 adults")
    held = talk.say(bob, session_id, "hold the cheapest for Asha Nair and Ravi Menon")
    assert "Held as " in text(held)
    assert "Asha Nair, Ravi Menon" in text(talk.say(bob, session_id, "show the trip"))
