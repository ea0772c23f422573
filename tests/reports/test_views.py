"""Pages of the reports: content, comparison with the books, and links."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.ledger.books import post
from tests.people import People, Person
from tests.reports.books import bill, days_ago, invoice, pay, today
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.service import payments as payment_service
from voyagent.http.template_filters import typed_day
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import ReadPool
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries

PAGES = ["/reports/receivables", "/reports/trial-balance"]


def shown(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text)


def words(markup: str) -> str:
    """Return the text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))


def block(markup: str, currency: str) -> str:
    found = re.search(
        rf'<section class="v-ageblock" id="in-{currency}".*?</section>', markup, re.DOTALL
    )
    assert found, f"nothing in {currency}"
    return found.group(0)


def rows(markup: str) -> list[list[str]]:
    """The cells of each table row, as text."""
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", markup, re.DOTALL)
    return [
        [words(cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)]
        for row in found
    ]


def table(markup: str) -> str:
    """The lines of the general ledger."""
    found = re.search(r'<table class="v-table v-gl">.*?</table>', markup, re.DOTALL)
    assert found, "no account"
    return found.group(0)


def link_of(markup: str, text: str) -> str:
    found = re.search(rf'<a [^>]*?href="([^"]+)"[^>]*>{re.escape(text)}</a>', markup)
    assert found, f"{text} leads nowhere"
    return found.group(1)


def sell(alice: Person) -> dict[str, str]:
    """Issue invoices of every age in two currencies; return their numbers by name."""
    made = {
        "not due": invoice(
            alice, "Deepa Krishnan", "100000", due=today() + timedelta(days=5), issued=today()
        ),
        "today": invoice(alice, "Deepa Krishnan", "2500.50", due=today()),
        "1-30": invoice(alice, "Deepa Krishnan", "300", due=days_ago(30)),
        "31-60": invoice(alice, "Mohammed Ashraf K.", "4000", due=days_ago(31)),
        "61-90": invoice(alice, "Mohammed Ashraf K.", "500", due=days_ago(61)),
        "over 90": invoice(alice, "Zachariah Kurian", "123456.75", due=days_ago(91)),
        "dirham": invoice(alice, "Al Noor Trading LLC", "700.25", due=days_ago(40), currency="AED"),
    }
    pay(alice, made["61-90"], "100", on=days_ago(1))
    with alice.acting():
        return {name: invoice_queries.get_invoice(key).number or "" for name, key in made.items()}


@pytest.fixture
def debtors(alice: Person) -> dict[str, str]:
    """Numbers of the invoices of Alice, by name."""
    return sell(alice)


@pytest.fixture(scope="module")
def seller(app: Flask) -> Person:
    """An administrator whose records the tests only read."""
    return People(app).sign_up("Alice Owner", agency="Alice Travels")


@pytest.fixture(scope="module")
def sold(seller: Person) -> dict[str, str]:
    """Numbers of the invoices of that agency, by name."""
    return sell(seller)


def test_an_empty_page_explains_its_contents_to_a_new_agency(alice: Person) -> None:
    client = alice.tab
    assert "No receivables" in shown(client, "/reports/receivables")
    empty = shown(client, "/reports/trial-balance")
    assert "No entries yet" in empty
    chart = shown(client, link_of(empty, "Show the chart of accounts"))
    assert "1200 Trade receivables" in words(chart)


def test_parties_are_listed_by_age_and_currency_largest_first(
    seller: Person, sold: dict[str, str]
) -> None:
    page = shown(seller.tab, "/reports/receivables")
    assert rows(block(page, "INR"))[1:] == [
        ["Zachariah Kurian", "–", "–", "–", "–", "1,23,456.75", "1,23,456.75"],
        ["Deepa Krishnan", "1,02,500.50", "300.00", "–", "–", "–", "1,02,800.50"],
        ["Mohammed Ashraf K.", "–", "–", "4,000.00", "400.00", "–", "4,400.00"],
        ["Total INR", "1,02,500.50", "300.00", "4,000.00", "400.00", "1,23,456.75", "2,30,657.25"],
    ]
    assert rows(block(page, "AED"))[1:] == [
        ["Al Noor Trading LLC", "–", "–", "700.25", "–", "–", "700.25"],
        ["Total AED", "–", "–", "700.25", "–", "–", "700.25"],
    ]
    assert page.index('id="in-INR"') < page.index('id="in-AED"')


