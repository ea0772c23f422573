"""Supplier searches are cached for minutes, per agency, in the database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from tests.trips.test_supplies import LEAVES, hold, suppliers, travellers
from tests.trips.things import a_trip
from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.errors import TransientFailure
from voyagent.drivers.suppliers.protocols.flights import FlightQuery
from voyagent.drivers.suppliers.protocols.hotels import HotelQuery
from voyagent.drivers.suppliers.protocols.parts import Party
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction
from voyagent.trips.service import flights as trip_flights, hotels
from voyagent.trips.service.answers import CACHED_FOR
from voyagent.trips.service.offers import sweep

FLIGHTS = FlightQuery("COK", "DXB", LEAVES, Party(adult=1), "INR")
HOTELS = HotelQuery("AE", "Dubai", LEAVES, LEAVES + timedelta(days=4), 2, "INR")


@dataclass
class Counted:
    """A supplier that counts its calls."""

    driver: Any
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        act = getattr(self.driver, name)
        if not callable(act):
            return act

        def counted(*given: Any) -> Any:
            self.asked.append(name)
            return act(*given)

        return counted


@pytest.fixture
def counted(alice: Person) -> Suppliers:
    """The suppliers, each of which counts its calls."""
    found = suppliers(alice)
    return replace(found, flights=Counted(found.flights), hotels=Counted(found.hotels))  # type: ignore[arg-type]


def asked(who: Any) -> list[str]:
    return list(who.asked)


def flights(person: Person, of: Suppliers, query: FlightQuery = FLIGHTS) -> list[Any]:
    with person.acting() as actor:
        return trip_flights.search_flights(of, actor, query).done()


def test_an_equal_search_within_five_minutes_is_answered_from_the_cache(
    alice: Person, bob: Person, counted: Suppliers
) -> None:
    first = flights(alice, counted)
    assert flights(bob, counted) == first, "a colleague's question is the agency's"
    assert asked(counted.flights) == ["search"]
    flights(alice, counted, replace(FLIGHTS, direct_only=True))
    assert asked(counted.flights) == ["search"] * 2, "another question is another"


def test_hotels_and_rates_are_cached_for_their_own_time(alice: Person, counted: Suppliers) -> None:
    with alice.acting() as actor:
        found = hotels.search_hotels(counted, actor, HOTELS).done()
        assert hotels.search_hotels(counted, actor, HOTELS).done() == found
        rate = hotels.check_hotel_rate(counted, actor, found[0].offer.rate_key).done()
        assert hotels.check_hotel_rate(counted, actor, found[0].offer.rate_key).done() == rate
    assert asked(counted.hotels) == ["search", "check_rate"]
    assert {what: duration.total_seconds() for what, duration in CACHED_FOR.items()} == {
        "flights": 300,
        "hotels": 300,
        "rate": 120,
    }


@pytest.mark.parametrize(("later_s", "times"), [(299, 1), (300, 2)])
def test_a_search_is_cached_for_five_minutes(
    alice: Person, counted: Suppliers, owner_engine: sa.Engine, later_s: int, times: int
) -> None:
    flights(alice, counted)
    with owner_engine.begin() as connection:
        moved = (
            "update supplier_responses set expires_at = expires_at - make_interval(secs => :s) -"
            " interval '10 milliseconds' * :over where tenant_id = :t"
        )
        connection.execute(
            sa.text(moved), {"s": later_s, "over": int(later_s == 300), "t": alice.actor.tenant_id}
        )
    flights(alice, counted)
    assert len(asked(counted.flights)) == times


def test_a_cached_response_expires_with_its_offers(
    alice: Person, counted: Suppliers, owner_engine: sa.Engine
) -> None:
    first = flights(alice, counted)
    with owner_engine.connect() as connection:
        until = connection.scalar(
            sa.text("select expires_at from supplier_responses where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    assert until <= min(one.offer.valid_until for one in first)


def test_another_agency_does_not_get_cached_responses(
    alice: Person, charlie: Person, counted: Suppliers
) -> None:
    ours = flights(alice, counted)
    theirs = flights(charlie, counted)
    assert asked(counted.flights) == ["search"] * 2
    assert not {one.id for one in ours} & {one.id for one in theirs}


def test_a_failure_is_not_cached(alice: Person, counted: Suppliers) -> None:
    for _ in range(2):
        with pytest.raises(TransientFailure):
            flights(alice, counted, replace(FLIGHTS, destination="TNM"))
    assert asked(counted.flights) == ["search"] * 2


def test_a_hold_clears_the_cached_search(alice: Person, counted: Suppliers) -> None:
    trip_id = a_trip(alice)
    travellers(alice, trip_id)
    hold(alice, trip_id, flights(alice, counted)[0].id)
    flights(alice, counted)
    assert asked(counted.flights) == ["search"] * 2


def test_an_expired_response_is_deleted(
    app: Flask, alice: Person, counted: Suppliers, owner_engine: sa.Engine
) -> None:
    flights(alice, counted)
    count = sa.text("select count(*) from supplier_responses where tenant_id = :t")
    with owner_engine.begin() as connection:
        with alice.acting():
            sweep()
        assert connection.scalar(count, {"t": alice.actor.tenant_id}) == 1
        connection.execute(
            sa.text("update supplier_responses set expires_at = now() where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    with alice.acting():
        sweep()
    with owner_engine.connect() as connection:
        assert connection.scalar(count, {"t": alice.actor.tenant_id}) == 0


def test_responses_are_cached_without_redis(
    settings: Settings, alice: Person, counted: Suppliers
) -> None:
    """Responses are stored in the database, so an unreachable Redis changes nothing."""
    made = create_app(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    try:
        first = flights(alice, counted)
        with made.app_context(), transaction(alice.actor.tenant_id):
            again = trip_flights.search_flights(counted, alice.actor, FLIGHTS).done()
        assert again == first
        assert asked(counted.flights) == ["search"]
    finally:
        made.extensions["voyagent.auth_adapter"].lane.close()
        with made.app_context():
            db.engine.dispose()
