"""The sandbox's own rules: prices, results, expiry and failures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine

from tests.drivers.suppliers.conftest import settings_of, suppliers_of
from tests.drivers.suppliers.contract import people
from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.errors import (
    AuthenticationFailed,
    HoldExpired,
    OfferExpired,
    PriceChanged,
    RateLimited,
    SoldOut,
    TicketingRefused,
    TransientFailure,
    UnknownAtSupplier,
    UpstreamTimeout,
    ValidationFailed,
)
from voyagent.drivers.suppliers.protocols.flights import (
    BookingStatus,
    Cabin,
    FlightOffer,
    FlightQuery,
)
from voyagent.drivers.suppliers.protocols.hotels import HotelQuery, HotelRate
from voyagent.drivers.suppliers.protocols.parts import Party, PassengerKind, Traveller
from voyagent.drivers.suppliers.protocols.visas import VisaApplication, VisaKind, VisaStatus
from voyagent.drivers.suppliers.sandbox import Sandbox
from voyagent.drivers.suppliers.sandbox.airports import airport, airports_of, distance_km
from voyagent.drivers.suppliers.sandbox.carriers import carriers
from voyagent.drivers.suppliers.sandbox.currencies import quoted, raised
from voyagent.drivers.suppliers.sandbox.fares import Trip, fare_lines
from voyagent.drivers.suppliers.sandbox.properties import city_of, properties
from voyagent.drivers.suppliers.sandbox.visarules import GULF, SCHENGEN, rule
from voyagent.kernel.clock import is_zone
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import Money

DAY = date(2027, 1, 20)
QUERY = FlightQuery("BLR", "DXB", DAY, Party(), "INR")
HOTELS = HotelQuery("AE", "Dubai", DAY, DAY + timedelta(days=3), 2, "INR")

POPULAR = (
    "AE SA QA OM KW BH TH SG MY ID VN LK MV NP BT HK JP KR CN PH KH TR EG JO GE AZ AM UZ KZ KE TZ"
    " ZA MU SC ET RW MA GB FR DE IT ES CH US CA AU NZ IN"
)
"""Where travellers from India and the Gulf go."""


@pytest.fixture
def offer(suppliers: Suppliers) -> FlightOffer:
    return suppliers.flights.search(QUERY)[0]


@pytest.fixture
def rate(suppliers: Suppliers) -> HotelRate:
    return suppliers.hotels.search(HOTELS)[0]


@pytest.fixture
def impatient(now: time_machine.Traveller) -> Suppliers:
    return suppliers_of(supplier_timeout_s=0.2)


def named(surname: str) -> list[Traveller]:
    return people(Party(), DAY, surname)


# Prices
# --------------------------------------------------------------------------------


def fare(
    offer: FlightOffer,
    *,
    bought: date = date(2026, 11, 26),
    party: Party = QUERY.party,
    cabin: Cabin = Cabin.ECONOMY,
) -> dict[PassengerKind, int]:
    return {
        line.kind: line.base.amount_minor
        for line in fare_lines("sandbox", Trip(offer.journeys, cabin, bought), party, "INR")
    }


def test_a_longer_distance_costs_more(suppliers: Suppliers) -> None:
    totals = [
        suppliers.flights.search(replace(QUERY, destination=place))[0].total.amount_minor
        for place in ("MAA", "DXB", "LHR", "SFO")
    ]
    assert totals == sorted(totals)
    assert totals[0] * 10 < totals[-1] * 2


def test_a_late_booking_costs_more(offer: FlightOffer) -> None:
    prices = [
        fare(offer, bought=DAY - timedelta(days=ahead))[PassengerKind.ADULT]
        for ahead in (100, 30, 10, 4, 1)
    ]
    assert prices == sorted(prices)
    assert prices[0] < prices[-1]


def test_prices_depend_on_the_season(suppliers: Suppliers) -> None:
    cheapest = {
        day: suppliers.flights.search(replace(QUERY, outbound_date=day))[0].total.amount_minor
        for day in (date(2026, 12, 23), date(2027, 9, 7))
    }
    assert cheapest[date(2026, 12, 23)] > cheapest[date(2027, 9, 7)] * 13 // 10


def test_higher_cabins_cost_more(offer: FlightOffer) -> None:
    prices = [fare(offer, cabin=cabin)[PassengerKind.ADULT] for cabin in Cabin]
    assert prices == sorted(prices)
    assert prices[0] * 5 < prices[-1]


def test_children_and_infants_pay_less(suppliers: Suppliers) -> None:
    party = Party(adult=1, child=1, infant=1, senior=1)
    emirates, *_ = (
        one
        for one in suppliers.flights.search(replace(QUERY, party=party))
        if one.validating_carrier == "EK"
    )
    price = {line.kind: line.base.amount_minor for line in emirates.fares}
    assert price[PassengerKind.INFANT] * 9 < price[PassengerKind.ADULT]
    assert price[PassengerKind.CHILD] * 4 < price[PassengerKind.ADULT] * 31 // 10
    assert price[PassengerKind.SENIOR] < price[PassengerKind.ADULT]


@pytest.mark.parametrize(
    ("currency", "step"), [("INR", 100), ("AED", 500), ("JPY", 100), ("KWD", 50), ("USD", 100)]
)
def test_prices_are_rounded_up_by_currency(suppliers: Suppliers, currency: str, step: int) -> None:
    for offer in suppliers.flights.search(replace(QUERY, currency=currency)):
        assert all(
            line.base.amount_minor % step == 0 and line.taxes.amount_minor % step == 0
            for line in offer.fares
        )
    assert raised(quoted("sandbox", offer.total.decimal, currency), 6).amount_minor % step == 0


def test_a_price_never_rounds_down() -> None:
    assert quoted("sandbox", Decimal("1.01"), "USD") == Money(200, "USD")
    assert quoted("sandbox", Decimal(10), "KWD") == Money(
        3100, "KWD"
    )  # 3.070 dinars, in steps of fifty fils
    assert quoted("sandbox", Decimal(10), "INR") == Money(88000, "INR")
    assert raised(Money(100, "INR"), 6) == Money(200, "INR")
    assert raised(Money(10000, "INR"), 6) == Money(10600, "INR")


def test_a_currency_without_a_rate_is_refused(suppliers: Suppliers) -> None:
    with pytest.raises(ValidationFailed) as refused:
        suppliers.flights.search(replace(QUERY, currency="FKP"))
    assert refused.value.field == "currency"


# Search results
# --------------------------------------------------------------------------------


def test_airlines_fly_from_their_hubs(suppliers: Suppliers) -> None:
    direct = suppliers.flights.search(replace(QUERY, direct_only=True, limit=100))
    assert {"EK", "AI"} <= {one.validating_carrier for one in direct}
    assert not {"LH", "QR", "SQ"} & {one.validating_carrier for one in direct}


def test_half_of_the_offers_are_direct_flights(suppliers: Suppliers) -> None:
    query = replace(QUERY, origin="DEL", destination="LHR", limit=10)
    cheapest = suppliers.flights.search(replace(query, limit=100))[:10]
    assert sum(one.outbound.stops == 0 for one in cheapest) < 5
    assert sum(one.outbound.stops == 0 for one in suppliers.flights.search(query)) == 5


def test_a_small_airport_is_reached_through_a_hub(suppliers: Suppliers) -> None:
    for offer in suppliers.flights.search(replace(QUERY, origin="HBX", destination="JFK")):
        assert [one.destination for one in offer.outbound.segments[:-1]] in (
            ["DEL"],
            ["BOM"],
            ["BLR"],
        )


def test_a_city_stands_for_all_its_airports(suppliers: Suppliers) -> None:
    found = {
        one.outbound.destination
        for one in suppliers.flights.search(replace(QUERY, destination="LON", limit=100))
    }
    assert {"LHR", "LGW"} <= found
    assert [one.code for one in airports_of("BLR")] == ["BLR"]
    assert airports_of("ZZZ") == ()


def test_no_flight_crosses_closed_airspace(suppliers: Suppliers) -> None:
    for offer in suppliers.flights.search(
        replace(QUERY, origin="DEL", destination="KHI", limit=100)
    ):
        assert all(
            {_country(one.origin), _country(one.destination)} != {"IN", "PK"}
            for one in offer.outbound.segments
        )
    for offer in suppliers.flights.search(
        replace(QUERY, origin="DEL", destination="BOM", limit=100)
    ):
        assert all(_country(one.destination) == "IN" for one in offer.outbound.segments)


def test_a_flight_that_departs_soon_is_not_offered(
    suppliers: Suppliers, now: time_machine.Traveller
) -> None:
    today = suppliers.flights.search(FlightQuery("DEL", "BOM", date(2026, 11, 26), Party(), "INR"))
    assert today
    assert all(one.outbound.departs_at.timestamp() >= 1795674600 + 2 * 3600 for one in today)


def test_a_flight_with_few_seats_is_not_offered_to_large_groups(suppliers: Suppliers) -> None:
    query = replace(QUERY, origin="DEL", destination="BOM", limit=100)
    alone, nine = (
        len(suppliers.flights.search(replace(query, party=Party(adult=many)))) for many in (1, 9)
    )
    assert 0 < nine < alone


def test_distances_are_great_circle_distances() -> None:
    delhi, london, quito, nairobi = (airport(code) for code in ("DEL", "LHR", "UIO", "NBO"))
    assert delhi is not None
    assert london is not None
    assert quito is not None
    assert nairobi is not None
    assert abs(distance_km(delhi, london) - 6740) < 30
    assert abs(distance_km(quito, nairobi) - 12_750) < 150


def test_the_table_of_airlines_is_consistent() -> None:
    table = carriers()
    assert len(table) > 60
    assert len({one.code for one in table}) == len({one.accounting for one in table}) == len(table)
    for one in table:
        assert one.hubs, one.code
        assert len(one.code) == 2
        assert len(one.accounting) == 3
        assert one.accounting.isdigit()
        assert one.alliance in {"", "Star Alliance", "oneworld", "SkyTeam"}
        assert all(is_zone(hub.zone) and hub.rank < 4 for hub in one.hubs), one.code


def test_hotels_of_a_city_have_different_names() -> None:
    for country, city in (("IN", "Mumbai"), ("AE", "Dubai"), ("FR", "Paris"), ("IN", "Goa")):
        names = [one.name for one in properties(country, city)]
        assert 8 <= len(names) == len(set(names))


@pytest.mark.parametrize(
    ("country", "text", "city"),
    [
        ("IN", "bengaluru", "Bangalore"),
        ("IN", "BLR", "Bangalore"),
        ("SA", "Mecca", "Makkah"),
        ("GB", "LON", "London"),
        ("AE", "Mumbai", None),
        ("IN", "Xyzzy", None),
    ],
)
def test_a_city_is_found_by_each_of_its_names(country: str, text: str, city: str | None) -> None:
    assert city_of(country, text) == city


# Expiry
# --------------------------------------------------------------------------------


def test_an_offer_expires_after_twenty_minutes(
    suppliers: Suppliers, offer: FlightOffer, rate: HotelRate, now: time_machine.Traveller
) -> None:
    now.shift(timedelta(minutes=19, seconds=59))
    assert suppliers.flights.price(offer).valid_until == offer.valid_until + timedelta(
        minutes=19, seconds=59
    )
    assert suppliers.hotels.check_rate(rate.rate_key) == rate
    now.shift(timedelta(seconds=1))
    with pytest.raises(OfferExpired):
        suppliers.flights.hold(offer, named("Raman"), "r")
    with pytest.raises(OfferExpired):
        suppliers.hotels.check_rate(rate.rate_key)


def test_the_sandbox_refuses_expired_offers(
    offer: FlightOffer, now: time_machine.Traveller
) -> None:
    settings = settings_of()
    bare = Sandbox(Keyring(settings), stall_s=0)
    now.shift(timedelta(minutes=20))
    with pytest.raises(OfferExpired):
        bare.flights.hold(offer, named("Raman"), "r")


def test_a_hold_expires_after_a_day(
    suppliers: Suppliers, offer: FlightOffer, now: time_machine.Traveller
) -> None:
    held = suppliers.flights.hold(offer, named("Raman"), "r")
    assert held.hold_expires_at == offer.quoted_at + timedelta(hours=24)
    now.shift(timedelta(hours=24))
    assert suppliers.flights.read(held.supplier_ref).status is BookingStatus.CANCELLED
    with pytest.raises(HoldExpired):
        suppliers.flights.issue(held.supplier_ref, "i")


def test_a_late_cancellation_costs_the_first_night(
    suppliers: Suppliers, now: time_machine.Traveller
) -> None:
    rate = next(rate for rate in suppliers.hotels.search(HOTELS) if rate.refundable)
    booked = suppliers.hotels.book(rate, named("Raman"), "b")
    assert rate.free_until is not None
    now.move_to(rate.free_until.isoformat())
    assert suppliers.hotels.cancel(booked.supplier_ref, "c").charge == rate.nightly[0].amount


def test_offers_are_valid_after_a_rotation_of_the_secret(
    suppliers: Suppliers, offer: FlightOffer
) -> None:
    held = suppliers.flights.hold(offer, named("Raman"), "r")
    rotated = suppliers_of(auth_secret="n" * 40, auth_secrets_previous="s" * 40)
    assert rotated.flights.read(held.supplier_ref) == held
    assert rotated.flights.hold(offer, named("Raman"), "r").status is BookingStatus.HELD


def test_another_installation_does_not_know_the_booking(
    suppliers: Suppliers, offer: FlightOffer
) -> None:
    held = suppliers.flights.hold(offer, named("Raman"), "r")
    stranger = suppliers_of(auth_secret="n" * 40)
    with pytest.raises(UnknownAtSupplier):
        stranger.flights.read(held.supplier_ref)
    with pytest.raises(UnknownAtSupplier):
        stranger.flights.hold(offer, named("Raman"), "r")


# Failures
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "country", "kind"),
    [
        ("TNM", "AQ", TransientFailure),
        ("IUE", "NU", RateLimited),
        ("HLE", "SH", AuthenticationFailed),
    ],
)
def test_listed_places_make_every_supplier_fail(
    suppliers: Suppliers, code: str, country: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as failed:
        suppliers.flights.search(replace(QUERY, destination=code))
    assert (failed.value.driver, failed.value.vendor_ref) == ("sandbox", f"SBX-{country}")
    with pytest.raises(kind):
        suppliers.flights.search(replace(QUERY, origin=code))
    with pytest.raises(kind):
        suppliers.hotels.search(replace(HOTELS, country=country))
    with pytest.raises(kind):
        suppliers.visas.requirements("IN", country, "INR")


def test_a_listed_place_makes_every_supplier_hang(impatient: Suppliers) -> None:
    for ask in (
        lambda: impatient.flights.search(replace(QUERY, destination="AWK")),
        lambda: impatient.hotels.search(replace(HOTELS, country="UM")),
        lambda: impatient.visas.requirements("IN", "UM", "INR"),
    ):
        with pytest.raises(UpstreamTimeout) as late:
            ask()
        assert not late.value.in_doubt


def test_listed_surnames_make_a_hold_fail(suppliers: Suppliers, offer: FlightOffer) -> None:
    with pytest.raises(SoldOut):
        suppliers.flights.hold(offer, named("SOLDOUT"), "r")
    with pytest.raises(PriceChanged) as changed:
        suppliers.flights.hold(offer, named("Pricechange"), "r")
    new = changed.value.new
    assert isinstance(new, FlightOffer)
    assert (
        offer.total.amount_minor * 103
        < new.total.amount_minor * 100
        < offer.total.amount_minor * 110
    )
    assert [one.flight for one in new.outbound.segments] == [
        one.flight for one in offer.outbound.segments
    ]
    assert sum(line.total.amount_minor for line in new.fares) == new.total.amount_minor
    assert suppliers.flights.hold(new, named("Pricechange"), "r").total == new.total


def test_listed_surnames_make_ticketing_fail(impatient: Suppliers, offer: FlightOffer) -> None:
    refused = impatient.flights.hold(offer, named("Noticket"), "r")
    with pytest.raises(TicketingRefused) as error:
        impatient.flights.issue(refused.supplier_ref, "i")
    assert error.value.vendor_ref == refused.locator
    assert impatient.flights.read(refused.supplier_ref).status is BookingStatus.HELD
    late = impatient.flights.hold(offer, named("Lateticket"), "r")
    with pytest.raises(UpstreamTimeout) as hung:
        impatient.flights.issue(late.supplier_ref, "i")
    assert hung.value.in_doubt


def test_listed_surnames_make_acts_hang(
    impatient: Suppliers, offer: FlightOffer, rate: HotelRate
) -> None:
    for act in (
        lambda: impatient.flights.hold(offer, named("Timeout"), "r"),
        lambda: impatient.hotels.book(rate, named("Timeout"), "r"),
        lambda: impatient.visas.file(_application("Timeout"), "r"),
    ):
        with pytest.raises(UpstreamTimeout) as hung:
            act()
        assert hung.value.in_doubt


def test_listed_surnames_make_a_hotel_booking_fail(suppliers: Suppliers, rate: HotelRate) -> None:
    with pytest.raises(SoldOut):
        suppliers.hotels.book(rate, named("Soldout"), "r")
    with pytest.raises(PriceChanged) as changed:
        suppliers.hotels.book(rate, named("Pricechange"), "r")
    new = changed.value.new
    assert isinstance(new, HotelRate)
    assert new.total.amount_minor > rate.total.amount_minor
    assert suppliers.hotels.book(new, named("Pricechange"), "r").total == new.total


# Visas
# --------------------------------------------------------------------------------


def test_a_visa_application_is_decided_within_its_processing_time(
    suppliers: Suppliers, now: time_machine.Traveller
) -> None:
    good, bad = (suppliers.visas.file(_application(name), name) for name in ("Raman", "Novisa"))
    assert (good.filed_on, good.decision_by) == (
        date(2026, 11, 26),
        date(2026, 12, 17),
    )  # fifteen working days
    now.shift(timedelta(days=1))
    assert suppliers.visas.status(good.supplier_ref).status is VisaStatus.IN_PROCESS
    now.move_to("2026-12-17T00:00:00Z")
    assert suppliers.visas.status(good.supplier_ref).status is VisaStatus.GRANTED
    assert suppliers.visas.status(bad.supplier_ref).status is VisaStatus.REFUSED


def test_the_visa_table_contains_common_destinations() -> None:
    for destination in POPULAR.split():
        for nationality in ("IN", "AE"):
            assert rule(nationality, destination).kind is not VisaKind.UNKNOWN, (
                nationality,
                destination,
            )
    assert rule("IN", "DE") == rule("IN", "FR")
    assert {"DE", "CH", "GR"} <= SCHENGEN
    assert all(rule(one, other).kind is VisaKind.NOT_NEEDED for one in GULF for other in GULF)
    assert rule("IN", "AE").passport_months == 6


def test_an_unknown_visa_rule_names_the_sandbox_as_source(suppliers: Suppliers) -> None:
    asked = suppliers.visas.requirements("BR", "JP", "INR")
    assert (asked.kind, asked.documents, asked.fee) == (VisaKind.UNKNOWN, (), None)
    assert asked.source == "Sandbox rules for testing only. Check with the consulate before travel."


def _application(surname: str) -> VisaApplication:
    return VisaApplication(named(surname)[0], "IN", "FR", DAY, date(2026, 11, 26), "INR")


def _country(code: str) -> str:
    found = airport(code)
    assert found is not None
    return found.country
