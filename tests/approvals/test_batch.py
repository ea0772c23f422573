"""Several decisions in one request: each is independent and has its own status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.approvals.conftest import Desk
from tests.billing.papers import draft, issued, line
from tests.chat.parallel import at_once
from tests.people import Person

PATH = "/approvals/resolve"


def decide(person: Person, *decisions: tuple[str, bool]) -> list[dict[str, Any]]:
    answer = person.api.post(
        PATH,
        json={
            "decisions": [
                {"approval_id": approval_id, "granted": granted}
                for approval_id, granted in decisions
            ]
        },
    )
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])  # type: ignore[index]


def test_decisions_of_a_batch_are_independent(
    desk: Desk,
    alice: Person,
    bob: Person,
    leila: Person,
    charlie: Person,
    drain: Callable[[], None],
) -> None:
    good, rejected, own, overdue = (
        desk.propose(bob),
        desk.propose(bob),
        desk.propose(alice, "probe_invoice"),
        desk.propose(bob),
    )
    stale = desk.propose(
        bob, "issue_invoice", arguments={"invoice_id": str(draft(alice, line("100.00")))}
    )
    issued(alice, line("7.00"))
    desk.run_out(overdue)
    foreign = desk.propose(charlie)
    items = decide(
        alice,
        (good, True),
        (foreign, True),
        (own, True),
        (overdue, True),
        (stale, True),
        (rejected, False),
        (good, False),
    )
    assert [(item["approval_id"], item["status"], item["detail"]) for item in items] == [
        (good, 200, None),
        (foreign, 404, "approval_not_found"),
        (own, 403, "self_approval"),
        (overdue, 409, "approval_already_resolved"),
        (stale, 409, "preview_stale"),
        (rejected, 200, None),
        (good, 409, "approval_already_resolved"),
    ]
    assert items[0]["approval"] == alice.api.get(f"/approvals/{good}").json
    assert [desk.row(i)["status"] for i in (good, rejected, own, overdue, stale)] == [
        "granted",
        "rejected",
        "pending",
        "expired",
        "expired",
    ]
    assert desk.row(stale)["superseded_by"] is not None
    assert desk.row(foreign)["status"] == "pending"
    drain()
    assert desk.notes(good) == 1
    assert len(desk.events(good, "approval.granted")) == 1


def test_in_a_batch_only_the_proposal_of_another_role_is_refused(
    desk: Desk, alice: Person, bob: Person
) -> None:
    items = decide(
        bob, (desk.propose(alice, "probe_invoice"), True), (desk.propose(alice, "probe_note"), True)
    )
    assert [(item["status"], item["detail"]) for item in items] == [
        (403, "forbidden_role"),
        (200, None),
    ]


def test_a_viewer_cannot_decide_a_batch(desk: Desk, alice: Person, victor: Person) -> None:
    approval_id = desk.propose(alice)
    for body in (
        {"decisions": [{"approval_id": approval_id, "granted": True}]},
        {"decisions": "x"},
    ):
        answer = victor.api.post(PATH, json=body)
        assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")  # type: ignore[index]


ONE = {"approval_id": "ap-x", "granted": True}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"decisions": []},
        {"decisions": [ONE] * 51},
        {"decisions": [ONE | {"granted": "yes"}]},
        {"decisions": [ONE | {"reason": "x" * 1025}]},
        {"decisions": [ONE | {"more": 1}]},
        {"decisions": [{"granted": True}]},
        {"decisions": [ONE | {"approval_id": "x" * 129}]},
        {"decisions": [ONE], "more": 1},
    ],
)
def test_a_batch_with_unknown_members_decides_nothing(alice: Person, body: dict[str, Any]) -> None:
    answer = alice.api.post(PATH, json=body)
    assert answer.status_code == 422, answer.text
    assert isinstance(answer.json["detail"], list)  # type: ignore[index]


def test_two_batches_in_opposite_orders_decide_each_proposal_once(
    desk: Desk, alice: Person, leila: Person
) -> None:
    made = [desk.propose(alice) for _ in range(6)]
    first, second = at_once(
        [
            lambda: decide(leila, *((i, True) for i in made)),
            lambda: decide(alice, *((i, False) for i in reversed(made))),
        ],
    )
    by_id = {item["approval_id"]: item["status"] for item in second}
    assert sorted((item["status"], by_id[item["approval_id"]]) for item in first) in (
        [(200, 409)] * 6,
        [(409, 200)] * 6,
    )
    assert all(
        len([e for e in desk.events(i) if e["kind"].startswith("approval.")]) == 1 for i in made
    )
