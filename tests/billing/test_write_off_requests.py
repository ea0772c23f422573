"""Requests for write-offs: created in a conversation, approved, executed once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.billing.papers import DUE, draft, issued, pay
from tests.billing.test_write_offs import WHY, amounts, findings, write_off
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page, submit
from tests.ledger.books import balances
from tests.people import ApiClient, People, Person
from voyagent.approvals.service import effects as registry
from voyagent.billing.invoices.queries.documents import read_document
from voyagent.billing.paper.documents.pdf import document_of
from voyagent.kernel import clock
from voyagent.kernel.ids import new_id
from voyagent.ledger.service import months

BODY = {"amount": "1000.00", "reason": WHY, "written_off_on": "2024-06-25"}
Drain = Callable[[], None]


@pytest.fixture
def leila(people: People, alice: Person) -> Person:
    """Alice's colleague who leads accounting and may approve."""
    return people.colleague(alice, "Leila Lead", role="accounting_lead")


def ask(person: Person, invoice_id: UUID, **given: Any) -> Any:
    """Request a write-off in the API."""
    answer = person.api.post(f"/invoices/{invoice_id}/write-off", json=BODY | given)
    assert answer.status_code == 201, answer.text
    return answer.json


def resolve(
    person: Person, approval_id: str, *, granted: bool = True, seen: str | None = None
) -> Any:
    return person.api.post(
        f"/approvals/{approval_id}/resolve",
        json={"granted": granted},
        headers={"If-Match": seen} if seen else {},
    )


def status_and_code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["detail"]


# The request
# --------------------------------------------------------------------------------


def test_a_write_off_needs_an_approver_with_bookkeeping_and_four_eyes() -> None:
    effect = registry.find("write_off_invoice")
    assert effect is not None
    assert (effect.approver_roles, effect.money, effect.reversible) == (
        {"accounting_lead", "agency_admin"},
        True,
        True,
    )


def test_a_request_posts_nothing_and_is_shown_in_a_new_conversation(
    alice: Person, bob: Person
) -> None:
    invoice_id = issued(alice)
    asked = ask(bob, invoice_id)
    assert (asked["tool_name"], asked["status"], asked["turn_id"]) == (
        "write_off_invoice",
        "pending",
        None,
    )
    assert (
        asked["summary"]
        == "Write off the balance of Deepa Krishnan on invoice 2024-25/000001, INR 1,000.00"
    )
    assert asked["payload"] == {"invoice_id": str(invoice_id), "currency": "INR"} | BODY
    session = bob.api.get(f"/chat/sessions/{asked['session_id']}").json
    assert session["title"] == "Write-off of 2024-25/000001"
    assert [one["approval_id"] for one in session["pending_approvals"]] == [asked["id"]]
    conversation = Page(alice.tab.get(f"/assistant/{asked['session_id']}"))
    talk = conversation.words(".//*[@id='talk']")
    assert (
        "Requested on invoice 2024-25/000001.Write off the balance of Deepa Krishnan on invoice"
        " 2024-25/000001" in talk
    )
    assert conversation.all(
        f".//*[@id='talk']//form[@action='/approvals/{asked['id']}/resolve']"
    ) or asked["id"] in str(conversation.links())
    assert asked["summary"] in Page(alice.tab.get("/approvals")).words()
    for address, place in (
        ("/approvals", "inbox"),
        (f"/approvals/{asked['id']}", "review"),
        ("/", "needs-you"),
    ):
        words = Page(alice.tab.get(address)).words(f".//*[@id='{place}']")
        assert "Bob Colleague, in the app" in words, address
        assert "Assistant" not in words, address
    assert (amounts(alice, invoice_id), balances(alice)["receivable", "INR"]) == (
        (0, 0, 0, 4_500_000),
        4_500_000,
    )


