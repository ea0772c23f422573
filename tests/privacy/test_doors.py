"""The privacy API and pages: who may use them, what they show, and bad input."""

from __future__ import annotations

import json

import pytest

from tests.billing.papers import draft
from tests.people import Person, csrf
from tests.privacy.people import MAIL, NAME, PASSPORT, VALUES, Subject, a_subject
from voyagent.kernel.ids import new_id


@pytest.fixture
def one(alice: Person) -> Subject:
    """Alice's customer, whose documents are all paid."""
    return a_subject(alice)


def of(one: Subject) -> str:
    return f"/privacy/parties/{one.party_id}"


def test_the_index_shows_numbers_of_rows_and_what_prevents_an_erasure(
    alice: Person, one: Subject
) -> None:
    found = alice.api.get(of(one)).json
    held = {row["table"]: row for row in found["held"]}
    assert (held["invoices"]["rows"], held["invoices"]["erasure"]) == (1, "pseudonym")
    assert (found["blocked_by"], found["erased_at"]) == ([], None)
    invoice_id = draft(alice)
    (open_record,) = alice.api.get(of(one)).json["blocked_by"]
    assert (open_record["kind"], open_record["id"]) == ("invoice", str(invoice_id))
    answer = alice.api.post(f"{of(one)}/erase", json={"reason": "Request"})
    assert (answer.status_code, answer.json["detail"]) == (409, "person_has_open_records")


def test_an_export_has_everything(alice: Person, one: Subject) -> None:
    answer = alice.api.get(f"{of(one)}/export")
    assert answer.status_code == 200
    assert [value for value in VALUES if value not in answer.text.encode().decode("utf-8")] == []
    assert answer.json["held"]["trip_passengers"][0]["passport_number"] == PASSPORT


def test_an_erasure_by_the_api(alice: Person, one: Subject) -> None:
    first = alice.api.post(f"{of(one)}/erase", json={"reason": "Request"}).json
    assert alice.api.post(f"{of(one)}/erase", json={"reason": "Again"}).json == first
    assert first["pseudonym"].startswith("Person ")
    assert alice.api.get(f"{of(one)}/identity").json["name"] == NAME
    (listed,) = alice.api.get("/privacy/erasures").json["items"]
    assert listed == first
    found = alice.api.get(of(one)).json
    assert (found["name"], found["candidates"]) == (first["pseudonym"], [])
    text = json.dumps(alice.api.get(f"{of(one)}/export").json, ensure_ascii=False)
    assert [value for value in (NAME, MAIL, PASSPORT) if value in text] == []


def test_a_link_is_confirmed_and_released(alice: Person, one: Subject) -> None:
    passengers = [
        row for row in alice.api.get(of(one)).json["candidates"] if row["kind"] == "passenger"
    ]
    assert [row["reason"] for row in passengers] == ["trip"]
    link = {"kind": "passenger", "record_id": passengers[0]["record_id"]}
    assert alice.api.post(f"{of(one)}/links", json=link).status_code == 200
    assert alice.api.post(f"{of(one)}/links/release", json=link).status_code == 200
    unknown = {"kind": "passenger", "record_id": str(new_id())}
    refused = alice.api.post(f"{of(one)}/links/release", json=unknown)
    assert (refused.status_code, refused.json["detail"]) == (404, "record_not_found")


READS = ("", "/export", "/identity")
WRITES = (
    ("/erase", {"reason": "Request"}),
    ("/links", {"kind": "enquiry", "record_id": str(new_id())}),
    ("/links/release", {"kind": "enquiry", "record_id": str(new_id())}),
)


def test_other_roles_agencies_and_nobody_are_refused(
    alice: Person, bob: Person, victor: Person, charlie: Person, one: Subject
) -> None:
    nobody = type(alice.api)(alice.app.test_client(), None)
    for api, status in (
        (bob.api, 403),
        (victor.api, 403),
        (charlie.api, 404),
        (nobody, 401),
    ):
        for path in READS:
            assert api.get(of(one) + path).status_code == status, path
        for path, body in WRITES:
            assert api.post(of(one) + path, json=body).status_code == status, path
    for api, status in ((bob.api, 403), (nobody, 401)):
        assert api.get("/privacy/erasures").status_code == status
        assert api.get("/privacy/retention").status_code == status
        assert api.patch("/privacy/retention", json={"mails": 30}).status_code == status
    assert charlie.api.get("/privacy/erasures").json == {"items": []}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/erase", {}),
        ("/erase", {"reason": " "}),
        ("/erase", {"reason": "x" * 501}),
        ("/erase", {"reason": "x", "surprise": 1}),
        ("/links", {"kind": "account", "record_id": str(new_id())}),
        ("/links", {"kind": "enquiry", "record_id": "1"}),
    ],
)
def test_bad_input_is_refused(alice: Person, one: Subject, path: str, body: object) -> None:
    assert alice.api.post(of(one) + path, json=body).status_code == 422


