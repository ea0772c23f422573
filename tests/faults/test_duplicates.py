"""Duplicate delivery: 500 POSTs, each sent twice with one Idempotency-Key.

The second follows within 200 ms; a third has another body.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from tests.chat.parallel import at_once
from tests.faults.conftest import Report, Rounds
from tests.http.operations import MAKERS
from tests.people import Person
from voyagent.http.idempotency import REPLAYED

APART_S, CLIENTS = 0.2, 16
KINDS = {
    "enquiry.created": 8,
    "chat.created": 4,
    "enquiry.promoted": 3,
    "invite.revoked": 2,
    "approval.rejected": 3,
}


@dataclass(frozen=True)
class Order:
    """One POST, and the audit kind of its effect."""

    number: int
    kind: str
    path: str
    body: dict[str, Any] | None

    def send(self, person: Person, *, after_s: float = 0) -> TestResponse:
        """Send it."""
        time.sleep(after_s)
        return self._post(person, self.body)

    def send_another(self, person: Person) -> TestResponse:
        """Send a different valid body under the same key; only the key can refuse it."""
        changed = {
            "enquiry.created": {"customer_name": "Somebody else"},
            "approval.rejected": {"granted": False, "reason": "Too dear"},
        }
        return self._post(person, changed.get(self.kind, None if self.body == {} else {}))

    def _post(self, person: Person, body: dict[str, Any] | None) -> TestResponse:
        options = {} if body is None else {"json": body}
        return person.api.post(
            self.path, headers={"Idempotency-Key": f"order-{self.number}"}, **options
        )


def order(person: Person, number: int, kind: str) -> Order:
    """Return a request of a kind; its record is created first."""
    if kind == "enquiry.created":
        return Order(number, kind, "/enquiries", {"customer_name": f"Customer {number}"})
    if kind == "chat.created":
        return Order(number, kind, "/chat/sessions", {})
    if kind == "enquiry.promoted":
        return Order(
            number, kind, f"/enquiries/{MAKERS['enquiry_id'](person)}/promote-to-session", None
        )
    if kind == "invite.revoked":
        return Order(number, kind, f"/auth/invites/{MAKERS['invite_id'](person)}/revoke", None)
    return Order(
        number, kind, f"/approvals/{MAKERS['approval_id'](person)}/resolve", {"granted": False}
    )


@pytest.fixture
def effects(owner_engine: sa.Engine, alice: Person) -> Any:
    """Return how often each act has left its event in Alice's agency."""

    def look() -> Counter[str]:
        statement = sa.text(
            "select kind, count(*) as n from audit_events where tenant_id = :t group by kind"
        )
        with owner_engine.connect() as connection:
            return Counter(
                {
                    row.kind: row.n
                    for row in connection.execute(statement, {"t": alice.actor.tenant_id})
                }
            )

    return look


def test_a_request_delivered_twice_runs_once(
    alice: Person, effects: Any, seeded: random.Random, rounds: Rounds, report: Report
) -> None:
    kinds = seeded.choices(list(KINDS), weights=list(KINDS.values()), k=rounds(500))
    script = [order(alice, number, kind) for number, kind in enumerate(kinds)]
    before = effects()
    with ThreadPoolExecutor(CLIENTS) as clients:
        sent = []
        for one in script:
            apart_s = seeded.choice([0.0, seeded.uniform(0, APART_S)])
            sent.append(
                (
                    one,
                    clients.submit(one.send, alice),
                    clients.submit(one.send, alice, after_s=apart_s),
                )
            )
        pairs = [(one, first.result(), second.result()) for one, first, second in sent]
    for one, first, second in pairs:
        assert (first.status_code, second.status_code) in {(200, 200), (201, 201)}, (
            one,
            first.text,
            second.text,
        )
        assert first.data == second.data, one
        assert sorted([first.headers.get(REPLAYED, ""), second.headers.get(REPLAYED, "")]) == [
            "",
            "true",
        ], one
    done = Counter(kinds)
    done["chat.created"] += done[
        "enquiry.promoted"
    ]  # opening one in the assistant begins a conversation
    done["chat.continued"] += done["approval.rejected"]  # and a decision lets the assistant go on
    assert effects() - before == done
    for one in script:
        other = one.send_another(alice)
        assert (other.status_code, other.json["detail"]) == (422, "idempotency_key_reused"), one
    assert effects() - before == done
    report(
        f"{len(script)} requests sent twice: {len(kinds)} effects, {len(pairs)} replays byte for"
        f" byte; {len(script)} other bodies refused"
    )


def test_one_of_two_simultaneous_requests_runs_and_the_other_waits(
    alice: Person, effects: Any, rounds: Rounds, report: Report
) -> None:
    before, played = effects(), rounds(200)
    for number in range(played):
        one = order(alice, number, "enquiry.created")
        answers = at_once([lambda one=one: one.send(alice)] * 2)
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].data == answers[1].data
        assert sorted(answer.headers.get(REPLAYED, "") for answer in answers) == ["", "true"]
    assert effects() - before == Counter({"enquiry.created": played})
    report(f"{played} pairs at once: {played} effects, {played} replays")
