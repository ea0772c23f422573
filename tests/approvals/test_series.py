"""Several acts approved together: their dry runs, order and authority."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.approvals import probes
from tests.approvals.conftest import Desk
from tests.approvals.test_waiting import batch, demoted, edit, message, one, removed
from tests.billing.papers import issued, line, seen
from tests.kernel.test_job_shares import work
from tests.people import ApiClient, Person
from voyagent.approvals.service import effects, time_limits
from voyagent.approvals.service.deciding import BATCH_MAX
from voyagent.kernel.actor import Actor
from voyagent.kernel.config import Settings
from voyagent.kernel.json_values import JsonObject
from voyagent.settings.service import tenant_settings

Send = Callable[[ApiClient, UUID, list[str]], Any]
SEVERAL = pytest.mark.parametrize("send", [message, batch])


def receipts(desk: Desk, person: Person, session_id: UUID, invoice_id: UUID, count: int) -> None:
    for number in range(1, count + 1):
        desk.propose(
            person,
            "record_receipt",
            session_id=session_id,
            arguments={
                "invoice_id": str(invoice_id),
                "currency": "INR",
                "paid_on": "2024-06-25",
                "amount": f"{number}.00",
            },
            tool_call_id=str(number),
        )


def pending(person: Person) -> list[str]:
    items = person.api.get("/approvals?limit=100").json["items"]  # type: ignore[index]
    return sorted(item["id"] for item in items)


def replaced(monkeypatch: pytest.MonkeyPatch, tool_name: str, **fields: Any) -> effects.Effect:
    """Replace fields of a registered act; return the act as it was."""
    effect = effects.find(tool_name)
    assert effect is not None
    monkeypatch.setitem(effects._effects, tool_name, replace(effect, **fields))  # noqa: SLF001
    return effect


@SEVERAL
def test_the_previews_of_several_approvals_run_each_act_once(
    desk: Desk,
    alice: Person,
    bob: Person,
    leila: Person,
    drain: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    send: Send,
) -> None:
    session_id, invoice_id = desk.conversation(bob), issued(alice, line("90000.00"))
    receipts(desk, bob, session_id, invoice_id, 6)
    ran: list[object] = []

    def counted(actor: Actor, arguments: JsonObject) -> Any:
        ran.append(arguments["amount"])
        return effect.run(actor, arguments)

    effect = replaced(monkeypatch, "record_receipt", run=counted)
    for _ in range(6):
        made = pending(leila)
        if not made:
            break
        ran.clear()
        send(leila.api, session_id, made)
        assert len(ran) == len(made)
        drain()
    assert pending(leila) == []
    granted = leila.api.get("/approvals?status=granted&limit=100").json["items"]  # type: ignore[index]
    assert [item["effect_status"] for item in granted] == ["done"] * 6
    assert seen(alice, invoice_id)["paid_minor"] == 21_00


def test_a_dry_run_defers_the_same_constraints_as_a_commit(owner_engine: sa.Engine) -> None:
    """A series of dry runs defers all constraints anew before each act."""
    deferrable = (
        "select conname from pg_constraint where condeferrable and not condeferred union all"
        " select tgname from pg_trigger where tgdeferrable and not tginitdeferred"
    )
    with owner_engine.connect() as connection:
        assert connection.exec_driver_sql(deferrable).all() == []


@pytest.mark.parametrize("send", [one, message, batch])
def test_dry_runs_that_take_too_long_decide_nothing(
    desk: Desk, bob: Person, leila: Person, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    session_id = desk.conversation(bob)
    made = [
        desk.propose(bob, "probe_invoice", session_id=session_id, tool_call_id=call)
        for call in "ab"
    ]
    monkeypatch.setattr(time_limits, "DECISION_MAX_S", -1.0)
    answer = send(leila.api, session_id, made)
    assert (answer.status_code, answer.json["detail"]) == (503, "decision_timed_out")
    assert answer.headers["Retry-After"]
    assert [desk.row(approval_id)["status"] for approval_id in made] == ["pending"] * 2


@SEVERAL
def test_one_request_decides_a_limited_number_of_proposals(
    desk: Desk, bob: Person, leila: Person, send: Send
) -> None:
    session_id = desk.conversation(bob)
    many = [f"ap-{number}" for number in range(BATCH_MAX + 1)]
    assert send(leila.api, session_id, many).status_code == 422
    assert send(leila.api, session_id, many[:-1]).status_code != 422


# --- the order of the acts ---


@SEVERAL
def test_the_acts_of_a_decision_run_in_its_order(
    app: Flask,
    settings: Settings,
    desk: Desk,
    bob: Person,
    leila: Person,
    drain: Callable[[], None],
    send: Send,
) -> None:
    """Also with several places of a worker, of which each takes another act."""
    drain()
    session_id = desk.conversation(bob)
    made = [
        desk.propose(bob, tool, session_id=session_id, tool_call_id=call)
        for tool, call in zip(["probe_invoice", "probe_note"] * 3, "abcdef", strict=True)
    ]
    if send is batch:
        made.reverse()
    assert send(leila.api, session_id, made).status_code == 200
    rows = [desk.row(approval_id) for approval_id in made]
    assert [row["status"] for row in rows] == ["granted"] * 6
    times = [row["resolved_at"] for row in rows]
    assert times == sorted(set(times))
    with desk.engine.connect() as connection:
        queued = connection.exec_driver_sql(
            "select args->>'approval_id', lock from procrastinate_jobs where task_name ="
            " 'approvals.run_effect' and status = 'todo' order by priority desc, id"
        ).all()
    assert [approval_id for approval_id, _ in queued] == made
    agency, conversation = f"approvals:{bob.actor.tenant_id}", f"approvals:{session_id}"
    invoices = {row["id"] for row in rows if row["tool_name"] == "probe_invoice"}
    assert [lock for _, lock in queued] == [
        agency if approval_id in invoices else conversation for approval_id in made
    ]
    for _ in range(6):
        work(app, settings)
    with desk.engine.connect() as connection:
        ran = [
            approval_id
            for (approval_id,) in connection.exec_driver_sql(
                "select id from approvals where session_id = %s and effect_status = 'done' order by"
                " effect_finished_at",
                (session_id,),
            )
        ]
    for group in (invoices, set(made) - invoices):
        assert [one for one in ran if one in group] == [one for one in made if one in group]


@SEVERAL
def test_acts_about_one_document_that_are_approved_together_all_succeed(
    app: Flask,
    settings: Settings,
    desk: Desk,
    alice: Person,
    bob: Person,
    leila: Person,
    send: Send,
) -> None:
    session_id, invoice_id = desk.conversation(bob), issued(alice, line("90000.00"))
    receipts(desk, bob, session_id, invoice_id, 6)
    message(leila.api, session_id, pending(leila))  # renews the previews
    made = pending(leila)
    assert send(leila.api, session_id, made).status_code == 200
    for _ in range(6):
        work(app, settings)
    rows = [desk.row(approval_id) for approval_id in made]
    assert [(row["effect_status"], row["effect_error"]) for row in rows] == [("done", None)] * 6


# --- the authority after the dry runs ---


def during_the_dry_run(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Let somebody do an act while the dry run of a proposal runs."""
    done: list[Any] = []

    def slow(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
        if not done:
            with ThreadPoolExecutor(1) as thread:
                done.append(thread.submit(act).result(30))
        return probes.note(actor, arguments)

    replaced(monkeypatch, "probe_invoice", run=slow)


@pytest.mark.parametrize("send", [one, message, batch, edit])
@pytest.mark.parametrize("ending", [removed, demoted])
def test_access_that_ends_during_the_dry_run_ends_the_decision(
    desk: Desk,
    alice: Person,
    bob: Person,
    leila: Person,
    monkeypatch: pytest.MonkeyPatch,
    send: Send,
    ending: Callable[[Person, Person], tuple[ApiClient, Callable[[], Any]]],
) -> None:
    session_id = desk.conversation(bob)
    made = [
        desk.propose(bob, "probe_invoice", session_id=session_id, tool_call_id=call)
        for call in "ab"
    ]
    client, end = ending(alice, leila)

    def end_access() -> None:
        with alice.acting():
            end()

    during_the_dry_run(monkeypatch, end_access)
    if send is edit:
        arguments = dict(desk.row(made[0])["payload"]) | {"text": "edited"}
        answer = client.post(f"/approvals/{made[0]}/edit", json={"arguments": arguments})
    else:
        answer = send(client, session_id, made)
    assert answer.status_code == (401 if ending is removed else 403)
    rows = [desk.row(approval_id) for approval_id in made]
    assert [(row["status"], row["original_payload"]) for row in rows] == [("pending", None)] * 2


@pytest.mark.parametrize("send", [one, message, batch])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            {"approval_limits": {"accounting_lead": {"amount": "1.00", "currency": "INR"}}},
            "amount_above_limit",
        ),
        ({"four_eyes": True}, "self_approval"),
    ],
)
def test_rules_that_change_during_the_dry_run_apply_to_the_decision(
    desk: Desk,
    alice: Person,
    leila: Person,
    monkeypatch: pytest.MonkeyPatch,
    send: Send,
    change: dict[str, Any],
    code: str,
) -> None:
    alice.does(lambda actor: tenant_settings.update(actor, {"four_eyes": False}).tenant_id)
    session_id = desk.conversation(leila)
    priced = {"session_id": str(session_id), "text": "hello", "amount": "2.00", "currency": "INR"}
    made = [
        desk.propose(
            leila, "probe_invoice", session_id=session_id, tool_call_id=call, arguments=priced
        )
        for call in "ab"
    ]
    during_the_dry_run(
        monkeypatch,
        lambda: alice.does(lambda actor: tenant_settings.update(actor, change).tenant_id),
    )
    answer = send(leila.api, session_id, made)
    if send is batch:
        assert [item["detail"] for item in answer.json["items"]] == [code] * 2
    else:
        assert (answer.status_code, answer.json["detail"]) == (403, code)
    assert [desk.row(approval_id)["status"] for approval_id in made] == ["pending"] * 2