def test_the_review_shows_the_postings_and_the_open_amount_before_and_after(
    alice: Person, bob: Person
) -> None:
    pay(alice, (invoice_id := issued(alice)), 4_300_000)
    shown = ask(bob, invoice_id)["preview"]
    names = ("code", "name", "party", "currency", "debit", "credit", "before", "after")
    assert [tuple(line[name] for name in names) for line in shown["lines"]] == [
        ("5750", "Bad debts", "Deepa Krishnan", "INR", "1000.00", None, "0.00", "1000.00"),
        (
            "1200",
            "Trade receivables",
            "Deepa Krishnan",
            "INR",
            None,
            "1000.00",
            "2000.00",
            "1000.00",
        ),
    ]
    (owed,) = shown["balances"]
    assert (owed["before"]["amount"], owed["after"]["amount"]) == ("2000.00", "1000.00")
    assert [fact["value"] for fact in shown["facts"]] == [
        "INR 1,000.00",
        "INR 2,000.00",
        "25 Jun 2024",
        WHY,
    ]


def test_an_approval_writes_off_and_the_invoice_shows_request_and_write_off(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 4_400_000)
    asked = ask(bob, invoice_id)
    waiting = Page(bob.tab.get(f"/invoices/{invoice_id}"))
    assert f"/approvals/{asked['id']}" in waiting.links()
    assert f"/invoices/{invoice_id}/write-off" not in waiting.links(), "one request at a time"
    assert alice.api.get(f"/invoices/{invoice_id}").json["write_off_approval_id"] == asked["id"]
    assert resolve(leila, asked["id"]).status_code == 200
    drain()
    document = alice.api.get(f"/invoices/{invoice_id}").json
    (row,) = document["write_offs"]
    assert (
        document["status"],
        document["written_off_amount"],
        document["credited_amount"],
        document["open_amount"],
    ) == ("paid", "1000.00", "0.00", "0.00")
    assert document["write_off_approval_id"] is None
    assert (row["amount"], row["effective_on"], row["reason"], row["is_taken_back"]) == (
        "1000.00",
        "2024-06-25",
        WHY,
        False,
    )
    page = Page(bob.tab.get(f"/invoices/{invoice_id}"))
    assert f"/ledger/entries/{row['journal_entry_id']}" in page.links() or any(
        row["journal_entry_id"] in link for link in page.links()
    )
    assert not any("take-back" in link for link in page.links()), "an agent takes nothing back"
    assert any(
        "take-back" in link for link in Page(leila.tab.get(f"/invoices/{invoice_id}")).links()
    )
    approval = leila.api.get(f"/approvals/{asked['id']}").json
    assert (
        approval["effect_status"],
        approval["effect_result"]["open_amount"],
        approval["effect_result"]["written_off"],
    ) == ("done", "0.00", True)
    assert balances(alice)["bad_debts", "INR"] == 100_000
    assert findings(alice) == []


