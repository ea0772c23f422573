"""Search, hold, ticket, hotel and visa in the sandbox; each runs once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.people import Person
from tests.trips.things import CREEK, a_line, a_passenger, a_trip, keyring
from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.errors import (
    OfferExpired,
    PriceChanged,
    SoldOut,
    TicketingRefused,
    TransientFailure,
    UpstreamTimeout,
)
from voyagent.drivers.suppliers.payloads import as_payload
from voyagent.drivers.suppliers.protocols.flights import FlightOffer, FlightQuery
from voyagent.drivers.suppliers.protocols.hotels import HotelQuery, HotelRate
from voyagent.drivers.suppliers.protocols.parts import Party
from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.kernel.dry_run import OutsideCallInDryRun, recording
from voyagent.kernel.errors import Forbidden, VoyagentError
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.models import SupplierOffer, TripLine
from voyagent.trips.queries import trips
from voyagent.trips.queries.trips import LineNotFound, PassengerNotFound
from voyagent.trips.rules.journey import Journey, Line
from voyagent.trips.service import flights, hotels, offers, visas
from voyagent.trips.service.errors import (
    LineIsOver,
    NobodyTravels,
    NoDayOfArrival,
    NoNationality,
    NotAtSupplier,
    NotHeld,
    OfferNotFound,
    TooManyGuests,
)

LEAVES = clock.today() + timedelta(days=60)
BORN = {"adult": date(1986, 5, 4), "child": date(LEAVES.year - 7, 1, 2)}


def suppliers(person: Person) -> Suppliers:
    found = person.app.extensions["voyagent.suppliers"]
    assert isinstance(found, Suppliers)
    return found


def journey(person: Person, trip_id: UUID) -> Journey:
    with person.reading() as reader:
        return trips.read_trip(reader, trip_id)


def travellers(
    person: Person, trip_id: UUID, *, surname: str = "Krishnan", kinds: tuple[str, ...] = ("adult",)
) -> list[UUID]:
    values: dict[str, Any] = {
        "nationality": "IN",
        "passport_number": "Z1234567",
        "passport_expiry": LEAVES + timedelta(days=2000),
    }
    return [
        a_passenger(
            person, trip_id, f"{name} {surname}", kind=kind, date_of_birth=BORN[kind], **values
        )
        for name, kind in zip(("Deepa", "Rajiv", "Ananya"), kinds, strict=False)
    ]


def an_offer(person: Person, **asked: Any) -> tuple[UUID, FlightOffer]:
    query = FlightQuery(
        "COK", "DXB", LEAVES, Party(adult=1), "INR", return_date=LEAVES + timedelta(days=6)
    )
    with person.acting() as actor:
        offered = flights.search_flights(suppliers(person), actor, replace(query, **asked)).done()[
            0
        ]
    return offered.id, offered.offer


def a_rate(person: Person, *, refundable: bool = True) -> HotelRate:
    query = HotelQuery("AE", "Dubai", LEAVES, LEAVES + timedelta(days=4), 2, "INR")
    with person.acting() as actor:
        found = [
            offered.offer
            for offered in hotels.search_hotels(suppliers(person), actor, query).done()
        ]
    return next(rate for rate in found if rate.refundable is refundable)


def hold(
    person: Person, trip_id: UUID, offer_id: UUID, passenger_ids: list[UUID] | None = None
) -> list[Line]:
    with person.acting() as actor:
        held = flights.hold_flight(
            suppliers(person), keyring(person), actor, trip_id, offer_id, passenger_ids
        ).done()
        return [trips.line_of(line) for line in held]


def issue(person: Person, line_id: UUID) -> list[Line]:
    with person.granted("trip.issue_ticket").acting() as actor:
        return [
            trips.line_of(line)
            for line in flights.issue_ticket(suppliers(person), actor, line_id).done()
        ]


def release(person: Person, line_id: UUID) -> list[Line]:
    with person.acting() as actor:
        return [
            trips.line_of(line)
            for line in flights.release_flight(suppliers(person), actor, line_id).done()[0]
        ]


def book(person: Person, rate: HotelRate, passenger_ids: list[UUID]) -> Line:
    with person.granted("trip.book_hotel").acting() as actor:
        return trips.line_of(
            hotels.book_hotel(
                suppliers(person), keyring(person), actor, rate.rate_key, passenger_ids
            ).done()
        )


# Flights
# --------------------------------------------------------------------------------


def test_an_offer_is_stored_until_it_expires(alice: Person) -> None:
    offer_id, offer = an_offer(alice)
    with alice.acting():
        row = db.session.get_one(SupplierOffer, (alice.actor.tenant_id, offer_id))
        assert (row.kind, row.payload, row.expires_at) == (
            "flight",
            as_payload(offer),
            offer.valid_until,
        )
    assert timedelta(minutes=15) < offer.valid_until - clock.now() <= timedelta(minutes=20)


def test_holding_an_offer_adds_its_lines_with_reference_and_time_limit(alice: Person) -> None:
    trip_id = a_trip(alice)
    travellers(alice, trip_id, kinds=("adult", "child"))
    offer_id, offer = an_offer(alice, party=Party(adult=1, child=1))
    lines = hold(alice, trip_id, offer_id)
    segments = [segment for one in offer.journeys for segment in one.segments]
    assert [(line.name, line.status) for line in lines] == [
        (segment.flight, "held") for segment in segments
    ]
    assert len({line.supplier_ref for line in lines}) == 1
    assert lines[0].supplier_ref is not None
    assert lines[0].hold_expires_at is not None
    assert sum(line.cost.amount_minor for line in lines) == offer.total.amount_minor
    details: Any = lines[0].details
    assert (details.departs_at, details.carrier_name) == (
        segments[0].departs_at.strftime("%Y-%m-%dT%H:%M"),
        segments[0].carrier_name,
    )


def test_an_offer_is_held_only_once(alice: Person) -> None:
    trip_id = a_trip(alice)
    travellers(alice, trip_id)
    offer_id, _offer = an_offer(alice)
    assert [line.id for line in hold(alice, trip_id, offer_id)] == [
        line.id for line in hold(alice, trip_id, offer_id)
    ]
    assert len({line.supplier_ref for line in journey(alice, trip_id).lines}) == 1


def test_a_released_offer_can_be_held_again(alice: Person, victor: Person) -> None:
    trip_id = a_trip(alice)
    travellers(alice, trip_id)
    offer_id, _offer = an_offer(alice)
    held = hold(alice, trip_id, offer_id)
    with pytest.raises(Forbidden):
        release(victor, held[0].id)
    gone = release(alice, held[-1].id)
    assert {(line.id, line.status, line.hold_expires_at) for line in gone} == {
        (line.id, "cancelled", None) for line in held
    }
    assert not any(total.price.amount_minor for total in journey(alice, trip_id).totals), (
        "what was given back counts for nothing"
    )
    with pytest.raises(NotHeld):
        release(alice, held[0].id)
    with pytest.raises(NotHeld):
        issue(alice, held[0].id)
    with alice.acting() as actor:
        assert (
            flights.read_flight(suppliers(alice), actor, str(held[0].supplier_ref))
            .done()[1]
            .status.value
            == "cancelled"
        )
    for _ in range(2):
        anew = hold(alice, trip_id, offer_id)
        assert {line.status for line in anew} == {"held"}
        assert anew[0].supplier_ref != held[0].supplier_ref
    issue(alice, anew[0].id)
    with pytest.raises(NotHeld):
        release(alice, anew[0].id)


def test_only_the_given_passengers_are_held(alice: Person) -> None:
    trip_id, other = a_trip(alice), a_trip(alice)
    people = travellers(alice, trip_id, kinds=("adult", "child"))
    stranger = travellers(alice, other)
    offer_id, _offer = an_offer(alice)
    with pytest.raises(PassengerNotFound):
        hold(alice, trip_id, offer_id, stranger)
    assert hold(alice, trip_id, offer_id, people[:1])


def test_a_hold_requires_passengers_and_an_offer(
    alice: Person, victor: Person, charlie: Person
) -> None:
    trip_id = a_trip(alice)
    offer_id, _offer = an_offer(alice)
    with pytest.raises(NobodyTravels):
        hold(alice, trip_id, offer_id)
    travellers(alice, trip_id)
    for unknown in (uuid4(), an_offer(charlie)[0]):
        with pytest.raises(OfferNotFound):
            hold(alice, trip_id, unknown)
    with pytest.raises(Forbidden):
        hold(victor, trip_id, offer_id)


def test_an_expired_offer_is_reported(alice: Person, owner_engine: sa.Engine) -> None:
    trip_id = a_trip(alice)
    travellers(alice, trip_id)
    offer_id, offer = an_offer(alice)
    late = as_payload(replace(offer, valid_until=clock.now() - timedelta(seconds=1)))
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update supplier_offers set payload = cast(:p as jsonb) where id = :i"),
            {"p": json.dumps(late), "i": offer_id},
        )
    with pytest.raises(OfferExpired):
        hold(alice, trip_id, offer_id)


@pytest.mark.parametrize(
    ("surname", "refusal"), [("Soldout", SoldOut), ("Pricechange", PriceChanged)]
)
def test_a_refusal_by_the_supplier_adds_no_line(
    alice: Person, surname: str, refusal: type[Exception]
) -> None:
    trip_id = a_trip(alice)
    travellers(alice, trip_id, surname=surname)
    with pytest.raises(refusal):
        hold(alice, trip_id, an_offer(alice)[0])
    assert journey(alice, trip_id).lines == ()


def test_an_unavailable_supplier_has_its_error_code(alice: Person) -> None:
    with pytest.raises(TransientFailure):
        an_offer(alice, destination="TNM", return_date=None)


def test_a_ticket_is_issued_once_and_its_number_is_on_every_flight(alice: Person) -> None:
    trip_id = a_trip(alice)
    travellers(alice, trip_id, kinds=("adult", "child"))
    held = hold(alice, trip_id, an_offer(alice, party=Party(adult=1, child=1))[0])
    ticketed: list[Any] = issue(alice, held[-1].id)
    assert {line.status for line in ticketed} == {"ticketed"}
    assert {line.hold_expires_at for line in ticketed} == {None}
    numbers = ticketed[0].details.tickets
    assert len(numbers) == 2
    assert all(line.details.tickets == numbers and len(numbers[0]) == 13 for line in ticketed)
    with pytest.raises(NotHeld):
        issue(alice, held[0].id)
    with alice.acting() as actor:
        lines, booking = flights.read_flight(
            suppliers(alice), actor, (held[0].supplier_ref or "").lower()
        ).done()
        assert (
            len(lines),
            booking.status.value,
            [ticket.number for ticket in booking.tickets],
        ) == (len(held), "ticketed", numbers)


def test_a_retry_after_a_rollback_returns_the_same_ticket(alice: Person) -> None:
    """The worker was killed after the supplier's response; the reference is the same."""
    trip_id = a_trip(alice)
    travellers(alice, trip_id)
    held = hold(alice, trip_id, an_offer(alice)[0])
    first: Any = None
    with (
        pytest.raises(RuntimeError, match="killed"),
        alice.granted("trip.issue_ticket").acting() as actor,
    ):
        first = trips.line_of(
            flights.issue_ticket(suppliers(alice), actor, held[0].id).done()[0]
        ).details
        raise RuntimeError("killed")
    again: Any = issue(alice, held[0].id)[0].details
    assert again.tickets == first.tickets


