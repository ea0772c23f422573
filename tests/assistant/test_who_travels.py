"""Seats for a trip that nobody travels on: who does is asked, they are taken along, and the hold goes on; nobody is taken along twice."""

from __future__ import annotations

from dataclasses import replace

from tests.assistant.phrasings import PLAIN
from tests.assistant.test_hotel_guests import turn
from voyagent.assistant.planner.moves import Ask, Call, Outcome, Say

FOR_TWO = {
    "newest": "fares",
    "fares": [{"fare_id": "f-1", "flights": ["IX 3974"], "departs_at": "2026-12-12T15:05:00+05:30", "number": 1}],
    "fares_search": {"passengers": {"adult": 2}},
}
NOBODY = Outcome(error="nobody_travels", message="Nobody travels on this trip yet. Add the passengers first.")
ADDED = Outcome({"added": True})


def test_who_travels_is_asked_and_the_hold_goes_on() -> None:
    context = replace(PLAIN, offers=FOR_TWO)
    who = turn("hold the first", context, NOBODY)
    assert isinstance(who, Ask), who
    assert (who.text, who.known, who.missing) == ("Nobody travels on this trip yet. Who does? Say their names.", {"fare_id": "f-1"}, "who")
    asked = replace(context, question=who)
    for said in (
        "Deepa Krishnan and Suresh Krishnan",
        "the passengers are Deepa Krishnan and Suresh Krishnan",
        "add passengers Deepa Krishnan, Suresh Krishnan",
    ):
        assert turn(said, asked) == Call("add_passenger", {"full_name": "Deepa Krishnan"})
        assert turn(said, asked, ADDED) == Call("add_passenger", {"full_name": "Suresh Krishnan"})
        assert turn(said, asked, ADDED, ADDED) == Call("hold_flight", {"fare_id": "f-1"})
    alone = turn("Deepa Krishnan", asked, ADDED)
    assert isinstance(alone, Say), alone
    assert alone.text.startswith("The fares are for 2, and the trip has 1 who travel.")


def test_nobody_is_taken_along_twice() -> None:
    along = replace(PLAIN, trip={"passengers": [{"id": "p-1", "full_name": "Deepa Krishnan"}]})
    told = turn("add passenger deepa krishnan", along)
    assert isinstance(told, Say), told
    assert "on this trip already" in told.text
    assert turn("add passengers Deepa Krishnan and Ravi Menon", along) == Call("add_passenger", {"full_name": "Deepa Krishnan"})
