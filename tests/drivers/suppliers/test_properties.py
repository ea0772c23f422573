"""Properties of every search of the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from tests.drivers.suppliers.conftest import NOW, suppliers_of
from tests.drivers.suppliers.contract import people
from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.protocols.flights import Cabin, FlightOffer, FlightQuery
from voyagent.drivers.suppliers.protocols.hotels import HotelQuery
from voyagent.drivers.suppliers.protocols.parts import Party, PassengerKind
from voyagent.drivers.suppliers.sandbox.airports import airport, distance_km
from voyagent.drivers.suppliers.sandbox.carriers import carrier
from voyagent.drivers.suppliers.sandbox.marks import check_digit
from voyagent.drivers.suppliers.sandbox.timetable import MCT_DOMESTIC, MCT_INTERNATIONAL, MCT_MIXED

PLACES = [
    "DEL",
    "BOM",
    "BLR",
    "COK",
    "HBX",
    "GOI",
    "IXZ",
    "DXB",
    "AUH",
    "DOH",
    "KWI",
    "JED",
    "LON",
    "JFK",
    "SFO",
    "SIN",
    "SYD",
    "AKL",
    "CAI",
    "CPT",
    "GRU",
    "KTM",
    "MLE",
]
CURRENCIES = ["INR", "AED", "KWD", "USD", "JPY", "OMR", "IDR", "EUR"]
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def queries(draw: st.DrawFn) -> FlightQuery:
    origin, destination = draw(
        st.lists(st.sampled_from(PLACES), min_size=2, max_size=2, unique=True)
    )
    day = NOW.date() + timedelta(days=draw(st.integers(0, 340)))
    stays = draw(st.one_of(st.none(), st.integers(0, 20)))
    grown = draw(st.integers(1, 3))
    party = Party(
        adult=grown,
        child=draw(st.integers(0, 2)),
        infant=draw(st.integers(0, grown)),
        senior=draw(st.integers(0, 1)),
    )
    return FlightQuery(
        origin,
        destination,
        day,
        party,
        draw(st.sampled_from(CURRENCIES)),
        return_date=None if stays is None else day + timedelta(days=stays),
        cabin=draw(st.sampled_from(Cabin)),
        direct_only=draw(st.booleans()),
    )


@pytest.fixture(scope="module")
def everything() -> Suppliers:
    return suppliers_of()


@given(query=queries())
@EXAMPLES
def test_equal_searches_have_equal_offers(everything: Suppliers, query: FlightQuery) -> None:
    with time_machine.travel(NOW, tick=False):
        assert everything.flights.search(query) == suppliers_of().flights.search(query)


@given(query=queries())
@EXAMPLES
def test_flight_times_fit_distances_and_time_zones(
    everything: Suppliers, query: FlightQuery
) -> None:
    with time_machine.travel(NOW, tick=False):
        offers = everything.flights.search(query)
    for offer in offers:
        assert offer.outbound.departs_at.date() == query.outbound_date
        assert offer.outbound.departs_at > NOW
        for journey in offer.journeys:
            assert {one.carrier for one in journey.segments} == {offer.validating_carrier}
            for one in journey.segments:
                a, b = airport(one.origin), airport(one.destination)
                assert a is not None
                assert b is not None
                assert one.departs_at.utcoffset() == one.departs_at.replace(tzinfo=a.tz).utcoffset()
                assert one.arrives_at.utcoffset() == one.arrives_at.replace(tzinfo=b.tz).utcoffset()
                hours = (one.arrives_at - one.departs_at) / timedelta(hours=1)
                assert 0 < distance_km(a, b) / hours < 1000
                assert distance_km(a, b) <= carrier(one.carrier).reach_km
            for before, after in pairwise(journey.segments):
                assert before.destination == after.origin
                wait = after.departs_at - before.arrives_at
                assert (
                    timedelta(
                        minutes=_minimum(before.origin, before.destination, after.destination)
                    )
                    <= wait
                    <= timedelta(hours=12)
                )


@given(query=queries())
@EXAMPLES
def test_fares_are_positive_and_add_up(everything: Suppliers, query: FlightQuery) -> None:
    with time_machine.travel(NOW, tick=False):
        offers = everything.flights.search(query)
    for offer in offers:
        base = {line.kind: line.base.amount_minor for line in offer.fares}
        assert all(amount > 0 for amount in base.values())
        assert sum(line.total.amount_minor for line in offer.fares) == offer.total.amount_minor
        assert (
            base.get(PassengerKind.INFANT, 0)
            < base.get(PassengerKind.CHILD, base[PassengerKind.ADULT])
            <= base[PassengerKind.ADULT]
        )


@given(
    reference=st.text(
        st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=60
    ),
    other=st.uuids(),
)
@EXAMPLES
def test_a_reference_determines_locator_and_tickets(
    everything: Suppliers, reference: str, other: object
) -> None:
    assume(reference != str(other))
    with time_machine.travel(NOW, tick=False):
        offer = _one(everything)
        travellers = people(offer.party, date(2027, 1, 20))
        held = everything.flights.hold(offer, travellers, reference)
        assert suppliers_of().flights.hold(offer, travellers, reference) == held
        assert everything.flights.hold(offer, travellers, str(other)).locator != held.locator
        issued = everything.flights.issue(held.supplier_ref, reference)
        assert suppliers_of().flights.issue(held.supplier_ref, reference) == issued
        numbers = [one.number for one in issued.tickets]
        assert all(
            number.startswith(carrier(offer.validating_carrier).accounting) and len(number) == 13
            for number in numbers
        )
        assert [one.check_digit for one in issued.tickets] == [
            check_digit(number) for number in numbers
        ]
        assert not set(numbers) & {
            one.number for one in everything.flights.issue(held.supplier_ref, str(other)).tickets
        }


@given(
    city=st.sampled_from(
        [
            ("IN", "Goa"),
            ("AE", "DXB"),
            ("SA", "Makkah"),
            ("GB", "London"),
            ("TH", "Bangkok"),
            ("NP", "Pokhara"),
        ]
    ),
    ahead=st.integers(0, 400),
    nights=st.integers(1, 30),
    guests=st.integers(1, 9),
    currency=st.sampled_from(CURRENCIES),
)
@EXAMPLES
def test_equal_searches_have_equal_rates(
    everything: Suppliers,
    city: tuple[str, str],
    ahead: int,
    nights: int,
    guests: int,
    currency: str,
) -> None:
    day = NOW.date() + timedelta(days=ahead)
    query = HotelQuery(*city, day, day + timedelta(days=nights), guests, currency)
    with time_machine.travel(NOW, tick=False):
        rates = everything.hotels.search(query)
        assert rates == suppliers_of().hotels.search(query)
        assert everything.hotels.check_rate(rates[0].rate_key) == rates[0]
    for rate in rates:
        assert (
            sum(one.amount.amount_minor for one in rate.nightly) + rate.taxes.amount_minor
            == rate.total.amount_minor
            > 0
        )
        assert rate.hotel.name.endswith("(sandbox)")
        assert rate.rooms * 2 >= guests


def test_no_flight_has_a_nonexistent_local_time(everything: Suppliers) -> None:
    """The clocks of London change on 28 March 2027 and on 31 October.

    They go from 01:00 to 02:00 and back.
    """
    with time_machine.travel(datetime(2027, 2, 1, tzinfo=UTC), tick=False):
        for day in (date(2027, 3, 27), date(2027, 3, 28), date(2027, 10, 30), date(2027, 10, 31)):
            for offer in everything.flights.search(FlightQuery("LHR", "DEL", day, Party(), "GBP")):
                for one in offer.outbound.segments:
                    for moment in (one.departs_at, one.arrives_at):
                        assert moment.astimezone(UTC).astimezone(moment.tzinfo).replace(
                            tzinfo=None
                        ) == moment.replace(tzinfo=None)


def _one(suppliers: Suppliers) -> FlightOffer:
    return suppliers.flights.search(
        FlightQuery("BLR", "DXB", date(2027, 1, 20), Party(adult=2, child=1), "INR")
    )[0]


def _minimum(origin: str, hub: str, destination: str) -> int:
    at = airport(hub)
    assert at is not None
    domestic = [
        place.country == at.country
        for place in map(airport, (origin, destination))
        if place is not None
    ]
    return MCT_DOMESTIC if all(domestic) else MCT_MIXED if any(domestic) else MCT_INTERNATIONAL


def test_an_offer_with_any_changed_value_is_refused(everything: Suppliers) -> None:
    with time_machine.travel(NOW, tick=False):
        offer = _one(everything)
        travellers = people(offer.party, date(2027, 1, 20))
        later = replace(offer, valid_until=offer.valid_until + timedelta(minutes=1))
        cheaper = replace(
            offer,
            fares=tuple(
                replace(line, taxes=replace(line.taxes, amount_minor=0)) for line in offer.fares
            ),
        )
        for altered in (
            later,
            cheaper,
            replace(offer, refundable=not offer.refundable),
            replace(offer, offer_id="of_x"),
        ):
            with pytest.raises(Exception, match="supplier_not_found"):
                everything.flights.hold(altered, travellers, "r")
