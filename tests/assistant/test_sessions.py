"""JSON API of conversations: create, list, read, rename and delete."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.assistant.line import INSTANT, INVOICE, UUID_TEXT, Line, proposal
from tests.people import ApiClient, Person
from voyagent.kernel.ids import new_id


def test_a_conversation_is_created_without_a_body_or_with_an_empty_one(alice: Person) -> None:
    for options in ({}, {"json": {}}, {"data": b"null", "content_type": "application/json"}):
        answer = alice.api.post("/chat/sessions", **options)
        assert answer.status_code == 201, answer.text
        assert UUID_TEXT.fullmatch(answer.json["session_id"])
    assert alice.api.post("/chat/sessions", json={"title": "x"}).status_code == 422


def test_the_list_is_newest_first_with_message_counts_and_names(alice: Person, line: Line) -> None:
    line.say("help")
    second = alice.api.post("/chat/sessions").json["session_id"]
    sessions = alice.api.get("/chat/sessions").json["sessions"]
    assert [session["id"] for session in sessions] == [second, line.session_id]
    assert [session["title"] for session in sessions] == [None, "help"]
    assert [session["message_count"] for session in sessions] == [0, 2]
    assert all(INSTANT.fullmatch(session["created_at"]) for session in sessions)
    assert len(alice.api.get("/chat/sessions?limit=1").json["sessions"]) == 1
    assert alice.api.get("/chat/sessions?limit=0").status_code == 422
    assert alice.api.get("/chat/sessions?limit=201").status_code == 422


def test_a_conversation_has_its_pending_proposals(alice: Person, line: Line) -> None:
    approval_id = proposal(line)
    shown = alice.api.get(f"/chat/sessions/{line.session_id}").json
    assert shown["session_id"] == line.session_id
    assert shown["tenant_id"] == str(alice.actor.tenant_id)
    assert shown["actor_id"] == str(alice.actor.user_id)
    assert shown["message_count"] == 4
    assert shown["title"] == INVOICE
    assert len(shown["pending_approvals"]) == 1
    assert shown["pending_approvals"][0]["approval_id"] == approval_id
    assert shown["pending_approvals"][0]["tool_name"] == "draft_invoice"
    assert "Deepa Krishnan" in shown["pending_approvals"][0]["summary"]


def test_the_name_is_the_first_sixty_characters_of_the_first_message(line: Line) -> None:
    line.say("   " + "what about this " * 10)
    assert (
        line.person.api.get(f"/chat/sessions/{line.session_id}").json["title"]
        == ("what about this " * 10)[:60].strip()
    )


def test_a_conversation_is_renamed(alice: Person, line: Line) -> None:
    answer = alice.api.patch(
        f"/chat/sessions/{line.session_id}", json={"title": "  Krishnan family  "}
    )
    assert answer.status_code == 200
    assert answer.json["title"] == "Krishnan family"
    assert alice.api.get(f"/chat/sessions/{line.session_id}").json == answer.json
    blank = alice.api.patch(f"/chat/sessions/{line.session_id}", json={"title": "   "})
    assert (blank.status_code, blank.json["detail"]) == (422, "title_empty")
    for body in (
        {"title": ""},
        {"title": "x" * 201},
        {"title": None},
        {},
        {"title": "x", "more": 1},
    ):
        refused = alice.api.patch(f"/chat/sessions/{line.session_id}", json=body)
        assert refused.status_code == 422, body
        assert refused.json["detail"][0]["loc"][0] == "body"


def test_a_deleted_conversation_is_not_found_anywhere(alice: Person, line: Line) -> None:
    enquiry = alice.api.post("/enquiries", json={"customer_name": "Deepa Krishnan"}).json
    line.session_id = alice.api.post(f"/enquiries/{enquiry['id']}/promote-to-session").json[
        "session_id"
    ]
    approval_id = proposal(line)
    assert alice.api.delete(f"/chat/sessions/{line.session_id}").status_code == 204
    for answer in (
        alice.api.get(f"/chat/sessions/{line.session_id}"),
        alice.api.patch(f"/chat/sessions/{line.session_id}", json={"title": "x"}),
        alice.api.delete(f"/chat/sessions/{line.session_id}"),
        line.post({"message": "help"}),
    ):
        assert (answer.status_code, answer.json["detail"]) == (404, "session_not_found")
    assert alice.api.get(f"/approvals/{approval_id}").status_code == 404
    assert (
        alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True}).status_code
        == 404
    )
    assert alice.api.get(f"/enquiries/{enquiry['id']}").json["session_id"] is None
    assert line.session_id not in {
        session["id"] for session in alice.api.get("/chat/sessions").json["sessions"]
    }


@pytest.mark.parametrize(
    ("verb", "suffix", "body"),
    [
        ("get", "", None),
        ("patch", "", {"title": "x"}),
        ("delete", "", None),
        ("post", "/messages", {"message": "hi"}),
    ],
)
def test_another_agencys_conversation_is_not_found(
    alice: Person, charlie: Person, line: Line, verb: str, suffix: str, body: Any
) -> None:
    for session_id in (
        line.session_id,
        str(new_id()),
        "nonsense",
        "00000000-0000-0000-0000-00000000000g",
    ):
        answer = getattr(charlie.api, verb)(f"/chat/sessions/{session_id}{suffix}", json=body)
        assert (answer.status_code, answer.json["detail"]) == (404, "session_not_found"), session_id
    assert charlie.api.get("/chat/sessions").json["sessions"] == []
    assert alice.api.get(f"/chat/sessions/{line.session_id}").json["message_count"] == 0


def test_every_member_sees_a_conversation_and_a_viewer_cannot_write(
    alice: Person, bob: Person, victor: Person, line: Line
) -> None:
    for person in (alice, bob, victor):
        assert person.api.get(f"/chat/sessions/{line.session_id}").status_code == 200
        assert person.api.get("/chat/sessions").json["sessions"][0]["id"] == line.session_id
    assert (
        bob.api.patch(f"/chat/sessions/{line.session_id}", json={"title": "by Bob"}).status_code
        == 200
    )
    for answer in (
        victor.api.post("/chat/sessions", json={"strange": 1}),
        victor.api.patch(f"/chat/sessions/{line.session_id}", json={}),
        victor.api.delete("/chat/sessions/nonsense"),
        victor.api.post(f"/chat/sessions/{line.session_id}/messages", json={"message": "hi"}),
        victor.api.post("/chat/sessions/nonsense/messages", json={"message": 1}),
    ):
        assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")
    assert alice.api.get(f"/chat/sessions/{line.session_id}").json["message_count"] == 0


def test_without_a_bearer_token_conversations_are_refused(app: Flask, line: Line) -> None:
    nobody = ApiClient(app.test_client(), None)
    for answer in (
        nobody.post("/chat/sessions"),
        nobody.get("/chat/sessions"),
        nobody.get(f"/chat/sessions/{line.session_id}"),
        nobody.post(f"/chat/sessions/{line.session_id}/messages", json={"message": 1}),
    ):
        assert (answer.status_code, answer.json["detail"]) == (401, "unauthorized")
