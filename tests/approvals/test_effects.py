"""Approved acts run exactly once, and undecided proposals expire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.approvals import probes
from tests.approvals.conftest import Desk
from tests.chat.parallel import at_once
from tests.people import Person
from voyagent.approvals import queries
from voyagent.approvals.queries import ApprovalNotFound
from voyagent.approvals.service import deciding, effects, execution, limits
from voyagent.approvals.service.effects import Effect
from voyagent.chat.service import conversations as chat
from voyagent.kernel.actor import Actor, Grant

Drain = Callable[[], None]


def grant(person: Person, approval_id: str) -> None:
    person.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)


def carry_out(person: Person, approval_id: str) -> None:
    person.does(lambda _actor: execution.carry_out(approval_id))


def test_an_approved_act_runs_as_the_requester_and_stores_its_result(
    desk: Desk, bob: Person, alice: Person, drain: Drain
) -> None:
    approval_id = desk.propose(bob, "probe_invoice")
    grant(alice, approval_id)
    drain()
    row = desk.row(approval_id)
    assert (row["effect_status"], row["effect_error"]) == ("done", None)
    assert row["effect_result"] == {
        "noted": 1,
        "by": str(bob.actor.user_id),
        "channel": "assistant",
    }
    assert row["effect_finished_at"] >= row["resolved_at"]
    assert desk.notes(approval_id) == 1


def test_an_act_leaves_one_event_with_its_tool_and_approver(
    desk: Desk, bob: Person, alice: Person, drain: Drain
) -> None:
    approval_id = desk.propose(bob, "probe_invoice")
    grant(alice, approval_id)
    drain()
    (event,) = desk.events(approval_id, "probe_invoice")
    row = desk.row(approval_id)
    assert (event["status"], event["actor_id"], event["actor_kind"]) == (
        "succeeded",
        bob.actor.user_id,
        "agent",
    )
    assert (event["approval_required"], event["approved_by"], event["approved_at"]) == (
        True,
        alice.actor.user_id,
        row["resolved_at"],
    )
    assert event["inputs"] == {
        "approval_id": approval_id,
        "arguments": row["payload"],
        "arguments_hash": row["arguments_hash"],
    }
    assert event["outputs"] == row["effect_result"]
    assert [e["kind"] for e in desk.events(approval_id)] == [
        "proposal.made",
        "approval.granted",
        "probe_invoice",
    ]


def test_the_head_of_the_audit_is_locked_last(
    desk: Desk, alice: Person, statements: list[str]
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    grant(alice, approval_id)
    statements.clear()
    carry_out(alice, approval_id)
    audited = [number for number, statement in enumerate(statements) if "app.audit" in statement]
    assert audited == [len(statements) - 1]


def test_listeners_are_called_after_the_act(
    desk: Desk, bob: Person, alice: Person, drain: Drain
) -> None:
    approval_id = desk.propose(bob, "probe_invoice")
    grant(alice, approval_id)
    assert probes.callbacks_of(approval_id) == []
    drain()
    assert probes.callbacks_of(approval_id) == [
        (
            approval_id,
            bob.actor.user_id,
            "granted",
            "done",
            None,
            desk.row(approval_id)["effect_result"],
        )
    ]


def test_a_repeated_or_parallel_job_does_not_run_the_act_again(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice)
    grant(alice, approval_id)
    at_once([lambda: carry_out(alice, approval_id)] * 8)
    carry_out(alice, approval_id)
    assert desk.notes(approval_id) == 1
    assert len(desk.events(approval_id, "probe_note")) == 1
    with pytest.raises(Exception, match="an effect cannot run twice"):
        desk.run(
            "update approvals set effect_status = 'waiting', effect_finished_at = null where id"
            " = :i",
            i=approval_id,
        )


@pytest.mark.parametrize("state", ["pending", "rejected", "expired"])
def test_an_act_that_was_not_approved_never_runs(desk: Desk, alice: Person, state: str) -> None:
    approval_id = desk.propose(alice)
    if state == "rejected":
        alice.does(lambda actor: deciding.resolve(actor, approval_id, granted=False).id)
    if state == "expired":
        desk.run("update approvals set status = 'expired' where id = :i", i=approval_id)
    carry_out(alice, approval_id)
    assert desk.notes(approval_id) == 0
    assert desk.row(approval_id)["effect_status"] == "none"


def test_another_agency_cannot_run_the_act(desk: Desk, alice: Person, charlie: Person) -> None:
    approval_id = desk.propose(alice)
    grant(alice, approval_id)
    carry_out(charlie, approval_id)
    assert desk.notes(approval_id) == 0
    assert desk.row(approval_id)["effect_status"] == "waiting"


def test_a_refused_act_ends_as_failed_and_changes_nothing(
    desk: Desk, alice: Person, drain: Drain
) -> None:
    approval_id = desk.propose(alice, "probe_refuses")
    grant(alice, approval_id)
    drain()
    row = desk.row(approval_id)
    assert (row["effect_status"], row["effect_error"], row["effect_result"]) == (
        "failed",
        "period_closed",
        None,
    )
    assert desk.notes(approval_id) == 0
    (event,) = desk.events(approval_id, "probe_refuses")
    assert (event["status"], event["error"]) == ("failed", "period_closed")
    with desk.engine.connect() as connection:
        kinds = (
            connection.exec_driver_sql(
                "select kind from audit_events where tenant_id = %s", (alice.actor.tenant_id,)
            )
            .scalars()
            .all()
        )
    assert "chat.renamed" not in kinds
    assert probes.callbacks_of(approval_id)[0][3:] == ("failed", "period_closed", None)


def test_an_act_that_raises_an_error_ends_with_a_reason(
    desk: Desk, alice: Person, drain: Drain
) -> None:
    approval_id = desk.propose(alice, "probe_crashes")
    grant(alice, approval_id)
    drain()
    row = desk.row(approval_id)
    assert (row["effect_status"], row["effect_error"]) == ("failed", "internal_error")
    assert desk.notes(approval_id) == 0


def test_an_unknown_tool_fails_when_the_act_should_run(
    desk: Desk, alice: Person, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval_id = desk.propose(alice, "probe_loose")
    grant(alice, approval_id)
    monkeypatch.delitem(effects._effects, "probe_loose")  # noqa: SLF001 - the registry of the test's own effects
    drain()
    assert desk.row(approval_id)["effect_error"] == "tool_unknown"
    assert desk.events(approval_id, "probe_loose")[0]["status"] == "failed"


def test_an_act_without_a_preview_does_not_run(desk: Desk, alice: Person, drain: Drain) -> None:
    approval_id = desk.propose(alice)
    desk.run(
        "update approvals set preview = null, preview_hash = null where id = :i", i=approval_id
    )
    desk.run(
        "update approvals set status = 'granted', effect_status = 'waiting', resolved_at = now(),"
        " resolved_by_user_id = :u where id = :i",
        i=approval_id,
        u=alice.actor.user_id,
    )
    carry_out(alice, approval_id)
    assert desk.row(approval_id)["effect_error"] == "preview_missing"
    assert desk.notes(approval_id) == 0


def test_arguments_that_do_not_match_their_hash_do_not_run(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice)
    desk.run("alter table approvals disable trigger approvals_guarded")
    desk.run(
        'update approvals set payload = payload || \'{"text": "forged"}\' where id = :i',
        i=approval_id,
    )
    desk.run("alter table approvals enable trigger approvals_guarded")
    grant(alice, approval_id)
    carry_out(alice, approval_id)
    assert desk.row(approval_id)["effect_error"] == "arguments_changed"
    assert desk.notes(approval_id) == 0


def test_a_proposal_of_a_removed_requester_fails_and_the_approver_is_notified(
    desk: Desk, bob: Person, alice: Person
) -> None:
    approval_id = desk.propose(bob)
    grant(alice, approval_id)
    desk.run("update users set is_active = false where id = :i", i=bob.actor.user_id)
    carry_out(alice, approval_id)
    assert desk.row(approval_id)["effect_error"] == "requester_unknown"
    assert desk.notes(approval_id) == 0
    assert probes.callbacks_of(approval_id)[0][1] == alice.actor.user_id


def test_a_requester_who_became_a_viewer_cannot_act_through_an_old_proposal(
    desk: Desk, bob: Person, alice: Person
) -> None:
    approval_id = desk.propose(bob)
    grant(alice, approval_id)
    desk.run("update users set role = 'viewer' where id = :i", i=bob.actor.user_id)
    carry_out(alice, approval_id)
    assert desk.row(approval_id)["effect_error"] == "forbidden_role"
    assert desk.notes(approval_id) == 0


# --- deletion of the conversation ---


def test_proposals_of_a_deleted_conversation_do_not_run_and_return_with_it(
    desk: Desk, alice: Person
) -> None:
    session_id = desk.conversation(alice)
    approval_id = desk.propose(alice, session_id=session_id)
    alice.does(chat.delete, session_id)
    with pytest.raises(ApprovalNotFound):
        grant(alice, approval_id)
    alice.does(chat.restore, session_id)
    grant(alice, approval_id)
    assert desk.row(approval_id)["status"] == "granted"


def test_the_page_of_a_conversation_shows_its_pending_proposals_until_deletion(
    desk: Desk, alice: Person, charlie: Person
) -> None:
    session_id = desk.conversation(alice)
    first, second, decided, overdue = (
        desk.propose(alice, session_id=session_id, tool_call_id=c) for c in "abcd"
    )
    alice.does(lambda actor: deciding.resolve(actor, decided, granted=False).id)
    desk.run_out(overdue)
    with alice.reading() as reader:
        waiting = queries.pending_of_session(reader, session_id)
        everything = reader.read(queries.session_statement(session_id))[0]
    assert [(row["approval_id"], row["tool_name"], row["summary"]) for row in waiting] == [
        (i, "probe_note", "Write a note") for i in (first, second)
    ]
    assert [(row["id"], row["status"]) for row in everything] == [
        (first, "pending"),
        (second, "pending"),
        (decided, "rejected"),
        (overdue, "expired"),
    ]
    with charlie.reading() as reader:
        assert queries.pending_of_session(reader, session_id) == []
    alice.does(chat.delete, session_id)
    with alice.reading() as reader:
        assert queries.pending_of_session(reader, session_id) == []


def test_an_approved_act_of_a_deleted_conversation_still_runs(desk: Desk, alice: Person) -> None:
    session_id, elsewhere = desk.conversation(alice), desk.conversation(alice)
    approval_id = desk.propose(
        alice, session_id=session_id, arguments={"session_id": str(elsewhere), "text": "x"}
    )
    grant(alice, approval_id)
    alice.does(chat.delete, session_id)
    carry_out(alice, approval_id)
    assert desk.row(approval_id)["effect_status"] == "done"


def test_wiping_waits_for_an_approved_act_and_then_deletes_the_proposals(
    desk: Desk, alice: Person
) -> None:
    session_id = desk.conversation(alice)
    approval_id = desk.propose(alice, session_id=session_id)
    grant(alice, approval_id)
    alice.does(chat.delete, session_id)
    with desk.engine.connect() as connection:
        mark = connection.exec_driver_sql(
            "select args->>'deleted_at' from procrastinate_jobs where args->>'session_id' = %s",
            (str(session_id),),
        ).scalar()
    assert not alice.does(lambda _actor: chat.wipe(session_id, mark))
    carry_out(alice, approval_id)
    assert alice.does(lambda _actor: chat.wipe(session_id, mark))
    with desk.engine.connect() as connection:
        assert (
            connection.exec_driver_sql(
                "select count(*) from approvals where id = %s", (approval_id,)
            ).scalar()
            == 0
        )
        left = connection.exec_driver_sql(
            "select coalesce(sum(n), 0) from approval_counts where tenant_id = %s",
            (alice.actor.tenant_id,),
        ).scalar()
    assert left == 0
    assert desk.events(approval_id)[0]["inputs"]["arguments"]["text"] == "hello"


# --- housekeeping ---


def test_housekeeping_expires_overdue_proposals_in_every_agency(
    desk: Desk, alice: Person, charlie: Person, drain: Drain
) -> None:
    overdue = [desk.propose(person) for person in (alice, charlie)]
    in_time = desk.propose(alice)
    for approval_id in overdue:
        desk.run_out(approval_id)
    desk.run(
        "select procrastinate_defer_jobs_v1(array[row('default', 'approvals.housekeeping', 0, null,"
        " null, '{\"timestamp\": 0}', null)::procrastinate_job_to_defer_v1])"
    )
    drain()
    assert [desk.row(i)["status"] for i in overdue] == ["expired", "expired"]
    assert desk.row(in_time)["status"] == "pending"
    assert [e["kind"] for e in desk.events(overdue[0])] == ["proposal.made", "proposal.expired"]


def test_housekeeping_retries_an_act_whose_job_was_lost(
    desk: Desk, alice: Person, drain: Drain
) -> None:
    approval_id = desk.propose(alice)
    grant(alice, approval_id)
    desk.run("delete from procrastinate_jobs where args->>'approval_id' = :i", i=approval_id)
    assert alice.does(lambda _actor: execution.resume_effects()) == 0
    desk.run(
        "update approvals set resolved_at = now() - interval '61 seconds' where id = :i",
        i=approval_id,
    )
    assert alice.does(lambda _actor: execution.resume_effects()) == 1
    drain()
    assert desk.row(approval_id)["effect_status"] == "done"
    assert alice.does(lambda _actor: execution.resume_effects()) == 0


# --- the registry ---


@pytest.mark.parametrize(
    "roles", [frozenset(), frozenset({"accountant"}), frozenset({"agency_admin", "viewer"})]
)
def test_only_roles_that_may_write_can_decide(roles: frozenset[str]) -> None:
    with pytest.raises(ValueError, match="cannot decide"):
        effects.register(
            Effect(
                "probe_strange",
                roles,
                "Strange",
                money=False,
                reversible=True,
                run=probes.note,
                permission="tool.propose",
            )
        )
    assert effects.find("probe_strange") is None


def test_the_permission_of_an_effect_belongs_to_some_role() -> None:
    with pytest.raises(ValueError, match="no role has the permission"):
        effects.register(replace(probes.LOOSE, tool_name="probe_new", permission="tool.unheard_of"))
    assert effects.find("probe_new") is None


def test_an_approved_act_runs_with_a_grant_for_its_permission_only(
    desk: Desk, alice: Person, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[Grant | None] = []

    def see(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
        carried.append(actor.grant)
        return probes.nothing(actor, arguments)

    monkeypatch.setitem(effects._effects, "probe_loose", replace(probes.LOOSE, run=see))  # noqa: SLF001 - the registry of the test's own effects
    approval_id = desk.propose(alice, "probe_loose")
    grant(alice, approval_id)
    drain()
    assert carried[0] == Grant("dry run", "tool.propose")
    assert carried[-1] == Grant(approval_id, "tool.propose")
    assert set(carried) == {carried[0], carried[-1]}


def test_a_tool_has_only_one_effect() -> None:
    with pytest.raises(ValueError, match="registered already"):
        effects.register(
            Effect(
                "probe_note",
                probes.LEADS,
                "Another",
                money=False,
                reversible=True,
                run=probes.note,
                permission="tool.propose",
            )
        )
    assert effects.find("probe_note") is probes.PLAIN


def test_buttons_are_shown_only_to_people_who_may_decide(
    desk: Desk, alice: Person, bob: Person, victor: Person, leila: Person
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")

    def sees(person: Person) -> tuple[bool, bool]:
        def look(actor: Actor) -> tuple[bool, bool]:
            approval = queries.get_approval(approval_id)
            return limits.may_decide(actor, approval), limits.needs_another(actor, approval)

        return person.does(look)

    assert [sees(p) for p in (alice, leila, bob, victor)] == [
        (True, True),
        (True, False),
        (False, False),
        (False, False),
    ]


def draft_of(person: Person) -> str:
    draft: str = person.api.post(
        "/invoices",
        json={
            "customer_name": "Krishnan Exports",
            "issue_date": "2026-11-02",
            "currency": "INR",
            "line_items": [{"description": "Visa fee", "quantity": 1, "unit_price": "1000.00"}],
        },
    ).json["id"]
    return draft


_PRICED = [{"description": "Visa fee", "quantity": 1, "unit_price": "990000.00"}]


@pytest.mark.parametrize(
    "edited",
    [
        {"line_items": _PRICED},
        {"due_date": "2036-12-16"},
        {"notes": "Pay to the account 999"},
        {"place_of_supply": "27"},
        None,
    ],
)
def test_an_invoice_changed_after_its_approval_is_not_issued(
    edited: dict[str, Any] | None, desk: Desk, bob: Person, alice: Person, drain: Drain
) -> None:
    draft = draft_of(bob)
    approval_id = desk.propose(bob, "issue_invoice", arguments={"invoice_id": draft})
    grant(alice, approval_id)
    if edited:
        assert bob.api.patch(f"/invoices/{draft}", json=edited).status_code == 200
    drain()
    row, status = desk.row(approval_id), alice.api.get(f"/invoices/{draft}").json["status"]
    assert (row["effect_status"], row["effect_error"], status) == (
        ("failed", "changed_since_approval", "draft") if edited else ("done", None, "issued")
    )


@pytest.mark.parametrize("edited", [True, False])
def test_a_supplier_is_not_called_for_an_act_that_changed_after_its_approval(
    edited: bool, desk: Desk, bob: Person, alice: Person, drain: Drain
) -> None:
    session_id = desk.conversation(bob)
    text = f"hello {session_id}"
    arguments = {"session_id": str(session_id), "text": text}
    approval_id = desk.propose(
        bob, "probe_outside", session_id=session_id, turn_id=None, arguments=arguments
    )
    grant(alice, approval_id)
    if edited:
        bob.does(probes.note, {"session_id": str(session_id), "text": "another step"})
    drain()
    row = desk.row(approval_id)
    assert (row["effect_status"], probes.calls.count(text)) == (
        ("failed", 0) if edited else ("done", 1)
    )
    assert row["effect_error"] == ("changed_since_approval" if edited else None)


def test_an_invoice_changed_before_its_approval_is_shown_again(
    desk: Desk, bob: Person, alice: Person
) -> None:
    draft = draft_of(bob)
    approval_id = desk.propose(bob, "issue_invoice", arguments={"invoice_id": draft})
    bob.api.patch(f"/invoices/{draft}", json={"due_date": "2036-12-16"})
    answer = alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    assert (answer.status_code, answer.json["detail"]) == (409, "preview_stale")