@pytest.mark.parametrize(
    ("figure", "holds", "not_holds"),
    [
        ("1,02,500.50", ["not due", "today"], ["1-30"]),
        ("300.00", ["1-30"], ["today", "31-60"]),
        ("4,000.00", ["31-60"], ["1-30", "61-90"]),
        ("400.00", ["61-90"], ["31-60", "over 90"]),
        ("1,23,456.75", ["over 90"], ["61-90"]),
        ("1,02,800.50", ["not due", "today", "1-30"], ["31-60"]),
        ("2,30,657.25", ["not due", "today", "1-30", "31-60", "61-90", "over 90"], ["dirham"]),
    ],
)
def test_each_amount_links_to_its_invoices(
    seller: Person, sold: dict[str, str], figure: str, holds: list[str], not_holds: list[str]
) -> None:
    client = seller.tab
    listed = shown(client, link_of(shown(client, "/reports/receivables"), figure))
    assert [name for name in holds if sold[name] not in listed] == []
    assert [name for name in not_holds if sold[name] in listed] == []


@pytest.mark.parametrize(
    ("figure", "due_from", "due_to"),
    [
        ("1,02,500.50", 0, None),
        ("300.00", 30, 1),
        ("4,000.00", 60, 31),
        ("400.00", 90, 61),
        ("1,23,456.75", None, 91),
        ("2,30,657.25", None, None),
    ],
)
def test_the_link_of_an_amount_has_the_due_dates_of_its_age(
    seller: Person, sold: dict[str, str], figure: str, due_from: int | None, due_to: int | None
) -> None:
    asked = parse_qs(urlsplit(link_of(shown(seller.tab, "/reports/receivables"), figure)).query)
    assert asked.pop("status") == ["open"]
    assert asked.pop("currency") == ["INR"]
    asked.pop("party_id", None)
    bounds = {"due_from": due_from, "due_to": due_to}
    assert asked == {
        name: [days_ago(days).isoformat()] for name, days in bounds.items() if days is not None
    }


def test_the_documents_of_a_party_open_below_it(seller: Person, sold: dict[str, str]) -> None:
    client = seller.tab
    closed = shown(client, "/reports/receivables")
    assert sold["61-90"] not in closed
    found = re.search(
        r'<a\s+href="([^"]+)"\s+aria-expanded="false">\s*<i [^>]*></i>\s+Mohammed Ashraf K\.</a>',
        closed,
    )
    assert found
    page = block(shown(client, found.group(1)), "INR")
    assert rows(page)[4:6] == [
        [f"{sold['61-90']} due {day_words(61)} Partly paid", "", "", "", "400.00", "", "400.00"],
        [f"{sold['31-60']} due {day_words(31)}", "", "", "4,000.00", "", "", "4,000.00"],
    ]
    assert sold["over 90"] not in page
    everybody = shown(client, "/reports/receivables?party=*")
    assert [name for name in sold if sold[name] not in everybody] == []


def day_words(days: int) -> str:
    day = days_ago(days)
    return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today().year else "")


def test_the_page_compares_documents_with_the_books(seller: Person, sold: dict[str, str]) -> None:
    page = words(shown(seller.tab, "/reports/receivables"))
    assert "equals account 1200, INR 2,30,657.25" in page
    assert "equals account 1200, AED 700.25" in page
    assert "INR: the ageing total matches account 1200." in page
    assert "differ by" not in page


def book_past_every_document(actor: Actor) -> None:
    amount = Money.parse("55.00", "INR")
    entries.post(
        actor,
        source_type="manual",
        source_id=new_id(),
        purpose="stray",
        narration="A booking past every document",
        lines=[entries.debit("receivable", amount), entries.credit("revenue_fees", amount)],
    )


