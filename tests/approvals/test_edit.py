"""Editing a proposal before it is approved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from tests.approvals.conftest import Desk
from tests.billing.papers import issued, pay, receive
from tests.ledger.books import account_id
from tests.people import People, Person
from voyagent.approvals.service import deciding
from voyagent.kernel.canonical import digest

DRAFT: dict[str, Any] = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2024-06-10",
    "due_date": "2024-06-25",
    "line_items": [
        {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00", "currency": "INR"}
    ],
}


def proposed(desk: Desk, person: Person, **given: Any) -> str:
    return desk.propose(
        person,
        "draft_invoice",
        arguments=DRAFT,
        summary="Draft an invoice for Deepa Krishnan",
        **given,
    )


def edit(
    person: Person, approval_id: str, headers: dict[str, str] | None = None, **changes: Any
) -> TestResponse:
    return person.api.post(
        f"/approvals/{approval_id}/edit", json={"arguments": DRAFT | changes}, headers=headers or {}
    )


def version(person: Person, approval_id: str) -> dict[str, str]:
    """Read a proposal and return the header that names its version."""
    return {"If-Match": person.api.get(f"/approvals/{approval_id}").headers["ETag"]}


def grant(person: Person, approval_id: str) -> tuple[int, str | None]:
    """Approve the present version of a proposal."""
    answer = person.api.post(
        f"/approvals/{approval_id}/resolve",
        json={"granted": True},
        headers=version(person, approval_id),
    )
    return answer.status_code, answer.json.get("detail")  # type: ignore[union-attr]


def test_an_edited_proposal_keeps_both_arguments_and_runs_the_new_ones(
    desk: Desk, alice: Person, bob: Person, drain: Callable[[], None]
) -> None:
    approval_id = proposed(desk, bob)
    before = desk.row(approval_id)
    lines = [DRAFT["line_items"][0] | {"unit_price": "20000"}]
    answer = edit(alice, approval_id, line_items=lines)
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json  # type: ignore[assignment]
    assert item["payload"] == DRAFT | {"line_items": lines}
    assert item["original_payload"] == DRAFT
    assert item["edited_by_user_id"] == str(alice.actor.user_id)
    assert item["summary"] == "Draft an invoice for Deepa Krishnan, INR 40,000.00"
    assert item["preview"]["document"]["total"] == {"amount": "40000.00", "currency": "INR"}
    row = desk.row(approval_id)
    assert row["arguments_hash"] == digest(row["payload"]) != before["arguments_hash"]
    assert row["preview_hash"] != before["preview_hash"]
    assert answer.headers["ETag"] == f'"{row["preview_hash"]}"'
    assert (row["amount_minor"], row["expires_at"], row["requested_by_user_id"]) == (
        4_000_000,
        before["expires_at"],
        bob.actor.user_id,
    )
    assert (
        alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True}).status_code
        == 200
    )
    drain()
    assert desk.row(approval_id)["effect_result"]["total_amount"] == "40000.00"
    edited = desk.events(approval_id, "proposal.edited")[0]
    assert edited["actor_id"] == alice.actor.user_id
    assert edited["inputs"]["arguments"] == row["payload"]
    assert edited["inputs"]["arguments_hash_before"] == before["arguments_hash"]
    assert desk.events(approval_id, "approval.granted")[0]["inputs"]["edited_by"] == str(
        alice.actor.user_id
    )
    assert desk.events(approval_id, "draft_invoice")[0]["inputs"]["arguments"] == row["payload"]


def test_a_second_edit_keeps_the_first_arguments_and_an_equal_edit_changes_nothing(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = proposed(desk, bob)
    assert edit(alice, approval_id).json["original_payload"] is None  # type: ignore[index]
    assert desk.events(approval_id, "proposal.edited") == []
    seen = {"If-Match": edit(alice, approval_id, customer_name="Deepa K").headers["ETag"]}
    again = edit(alice, approval_id, seen, customer_name="D. Krishnan")
    assert again.json["original_payload"] == DRAFT  # type: ignore[index]
    with pytest.raises(Exception, match="original arguments of a proposal cannot be changed"):
        desk.run("update approvals set original_payload = '{}' where id = :i", i=approval_id)


def test_a_proposal_edited_meanwhile_is_neither_approved_nor_overwritten(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    approval_id = proposed(desk, bob)
    seen = {"If-Match": alice.api.get(f"/approvals/{approval_id}").headers["ETag"]}
    assert edit(leila, approval_id, seen, customer_name="Deepa K").status_code == 200
    for answer in (
        edit(alice, approval_id, seen, customer_name="D. Krishnan"),
        alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True}, headers=seen),
    ):
        assert (answer.status_code, answer.json["detail"]) == (412, "preview_stale")  # type: ignore[index]
    assert desk.row(approval_id)["payload"]["customer_name"] == "Deepa K"


def resolve(person: Person, approval_id: str) -> tuple[int, str | None]:
    answer = person.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    return answer.status_code, answer.json.get("detail")  # type: ignore[union-attr]


def resolve_in_a_batch(person: Person, approval_id: str) -> tuple[int, str | None]:
    decisions = [{"approval_id": approval_id, "granted": True}]
    answer = person.api.post("/approvals/resolve", json={"decisions": decisions})
    (item,) = answer.json["items"]  # type: ignore[index]
    return item["status"], item["detail"]


def resolve_in_a_message(person: Person, approval_id: str) -> tuple[int, str | None]:
    session_id = person.api.get(f"/approvals/{approval_id}").json["session_id"]  # type: ignore[index]
    answer = person.api.post(
        f"/chat/sessions/{session_id}/messages", json={"approvals": {approval_id: True}}
    )
    return answer.status_code, answer.json["detail"] if answer.is_json else None  # type: ignore[index]


@pytest.mark.parametrize("approve", [resolve, resolve_in_a_batch, resolve_in_a_message])
def test_an_edit_by_somebody_else_is_not_approved_without_its_version(
    desk: Desk,
    alice: Person,
    bob: Person,
    leila: Person,
    approve: Callable[[Person, str], tuple[int, str | None]],
) -> None:
    approval_id = proposed(desk, bob)
    assert edit(leila, approval_id, customer_name="Deepa K").status_code == 200
    assert approve(alice, approval_id) == (409, "preview_stale")
    old = desk.row(approval_id)
    assert (old["status"], old["resolved_at"]) == ("expired", None)
    renewed = old["superseded_by"]
    assert desk.row(renewed)["payload"] == DRAFT | {"customer_name": "Deepa K"}
    assert edit(leila, renewed, version(leila, renewed), customer_name="Deepa").status_code == 200
    assert approve(alice, renewed) == (409, "preview_stale")
    assert approve(alice, desk.row(renewed)["superseded_by"]) == (200, None)


def test_an_edit_is_approved_with_its_version_and_declined_without(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    approved, declined = proposed(desk, bob), proposed(desk, bob, tool_call_id="c2")
    for approval_id in (approved, declined):
        assert edit(leila, approval_id, customer_name="Deepa K").status_code == 200
    path = f"/approvals/{approved}/resolve"
    anything = alice.api.post(path, json={"granted": False}, headers={"If-Match": '"other"'})
    assert (anything.status_code, anything.json["detail"]) == (412, "preview_stale")  # type: ignore[index]
    assert grant(alice, approved) == (200, None)
    path = f"/approvals/{declined}/resolve"
    assert alice.api.post(path, json={"granted": False}).status_code == 200


@pytest.mark.parametrize("by", ["the same person", "another person"])
def test_an_edited_proposal_is_edited_again_only_with_its_version(
    desk: Desk, alice: Person, bob: Person, leila: Person, by: str
) -> None:
    approval_id = proposed(desk, bob)
    first = edit(leila, approval_id, customer_name="Deepa K")
    person = leila if by == "the same person" else alice
    answer = edit(person, approval_id, customer_name="D. Krishnan")
    assert (answer.status_code, answer.json["detail"]) == (409, "preview_stale")  # type: ignore[index]
    renewed = desk.row(approval_id)["superseded_by"]
    assert desk.row(renewed)["payload"]["customer_name"] == "Deepa K"
    assert desk.row(renewed)["preview_hash"] == first.headers["ETag"].strip('"')
    second = edit(person, renewed, customer_name="D. Krishnan")
    assert second.status_code == 200
    seen = {"If-Match": second.headers["ETag"]}
    assert edit(person, renewed, seen, customer_name="Krishnan").status_code == 200


def test_invalid_arguments_are_reported_by_their_location(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = proposed(desk, bob)
    before = desk.row(approval_id)
    answer = edit(alice, approval_id, due_date="soon", surprise=1)
    assert answer.status_code == 422
    assert {tuple(item["loc"]) for item in answer.json["detail"]} == {
        ("body", "arguments", "due_date"),
        ("body", "arguments", "surprise"),
    }  # type: ignore[index]
    assert "soon" not in answer.text
    assert (
        alice.api.post(f"/approvals/{approval_id}/edit", json={"arguments": [1]}).status_code == 422
    )
    assert desk.row(approval_id) == before


def test_the_checks_of_an_edit_have_the_order_of_a_decision(
    desk: Desk, alice: Person, bob: Person, victor: Person, charlie: Person
) -> None:
    approval_id = proposed(desk, bob)
    assert edit(victor, "ap-unknown").json["detail"] == "forbidden_role"  # type: ignore[index]
    for person, target in ((alice, "ap-unknown"), (charlie, approval_id)):
        assert edit(person, target).status_code == 404
    assert edit(bob, approval_id).json["detail"] == "forbidden_role"  # type: ignore[index]
    unedited = desk.propose(bob, "probe_note")
    assert (edit(alice, unedited).status_code, edit(alice, unedited).json["detail"]) == (
        409,
        "approval_not_editable",
    )  # type: ignore[index]
    overdue = proposed(desk, bob, tool_call_id="late")
    desk.run_out(overdue)
    assert edit(alice, overdue).json["detail"] == "approval_already_resolved"  # type: ignore[index]
    assert desk.row(overdue)["status"] == "expired"
    alice.does(lambda actor: deciding.resolve(actor, approval_id, granted=False).id)
    assert edit(alice, approval_id, customer_name="X").json["detail"] == "approval_already_resolved"  # type: ignore[index]


def test_an_edit_that_a_rule_would_refuse_changes_nothing(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = proposed(desk, bob)
    before = desk.row(approval_id)
    answer = edit(alice, approval_id, due_date="2024-06-09")
    assert (answer.status_code, answer.json["detail"]) == (422, "invalid_date")  # type: ignore[index]
    assert desk.row(approval_id) == before
    assert not desk.events(approval_id, "proposal.edited")


def test_a_repeated_call_returns_the_edited_proposal(
    desk: Desk, alice: Person, bob: Person
) -> None:
    session_id = desk.conversation(bob)
    approval_id = proposed(desk, bob, session_id=session_id)
    edit(alice, approval_id, customer_name="Deepa K")
    assert proposed(desk, bob, session_id=session_id) == approval_id


def test_the_database_allows_changed_arguments_only_by_an_edit(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = proposed(desk, bob)
    with pytest.raises(Exception, match="a proposal cannot be changed"):
        desk.run("update approvals set payload = '{}' where id = :i", i=approval_id)
    edit(alice, approval_id, customer_name="Deepa K")
    with pytest.raises(Exception, match="a proposal cannot be changed"):
        desk.run("update approvals set payload = '{}' where id = :i", i=approval_id)
    alice.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    with pytest.raises(Exception, match="a proposal cannot be changed"):
        desk.run(
            "update approvals set payload = '{}', edited_at = now() where id = :i", i=approval_id
        )


def test_the_requester_of_an_edited_proposal_is_still_the_requester(
    desk: Desk, alice: Person, leila: Person
) -> None:
    approval_id = proposed(desk, alice)
    edit(alice, approval_id, customer_name="Deepa K")
    answer = alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    assert answer.json["detail"] == "self_approval"  # type: ignore[index]


@pytest.mark.parametrize("colleague", ["requester", "third"])
def test_an_editor_does_not_approve_alone_what_a_colleague_could(
    desk: Desk, alice: Person, bob: Person, leila: Person, colleague: str
) -> None:
    by = leila if colleague == "requester" else bob
    approval_id = proposed(desk, by)
    assert edit(alice, approval_id, customer_name="Deepa K").status_code == 200
    answer = alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    assert (answer.status_code, answer.json["detail"]) == (403, "self_approval")  # type: ignore[index]
    assert not alice.tab.get(f"/approvals/{approval_id}?step=grant").text.count(
        'name="granted" value="1"'
    )
    assert grant(leila, approval_id) == (200, None)


@pytest.mark.parametrize("last", ["another editor", "the requester", "a new preview"])
def test_an_earlier_editor_does_not_approve_alone_after_another_edit(
    desk: Desk, people: People, alice: Person, bob: Person, leila: Person, last: str
) -> None:
    arguments, _ = of_a_receipt(alice)
    requester = alice if last == "the requester" else bob
    approval_id = desk.propose(requester, "record_receipt", arguments=arguments, summary="Receipt")
    fourth = people.colleague(alice, "Farah Fourth", role="accounting_lead")

    def change(person: Person, **changes: Any) -> None:
        path = f"/approvals/{approval_id}/edit"
        seen = version(person, approval_id)
        answer = person.api.post(path, json={"arguments": arguments | changes}, headers=seen)
        assert answer.status_code == 200, answer.text

    change(leila, amount="15000")
    change(alice, amount="15000", reference="cheque 00123")
    if last == "a new preview":
        pay(alice, UUID(arguments["invoice_id"]), 100_000)
        assert grant(fourth, approval_id) == (409, "preview_stale")
        approval_id = desk.row(approval_id)["superseded_by"]
    assert desk.row(approval_id)["edited_by_user_id"] == alice.actor.user_id
    assert grant(leila, approval_id) == (403, "self_approval")
    assert grant(alice, approval_id) == (403, "self_approval")
    assert grant(fourth, approval_id) == (200, None)


def test_no_editor_approves_alone_where_everybody_who_could_has_edited(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    approval_id = proposed(desk, bob)
    assert edit(leila, approval_id, customer_name="Deepa K").status_code == 200
    seen = version(alice, approval_id)
    assert edit(alice, approval_id, seen, customer_name="Deepa K", notes="Paid").status_code == 200
    for person in (leila, alice):
        assert grant(person, approval_id) == (403, "self_approval")
        page = person.tab.get(f"/approvals/{approval_id}?step=grant").text
        assert "Everybody who could approve this request has changed it." in page
        assert 'name="granted" value="1"' not in page
    answer = leila.api.post(f"/approvals/{approval_id}/resolve", json={"granted": False})
    assert answer.status_code == 200


def test_an_editor_approves_where_four_eyes_are_off(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    desk.run(
        "update tenant_settings set four_eyes = false where tenant_id = :t",
        t=alice.actor.tenant_id,
    )
    approval_id = proposed(desk, bob)
    edit(alice, approval_id, customer_name="Deepa K")
    answer = alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    assert answer.status_code == 200


def of_a_receipt(alice: Person) -> tuple[dict[str, Any], dict[str, Any]]:
    first = {
        "invoice_id": str(issued(alice)),
        "amount": "20000",
        "currency": "INR",
        "paid_on": "2024-06-25",
    }
    return first, first | {"amount": "15000", "account": "cash", "reference": "cheque 00123"}


def of_a_payment(alice: Person) -> tuple[dict[str, Any], dict[str, Any]]:
    first = {
        "bill_id": str(receive(alice)),
        "amount": "20000",
        "currency": "INR",
        "paid_on": "2024-06-25",
    }
    return first, first | {"amount": "15000", "account": "cash", "paid_on": "2024-06-24"}


def of_a_bill(_alice: Person) -> tuple[dict[str, Any], dict[str, Any]]:
    first = {
        "vendor_name": "BSP India",
        "vendor_reference": "B-7",
        "issue_date": "2024-06-10",
        "due_date": "2024-06-25",
        "line_items": DRAFT["line_items"],
    }
    return first, first | {
        "line_items": [DRAFT["line_items"][0] | {"quantity": 1, "unit_price": "15000"}]
    }


def of_an_entry(alice: Person) -> tuple[dict[str, Any], dict[str, Any]]:
    def entry(amount: str) -> dict[str, Any]:
        sides = (("cash", "debit_amount"), ("bank", "credit_amount"))
        lines = [
            {"account_id": str(account_id(alice, account)), "currency": "INR", side: amount}
            for account, side in sides
        ]
        return {"entry": {"narration": "Petty cash", "lines": lines}}

    return entry("20000"), entry("15000")


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("record_receipt", of_a_receipt),
        ("pay_bill", of_a_payment),
        ("receive_bill", of_a_bill),
        ("post_journal_entry", of_an_entry),
    ],
)
def test_every_act_that_moves_money_can_be_edited_before_approval(
    desk: Desk,
    alice: Person,
    bob: Person,
    drain: Callable[[], None],
    tool: str,
    arguments: Callable[[Person], tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    first, second = arguments(alice)
    approval_id = desk.propose(bob, tool, arguments=first, summary=tool)
    answer = alice.api.post(f"/approvals/{approval_id}/edit", json={"arguments": second})
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json  # type: ignore[assignment]
    assert (item["payload"], item["original_payload"]) == (second, first)
    assert item["summary"].endswith(", INR 15,000.00")
    assert {line["debit"] or line["credit"] for line in item["preview"]["lines"]} == {"15000.00"}
    assert desk.row(approval_id)["amount_minor"] == 1_500_000
    assert (
        alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True}).status_code
        == 200
    )
    drain()
    assert desk.row(approval_id)["effect_status"] == "done"
