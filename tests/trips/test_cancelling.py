"""Cancelling a service on page and API: release of holds, approval if it may cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.approvals.conftest import Desk
from tests.enquiries.reading import Page
from tests.people import People, Person
from tests.trips.test_effects import grant, held, proposed
from tests.trips.test_supplies import (
    a_rate,
    book,
    both_at_once,
    issue,
    journey,
    suppliers,
    travellers,
)
from tests.trips.test_views import send
from tests.trips.things import CREEK, OUT, VISA, a_line, a_trip
from voyagent.drivers.suppliers.errors import (
    CapabilityNotSupported,
    HoldExpired,
    TransientFailure,
    UnknownAtSupplier,
    UpstreamTimeout,
)
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities import cancellation
from voyagent.trips.service import flights, lines as trip_lines
from voyagent.trips.service.errors import CancelAtSupplier

GONE = {"supplier_ref": "Q7X2LM", "price": "100"}


@pytest.fixture
def desk(owner_engine: sa.Engine) -> Desk:
    return Desk(owner_engine)


@pytest.fixture
def tina(people: People, alice: Person) -> Person:
    """Alice's colleague who leads ticketing."""
    return people.colleague(alice, "Tina Tickets", role="ticketing_lead")


def cancel(person: Person, trip_id: UUID, line_id: Any, **headers: str) -> Any:
    return person.api.post(f"/trips/{trip_id}/lines/{line_id}/cancel", headers=headers)


def states(person: Person, trip_id: UUID) -> set[str]:
    return {line.status for line in journey(person, trip_id).lines}


def asked(
    person: Person, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., Any] | None = None
) -> list[str]:
    """Record the releases sent to the flight supplier.

    It responds with `answer`.
    """
    heard: list[str] = []
    driver: Any = vars(suppliers(person).flights)["_driver"]
    before = driver.cancel

    def instead(supplier_ref: str, reference: str) -> Any:
        heard.append(reference)
        return (answer or before)(supplier_ref, reference)

    monkeypatch.setattr(driver, "cancel", instead)
    return heard


def a_stay(person: Person, *, refundable: bool = True) -> tuple[UUID, Any]:
    trip_id = a_trip(person)
    return trip_id, book(person, a_rate(person, refundable=refundable), travellers(person, trip_id))


# Holds at a supplier
# --------------------------------------------------------------------------------


