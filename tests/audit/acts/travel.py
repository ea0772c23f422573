"""Acts of trips: creating one and changing passengers and lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from tests.audit.acts.work import APPROVAL, CONTINUED, an_enquiry, proposed
from tests.trips.test_supplies import a_rate, an_offer, book, hold, release, travellers
from tests.trips.things import DESERT, a_line, a_passenger, a_trip
from voyagent.approvals.service import deciding
from voyagent.approvals.tasks import run_effect
from voyagent.drivers.suppliers.protocols.hotels import HotelRate

TRIP = ("trip_id",)
PERSON = ("trip_id", "passenger_id")
LINE = ("trip_id", "line_id")
FULL_NAME, PASSPORT = "Deepa Krishnan", "Z1234567"
OPENED = Left("trip.opened", TRIP)
RENAMED = Left("trip.updated", TRIP, says={"fields": [{"field": "title"}]})
ACCEPTED = Left("trip.decided", TRIP, says={"before": "proposed", "after": "accepted"})
TAKEN = Left("trip.passenger_added", PERSON, says={"fields": ["full_name", "passport_number"]})
TAKEN_BY_FORM = Left(
    "trip.passenger_added", PERSON, says={"fields": ["full_name", "kind", "passport_number"]}
)
CHANGED = Left("trip.passenger_updated", PERSON, says={"fields": ["passport_number"]})
ADDED = Left(
    "trip.line_added",
    LINE,
    says={"kind": "other", "status": "planned", "price": "120.50", "currency": "INR"},
)
DEARER = Left(
    "trip.line_updated",
    LINE,
    says={"fields": [{"field": "price", "before": "0.00 INR", "after": "130.00 INR"}]},
)
SENT = {"to": "d***@example.com", "locale": "hi", "prices": False}
CANCELLED = Left("trip.line_cancelled", LINE, says={"kind": "other", "before": "planned"})


def _with(stage: Stage) -> tuple[UUID, UUID, UUID]:
    """Return a trip of another user with a passenger and a line."""
    trip_id = a_trip(stage.bob)
    return trip_id, a_passenger(stage.bob, trip_id), a_line(stage.bob, trip_id)


@act("POST /api/trips", leaves=OPENED, answers=201)
def open_a_trip(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/trips", json={"title": "Krishnan family, Dubai"})


@act("PATCH /api/trips/<trip_id>", leaves=RENAMED, answers=200)
def rename_a_trip(stage: Stage) -> Doing:
    api, (trip_id, _person, _line) = stage.alice.api, _with(stage)
    return lambda: api.patch(f"/trips/{trip_id}", json={"title": "Dubai"})


@act("POST /api/trips/<trip_id>/decision", leaves=ACCEPTED, answers=200)
def accept_a_trip(stage: Stage) -> Doing:
    api, (trip_id, _person, _line) = stage.alice.api, _with(stage)
    return lambda: api.post(f"/trips/{trip_id}/decision", json={"decision": "accepted"})


@act("POST /api/trips/<trip_id>/passengers", leaves=TAKEN, answers=201)
def take_somebody_along(stage: Stage) -> Doing:
    api, (trip_id, _person, _line) = stage.alice.api, _with(stage)
    body = {"full_name": FULL_NAME, "passport_number": stage.hide(PASSPORT)}
    return lambda: api.post(f"/trips/{trip_id}/passengers", json=body)


@act("PATCH /api/trips/<trip_id>/passengers/<passenger_id>", leaves=CHANGED, answers=200)
def note_a_passport(stage: Stage) -> Doing:
    api, (trip_id, person_id, _line) = stage.alice.api, _with(stage)
    body = {"passport_number": stage.hide(PASSPORT)}
    return lambda: api.patch(f"/trips/{trip_id}/passengers/{person_id}", json=body)


@act(
    "DELETE /api/trips/<trip_id>/passengers/<passenger_id>",
    leaves=Left("trip.passenger_removed", PERSON),
    answers=204,
)
def leave_somebody_at_home(stage: Stage) -> Doing:
    api, (trip_id, person_id, _line) = stage.alice.api, _with(stage)
    return lambda: api.delete(f"/trips/{trip_id}/passengers/{person_id}")


@act("POST /api/trips/<trip_id>/lines", leaves=ADDED, answers=201)
def add_a_line_to_a_trip(stage: Stage) -> Doing:
    api, (trip_id, _person, _line) = stage.alice.api, _with(stage)
    body = {"details": {"kind": "other", "title": "Desert at sunset"}, "price": "120.50"}
    return lambda: api.post(f"/trips/{trip_id}/lines", json=body)


@act("PATCH /api/trips/<trip_id>/lines/<line_id>", leaves=DEARER, answers=200)
def change_a_line_of_a_trip(stage: Stage) -> Doing:
    api, (trip_id, _person, line_id) = stage.alice.api, _with(stage)
    return lambda: api.patch(f"/trips/{trip_id}/lines/{line_id}", json={"price": "130"})


@act("POST /api/trips/<trip_id>/lines/<line_id>/cancel", leaves=CANCELLED, answers=200)
def cancel_a_line_of_a_trip(stage: Stage) -> Doing:
    api, (trip_id, _person, line_id) = stage.alice.api, _with(stage)
    return lambda: api.post(f"/trips/{trip_id}/lines/{line_id}/cancel")


@act(
    "DELETE /api/trips/<trip_id>/lines/<line_id>",
    leaves=Left("trip.line_removed", LINE, says={"kind": "other"}),
    answers=204,
)
def take_a_line_off_a_trip(stage: Stage) -> Doing:
    api, (trip_id, _person, line_id) = stage.alice.api, _with(stage)
    return lambda: api.delete(f"/trips/{trip_id}/lines/{line_id}")


# In the browser
# --------------------------------------------------------------------------------

PASSENGER_FORM = {"full_name": FULL_NAME, "kind": "adult"}
LINE_FORM = {"title": "Desert at sunset", "status": "planned", "currency": "INR", "cost": "0"}


@act("POST /trips/new", leaves=in_the_browser(OPENED), answers=303)
def open_a_trip_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/trips/new", title="Dubai", currency="INR")


@act(
    "POST /trips/open",
    leaves=in_the_browser(Left("trip.opened", ("trip_id", "enquiry_id"))),
    answers=303,
)
def open_the_trip_of_an_enquiry(stage: Stage) -> Doing:
    browser, enquiry_id = stage.alice.browser, an_enquiry(stage.bob)
    return lambda: stage.submit(
        browser, "/trips/open", token_from=f"/enquiries/{enquiry_id}", enquiry_id=enquiry_id
    )


@act("POST /trips/<trip_id>/edit", leaves=in_the_browser(RENAMED), answers=303)
def rename_a_trip_in_the_browser(stage: Stage) -> Doing:
    browser, (trip_id, _person, _line) = stage.alice.browser, _with(stage)
    return lambda: stage.submit(browser, f"/trips/{trip_id}/edit", title="Dubai", currency="INR")


@act("POST /trips/<trip_id>/decision", leaves=in_the_browser(ACCEPTED), answers=303)
def accept_a_trip_in_the_browser(stage: Stage) -> Doing:
    browser, (trip_id, _person, _line) = stage.alice.browser, _with(stage)
    return lambda: stage.submit(browser, f"/trips/{trip_id}/decision", decision="accepted")


@act("POST /trips/<trip_id>/passengers/new", leaves=in_the_browser(TAKEN_BY_FORM), answers=303)
def take_somebody_along_in_the_browser(stage: Stage) -> Doing:
    browser, (trip_id, _person, _line) = stage.alice.browser, _with(stage)
    return lambda: stage.submit(
        browser,
        f"/trips/{trip_id}/passengers/new",
        **PASSENGER_FORM,
        passport_number=stage.hide(PASSPORT),
    )


@act("POST /trips/<trip_id>/passengers/<passenger_id>", leaves=in_the_browser(CHANGED), answers=303)
def note_a_passport_in_the_browser(stage: Stage) -> Doing:
    browser, (trip_id, person_id, _line) = stage.alice.browser, _with(stage)
    return lambda: stage.submit(
        browser,
        f"/trips/{trip_id}/passengers/{person_id}",
        **PASSENGER_FORM,
        passport_number=stage.hide(PASSPORT),
    )


@act(
    "POST /trips/<trip_id>/passengers/<passenger_id>/remove",
    leaves=in_the_browser(Left("trip.passenger_removed", PERSON)),
    answers=303,
)
def leave_somebody_at_home_in_the_browser(stage: Stage) -> Doing:
    browser, (trip_id, person_id, _line) = stage.alice.browser, _with(stage)
    return lambda: stage.submit(browser, f"/trips/{trip_id}/passengers/{person_id}/remove")


@act("POST /trips/<trip_id>/lines/new", leaves=in_the_browser(ADDED), answers=303)
def add_a_line_to_a_trip_in_the_browser(stage: Stage) -> Doing:
    browser, (trip_id, _person, _line) = stage.alice.browser, _with(stage)
    return lambda: stage.submit(
        browser, f"/trips/{trip_id}/lines/new?kind=other", **LINE_FORM, price="120.50"
    )


@act("POST /trips/<trip_id>/lines/<line_id>", leaves=in_the_browser(DEARER), answers=303)
def change_a_line_of_a_trip_in_the_browser(stage: Stage) -> Doing:
    browser, (trip_id, _person, line_id) = stage.alice.browser, _with(stage)
    as_it_stands = LINE_FORM | {"on": "21 Dec 2026", "at": "14:30", "notes": DESERT.notes}
    return lambda: stage.submit(
        browser, f"/trips/{trip_id}/lines/{line_id}", **as_it_stands, price="130"
    )


@act("POST /trips/<trip_id>/lines/<line_id>/cancel", leaves=in_the_browser(CANCELLED), answers=303)
def cancel_a_line_of_a_trip_in_the_browser(stage: Stage) -> Doing:
    browser, (trip_id, _person, line_id) = stage.alice.browser, _with(stage)
    return lambda: stage.submit(browser, f"/trips/{trip_id}/lines/{line_id}/cancel")


@act(
    "POST /trips/<trip_id>/lines/<line_id>/remove",
    leaves=in_the_browser(Left("trip.line_removed", LINE, says={"kind": "other"})),
    answers=303,
)
def take_a_line_off_a_trip_in_the_browser(stage: Stage) -> Doing:
    browser, (trip_id, _person, line_id) = stage.alice.browser, _with(stage)
    return lambda: stage.submit(browser, f"/trips/{trip_id}/lines/{line_id}/remove")


@act(
    "POST /trips/<trip_id>/send",
    leaves=in_the_browser(Left("trip.itinerary_sent", TRIP, says=SENT)),
    answers=303,
)
def send_the_itinerary(stage: Stage) -> Doing:
    browser, (trip_id, _person, _line) = stage.alice.browser, _with(stage)
    return lambda: stage.submit(
        browser, f"/trips/{trip_id}/send", to=stage.hide("deepa@example.com"), locale="hi"
    )


# Calls to suppliers: holds at once, the rest by approval
# --------------------------------------------------------------------------------

AT_SUPPLIER = {"by": "bob", "via": "assistant"}
OPENED = Left("passport.opened", ("trip_id", "passenger_id"), says={"purpose": "flight"})


def _granted(stage: Stage, tool: str, **arguments: Any) -> Doing:
    """Let Bob propose an act and Alice approve it."""
    approval_id = proposed(stage.bob, tool, **arguments)
    stage.alice.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    queued = stage.queued(run_effect.name)
    return lambda: stage.run(run_effect, **queued)


def _effect(tool: str) -> Left:
    return Left(tool, APPROVAL, **AT_SUPPLIER, approved_by="alice")


def _stay(stage: Stage) -> tuple[HotelRate, list[UUID]]:
    return a_rate(stage.bob), travellers(stage.bob, a_trip(stage.bob))


@act(leaves=(OPENED, Left("trip.flight_held", LINE)))
def hold_a_flight(stage: Stage) -> Doing:
    trip_id = a_trip(stage.alice)
    travellers(stage.alice, trip_id)
    offer_id, _offer = an_offer(stage.alice)
    return lambda: hold(stage.alice, trip_id, offer_id) and None


@act(leaves=Left("trip.flight_released", LINE))
def give_a_held_flight_back(stage: Stage) -> Doing:
    trip_id = a_trip(stage.alice)
    travellers(stage.alice, trip_id)
    lines = hold(stage.alice, trip_id, an_offer(stage.alice)[0])
    return lambda: release(stage.alice, lines[0].id) and None


@act(
    "approvals.run_effect",
    leaves=(Left("trip.ticketed", LINE, **AT_SUPPLIER), _effect("issue_ticket"), CONTINUED),
)
def issue_a_ticket_by_a_grant(stage: Stage) -> Doing:
    trip_id = a_trip(stage.bob)
    travellers(stage.bob, trip_id)
    lines = hold(stage.bob, trip_id, an_offer(stage.bob)[0])
    return _granted(stage, "issue_ticket", pnr_id=str(lines[0].id))


# Before a hotel is asked, what was found a moment ago is forgotten, whatever comes of it.
@act(
    "approvals.run_effect",
    leaves=(Left("trip.hotel_booked", LINE, **AT_SUPPLIER), _effect("book_hotel"), CONTINUED),
    beside=("supplier_responses",),
)
def book_a_hotel_by_a_grant(stage: Stage) -> Doing:
    rate, people = _stay(stage)
    return _granted(
        stage, "book_hotel", rate_key=rate.rate_key, passenger_ids=[str(one) for one in people]
    )


@act(
    "approvals.run_effect",
    leaves=(
        Left("trip.hotel_cancelled", LINE, **AT_SUPPLIER),
        _effect("cancel_hotel_booking"),
        CONTINUED,
    ),
)
def cancel_a_hotel_by_a_grant(stage: Stage) -> Doing:
    rate, people = _stay(stage)
    return _granted(stage, "cancel_hotel_booking", booking_id=str(book(stage.bob, rate, people).id))


@act(
    "approvals.run_effect",
    leaves=(
        replace(OPENED, says={"purpose": "visa"}, **AT_SUPPLIER),
        Left("trip.visa_filed", (*LINE, "passenger_id"), **AT_SUPPLIER),
        _effect("file_visa"),
        CONTINUED,
    ),
)
def file_a_visa_by_a_grant(stage: Stage) -> Doing:
    trip_id = a_trip(stage.bob)
    person_id = travellers(stage.bob, trip_id)[0]
    hold(stage.bob, trip_id, an_offer(stage.bob)[0])
    return _granted(stage, "file_visa", passenger_id=str(person_id), destination="AE")


@act(
    "approvals.run_effect",
    leaves=(Left("trip.itinerary_sent", TRIP, **AT_SUPPLIER), _effect("send_itinerary"), CONTINUED),
)
def send_the_itinerary_by_a_grant(stage: Stage) -> Doing:
    trip_id, _person, _line = _with(stage)
    return _granted(stage, "send_itinerary", trip_id=str(trip_id), to="deepa@example.com")
