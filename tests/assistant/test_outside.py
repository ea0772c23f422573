"""A supplier call holds no lock and no connection, and its result is stored once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.approvals.conftest import Desk
from tests.assistant.conftest import Talk, of_kind
from tests.assistant.test_tool_answers import Calling
from tests.people import People, Person
from tests.trips.test_supplies import an_offer, hold, journey, suppliers, travellers
from tests.trips.things import a_trip
from voyagent.approvals.service import deciding
from voyagent.approvals.tasks import run_effect
from voyagent.assistant.service import loop, messages
from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.trips.service import trips

DAY = (clock.today() + timedelta(days=40)).isoformat()
AFTER = (clock.today() + timedelta(days=43)).isoformat()
READS: dict[str, dict[str, Any]] = {
    "search_flights": {
        "origin": "BOM",
        "destination": "DXB",
        "outbound_date": DAY,
        "passengers": {"adult": 1},
    },
    "search_hotels": {
        "country": "AE",
        "city": "Dubai",
        "check_in": DAY,
        "check_out": AFTER,
        "guests": 2,
    },
    "visa_requirements": {"nationality": "IN", "destination": "TH"},
}


class Gate:
    """A gate in suppliers: `inside` is set when one waits, `go` lets it continue."""

    def __init__(self) -> None:
        self.inside, self.go = threading.Event(), threading.Event()

    def shut(self) -> None:
        """Let the next call wait."""
        self.inside.clear()
        self.go.clear()


class Slow:
    """A supplier that performs the act and waits at a gate before it responds."""

    def __init__(self, driver: Any, gate: Gate) -> None:
        self.driver, self.gate = driver, gate

    def __getattr__(self, name: str) -> Any:
        act = getattr(self.driver, name)
        if not callable(act):
            return act

        def slowly(*given: Any) -> Any:
            answer = act(*given)
            self.gate.inside.set()
            assert self.gate.go.wait(20)
            return answer

        return slowly


@pytest.fixture
def gate(app: Flask, alice: Person) -> Iterator[Gate]:
    """Let the suppliers of the installation wait at a gate."""
    known, gate = suppliers(alice), Gate()
    slow: Any = [Slow(one, gate) for one in (known.flights, known.hotels, known.visas)]
    app.extensions["voyagent.suppliers"] = replace(
        known, flights=slow[0], hotels=slow[1], visas=slow[2]
    )
    yield gate
    gate.go.set()
    app.extensions["voyagent.suppliers"] = known


def ask(talk: Talk, person: Person, session_id: UUID) -> str:
    with person.acting() as actor:
        turn_id = messages.send(actor, session_id, message="go").turn_id
    assert turn_id is not None
    return turn_id


def at_work(work: Callable[[], None]) -> threading.Thread:
    worker = threading.Thread(target=work)
    worker.start()
    return worker


def run(
    app: Flask, person: Person, turn_id: str, tool: str, **arguments: Any
) -> Callable[[], None]:
    def work() -> None:
        with app.app_context():
            loop.run(person.actor.tenant_id, turn_id, Calling(tool, arguments))
            db.session.remove()

    return work


def nobody_waits(person: Person, session_id: UUID) -> None:
    """Check that a rename succeeds at once and no connection is in use."""
    began = time.monotonic()
    assert (
        person.api.patch(f"/chat/sessions/{session_id}", json={"title": "Dubai"}).status_code == 200
    )
    assert time.monotonic() - began < 1
    with person.app.app_context():
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.usefixtures("no_jobs")
@pytest.mark.parametrize("tool", READS)
def test_a_search_blocks_no_other_request(
    talk: Talk, app: Flask, alice: Person, gate: Gate, tool: str
) -> None:
    session_id = talk.begin(alice)
    worker = at_work(run(app, alice, ask(talk, alice, session_id), tool, **READS[tool]))
    assert gate.inside.wait(20)
    nobody_waits(alice, session_id)
    gate.go.set()
    worker.join(20)
    assert "error" not in of_kind(talk.events(alice, session_id), "tool_result")[0]["tool_output"]


@pytest.mark.usefixtures("no_jobs")
def test_a_conversation_deleted_during_a_supplier_call_stays_deleted(
    talk: Talk, app: Flask, alice: Person, gate: Gate
) -> None:
    session_id = talk.begin(alice)
    worker = at_work(
        run(app, alice, ask(talk, alice, session_id), "search_flights", **READS["search_flights"])
    )
    assert gate.inside.wait(20)
    assert alice.api.delete(f"/chat/sessions/{session_id}").status_code == 204
    assert alice.api.get(f"/chat/sessions/{session_id}").status_code == 404
    gate.go.set()
    worker.join(20)
    assert not worker.is_alive()


@pytest.mark.usefixtures("no_jobs")
def test_a_hold_made_while_a_stop_was_requested_is_on_the_trip(
    talk: Talk, app: Flask, alice: Person, gate: Gate
) -> None:
    session_id = talk.begin(alice)
    trip_id = a_trip(alice, session_id=session_id)
    travellers(alice, trip_id)
    gate.go.set()
    offer_id = an_offer(alice)[0]
    gate.shut()
    turn_id = ask(talk, alice, session_id)
    worker = at_work(run(app, alice, turn_id, "hold_flight", fare_id=str(offer_id)))
    assert gate.inside.wait(20)
    nobody_waits(alice, session_id)
    assert alice.api.post(f"/chat/sessions/{session_id}/stop").json == {"stopping": True}
    gate.go.set()
    worker.join(20)
    assert {line.status for line in journey(alice, trip_id).lines} == {"held"}
    assert of_kind(talk.events(alice, session_id), "tool_result")[0]["tool_output"]["held"] is True


class Died(BaseException):
    """The worker is killed."""


@pytest.mark.usefixtures("no_jobs")
def test_a_worker_that_dies_after_a_hold_leaves_one_booking(
    talk: Talk, app: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = talk.begin(alice)
    trip_id = a_trip(alice, session_id=session_id)
    travellers(alice, trip_id)
    offer_id, known, asked = an_offer(alice)[0], suppliers(alice), list[str]()

    class Deadly:
        name, capabilities = known.flights.name, known.flights.capabilities

        def hold(self, offer: Any, people: Any, reference: str) -> Any:
            booking = known.flights.hold(offer, people, reference)
            asked.append(reference)
            if len(asked) == 1:
                raise Died
            return booking

    monkeypatch.setitem(app.extensions, "voyagent.suppliers", replace(known, flights=Deadly()))
    turn_id = ask(talk, alice, session_id)
    with pytest.raises(Died):
        run(app, alice, turn_id, "hold_flight", fare_id=str(offer_id))()
    assert journey(alice, trip_id).lines == ()
    run(app, alice, turn_id, "hold_flight", fare_id=str(offer_id))()
    assert asked == [f"hold-{trip_id}-{offer_id}"] * 2
    assert len({line.supplier_ref for line in journey(alice, trip_id).lines}) == 1
    assert [event["kind"] for event in talk.events(alice, session_id)] == [
        "tool_use",
        "tool_result",
        "final",
    ]


def test_an_approved_act_that_waits_for_a_supplier_blocks_nobody(
    app: Flask,
    people: People,
    alice: Person,
    bob: Person,
    gate: Gate,
    owner_engine: Any,
    no_jobs: None,
) -> None:
    desk, trip_id = Desk(owner_engine), a_trip(alice)
    travellers(alice, trip_id)
    gate.go.set()
    lines = hold(alice, trip_id, an_offer(alice)[0])
    approval_id = desk.propose(
        bob, "issue_ticket", arguments={"pnr_id": str(lines[0].id)}, summary="issue"
    )
    session_id = desk.row(approval_id)["session_id"]
    with people.colleague(alice, "Tina Tickets", role="ticketing_lead").acting() as actor:
        deciding.resolve(actor, approval_id, granted=True)
    gate.shut()

    def work() -> None:
        with app.app_context():
            run_effect.run(tenant_id=str(alice.actor.tenant_id), approval_id=approval_id)
            db.session.remove()

    worker = at_work(work)
    assert gate.inside.wait(20)
    nobody_waits(alice, session_id)
    with alice.acting() as actor:
        trips.update_trip(actor, trip_id, {"title": "Dubai, again"})
    gate.go.set()
    worker.join(20)
    assert desk.row(approval_id)["effect_status"] == "done"
    assert {line.status for line in journey(alice, trip_id).lines} == {"ticketed"}