def test_a_difference_is_shown_in_red_with_both_sides(
    alice: Person, debtors: dict[str, str]
) -> None:
    alice.does(book_past_every_document)
    page = shown(alice.tab, "/reports/receivables")
    assert "ledger balance INR 2,30,712.25" in words(block(page, "INR"))
    assert (
        "open documents total INR 2,30,657.25 , balance of account 1200 INR 2,30,712.25"
        in words(page)
    )
    assert "documents and ledger differ by INR −55.00" in words(page)
    assert "equals account 1200, AED 700.25" in words(page)


@pytest.mark.parametrize("address", ["/reports/receivables", "/reports/receivables?party=*"])
def test_a_posting_during_the_request_causes_no_difference(
    alice: Person, debtors: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, run = alice.tab, ReadPool.run

    def run_beside_others(lane: ReadPool, credential: Any, selects: Any) -> Any:
        """After the ages are read, issue another invoice to a customer of the page."""
        found = run(lane, credential, selects)
        if len(selects) >= 3:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(invoice, alice, "Deepa Krishnan", "60.00", due=days_ago(2)).result()
        return found

    def figures() -> str:
        """Return the text of the page without the minute at which it was made."""
        return re.sub(r"\d\d:\d\d UTC", "", words(shown(client, address)))

    before = figures()
    monkeypatch.setattr(ReadPool, "run", run_beside_others)
    assert figures() == before, "the page is of the moment at which it began"
    monkeypatch.undo()
    assert figures() != before


def test_the_permission_to_read_the_ledger_is_enough_for_the_page(alice: Person) -> None:
    alice.does(book_past_every_document)
    assert "differ by INR −55.00" in words(shown(alice.tab, "/reports/receivables"))


def test_the_page_shows_the_state_of_an_earlier_day(seller: Person, sold: dict[str, str]) -> None:
    client = seller.tab
    page = shown(client, f"/reports/receivables?as_of={days_ago(2)}")
    assert rows(block(page, "INR"))[-1] == [
        "Total INR",
        "–",
        "4,300.00",
        "500.00",
        "1,23,456.75",
        "–",
        "1,28,256.75",
    ]
    assert "equals account 1200, INR 1,28,256.75" in words(page)
    assert "differ by" not in page


def test_an_amount_of_another_day_opens_its_documents_on_the_page(
    seller: Person, sold: dict[str, str]
) -> None:
    client = seller.tab
    link = link_of(shown(client, f"/reports/receivables?as_of={days_ago(2)}"), "1,28,256.75")
    assert link.startswith("/reports/receivables?")
    assert sold["over 90"] in shown(client, link)


def test_issue_dates_filter_the_rows_but_not_the_comparison(
    seller: Person, sold: dict[str, str]
) -> None:
    page = shown(seller.tab, f"/reports/receivables?from={days_ago(35)}&to={days_ago(25)}")
    assert rows(block(page, "INR"))[-1][-1] == "4,300.00"
    assert (
        "all open documents, including those not shown, total INR 2,30,657.25 , which matches"
        " account 1200." in words(page)
    )


def test_the_filter_by_currency_can_be_removed(seller: Person, sold: dict[str, str]) -> None:
    client = seller.tab
    page = shown(client, "/reports/receivables?currency=AED")
    assert 'id="in-INR"' not in page
    assert 'id="in-AED"' in page
    assert 'class="v-chip v-chip-on" href="/reports/receivables"' in page
    assert "No open documents match these filters" in shown(
        client, "/reports/receivables?currency=KWD"
    )


def test_dates_are_accepted_in_common_notations(seller: Person, sold: dict[str, str]) -> None:
    client = seller.tab
    typed = typed_day(days_ago(2))
    assert shown(client, f"/reports/receivables?as_of={typed.replace(' ', '+')}").count(typed) >= 2
    assert f"as of {typed}" in shown(
        client, f"/reports/trial-balance?as_of={typed.replace(' ', '+')}"
    )


@pytest.mark.parametrize(
    ("query", "sentence", "stored"),
    [
        ("as_of=soonish", "Not valid: as of.", "soonish"),
        ("from=31.02.2026&to=once", "Not valid: issued from, issued to.", "31.02.2026"),
        ("as_of=1850-01-01", "Not valid: as of.", "1850-01-01"),
        ("as_of=2026-02-01&currency=rupees", "Not valid: currency.", "1 Feb 2026"),
        ("from=2026-02-02&to=2026-02-01", "The start date is after the end date.", "2 Feb 2026"),
    ],
)
def test_invalid_values_are_reported_and_kept_in_their_fields(
    seller: Person, sold: dict[str, str], query: str, sentence: str, stored: str
) -> None:
    page = shown(seller.tab, f"/reports/receivables?{query}", status=422)
    assert sentence in page
    assert f'value="{stored}"' in page
    assert 'class="v-ageblock"' not in page


def test_payables_equal_the_account_of_payables(alice: Person, charlie: Person) -> None:
    client = alice.tab
    assert "No payables" in shown(client, "/reports/payables")
    bill(alice, "Galaxy Consolidators", "4000", due=days_ago(31), reference="GC-1")
    bill(alice, "Galaxy Consolidators", "100", due=days_ago(1), reference="GC-2")
    bill(alice, "Desert Rooms", "700.25", due=today(), reference="DR-1", currency="AED")
    late = bill(alice, "Late Lodges", "50", due=days_ago(100), reference="LL-1")
    alice.does(payment_service.pay_bill, late, Money.parse("20", "INR"), days_ago(2))
    page = shown(client, "/reports/payables?party=Galaxy+Consolidators")
    assert [[row[0].split(" due ")[0], *row[1:]] for row in rows(block(page, "INR"))[1:]] == [
        ["Galaxy Consolidators", "–", "100.00", "4,000.00", "–", "–", "4,100.00"],
        ["GC-1", "", "", "4,000.00", "", "", "4,000.00"],
        ["GC-2", "", "100.00", "", "", "", "100.00"],
        ["Statement , Galaxy Consolidators"],
        ["Late Lodges", "–", "–", "–", "–", "30.00", "30.00"],
        ["Total INR", "–", "100.00", "4,000.00", "–", "30.00", "4,130.00"],
    ]
    assert "equals account 2100, INR 4,130.00" in words(block(page, "INR"))
    behind = link_of(block(page, "INR"), "4,000.00")
    party_id = alice.api.get("/parties?q=Galaxy").json["items"][0]["id"]
    assert (
        behind == f"/bills?status=open&currency=INR&due_from={days_ago(60)}&due_to={days_ago(31)}"
        f"&party_id={party_id}"
    )
    assert ("GC-1" in shown(client, behind), "GC-2" in shown(client, behind)) == (True, False)
    assert link_of(shown(client, f"/reports/payables?as_of={days_ago(3)}"), "50.00").startswith(
        "/reports/payables?"
    ), "of another day the bills stand here"
    assert "equals account 2100, AED 700.25" in words(block(page, "AED"))
    assert "50.00" in words(
        block(shown(client, f"/reports/payables?as_of={days_ago(3)}"), "INR")
    ), "as of a day before the payment"
    assert "Galaxy" not in shown(charlie.tab, "/reports/payables")
    post(
        alice,
        lines=[
            entries.debit("bank", Money(100, "INR")),
            entries.credit("payable", Money(100, "INR")),
        ],
        entry_date=today(),
    )
    assert "ledger balance INR 4,131.00" in words(block(shown(client, "/reports/payables"), "INR"))


def test_the_trial_balance_reports_invalid_values(alice: Person) -> None:
    assert "Not valid: as of." in shown(
        alice.tab, "/reports/trial-balance?as_of=soonish", status=422
    )


def test_the_trial_balance_shows_equal_totals(seller: Person, sold: dict[str, str]) -> None:
    page = shown(seller.tab, f"/reports/trial-balance?from={days_ago(92)}")
    assert rows(block(page, "INR"))[2:] == [
        ["Assets"],
        ["1100 Bank, current account", "", "", "100.00", "", "100.00", ""],
        ["1200 Trade receivables", "", "", "2,30,757.25", "100.00", "2,30,657.25", ""],
        ["Revenue"],
        ["4300 Sales of travel services", "", "", "", "2,30,757.25", "", "2,30,757.25"],
        ["Total INR", "0.00", "0.00", "2,30,857.25", "2,30,857.25", "2,30,757.25", "2,30,757.25"],
    ]
    assert rows(block(page, "AED"))[2:] == [
        ["Assets"],
        ["1200 Trade receivables", "", "", "700.25", "", "700.25", ""],
        ["Revenue"],
        ["4300 Sales of travel services", "", "", "", "700.25", "", "700.25"],
        ["Total AED", "0.00", "0.00", "700.25", "700.25", "700.25", "700.25"],
    ]
    assert "Debits equal credits in every currency" in page
    assert "out of balance" not in page


def test_opening_balances_are_net_and_earlier_years_are_one_row(alice: Person) -> None:
    """Revenue and expense start at zero with the financial year.

    It begins on 1 April here. The result of earlier years is one row.
    """
    for day, minor in (
        (date(2025, 1, 10), 10_000),
        (date(2025, 5, 10), 3_000),
        (date(2025, 7, 10), 700),
    ):
        earned = Money(minor, "INR")
        post(
            alice,
            lines=[entries.debit("bank", earned), entries.credit("revenue_fees", earned)],
            entry_date=day,
        )
    back = [
        entries.debit("revenue_fees", Money(200, "INR")),
        entries.credit("bank", Money(200, "INR")),
    ]
    post(alice, lines=back, entry_date=date(2025, 7, 11))
    client = alice.tab
    page = shown(client, "/reports/trial-balance?from=2025-07-01&as_of=2025-07-31")
    assert rows(block(page, "INR"))[2:] == [
        ["Assets"],
        ["1100 Bank, current account", "130.00", "", "7.00", "2.00", "135.00", ""],
        ["Equity"],
        ["Result of earlier years computed", "", "100.00", "", "", "", "100.00"],
        ["Revenue"],
        ["4200 Service fees", "", "30.00", "2.00", "7.00", "", "35.00"],
        ["Total INR", "130.00", "130.00", "9.00", "9.00", "135.00", "135.00"],
    ]
    whole_year = rows(block(shown(client, "/reports/trial-balance?as_of=2025-07-31"), "INR"))
    assert [
        "4200 Service fees",
        "",
        "",
        "2.00",
        "37.00",
        "",
        "35.00",
    ] in whole_year, "by default from the beginning of the financial year"
    lines = shown(client, link_of(page, '<span class="v-mono v-lite">4200</span> Service fees'))
    assert [row[-3:] for row in rows(table(lines))[2:]] == [
        ["", "INR 7.00", "INR 37.00 Cr"],
        ["INR 2.00", "", "INR 35.00 Cr"],
        ["INR 2.00", "INR 7.00", "INR 35.00 Cr"],
    ], "the account opens and closes as in the trial balance"


def test_a_period_that_ends_before_it_begins_is_refused(alice: Person) -> None:
    for path in (
        "/reports/trial-balance?from=2026-02-02&as_of=2026-02-01",
        "/reports/general-ledger?account=1100&from=2026-02-02&to=2026-02-01",
    ):
        assert "The start date is after the end date." in shown(alice.tab, path, status=422)


def test_books_that_do_not_balance_are_shown_in_red(
    alice: Person, debtors: dict[str, str], owner_engine: sa.Engine
) -> None:
    # Early in a month the report adds its days, later it subtracts the days to come.
    account = (
        " where tenant_id = :tenant and currency = 'INR' and account_id = (select id from accounts"
        " where tenant_id = :tenant and purpose = 'revenue_services')"
    )
    with owner_engine.begin() as connection:
        for table, period in (
            ("monthly_balances", "month = date_trunc('month', current_date)::date"),
            (
                "daily_balances",
                f"day = (select min(day) from daily_balances{account}"
                " and day >= date_trunc('month', current_date))",
            ),
        ):
            tamper = sa.text(
                f"update {table} set credit_minor = credit_minor + 100{account} and {period}"
            )
            assert connection.execute(tamper, {"tenant": alice.actor.tenant_id}).rowcount == 1
    page = shown(alice.tab, "/reports/trial-balance")
    assert "out of balance by INR −1.00" in words(block(page, "INR"))
    assert "in balance" in words(block(page, "AED"))
    assert "Debits and credits differ" in page
    assert alice.api.get("/reports/trial-balance").json["in_balance"] is False


def test_the_trial_balance_can_list_the_chart_and_one_currency(
    seller: Person, sold: dict[str, str]
) -> None:
    page = shown(seller.tab, "/reports/trial-balance?include_zero=1&currency=AED")
    assert 'id="in-INR"' not in page
    assert ["1010 Cash in hand", "", "", "", "", "", ""] in rows(block(page, "AED"))
    assert "There are no entries in KWD" in shown(seller.tab, "/reports/trial-balance?currency=KWD")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/reports/receivables",
            (
                "Receivables by age As of {day}, by due date, all currencies, all customers."
                " Amounts in different currencies are not added together."
            ),
        ),
        (
            "/reports/receivables?currency=AED",
            (
                "Receivables by age As of {day}, by due date, in AED only, all customers."
                " Amounts in different currencies are not added together."
            ),
        ),
        (
            "/reports/trial-balance?from=2026-01-01",
            (
                "Trial balance Book dates from 1 January 2026 to {day}, all currencies, without"
                " accounts that have no postings. Amounts in different currencies are not added"
                " together."
            ),
        ),
    ],
)
def test_the_pdf_names_agency_report_and_user(
    seller: Person, sold: dict[str, str], path: str, expected: str
) -> None:
    page = shown(seller.tab, path)
    head = re.search(r'<div class="v-print mb-3">.*?\n</div>', page, re.DOTALL)
    assert head
    text = words(head.group(0))
    assert "Alice Travels" in text
    assert "by Alice Owner" in text
    assert expected.format(day=f"{today().day} {today():%B %Y}") in text