def test_a_booking_stays_held_if_its_ticket_is_refused(alice: Person) -> None:
    trip_id = a_trip(alice)
    travellers(alice, trip_id, surname="Noticket")
    held = hold(alice, trip_id, an_offer(alice)[0])
    with pytest.raises(TicketingRefused):
        issue(alice, held[0].id)
    assert {line.status for line in journey(alice, trip_id).lines} == {"held"}


def test_a_line_entered_manually_cannot_be_ticketed(alice: Person, charlie: Person) -> None:
    trip_id = a_trip(alice)
    travellers(alice, trip_id)
    held = hold(alice, trip_id, an_offer(alice)[0])
    with pytest.raises(LineNotFound):
        issue(charlie, held[0].id)
    with pytest.raises(LineNotFound):
        issue(alice, a_line(alice, trip_id, CREEK))


# Hotels
# --------------------------------------------------------------------------------


def test_a_hotel_rate_is_checked_booked_once_and_read(alice: Person) -> None:
    trip_id = a_trip(alice)
    people = travellers(alice, trip_id, kinds=("adult", "child"))
    rate = a_rate(alice)
    with alice.acting() as actor:
        assert (
            hotels.check_hotel_rate(suppliers(alice), actor, rate.rate_key).done().total
            == rate.total
        )
    line = book(alice, rate, people)
    details: Any = line.details
    assert (line.status, line.cost, details.name, details.check_in, details.check_out) == (
        "booked",
        rate.total,
        rate.hotel.name,
        rate.check_in,
        rate.check_out,
    )
    assert book(alice, rate, people[::-1]).id == line.id, "who asks again has it already"
    with alice.acting() as actor:
        _line, booking = hotels.read_hotel_booking(suppliers(alice), actor, line.id).done()
        assert (booking.confirmation, booking.status.value) == (line.supplier_ref, "booked")


