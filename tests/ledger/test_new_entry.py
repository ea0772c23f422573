"""The page of a manual entry: posting, preview, errors, and no typed value lost."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.enquiries.reading import Page
from tests.ledger.books import account_id, balances, inr, post
from tests.people import People, Person, csrf
from voyagent.kernel.ids import new_id
from voyagent.ledger.service import entries, months

BLANK: dict[str, list[str]] = {name: ["", ""] for name in ("account_id", "memo", "debit", "credit")}


def typed(person: Person, **changes: Any) -> dict[str, Any]:
    """Return the form of bank charges of 1,234.50."""
    accounts = [str(account_id(person, purpose)) for purpose in ("bank_charges", "bank")]
    lines = {
        "account_id": accounts,
        "memo": ["June", ""],
        "debit": ["1,234.50", ""],
        "credit": ["", "1234.5"],
    }
    return (
        {"narration": "Bank charges", "entry_date": "10 Jun 2024", "currency": "INR"}
        | lines
        | changes
    )


def send(person: Person, fields: dict[str, Any], **options: Any) -> TestResponse:
    browser = person.tab
    return browser.post(
        "/journal/new", data=fields | {"csrf_token": csrf(browser, "/journal/new")}, **options
    )


def test_an_entry_is_entered_in_the_browser(alice: Person) -> None:
    assert "/journal/new" in Page(alice.tab.get("/journal")).links()
    done = send(alice, typed(alice))
    assert done.status_code == 303, Page(done).words(".//main")
    read = alice.api.get(f"/journal-entries/{done.headers['Location'].rsplit('/', 1)[1]}").json
    assert (read["narration"], read["entry_date"], read["source_type"], read["totals"]) == (
        "Bank charges",
        "2024-06-10",
        "journal",
        {"INR": "1234.50"},
    )
    assert [line["narration"] for line in read["lines"]] == ["June", None]


def test_empty_lines_are_ignored(alice: Person) -> None:
    fields = typed(alice)
    for name in BLANK:
        fields[name] = ["", fields[name][0], "", fields[name][1], ""]
    assert send(alice, fields).status_code == 303
    assert balances(alice)["bank", "INR"] == -123_450


def test_the_page_shows_balances_before_and_after(alice: Person) -> None:
    post(
        alice,
        [entries.debit("bank", inr(200_000)), entries.credit("capital", inr(200_000))],
        purpose="capital",
    )
    shown = Page(send(alice, typed(alice, then="look")))
    assert shown.status == 200
    rows = [
        shown.words(f".//section[@id='entry-preview']//tbody/tr[{number}]/{cell}")
        for number in (1, 2)
        for cell in ("th", "td[1]", "td[4]")
    ]
    assert rows == [
        "5700 Bank and gateway charges",
        "–",
        "1,234.50Dr",
        "1100 Bank, current account",
        "2,000.00Dr",
        "765.50Dr",
    ]
    assert shown.words(".//section[@id='entry-preview']//tfoot//td[@class]") == "1,234.50 1,234.50"
    assert "Debits equal credits." in shown.words(".//*[@id='entry-preview']")
    assert (shown.field("narration"), shown.field("debit"), shown.field("entry_date")) == (
        "Bank charges",
        "1,234.50",
        "10 Jun 2024",
    )
    assert balances(alice)["bank", "INR"] == 200_000, "nothing was posted"


def test_during_input_only_the_preview_is_returned(alice: Person) -> None:
    bank = str(account_id(alice, "bank"))
    part = typed(alice, account_id=[bank, bank], debit=["100", ""], credit=["", "30"], then="look")
    answer = send(alice, part, headers={"HX-Request": "true"})
    page = Page(answer)
    assert (answer.status_code, "<form" in answer.text) == (200, False)
    assert page.words(".//tbody/tr/td[4]") == "70.00Dr", "lines of one account are one change"
    assert "Debits and credits differ by INR70.00. More debit than credit." in page.words(
        ".//*[@role='status']"
    )
    unread = Page(send(alice, part | {"debit": ["1x", ""]}, headers={"HX-Request": "true"}))
    assert "invalid amount" in unread.words(".//*[@role='status']")
    assert "No amounts yet" in Page(alice.tab.get("/journal/new")).words(".//*[@role='status']")


def test_adding_a_line_keeps_the_input(alice: Person) -> None:
    went_on = Page(send(alice, typed(alice, then="line", narration="")))
    assert (
        went_on.status,
        len(went_on.all(".//tbody[@data-line-rows]/tr")),
        went_on.words(".//*[@role='alert']"),
    ) == (200, 4, "")


@pytest.mark.parametrize(
    ("change", "place", "sentence"),
    [
        ({"narration": " "}, "narration", "Enter a narration for this journal entry."),
        ({"entry_date": "31 Feb"}, "entry_date", "The calendar has no 31 Feb."),
        ({"entry_date": "soon"}, "entry_date", "Enter a date such as 24 Nov 2026 or 24/11."),
        ({"entry_date": "1 Jan 1800"}, "entry_date", "Use a date between 1900 and 2200."),
        (
            {"currency": "QQQ"},
            "currency",
            "Enter a currency code of three capital letters, such as INR.",
        ),
        (
            {"credit": ["", "1234.49"]},
            "lines",
            "Debits and credits of a journal entry must be equal in each currency.",
        ),
        ({"credit": ["", "1234.505"]}, "lines", "more decimals than the currency allows"),
        ({"credit": ["", "x"]}, "lines", "Enter an amount such as 45000 or 45,000.50."),
        (
            {"credit": ["5", "1234.50"]},
            "lines",
            "Enter either a debit or a credit on each line.",
        ),
        ({"credit": ["", ""]}, "lines", "Enter either a debit or a credit on each line."),
        ({"account_id": ["", ""]}, "lines", "Choose an account for each line."),
        (
            {"account_id": [str(new_id())] * 2},
            "lines",
            "We could not find that account in your chart of accounts.",
        ),
        (BLANK, "lines", "A journal entry needs at least two lines."),
        ({name: ["x"] * 201 for name in BLANK}, "lines", "A journal entry has at most 200 lines."),
    ],
)
def test_errors_are_shown_at_their_line_and_input_is_preserved(
    alice: Person, change: dict[str, Any], place: str, sentence: str
) -> None:
    fields = typed(alice) | change
    page = Page(send(alice, fields))
    assert page.status == 422
    assert sentence in page.error_at(place)
    assert page.error_at(place).count(sentence) == 1
    assert page.field("narration") == fields["narration"]
    shown = [box.attrib["value"] for box in page.all(".//input[@name='credit']")]
    assert [value for value in shown if value] == [value for value in fields["credit"] if value]
    assert balances(alice) == {}


def test_invalid_inputs_are_marked(alice: Person) -> None:
    page = Page(
        send(alice, typed(alice, credit=["", "x"], account_id=[str(account_id(alice, "bank")), ""]))
    )
    marked = [
        (box.attrib["name"], box.attrib["aria-label"])
        for box in page.all(".//*[@aria-invalid='true'][@aria-describedby='lines-err']")
    ]
    assert [box.attrib["aria-label"] for box in page.all(".//*[@autofocus]")] == ["Account, line 2"]
    assert marked == [("account_id", "Account, line 2"), ("credit", "Credit, line 2")]


def test_a_closed_month_is_reported_at_the_date(alice: Person) -> None:
    alice.does(months.close_month, date(2024, 6, 1))
    page = Page(send(alice, typed(alice)))
    assert (page.status, "closed" in page.error_at("entry_date")) == (422, True)


def test_control_accounts_are_not_offered(alice: Person) -> None:
    offered = {
        option.attrib["value"]
        for option in Page(alice.tab.get("/journal/new")).all(
            ".//select[@name='account_id'][1]/option"
        )
    }
    assert str(account_id(alice, "bank")) in offered
    receivable = str(account_id(alice, "receivable"))
    assert receivable not in offered
    page = Page(send(alice, typed(alice, account_id=[receivable, str(account_id(alice, "bank"))])))
    assert (
        page.status,
        "are posted by their documents" in page.error_at("lines"),
        page.field("account_id"),
    ) == (422, True, receivable)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("agency_admin", True),
        ("accounting_lead", True),
        ("ticketing_lead", False),
        ("agent", False),
        ("viewer", False),
    ],
)
def test_only_some_roles_get_the_entry_form(
    people: People, alice: Person, role: str, may: bool
) -> None:
    browser = people.colleague(alice, "Rita Role", role=role).browser
    assert browser.get("/journal/new").status_code == (200 if may else 403)
    assert ("/journal/new" in Page(browser.get("/journal")).links()) is may
    sent = browser.post("/journal/new", data=typed(alice) | {"csrf_token": csrf(browser, "/team")})
    assert sent.status_code == (303 if may else 403)
    assert bool(balances(alice)) is may


def test_another_agencys_accounts_are_not_found(alice: Person, charlie: Person) -> None:
    page = Page(send(charlie, typed(alice)))
    assert (page.status, "could not find that account" in page.error_at("lines")) == (422, True)
    assert page.words(".//section[@id='entry-preview']//tbody/tr/th") == ""
