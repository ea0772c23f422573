"""The import page: choose a file, check it, import it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tests.enquiries.reading import Page
from tests.imports.test_parties import GOOD, names
from tests.ledger.books import balances
from tests.people import People, Person, csrf


def chosen(person: Person, raw: bytes | None, **more: Any) -> Any:
    browser = person.browser
    sent: dict[str, Any] = {"kind": "parties", "csrf_token": csrf(browser, "/team")} | more
    if raw is not None:
        sent["file"] = (io.BytesIO(raw), "parties.csv")
    return browser.post("/import", data=sent, content_type="multipart/form-data")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_is_previewed_and_imported(alice: Person, encoding: str) -> None:
    looked = Page(chosen(alice, GOOD.replace("Deepa", "दीपा").encode(encoding)))
    assert looked.status == 200
    assert "Import these 2 lines?" in looked.words(".//form[@id='take']")
    assert names(alice) == []
    content = looked.one(".//textarea[@name='content']").text or ""
    answer = chosen(alice, None, content=content.replace("\n", "\r\n"), then="run")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/parties")
    assert names(alice) == ["Air, India", "दीपा Krishnan"]
    again = Page(chosen(alice, GOOD.replace("Deepa", "दीपा").encode()))
    assert "is already imported" in again.words()
    assert not again.all(".//form[@id='take']")


def test_errors_are_listed_and_the_file_cannot_be_imported(alice: Person) -> None:
    raw = b"name,is_customer,country\n<b>A,perhaps,\nB,yes,QX\n"
    page = Page(chosen(alice, raw))
    assert page.status == 422
    rows = [
        ["".join(cell.itertext()) for cell in row]
        for row in page.all(".//section[@id='findings']//tbody/tr")
    ]
    assert rows == [
        ["2", "is_customer", "Enter yes or no."],
        ["3", "country", "Enter a country code of two capital letters, such as IN."],
    ]
    assert not page.all(".//form[@id='take']")
    forced = Page(chosen(alice, raw, then="run"))
    assert (forced.status, names(alice)) == (422, [])
    assert "nothing was imported" in forced.words()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, "Choose a file."),
        (b"", "Choose a file."),
        ("name\né".encode("latin-1"), "not in UTF-8"),
        (b"x" * 200_001, "at most 200,000 bytes"),
    ],
)
def test_an_unreadable_file_is_reported_at_its_field(
    alice: Person, raw: bytes | None, expected: str
) -> None:
    page = Page(chosen(alice, raw))
    assert page.status == 422
    assert expected in page.error_at("file")


def test_only_some_roles_see_the_page(people: People, alice: Person) -> None:
    for role, status in (("agent", 403), ("viewer", 403), ("accounting_lead", 200)):
        browser = people.colleague(alice, "Vera Somebody", role=role).browser
        assert browser.get("/import").status_code == status
        assert ("/import" in Page(browser.get("/team")).links()) is (status == 200)


def test_the_date_of_opening_balances_is_kept_for_the_second_step(alice: Person) -> None:
    raw = b"account,debit,credit\n1100,100,\n3000,,100\n"
    refused = Page(chosen(alice, raw, kind="opening_balances"))
    assert (refused.status, refused.error_at("effective_on")) == (
        422,
        "Enter the date of these balances.",
    )
    looked = Page(chosen(alice, raw, kind="opening_balances", effective_on="31 Mar 2026"))
    hidden = {
        name: looked.one(f".//form[@id='take']//input[@name='{name}']").attrib["value"]
        for name in ("kind", "then", "effective_on")
    }
    assert hidden == {"kind": "opening_balances", "then": "run", "effective_on": "2026-03-31"}
    content = looked.one(".//textarea[@name='content']").text or ""
    answer = chosen(alice, None, content=content, **hidden)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/reports/trial-balance")
    assert {(key, minor) for key, minor in balances(alice).items() if minor} == {
        (("bank", "INR"), 10_000),
        (("capital", "INR"), -10_000),
    }
