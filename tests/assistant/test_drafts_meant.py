"""`issue it` means the draft that the conversation is about, and a draft that is to be changed is
named with the page that changes it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.assistant.conftest import Talk, of_kind, text
from tests.assistant.phrasings import ABOUT_DEEPA, DRAFT, PLAIN, WITH_DRAFT, bill, invoice
from tests.billing.papers import draft, line
from tests.people import Person
from voyagent.assistant.moves import Call, Context, Conversation, Move, Outcome, Played, Say
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand

JsonObject = dict[str, Any]
GILL: JsonObject = {
    "id": DRAFT,
    "customer_name": "Harbinder Singh Gill",
    "total": {"amount": "72800.00", "currency": "INR"},
    "status": "draft",
}
NAIR: JsonObject = {**GILL, "id": "i-2", "customer_name": "Meera Nair"}
WAITS = {
    "id": "a-1",
    "tool": "draft_invoice",
    "arguments": invoice("Harbinder Singh Gill", bill("Bali package", "72800")),
    "summary": "Draft an invoice",
}
WAITING = replace(PLAIN, waiting=[WAITS])
TOLD = replace(
    PLAIN,
    last={
        "tool": "find_invoices",
        "arguments": {"customer_name": "Gill"},
        "ids": [],
        "drafts": [GILL],
    },
)
BOTH_TOLD = replace(PLAIN, last={**TOLD.last, "drafts": [GILL, NAIR]})


def looked_up(said: str, found: list[JsonObject], context: Context = PLAIN) -> Move:
    first = understand(said, context)
    assert isinstance(first, Call), first
    assert first.tool == "find_invoices"
    return BuiltInPlanner().next_move(
        Conversation(
            said, context, (Played(first, Outcome({"count": len(found), "invoices": found})),)
        )
    )


@pytest.mark.parametrize(
    "said",
    [
        "issue it",
        "ok, issue it now",
        "please issue the draft",
        "issue the invoice for Harbinder",
        "issue Harbinder Singh Gill's invoice",
    ],
)
def test_a_request_that_waits_is_a_draft_once_it_is_granted(said: str) -> None:
    move = understand(said, WAITING)
    assert isinstance(move, Say), move
    assert move.text.startswith("The invoice for Harbinder Singh Gill still waits for a decision")
    assert "Once approved it is a draft" in move.text


def test_another_name_than_that_of_the_request_is_another_draft() -> None:
    assert understand("issue the invoice for Meera Nair", WAITING) == Call(
        "find_invoices", {"status": "draft", "customer_name": "Meera Nair"}
    )


@pytest.mark.parametrize(
    ("said", "context"),
    [
        ("issue it", WITH_DRAFT),
        ("issue it", TOLD),
        ("now issue that", TOLD),
        ("issue the draft for Harbinder", TOLD),
    ],
)
def test_the_draft_of_the_conversation_or_the_one_told_last_is_meant(
    said: str, context: Context
) -> None:
    move = understand(said, context)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == ("issue_invoice", {"invoice_id": DRAFT})


@pytest.mark.parametrize(
    ("context", "found"), [(PLAIN, [NAIR]), (PLAIN, [NAIR, GILL]), (BOTH_TOLD, [NAIR, GILL])]
)
def test_it_alone_is_no_draft_that_nobody_has_spoken_of(
    context: Context, found: list[JsonObject]
) -> None:
    move = looked_up("issue it", found, context)
    assert isinstance(move, Say), move
    assert "“issue the invoice for Meera Nair”" in move.text


def test_with_an_enquiry_it_is_the_draft_of_its_customer() -> None:
    assert understand("issue it", ABOUT_DEEPA) == Call(
        "find_invoices", {"status": "draft", "customer_name": "Deepa Krishnan"}
    )
    assert isinstance(looked_up("issue it", [GILL], ABOUT_DEEPA), Call)


CHANGES = [
    "correct the draft for Harbinder Singh Gill: 70,000 instead of 72,800",
    "change the invoice of Harbinder Singh Gill to 70,000",
    "change Harbinder Singh Gill’s draft to 70,000",
    "please edit the invoice for Harbinder Singh Gill",
    "fix the draft invoice for Harbinder Singh Gill, 70,000",
    "update the invoice amount for Harbinder Singh Gill to 70,000",
]


@pytest.mark.parametrize("said", CHANGES)
def test_a_draft_that_is_to_be_changed_is_named_with_its_page(said: str) -> None:
    assert understand(said, PLAIN) == Call(
        "find_invoices", {"status": "draft", "customer_name": "Harbinder Singh Gill"}
    )
    move = looked_up(said, [GILL])
    assert isinstance(move, Say), move
    assert "Harbinder Singh Gill, INR 72,800.00" in move.text
    assert f"[/invoices/{DRAFT}/edit](/invoices/{DRAFT}/edit)" in move.text
    several = looked_up(said, [GILL, {**GILL, "id": "i-9"}])
    assert isinstance(several, Say), several
    assert "(/invoices/i-9/edit)" in several.text
    none = looked_up(said, [])
    assert isinstance(none, Say), none
    assert "credit note" in none.text


@pytest.mark.parametrize(
    "said", [*CHANGES[:3], CHANGES[4], CHANGES[5], "change the draft from 72,800 to 70,000"]
)
def test_a_request_that_waits_is_set_right_in_its_place(said: str) -> None:
    move = understand(said, WAITING)
    assert isinstance(move, Call), move
    assert (move.tool, move.replaces) == ("draft_invoice", "a-1")
    assert move.arguments == invoice("Harbinder Singh Gill", bill("Bali package", "70000"))


def test_what_cannot_be_read_of_a_request_that_waits_is_led_to_its_button() -> None:
    move = understand("edit the invoice for Harbinder Singh Gill", WAITING)
    assert isinstance(move, Say), move
    assert "“Edit”" in move.text


def test_an_invoice_with_a_number_stays_as_it_is() -> None:
    move = understand("change invoice 2026-27/000012 to 70,000", PLAIN)
    assert isinstance(move, Say), move
    assert "credit note" in move.text


def test_issue_it_is_said_of_the_one_draft_and_never_of_another(alice: Person, talk: Talk) -> None:
    other, meant = (
        draft(alice, line("100.00"), customer_name=name)
        for name in ("Meera Nair", "Harbinder Singh Gill")
    )
    session_id = talk.begin(alice)
    assert "There are several drafts" in text(talk.say(alice, session_id, "issue it"))
    talk.say(alice, session_id, "show the drafts of Harbinder Singh Gill")
    asked = of_kind(talk.say(alice, session_id, "issue it"), "tool_use")[-1]
    assert (asked["tool_name"], UUID(asked["tool_input"]["invoice_id"])) == ("issue_invoice", meant)
    told = text(talk.say(alice, session_id, "change the invoice of Meera Nair to 70,000"))
    assert f"/invoices/{other}/edit" in told
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "invoice Ravi Menon 45,000 for Dubai visa")
    assert "Ravi Menon still waits" in text(talk.say(alice, session_id, "issue it"))
    talk.decide(alice, talk.pending(alice, session_id)[0]["approval_id"])
    assert "issue the invoice for Ravi Menon waits" in text(talk.say(alice, session_id, "issue it"))
