"""Bookings, passengers and trips that a sentence can mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.people import Person
from tests.trips.test_supplies import an_offer, hold, travellers
from tests.trips.things import a_passenger, a_trip
from voyagent.capabilities import slots
from voyagent.capabilities.capability import Choice, Invocation
from voyagent.capabilities.dialogue import Engine
from voyagent.chat.service import conversations as chat
from voyagent.trips.capabilities import lookups, show_trip

Lookup = Callable[[Invocation, str], list[Choice]]


def found(
    person: Person, lookup: Lookup, text: str, session_id: UUID | None = None
) -> list[Choice]:
    return person.does(lambda actor: lookup(Invocation(actor, session_id=session_id), text))


def a_session(person: Person) -> UUID:
    return person.does(lambda actor: chat.create_session(actor, title="Talk").id)


def held(person: Person, title: str, **fields: Any) -> list[Any]:
    trip_id = a_trip(person, title=title, **fields)
    travellers(person, trip_id)
    return hold(person, trip_id, an_offer(person)[0])


def test_a_held_booking_is_found_by_its_code_or_trip(alice: Person, charlie: Person) -> None:
    session_id = a_session(alice)
    old = held(alice, "Menon, Doha", session_id=session_id)
    new = held(alice, "Krishnan family, Dubai")
    held(charlie, "Menon, Doha")
    all_held = found(alice, lookups.held_flights, "released the seats")
    assert [one.id for one in all_held] == [str(new[0].id), str(old[0].id)]
    assert all_held[0].number == new[0].supplier_ref
    assert all_held[0].amount == sum((line.cost for line in new[1:]), new[0].cost)
    assert all_held[0].label.startswith(f"{new[0].supplier_ref}, {new[0].name}")
    assert all_held[0].label.endswith(", Krishnan family, Dubai")
    code = str(old[0].supplier_ref).lower()
    assert [one.id for one in found(alice, lookups.held_flights, f"release {code}")] == [
        str(old[0].id)
    ]
    assert [one.id for one in found(alice, lookups.held_flights, "drop the Krishnan hold")] == [
        str(new[0].id)
    ]
    assert [one.id for one in found(alice, lookups.held_flights, "drop it", session_id)] == [
        str(old[0].id),
        str(new[0].id),
    ], "the conversation's own booking comes first"


def test_a_passenger_is_found_by_name(alice: Person, charlie: Person) -> None:
    trip_id = a_trip(alice, title="Ravi and friends, Dubai")
    for name in ("Deepa Krishnan", "Ravi Krishnan"):
        a_passenger(alice, trip_id, full_name=name)
    a_passenger(charlie, a_trip(charlie), full_name="Deepa Krishnan")

    def labels(text: str) -> list[str]:
        return [one.label.split(",")[0] for one in found(alice, lookups.passengers, text)]

    assert labels("file the visa for ravi krishnan to Dubai") == ["Ravi Krishnan"]
    assert labels("visa for the Krishnan couple") == ["Deepa Krishnan", "Ravi Krishnan"]
    assert labels("visa for everybody") == ["Deepa Krishnan", "Ravi Krishnan"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mail the itinerary of the Menon trip", ["Menon, Doha"]),
        ("send the Krishnan family their plan", ["Krishnan family, Dubai"]),
        ("send it", ["Krishnan family, Dubai", "Menon, Doha"]),
    ],
)
def test_a_trip_is_found_by_its_title(
    alice: Person, charlie: Person, text: str, meant: list[str]
) -> None:
    for title in ("Menon, Doha", "Krishnan family, Dubai"):
        a_trip(alice, title=title)
    a_trip(charlie, title="Menon, Doha")
    assert [one.label for one in found(alice, lookups.trips, text)] == meant


PEOPLE = ("Anitha Menon", "Ravi Menon", "Ravi Menon Nair", "Sunil Das", "Leela Das", "Leela Roy")


@pytest.mark.parametrize(
    ("text", "names", "is_asked"),
    [
        ("file the visa for Ravi Menon", ["Ravi Menon"], False),
        ("visa for Ravi Menon Nair", ["Ravi Menon Nair"], False),
        (
            "remove Joseph Menon from the trip",
            ["Anitha Menon", "Ravi Menon", "Ravi Menon Nair"],
            True,
        ),
        ("visa of Gopal Das", ["Sunil Das", "Leela Das"], True),
        ("drop thomas roy", ["Leela Roy"], True),
        ("visa for Mr Das", ["Sunil Das", "Leela Das"], False),
        ("visa for Leela", ["Leela Das", "Leela Roy"], False),
        ("remove Roy", ["Leela Roy"], False),
        ("visa for Sunil Kumar Das", ["Sunil Das"], False),
    ],
)
def test_a_surname_alone_is_no_match(text: str, names: list[str], is_asked: bool) -> None:
    found = lookups.matching([(Choice(name, name), name) for name in PEOPLE], text)
    assert [one.id for one in found] == names
    assert {one.is_near for one in found} == {is_asked}


@pytest.mark.parametrize(
    "text", ["what is still to be billed on the Menon trip", "Menon, Doha: what is not invoiced?"]
)
def test_a_question_about_the_facts_names_its_trip(alice: Person, text: str) -> None:
    menon = a_trip(alice, title="Menon, Doha")
    a_trip(alice, title="Krishnan family, Dubai")
    context = slots.Context(
        date(2026, 12, 1), look_up=lambda lookup, words: found(alice, lookup, words)
    )
    assert slots.fill(show_trip.CAPABILITY, text, context).values["trip_id"] == str(menon)
    everything = slots.fill(show_trip.CAPABILITY, "show it", context)
    assert "trip_id" not in everything.values, "the conversation decides"


def test_of_several_trips_that_a_question_fits_one_must_be_chosen(alice: Person) -> None:
    session_id = a_session(alice)
    a_trip(alice, title="Menon, Doha")
    a_trip(alice, title="Menon, Bali")
    own = a_trip(alice, title="Iyer, Goa", session_id=session_id)
    context = slots.Context(
        date(2026, 12, 1),
        known={"trip_id": str(own)},
        look_up=lambda lookup, words: found(alice, lookup, words, session_id),
    )
    engine = Engine([show_trip.CAPABILITY], context)
    asked = engine.start("show_trip", "what is still to be billed on the Menon trip", context)
    assert (asked.kind, asked.missing) == ("card", ("trip_id",))
    assert asked.draft is not None
    labels = {one.label for one in asked.draft.choices["trip_id"]}
    assert labels == {"Menon, Doha", "Menon, Bali"}
    shown = engine.start("show_trip", "what is still to be billed", context)
    assert (shown.kind, shown.draft and shown.draft.values) == ("run", {"trip_id": str(own)})
