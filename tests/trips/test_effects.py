"""Approved bookings: the preview shows the change; the supplier is called once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.approvals.conftest import Desk
from tests.enquiries.reading import Page
from tests.people import People, Person
from tests.trips.test_supplies import a_rate, an_offer, book, hold, journey, release, travellers
from tests.trips.things import CREEK, a_line, a_passenger, a_trip
from voyagent.approvals.service import deciding, effects
from voyagent.approvals.service.errors import ApprovalAlreadyResolved, SelfApproval
from voyagent.kernel import clock
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money
from voyagent.settings.queries import AmountAboveLimit
from voyagent.settings.service import tenant_settings as settings
from voyagent.trips.capabilities import (
    book_hotel,
    cancel_hotel_booking,
    file_visa,
    issue_ticket,
)
from voyagent.trips.words import board_word


@pytest.fixture
def desk(owner_engine: sa.Engine) -> Desk:
    return Desk(owner_engine)


@pytest.fixture
def tina(people: People, alice: Person) -> Person:
    """Alice's colleague who leads ticketing."""
    return people.colleague(alice, "Tina Tickets", role="ticketing_lead")


def grant(person: Person, approval_id: str, drain: Callable[[], None]) -> None:
    person.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    drain()


def proposed(desk: Desk, person: Person, tool: str, **arguments: Any) -> str:
    return desk.propose(person, tool, arguments=arguments, summary=tool)


def held(person: Person, trip_id: UUID, surname: str = "Krishnan") -> list[Any]:
    travellers(person, trip_id, surname=surname)
    return hold(person, trip_id, an_offer(person)[0])


def steps(row: Any) -> list[tuple[str | None, str | None]]:
    return [(step.get("before"), step.get("after")) for step in row["preview"].get("itinerary", [])]


