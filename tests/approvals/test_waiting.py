"""Decisions and edits that wait for a lock while the caller's access ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from tests.approvals.conftest import Desk
from tests.approvals.test_edit import DRAFT
from tests.billing.papers import draft, line
from tests.identity.authenticators import rules
from tests.identity.keys import bearing, make_key
from tests.identity.overlaps import overlap
from tests.people import ApiClient, Person
from voyagent.approvals.service import order
from voyagent.chat.queries import sessions as chats
from voyagent.identity.service import keys, team
from voyagent.kernel.db import db
from voyagent.settings.service import tenant_settings as settings

Send = Callable[[ApiClient, UUID, list[str]], TestResponse]


def one(client: ApiClient, _session_id: UUID, made: list[str]) -> TestResponse:
    return client.post(f"/approvals/{made[0]}/resolve", json={"granted": True})


def batch(client: ApiClient, _session_id: UUID, made: list[str]) -> TestResponse:
    decisions = [{"approval_id": approval_id, "granted": True} for approval_id in made]
    return client.post("/approvals/resolve", json={"decisions": decisions})


def message(client: ApiClient, session_id: UUID, made: list[str]) -> TestResponse:
    decisions = dict.fromkeys(made, True)
    return client.post(f"/chat/sessions/{session_id}/messages", json={"approvals": decisions})


def edit(client: ApiClient, _session_id: UUID, made: list[str]) -> TestResponse:
    arguments = DRAFT | {"customer_name": "Deepa K"}
    return client.post(f"/approvals/{made[-1]}/edit", json={"arguments": arguments})


def removed(alice: Person, leila: Person) -> tuple[ApiClient, Callable[[], Any]]:
    return leila.api, lambda: team.remove_person(
        rules(alice), alice.actor, leila.credential.user_id
    )


def demoted(alice: Person, leila: Person) -> tuple[ApiClient, Callable[[], Any]]:
    return leila.api, lambda: team.change_role(
        rules(alice), alice.actor, leila.credential.user_id, role="viewer"
    )


def revoked(_alice: Person, leila: Person) -> tuple[ApiClient, Callable[[], Any]]:
    key_id, key = make_key(leila)
    return bearing(leila, key), lambda: keys.revoke_key(leila.actor, key_id)


@pytest.mark.parametrize(
    ("send", "lock", "ending"),
    [
        (one, "balances", removed),
        (one, "balances", demoted),
        (one, "balances", revoked),
        (one, "conversation", removed),
        (batch, "balances", removed),
        (batch, "balances", demoted),
        (batch, "conversation", revoked),
        (message, "balances", removed),
        (message, "conversation", demoted),
        (edit, "conversation", removed),
        (edit, "conversation", revoked),
    ],
)
def test_a_request_that_waited_is_refused_if_access_has_ended_meanwhile(
    desk: Desk,
    alice: Person,
    bob: Person,
    leila: Person,
    send: Send,
    lock: str,
    ending: Callable[[Person, Person], tuple[ApiClient, Callable[[], Any]]],
) -> None:
    session_id = desk.conversation(bob)
    issue = {"invoice_id": str(draft(alice, line("100.00")))}
    made = [
        desk.propose(bob, tool, session_id=session_id, arguments=arguments, tool_call_id=tool)
        for tool, arguments in (("issue_invoice", issue), ("draft_invoice", DRAFT))
    ]
    client, end = ending(alice, leila)

    def hold() -> None:
        if lock == "conversation":
            chats.lock(session_id)
        else:
            db.session.execute(order._GRANTS)  # noqa: SLF001 - the lock that decisions wait for
        end()

    before = [desk.row(approval_id) for approval_id in made]
    _, answer = overlap(alice, hold, lambda: send(client, session_id, made), desk.engine)
    items: list[Any] = answer.json.get("items", [])  # type: ignore[union-attr]
    assert {item["status"] for item in items} <= {403}
    assert items or answer.status_code in {401, 403}, answer.text
    assert [desk.row(approval_id) for approval_id in made] == before


def test_a_decision_that_waited_applies_the_present_limit(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    session_id = desk.conversation(bob)
    issue = {"invoice_id": str(draft(alice, line("100.00")))}
    approval_id = desk.propose(bob, "issue_invoice", session_id=session_id, arguments=issue)

    def hold() -> None:
        db.session.execute(order._GRANTS)  # noqa: SLF001 - the lock that decisions wait for
        limits = {"accounting_lead": {"amount": "50.00", "currency": "INR"}}
        settings.update(alice.actor, {"approval_limits": limits})

    _, answer = overlap(alice, hold, lambda: one(leila.api, session_id, [approval_id]), desk.engine)
    assert (answer.status_code, answer.json.get("detail")) == (403, "amount_above_limit")
    assert desk.row(approval_id)["status"] == "pending"
