"""Acts of trips: opening one, who goes along, what it consists of."""

from __future__ import annotations

from uuid import UUID

from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from tests.trips.things import a_line, a_passenger, a_trip

TRIP = ("trip_id",)
PERSON = ("trip_id", "passenger_id")
LINE = ("trip_id", "line_id")
FULL_NAME, PASSPORT = "Deepa Krishnan", "Z1234567"
OPENED = Left("trip.opened", TRIP)
RENAMED = Left("trip.updated", TRIP, says={"fields": [{"field": "title"}]})
TAKEN = Left("trip.passenger_added", PERSON, says={"fields": ["full_name", "passport_number"]})
CHANGED = Left("trip.passenger_updated", PERSON, says={"fields": ["passport_number"]})
ADDED = Left("trip.line_added", LINE, says={"kind": "other", "status": "planned", "price": "120.50", "currency": "INR"})
DEARER = Left("trip.line_updated", LINE, says={"fields": [{"field": "price", "before": "0.00 INR", "after": "130.00 INR"}]})
CANCELLED = Left("trip.line_cancelled", LINE, says={"kind": "other", "before": "planned"})


def _with(stage: Stage) -> tuple[UUID, UUID, UUID]:
    """A trip of a colleague's with somebody and something on it."""
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


@act("DELETE /api/trips/<trip_id>/passengers/<passenger_id>", leaves=Left("trip.passenger_removed", PERSON), answers=204)
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


@act("DELETE /api/trips/<trip_id>/lines/<line_id>", leaves=Left("trip.line_removed", LINE, says={"kind": "other"}), answers=204)
def take_a_line_off_a_trip(stage: Stage) -> Doing:
    api, (trip_id, _person, line_id) = stage.alice.api, _with(stage)
    return lambda: api.delete(f"/trips/{trip_id}/lines/{line_id}")