def test_cancelling_a_held_flight_releases_it_and_withdraws_its_request(
    desk: Desk, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    approval_id = proposed(desk, bob, "issue_ticket", pnr_id=str(lines[0].id))
    path, heard, browser = (
        f"/trips/{trip_id}/lines/{lines[-1].id}/cancel",
        asked(alice, monkeypatch),
        alice.tab,
    )
    words = Page(browser.get(path)).words(".//*[@id='confirm']")
    for part in (
        (
            f"Releases the seats of booking {lines[0].supplier_ref} at the supplier, free of"
            f" charge. Its {len(lines)} flights are released together."
        ),
        "The request to issue its tickets is withdrawn.",
        "They stay on the trip as cancelled, without a price, and are removed from the itinerary.",
    ):
        assert part in words
    answer = send(browser, path)
    assert answer.status_code == 303
    text = Page(browser.get(answer.location)).words()
    assert (
        f"Booking {lines[0].supplier_ref} is released. It was not paid, so there is no charge."
        " The request to issue its tickets is withdrawn." in text
    )
    assert heard == [f"release-{lines[0].our_reference}"]
    assert states(alice, trip_id) == {"cancelled"}
    with alice.acting() as actor:
        assert (
            flights.read_flight(suppliers(alice), actor, str(lines[0].supplier_ref))
            .done()[1]
            .status.value
            == "cancelled"
        )
    assert (desk.row(approval_id)["status"], str(desk.row(approval_id)["reason"])[:21]) == (
        "expired",
        "The hold was released",
    )
    assert "Withdrawn" in Page(browser.get(f"/approvals/{approval_id}")).words()


def test_the_api_releases_a_held_flight_once_per_key(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    heard, key = asked(alice, monkeypatch), str(uuid4())
    first, again = (
        cancel(alice, trip_id, lines[0].id, **{"Idempotency-Key": key}) for _ in range(2)
    )
    assert (first.status_code, first.json["status"], first.json["approval_id"]) == (
        200,
        "cancelled",
        None,
    )
    assert again.data == first.data
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(heard) == 1
    assert cancel(alice, trip_id, lines[0].id).json["detail"] == "line_is_over"
    assert states(alice, trip_id) == {"cancelled"}


@pytest.mark.parametrize(
    ("failure", "status", "tries"),
    [
        (UpstreamTimeout("sandbox", "cancel", in_doubt=True), 503, 2),
        (TransientFailure("sandbox"), 503, 1),
        (UnknownAtSupplier("sandbox"), 404, 1),
        (HoldExpired("sandbox"), 409, 1),
        (CapabilityNotSupported("sandbox"), 409, 1),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_a_supplier_failure_changes_nothing(
    desk: Desk,
    alice: Person,
    bob: Person,
    monkeypatch: pytest.MonkeyPatch,
    failure: Any,
    status: int,
    tries: int,
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    approval_id = proposed(desk, bob, "issue_ticket", pnr_id=str(lines[0].id))

    def refuse(*_: Any) -> Any:
        raise failure

    with monkeypatch.context() as patch:
        heard = asked(alice, patch, refuse)
        answer = cancel(alice, trip_id, lines[0].id)
        assert (answer.status_code, answer.json["detail"], len(heard)) == (
            status,
            failure.code,
            tries,
        )
        shown = send(alice.tab, f"/trips/{trip_id}/lines/{lines[0].id}/cancel")
        assert shown.status_code == status
        assert f"{failure.message} The trip has not changed." in Page(shown).words(
            ".//*[@role='alert']"
        )
        assert Page(shown).all(".//form[@id='confirm']"), "it can be tried again"
    assert states(alice, trip_id) == {"held"}
    assert desk.row(approval_id)["status"] == "pending"
    assert cancel(alice, trip_id, lines[0].id).json["status"] == "cancelled"
    assert desk.row(approval_id)["status"] == "expired"


def test_no_transaction_is_open_during_the_suppliers_call(
    alice: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    before, seen = vars(suppliers(alice).flights)["_driver"].cancel, []

    def look(supplier_ref: str, reference: str) -> Any:
        with owner_engine.begin() as connection:
            seen.append(
                connection.execute(
                    sa.text("select id from trips where id = :i for update nowait"), {"i": trip_id}
                ).scalar()
            )
        return before(supplier_ref, reference)

    asked(alice, monkeypatch, look)
    assert cancel(alice, trip_id, lines[0].id).status_code == 200
    assert seen == [trip_id]


def test_the_second_of_two_parallel_cancellations_is_refused(alice: Person) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)

    def prepare(actor: Any) -> OutboundCall[Any]:
        return cancellation.cancel(actor, trip_id, lines[0].id)

    assert both_at_once(alice, prepare, lambda done: done.line.status) == [
        "cancelled",
        "line_is_over",
    ]


def test_a_booking_is_released_if_its_other_flight_was_cancelled_before(
    alice: Person, owner_engine: sa.Engine
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update trip_lines set status = 'cancelled' where id = :i"), {"i": lines[-1].id}
        )
    assert cancel(alice, trip_id, lines[0].id).json["status"] == "cancelled"
    assert states(alice, trip_id) == {"cancelled"}


def test_a_booking_that_is_being_ticketed_cannot_be_released(
    desk: Desk, alice: Person, bob: Person, tina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    approval_id = proposed(desk, bob, "issue_ticket", pnr_id=str(lines[0].id))
    grant(tina, approval_id, lambda: None)
    heard = asked(alice, monkeypatch)
    assert cancel(alice, trip_id, lines[-1].id).json["detail"] == "tickets_under_way"
    assert (heard, states(alice, trip_id)) == ([], {"held"})


def test_an_expired_hold_is_released_without_a_call(
    desk: Desk, alice: Person, bob: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    approval_id = proposed(desk, bob, "issue_ticket", pnr_id=str(lines[0].id))
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update trip_lines set hold_expires_at = now() - interval '1 minute' where trip_id"
                " = :i"
            ),
            {"i": trip_id},
        )
    heard, path = asked(alice, monkeypatch), f"/trips/{trip_id}/lines/{lines[0].id}/cancel"
    assert "in time, so the airline released the seats." in Page(alice.tab.get(path)).words()
    assert send(alice.tab, path).status_code == 303
    assert (heard, states(alice, trip_id)) == ([], {"cancelled"})
    assert desk.row(approval_id)["status"] == "expired"


# Bookings at a supplier
# --------------------------------------------------------------------------------


def test_hotels_are_booked_and_cancelled_after_approval(
    desk: Desk, alice: Person, bob: Person, tina: Person, drain: Callable[[], None]
) -> None:
    trip_id, stay = a_stay(alice, refundable=False)
    path, browser = f"/trips/{trip_id}/lines/{stay.id}/cancel", bob.tab
    words = Page(browser.get(path)).words(".//*[@id='confirm']")
    assert "cancelling may incur a charge. This sends a request for approval." in words
    assert "Request cancellation" in words
    answer = send(browser, path)
    assert (
        "Cancellation requested. It is waiting for approval."
        in Page(browser.get(answer.location)).words()
    )
    assert states(alice, trip_id) == {"booked"}
    assert cancel(alice, trip_id, stay.id).json["detail"] == "cancellation_requested"
    page = Page(alice.tab.get(path))
    assert page.all(".//form[@id='confirm']") == []
    (approval_id,) = {
        link.removeprefix("/approvals/")
        for link in page.links()
        if link.startswith("/approvals/ap-")
    }
    assert (desk.row(approval_id)["tool_name"], desk.row(approval_id)["payload"]) == (
        "cancel_hotel_booking",
        {"booking_id": str(stay.id)},
    )
    grant(tina, approval_id, drain)
    assert {line.status for line in journey(alice, trip_id).lines if line.kind == "hotel"} == {
        "cancelled"
    }
    assert [line.cost for line in journey(alice, trip_id).active_lines] == [stay.cost], (
        "cancellation charge is added to the trip"
    )


def test_the_api_returns_the_request_for_approval(desk: Desk, alice: Person) -> None:
    trip_id, stay = a_stay(alice)
    answer = cancel(alice, trip_id, stay.id)
    assert (answer.status_code, answer.json["status"]) == (200, "booked")
    assert desk.row(answer.json["approval_id"])["status"] == "pending"


def test_no_service_marks_a_suppliers_booking_as_cancelled(alice: Person) -> None:
    (trip_id, stay), other = a_stay(alice), a_trip(alice)
    flight, *_ = held(alice, other)
    for trip, line in ((trip_id, stay), (other, flight)):
        with pytest.raises(CancelAtSupplier):
            alice.does(trip_lines.cancel_line, trip, line.id)
    assert states(alice, trip_id) | states(alice, other) == {"booked", "held"}


# Bookings without a supplier
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("details", "status", "words"),
    [
        (
            OUT,
            "held",
            (
                "It was booked outside this system. This only records the cancellation; inform"
                " the supplier yourself."
            ),
        ),
        (OUT, "ticketed", "It was booked outside this system"),
        (CREEK, "booked", "It was booked outside this system"),
        (VISA, "filed", "It was booked outside this system"),
        (CREEK, "planned", "It is only planned. Nothing is sent."),
    ],
)
def test_a_line_booked_elsewhere_is_only_marked_as_cancelled(
    alice: Person, monkeypatch: pytest.MonkeyPatch, details: Any, status: str, words: str
) -> None:
    trip_id, heard = a_trip(alice), asked(alice, monkeypatch)
    line_id = a_line(alice, trip_id, details, status=status, **GONE)
    path = f"/trips/{trip_id}/lines/{line_id}/cancel"
    assert words in Page(alice.tab.get(path)).words(".//*[@id='confirm']")
    assert send(alice.tab, path).status_code == 303
    assert (states(alice, trip_id), heard) == ({"cancelled"}, [])


def test_tickets_of_a_supplier_are_stored(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    trip_id = a_trip(alice)
    lines = held(alice, trip_id)
    issue(alice, lines[0].id)
    heard = asked(alice, monkeypatch)
    page = Page(alice.tab.get(f"/trips/{trip_id}/lines/{lines[0].id}/cancel"))
    assert (
        "Its tickets are issued and paid. This only records the cancellation; ask the supplier to"
        " void or refund them." in page.words()
    )
    assert cancel(alice, trip_id, lines[0].id).json["status"] == "cancelled"
    assert (heard, states(alice, trip_id)) == ([], {"cancelled", "ticketed"})


@pytest.mark.parametrize(
    ("details", "tool", "name"),
    [(OUT, "issue_ticket", "pnr_id"), (CREEK, "cancel_hotel_booking", "booking_id")],
)
def test_a_request_about_a_cancelled_line_expires(
    desk: Desk, alice: Person, bob: Person, details: Any, tool: str, name: str
) -> None:
    trip_id = a_trip(alice)
    line_id = a_line(alice, trip_id, details, status="held")
    approval_id = proposed(desk, bob, tool, **{name: str(line_id)})
    assert cancel(alice, trip_id, line_id).status_code == 200
    assert (desk.row(approval_id)["status"], str(desk.row(approval_id)["reason"])[:33]) == (
        "expired",
        "The service was already cancelled",
    )


# Permissions
# --------------------------------------------------------------------------------


def test_viewers_and_other_agencies_cannot_cancel(
    alice: Person, victor: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trip_id, stay), other = a_stay(alice), a_trip(alice)
    lines, heard = held(alice, other), asked(alice, monkeypatch)
    for trip, line_id in ((trip_id, stay.id), (other, lines[0].id)):
        assert cancel(victor, trip, line_id).json["detail"] == "forbidden_role"
        assert victor.tab.get(f"/trips/{trip}/lines/{line_id}/cancel").status_code == 403
        assert cancel(charlie, trip, line_id).json["detail"] == "line_not_found"
        assert charlie.tab.get(f"/trips/{trip}/lines/{line_id}/cancel").status_code == 404
        with pytest.raises(Forbidden), victor.acting() as actor:
            cancellation.cancel(actor, trip, line_id)
    with pytest.raises(Forbidden), victor.acting() as actor:
        cancellation.ask_for_cancellation(actor, stay.id)
    assert (heard, states(alice, trip_id), states(alice, other)) == ([], {"booked"}, {"held"})