def test_the_preview_shows_that_flights_are_ticketed(
    desk: Desk, alice: Person, bob: Person
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    row = desk.row(proposed(desk, bob, "issue_ticket", pnr_id=str(lines[0].id)))
    assert len(steps(row)) == len(lines)
    for (before, after), line in zip(steps(row), lines, strict=True):
        assert line.name in (before or "")
        assert (before or "").replace("Held", "Ticketed") == after
    assert row["preview"]["leaves"][0]["kind"] == "ticket"
    assert re.fullmatch(
        "Held by the airline until \\d{1,2} \\w+ \\d{4}, \\d\\d:\\d\\d",
        row["preview"]["checks"][0]["text"],
    ), "a hold is over within a day"
    assert (row["amount_minor"], row["currency"]) == (
        sum(line.cost.amount_minor for line in lines),
        "INR",
    )
    assert {line.status for line in journey(alice, trip_id).lines} == {"held"}, (
        "nothing of a dry run stays"
    )


def test_a_grant_issues_the_ticket_once(
    desk: Desk, alice: Person, bob: Person, tina: Person, drain: Callable[[], None]
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    approval_id = proposed(desk, bob, "issue_ticket", pnr_id=str(lines[0].id))
    grant(tina, approval_id, drain)
    row = desk.row(approval_id)
    assert (
        row["effect_status"],
        row["effect_result"]["issued"],
        len(row["effect_result"]["tickets"]),
    ) == ("done", True, 1)
    page = Page(alice.tab.get(f"/approvals/{approval_id}"))
    outcome = page.words(".//*[@id='outcome']")
    assert all(
        words in outcome
        for words in (
            "Booking",
            row["effect_result"]["locator"],
            "Tickets",
            row["effect_result"]["tickets"][0],
            "Open the trip",
        )
    )
    assert not any(words in outcome for words in ("True", str(lines[0].id), str(trip_id))), (
        "ids and plain yeses are for programs"
    )
    assert f"/trips/{trip_id}" in page.links()
    assert {line.status for line in journey(alice, trip_id).lines} == {"ticketed"}
    again = proposed(desk, bob, "issue_ticket", pnr_id=str(lines[0].id))
    assert desk.row(again)["preview"]["refusal"] == "not_held"


def limit(alice: Person, most: Money) -> None:
    """Let ticketing leads approve up to an amount."""
    limits = {"ticketing_lead": {"amount": most.wire, "currency": most.currency}}
    alice.does(lambda actor: settings.update(actor, {"approval_limits": limits}).tenant_id)


def allows(tina: Person, approval_id: str) -> bool:
    """Return True if the limit of a lead allows the approval."""
    try:
        tina.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    except AmountAboveLimit:
        return False
    return True


def test_a_visa_whose_fee_is_not_known_is_above_every_limit(
    desk: Desk, alice: Person, bob: Person, tina: Person
) -> None:
    trip_id = a_trip(alice)
    people = travellers(alice, trip_id)
    hold(alice, trip_id, an_offer(alice)[0])
    limit(alice, Money(100_000_000_00, "INR"))
    approval_id = proposed(desk, bob, "file_visa", passenger_id=str(people[0]), destination="AE")
    assert (desk.row(approval_id)["amount_minor"], allows(tina, approval_id)) == (None, False)
    assert allows(alice, approval_id)


@pytest.mark.parametrize("is_above", [True, False])
def test_the_limit_applies_to_the_charge_of_a_hotel_that_is_not_refundable(
    desk: Desk, alice: Person, bob: Person, tina: Person, is_above: bool
) -> None:
    people, rate = travellers(alice, a_trip(alice)), a_rate(alice, refundable=False)
    stay = book(alice, rate, people)
    limit(alice, rate.total - Money(1 if is_above else 0, rate.total.currency))
    approval_id = proposed(desk, bob, "cancel_hotel_booking", booking_id=str(stay.id))
    assert desk.row(approval_id)["amount_minor"] == rate.total.amount_minor
    assert allows(tina, approval_id) is not is_above


@pytest.mark.parametrize(("days_before", "amount_minor"), [(2, 0), (1, None), (0, None)])
def test_the_charge_of_a_refundable_hotel_is_known_while_it_is_free(
    desk: Desk,
    alice: Person,
    bob: Person,
    tina: Person,
    days_before: int,
    amount_minor: int | None,
) -> None:
    """A day of reserve, because the day begins at other times in other places."""
    people, rate = travellers(alice, a_trip(alice)), a_rate(alice)
    stay = book(alice, rate, people)
    limit(alice, Money(1, "INR"))
    free_until = clock.today(alice.actor.timezone) + timedelta(days=days_before)
    desk.run(
        "update supplier_offers set payload = jsonb_set(payload, '{free_until}',"
        " to_jsonb(cast(:day as text))) where payload->>'rate_key' = :key",
        day=free_until.isoformat(),
        key=rate.rate_key,
    )
    approval_id = proposed(desk, bob, "cancel_hotel_booking", booking_id=str(stay.id))
    assert desk.row(approval_id)["amount_minor"] == amount_minor
    assert allows(tina, approval_id) is (amount_minor is not None)


def test_the_charge_is_unknown_if_the_rate_is_not_stored(
    desk: Desk, alice: Person, bob: Person, tina: Person
) -> None:
    people, rate = travellers(alice, a_trip(alice)), a_rate(alice)
    stay = book(alice, rate, people)
    limit(alice, Money(100_000_000_00, "INR"))
    desk.run("update trip_lines set offer_id = null where id = :i", i=stay.id)
    approval_id = proposed(desk, bob, "cancel_hotel_booking", booking_id=str(stay.id))
    assert allows(tina, approval_id) is False
    assert allows(alice, approval_id)


@pytest.mark.parametrize("act", [issue_ticket, book_hotel, cancel_hotel_booking, file_visa])
def test_the_approvers_are_those_of_the_contract(act: Any) -> None:
    effect = effects.find(act.CAPABILITY.name)
    assert effect is not None
    assert effect.approver_roles == {"agency_admin", "ticketing_lead"}
    assert (effect.money, effect.external) == (True, True)
    assert effect.schema is not None


def test_the_wrong_role_and_the_requester_cannot_approve(
    desk: Desk, people: People, alice: Person, bob: Person, tina: Person
) -> None:
    leila = people.colleague(alice, "Leila Lead", role="accounting_lead")
    line_id = str(held(alice, a_trip(alice))[0].id)
    asked = proposed(desk, tina, "issue_ticket", pnr_id=line_id)
    for person, refusal in ((bob, Forbidden), (leila, Forbidden), (tina, SelfApproval)):
        with pytest.raises(refusal), person.acting() as actor:
            deciding.resolve(actor, asked, granted=True)


def test_a_refusal_by_the_airline_fails_the_proposal(
    desk: Desk, alice: Person, bob: Person, tina: Person, drain: Callable[[], None]
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id, surname="Noticket")
    approval_id = proposed(desk, bob, "issue_ticket", pnr_id=str(lines[0].id))
    grant(tina, approval_id, drain)
    row = desk.row(approval_id)
    assert (row["effect_status"], row["effect_error"]) == ("failed", "ticketing_refused")
    assert {line.status for line in journey(alice, trip_id).lines} == {"held"}


def test_a_hotel_is_booked_by_a_grant_and_cancelled_by_another(
    desk: Desk, alice: Person, bob: Person, tina: Person, drain: Callable[[], None]
) -> None:
    trip_id = a_trip(alice)
    people, rate = travellers(alice, trip_id), a_rate(alice)
    booking = proposed(
        desk, bob, "book_hotel", rate_key=rate.rate_key, passenger_ids=[str(one) for one in people]
    )
    row = desk.row(booking)
    assert [before for before, _after in steps(row)] == [None]
    assert rate.hotel.name in (steps(row)[0][1] or "")
    assert (row["amount_minor"], row["preview"]["leaves"][0]["kind"]) == (
        rate.total.amount_minor,
        "booking",
    )
    assert {"label": "Meals", "value": board_word(rate.board.value)} in row["preview"]["facts"]
    assert board_word(rate.board.value)
    grant(tina, booking, drain)
    result = desk.row(booking)["effect_result"]
    assert (result["booked"], result["status"]) == (True, "booked")
    page = Page(alice.tab.get(f"/approvals/{booking}"))
    outcome = page.words(".//*[@id='outcome']")
    assert all(
        words in outcome
        for words in ("Booking number", result["supplier_ref"], "Status", "Booked", "Open the trip")
    )
    assert not any(words in outcome for words in ("True", result["booking_id"], str(trip_id)))
    assert rate.rate_key not in page.words(".//*[@id='changes']")
    assert not page.all(".//*[@id='changes']//details[@open]"), (
        "what ran is folded away once it has"
    )
    cancelling = proposed(desk, bob, "cancel_hotel_booking", booking_id=result["booking_id"])
    assert [after for _before, after in steps(desk.row(cancelling))] == [None]
    terms = [one["label"] for one in desk.row(cancelling)["preview"]["facts"]]
    assert terms == ["Hotel", "Booking number", "Cancellation"]
    grant(tina, cancelling, drain)
    assert desk.row(cancelling)["effect_result"]["cancelled"] is True
    assert [line.status for line in journey(alice, trip_id).lines if line.kind == "hotel"] == [
        "cancelled"
    ]


def test_two_previews_without_a_change_are_equal(desk: Desk, alice: Person, bob: Person) -> None:
    people, rate = travellers(alice, a_trip(alice)), a_rate(alice)
    arguments = {"rate_key": rate.rate_key, "passenger_ids": [str(one) for one in people]}
    first, second = (desk.row(proposed(desk, bob, "book_hotel", **arguments)) for _ in range(2))
    assert first["preview_hash"] == second["preview_hash"] is not None


def test_a_hindi_preview_approves_the_same_arguments(
    desk: Desk, alice: Person, bob: Person, tina: Person, drain: Callable[[], None]
) -> None:
    people, rate = travellers(alice, a_trip(alice)), a_rate(alice)
    booking = proposed(
        desk, bob, "book_hotel", rate_key=rate.rate_key, passenger_ids=[str(one) for one in people]
    )
    stored = desk.row(booking)["preview"]
    alice.does(settings.update, settings.SettingsChanges(locale="hi"))
    review = Page(tina.tab.get(f"/approvals/{booking}")).words(".//*[@id='review']")
    assert all(
        words in review
        for words in (
            "होटल",
            "रातें",
            "कमरा",
            "अतिथि",
            "लागत",
            "बुक करें",
            "तक दी गई थी",
            rate.hotel.name,
        )
    )
    assert not any(
        words in review for words in ("Nights", "Guests", "Cost", "Rate offered", "Book ")
    )
    assert desk.row(booking)["preview"] == stored
    grant(tina, booking, drain)
    assert desk.row(booking)["effect_status"] == "done"


def test_a_visa_is_filed_by_a_grant(
    desk: Desk, alice: Person, bob: Person, tina: Person, drain: Callable[[], None]
) -> None:
    trip_id = a_trip(alice)
    people = travellers(alice, trip_id)
    refused = desk.row(
        proposed(desk, bob, "file_visa", passenger_id=str(people[0]), destination="AE")
    )
    assert refused["preview"]["refusal"] == "day_of_arrival_needed"
    hold(alice, trip_id, an_offer(alice)[0])
    approval_id = proposed(desk, bob, "file_visa", passenger_id=str(people[0]), destination="AE")
    assert [
        (before, (after or "").split(",")[0]) for before, after in steps(desk.row(approval_id))
    ] == [(None, "United Arab Emirates")]
    grant(tina, approval_id, drain)
    row = desk.row(approval_id)
    assert (row["effect_status"], row["effect_result"]["filed"]) == ("done", True), row[
        "effect_error"
    ]


def test_a_visa_is_not_filed_if_the_passport_is_removed_after_the_approval(
    desk: Desk, alice: Person, bob: Person, tina: Person, drain: Callable[[], None]
) -> None:
    trip_id = a_trip(alice)
    people = travellers(alice, trip_id)
    path = f"/trips/{trip_id}/passengers/{people[0]}"
    assert alice.api.patch(path, json={"passport_number": "Z1234567"}).status_code == 200
    hold(alice, trip_id, an_offer(alice)[0])
    approval_id = proposed(desk, bob, "file_visa", passenger_id=str(people[0]), destination="AE")
    tina.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    assert alice.api.patch(path, json={"passport_number": None}).status_code == 200
    drain()
    row = desk.row(approval_id)
    assert (row["effect_status"], row["effect_error"]) == ("failed", "changed_since_approval")


def test_records_of_another_agency_are_refused_like_unknown_ones(
    desk: Desk, alice: Person, charlie: Person
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    stay = book(alice, a_rate(alice), [a_passenger(alice, trip_id)])
    one = str(journey(alice, trip_id).passengers[0].id)
    for tool, arguments, code in (
        ("issue_ticket", {"pnr_id": str(lines[0].id)}, "line_not_found"),
        ("cancel_hotel_booking", {"booking_id": str(stay.id)}, "line_not_found"),
        ("file_visa", {"passenger_id": one, "destination": "AE"}, "passenger_not_found"),
        ("book_hotel", {"rate_key": "unknown", "passenger_ids": [one]}, "offer_not_found"),
        ("book_hotel", {"rate_key": "", "passenger_ids": []}, "invalid_arguments"),
    ):
        assert desk.row(proposed(desk, charlie, tool, **arguments))["preview"]["refusal"] == code, (
            tool
        )


def test_releasing_a_flight_withdraws_its_approval_request(
    desk: Desk, alice: Person, bob: Person, tina: Person
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    approval_id = proposed(desk, bob, "issue_ticket", pnr_id=str(lines[0].id))
    release(alice, lines[0].id)
    with pytest.raises(ApprovalAlreadyResolved), tina.acting() as actor:
        deciding.resolve(actor, approval_id, granted=True)


FORGED: dict[str, dict[str, Any]] = {
    "cheaper": {"cost": "1"},
    "in another currency": {"currency": "IDR"},
    "under another number": {"supplier_ref": "ABC123"},
    "of another supplier": {"supplier": "somebody"},
    "in another state": {"status": "planned"},
}


@pytest.mark.parametrize("change", FORGED)
def test_the_price_of_a_held_booking_cannot_be_lowered_before_approval(
    alice: Person, bob: Person, change: str
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    stay = book(alice, a_rate(alice), [a_passenger(alice, trip_id)])
    before = journey(alice, trip_id).lines
    for line in (lines[0], stay):
        answer = bob.api.patch(f"/trips/{trip_id}/lines/{line.id}", json=FORGED[change])
        assert (answer.status_code, answer.json["detail"]) == (409, "line_at_supplier")  # type: ignore[index]
    assert {line.id for line in before} == {line.id for line in [*lines, stay]}
    assert journey(alice, trip_id).lines == before


def test_the_route_of_a_held_flight_is_fixed_but_notes_can_change(
    alice: Person, bob: Person
) -> None:
    trip_id = a_trip(alice)
    line = held(alice, trip_id)[0]
    path, flight = (
        f"/trips/{trip_id}/lines/{line.id}",
        line.details.model_dump(mode="json", exclude_none=True),
    )
    assert (
        bob.api.patch(path, json={"details": flight | {"number": "1"}}).json["detail"]
        == "line_at_supplier"
    )  # type: ignore[index]
    answer = bob.api.patch(
        path,
        json={
            "details": flight | {"seats": "12A"},
            "price": "99999",
            "cost": line.cost.wire,
            "status": "held",
        },
    )
    assert (answer.status_code, answer.json["price"], answer.json["details"]["seats"]) == (
        200,
        "99999.00",
        "12A",
    )  # type: ignore[index]


def test_a_manually_entered_line_is_not_a_booking(desk: Desk, alice: Person, bob: Person) -> None:
    line_id = a_line(alice, a_trip(alice), CREEK, status="booked")
    assert (
        desk.row(proposed(desk, bob, "cancel_hotel_booking", booking_id=str(line_id)))["preview"][
            "refusal"
        ]
        == "not_at_supplier"
    )


def test_the_preview_lists_only_booked_passengers(
    desk: Desk, alice: Person, bob: Person, tina: Person, drain: Callable[[], None]
) -> None:
    trip_id = a_trip(alice)
    deepa, *_ = travellers(alice, trip_id)
    a_passenger(alice, trip_id, "Ravi Menon")
    lines = hold(alice, trip_id, an_offer(alice)[0], [deepa])
    approval_id = proposed(desk, bob, "issue_ticket", pnr_id=str(lines[0].id))
    shown = desk.row(approval_id)["preview"]
    assert {fact["label"]: fact["value"] for fact in shown["facts"]}[
        "Passengers"
    ] == "Deepa Krishnan"
    assert shown["leaves"][0]["text"].startswith("one ticket: ")
    grant(tina, approval_id, drain)
    assert len(desk.row(approval_id)["effect_result"]["tickets"]) == 1
