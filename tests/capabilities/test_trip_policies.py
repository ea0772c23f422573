"""Policy facts of the acts that a supplier is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.people import Person
from tests.trips.test_supplies import a_rate, an_offer, hold, journey, travellers
from tests.trips.things import a_trip
from voyagent.capabilities.approval import effect_of
from voyagent.capabilities.capability import Capability, Invocation, Policy
from voyagent.kernel.fields import Closed
from voyagent.kernel.ids import new_id
from voyagent.trips.capabilities import (
    book_hotel,
    file_visa,
    issue_ticket,
    send_itinerary,
)
from voyagent.trips.queries.trips import LineNotFound
from voyagent.trips.service.errors import OfferNotFound


def policy_of(person: Person, capability: Capability[Any], wanted: Closed) -> Policy:
    policy = capability.policy
    assert policy is not None
    return person.does(lambda actor: policy(Invocation(actor), wanted))


def test_the_policy_of_tickets_is_the_cost_of_the_booking(alice: Person) -> None:
    trip_id = a_trip(alice)
    travellers(alice, trip_id)
    lines = hold(alice, trip_id, an_offer(alice)[0])
    found = policy_of(
        alice, issue_ticket.CAPABILITY, issue_ticket.IssueTicketInput(pnr_id=lines[-1].id)
    )
    cost = sum((line.cost for line in lines[1:]), lines[0].cost)
    assert found == Policy(amounts=(cost,))
    assert journey(alice, trip_id).lines[0].status == "held"


def test_the_policy_of_a_hotel_is_the_rate(alice: Person) -> None:
    rate = a_rate(alice)
    wanted = book_hotel.BookHotelInput(rate_key=rate.rate_key, passenger_ids=[new_id()])
    found = policy_of(alice, book_hotel.CAPABILITY, wanted)
    assert found == Policy(amounts=(rate.total,))


def test_an_act_of_unknown_amount_is_not_an_act_that_moves_no_money(alice: Person) -> None:
    visa = file_visa.FileVisaInput(passenger_id=new_id(), destination="AE")
    assert policy_of(alice, file_visa.CAPABILITY, visa) == Policy()
    assert effect_of(file_visa.CAPABILITY).amount is not None
    assert effect_of(send_itinerary.CAPABILITY).amount is None


def test_a_policy_raises_for_an_unknown_record(alice: Person, charlie: Person) -> None:
    trip_id = a_trip(charlie)
    travellers(charlie, trip_id)
    strange = hold(charlie, trip_id, an_offer(charlie)[0])[0].id
    with pytest.raises(LineNotFound):
        policy_of(alice, issue_ticket.CAPABILITY, issue_ticket.IssueTicketInput(pnr_id=strange))
    unknown = book_hotel.BookHotelInput(rate_key="none", passenger_ids=[new_id()])
    with pytest.raises(OfferNotFound):
        policy_of(alice, book_hotel.CAPABILITY, unknown)