def test_the_conversation_continues_after_the_act(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    asked = ask(bob, issued(alice))
    resolve(leila, asked["id"])
    drain()
    talk = Page(bob.tab.get(f"/assistant/{asked['session_id']}")).words(".//*[@id='talk']")
    assert "Leila Lead approved" in talk, talk
    assert "2024-25/000001" in talk.split("Leila Lead approved")[1], talk


def test_a_declined_request_can_be_made_again(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    invoice_id = issued(alice)
    assert resolve(leila, ask(bob, invoice_id)["id"], granted=False).status_code == 200
    drain()
    assert amounts(alice, invoice_id) == (0, 0, 0, 4_500_000)
    assert ask(bob, invoice_id)["status"] == "pending"


def test_the_requester_does_not_approve(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    """Bob's role may not approve, and Leila may not approve her own request."""
    invoice_id = issued(alice)
    asked = ask(leila, invoice_id)
    assert status_and_code(resolve(bob, asked["id"])) == (403, "forbidden_role")
    assert status_and_code(resolve(leila, asked["id"])) == (403, "self_approval")
    drain()
    assert amounts(alice, invoice_id) == (0, 0, 0, 4_500_000)
    assert resolve(alice, asked["id"]).status_code == 200
    drain()
    assert amounts(alice, invoice_id) == (0, 100_000, 100_000, 4_400_000)


def test_a_role_approves_only_within_its_limit(alice: Person, bob: Person, leila: Person) -> None:
    assert (
        alice.api.patch(
            "/tenant-settings",
            json={"approval_limits": {"accounting_lead": {"amount": "999.99", "currency": "INR"}}},
        ).status_code
        == 200
    )
    asked = ask(bob, issued(alice))
    assert status_and_code(resolve(leila, asked["id"])) == (403, "amount_above_limit")
    assert resolve(alice, asked["id"]).status_code == 200


def test_amount_and_date_have_defaults(alice: Person, bob: Person) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 4_400_050)
    answer = bob.api.post(f"/invoices/{invoice_id}/write-off", json={"reason": WHY})
    assert answer.status_code == 201, answer.text
    assert (answer.json["payload"]["amount"], answer.json["payload"]["written_off_on"]) == (
        "999.50",
        clock.today(bob.actor.timezone).isoformat(),
    )


def test_a_stale_preview_is_not_approved(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    invoice_id = issued(alice)
    asked = ask(bob, invoice_id)
    pay(alice, invoice_id, 4_400_000)
    assert status_and_code(resolve(leila, asked["id"])) == (409, "preview_stale")
    fresh = leila.api.get(f"/approvals/{asked['id']}").json["superseded_by"]
    assert leila.api.get(f"/invoices/{invoice_id}").json["write_off_approval_id"] == fresh
    assert resolve(leila, fresh).status_code == 200
    drain()
    assert amounts(alice, invoice_id) == (4_400_000, 100_000, 100_000, 0)


def test_while_an_approved_write_off_runs_no_other_can_be_requested(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    invoice_id = issued(alice)
    asked = ask(bob, invoice_id)
    resolve(leila, asked["id"])
    assert "is in progress" in Page(bob.tab.get(f"/invoices/{invoice_id}")).words(
        ".//*[@id='write-offs']"
    )
    assert status_and_code(bob.api.post(f"/invoices/{invoice_id}/write-off", json=BODY)) == (
        409,
        "write_off_requested",
    )
    drain()
    assert ask(bob, invoice_id)["status"] == "pending"


def test_an_outdated_request_fails_with_its_reason(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    invoice_id = issued(alice)
    asked = ask(bob, invoice_id)
    assert resolve(leila, asked["id"]).status_code == 200
    pay(alice, invoice_id, 4_450_000)  # after the grant, before the worker
    drain()
    approval = leila.api.get(f"/approvals/{asked['id']}").json
    assert (approval["effect_status"], approval["effect_error"]) == (
        "failed",
        "write_off_exceeds_open",
    )
    assert amounts(alice, invoice_id) == (4_450_000, 0, 0, 50_000)
    assert findings(alice) == []


def test_deleting_the_conversation_deletes_the_request(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    invoice_id = issued(alice)
    asked = ask(bob, invoice_id)
    assert bob.api.delete(f"/chat/sessions/{asked['session_id']}").status_code == 204
    assert status_and_code(resolve(leila, asked["id"])) == (404, "approval_not_found")
    drain()
    assert alice.api.get(f"/invoices/{invoice_id}").json["write_off_approval_id"] is None
    assert amounts(alice, invoice_id) == (0, 0, 0, 4_500_000)
    assert ask(bob, invoice_id)["status"] == "pending", "and another may be asked for"


def test_an_approved_request_runs_after_its_conversation_is_deleted(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    invoice_id = issued(alice)
    asked = ask(bob, invoice_id)
    resolve(leila, asked["id"])
    bob.api.delete(f"/chat/sessions/{asked['session_id']}")
    drain()
    assert amounts(alice, invoice_id) == (0, 100_000, 100_000, 4_400_000)


def test_an_expired_request_does_not_block_a_new_one(
    alice: Person, bob: Person, leila: Person, owner_engine: sa.Engine
) -> None:
    invoice_id = issued(alice)
    asked = ask(bob, invoice_id)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update approvals set expires_at = now() - interval '1 second' where id = :id"),
            {"id": asked["id"]},
        )
    assert status_and_code(resolve(leila, asked["id"])) == (409, "approval_already_resolved")
    assert ask(bob, invoice_id)["id"] != asked["id"]


def test_an_edited_request_runs_with_the_new_arguments(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    invoice_id = issued(alice)
    asked = ask(bob, invoice_id)
    changed = leila.api.post(
        f"/approvals/{asked['id']}/edit",
        json={"arguments": asked["payload"] | {"amount": "500.00"}},
    )
    if changed.status_code == 404:
        changed = leila.api.patch(
            f"/approvals/{asked['id']}", json={"arguments": asked["payload"] | {"amount": "500.00"}}
        )
    assert changed.status_code == 200, changed.text
    assert status_and_code(resolve(leila, asked["id"])) == (403, "self_approval")
    resolve(alice, asked["id"], seen=changed.headers["ETag"])
    drain()
    assert amounts(alice, invoice_id) == (0, 50_000, 50_000, 4_450_000)


# Refused requests
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"amount": "45000.01"}, (409, "write_off_exceeds_open")),
        ({"amount": "0.00"}, (422, "invalid_amount")),
        ({"amount": "1.005"}, (422, "invalid_amount")),
        ({"currency": "AED"}, (400, "mixed_currency")),
        ({"written_off_on": "2024-06-09"}, (400, "invalid_date")),
        (
            {"written_off_on": (clock.today() + timedelta(days=2)).isoformat()},
            (400, "date_in_future"),
        ),
    ],
)
def test_a_request_that_would_fail_is_refused(
    alice: Person, bob: Person, given: dict[str, Any], answer: tuple[int, str]
) -> None:
    invoice_id = issued(alice)
    refused = bob.api.post(f"/invoices/{invoice_id}/write-off", json=BODY | given)
    assert status_and_code(refused) == answer
    assert bob.api.get("/approvals").json["total"] == 0
    assert bob.api.get("/chat/sessions").json["sessions"] == []


@pytest.mark.parametrize(
    "given", [{"reason": ""}, {"reason": None}, {"amount": 5}, {"amount": "-1"}, {"surprise": 1}]
)
def test_a_body_that_breaks_the_schema_is_refused(
    alice: Person, bob: Person, given: dict[str, Any]
) -> None:
    assert (
        bob.api.post(f"/invoices/{issued(alice)}/write-off", json=BODY | given).status_code == 422
    )


def test_a_closed_month_and_a_document_that_is_not_open_are_refused(
    alice: Person, bob: Person
) -> None:
    invoice_id = issued(alice)
    alice.does(months.close_month, date(2024, 6, 1))
    assert status_and_code(bob.api.post(f"/invoices/{invoice_id}/write-off", json=BODY)) == (
        409,
        "period_locked",
    )
    assert status_and_code(bob.api.post(f"/invoices/{draft(alice)}/write-off", json=BODY)) == (
        409,
        "document_not_open",
    )


def test_viewers_other_agencies_and_anonymous_callers_are_refused(
    people: People, app: Flask, alice: Person, charlie: Person
) -> None:
    invoice_id, viewer = issued(alice), people.colleague(alice, "Vera Viewer", role="viewer")
    path = f"/invoices/{invoice_id}/write-off"
    assert status_and_code(viewer.api.post(path, json=BODY))[0] == 403
    assert status_and_code(charlie.api.post(path, json=BODY)) == (404, "invoice_not_found")
    assert status_and_code(alice.api.post(f"/invoices/{new_id()}/write-off", json=BODY)) == (
        404,
        "invoice_not_found",
    )
    assert status_and_code(ApiClient(app.test_client(), None).post(path, json=BODY))[0] == 401
    assert viewer.tab.get(path).status_code == 403
    assert charlie.tab.get(path).status_code == 404
    assert path not in Page(viewer.tab.get(f"/invoices/{invoice_id}")).links()
    assert alice.api.get("/approvals").json["total"] == 0


def test_a_second_request_reports_the_pending_one(alice: Person, bob: Person) -> None:
    invoice_id = issued(alice)
    ask(bob, invoice_id)
    assert status_and_code(alice.api.post(f"/invoices/{invoice_id}/write-off", json=BODY)) == (
        409,
        "write_off_requested",
    )
    assert ask(alice, issued(alice))["status"] == "pending", "another invoice is another matter"


def test_one_of_several_parallel_requests_is_made(alice: Person, bob: Person) -> None:
    invoice_id, api = issued(alice), bob.api
    answers = at_once(
        [lambda: api.post(f"/invoices/{invoice_id}/write-off", json=BODY).status_code] * 4
    )
    assert sorted(answers) == [201, 409, 409, 409]
    assert bob.api.get("/approvals").json["total"] == 1


def test_a_repeat_with_one_idempotency_key_is_the_same_request(alice: Person, bob: Person) -> None:
    invoice_id, api, key = issued(alice), bob.api, {"Idempotency-Key": "write-off-1"}
    first, again = (
        api.post(f"/invoices/{invoice_id}/write-off", json=BODY, headers=key) for _ in range(2)
    )
    assert (first.status_code, again.status_code, again.json) == (201, 201, first.json)
    assert bob.api.get("/approvals").json["total"] == 1
    assert len(bob.api.get("/chat/sessions").json["sessions"]) == 1


# On the page
# --------------------------------------------------------------------------------


def test_the_page_requests_a_write_off(alice: Person, bob: Person) -> None:
    invoice_id, browser = issued(alice), bob.tab
    path = f"/invoices/{invoice_id}/write-off"
    assert path in Page(browser.get(f"/invoices/{invoice_id}")).links()
    form = Page(browser.get(path))
    assert form.field("amount") == "45,000.00"
    assert "5750 Bad debts" in form.words(".//*[@id='postings']")
    done = submit(browser, path, amount="45,000.00", reason=WHY, written_off_on="25 Jun 2024")
    assert (done.status_code, done.headers["Location"]) == (303, f"/invoices/{invoice_id}")
    (asked,) = bob.api.get("/approvals").json["items"]
    assert asked["payload"]["amount"] == "45000.00"
    assert "waiting for approval" in Page(browser.get(f"/invoices/{invoice_id}")).words(
        ".//*[@id='write-offs']"
    )
    again = submit(browser, path, amount="1", reason=WHY, written_off_on="25 Jun 2024")
    assert again.status_code == 422
    assert "already waiting for approval" in Page(again).words()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("amount", "45,000.01", "more than the amount due"),
        ("amount", "much", "such as"),
        ("reason", "", ""),
        ("written_off_on", "1 Jan 2024", "This date is too early"),
    ],
)
def test_errors_are_shown_at_their_fields(
    alice: Person, bob: Person, field: str, value: str, sentence: str
) -> None:
    path = f"/invoices/{issued(alice)}/write-off"
    fields = {"amount": "10", "reason": WHY, "written_off_on": "25 Jun 2024"} | {field: value}
    answer = submit(bob.tab, path, **fields)
    assert answer.status_code in (400, 409, 422)
    assert sentence in Page(answer).error_at(field)
    assert Page(answer).error_at(field)
    assert bob.api.get("/approvals").json["total"] == 0


def test_a_settled_invoice_has_no_write_off_page(alice: Person) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 4_500_000)
    answer = alice.tab.get(f"/invoices/{invoice_id}/write-off")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/invoices/{invoice_id}")


