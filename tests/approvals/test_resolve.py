"""Deciding: permissions, the order of errors, and one valid decision."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.approvals import probes
from tests.approvals.conftest import Desk
from tests.chat.parallel import at_once
from tests.people import People, Person
from voyagent.approvals.models import Approval
from voyagent.approvals.queries import ApprovalNotFound
from voyagent.approvals.service import deciding, proposing
from voyagent.approvals.service.errors import ApprovalAlreadyResolved, SelfApproval
from voyagent.approvals.service.time_limits import TimeLimit
from voyagent.chat.queries import sessions as chats
from voyagent.chat.service import conversations as chat
from voyagent.kernel.actor import Actor
from voyagent.kernel.canonical import digest
from voyagent.kernel.errors import Forbidden


def resolve(person: Person, approval_id: str, *, granted: bool, reason: str | None = None) -> None:
    person.does(
        lambda actor: deciding.resolve(actor, approval_id, granted=granted, reason=reason).id
    )


def turn_four_eyes_off(desk: Desk, person: Person) -> None:
    desk.run(
        "update tenant_settings set four_eyes = false where tenant_id = :t",
        t=person.actor.tenant_id,
    )


# --- proposing ---


def test_a_proposal_is_valid_for_fifteen_minutes(desk: Desk, bob: Person) -> None:
    approval_id = desk.propose(bob)
    row = desk.row(approval_id)
    assert approval_id.startswith("ap-")
    assert UUID(approval_id.removeprefix("ap-")).version == 7
    assert (row["status"], row["effect_status"], row["requested_by_user_id"]) == (
        "pending",
        "none",
        bob.actor.user_id,
    )
    assert (row["expires_at"] - row["requested_at"]).total_seconds() == 900
    assert row["arguments_hash"] == digest(row["payload"])
    (event,) = desk.events(approval_id)
    assert event["kind"] == "proposal.made"
    assert event["inputs"]["arguments"] == row["payload"]
    assert event["inputs"]["arguments_hash"] == row["arguments_hash"]


def test_a_viewer_cannot_propose(desk: Desk, victor: Person, alice: Person) -> None:
    session_id = desk.conversation(alice)
    with pytest.raises(Forbidden):
        desk.propose(victor, session_id=session_id)


def test_a_proposal_belongs_to_a_conversation_of_the_agency(
    desk: Desk, alice: Person, charlie: Person
) -> None:
    session_id = desk.conversation(alice)
    with pytest.raises(chats.SessionNotFound):
        desk.propose(charlie, session_id=session_id)


def test_a_proposal_made_on_a_page_gets_its_own_conversation(desk: Desk, alice: Person) -> None:
    with alice.acting() as actor:
        made = proposing.propose(
            actor,
            session_id=None,
            turn_id=None,
            tool_call_id="page",
            tool_name="probe_invoice",
            arguments={"n": 1},
            summary="Invoice " + "x" * 1100,
        )
        assert chats.get_session(made.session_id).title == "Invoice " + "x" * 52
        assert len(made.summary) == 1024


def test_a_repeated_call_returns_the_same_proposal_and_other_arguments_make_a_new_one(
    desk: Desk, alice: Person
) -> None:
    session_id = desk.conversation(alice)
    first = desk.propose(alice, session_id=session_id)
    assert desk.propose(alice, session_id=session_id) == first
    assert (
        desk.propose(
            alice, session_id=session_id, arguments={"session_id": str(session_id), "text": "other"}
        )
        != first
    )
    assert len(desk.events(first)) == 1


def test_the_database_refuses_changes_of_a_proposal(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice)
    for change in (
        "payload = '{}'",
        "tool_name = 'probe_ticket'",
        "arguments_hash = repeat('0', 64)",
        "requested_by_user_id = null",
    ):
        with pytest.raises(Exception, match="a proposal cannot be changed"):
            desk.run(f"update approvals set {change} where id = :i", i=approval_id)


# --- the order of refusals ---


def test_a_viewer_gets_403_even_for_an_unknown_proposal(
    desk: Desk, alice: Person, victor: Person
) -> None:
    for approval_id in (desk.propose(alice), "ap-unknown"):
        with pytest.raises(Forbidden):
            resolve(victor, approval_id, granted=False)


def test_unknown_proposals_and_those_of_another_agency_are_not_found(
    desk: Desk, alice: Person, charlie: Person
) -> None:
    for approval_id in (desk.propose(alice), "ap-unknown", "x" * 500):
        with pytest.raises(ApprovalNotFound):
            resolve(charlie, approval_id, granted=True)


@pytest.mark.parametrize("granted", [True, False])
def test_deciding_needs_a_role_that_the_tool_names(
    desk: Desk, alice: Person, bob: Person, granted: bool
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    with pytest.raises(Forbidden) as refused:
        resolve(bob, approval_id, granted=granted)
    assert refused.value.code == "forbidden_role"
    assert desk.row(approval_id)["status"] == "pending"


def test_the_role_is_checked_before_the_status(desk: Desk, alice: Person, bob: Person) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    resolve(alice, approval_id, granted=False)
    with pytest.raises(Forbidden):
        resolve(bob, approval_id, granted=True)


def test_the_status_is_checked_before_four_eyes(desk: Desk, alice: Person, leila: Person) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    resolve(leila, approval_id, granted=False)
    with pytest.raises(ApprovalAlreadyResolved):
        resolve(alice, approval_id, granted=True)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_a_decision_is_final(
    desk: Desk, alice: Person, leila: Person, first: bool, second: bool
) -> None:
    approval_id = desk.propose(alice)
    resolve(leila, approval_id, granted=first)
    with pytest.raises(ApprovalAlreadyResolved):
        resolve(leila, approval_id, granted=second)
    with pytest.raises(Exception, match="a decision cannot be changed"):
        desk.run(
            "update approvals set status = 'pending', resolved_at = null, effect_status = 'none'"
            " where id = :i",
            i=approval_id,
        )


def test_deciding_an_overdue_proposal_stores_the_expiry(
    desk: Desk, alice: Person, leila: Person
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    desk.run_out(approval_id)
    with pytest.raises(ApprovalAlreadyResolved) as refused:
        resolve(leila, approval_id, granted=True)
    assert refused.value.code == "approval_already_resolved"
    assert desk.row(approval_id)["status"] == "expired"
    assert [e["kind"] for e in desk.events(approval_id)] == ["proposal.made", "proposal.expired"]


def test_ones_own_overdue_proposal_is_refused_as_overdue(
    desk: Desk, alice: Person, leila: Person
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    desk.run_out(approval_id)
    with pytest.raises(ApprovalAlreadyResolved):
        resolve(alice, approval_id, granted=True)


# --- four eyes ---


def test_ones_own_money_request_needs_a_colleague_who_could_approve_it(
    desk: Desk, alice: Person, leila: Person
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    with pytest.raises(SelfApproval) as refused:
        resolve(alice, approval_id, granted=True)
    assert refused.value.code == "self_approval"
    resolve(leila, approval_id, granted=True)
    assert desk.row(approval_id)["resolved_by_user_id"] == leila.actor.user_id
    assert "self_approved" not in desk.events(approval_id, "approval.granted")[0]["inputs"]


def test_a_suspended_colleague_counts_until_an_administrator_removes_them(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    """Otherwise a reset that suspends colleagues would remove the second person."""
    own, edited = desk.propose(alice, "probe_invoice"), desk.propose(bob, "probe_invoice")
    arguments = desk.row(edited)["payload"] | {"text": "other"}
    alice.does(lambda actor: proposing.edit(actor, edited, arguments).id)
    desk.run(
        "update users set is_active = false, suspended_at = now() where id = :u",
        u=leila.actor.user_id,
    )
    for approval_id in (own, edited):
        with pytest.raises(SelfApproval):
            resolve(alice, approval_id, granted=True)
    assert alice.api.delete(f"/team/{leila.actor.user_id}").status_code == 204
    for approval_id in (own, edited):
        resolve(alice, approval_id, granted=True)
        assert desk.row(approval_id)["status"] == "granted"


def test_ones_own_request_can_always_be_declined(desk: Desk, alice: Person, leila: Person) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    resolve(alice, approval_id, granted=False)
    assert desk.row(approval_id)["status"] == "rejected"


def test_the_only_person_of_an_agency_approves_alone_and_the_audit_log_says_so(
    desk: Desk, alice: Person
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    resolve(alice, approval_id, granted=True)
    (event,) = desk.events(approval_id, "approval.granted")
    assert event["inputs"]["self_approved"] is True


def test_a_colleague_who_could_not_approve_does_not_count(
    desk: Desk, alice: Person, bob: Person, victor: Person
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    resolve(alice, approval_id, granted=True)
    assert desk.row(approval_id)["status"] == "granted"


def test_a_colleague_who_has_left_does_not_count(desk: Desk, alice: Person, leila: Person) -> None:
    desk.run("update users set is_active = false where id = :i", i=leila.actor.user_id)
    approval_id = desk.propose(alice, "probe_invoice")
    resolve(alice, approval_id, granted=True)
    assert desk.row(approval_id)["status"] == "granted"


def test_without_the_four_eyes_setting_no_colleague_is_needed(
    desk: Desk, alice: Person, leila: Person
) -> None:
    turn_four_eyes_off(desk, alice)
    approval_id = desk.propose(alice, "probe_invoice")
    resolve(alice, approval_id, granted=True)
    assert desk.events(approval_id, "approval.granted")[0]["inputs"]["self_approved"] is True


def test_four_eyes_apply_only_to_money(desk: Desk, alice: Person, leila: Person) -> None:
    approval_id = desk.propose(alice, "probe_note")
    resolve(alice, approval_id, granted=True)
    assert desk.events(approval_id, "approval.granted")[0]["inputs"]["self_approved"] is True


# --- what a decision leaves ---


def test_an_approval_queues_the_act_and_leaves_one_event(
    desk: Desk, alice: Person, leila: Person
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    resolve(leila, approval_id, granted=True, reason="as agreed")
    row = desk.row(approval_id)
    assert (row["status"], row["effect_status"], row["resolved_by_user_id"], row["reason"]) == (
        "granted",
        "waiting",
        leila.actor.user_id,
        "as agreed",
    )
    (event,) = [e for e in desk.events(approval_id) if "approval" in e["kind"]]
    assert event["kind"] == "approval.granted"
    assert event["actor_id"] == leila.actor.user_id
    assert event["inputs"] == {
        "approval_id": approval_id,
        "session_id": str(row["session_id"]),
        "tool_name": "probe_invoice",
        "summary": row["summary"],
        "arguments_hash": row["arguments_hash"],
        "preview_hash": row["preview_hash"],
        "reason": "as agreed",
    }
    with desk.engine.connect() as connection:
        jobs = (
            connection.exec_driver_sql(
                "select task_name from procrastinate_jobs where args->>'approval_id' = %s",
                (approval_id,),
            )
            .scalars()
            .all()
        )
    assert jobs == ["approvals.run_effect"]


def test_declining_runs_nothing_and_calls_the_listeners_at_once(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = desk.propose(bob, "probe_invoice")
    resolve(alice, approval_id, granted=False, reason="wrong GSTIN")
    assert probes.callbacks_of(approval_id) == [
        (approval_id, bob.actor.user_id, "rejected", "none", None, None)
    ]
    assert [e["kind"] for e in desk.events(approval_id)] == ["proposal.made", "approval.rejected"]
    assert desk.events(approval_id)[1]["inputs"]["reason"] == "wrong GSTIN"
    with desk.engine.connect() as connection:
        jobs = connection.exec_driver_sql(
            "select count(*) from procrastinate_jobs where args->>'approval_id' = %s",
            (approval_id,),
        ).scalar()
    assert jobs == 0


def test_an_error_in_a_listener_does_not_undo_a_decision(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice, summary="break the listener")
    resolve(alice, approval_id, granted=False)
    assert desk.row(approval_id)["status"] == "rejected"
    assert len(desk.events(approval_id, "approval.rejected")) == 1


def test_any_role_but_viewer_may_decline_an_unknown_tool(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = desk.propose(alice, "long_gone")
    resolve(bob, approval_id, granted=False)
    assert desk.row(approval_id)["status"] == "rejected"


# --- races ---


def test_one_of_64_parallel_decisions_counts(
    desk: Desk, alice: Person, leila: Person, drain: Callable[[], None]
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")

    def decide(number: int) -> int:
        body = {"granted": number % 2 == 0, "reason": f"call {number}"}
        return leila.api.post(f"/approvals/{approval_id}/resolve", json=body).status_code

    statuses = at_once([lambda n=n: decide(n) for n in range(64)])
    assert sorted(statuses) == [200] + [409] * 63
    row = desk.row(approval_id)
    decisions = [e for e in desk.events(approval_id) if e["kind"].startswith("approval.")]
    assert len(decisions) == 1
    assert decisions[0]["kind"] == f"approval.{row['status']}"
    assert decisions[0]["inputs"]["reason"] == row["reason"] == f"call {statuses.index(200)}"
    drain()
    drain()
    assert desk.notes(approval_id) == (1 if row["status"] == "granted" else 0)


def test_a_proposal_that_expires_during_a_decision_is_refused(
    desk: Desk, alice: Person, leila: Person
) -> None:
    approval_id = desk.propose(alice)
    desk.run_out(approval_id)
    results = at_once([lambda: resolve(leila, approval_id, granted=True)] * 8)
    assert all(isinstance(r, ApprovalAlreadyResolved) for r in results)
    assert desk.row(approval_id)["status"] == "expired"


def test_deleting_a_conversation_and_approving_at_once_never_both_succeed(
    desk: Desk, alice: Person, leila: Person
) -> None:
    for _ in range(5):
        session_id = desk.conversation(alice)
        approval_id = desk.propose(alice, session_id=session_id)
        deleted, decided = at_once(
            [
                lambda s=session_id: alice.does(chat.delete, s),
                lambda a=approval_id: resolve(leila, a, granted=True),
            ]
        )
        assert deleted is None
        row = desk.row(approval_id)
        assert (row["status"] == "granted") == (decided is None)
        assert decided is None or isinstance(decided, ApprovalNotFound | ApprovalAlreadyResolved)
        assert row["hidden_at"] is not None


# --- several at once ---


def resolve_all(actor: Actor, session_id: UUID, decisions: dict[str, bool]) -> list[Approval]:
    limit = TimeLimit()
    checked = deciding.check_all(actor, session_id, decisions, limit)
    return deciding.decide_all(actor, checked, limit)


def test_several_decisions_are_made_together_or_not_at_all(
    desk: Desk, alice: Person, leila: Person
) -> None:
    session_id = desk.conversation(alice)
    first, second = (
        desk.propose(alice, "probe_invoice", session_id=session_id, tool_call_id=c)
        for c in ("a", "b")
    )
    desk.run_out(second)
    with pytest.raises(ApprovalAlreadyResolved):
        leila.does(lambda actor: resolve_all(actor, session_id, {first: True, second: True}))
    assert [desk.row(i)["status"] for i in (first, second)] == ["pending", "pending"]
    with pytest.raises(SelfApproval):
        alice.does(lambda actor: resolve_all(actor, session_id, {first: True}))
    made = leila.does(
        lambda actor: [(a.id, a.status) for a in resolve_all(actor, session_id, {first: True})]
    )
    assert made == [(first, "granted")]


def test_repeating_a_decision_is_no_error_but_another_decision_is(
    desk: Desk, alice: Person, leila: Person
) -> None:
    session_id = desk.conversation(alice)
    approval_id = desk.propose(alice, session_id=session_id)
    resolve(leila, approval_id, granted=True)
    assert leila.does(lambda actor: resolve_all(actor, session_id, {approval_id: True})) == []
    with pytest.raises(ApprovalAlreadyResolved):
        leila.does(lambda actor: resolve_all(actor, session_id, {approval_id: False}))


def test_several_decisions_must_be_about_one_conversation(
    desk: Desk, alice: Person, charlie: Person, victor: Person
) -> None:
    session_id = desk.conversation(alice)
    elsewhere = desk.propose(alice)
    with pytest.raises(ApprovalNotFound):
        alice.does(lambda actor: resolve_all(actor, session_id, {elsewhere: True}))
    with pytest.raises(chats.SessionNotFound):
        charlie.does(lambda actor: resolve_all(actor, session_id, {elsewhere: True}))
    with pytest.raises(Forbidden):
        victor.does(lambda actor: resolve_all(actor, session_id, {elsewhere: True}))


def test_a_new_lead_may_decide_older_proposals(desk: Desk, alice: Person, people: People) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    newcomer = people.colleague(alice, "Nina New", role="accounting_lead")
    resolve(newcomer, approval_id, granted=True)
    assert desk.row(approval_id)["resolved_by_user_id"] == newcomer.actor.user_id
