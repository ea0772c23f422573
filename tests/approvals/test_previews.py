"""Previews of proposals by a dry run, and approvals of what they show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.approvals import probes
from tests.approvals.conftest import Desk
from tests.billing.papers import draft, issue, issued, line, pay, seen
from tests.billing.test_carrying import LATER, sold
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.ledger.test_base_amounts import make_ready
from tests.people import Person
from tests.rates.entered import entered
from voyagent.approvals.service import deciding, effects, proposing
from voyagent.approvals.service.dry_run import hash_of
from voyagent.approvals.service.errors import PreviewStale, RequesterGone, SelfApproval
from voyagent.assistant.service import messages as assistant
from voyagent.chat.queries import sessions as chats
from voyagent.kernel import clock
from voyagent.settings.service import tenant_settings as settings


def proposed(desk: Desk, person: Person, invoice_id: object, **given: Any) -> str:
    return desk.propose(
        person,
        "issue_invoice",
        arguments={"invoice_id": str(invoice_id)},
        summary="Issue it",
        **given,
    )


def grant(person: Person, approval_id: str) -> None:
    person.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)


def count(desk: Desk, table: str, person: Person) -> int:
    with desk.engine.connect() as connection:
        return int(
            connection.exec_driver_sql(
                f"select count(*) from {table} where tenant_id = %s", (person.actor.tenant_id,)
            ).scalar()
            or 0
        )


# --- what is kept ---


def test_the_preview_has_the_postings_and_the_dry_run_stores_nothing(
    desk: Desk, alice: Person, bob: Person
) -> None:
    pay(alice, issued(alice), 500_000)
    invoice_id = draft(alice, line("100.00"))
    before = (
        [count(desk, table, alice) for table in ("journal_entries", "postings", "number_series")],
        balances(alice),
    )
    row = desk.row(proposed(desk, bob, invoice_id))
    assert [
        (x["code"], x["party"], x["debit"], x["credit"], x["before"], x["after"])
        for x in row["preview"]["lines"]
    ] == [
        ("1200", "Deepa Krishnan", "200.00", None, "40000.00", "40200.00"),
        ("4300", None, None, "200.00", "-45000.00", "-45200.00"),
    ]
    (owes,) = row["preview"]["balances"]
    assert (owes["before"]["amount"], owes["after"]["amount"]) == ("40000.00", "40200.00")
    assert row["preview"]["document"]["total"] == {"amount": "200.00", "currency": "INR"}
    assert (row["amount_minor"], row["currency"]) == (20_000, "INR")
    assert row["preview_hash"] == hash_of(row["arguments_hash"], row["preview"])
    assert (
        [count(desk, table, alice) for table in ("journal_entries", "postings", "number_series")],
        balances(alice),
    ) == before
    assert seen(alice, invoice_id)["status"] == "draft"
    assert [event["kind"] for event in desk.events(row["id"])] == ["proposal.made"], (
        "what the dry run recorded is gone with it"
    )


def test_the_preview_has_the_amount_of_an_exchange_difference(
    desk: Desk, alice: Person, bob: Person
) -> None:
    make_ready(desk.engine, alice)
    invoice_id = sold(alice, "100.00", "84.20")
    entered(alice, LATER, "84.50")
    money = {"amount": "100.00", "currency": "USD"}
    arguments = money | {"invoice_id": str(invoice_id), "paid_on": str(LATER)}
    approval_id = desk.propose(
        bob, "record_receipt", arguments=arguments, summary="Record the receipt"
    )
    line = desk.row(approval_id)["preview"]["lines"][-1]
    assert (line["code"], line["debit"], line["credit"]) == ("5920", None, None)
    assert [line[f"base_{name}"] for name in ("currency", "debit", "credit")] == [
        "INR",
        None,
        "30.00",
    ]
    page = Page(alice.tab.get(f"/approvals/{approval_id}"))
    assert "INR30.00" in page.words(".//div[@id='journal-USD']")
    entered(alice, LATER, "84.60")
    with pytest.raises(PreviewStale):
        grant(alice, approval_id)


def test_a_dry_run_leaves_no_event_no_job_and_no_number(
    desk: Desk, alice: Person, drain: Callable[[], None]
) -> None:
    drain()
    approval_id = desk.propose(alice)
    assert desk.notes(approval_id) == 0
    with desk.engine.connect() as connection:
        waiting = (
            "select count(*) from procrastinate_jobs where status = 'todo' and task_name like %s"
        )
        assert connection.exec_driver_sql(waiting, ("mail.%",)).scalar() == 0


def test_a_mail_is_shown_in_the_preview_and_not_sent(desk: Desk, alice: Person) -> None:
    before = count(desk, "mails", alice)
    row = desk.row(desk.propose(alice, "probe_mail", arguments={"text": "deepa@example.com"}))
    assert row["preview"]["leaves"] == [{"kind": "mail", "text": "deepa@example.com"}]
    assert count(desk, "mails", alice) == before


def test_an_act_at_a_supplier_is_not_called_and_its_own_dry_run_shows_the_itinerary(
    desk: Desk, alice: Person
) -> None:
    probes.calls.clear()
    session_id = desk.conversation(alice)
    row = desk.row(
        desk.propose(
            alice,
            "probe_outside",
            session_id=session_id,
            arguments={"session_id": str(session_id), "text": "Kochi to Dubai"},
        )
    )
    assert row["preview"]["itinerary"] == [{"key": "1", "after": "Kochi to Dubai"}]
    untried = desk.row(desk.propose(alice, "probe_untried"))
    assert (untried["preview"], untried["preview_hash"]) == (None, None)
    assert probes.calls == []


def test_an_outside_call_in_a_dry_run_is_refused(
    desk: Desk, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless = probes.Effect(
        "probe_outside",
        probes.LEADS,
        "Reach out",
        money=True,
        reversible=False,
        run=probes.outside,
        permission="tool.propose",
    )
    monkeypatch.setitem(effects._effects, "probe_outside", careless)  # noqa: SLF001 - the registry of the test's own effects
    probes.calls.clear()
    assert desk.row(desk.propose(alice, "probe_outside"))["preview"] is None
    assert probes.calls == []


def test_the_preview_shows_a_refusal_by_a_rule(desk: Desk, alice: Person) -> None:
    row = desk.row(desk.propose(alice, "probe_refuses"))
    assert row["preview"] == {
        "warning": probes.PeriodClosed.message,
        "refusal": "period_closed",
        "locale": "en",
    }
    assert desk.notes(row["id"]) == 0


@pytest.mark.parametrize("tool", ["probe_broken", "probe_untried", "long_gone"])
def test_an_act_without_a_dry_run_has_no_preview_and_can_only_be_declined(
    desk: Desk, alice: Person, leila: Person, tool: str
) -> None:
    session_id = desk.conversation(alice)
    approval_id = desk.propose(alice, tool, session_id=session_id)
    assert desk.row(approval_id)["preview"] is None
    for path, body in (
        (f"/approvals/{approval_id}/resolve", {"granted": True}),
        (f"/chat/sessions/{session_id}/messages", {"approvals": {approval_id: True}}),
    ):
        answer = leila.api.post(path, json=body)
        assert (answer.status_code, answer.json["detail"]) == (409, "preview_missing")  # type: ignore[index]
    batch = {"decisions": [{"approval_id": approval_id, "granted": True}]}
    (item,) = leila.api.post("/approvals/resolve", json=batch).json["items"]  # type: ignore[index]
    assert (item["status"], item["detail"]) == (409, "preview_missing")
    assert desk.row(approval_id)["status"] == "pending"
    leila.does(lambda actor: deciding.resolve(actor, approval_id, granted=False).id)


def test_an_approval_without_a_preview_first_shows_one(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice)
    desk.run(
        "update approvals set preview = null, preview_hash = null where id = :i", i=approval_id
    )
    with pytest.raises(PreviewStale):
        grant(alice, approval_id)
    fresh = desk.row(approval_id)["superseded_by"]
    assert desk.row(fresh)["preview_hash"] is not None
    grant(alice, fresh)


# --- the world moves ---


@pytest.fixture
def moved(desk: Desk, alice: Person, bob: Person) -> tuple[str, str]:
    """Return the ids of an outdated proposal and its invoice.

    The customer got another invoice after the proposal.
    """
    invoice_id = draft(alice, line("100.00"))
    approval_id = proposed(desk, bob, invoice_id)
    issued(alice, line("7.00"))
    return approval_id, str(invoice_id)


def test_approving_an_outdated_preview_replaces_the_proposal(
    desk: Desk, alice: Person, bob: Person, moved: tuple[str, str], drain: Callable[[], None]
) -> None:
    approval_id, invoice_id = moved
    answer = alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    assert (answer.status_code, answer.json["detail"]) == (409, "preview_stale")  # type: ignore[index]
    old = desk.row(approval_id)
    new = desk.row(old["superseded_by"])
    assert (old["status"], old["effect_status"], old["resolved_at"]) == ("expired", "none", None)
    assert (new["status"], new["payload"], new["session_id"], new["requested_by_user_id"]) == (
        "pending",
        old["payload"],
        old["session_id"],
        bob.actor.user_id,
    )
    assert (new["turn_id"], new["tool_call_id"]) == (old["turn_id"], old["tool_call_id"])
    assert (new["expires_at"] - new["requested_at"]).total_seconds() == 900
    assert new["preview_hash"] != old["preview_hash"]
    assert new["preview"]["balances"][0]["before"]["amount"] == "14.00"
    assert [event["kind"] for event in desk.events(approval_id)] == [
        "proposal.made",
        "proposal.superseded",
    ]
    assert [event["kind"] for event in desk.events(new["id"])] == ["proposal.made"]
    drain()
    assert seen(alice, invoice_id)["status"] == "draft"  # type: ignore[arg-type]
    again = alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    assert (again.status_code, again.json["detail"]) == (409, "approval_already_resolved")  # type: ignore[index]
    grant(alice, new["id"])
    drain()
    assert desk.row(new["id"])["effect_status"] == "done"
    assert seen(alice, invoice_id)["status"] == "issued"  # type: ignore[arg-type]


def test_a_repeated_call_returns_the_replacing_proposal(
    desk: Desk, alice: Person, bob: Person
) -> None:
    invoice_id, session_id = draft(alice), desk.conversation(bob)
    first = proposed(desk, bob, invoice_id, session_id=session_id)
    issued(alice, line("7.00"))
    with pytest.raises(PreviewStale):
        grant(alice, first)
    assert (
        proposed(desk, bob, invoice_id, session_id=session_id) == desk.row(first)["superseded_by"]
    )


def test_declining_does_not_check_the_preview(
    desk: Desk, alice: Person, moved: tuple[str, str]
) -> None:
    alice.does(lambda actor: deciding.resolve(actor, moved[0], granted=False).id)
    assert desk.row(moved[0])["status"] == "rejected"


def test_unrelated_postings_do_not_make_a_preview_stale(
    desk: Desk, alice: Person, bob: Person
) -> None:
    """Totals of shared accounts change, but not the balance of this customer."""
    approval_id = proposed(desk, bob, draft(alice, line("100.00")))
    pay(alice, issued(alice, customer_name="Somebody Else"), 500_000)
    grant(alice, approval_id)
    assert desk.row(approval_id)["status"] == "granted"


def test_a_payment_of_the_customer_or_a_similar_invoice_makes_the_preview_stale(
    desk: Desk, alice: Person, bob: Person
) -> None:
    older = issued(alice)
    first = proposed(desk, bob, draft(alice, line("100.00")))
    pay(alice, older, 500_000)
    with pytest.raises(PreviewStale):
        grant(alice, first)


def test_approved_acts_that_have_not_run_yet_are_part_of_the_preview(
    desk: Desk, alice: Person, bob: Person, leila: Person, drain: Callable[[], None]
) -> None:
    first, second = (
        proposed(desk, bob, draft(alice, line(price)), tool_call_id=price)
        for price in ("100.00", "101.00")
    )
    other = proposed(
        desk, bob, draft(alice, line("5.00"), customer_name="Ravi Menon"), tool_call_id="other"
    )
    decisions = [{"approval_id": one, "granted": True} for one in (first, second, other)]
    items = leila.api.post("/approvals/resolve", json={"decisions": decisions}).json["items"]  # type: ignore[index]
    assert [(item["status"], item["detail"]) for item in items] == [
        (200, None),
        (409, "preview_stale"),
        (200, None),
    ]
    fresh = desk.row(desk.row(second)["superseded_by"])
    (owes,) = fresh["preview"]["balances"]
    assert (owes["before"]["amount"], owes["after"]["amount"]) == ("200.00", "402.00")
    grant(leila, fresh["id"])
    drain()
    assert {desk.row(one)["effect_status"] for one in (first, fresh["id"], other)} == {"done"}
    assert balances(alice)["receivable", "INR"] == 41_200


def test_of_simultaneous_approvals_the_second_sees_the_first(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    for _ in range(3):
        both = [
            proposed(desk, bob, draft(alice, line(price)), tool_call_id=price)
            for price in ("100.00", "101.00")
        ]
        answers = at_once(
            [
                lambda one=one: leila.api.post(f"/approvals/{one}/resolve", json={"granted": True})
                for one in both
            ]
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


def test_of_two_equal_drafts_approved_at_once_the_second_shows_the_first(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    today = clock.today(alice.actor.timezone).isoformat()
    lines = [
        {"description": "Dubai visa", "quantity": 1, "unit_price": "500.00", "currency": "INR"}
    ]
    for customer in ("Ravi Menon", "Sunil Thomas"):
        arguments = {
            "customer_name": customer,
            "issue_date": today,
            "due_date": today,
            "line_items": lines,
        }
        both = [
            desk.propose(bob, "draft_invoice", arguments=arguments, tool_call_id=call)
            for call in ("one", "two")
        ]
        answers = at_once(
            [
                lambda one=one: leila.api.post(f"/approvals/{one}/resolve", json={"granted": True})
                for one in both
            ]
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        old = next(row for row in map(desk.row, both) if row["superseded_by"])
        (alike,) = [
            check
            for check in desk.row(old["superseded_by"])["preview"]["checks"]
            if check.get("code") == "alike"
        ]
        assert not alike["ok"]


def test_an_invoice_issued_meanwhile_is_shown_before_approval(
    desk: Desk, alice: Person, bob: Person
) -> None:
    invoice_id = draft(alice)
    approval_id = proposed(desk, bob, invoice_id)
    issue(alice, invoice_id)
    with pytest.raises(PreviewStale):
        grant(alice, approval_id)
    fresh = desk.row(desk.row(approval_id)["superseded_by"])
    assert fresh["preview"]["refusal"] == "invoice_not_draft"


def test_the_summary_of_a_replacing_proposal_has_the_present_amount(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    invoice_id = draft(alice, line("50.00", quantity=1))
    approval_id = proposed(desk, bob, invoice_id)
    dearer = {"line_items": [{"description": "Visa", "quantity": 1, "unit_price": "99999.00"}]}
    assert alice.api.patch(f"/invoices/{invoice_id}", json=dearer).status_code == 200
    with pytest.raises(PreviewStale):
        grant(leila, approval_id)
    fresh = desk.row(desk.row(approval_id)["superseded_by"])
    assert fresh["summary"] == "Issue the invoice for Deepa Krishnan, INR 99,999.00"
    assert desk.events(fresh["id"], "proposal.made")[0]["inputs"]["summary"] == fresh["summary"]


def test_day_and_language_do_not_make_a_preview_stale(
    desk: Desk, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval_id = proposed(desk, bob, draft(alice))
    lines = [
        {"description": "Dubai visa", "quantity": 1, "unit_price": "500.00", "currency": "INR"}
    ]
    arguments = {
        "customer_name": "Ravi Menon",
        "issue_date": "2024-06-10",
        "due_date": "2024-06-25",
        "line_items": lines,
    }
    with_facts = desk.propose(bob, "draft_invoice", arguments=arguments, tool_call_id="facts")
    alice.does(lambda actor: settings.update(actor, {"locale": "hi"}).locale)
    tomorrow = clock.today() + timedelta(days=1)
    monkeypatch.setattr(clock, "today", lambda *_: tomorrow)
    for one in (approval_id, with_facts):
        grant(alice, one)
        assert desk.row(one)["status"] == "granted"


def test_a_proposal_of_an_inactive_requester_can_only_be_declined(
    desk: Desk, alice: Person, bob: Person, leila: Person, moved: tuple[str, str]
) -> None:
    """Without the requester, neither the consequences nor the amount are known."""
    other = desk.propose(bob, "probe_invoice")
    desk.run("update users set is_active = false where id = :i", i=bob.actor.user_id)
    for approval_id in (moved[0], other):
        with pytest.raises(RequesterGone):
            grant(alice, approval_id)
    arguments = dict(desk.row(other)["payload"]) | {"amount": "80000.00", "currency": "INR"}
    answer = leila.api.post(f"/approvals/{other}/edit", json={"arguments": arguments})
    assert (answer.status_code, answer.json["detail"]) == (409, "requester_unknown")  # type: ignore[index]
    assert [desk.row(one)["status"] for one in (moved[0], other)] == ["pending", "pending"]
    assert desk.row(other)["payload"].get("amount") is None
    alice.does(lambda actor: deciding.resolve(actor, other, granted=False).id)


def test_an_edited_proposal_of_an_inactive_requester_is_not_renewed(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    approval_id = desk.propose(bob, "probe_invoice")
    edited = dict(desk.row(approval_id)["payload"]) | {"text": "edited"}
    alice.does(lambda actor: proposing.edit(actor, approval_id, edited).id)
    desk.run("update users set is_active = false where id = :i", i=bob.actor.user_id)
    answers = (
        leila.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True}),
        leila.api.post(
            f"/approvals/{approval_id}/edit", json={"arguments": edited | {"text": "again"}}
        ),
    )
    for answer in answers:
        assert (answer.status_code, answer.json["detail"]) == (409, "requester_unknown")  # type: ignore[index]
    assert desk.row(approval_id)["status"] == "pending"


def test_four_eyes_are_checked_before_the_preview(desk: Desk, alice: Person, leila: Person) -> None:
    approval_id = proposed(desk, alice, draft(alice, line("100.00")))
    issued(alice, line("7.00"))
    with pytest.raises(SelfApproval):
        grant(alice, approval_id)
    assert desk.row(approval_id)["status"] == "pending"


def test_in_a_message_each_preview_is_judged_after_the_others(
    desk: Desk, alice: Person, bob: Person, leila: Person, drain: Callable[[], None]
) -> None:
    session_id, invoice_id = desk.conversation(bob), str(issued(alice))
    receipt = {"invoice_id": invoice_id, "currency": "INR", "paid_on": "2024-06-25"}
    first, second = (
        desk.propose(
            bob,
            "record_receipt",
            session_id=session_id,
            arguments=receipt | {"amount": amount},
            tool_call_id=amount,
        )
        for amount in ("300", "400")
    )

    def send(*approved: str) -> int:
        return leila.api.post(
            f"/chat/sessions/{session_id}/messages",
            json={"approvals": dict.fromkeys(approved, True)},
        ).status_code

    assert send(second, first) == 409
    assert (desk.row(first)["status"], desk.row(second)["status"]) == ("pending", "expired")
    fresh = desk.row(desk.row(second)["superseded_by"])
    (owes,) = fresh["preview"]["balances"]
    assert (owes["before"]["amount"], owes["after"]["amount"]) == ("44700.00", "44300.00")
    assert send(fresh["id"], first) == 200
    drain()
    assert {desk.row(one)["effect_status"] for one in (first, fresh["id"])} == {"done"}


def test_if_one_preview_is_stale_no_decision_of_the_message_is_made(
    desk: Desk, alice: Person, bob: Person
) -> None:
    session_id = desk.conversation(bob)
    stale = proposed(
        desk, bob, draft(alice, line("100.00")), session_id=session_id, tool_call_id="a"
    )
    good = desk.propose(bob, session_id=session_id, tool_call_id="b")
    issued(alice, line("7.00"))
    answer = alice.api.post(
        f"/chat/sessions/{session_id}/messages",
        json={"message": "and now?", "approvals": {good: True, stale: True}},
    )
    assert (answer.status_code, answer.json["detail"]) == (409, "preview_stale")  # type: ignore[index]
    assert desk.row(good)["status"] == "pending"
    assert desk.row(stale)["superseded_by"] is not None
    with alice.acting():
        running = chats.find_running_turn(session_id)
        assert running is not None
        assert (running.kind, running.approval_id) == (
            "continuation",
            stale,
        ), "which shows the fresh request"
        assert chats.get_session(session_id).message_count == 0
    assert alice.does(
        lambda actor: assistant.send(actor, session_id, decisions={good: False}).awaits
    ) == (good,)


def test_a_decision_needs_the_version_that_the_person_saw(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = desk.propose(bob, "probe_invoice")
    shown = alice.api.get(f"/approvals/{approval_id}")
    assert shown.headers["ETag"] == f'"{desk.row(approval_id)["preview_hash"]}"'
    other = {"If-Match": f'"{"0" * 64}"'}
    answer = alice.api.post(
        f"/approvals/{approval_id}/resolve", json={"granted": True}, headers=other
    )
    assert (answer.status_code, answer.json["detail"]) == (412, "preview_stale")  # type: ignore[index]
    assert desk.row(approval_id)["status"] == "pending"
    answer = alice.api.post(
        f"/approvals/{approval_id}/resolve",
        json={"granted": True},
        headers={"If-Match": shown.headers["ETag"]},
    )
    assert answer.status_code == 200, answer.text


def test_the_database_protects_the_preview_after_the_decision(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice)
    grant(alice, approval_id)
    with pytest.raises(Exception, match="preview of a decided proposal cannot be changed"):
        desk.run(
            "update approvals set preview = '{}', preview_hash = repeat('0', 64) where id = :i",
            i=approval_id,
        )
    with pytest.raises(Exception, match="ck_approvals_superseded"):
        desk.run("update approvals set superseded_by = 'ap-x' where id = :i", i=approval_id)
