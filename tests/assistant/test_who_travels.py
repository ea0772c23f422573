"""Seats for a trip that nobody travels on: who does is asked, they are taken along, and the hold
goes on; nobody is taken along twice.
"""

from __future__ import annotations

from dataclasses import replace

from tests.assistant.phrasings import PLAIN
from tests.assistant.test_hotel_guests import turn
from voyagent.assistant.moves import Ask, Call, Context, Outcome, Say

FOR_TWO = {
    "newest": "fares",
    "fares": [
        {
            "fare_id": "f-1",
            "flights": ["IX 3974"],
            "departs_at": "2026-12-12T15:05:00+05:30",
            "number": 1,
        }
    ],
    "fares_search": {"passengers": {"adult": 2}},
}
NOBODY = Outcome(error="nobody_travels", message="This trip has no passengers yet. Add them first.")
ADDED = Outcome({"added": True})


def test_who_travels_is_asked_and_the_hold_goes_on() -> None:
    context = replace(PLAIN, offers=FOR_TWO)
    who = turn("hold the first", context, NOBODY)
    assert isinstance(who, Ask), who
    assert (who.text, who.known, who.missing) == (
        "Nobody travels on this trip yet. Who does? Say their names.",
        {"fare_id": "f-1"},
        "who",
    )
    asked = replace(context, question=who)
    for said in (
        "Deepa Krishnan and Suresh Krishnan",
        "the passengers are Deepa Krishnan and Suresh Krishnan",
        "add passengers Deepa Krishnan, Suresh Krishnan",
    ):
        assert turn(said, asked) == Call("add_passenger", {"full_name": "Deepa Krishnan"})
        assert turn(said, asked, ADDED) == Call("add_passenger", {"full_name": "Suresh Krishnan"})
        assert turn(said, asked, ADDED, ADDED) == Call("hold_flight", {"fare_id": "f-1"})


def test_who_else_travels_is_asked_where_the_fares_are_for_more() -> None:
    context = replace(PLAIN, offers=FOR_TWO)
    who = turn("hold the first", context, NOBODY)
    assert isinstance(who, Ask), who
    alone = turn("Deepa Krishnan", replace(context, question=who))
    assert isinstance(alone, Ask), alone
    assert (
        alone.text
        == "The fares are for 2, and I have 1. Who else travels? Say their names, or search again"
        " for those who go."
    )
    asked = replace(context, question=alone)
    for said in ("Suresh Krishnan", "passengers Deepa Krishnan and her husband Suresh Krishnan"):
        assert turn(said, asked) == Call("add_passenger", {"full_name": "Deepa Krishnan"}), said
        assert turn(said, asked, ADDED) == Call(
            "add_passenger", {"full_name": "Suresh Krishnan"}
        ), said
        assert turn(said, asked, ADDED, ADDED) == Call("hold_flight", {"fare_id": "f-1"}), said
    along = replace(
        context,
        trip={
            "id": "t-1",
            "passengers": [{"id": "p-1", "full_name": "Deepa Krishnan"}],
            "held": [],
        },
    )
    more = turn("hold the first", along)
    assert isinstance(more, Ask), more
    assert (more.missing, more.known) == ("who", {"fare_id": "f-1"})
    assert turn("Suresh Krishnan", replace(along, question=more)) == Call(
        "add_passenger", {"full_name": "Suresh Krishnan"}
    )
    assert turn("Suresh Krishnan", replace(along, question=more), ADDED) == Call(
        "hold_flight", {"fare_id": "f-1"}
    )


def test_nobody_is_taken_along_twice() -> None:
    along = replace(PLAIN, trip={"passengers": [{"id": "p-1", "full_name": "Deepa Krishnan"}]})
    told = turn("add passenger deepa krishnan", along)
    assert isinstance(told, Say), told
    assert "on this trip already" in told.text
    assert turn("add passengers Deepa Krishnan and Ravi Menon", along) == Call(
        "add_passenger", {"full_name": "Deepa Krishnan"}
    )


FAMILY = replace(
    PLAIN,
    offers={
        "newest": "fares",
        "fares": [
            {
                "fare_id": "f-1",
                "flights": ["IX 3974"],
                "departs_at": "2026-12-12T15:05:00+05:30",
                "number": 1,
            }
        ],
        "fares_search": {"passengers": {"adult": 2, "child": 1}},
    },
)
NAMES = "Rajesh Nair, Sunitha Nair and Aarav Nair"
ON_TRIP = ("Rajesh Nair", "Sunitha Nair", "Aarav Nair")
GROWN = [
    {"id": f"p-{number}", "full_name": name, "kind": "adult", "nationality": ""}
    for number, name in enumerate(ON_TRIP)
]


