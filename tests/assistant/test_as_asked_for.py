"""A search of flights takes from the enquiry of the conversation what was not said, and nothing
where another way was said.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.assistant.conftest import Talk, of_kind, text
from tests.people import Person
from voyagent.assistant.moves import Ask, Call, Context, EnquiryInView, context_from, kept
from voyagent.assistant.planner.builtin import understand
from voyagent.enquiries import service as enquiries
from voyagent.kernel import clock

DEEPA = EnquiryInView(
    "0190a0a0-0000-7000-8000-000000000001",
    "Deepa Krishnan",
    "Dubai",
    "Kochi",
    "2026-12-19",
    "2026-12-25",
    4,
)
ABOUT_DEEPA = Context(date(2026, 11, 24), enquiry=DEEPA)
HERS = {
    "origin": "COK",
    "destination": "DXB",
    "outbound_date": "2026-12-19",
    "return_date": "2026-12-25",
    "passengers": {"adult": 4},
}
ONE_WAY = {name: value for name, value in HERS.items() if name != "return_date"}


@pytest.mark.parametrize(
    ("said", "arguments"),
    [
        ("search flights", HERS),
        ("find flights for them", HERS),
        ("search flights for this enquiry", HERS),
        ("flights to Dubai", HERS),
        ("search flights one way", ONE_WAY),
        ("flights for 2 adults and 2 children", HERS | {"passengers": {"adult": 2, "child": 2}}),
        (
            "flights on 20 Dec in business",
            ONE_WAY | {"outbound_date": "2026-12-20", "cabin": "business"},
        ),
        ("hold the cheapest flight", HERS),
    ],
)
def test_a_search_takes_from_the_enquiry_what_was_not_said(
    said: str, arguments: dict[str, Any]
) -> None:
    move = understand(said, ABOUT_DEEPA)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == ("search_flights", arguments)


def test_another_way_than_the_customers_takes_nothing_from_there() -> None:
    move = understand("flights to Bali", ABOUT_DEEPA)
    assert isinstance(move, Ask)
    assert move.known == {"destination": "DPS"}


def test_more_people_than_one_booking_takes_are_asked_about() -> None:
    many = replace(ABOUT_DEEPA, enquiry=replace(DEEPA, pax_count=24))
    move = understand("search flights", many)
    assert isinstance(move, Ask)
    assert move.missing == "passengers"


def test_a_context_is_read_back_as_it_was_kept() -> None:
    assert context_from(kept(ABOUT_DEEPA)) == ABOUT_DEEPA


def test_a_fare_is_searched_chosen_by_its_number_and_held(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    first = clock.today("UTC") + timedelta(days=40)
    with alice.acting() as actor:
        days = {"depart_date": first, "return_date": first + timedelta(days=6)}
        enquiries.create(
            actor,
            customer_name="Deepa Krishnan",
            origin="Kochi",
            destination="Dubai",
            pax_count=1,
            session_id=session_id,
            **days,
        )
    found = talk.say(alice, session_id, "search flights")
    fares = of_kind(found, "tool_result")[-1]["tool_output"]["fares"]
    assert text(found).startswith("COK – DXB, ")
    assert ", one adult: 20 fares, good for twenty minutes." in text(found)
    assert f"2. {' / '.join(fares[1]['flights'])}, " in text(found)
    talk.say(alice, session_id, "add passenger Deepa Krishnan, born 12 May 1990")
    held = talk.say(alice, session_id, "hold the second")
    assert of_kind(held, "tool_use")[-1]["tool_input"] == {"fare_id": fares[1]["fare_id"]}
    assert "Held as" in text(held)