# Reversal
# --------------------------------------------------------------------------------


def test_the_api_reverses_a_write_off_once(
    people: People, alice: Person, bob: Person, charlie: Person
) -> None:
    invoice_id = issued(alice)
    path = f"/invoices/{invoice_id}/write-offs/{write_off(alice, invoice_id)}/take-back"
    body = {"reason": "Has paid after all", "effective_on": "2024-06-26"}
    assert status_and_code(bob.api.post(path, json=body))[0] == 403
    assert status_and_code(charlie.api.post(path, json=body)) == (404, "invoice_not_found")
    assert status_and_code(
        alice.api.post(f"/invoices/{invoice_id}/write-offs/{new_id()}/take-back", json=body)
    ) == (404, "write_off_not_found")
    assert status_and_code(alice.api.post(path, json=body | {"effective_on": "2024-06-24"})) == (
        400,
        "invalid_date",
    )
    key = {"Idempotency-Key": "take-back-1"}
    first, again = (alice.api.post(path, json=body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, again.json) == (200, 200, first.json)
    assert [(one["amount"], one["is_taken_back"]) for one in first.json["write_offs"]] == [
        ("45000.00", True),
        ("-45000.00", False),
    ]
    assert (first.json["status"], first.json["open_amount"], first.json["written_off_amount"]) == (
        "issued",
        "45000.00",
        "0.00",
    )
    assert status_and_code(alice.api.post(path, json=body)) == (409, "write_off_taken_back")
    assert findings(alice) == []


def test_a_role_reverses_only_within_its_limit(alice: Person, leila: Person) -> None:
    invoice_id = issued(alice)
    path = f"/invoices/{invoice_id}/write-offs/{write_off(alice, invoice_id)}/take-back"
    alice.api.patch(
        "/tenant-settings",
        json={"approval_limits": {"accounting_lead": {"amount": "999.99", "currency": "INR"}}},
    )
    assert status_and_code(leila.api.post(path, json={"reason": "Has paid"})) == (
        403,
        "amount_above_limit",
    )


def test_the_page_reverses_a_write_off(alice: Person) -> None:
    invoice_id, browser = issued(alice), alice.tab
    path = f"/invoices/{invoice_id}/write-offs/{write_off(alice, invoice_id, 100)}/take-back"
    assert path in Page(browser.get(f"/invoices/{invoice_id}")).links()
    assert "1.00" in Page(browser.get(path)).words()
    wrong = submit(browser, path, reason="", effective_on="26 Jun 2024")
    assert (wrong.status_code, bool(Page(wrong).error_at("reason"))) == (422, True)
    done = submit(browser, path, reason="Has paid", effective_on="26 Jun 2024")
    assert (done.status_code, done.headers["Location"]) == (303, f"/invoices/{invoice_id}")
    page = Page(browser.get(f"/invoices/{invoice_id}"))
    assert path not in page.links()
    assert "reversed" in page.words(".//*[@id='write-offs']")
    twice = submit(browser, path, reason="Has paid", effective_on="26 Jun 2024")
    assert twice.status_code == 422
    assert "already reversed" in Page(twice).words()
    assert (
        alice.tab.get(f"/invoices/{issued(alice)}/write-offs/{new_id()}/take-back").status_code
        == 404
    )


# Lists, PDF and statement
# --------------------------------------------------------------------------------


def test_list_page_and_pdf_say_that_nothing_is_due(
    alice: Person,
) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 4_400_000)
    write_off(alice, invoice_id)
    assert "Settled" in Page(alice.tab.get("/invoices")).words(".//tbody")
    sheet = Page(alice.tab.get(f"/invoices/{invoice_id}")).words(".//*[@id='sums']")
    assert sheet.endswith("Written off−1,000.00Settled₹0.00"), sheet
    with alice.reading() as reader:
        paper = document_of(reader, read_document(reader, invoice_id), "Malabar")
    assert paper.content.startswith(b"%PDF")


def test_the_customers_statement_has_the_write_off_on_its_day(alice: Person) -> None:
    invoice_id = issued(alice)
    write_off(alice, invoice_id, 1_000_000)
    for as_of, total in ((DUE - timedelta(days=1), "45000.00"), (DUE, "35000.00")):
        answer = alice.api.get(f"/reports/receivables?from=2024-01-01&to=2024-12-31&as_of={as_of}")
        assert answer.status_code == 200, answer.text
        assert total in answer.text
    statement = alice.api.get(
        "/reports/party-statement?kind=customer&party=Deepa Krishnan&from=2024-06-01&to=2024-06-30"
    ).json
    assert "Write-off of invoice 2024-25/000001" in str(statement)
    assert "35000.00" in str(statement)
