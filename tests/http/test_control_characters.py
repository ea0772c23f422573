"""Control and direction characters are refused by every input.

Inputs are API, forms, imports and capabilities.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.people import Person, csrf
from voyagent.kernel.fields import contains_control, readable, without_controls

REFUSED = [
    *("\x01", "\x08", "\t", "\n", "\r", "\x1b", "\x7f", "\x80", "\x85", "\x9f"),
    *("\u2028", "\u2029", "\u061c", "\u200e", "\u200f"),
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
]
INVISIBLE = [
    *("\u00ad", "\u034f", "\u115f", "\u1160", "\u180e", "\u200b", "\u2060", "\u2064", "\u3164"),
    *("\ufeff", "\uffa0", "\U000e0000", "\U000e0041", "\U000e007f"),
]
ALLOWED = ["\u200c", "\u200d", "\u00a0", "é", "न", "✈", "ア"]
SENTENCE = "This has invisible characters"


def named(character: str) -> str:
    return f"U+{ord(character):04X}"


def kinds(answer: Any) -> list[tuple[str, list[object]]]:
    detail = answer.json["detail"]
    assert isinstance(detail, list), answer.text
    return [(item["type"], item["loc"]) for item in detail]


@pytest.mark.parametrize("character", [*REFUSED, *INVISIBLE], ids=named)
def test_a_text_of_one_line_refuses_the_character(alice: Person, character: str) -> None:
    name = f"Asha{character}Rao"
    assert contains_control(name)
    answer = alice.api.post("/enquiries", json={"customer_name": name})
    assert answer.status_code == 422
    assert kinds(answer) == [("string_control_character", ["body", "customer_name"])]
    assert name not in answer.text
    assert alice.api.get("/enquiries").json["total"] == 0


@pytest.mark.parametrize("character", ALLOWED, ids=named)
def test_joiners_spaces_and_letters_are_accepted(alice: Person, character: str) -> None:
    name = f"क्{character}ष Rao"
    answer = alice.api.post("/enquiries", json={"customer_name": name, "notes": name})
    assert answer.status_code == 201, answer.text
    assert answer.json["notes"] == name


@pytest.mark.parametrize(
    "name", ["\u200dAsha", "Asha\u200c", "A\u200d\u200cB", "\u200d"], ids=ascii
)
def test_a_joiner_joins_two_characters(alice: Person, name: str) -> None:
    assert contains_control(name)
    answer = alice.api.post("/enquiries", json={"customer_name": name})
    assert kinds(answer) == [("string_control_character", ["body", "customer_name"])]


def test_two_parties_cannot_have_names_that_look_equal(alice: Person) -> None:
    for name in ("Emirates", "Emi\u200brates", "Emi\u00adrates"):
        answer = alice.api.post("/parties", json={"name": name, "is_supplier": True})
        assert answer.status_code == (201 if name == "Emirates" else 422), answer.text


def test_notes_have_lines_and_tabs_but_no_directions(alice: Person) -> None:
    body = {"customer_name": "Asha Rao", "notes": "one\n\ttwo\r\nthree"}
    answer = alice.api.post("/enquiries", json=body)
    assert answer.json["notes"] == body["notes"]
    for character in sorted({*REFUSED} - {*"\t\n\r", "\u2028", "\u2029"}):
        answer = alice.api.post("/enquiries", json=body | {"notes": f"one{character}"})
        assert kinds(answer) == [("string_control_character", ["body", "notes"])], character


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/parties", {"name": "A\u202eB", "is_customer": True}, "name"),
        ("/parties", {"name": "AB", "is_customer": True, "phone": "98\u202a1"}, "phone"),
        ("/trips", {"title": "Bali\nDoha"}, "title"),
        ("/auth/api-keys", {"name": "Web\u2066site"}, "name"),
    ],
)
def test_every_kind_of_record_refuses_it(
    alice: Person, path: str, body: dict[str, Any], field: str
) -> None:
    answer = alice.api.post(path, json=body)
    assert kinds(answer) == [("string_control_character", ["body", field])]


def test_settings_and_the_name_of_a_conversation_refuse_it(alice: Person) -> None:
    answer = alice.api.patch("/tenant-settings", json={"tax_number": "27AAPFU\u202e0939F1ZV"})
    assert kinds(answer)[0][0] == "string_control_character"
    assert alice.api.patch("/tenant-settings", json={"address": "One\nTwo"}).status_code == 200
    session_id = alice.api.post("/chat/sessions", json={}).json["session_id"]
    answer = alice.api.patch(f"/chat/sessions/{session_id}", json={"title": "Bali\u202egnp.exe"})
    assert kinds(answer) == [("string_control_character", ["body", "title"])]


def test_a_capability_refuses_it(alice: Person) -> None:
    answer = alice.api.post("/capabilities/create_enquiry", json={"customer_name": "A\u202eB"})
    assert answer.status_code == 422
    assert "string_control_character" in answer.text


@pytest.mark.parametrize(("language", "words"), [("en", SENTENCE), ("hi", "अदृश्य वर्ण")])
def test_a_form_says_what_to_do(alice: Person, language: str, words: str) -> None:
    alice.api.patch("/tenant-settings", json={"locale": language})
    browser = alice.browser
    answer = browser.post(
        "/enquiries/new",
        data={
            "customer_name": "Asha\u202eRao",
            "pax_count": "2",
            "csrf_token": csrf(browser, "/enquiries/new"),
        },
    )
    assert answer.status_code == 422
    assert words in answer.text


def test_an_import_names_the_line_and_column(alice: Person) -> None:
    content = "name,is_customer\nAsha\u202eRao,yes\n"
    body = {"kind": "parties", "content": content, "dry_run": True}
    answer = alice.api.post("/imports", json=body)
    (finding,) = answer.json["findings"]
    assert (finding["line"], finding["column"], finding["code"]) == (
        2,
        "name",
        "string_control_character",
    )
    assert finding["sentence"].startswith(SENTENCE)


def test_the_name_of_a_conversation_from_its_first_message_is_one_line(alice: Person) -> None:
    session_id = alice.api.post("/chat/sessions", json={}).json["session_id"]
    alice.api.post(
        f"/chat/sessions/{session_id}/messages", json={"message": "hello\u202e\nthere"}
    ).close()
    (row,) = alice.api.get("/chat/sessions").json["sessions"]
    assert row["title"] == "hello  there"


def test_texts_that_nobody_can_correct_are_cleaned() -> None:
    assert without_controls("Taj\nMahal\u202e") == "Taj Mahal "
    assert without_controls("Ta\u200bj \u200dMahal\u200d\u200d\ufeff") == "Taj \u200dMahal"
    assert readable("Ta\u200bj\ufeff") == "Taj"
    assert readable("\u202a+91 98450 12345\u202c\x07\n\tGoa") == "+91 98450 12345 \n\tGoa"
