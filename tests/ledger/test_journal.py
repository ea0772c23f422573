"""Manual entries: posting, reversal, refusals, and the list by book date."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.billing.papers import issued
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import account_id, balances, inr, post
from tests.people import People, Person
from voyagent.kernel import clock
from voyagent.kernel.errors import Forbidden
from voyagent.ledger.queries import entries
from voyagent.ledger.service import direct, entries as ledger_entries, months
from voyagent.ledger.service.errors import EntryOfDocument, EntryTooLong

DAY = date(2024, 6, 10)


def written(person: Person, **changes: Any) -> dict[str, Any]:
    """Return a valid body: bank charges of 100 rupees."""
    lines = [
        {
            "account_id": str(account_id(person, "bank_charges")),
            "currency": "INR",
            "debit_amount": "100.00",
            "narration": "June",
        },
        {"account_id": str(account_id(person, "bank")), "currency": "INR", "credit_amount": "100"},
    ]
    return {"narration": "Bank charges", "entry_date": "2024-06-10", "lines": lines} | changes


def made(person: Person) -> str:
    answer = person.api.post("/journal-entries", json=written(person))
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def listed(page: Page) -> list[str]:
    """Return the entries of the page, in order."""
    return [link.attrib["href"].rpartition("/")[2] for link in page.all(".//tbody//th/a")]


def test_a_manual_entry_is_posted_read_and_reversed_once(alice: Person) -> None:
    entry_id = made(alice)
    assert balances(alice)["bank_charges", "INR"] == 10_000
    read = alice.api.get(f"/journal-entries/{entry_id}").json
    assert (read["source_type"], read["totals"], read["created_by"], read["reversed_by_id"]) == (
        "journal",
        {"INR": "100.00"},
        "Alice Owner",
        None,
    )
    assert [
        (line["debit_amount"], line["credit_amount"], line["narration"]) for line in read["lines"]
    ] == [("100.00", None, "June"), (None, "100.00", None)]
    undone = alice.api.post(
        f"/journal-entries/{entry_id}/reverse", json={"reason": "Twice", "entry_date": "2024-06-11"}
    )
    assert (undone.status_code, undone.json["reverses_id"], undone.json["entry_date"]) == (
        201,
        entry_id,
        "2024-06-11",
    )
    assert alice.api.get(f"/journal-entries/{entry_id}").json["reversed_by_id"] == undone.json["id"]
    assert set(balances(alice).values()) == {0}
    again = alice.api.post(f"/journal-entries/{entry_id}/reverse", json={"reason": "Twice"})
    assert (again.status_code, again.json["detail"]) == (409, "journal_entry_already_reversed")
    back = alice.api.post(
        f"/journal-entries/{undone.json['id']}/reverse",
        json={"reason": "It was right", "entry_date": "2024-06-11"},
    )
    assert back.status_code == 201, "a reversal of what a person wrote is undone too"


def test_a_manual_posting_takes_seven_statements(alice: Person, statements: list[str]) -> None:
    """Statements after the entry delay other postings to its accounts.

    Only the audit follows. One statement before it reads the bank accounts of the lines.
    """
    body = written(alice)
    alice.api.post("/journal-entries", json=body)
    statements.clear()
    posted = alice.api.post("/journal-entries", json=body).json
    assert len(statements) == 7, statements
    assert ["insert into postings" in statement for statement in statements].index(True) == 5
    assert "app.audit" in statements[6]
    assert posted == alice.api.get(f"/journal-entries/{posted['id']}").json


@pytest.mark.parametrize(
    ("change", "status", "detail"),
    [
        ({"credit_amount": "99.99"}, 400, "journal_entry_unbalanced"),
        ({"currency": "USD"}, 400, "journal_entry_unbalanced"),
        ({"credit_amount": "100.001"}, 422, "invalid_amount"),
        ({"credit_amount": "0"}, 422, "invalid_amount"),
        ({"debit_amount": "1"}, 422, None),
        ({"credit_amount": None}, 422, None),
        ({"account_id": "0190a0a0-0000-7000-8000-000000000000"}, 404, "account_not_found"),
    ],
)
def test_an_invalid_entry_is_refused(
    alice: Person, change: dict[str, Any], status: int, detail: str | None
) -> None:
    body = written(alice)
    body["lines"][1] |= change
    answer = alice.api.post("/journal-entries", json=body)
    assert answer.status_code == status, answer.json
    assert detail is None or answer.json["detail"] == detail
    assert balances(alice) == {}


@pytest.mark.parametrize(
    "purpose",
    [
        *("receivable", "payable", "customer_advances", "customer_credits", "supplier_advances"),
        "supplier_claims",
    ],
)
def test_receivables_and_payables_cannot_be_posted_manually(alice: Person, purpose: str) -> None:
    body = written(alice)
    body["lines"][1]["account_id"] = str(account_id(alice, purpose))
    answer = alice.api.post("/journal-entries", json=body)
    assert (answer.status_code, answer.json["detail"]) == (409, "account_is_control")


def test_an_entry_of_a_document_cannot_be_reversed_directly(alice: Person) -> None:
    entry_id = alice.api.get(f"/invoices/{issued(alice)}").json["journal_entry_id"]
    answer = alice.api.post(f"/journal-entries/{entry_id}/reverse", json={"reason": "No"})
    assert (answer.status_code, answer.json["detail"]) == (409, "journal_entry_of_document")
    reversal = alice.does(ledger_entries.reverse, entry_id, reason="Void").entry_id
    with pytest.raises(EntryOfDocument):
        alice.does(direct.reverse_direct, reversal, reason="No")
    assert alice.tab.get(f"/journal/{entry_id}/reverse").status_code == 303
    assert f"/journal/{entry_id}/reverse" not in Page(alice.tab.get(f"/journal/{entry_id}")).links()


def test_a_closed_month_accepts_neither_entries_nor_reversals(alice: Person) -> None:
    entry_id = made(alice)
    alice.does(months.close_month, date(2024, 6, 1))
    refused = alice.api.post("/journal-entries", json=written(alice))
    assert (refused.status_code, refused.json["detail"]) == (409, "period_locked")
    refused = alice.api.post(
        f"/journal-entries/{entry_id}/reverse", json={"reason": "No", "entry_date": "2024-06-30"}
    )
    assert (refused.status_code, refused.json["detail"]) == (409, "period_locked")


def test_more_than_two_hundred_lines_are_refused(alice: Person) -> None:
    body = written(alice)
    body["lines"] = [body["lines"][0]] * 201
    assert alice.api.post("/journal-entries", json=body).status_code == 422
    with pytest.raises(EntryTooLong):
        alice.does(
            direct.post_direct, narration="Long", lines=[ledger_entries.debit("bank", inr(1))] * 201
        )


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
def test_only_some_roles_post_and_reverse_entries(
    people: People, alice: Person, charlie: Person, role: str, may: bool
) -> None:
    person, entry_id = people.colleague(alice, "Rita Role", role=role), made(alice)
    assert person.api.post("/journal-entries", json=written(alice)).status_code == (
        201 if may else 403
    )
    assert charlie.api.post("/journal-entries", json=written(alice)).status_code == 404, (
        "another agency's accounts"
    )
    assert charlie.api.get(f"/journal-entries/{entry_id}").status_code == 404
    assert (
        charlie.api.post(f"/journal-entries/{entry_id}/reverse", json={"reason": "No"}).status_code
        == 404
    )
    assert charlie.api.get("/journal-entries").json["items"] == []
    assert person.tab.get(f"/journal/{entry_id}/reverse").status_code == (200 if may else 403)
    assert person.api.get("/journal-entries").status_code == 200
    if not may:
        with pytest.raises(Forbidden):
            person.does(direct.reverse_direct, entry_id, reason="No")


def test_one_of_many_parallel_reversals_succeeds(alice: Person) -> None:
    entry_id = made(alice)
    results = at_once([lambda: alice.does(direct.reverse_direct, entry_id, reason="Twice")] * 5)
    assert sorted(type(result).__name__ for result in results) == ["EntryAlreadyReversed"] * 4 + [
        "Posted"
    ]
    assert set(balances(alice).values()) == {0}


def test_the_list_is_read_in_pages_by_book_date(alice: Person) -> None:
    days = [date(2024, 6, day) for day in (1, 3, 3, 2, 5)]
    ids = [str(post(alice, entry_date=day).entry_id) for day in days]
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = alice.api.get(f"/journal-entries?limit=2&cursor={cursor}").json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert seen == [key for _, key in sorted(zip(days, ids, strict=True), reverse=True)]
    narrowed = alice.api.get("/journal-entries?from=2024-06-02&to=2024-06-03").json["items"]
    assert [item["entry_date"] for item in narrowed] == ["2024-06-03", "2024-06-03", "2024-06-02"]
    assert narrowed[0]["totals"] == {"INR": "100.00"}
    assert alice.api.get("/journal-entries?cursor=x").status_code == 422


def test_the_page_shows_past_entries_and_counts_coming_ones(alice: Person) -> None:
    browser, day = alice.tab, clock.today(alice.actor.timezone)
    later = [str(post(alice, entry_date=day + timedelta(days=ahead)).entry_id) for ahead in (1, 40)]
    page = Page(browser.get("/journal"))
    assert "No entries up to today" in page.words(".//main")
    happened = [str(post(alice, entry_date=day - timedelta(days=back)).entry_id) for back in (0, 3)]
    page = Page(browser.get("/journal"))
    assert listed(page) == happened
    assert page.words(".//a[@id='future-entries']") == "2 future-dated entries"
    way = page.all(".//a[@id='future-entries']")[0].attrib["href"]
    behind = Page(browser.get(way))
    assert listed(behind) == later[::-1]
    assert behind.all(".//a[@id='future-entries']") == []
    assert listed(Page(browser.get(f"/journal?from={day}"))) == happened[:1], (
        "a first day alone brings no days to come along"
    )
    assert listed(Page(browser.get(f"/journal?to={day + timedelta(days=1)}"))) == [
        later[0],
        *happened,
    ], "a last day is what was asked for"
    assert len(alice.api.get("/journal-entries").json["items"]) == 4, (
        "the API also lists later entries"
    )


def test_coming_entries_are_counted_up_to_a_limit(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "LATER_COUNT_MAX", 2)
    entries.later_count_statement.cache_clear()  # type: ignore[attr-defined]
    day = clock.today(alice.actor.timezone)
    for ahead in (1, 2, 3, 4):
        post(alice, entry_date=day + timedelta(days=ahead))
    with alice.reading() as reader:
        assert entries.list_entries_until(reader, None, day, limit=5)[1] == 3, (
            "one more than the bound, however many there are"
        )
    assert (
        Page(alice.tab.get("/journal")).words(".//a[@id='future-entries']")
        == "More than 2 future-dated entries"
    )
    entries.later_count_statement.cache_clear()  # type: ignore[attr-defined]


def test_entries_can_be_listed_and_reversed_on_pages(alice: Person) -> None:
    browser = alice.tab
    assert "No entries yet" in Page(browser.get("/journal")).words(".//main")
    entry_id = made(alice)
    listed = Page(browser.get("/journal?from=1+Jun+2024&to=30+Jun+2024"))
    assert f"/journal/{entry_id}" in listed.links()
    assert "Manual" in listed.words(".//tbody")
    assert "No entries on these dates" in Page(browser.get("/journal?from=1+Jul+2024")).words(
        ".//main"
    )
    assert (
        browser.get("/journal?to=x").status_code
        == browser.get("/journal?after=x").status_code
        == 422
    )
    assert f"/journal/{entry_id}/reverse" in Page(browser.get(f"/journal/{entry_id}")).links()
    step = Page(browser.get(f"/journal/{entry_id}/reverse"))
    assert "INR100.00" in step.words(".//section[@id='postings']//tbody/tr[1]/td[3]"), (
        "the other way round"
    )
    token = step.all(".//form[@id='confirm']//input[@name='csrf_token']")[0].get("value")
    early = browser.post(
        f"/journal/{entry_id}/reverse",
        data={"csrf_token": token, "reason": "Twice", "entry_date": "9 Jun 2024"},
    )
    assert early.status_code == 422
    done = browser.post(
        f"/journal/{entry_id}/reverse",
        data={"csrf_token": token, "reason": "Twice", "entry_date": "11 Jun 2024"},
    )
    assert done.status_code == 303
    assert "reverses another entry" in Page(browser.get(done.headers["Location"])).words(".//main")
    assert browser.get(f"/journal/{entry_id}/reverse").status_code == 303