def test_retention_periods_by_the_api(alice: Person) -> None:
    changed = alice.api.patch("/privacy/retention", json={"enquiries": 400}).json["items"]
    rows = {row["kind"]: row for row in changed}
    assert rows["enquiries"] == {
        "kind": "enquiries",
        "days": 400,
        "default": 1095,
        "minimum": 30,
    }
    for body in (
        {"enquiries": 0},
        {"enquiries": 36_501},
        {"enquiries": "30"},
        {"tax_identity": 2556},
        {"unknown": 30},
    ):
        assert alice.api.patch("/privacy/retention", json=body).status_code == 422, body
    restored = alice.api.patch("/privacy/retention", json={"enquiries": None}).json["items"]
    assert {row["kind"]: row["days"] for row in restored}["enquiries"] == 1095


# Pages
# --------------------------------------------------------------------------------


def test_the_pages_lead_from_the_customer_to_the_erasure(alice: Person, one: Subject) -> None:
    browser = alice.tab
    base = f"/parties/{one.party_id}/privacy"
    assert base in browser.get(f"/parties/{one.party_id}").text
    page = browser.get(base).text
    assert "Held about this person" in page
    assert "Rajiv Menon" in page, "offered, because he is on the trip"
    asked = browser.get(f"{base}/erase").text
    assert "What stays, and why" in asked
    token = csrf(browser, f"{base}/erase")
    refused = browser.post(f"{base}/erase", data={"csrf_token": token, "reason": ""})
    assert (refused.status_code, "Enter a reason" in refused.text) == (422, True)
    done = browser.post(f"{base}/erase", data={"csrf_token": token, "reason": "Request"})
    assert done.status_code == 303
    page = browser.get(base).text
    assert "was erased on" in page
    assert NAME not in page
    opened = browser.post(f"{base}/identity", data={"csrf_token": token})
    assert NAME in opened.text
    assert "Request" in browser.get("/privacy").text


def test_open_records_are_listed_before_an_erasure(alice: Person, one: Subject) -> None:
    invoice_id = draft(alice)
    browser = alice.tab
    asked = browser.get(f"/parties/{one.party_id}/privacy/erase").text
    assert f"/invoices/{invoice_id}" in asked
    assert 'name="reason"' not in asked


def test_a_candidate_is_confirmed_on_the_page(alice: Person, one: Subject) -> None:
    browser, base = alice.tab, f"/parties/{one.party_id}/privacy"
    token = csrf(browser, base)
    row = next(
        row for row in alice.api.get(of(one)).json["candidates"] if row["kind"] == "passenger"
    )
    given = {"csrf_token": token, "kind": "passenger", "record_id": row["record_id"]}
    assert browser.post(f"{base}/links", data=given).status_code == 303
    assert "Remove link" in browser.get(base).text
    assert browser.post(f"{base}/links", data=given | {"release": "1"}).status_code == 303
    for bad in ({"kind": "invoice"}, {"record_id": str(new_id())}):
        assert browser.post(f"{base}/links", data=given | bad).status_code == 404
    assert browser.post(f"{base}/links", data=given | {"record_id": "1"}).status_code == 422


def test_files_of_an_export(alice: Person, one: Subject) -> None:
    browser, base = alice.tab, f"/parties/{one.party_id}/privacy"
    found = browser.get(f"{base}/export.json")
    assert (found.mimetype, found.json["name"]) == ("application/json", NAME)
    paper = browser.get(f"{base}/export.pdf")
    assert (paper.mimetype, paper.data[:5]) == ("application/pdf", b"%PDF-")


def test_the_page_of_retention_periods(alice: Person) -> None:
    browser = alice.tab
    token = csrf(browser, "/privacy")
    sent = browser.post("/privacy", data={"csrf_token": token, "mails": "30"})
    assert sent.status_code == 303
    assert 'value="30"' in browser.get("/privacy").text
    for bad in ("x", "0", "40000"):
        answer = browser.post("/privacy", data={"csrf_token": token, "mails": bad})
        assert answer.status_code == 422, bad
    short = browser.post("/privacy", data={"csrf_token": token, "tax_identity": "100"})
    assert (short.status_code, "shorter than the minimum" in short.text) == (422, True)


def test_other_roles_see_no_page(bob: Person, charlie: Person, one: Subject) -> None:
    base = f"/parties/{one.party_id}/privacy"
    for path in (base, f"{base}/erase", f"{base}/export.json", "/privacy"):
        assert bob.tab.get(path).status_code == 403, path
    for path in (base, f"{base}/erase", f"{base}/export.json"):
        assert charlie.tab.get(path).status_code == 404, path
    assert "Personal data" not in bob.tab.get(f"/parties/{one.party_id}").text