def test_passengers_of_two_trips_cannot_share_a_room(alice: Person) -> None:
    one, other = (travellers(alice, a_trip(alice)) for _ in range(2))
    with pytest.raises(PassengerNotFound):
        book(alice, a_rate(alice), [*one, *other])
    with pytest.raises(OfferNotFound):
        book(alice, replace(a_rate(alice), rate_key="unknown"), one)


@pytest.mark.parametrize("refundable", [True, False])
def test_the_cost_of_a_cancellation_is_stored_on_the_trip(alice: Person, refundable: bool) -> None:
    trip_id = a_trip(alice)
    people = travellers(alice, trip_id)
    rate = a_rate(alice, refundable=refundable)
    line = book(alice, rate, people)
    with alice.granted("trip.cancel_hotel").acting() as actor:
        cancelled, charge = hotels.cancel_hotel_booking(suppliers(alice), actor, line.id).done()
        assert cancelled.status == "cancelled"
    assert bool(charge) is not refundable
    assert journey(alice, trip_id).totals[0].cost == (charge or Money(0, "INR"))
    with pytest.raises(LineIsOver), alice.granted("trip.cancel_hotel").acting() as actor:
        hotels.cancel_hotel_booking(suppliers(alice), actor, line.id).done()
    assert book(alice, rate, people).id != line.id, "what was given back can be booked anew"