def who_travels(context: Context) -> Context:
    who = turn("hold the first", context, NOBODY)
    assert isinstance(who, Ask), who
    return replace(context, question=who)


def test_a_child_is_said_with_its_name() -> None:
    asked = who_travels(FAMILY)
    for facts in ("(child, born 3 March 2019)", "(child)", "born 3 March 2019"):
        said = f"{NAMES} {facts}"
        child = {"full_name": "Aarav Nair", "kind": "child"} | (
            {"date_of_birth": "2019-03-03"} if "born" in facts else {}
        )
        assert turn(said, asked) == Call("add_passenger", {"full_name": "Rajesh Nair"})
        assert turn(said, asked, ADDED, ADDED) == Call("add_passenger", child)
        assert turn(said, asked, ADDED, ADDED, ADDED) == Call("hold_flight", {"fare_id": "f-1"})


def test_a_family_is_said_as_families_are() -> None:
    asked = who_travels(FAMILY)
    for said in (
        "passengers Rajesh Nair, Sunitha Nair and their son Aarav Nair 8 years",
        "Rajesh Nair, his wife Sunitha Nair and their little son Aarav Nair aged 8",
        "Rajesh Nair, Sunitha Nair, Aarav Nair (8 yrs)",
    ):
        assert turn(said, asked) == Call("add_passenger", {"full_name": "Rajesh Nair"}), said
        assert turn(said, asked, ADDED) == Call("add_passenger", {"full_name": "Sunitha Nair"}), (
            said
        )
        assert turn(said, asked, ADDED, ADDED) == Call(
            "add_passenger", {"kind": "child", "full_name": "Aarav Nair"}
        ), said


def test_who_is_the_child_is_asked_before_anybody_is_taken_along() -> None:
    asked = who_travels(FAMILY)
    young = turn(NAMES, asked)
    assert isinstance(young, Ask), young
    assert young.text.startswith(
        "The fares are for 2 adults, one child, and I have 3 adults. Who is the young one?"
    )
    then = replace(FAMILY, question=young)
    for said in (
        "Aarav",
        "Aarav Nair",
        "Aarav is the child",
        "Aarav Nair, born 3 March 2019",
        "Aarav was born on 3 March 2019",
    ):
        child = {"full_name": "Aarav Nair", "kind": "child"} | (
            {"date_of_birth": "2019-03-03"} if "born" in said else {}
        )
        assert turn(said, then) == Call("add_passenger", {"full_name": "Rajesh Nair"}), said
        assert turn(said, then, ADDED, ADDED) == Call("add_passenger", child), said
        assert turn(said, then, ADDED, ADDED, ADDED) == Call("hold_flight", {"fare_id": "f-1"}), (
            said
        )
    assert isinstance(turn("Deepa Krishnan", then), Ask), "nobody of that name travels"


def test_who_is_on_the_trip_as_an_adult_is_said_to_be_a_child() -> None:
    along = replace(FAMILY, trip={"id": "t-1", "passengers": GROWN, "held": []})
    young = turn("hold the first", along)
    assert isinstance(young, Ask), young
    assert (young.missing, young.known) == ("young", {"fare_id": "f-1"})
    child = Call(
        "add_passenger",
        {"full_name": "Aarav Nair", "nationality": "", "kind": "child"}
        | {"date_of_birth": "2019-03-03"},
    )
    child.arguments.pop("nationality")
    assert turn("Aarav, born 3 March 2019", replace(along, question=young)) == child
    assert turn("Aarav, born 3 March 2019", replace(along, question=young), ADDED) == Call(
        "hold_flight", {"fare_id": "f-1"}
    )
    for said in (
        "Aarav is a child, born 3 March 2019",
        "Aarav Nair was born on 3 March 2019",
        "add passenger Aarav Nair (child, born 3 March 2019)",
    ):
        assert turn(said, along) == child, said


def test_a_fare_for_a_child_is_not_held_for_an_infant() -> None:
    people = [*GROWN[:2], GROWN[2] | {"kind": "infant"}]
    told = turn(
        "hold the first", replace(FAMILY, trip={"id": "t-1", "passengers": people, "held": []})
    )
    assert isinstance(told, Say), told
    assert (
        told.text
        == "The fares are for 2 adults, one child, and those who travel are 2 adults, one infant."
        " Search again for those who go. Nothing is held."
    )