@pytest.mark.parametrize("path", PAGES)
def test_today_is_the_date_in_the_agencys_time_zone(
    alice: Person, owner_engine: sa.Engine, path: str
) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Midway"):
        with owner_engine.begin() as connection:
            connection.execute(
                sa.text("update tenant_settings set timezone = :zone where tenant_id = :tenant"),
                {"zone": zone, "tenant": alice.actor.tenant_id},
            )
        assert f"as of {typed_day(clock.today(zone))}" in shown(alice.tab, path)


@pytest.mark.parametrize("path", PAGES)
def test_users_see_only_the_report_of_their_agency(
    alice: Person, bob: Person, victor: Person, charlie: Person, debtors: dict[str, str], path: str
) -> None:
    for colleague in (bob, victor):
        assert "2,30,657.25" in shown(colleague.tab, path)
    assert "2,30,657.25" not in shown(charlie.tab, path)
    nobody = alice.app.test_client().get(path)
    assert (nobody.status_code, nobody.headers["Location"]) == (303, f"/sign-in?next={path}")


@pytest.mark.parametrize(
    ("path", "selects_max", "trips_max"),
    [
        ("/reports/receivables?party=*", 9, 3),
        ("/reports/trial-balance", 5, 2),
        ("/reports/general-ledger?account=1200", 6, 2),
        ("/", 14, 2),
    ],
)
def test_a_page_takes_few_round_trips(
    seller: Person,
    sold: dict[str, str],
    path: str,
    selects_max: int,
    trips_max: int,
    statements: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ageing first reads the parties of the page, and then only their documents.

    The home page has two selects of its own for its charts.
    """
    client = seller.tab
    trips: list[int] = []
    run = ReadPool.run
    monkeypatch.setattr(
        ReadPool,
        "run",
        lambda lane, credential, selects: (
            trips.append(len(selects)),
            run(lane, credential, selects),
        )[1],
    )
    statements.clear()
    assert client.get(path).status_code == 200
    assert len(trips) == trips_max
    assert sum(trips) <= selects_max
    assert statements == []


def test_the_statements_of_the_ageing_are_built_once(
    seller: Person, sold: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Building them took three quarters of the time of a page with few rows."""
    client, run, built = seller.tab, ReadPool.run, []

    def noted(lane: ReadPool, credential: Any, selects: Any) -> Any:
        built.append(selects[:4])
        return run(lane, credential, selects)

    monkeypatch.setattr(ReadPool, "run", noted)
    for _ in range(2):
        shown(client, "/reports/receivables")
    first, again = (selects for selects in built if len(selects) == 4)
    assert [one is other for one, other in zip(first, again, strict=True)] == [True] * 4
