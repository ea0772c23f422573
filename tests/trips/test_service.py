"""Rules of trips, on the real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.people import Person
from tests.trips.things import (
    BACK,
    CREEK,
    DESERT,
    OUT,
    PASSPORT,
    RIDE,
    VISA,
    a_line,
    a_passenger,
    a_trip,
    keyring,
    line,
    passenger,
    whole_trip,
)
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.sessions import SessionNotFound
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service as enquiries
from voyagent.enquiries.queries.enquiries import EnquiryNotFound
from voyagent.kernel import clock
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.keyring import Keyring, SealBroken
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency
from voyagent.trips.queries import trips
from voyagent.trips.queries.trips import LineNotFound, PassengerNotFound, TripNotFound
from voyagent.trips.rules.journey import status_of
from voyagent.trips.service import (
    lines as line_rules,
    passengers as passenger_rules,
    passports,
    trips as trip_service,
)
from voyagent.trips.service.errors import (
    BornLater,
    InvalidFlightTimes,
    InvalidLineStatus,
    LineIsCommitted,
    LineIsOver,
    LineKindFixed,
    NegativeAmount,
    TripAlreadyOpen,
    TripFull,
)


def session_of(person: Person, title: str | None = "Krishnan family") -> UUID:
    with person.acting() as actor:
        return chat.create_session(actor, title=title).id


def enquiry_of(person: Person, **wish: Any) -> UUID:
    with person.acting() as actor:
        return enquiries.create(actor, customer_name="Deepa Krishnan", **wish).id


def events(person: Person, engine: sa.Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "select kind, inputs, entity_refs from audit_events where tenant_id = :t and kind"
                " like 'trip.%' order by seq"
            ),
            {"t": person.actor.tenant_id},
        )
        return [dict(row) for row in rows.mappings()]


# Trips
# --------------------------------------------------------------------------------


def test_a_trip_of_a_conversation_takes_title_and_enquiry_from_there(alice: Person) -> None:
    session_id = session_of(alice, "Hello, we are four and want to go to")
    enquiry_id = enquiry_of(alice, session_id=session_id, destination="Dubai")
    with alice.acting() as actor:
        trip = trip_service.open_trip(actor, session_id=session_id)
        assert (trip.title, trip.enquiry_id, trip.currency) == (
            "Deepa Krishnan, Dubai",
            enquiry_id,
            "INR",
        )


def test_a_trip_without_an_enquiry_takes_the_conversations_name(alice: Person) -> None:
    with alice.acting() as actor:
        assert (
            trip_service.open_trip(actor, session_id=session_of(alice)).title == "Krishnan family"
        )


def test_a_default_title_is_made_of_travellers_and_destination(alice: Person) -> None:
    session_id = session_of(alice, None)
    with alice.acting() as actor:
        block = {
            "type": "text",
            "text": "Kochi to Dubai flights 18 Dec back 27 Dec, 2 adults 1 child, please",
        }
        chat.append(
            actor,
            chats.get_session(session_id, lock=True),
            role="user",
            blocks=[block],
            turn_id=None,
        )
        trip_id = trip_service.open_trip(actor, session_id=session_id).id
    assert title_of(alice, trip_id) == "Trip"
    a_line(alice, trip_id, OUT)
    assert title_of(alice, trip_id) == "Dubai"
    person_id = a_passenger(alice, trip_id, full_name="Fathima Beevi")
    a_passenger(alice, trip_id, full_name="Zara Khan")
    assert title_of(alice, trip_id) == "Beevi, Dubai"
    with alice.acting() as actor:
        passenger_rules.remove_passenger(actor, trip_id, person_id)
    assert title_of(alice, trip_id) == "Khan, Dubai"
    with alice.acting() as actor:
        trip_service.update_trip(
            actor,
            trip_id,
            {"title": "Khan, Dubai", "enquiry_id": enquiry_of(alice, destination="Sharjah")},
        )
    assert title_of(alice, trip_id) == "Deepa Krishnan, Sharjah"


def test_an_entered_title_is_kept(alice: Person) -> None:
    named = a_trip(alice, title="Honeymoon")
    a_line(alice, named, OUT)
    a_passenger(alice, named)
    assert title_of(alice, named) == "Honeymoon"
    with alice.acting() as actor:
        nameless = trip_service.open_trip(actor).id
        trip_service.update_trip(actor, nameless, {"title": "Ours"})
    a_line(alice, nameless, OUT)
    assert title_of(alice, nameless) == "Ours"


def title_of(person: Person, trip_id: UUID) -> str:
    with person.acting():
        return trips.get_trip(trip_id).title


@pytest.mark.parametrize(
    ("destination", "title"),
    [("Dubai", "Deepa Krishnan, Dubai"), (None, "Deepa Krishnan"), ("  ", "Deepa Krishnan")],
)
def test_a_trip_of_an_enquiry_gets_its_title_from_the_enquiry(
    alice: Person, destination: str | None, title: str
) -> None:
    with alice.acting() as actor:
        assert (
            trip_service.open_trip(
                actor, enquiry_id=enquiry_of(alice, destination=destination)
            ).title
            == title
        )


def test_the_trip_of_a_conversation_is_created_once(alice: Person) -> None:
    session_id = session_of(alice)
    with alice.acting() as actor:
        first = trip_service.trip_for(actor, session_id=session_id).id
        assert trip_service.trip_for(actor, session_id=session_id).id == first
        with pytest.raises(TripAlreadyOpen):
            trip_service.open_trip(actor, session_id=session_id)
        other = trip_service.open_trip(actor)
        with pytest.raises(TripAlreadyOpen):
            trip_service.update_trip(actor, other.id, {"session_id": session_id})


def test_the_newest_trip_of_an_enquiry_is_linked_to_its_conversation(alice: Person) -> None:
    session_id = session_of(alice)
    enquiry_id = enquiry_of(alice, session_id=session_id)
    with alice.acting() as actor:
        opened = trip_service.trip_for(actor, enquiry_id=enquiry_id)
        assert (opened.session_id, opened.enquiry_id) == (session_id, enquiry_id)
        assert trip_service.trip_for(actor, enquiry_id=enquiry_id).id == opened.id
    newer = a_trip(alice, enquiry_id=enquiry_id)
    with alice.acting() as actor:
        assert trip_service.trip_for(actor, enquiry_id=enquiry_id).id == newer


def test_a_trip_links_only_existing_records_of_the_agency(alice: Person, charlie: Person) -> None:
    theirs, their_enquiry, gone = session_of(charlie), enquiry_of(charlie), session_of(alice)
    alice.does(chat.delete, gone)
    trip_id = a_trip(alice)
    with alice.acting() as actor:
        for session_id in (theirs, gone, uuid4()):
            with pytest.raises(SessionNotFound):
                trip_service.open_trip(actor, session_id=session_id)
            with pytest.raises(SessionNotFound):
                trip_service.update_trip(actor, trip_id, {"session_id": session_id})
        for enquiry_id in (their_enquiry, uuid4()):
            with pytest.raises(EnquiryNotFound):
                trip_service.open_trip(actor, enquiry_id=enquiry_id)
            with pytest.raises(EnquiryNotFound):
                trip_service.update_trip(actor, trip_id, {"enquiry_id": enquiry_id})
        with pytest.raises(UnknownCurrency):
            trip_service.open_trip(actor, currency="XYZ")


def test_viewers_and_other_agencies_cannot_change_a_trip(
    alice: Person, victor: Person, charlie: Person
) -> None:
    trip_id = a_trip(alice)
    person_id, line_id = a_passenger(alice, trip_id), a_line(alice, trip_id)
    acts: list[tuple[type[Exception], Callable[[Person, Any], Any]]] = [
        (
            TripNotFound,
            lambda _, actor: trip_service.update_trip(actor, trip_id, {"title": "Mine"}),
        ),
        (
            TripNotFound,
            lambda who, actor: passenger_rules.add_passenger(
                keyring(who), actor, trip_id, {"full_name": "X"}
            ),
        ),
        (
            PassengerNotFound,
            lambda who, actor: passenger_rules.update_passenger(
                keyring(who), actor, trip_id, person_id, {"full_name": "X"}
            ),
        ),
        (
            PassengerNotFound,
            lambda _, actor: passenger_rules.remove_passenger(actor, trip_id, person_id),
        ),
        (TripNotFound, lambda _, actor: line_rules.add_line(actor, trip_id, DESERT)),
        (
            LineNotFound,
            lambda _, actor: line_rules.update_line(actor, trip_id, line_id, {"price": "1"}),
        ),
        (LineNotFound, lambda _, actor: line_rules.cancel_line(actor, trip_id, line_id)),
        (LineNotFound, lambda _, actor: line_rules.remove_line(actor, trip_id, line_id)),
    ]
    for missing, act in acts:
        for who, refusal in ((victor, Forbidden), (charlie, missing)):
            with pytest.raises(refusal), who.acting() as actor:
                act(who, actor)
    with pytest.raises(Forbidden), victor.acting() as actor:
        trip_service.open_trip(actor)


def test_a_line_or_passenger_is_not_found_under_another_trip(alice: Person) -> None:
    mine, other = a_trip(alice), a_trip(alice)
    person_id, line_id = a_passenger(alice, mine), a_line(alice, mine)
    with alice.acting():
        with pytest.raises(PassengerNotFound):
            trips.get_passenger(other, person_id)
        with pytest.raises(LineNotFound):
            trips.get_line(other, line_id)


# Passengers
# --------------------------------------------------------------------------------


def test_a_passport_number_is_encrypted_for_its_row(alice: Person, owner_engine: sa.Engine) -> None:
    trip_id = a_trip(alice)
    one, other = (
        passenger(alice, trip_id, passport_number=PASSPORT),
        passenger(alice, trip_id, "Rajiv Krishnan", passport_number="Y7654321"),
    )
    with owner_engine.connect() as connection:
        row = (
            connection.execute(
                sa.text("select * from trip_passengers where id = :i"), {"i": one.id}
            )
            .mappings()
            .one()
        )
    assert PASSPORT.encode() not in bytes(row["passport_sealed"])
    assert PASSPORT not in json.dumps({name: str(value) for name, value in row.items()})
    assert row["passport_last4"] == "4567"
    with alice.acting():
        assert passports.opened(keyring(alice), one.id, row["passport_sealed"]) == PASSPORT
        with pytest.raises(SealBroken):
            passports.opened(keyring(alice), other.id, row["passport_sealed"])


def test_a_passport_number_can_be_changed_kept_and_cleared(alice: Person) -> None:
    trip_id = a_trip(alice)
    person_id = a_passenger(
        alice, trip_id, passport_number=PASSPORT, passport_expiry=date(2030, 1, 1)
    )
    with alice.acting() as actor:
        sealed = trips.get_passenger(trip_id, person_id).passport_sealed
        passenger_rules.update_passenger(
            keyring(alice),
            actor,
            trip_id,
            person_id,
            {"full_name": "Deepa R Krishnan", "passport_number": PASSPORT},
        )
        stored = trips.get_passenger(trip_id, person_id)
        assert (stored.full_name, stored.passport_sealed) == ("Deepa R Krishnan", sealed)
        passenger_rules.update_passenger(
            keyring(alice), actor, trip_id, person_id, {"passport_number": "Y7654321"}
        )
        assert trips.get_passenger(trip_id, person_id).passport_last4 == "4321"
        cleared = passenger_rules.update_passenger(
            keyring(alice), actor, trip_id, person_id, {"passport_number": None}
        )
        assert (cleared.passport_sealed, cleared.passport_last4, cleared.passport_expiry) == (
            None,
            None,
            date(2030, 1, 1),
        )


def test_a_date_of_birth_in_the_future_is_refused(alice: Person) -> None:
    tomorrow = clock.today() + timedelta(days=2)
    with pytest.raises(BornLater):
        a_passenger(alice, a_trip(alice), date_of_birth=tomorrow)


def test_a_trip_has_a_maximum_of_passengers_and_lines(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passenger_rules, "PASSENGERS_MAX", 1)
    monkeypatch.setattr(line_rules, "LINES_MAX", 1)
    trip_id = a_trip(alice)
    a_passenger(alice, trip_id)
    a_line(alice, trip_id)
    with pytest.raises(TripFull):
        a_passenger(alice, trip_id)
    with pytest.raises(TripFull):
        a_line(alice, trip_id)


def test_events_contain_no_passport_numbers_or_names(
    alice: Person, owner_engine: sa.Engine
) -> None:
    trip_id = a_trip(alice)
    person_id = a_passenger(
        alice, trip_id, passport_number=PASSPORT, date_of_birth=date(1986, 5, 4)
    )
    with alice.acting() as actor:
        passenger_rules.update_passenger(
            keyring(alice),
            actor,
            trip_id,
            person_id,
            {"passport_number": "Y7654321", "full_name": "Deepa R Krishnan"},
        )
        passenger_rules.remove_passenger(actor, trip_id, person_id)
        trip_service.update_trip(actor, trip_id, {"title": "The Krishnans", "currency": "AED"})
    left = events(alice, owner_engine)
    assert [event["kind"] for event in left] == [
        *(
            "trip.opened",
            "trip.passenger_added",
            "trip.passenger_updated",
            "trip.passenger_removed",
            "trip.updated",
        ),
    ]
    assert left[1]["inputs"] == {"fields": ["date_of_birth", "full_name", "passport_number"]}
    assert left[2]["inputs"] == {"fields": ["full_name", "passport_number"]}
    assert left[4]["inputs"]["fields"] == [
        {"field": "title"},
        {"field": "currency", "before": "INR", "after": "AED"},
    ]
    for secret in (PASSPORT, "4567", "Y7654321", "Deepa", "1986", "Krishnans"):
        assert secret not in json.dumps(left)


def test_after_a_rotation_passports_are_encrypted_with_the_current_secret(
    alice: Person, settings: Settings
) -> None:
    trip_id = a_trip(alice)
    person_id = a_passenger(alice, trip_id, passport_number=PASSPORT)
    old, new = settings.auth_secret.get_secret_value(), "another-secret-" + "1" * 40
    rotated = Keyring(
        settings.model_copy(
            update={
                "auth_secret": type(settings.auth_secret)(new),
                "auth_secrets_previous": type(settings.auth_secret)(old),
            }
        )
    )
    alone = Keyring(settings.model_copy(update={"auth_secret": type(settings.auth_secret)(new)}))
    with alice.acting():
        assert passenger_rules.reseal(keyring(alice)) == 0
        assert passenger_rules.reseal(rotated) == 1
        assert passenger_rules.reseal(rotated) == 0
        assert (
            passports.opened(
                alone, person_id, trips.get_passenger(trip_id, person_id).passport_sealed
            )
            == PASSPORT
        )


# Lines
# --------------------------------------------------------------------------------


def test_a_line_has_dates_and_amounts_in_the_trips_currency(alice: Person) -> None:
    trip_id = a_trip(alice, currency="KWD")
    flight = line(alice, trip_id, BACK, cost="100.125", price="120")
    assert (flight.starts_on, flight.ends_on, flight.cost, flight.price) == (
        *(date(2026, 12, 25), date(2026, 12, 26), Money(100_125, "KWD"), Money(120_000, "KWD")),
    )
    assert line(alice, trip_id, VISA).starts_on is None


@pytest.mark.parametrize(
    ("details", "values", "refusal"),
    [
        (DESERT, {"cost": "1.234"}, InvalidAmount),
        (DESERT, {"currency": "XYZ", "cost": "1"}, UnknownCurrency),
        (CREEK, {"price": "-1"}, NegativeAmount),
        (CREEK, {"status": "ticketed"}, InvalidLineStatus),
        (VISA, {"status": "booked"}, InvalidLineStatus),
        (DESERT, {"status": "cancelled"}, InvalidLineStatus),
        (OUT.model_copy(update={"arrives_at": "2026-12-19T02:00"}), {}, InvalidFlightTimes),
        (OUT.model_copy(update={"arrives_at": "2026-12-21T07:10"}), {}, InvalidFlightTimes),
        (
            OUT.model_copy(update={"destination": "QQQ", "arrives_at": "2026-12-18T02:00"}),
            {},
            InvalidFlightTimes,
        ),
    ],
)
def test_invalid_values_of_a_line_are_refused(
    alice: Person, details: Any, values: dict[str, str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        a_line(alice, a_trip(alice), details, **values)


def test_a_flight_over_the_date_line_may_land_the_day_before(alice: Person) -> None:
    over = OUT.model_copy(
        update={
            "origin": "HND",
            "destination": "HNL",
            "departs_at": "2026-12-19T23:00",
            "arrives_at": "2026-12-19T11:00",
        }
    )
    flight = line(alice, a_trip(alice), over)
    assert (flight.starts_on, flight.ends_on) == (date(2026, 12, 19), date(2026, 12, 19))


def test_an_unlisted_airport_is_accepted(alice: Person) -> None:
    assert (
        line(
            alice, a_trip(alice), OUT.model_copy(update={"destination": "QQQ"})
        ).details.destination
        == "QQQ"
    )


def test_a_discount_may_lower_the_total(alice: Person) -> None:
    assert line(alice, a_trip(alice), DESERT, price="-500").price == Money(-50_000, "INR")


def test_an_update_of_a_line_keeps_omitted_members(alice: Person, owner_engine: sa.Engine) -> None:
    trip_id = a_trip(alice)
    line_id = a_line(alice, trip_id, CREEK, cost="100", price="120", supplier_ref="MC-1")
    longer = CREEK.model_copy(update={"check_out": date(2026, 12, 24)})
    with alice.acting() as actor:
        changed = line_rules.update_line(
            actor, trip_id, line_id, {"details": longer, "price": "130.50", "status": "booked"}
        )
        assert (changed.ends_on, changed.cost_minor, changed.price_minor, changed.supplier_ref) == (
            date(2026, 12, 24),
            10_000,
            13_050,
            "MC-1",
        )
        line_rules.update_line(actor, trip_id, line_id, {"price": "130.50"})
    recorded = [
        event["inputs"]
        for event in events(alice, owner_engine)
        if event["kind"] == "trip.line_updated"
    ]
    assert len(recorded) == 1, "a change that changes nothing leaves no event"
    assert {"field": "details"} in recorded[0]["fields"]
    assert {"field": "price", "before": "120.00 INR", "after": "130.50 INR"} in recorded[0][
        "fields"
    ]
    assert {"field": "status", "before": "planned", "after": "booked"} in recorded[0]["fields"]


def test_a_change_of_currency_keeps_the_amounts(alice: Person) -> None:
    trip_id = a_trip(alice)
    line_id = a_line(alice, trip_id, CREEK, cost="100", price="120")
    with alice.acting() as actor:
        changed = line_rules.update_line(actor, trip_id, line_id, {"currency": "KWD"})
        assert (changed.cost_minor, changed.price_minor, changed.currency) == (
            100_000,
            120_000,
            "KWD",
        )


def test_the_type_of_a_line_cannot_change(alice: Person) -> None:
    trip_id = a_trip(alice)
    line_id = a_line(alice, trip_id, OUT)
    with pytest.raises(LineKindFixed), alice.acting() as actor:
        line_rules.update_line(actor, trip_id, line_id, {"details": CREEK})


def test_a_booked_line_must_be_cancelled_before_it_is_removed(alice: Person) -> None:
    trip_id = a_trip(alice)
    line_id = a_line(alice, trip_id, CREEK, status="booked", price="100")
    with pytest.raises(LineIsCommitted), alice.acting() as actor:
        line_rules.remove_line(actor, trip_id, line_id)
    with alice.acting() as actor:
        assert line_rules.cancel_line(actor, trip_id, line_id).status == "cancelled"
    for act in (
        line_rules.cancel_line,
        lambda actor, *ids: line_rules.update_line(actor, *ids, {"price": "1"}),
    ):
        with pytest.raises(LineIsOver), alice.acting() as actor:
            act(actor, trip_id, line_id)
    with alice.reading() as reader:
        assert trips.read_trip(reader, trip_id).totals[0].price == Money(0, "INR")
    alice.does(line_rules.remove_line, trip_id, line_id)
    with pytest.raises(LineNotFound), alice.acting():
        trips.get_line(trip_id, line_id)


# Reading
# --------------------------------------------------------------------------------


def test_a_trip_is_read_in_chronological_order_with_totals(alice: Person) -> None:
    trip_id = whole_trip(alice)
    with alice.reading() as reader:
        journey = trips.read_trip(reader, trip_id)
    assert [one.name for one in journey.lines] == [
        *(
            "EK 533",
            "Marsa Creek Hotel",
            "Desert at sunset",
            "Dubai – Abu Dhabi",
            "Yas Bay Residences",
            "EK 532",
            "AE",
        ),
    ]
    assert journey.days == (date(2026, 12, 19), date(2026, 12, 26))
    assert [
        (one.cost.wire, one.price.wire, one.margin.wire, one.currency) for one in journey.totals
    ] == [
        ("203000.00", "228200.50", "25200.50", "INR"),
        ("1200.00", "1480.00", "280.00", "AED"),
    ]
    assert journey.status == "part_booked"
    assert [one.passport_sealed for one in journey.passengers] == [None] * 4


@pytest.mark.parametrize(
    ("statuses", "word"),
    [
        ([], "planned"),
        (["planned"], "planned"),
        (["held"], "planned"),
        (["booked", "filed", "ticketed"], "booked"),
    ],
)
def test_the_status_of_a_trip_is_derived_from_its_lines(statuses: list[str], word: str) -> None:
    assert status_of(statuses) == word


def test_a_deleted_conversation_is_not_linked(alice: Person) -> None:
    session_id = session_of(alice)
    trip_id = a_trip(alice, session_id=session_id)
    alice.does(chat.delete, session_id)
    with alice.reading() as reader:
        assert trips.read_trip(reader, trip_id).trip["session_id"] is None
        with pytest.raises(SessionNotFound):
            trips.read_trip_of_session(reader, session_id)


def test_the_list_shows_trips_newest_first(alice: Person, charlie: Person) -> None:
    older, newer = whole_trip(alice), a_trip(alice, title="Goa")
    a_trip(charlie)
    with alice.reading() as reader:
        page = trips.list_trips(reader, limit=10)
    assert [row["id"] for row in page.items] == [newer, older]
    assert page.total == 2
    whole = page.items[1]
    assert (whole["first_day"], whole["last_day"], whole["passenger_count"], whole["status"]) == (
        date(2026, 12, 19),
        date(2026, 12, 26),
        4,
        "part_booked",
    )
    assert whole["prices"] == [Money(22_820_050, "INR"), Money(148_000, "AED")]
    assert (page.items[0]["prices"], page.items[0]["first_day"], page.items[0]["status"]) == (
        [Money(0, "INR")],
        None,
        "planned",
    )


def test_the_number_of_statements_does_not_depend_on_the_list(
    alice: Person, statements: list[str]
) -> None:
    for number in range(3):
        a_trip(alice, title=f"Trip {number}")
    with alice.reading() as reader:
        db.session.connection()
        statements.clear()
        trips.list_trips(reader, limit=2)
    assert len(statements) == 2


def test_parallel_requests_for_a_conversations_trip_get_one_trip(
    alice: Person, bob: Person
) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    session_id = session_of(alice)

    def ask(person: Person) -> UUID:
        with person.acting() as actor:
            return trip_service.trip_for(actor, session_id=session_id).id

    with ThreadPoolExecutor(2) as threads:
        found = set(threads.map(ask, [alice, bob] * 4))
    assert len(found) == 1


def test_a_transfer_ends_on_its_first_day(alice: Person) -> None:
    assert line(alice, a_trip(alice), RIDE).ends_on == date(2026, 12, 23)