def test_the_offer_of_a_stay_is_stored_until_its_cancellation(alice: Person) -> None:
    people, rate = travellers(alice, a_trip(alice), kinds=("adult", "adult")), a_rate(alice)
    line = book(alice, rate, people)

    def swept() -> tuple[HotelRate | None, int]:
        long_over = clock.now() - timedelta(days=1)
        with alice.acting():
            db.session.execute(sa.update(SupplierOffer).values(expires_at=long_over))
            offers.sweep()
            stay = db.session.scalars(sa.select(TripLine).where(TripLine.id == line.id)).one()
            left = db.session.scalars(sa.select(SupplierOffer)).all()
            return hotels.rate_of_stay(stay), len(left)

    assert swept() == (rate, 1)
    with alice.granted("trip.cancel_hotel").acting() as actor:
        hotels.cancel_hotel_booking(suppliers(alice), actor, line.id).done()
    assert swept() == (None, 0)


def test_a_rate_is_booked_only_for_its_number_of_guests(alice: Person) -> None:
    people = travellers(alice, a_trip(alice), kinds=("adult", "adult", "child"))
    with pytest.raises(TooManyGuests):
        book(alice, a_rate(alice), people)
    assert book(alice, a_rate(alice), people[:2]).status == "booked"


def both_at_once(
    person: Person, prepare: Callable[[Any], OutboundCall[Any]], result_of: Callable[[Any], Any]
) -> list[Any]:
    """Run two approvals of one act at once, and return the result of each.

    Both workers call the supplier before either commits. `result_of` reads a result.
    """
    with person.acting() as actor:
        first, second = prepare(actor), prepare(actor)
    with person.app.app_context():
        settle = [call.go() for call in (first, second)]
    came: list[Any] = []
    for one in settle:
        try:
            with person.acting():
                came.append(result_of(one()))
        except VoyagentError as refusal:
            came.append(refusal.code)
    return came


