"""Contract of every driver of suppliers.

A driver's own test inherits from these classes and states its search:

    class TestAcme(FlightContract):
        @pytest.fixture
        def flights(self): return GuardedFlights(Acme(test_credentials), 60)
        @pytest.fixture
        def query(self): return FlightQuery("BOM", "DXB", …)

The driver is passed with its guard, as the program uses it. The query must have results.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from voyagent.drivers.suppliers.errors import (
    OfferExpired,
    SupplierError,
    UnknownAtSupplier,
    ValidationFailed,
)
from voyagent.drivers.suppliers.payloads import as_payload, from_payload
from voyagent.drivers.suppliers.protocols.flights import (
    BookingStatus,
    FlightOffer,
    FlightQuery,
    FlightSupplier,
    Journey,
)
from voyagent.drivers.suppliers.protocols.hotels import (
    HotelBooking,
    HotelQuery,
    HotelRate,
    HotelSupplier,
)
from voyagent.drivers.suppliers.protocols.parts import Capability, Party, PassengerKind, Traveller
from voyagent.drivers.suppliers.protocols.visas import (
    VisaApplication,
    VisaFile,
    VisaKind,
    VisaStatus,
    VisaSupplier,
)
from voyagent.kernel import clock
from voyagent.kernel.money import Money

BORN = {
    PassengerKind.ADULT: 30,
    PassengerKind.CHILD: 7,
    PassengerKind.INFANT: 1,
    PassengerKind.SENIOR: 70,
}


def reference() -> str:
    """Return a reference for one act."""
    return str(uuid4())


def people(party: Party, day: date, surname: str = "Raman") -> list[Traveller]:
    """Return travellers of a party, of the right age on a day."""
    kinds = [kind for kind, count in party.counts for _ in range(count)]
    return [
        Traveller(
            kind,
            f"Asha {chr(65 + turn)}",
            surname,
            day - timedelta(days=366 * BORN[kind]),
            "IN",
            f"Z{turn:07d}",
            day + timedelta(days=1000),
        )
        for turn, kind in enumerate(kinds)
    ]


class FlightContract:
    """Contract of a FlightSupplier. Give the fixtures `flights` and `query`."""

    MINIMUM_CONNECTION = timedelta(minutes=30)
    """No airport allows less."""

    @pytest.fixture
    def flights(self) -> FlightSupplier:
        raise NotImplementedError

    @pytest.fixture
    def query(self) -> FlightQuery:
        raise NotImplementedError

    @pytest.fixture
    def offers(self, flights: FlightSupplier, query: FlightQuery) -> list[FlightOffer]:
        return flights.search(query)

    @pytest.fixture
    def travellers(self, offers: list[FlightOffer]) -> list[Traveller]:
        return people(offers[0].party, offers[0].journeys[-1].arrives_at.date())

    def test_the_driver_declares_its_capabilities(self, flights: FlightSupplier) -> None:
        assert flights.name
        assert Capability.FARE_SEARCH in flights.capabilities

    def test_offers_match_the_search(
        self, offers: list[FlightOffer], query: FlightQuery, flights: FlightSupplier
    ) -> None:
        assert 0 < len(offers) <= query.limit
        for offer in offers:
            assert offer.supplier == flights.name
            assert (offer.party, offer.total.currency) == (query.party, query.currency)
            assert offer.outbound.departs_at.date() == query.outbound_date
            assert (offer.inbound is None) == (query.return_date is None)
            if offer.inbound is not None:
                assert offer.inbound.departs_at.date() == query.return_date
                assert offer.inbound.departs_at > offer.outbound.arrives_at
            assert offer.seats_left >= query.party.seats
        assert len({offer.offer_id for offer in offers}) == len(offers)
        assert [offer.total.amount_minor for offer in offers] == sorted(
            offer.total.amount_minor for offer in offers
        )

    def test_the_flights_of_an_offer_connect(self, offers: list[FlightOffer]) -> None:
        for offer in offers:
            for journey in offer.journeys:
                _hangs_together(journey, self.MINIMUM_CONNECTION)

    def test_a_search_for_direct_flights_returns_only_these(
        self, flights: FlightSupplier, query: FlightQuery
    ) -> None:
        assert {
            journey.stops
            for offer in flights.search(replace(query, direct_only=True))
            for journey in offer.journeys
        } <= {0}

    def test_prices_add_up(self, offers: list[FlightOffer]) -> None:
        for offer in offers:
            assert {line.kind: line.count for line in offer.fares} == dict(offer.party.counts)
            assert all(
                line.base.amount_minor > 0 and line.taxes.amount_minor >= 0 for line in offer.fares
            )
            assert sum(line.total.amount_minor for line in offer.fares) == offer.total.amount_minor
            assert {line.total.currency for line in offer.fares} == {offer.total.currency}

    def test_offers_are_valid_for_twenty_minutes(self, offers: list[FlightOffer]) -> None:
        for offer in offers:
            assert (
                offer.quoted_at
                <= clock.now()
                < offer.valid_until
                <= offer.quoted_at + timedelta(minutes=20)
            )

    def test_an_offer_can_be_stored_as_json(
        self, flights: FlightSupplier, offers: list[FlightOffer], travellers: list[Traveller]
    ) -> None:
        restored = from_payload(FlightOffer, as_payload(offers[0]))
        assert restored == offers[0]
        assert flights.hold(restored, travellers, reference()).status is BookingStatus.HELD

    def test_a_price_is_confirmed(self, flights: FlightSupplier, offers: list[FlightOffer]) -> None:
        confirmed = flights.price(offers[0])
        assert [one.flight for one in confirmed.outbound.segments] == [
            one.flight for one in offers[0].outbound.segments
        ]
        assert (confirmed.total, confirmed.party) == (offers[0].total, offers[0].party)
        assert confirmed.valid_until > clock.now()

    def test_an_expired_offer_is_refused(
        self, flights: FlightSupplier, offers: list[FlightOffer], travellers: list[Traveller]
    ) -> None:
        expired = replace(offers[0], valid_until=clock.now() - timedelta(seconds=1))
        with pytest.raises(OfferExpired):
            flights.price(expired)
        with pytest.raises(OfferExpired):
            flights.hold(expired, travellers, reference())

    def test_an_offer_with_a_changed_price_is_refused(
        self, flights: FlightSupplier, offers: list[FlightOffer], travellers: list[Traveller]
    ) -> None:
        cheaper = replace(offers[0], total=Money(1, offers[0].total.currency))
        with pytest.raises(SupplierError):
            flights.hold(cheaper, travellers, reference())

    def test_travellers_must_match_the_priced_offer(
        self, flights: FlightSupplier, offers: list[FlightOffer], travellers: list[Traveller]
    ) -> None:
        with pytest.raises(ValidationFailed):
            flights.hold(offers[0], travellers[1:], reference())
        with pytest.raises(ValidationFailed):
            flights.hold(
                offers[0],
                [replace(one, date_of_birth=clock.today()) for one in travellers],
                reference(),
            )

    def test_a_booking_is_held_ticketed_and_read(
        self, flights: FlightSupplier, offers: list[FlightOffer], travellers: list[Traveller]
    ) -> None:
        held = flights.hold(offers[0], travellers, reference())
        assert re.fullmatch(r"[A-Z0-9]{6}", held.locator)
        assert (held.status, held.tickets, held.total) == (BookingStatus.HELD, (), offers[0].total)
        assert clock.now() < held.hold_expires_at < offers[0].outbound.departs_at
        assert flights.read(held.supplier_ref) == held
        issued = flights.issue(held.supplier_ref, reference())
        assert (issued.status, issued.locator, issued.total) == (
            BookingStatus.TICKETED,
            held.locator,
            held.total,
        )
        assert [(one.position, one.kind) for one in issued.tickets] == [
            (place, one.kind) for place, one in enumerate(travellers, 1)
        ]
        assert all(
            re.fullmatch(r"[0-9]{13}", one.number) and one.check_digit == int(one.number) % 7
            for one in issued.tickets
        )
        assert len({one.number for one in issued.tickets}) == len(travellers)
        assert flights.read(issued.supplier_ref) == issued

    def test_the_same_reference_books_once(
        self, flights: FlightSupplier, offers: list[FlightOffer], travellers: list[Traveller]
    ) -> None:
        ours = reference()
        held = flights.hold(offers[0], travellers, ours)
        assert flights.hold(offers[0], travellers, ours) == held
        assert flights.hold(offers[0], travellers, reference()).locator != held.locator

    def test_the_same_reference_issues_tickets_once(
        self, flights: FlightSupplier, offers: list[FlightOffer], travellers: list[Traveller]
    ) -> None:
        held, ours = flights.hold(offers[0], travellers, reference()), reference()
        issued = flights.issue(held.supplier_ref, ours)
        assert flights.issue(held.supplier_ref, ours) == issued
        assert flights.issue(issued.supplier_ref, ours) == issued

    def test_a_ticketed_booking_is_not_ticketed_again(
        self, flights: FlightSupplier, offers: list[FlightOffer], travellers: list[Traveller]
    ) -> None:
        held = flights.hold(offers[0], travellers, reference())
        issued = flights.issue(held.supplier_ref, reference())
        with pytest.raises(SupplierError):
            flights.issue(issued.supplier_ref, reference())

    def test_a_cancelled_booking_stays_cancelled(
        self, flights: FlightSupplier, offers: list[FlightOffer], travellers: list[Traveller]
    ) -> None:
        held, ours = flights.hold(offers[0], travellers, reference()), reference()
        gone = flights.cancel(held.supplier_ref, ours)
        assert gone.status is BookingStatus.CANCELLED
        assert flights.cancel(held.supplier_ref, ours) == gone
        assert flights.cancel(gone.supplier_ref, ours).status is BookingStatus.CANCELLED
        with pytest.raises(SupplierError):
            flights.issue(gone.supplier_ref, reference())

    def test_a_booking_of_another_agency_is_unknown(self, flights: FlightSupplier) -> None:
        for act in (
            flights.read,
            lambda ref: flights.issue(ref, reference()),
            lambda ref: flights.cancel(ref, reference()),
        ):
            with pytest.raises(UnknownAtSupplier):
                act("ABC123")

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda query: replace(query, origin="ZZZ"),
            lambda query: replace(query, origin="Mumbai"),
            lambda query: replace(query, destination=query.origin),
            lambda query: replace(
                query, outbound_date=clock.today() - timedelta(days=3), return_date=None
            ),
            lambda query: replace(
                query, outbound_date=clock.today() + timedelta(days=400), return_date=None
            ),
            lambda query: replace(query, return_date=query.outbound_date - timedelta(days=1)),
            lambda query: replace(query, party=Party(adult=0, child=1)),
            lambda query: replace(query, party=Party(adult=1, infant=2)),
            lambda query: replace(query, party=Party(adult=10)),
            lambda query: replace(query, currency="XXX"),
        ],
    )
    def test_an_invalid_search_is_refused(
        self,
        flights: FlightSupplier,
        query: FlightQuery,
        wrong: Callable[[FlightQuery], FlightQuery],
    ) -> None:
        with pytest.raises(ValidationFailed):
            flights.search(wrong(query))


class HotelContract:
    """Contract of a HotelSupplier. Give the fixtures `hotels` and `query`."""

    @pytest.fixture
    def hotels(self) -> HotelSupplier:
        raise NotImplementedError

    @pytest.fixture
    def query(self) -> HotelQuery:
        raise NotImplementedError

    @pytest.fixture
    def rates(self, hotels: HotelSupplier, query: HotelQuery) -> list[HotelRate]:
        return hotels.search(query)

    @pytest.fixture
    def guests(self, query: HotelQuery) -> list[Traveller]:
        return people(Party(adult=query.guests), query.check_in)

    def test_the_driver_declares_its_capabilities(self, hotels: HotelSupplier) -> None:
        assert {Capability.HOTEL_SEARCH, Capability.HOTEL_BOOKING} <= hotels.capabilities

    def test_rates_match_the_search(
        self, rates: list[HotelRate], query: HotelQuery, hotels: HotelSupplier
    ) -> None:
        assert 0 < len(rates) <= query.limit
        for rate in rates:
            assert (rate.supplier, rate.hotel.country) == (hotels.name, query.country)
            assert (rate.check_in, rate.check_out, rate.guests, rate.total.currency) == (
                query.check_in,
                query.check_out,
                query.guests,
                query.currency,
            )
            assert rate.refundable == (rate.free_until is not None)
            assert rate.free_until is None or rate.free_until <= rate.check_in
        assert [rate.total.amount_minor for rate in rates] == sorted(
            rate.total.amount_minor for rate in rates
        )
        assert len({rate.rate_key for rate in rates}) == len(rates)

    def test_the_total_is_the_sum_of_the_nights(
        self, rates: list[HotelRate], query: HotelQuery
    ) -> None:
        nights = [query.check_in + timedelta(days=number) for number in range(query.nights)]
        for rate in rates:
            assert [one.night for one in rate.nightly] == nights
            assert all(one.amount.amount_minor > 0 for one in rate.nightly)
            assert (
                sum(one.amount.amount_minor for one in rate.nightly) + rate.taxes.amount_minor
                == rate.total.amount_minor
            )

    def test_the_budget_is_not_exceeded(
        self, hotels: HotelSupplier, query: HotelQuery, rates: list[HotelRate]
    ) -> None:
        middle = rates[len(rates) // 2].total
        within = hotels.search(replace(query, budget_max=middle))
        assert within
        assert all(rate.total.amount_minor <= middle.amount_minor for rate in within)
        assert hotels.search(replace(query, budget_max=Money(1, query.currency))) == []

    def test_a_rate_is_confirmed(self, hotels: HotelSupplier, rates: list[HotelRate]) -> None:
        confirmed = hotels.check_rate(rates[0].rate_key)
        assert (confirmed.total, confirmed.hotel, confirmed.room) == (
            rates[0].total,
            rates[0].hotel,
            rates[0].room,
        )
        assert clock.now() < confirmed.valid_until <= clock.now() + timedelta(minutes=20)

    def test_a_room_can_be_cancelled_free_of_charge_in_time(
        self, hotels: HotelSupplier, rates: list[HotelRate], guests: list[Traveller]
    ) -> None:
        rate = next(rate for rate in rates if rate.refundable)
        booked = hotels.book(from_payload(HotelRate, as_payload(rate)), guests, reference())
        assert (booked.status, booked.total, booked.charge) == (
            BookingStatus.BOOKED,
            rate.total,
            None,
        )
        assert booked.confirmation
        assert hotels.read(booked.supplier_ref) == booked
        assert from_payload(HotelBooking, as_payload(booked)) == booked
        gone = hotels.cancel(booked.supplier_ref, reference())
        assert (gone.status, gone.charge) == (
            BookingStatus.CANCELLED,
            Money(0, rate.total.currency),
        )
        assert hotels.read(gone.supplier_ref) == gone
        assert hotels.cancel(gone.supplier_ref, reference()) == gone

    def test_a_non_refundable_rate_costs_the_full_price(
        self, hotels: HotelSupplier, rates: list[HotelRate], guests: list[Traveller]
    ) -> None:
        rate = next(rate for rate in rates if not rate.refundable)
        booked = hotels.book(rate, guests, reference())
        assert hotels.cancel(booked.supplier_ref, reference()).charge == rate.total

    def test_the_same_reference_books_once(
        self, hotels: HotelSupplier, rates: list[HotelRate], guests: list[Traveller]
    ) -> None:
        ours = reference()
        booked = hotels.book(rates[0], guests, ours)
        assert hotels.book(rates[0], guests, ours) == booked
        assert hotels.book(rates[0], guests, reference()).confirmation != booked.confirmation

    def test_an_expired_or_altered_rate_is_refused(
        self, hotels: HotelSupplier, rates: list[HotelRate], guests: list[Traveller]
    ) -> None:
        with pytest.raises(OfferExpired):
            hotels.book(
                replace(rates[0], valid_until=clock.now() - timedelta(seconds=1)),
                guests,
                reference(),
            )
        with pytest.raises(SupplierError):
            hotels.book(
                replace(rates[0], total=Money(1, rates[0].total.currency)), guests, reference()
            )

    def test_a_booking_of_another_supplier_is_unknown(self, hotels: HotelSupplier) -> None:
        for act in (hotels.check_rate, hotels.read, lambda ref: hotels.cancel(ref, reference())):
            with pytest.raises(UnknownAtSupplier):
                act("ABC123")

    def test_an_unknown_city_is_reported(self, hotels: HotelSupplier, query: HotelQuery) -> None:
        with pytest.raises(UnknownAtSupplier):
            hotels.search(replace(query, city="Nowhere upon Nothing"))

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda query: replace(query, country="India"),
            lambda query: replace(query, city=" "),
            lambda query: replace(query, check_out=query.check_in),
            lambda query: replace(query, check_out=query.check_in + timedelta(days=31)),
            lambda query: replace(query, check_in=clock.today() - timedelta(days=3)),
            lambda query: replace(query, guests=0),
            lambda query: replace(query, currency="XXX"),
            lambda query: replace(
                query, budget_max=Money(100, "USD" if query.currency != "USD" else "EUR")
            ),
        ],
    )
    def test_an_invalid_search_is_refused(
        self, hotels: HotelSupplier, query: HotelQuery, wrong: Callable[[HotelQuery], HotelQuery]
    ) -> None:
        with pytest.raises(ValidationFailed):
            hotels.search(wrong(query))


class VisaContract:
    """Contract of a VisaSupplier.

    Give the fixtures `visas` and `application`, the latter for a visa that is filed beforehand.
    """

    @pytest.fixture
    def visas(self) -> VisaSupplier:
        raise NotImplementedError

    @pytest.fixture
    def application(self) -> VisaApplication:
        raise NotImplementedError

    def test_the_driver_declares_its_capabilities(self, visas: VisaSupplier) -> None:
        assert Capability.VISA_PORTAL in visas.capabilities

    def test_requirements_are_a_checklist_with_a_source(
        self, visas: VisaSupplier, application: VisaApplication
    ) -> None:
        asked = visas.requirements(
            application.nationality, application.destination, application.currency
        )
        assert asked.kind in {VisaKind.ELECTRONIC, VisaKind.STICKER}
        assert asked.documents
        assert all(one.code and one.label for one in asked.documents)
        assert asked.fee is None or asked.fee.currency == application.currency
        assert asked.processing_days > 0
        assert asked.passport_months >= 0
        assert asked.source

    def test_no_visa_is_required_for_the_own_country(self, visas: VisaSupplier) -> None:
        assert visas.requirements("IN", "IN", "INR").kind is VisaKind.NOT_NEEDED

    def test_an_application_is_filed_once_and_read(
        self, visas: VisaSupplier, application: VisaApplication
    ) -> None:
        ours = reference()
        filed = visas.file(application, ours)
        assert filed.status is VisaStatus.FILED
        assert filed.receipt
        assert filed.decision_by > filed.filed_on == application.filed_on
        assert visas.file(application, ours) == filed
        assert visas.file(application, reference()).receipt != filed.receipt
        assert visas.status(filed.supplier_ref) == filed
        assert from_payload(VisaFile, as_payload(filed)) == filed

    def test_an_unnecessary_visa_is_not_filed(
        self, visas: VisaSupplier, application: VisaApplication
    ) -> None:
        with pytest.raises(ValidationFailed):
            visas.file(replace(application, destination=application.nationality), reference())

    def test_a_booking_of_another_supplier_is_unknown(self, visas: VisaSupplier) -> None:
        with pytest.raises(UnknownAtSupplier):
            visas.status("ABC123")

    def test_invalid_country_codes_are_refused(self, visas: VisaSupplier) -> None:
        with pytest.raises(ValidationFailed):
            visas.requirements("India", "AE", "INR")


def _hangs_together(journey: Journey, minimum: timedelta) -> None:
    for segment in journey.segments:
        assert segment.departs_at.tzinfo is not None
        assert segment.departs_at.timestamp() < segment.arrives_at.timestamp()
    for before, after in zip(journey.segments, journey.segments[1:], strict=False):
        assert before.destination == after.origin
        assert after.departs_at - before.arrives_at >= minimum
