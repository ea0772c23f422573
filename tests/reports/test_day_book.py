"""The day book and the general ledger in the API, across pages."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from tests.crowds import scanned
from tests.enquiries.reading import Page
from tests.ledger.books import post
from tests.people import ApiClient, Person
from tests.reports.books import invoice, today
from tests.reports.test_general_ledger import big
from tests.reports.test_views import link_of, rows, shown, words
from voyagent.kernel.database.read_pool import ReadPool
from voyagent.kernel.database.statement_cache import compiled_for
from voyagent.kernel.money import Money
from voyagent.ledger.queries.account_lines import LineCursor
from voyagent.ledger.queries.day_book import day_book_statement
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Posted

FIRST, LAST = date(2026, 1, 10), date(2026, 3, 20)
PERIOD = f"from={FIRST}&to={LAST}"
__all__ = ["big"]


def entry(
    person: Person, day: date, minor: int = 500, currency: str = "INR", narration: str = "A sale"
) -> Posted:
    amount = Money(minor, currency)
    lines = [
        entries.debit("bank", amount, party_name="Deepa Krishnan"),
        entries.credit("revenue_fees", amount, memo="Visa fee"),
    ]
    return post(person, lines=lines, entry_date=day, narration=narration)


def book(markup: str) -> str:
    """The entries of the day book."""
    return markup[markup.index('<table class="v-table v-daybook">') : markup.index("</table>")]


def pages(person: Person, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or found[-1]["next_cursor"]:
        behind = f"&cursor={found[-1]['next_cursor']}" if found else ""
        answer = person.api.get(path + behind)
        assert answer.status_code == 200, answer.text
        found.append(answer.json)
    return found


@pytest.mark.parametrize("seed", range(2))
def test_pages_of_any_size_contain_each_entry_once_in_order(alice: Person, seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311 - a test's
    made, totals = [], defaultdict(int)
    for _ in range(25):
        day = date(2025, 12, 20) + timedelta(days=luck.choice([0, 20, 21, 25, 26, 26, 60, 90, 91]))
        minor, currency = luck.randint(1, 9999), luck.choice(["INR", "AED"])
        posted = entry(alice, day, minor, currency)
        if FIRST <= day <= LAST:
            made.append((day.isoformat(), str(posted.entry_id)))
            totals[currency] += minor
    for limit in (1, 3, 200):
        found = pages(alice, f"/reports/day-book?{PERIOD}&limit={limit}")
        assert [
            (one["entry_date"], one["id"]) for page in found for one in page["entries"]
        ] == sorted(made)
        assert all(len(page["entries"]) == limit for page in found[:-1])
        for page in found:
            assert {one["currency"]: one["debit"] for one in page["totals"]} == {
                c: Money(minor, c).wire for c, minor in totals.items()
            }
            assert all(one["debit"] == one["credit"] for one in page["totals"])


def test_the_api_returns_the_lines_and_the_reversed_entry_of_an_entry(alice: Person) -> None:
    made = entry(alice, date(2026, 2, 1), 500)
    undone = alice.does(
        entries.reverse, made.entry_id, reason="Undone", entry_date=date(2026, 2, 2)
    )
    report = alice.api.get(f"/reports/day-book?{PERIOD}").json
    first, second = report["entries"]
    assert first | {"source_id": None} == {
        "id": str(made.entry_id),
        "entry_date": "2026-02-01",
        "narration": "A sale",
        "source_type": "test",
        "source_id": None,
        "purpose": "sale",
        "reverses_id": None,
        "lines": [
            {
                "line_no": 1,
                "account_code": "1100",
                "account_name": "Bank, current account",
                "party_name": "Deepa Krishnan",
                "memo": None,
            }
            | {"currency": "INR", "debit": "5.00", "credit": "0.00"},
            {
                "line_no": 2,
                "account_code": "4200",
                "account_name": "Service fees",
                "party_name": None,
                "memo": "Visa fee",
            }
            | {"currency": "INR", "debit": "0.00", "credit": "5.00"},
        ],
    }
    assert (second["id"], second["reverses_id"]) == (str(undone.entry_id), str(made.entry_id))
    assert report["totals"] == [{"currency": "INR", "debit": "10.00", "credit": "10.00"}]
    assert (report["period"], report["limit"], report["next_cursor"]) == (
        {"from": str(FIRST), "to": str(LAST)},
        50,
        None,
    )


def test_the_api_continues_running_balances_across_pages(alice: Person) -> None:
    entry(alice, FIRST - timedelta(days=1), 100)
    for minor in (500, 250, 75):
        entry(alice, date(2026, 2, 1), minor)
    entry(alice, date(2026, 2, 3), 70_025, "AED")
    path = f"/reports/general-ledger?account=1100&{PERIOD}"
    found = pages(alice, f"{path}&limit=2")
    assert [
        [(line["debit"], line["balance"], line["currency"]) for line in page["lines"]]
        for page in found
    ] == [
        [("5.00", "6.00", "INR"), ("2.50", "8.50", "INR")],
        [("0.75", "9.25", "INR"), ("700.25", "700.25", "AED")],
    ]
    assert (
        found[0]["currencies"]
        == found[1]["currencies"]
        == [
            {
                "currency": "AED",
                "opening": "0.00",
                "debit": "700.25",
                "credit": "0.00",
                "carried": "0.00",
                "closing": "700.25",
            },
            {
                "currency": "INR",
                "opening": "1.00",
                "debit": "8.25",
                "credit": "0.00",
                "carried": "0.00",
                "closing": "9.25",
            },
        ]
    )
    account = found[0]["account"]
    assert (account["code"], account["name"], account["type"]) == (
        "1100",
        "Bank, current account",
        "asset",
    )
    assert alice.api.get(f"/reports/general-ledger?account={account['id']}&{PERIOD}").json[
        "lines"
    ] == [line for page in found for line in page["lines"]]


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/reports/day-book?from=2026-02-02&to=2026-02-01", 422, "from must be on or before to"),
        (f"/reports/day-book?{PERIOD}&cursor=x", 422, "invalid_cursor"),
        (
            f"/reports/day-book?{PERIOD}&cursor=2026-05-01.01a2170c-b618-7592-b853-c5223d892cd3.1",
            422,
            "invalid_cursor",
        ),
        (
            "/reports/general-ledger?account=1100&from=2026-02-02&to=2026-02-01",
            422,
            "from must be on or before to",
        ),
        (f"/reports/general-ledger?account=1100&{PERIOD}&cursor=x", 422, "invalid_cursor"),
        (f"/reports/general-ledger?account=9999&{PERIOD}", 404, "account_not_found"),
    ],
)
def test_errors_have_the_documented_codes(
    alice: Person, path: str, status: int, detail: str
) -> None:
    answer = alice.api.get(path)
    assert (answer.status_code, answer.json["detail"]) == (status, detail)


@pytest.mark.parametrize("query", ["to=2026-01-01", f"{PERIOD}&limit=0", f"{PERIOD}&limit=201"])
def test_invalid_parameters_are_refused(alice: Person, query: str) -> None:
    assert alice.api.get(f"/reports/day-book?{query}").status_code == 422
    assert alice.api.get(f"/reports/general-ledger?{query}").status_code == 422


@pytest.mark.parametrize(
    "path", [f"/reports/day-book?{PERIOD}", f"/reports/general-ledger?account=1100&{PERIOD}"]
)
def test_users_see_only_the_report_of_their_agency(
    alice: Person, bob: Person, victor: Person, charlie: Person, path: str
) -> None:
    entry(alice, FIRST, 70_025)
    seen = alice.api.get(path).json
    assert bob.api.get(path).json == victor.api.get(path).json == seen
    assert "700.25" in shown(victor.tab, path)
    for strange in (charlie.api.get(path).text, shown(charlie.tab, path)):
        assert "700.25" not in strange
    assert ApiClient(alice.app.test_client(), None).get(path).status_code == 401
    assert alice.app.test_client().get(path).status_code == 303


def test_the_page_lists_entries_with_lines_and_links(alice: Person) -> None:
    made = invoice(alice, "Deepa Krishnan", "1000.50", due=today())
    client = alice.tab
    page = shown(client, "/reports/day-book")
    head, group, debit, credit, total = rows(book(page))
    assert head == ["Account", "Party or note", "Debit", "Credit"]
    assert group[0].endswith("Invoice")
    assert (debit[0], debit[2:], credit[2:]) == (
        "1200 Trade receivables",
        ["INR 1,000.50", ""],
        ["", "INR 1,000.50"],
    )
    assert total == ["All entries in this period in INR", "INR 1,000.50", "INR 1,000.50"]
    assert link_of(page, "Invoice") == f"/invoices/{made}"
    leads = [
        link.attrib["href"]
        for link in Page(client.get("/reports/day-book")).all(".//td[@class='v-num']/a")
    ]
    assert (len(leads), len(set(leads))) == (2, 1), "each amount opens its entry"
    assert "1,000.50" in shown(client, leads[0])
    assert f"Day book Book dates from 1 {today():%B %Y} to {today().day} {today():%B %Y}." in words(
        page
    )
    assert "No entries in this period" in shown(
        client, "/reports/day-book?from=2020-01-01&to=2020-01-02"
    )
    for query, sentence in (
        ("to=soonish", "Not valid: until."),
        ("from=2026-02-02&to=2026-02-01", "The start date is after"),
        ("after=x", "page marker"),
    ):
        assert sentence in shown(client, f"/reports/day-book?{query}", status=422)


def test_the_last_page_shows_the_totals(alice: Person) -> None:
    for day in range(26):
        entry(alice, FIRST + timedelta(days=day))
        entry(alice, FIRST + timedelta(days=day), narration="Another")
    client = alice.tab
    first = shown(client, f"/reports/day-book?{PERIOD}")
    assert "All entries of these days" not in first
    second = shown(client, link_of(first, "Newer"))
    assert (first.count('scope="rowgroup"'), second.count('scope="rowgroup"')) == (50, 2)
    assert rows(book(second))[-1] == [
        "All entries in this period in INR",
        "INR 260.00",
        "INR 260.00",
    ]
    assert book(shown(client, link_of(second, "First page"))) == book(first)


def test_every_report_is_listed_with_a_sentence_and_a_link(alice: Person, victor: Person) -> None:
    page = shown(victor.tab, "/reports")
    reports = [
        line.split()[1]
        for line in _report_pages(alice)
        if line.split()[1] not in {"/reports", "/reports/trip-margins/lines"}
    ]
    assert len(reports) >= 8
    for path in reports:
        assert f'<a href="{path}">' in page, path
        assert victor.tab.get(path).status_code in {200, 303}


def _report_pages(person: Person) -> list[str]:
    rules = person.app.url_map.iter_rules()
    return [
        f"GET {rule.rule}"
        for rule in rules
        if rule.endpoint.startswith("reports.") and not rule.arguments
    ]


@pytest.mark.parametrize(
    "path", [f"/reports/day-book?{PERIOD}", f"/reports/general-ledger?account=1100&{PERIOD}"]
)
def test_a_page_takes_a_fixed_number_of_statements(
    alice: Person, path: str, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(5):
        entry(alice, FIRST + timedelta(days=day))
    trips: list[int] = []
    run = ReadPool.run
    monkeypatch.setattr(
        ReadPool,
        "run",
        lambda lane, credential, selects: (
            trips.append(1 + len(selects)),
            run(lane, credential, selects),
        )[1],
    )
    client, browser = alice.api, alice.tab
    statements.clear()
    assert client.get(path).status_code == 200
    assert (len(trips) <= 2, sum(trips) <= 7) == (True, True)
    trips.clear()
    assert browser.get(path).status_code == 200
    assert (len(trips) <= 2, sum(trips) <= 8) == (True, True)
    assert statements == []


def _scans(cursor: psycopg.Cursor[Any]) -> dict[str, int]:
    cursor.execute(
        "select relname, pg_stat_get_xact_tuples_returned(oid) +"
        " pg_stat_get_xact_tuples_fetched(oid) as n from pg_class where relname in ('postings',"
        " 'journal_entries', 'pk_postings', 'ix_journal_entries_date')"
    )
    return dict(cursor.fetchall())


def test_the_cost_of_a_page_does_not_grow_with_the_books(
    big: Person, lane: psycopg.Connection[Any]
) -> None:
    """A late page reads as many rows as the first one.

    The books have three years of ten entries a day (32,000 rows). A page reads at most its entries
    once for each account.
    """
    first, last = date(2023, 1, 1), date(2025, 12, 28)
    for after in (None, LineCursor(date(2025, 11, 20), big.actor.tenant_id, 1)):
        sql, values = compiled_for(
            day_book_statement(first, last, after=after, limit=51), big.credential.tenant_id
        )
        found, _ = scanned(lane, big, sql, values, _scans)
        assert 51 <= sum(found.values()) < 5_000, (after, found)