def test_two_parallel_identical_searches_call_the_supplier_once(alice: Person) -> None:
    trip_id = a_trip(alice)
    people = travellers(alice, trip_id)
    held = hold(alice, trip_id, an_offer(alice)[0])
    assert both_at_once(
        alice.granted("trip.issue_ticket"),
        lambda actor: flights.issue_ticket(suppliers(alice), actor, held[0].id),
        lambda lines: lines[0].status,
    ) == [
        "ticketed",
        "not_held",
    ]
    rate = a_rate(alice, refundable=False)
    one, same = both_at_once(
        alice.granted("trip.book_hotel"),
        lambda actor: hotels.book_hotel(
            suppliers(alice), keyring(alice), actor, rate.rate_key, people
        ),
        lambda line: line.id,
    )
    assert one == same
    charge, refused = both_at_once(
        alice.granted("trip.cancel_hotel"),
        lambda actor: hotels.cancel_hotel_booking(suppliers(alice), actor, one),
        lambda done: done[1],
    )
    assert refused == "line_is_over"
    first, same = both_at_once(
        alice.granted("trip.file_visa"),
        lambda actor: visas.file_visa(
            suppliers(alice), keyring(alice), actor, people[0], "AE", filed_on=clock.today()
        ),
        lambda line: line.id,
    )
    assert first == same
    lines = journey(alice, trip_id).lines
    assert sorted(line.kind for line in lines) == sorted(
        ["flight"] * len(held) + ["hotel", "other", "visa"]
    )
    assert [line.cost for line in lines if line.kind == "other"] == [charge]


def test_a_hotel_entered_manually_is_not_cancelled_at_a_supplier(alice: Person) -> None:
    line_id = a_line(alice, a_trip(alice), CREEK, status="booked")
    with pytest.raises(NotAtSupplier), alice.granted("trip.cancel_hotel").acting() as actor:
        hotels.cancel_hotel_booking(suppliers(alice), actor, line_id)
    with pytest.raises(NotAtSupplier), alice.acting() as actor:
        hotels.read_hotel_booking(suppliers(alice), actor, line_id)


class Late:
    """A hotel supplier that performs the first act but responds too late."""

    def __init__(self, driver: Any, *, times: int = 1) -> None:
        self.driver, self.left, self.asked = driver, times, list[str]()

    def book(self, rate: HotelRate, guests: Any, reference: str) -> Any:
        answer = self.driver.book(rate, guests, reference)
        self.asked.append(reference)
        if self.left:
            self.left -= 1
            raise UpstreamTimeout("late", in_doubt=True)
        return answer


def test_a_booking_with_a_late_response_is_found_by_its_reference(alice: Person) -> None:
    trip_id = a_trip(alice)
    people, rate = travellers(alice, trip_id), a_rate(alice)
    late = Late(suppliers(alice).hotels)
    with alice.granted("trip.book_hotel").acting() as actor:
        hotels.book_hotel(
            replace(suppliers(alice), hotels=late), keyring(alice), actor, rate.rate_key, people
        ).done()
    assert len(late.asked) == 2
    assert len(set(late.asked)) == 1
    assert len(journey(alice, trip_id).lines) == 1
    never = Late(suppliers(alice).hotels, times=9)
    with pytest.raises(UpstreamTimeout), alice.granted("trip.book_hotel").acting() as actor:
        hotels.book_hotel(
            replace(suppliers(alice), hotels=never),
            keyring(alice),
            actor,
            a_rate(alice, refundable=False).rate_key,
            people,
        ).done()
    assert len(never.asked) == 2
    assert set(never.asked) & set(late.asked) == set()
    assert len(journey(alice, trip_id).lines) == 1


# Visas
# --------------------------------------------------------------------------------


def file_visa(person: Person, passenger_id: UUID) -> Line:
    with person.granted("trip.file_visa").acting() as actor:
        line = visas.file_visa(
            suppliers(person), keyring(person), actor, passenger_id, "AE", filed_on=clock.today()
        ).done()
        return trips.line_of(line)


def test_a_visa_is_filed_once_for_each_passenger(alice: Person) -> None:
    trip_id = a_trip(alice)
    people = travellers(alice, trip_id, kinds=("adult", "child"))
    with pytest.raises(NoDayOfArrival):
        file_visa(alice, people[0])
    hold(alice, trip_id, an_offer(alice, party=Party(adult=1, child=1))[0])
    with alice.acting() as actor:
        asked = visas.visa_requirements(suppliers(alice), actor, "IN", "AE").done()
    assert asked.documents
    line = file_visa(alice, people[0])
    details: Any = line.details
    assert (line.status, details.country, details.traveller, line.supplier_ref is not None) == (
        "filed",
        "AE",
        "Deepa Krishnan",
        True,
    )
    assert file_visa(alice, people[0]).id == line.id
    assert file_visa(alice, people[1]).id != line.id


def test_a_visa_requires_a_passenger_with_a_nationality(alice: Person) -> None:
    trip_id = a_trip(alice)
    a_line(alice, trip_id, CREEK)
    with pytest.raises(NoNationality):
        file_visa(alice, a_passenger(alice, trip_id))
    with pytest.raises(PassengerNotFound):
        file_visa(alice, uuid4())


# All of them
# --------------------------------------------------------------------------------


def test_a_dry_run_calls_no_supplier(alice: Person) -> None:
    with (
        pytest.raises(OutsideCallInDryRun),
        alice.acting() as actor,
        recording(db.session, is_dry=True),
    ):
        flights.search_flights(
            suppliers(alice), actor, FlightQuery("COK", "DXB", LEAVES, Party(), "INR")
        )


def test_events_name_the_supplier_but_no_passport(alice: Person, owner_engine: sa.Engine) -> None:
    trip_id = a_trip(alice)
    people = travellers(alice, trip_id)
    held = hold(alice, trip_id, an_offer(alice)[0])
    issue(alice, held[0].id)
    line = book(alice, a_rate(alice), people)
    with alice.granted("trip.cancel_hotel").acting() as actor:
        hotels.cancel_hotel_booking(suppliers(alice), actor, line.id).done()
    file_visa(alice, people[0])
    with owner_engine.connect() as connection:
        asked = sa.text(
            "select kind, driver, outputs::text as outputs from audit_events where tenant_id = :t"
            " and driver is not null order by seq"
        )
        left = list(connection.execute(asked, {"t": alice.actor.tenant_id}))
    assert [(row.kind, row.driver) for row in left] == [
        *(
            ("trip.flight_held", "sandbox"),
            ("trip.ticketed", "sandbox"),
            ("trip.hotel_booked", "sandbox"),
        ),
        *(("trip.hotel_cancelled", "sandbox"), ("trip.visa_filed", "sandbox")),
    ]
    assert not [row for row in left if "Z1234567" in row.outputs or "Krishnan" in row.outputs]
