"""Each figure of the margin reports links to the lines that it sums."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID
from xml.etree.ElementTree import Element

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.billing.papers import issued, line
from tests.enquiries.reading import Page
from tests.ledger.books import post
from tests.people import People, Person
from tests.reports.books import MAY
from tests.reports.test_general_ledger import big
from tests.reports.test_margins_in_books import (
    IN_JUNE,
    IN_MAY,
    JULY,
    JUNE,
    bought,
    planned_trip,
    sold,
)
from tests.reports.test_views import shown, words
from tests.trips.things import a_trip
from voyagent.billing.bills import service as bill_service
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import issuing
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.enquiries import service as enquiries
from voyagent.kernel.database.statement_cache import compiled_for
from voyagent.kernel.money import Money
from voyagent.ledger.queries.trip_earnings import (
    earning_lines_statement,
    earning_lines_total_statement,
)
from voyagent.ledger.service import entries as ledger_entries
from voyagent.reports.queries.margin_lines import Whose, entries_statement
from voyagent.reports.queries.periods import Days
from voyagent.reports.views import answers, margins as margin_pages

__all__ = ["big"]
AT = "/reports/trip-margins/lines"
NOBODYS = "01a2261d-9746-7768-9fff-8a352ebdaad8"
WHOLE = "from=2026-05-01&to=2026-07-31"


@pytest.fixture(scope="module")
def alice(app: Flask) -> Person:
    """An administrator whose records these tests only read."""
    return People(app).sign_up("Alice Owner", agency="Alice Travels")


@pytest.fixture(scope="module")
def year(alice: Person) -> UUID:
    """Everything that affects a margin, in two currencies.

    Some of it is outside the period. Returns the trip to Dubai.
    """
    dubai = planned_trip(alice)
    invoice_id, bill_id = (
        sold(alice, "1000.00", dubai),
        bought(alice, "600.00", dubai, reference="A-1"),
    )
    sold(alice, "250.00", dubai, service_date=JULY)
    sold(alice, "900.00", dubai, sold_as="agent", commission="80.00")
    sold(alice, "500.00", dubai, currency="USD")
    twice, wrong = sold(alice, "33.00", dubai), bought(alice, "44.00", dubai, reference="A-2")
    with alice.acting() as actor:
        note = credit_note_service.issue_credit_note(
            actor, invoice_id, reason="Not travelled", on=JUNE, amounts={1: Money(30_000, "INR")}
        ).id
        credit = supplier_credit_service.credit_bill(
            actor,
            bill_id,
            vendor_reference="A-C1",
            reason="Not travelled",
            on=JUNE,
            amounts={1: Money(20_000, "INR")},
        ).id
        issuing.void_invoice(actor, twice, reason="Twice", on=JUNE)
        bill_service.void_bill(actor, wrong, reason="Wrong", on=MAY)
        credit_note_service.reverse_credit_note(actor, note, reason="Wrong invoice", on=JULY)
        supplier_credit_service.reverse_supplier_credit(actor, credit, reason="Wrong bill", on=JULY)
    for name, price in (("Meera Nair", "40.00"), ("MEERA NAIR", "2.00")):
        issued(
            alice,
            line(price, quantity=1),
            customer_name=name,
            issue_date=JUNE,
            due_date=JUNE,
            trip_id=a_trip(alice),
        )
    asked = alice.does(lambda actor: enquiries.create(actor, customer_name="O'Neill & Söhne").id)
    sold(alice, "10.00", a_trip(alice, title="Asked", enquiry_id=asked), on=JULY)
    bought(alice, "7.00", a_trip(alice, title="Unsold"), reference="A-3", on=JUNE)
    sold(alice, "70.00")
    by_hand = [
        ledger_entries.debit("cost_of_services", Money(500, "INR")),
        ledger_entries.credit("bank", Money(500, "INR")),
    ]
    alice.does(
        ledger_entries.reverse,
        post(alice, lines=by_hand, entry_date=MAY).entry_id,
        reason="Twice",
        entry_date=JUNE,
    )
    return dubai


def figures(page: Page) -> list[tuple[str, str]]:
    """Return each linked figure and its address."""
    cells = [
        cell
        for table in page.all(".//table")
        for cell in table.findall(".//td/a")
        if "/lines?" in cell.attrib["href"]
    ]
    return [("".join(cell.itertext()), cell.attrib["href"]) for cell in cells]


def summed(page: Page) -> list[int]:
    """Return the amounts of the lines on a page, in minor units."""
    return [
        minor("".join(cell.itertext()))
        for cell in page.all(".//tbody[@data-rows]/tr/td[last()]")
        if cell.find("a") is not None
    ]


def minor(text: str) -> int:
    return int("".join(letter for letter in text.replace("−", "-") if letter in "-0123456789"))


def foot(page: Page) -> str:
    return page.words(".//tfoot//td")


@pytest.mark.parametrize(
    ("by", "days"),
    [
        ("trip", WHOLE),
        ("trip", IN_MAY),
        ("trip", "from=2026-06-10&to=2026-07-03"),
        ("customer", WHOLE),
        ("customer", IN_JUNE),
        ("month", WHOLE),
        ("month", "from=2026-05-04&to=2026-06-09"),
    ],
)
@pytest.mark.usefixtures("year")
def test_an_amount_equals_the_sum_of_its_lines(alice: Person, by: str, days: str) -> None:
    browser = alice.tab
    clicked = figures(Page(browser.get(f"/reports/trip-margins?{days}&group_by={by}")))
    assert len(clicked) > 6
    for text, href in clicked:
        page = Page(browser.get(href))
        lines = summed(page)
        assert page.status == 200
        assert (minor(foot(page)), sum(lines)) == (minor(text), minor(text)), href
        assert (
            page.words(".//tfoot//th") == f"{len(lines)} line{'s' if len(lines) > 1 else ''} in all"
        )


def test_every_amount_other_than_zero_links_to_its_lines(alice: Person, year: UUID) -> None:
    page = Page(alice.tab.get(f"/reports/trip-margins?{WHOLE}"))
    (row,) = [
        row
        for row in page.all(".//tbody[@data-rows]/tr")
        if any(f"trip={year}&currency=USD" in link for link in links(row))
    ]
    lines = f"{AT}?of={{0}}&trip={year}&currency=USD&from=2026-05-01&to=2026-07-31"
    assert links(row) == [
        lines.format("revenue"),
        lines.format("margin"),
    ], "of nothing there is nothing to open"
    (books,) = [
        table for table in page.all(".//table") if "All postings, INR" in "".join(table.itertext())
    ]
    ways = [links(row) for row in books.iter("tr")][1:]
    result = "/reports/profit-and-loss?from=2026-05-01&to=2026-07-31"
    assert [{link.partition("trips=")[2][:4] for link in way} for way in ways[:2]] == [
        {"any&"},
        {"none"},
    ]
    assert ways[2:] == [[result] * 4]


def links(element: Element) -> list[str]:
    return [link.attrib["href"] for link in element.iter("a")]


def test_planned_amounts_link_to_the_trip(alice: Person, year: UUID) -> None:
    page = Page(alice.tab.get(f"/reports/trip-margins?{WHOLE}"))
    found = {
        text
        for link in page.all(".//td[@class='v-num']/a")
        if link.attrib["href"] == f"/trips/{year}"
        for text in link.itertext()
    }
    assert found == {"900.00", "600.00", "300.00"}


def test_a_line_shows_its_day_entry_document_account_and_narration(
    alice: Person, year: UUID
) -> None:
    page = Page(alice.tab.get(f"{AT}?of=margin&currency=INR&trip={year}&{IN_JUNE}"))
    text = page.words()
    assert "Margin: Dubai INR" in text
    rows = [
        " ".join("".join(row.itertext()).split()) for row in page.all(".//tbody[@data-rows]/tr")
    ]
    assert len(rows) == 3, "the credit note, the supplier's and the void of what was issued in May"
    assert all(row.startswith("10 Jun 2026") for row in rows)
    leads = page.links()
    assert any(link.startswith("/credit-notes/") for link in leads)
    assert any(link.startswith("/invoices/") for link in leads), "a void leads to what it voids"
    assert any(link.startswith("/reports/general-ledger?account=") for link in leads)
    entry = next(link for link in leads if link.startswith("/journal/"))
    assert alice.tab.get(entry).status_code == 200
    assert "Revenue is positive, direct cost is negative." in text


def test_a_page_links_the_next_and_shows_the_total_of_all(
    alice: Person, year: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{AT}?of=margin&currency=INR&trips=any&{WHOLE}"
    whole = Page(alice.tab.get(path))
    monkeypatch.setattr(margin_pages, "PAGE_LINES", 4)
    found: list[int] = []
    href: str | None = path
    while href:
        page = Page(alice.tab.get(href))
        assert foot(page) == foot(whole)
        found += summed(page)
        href = next((link.attrib["href"] for link in page.all(".//nav//a[@rel='next']")), None)
    assert (len(found) > 8, found) == (True, summed(whole))
    assert "The total covers all pages." in page.words()


def test_the_lines_are_available_as_file(alice: Person, year: UUID) -> None:
    file = alice.tab.get(
        f"{AT}?of=cost&currency=INR&trip={year}&{IN_MAY}&format=csv"
    ).text.splitlines()
    assert (
        file[0] == "row,entry_date,entry_id,line_no,code,name,narration,party,memo,currency,amount"
    )
    assert [row.rsplit(",", 1)[1] for row in file[1:]] == ["600.00", "44.00", "-44.00", "600.00"]
    assert file[-1].startswith("total,2026-05-31,,,,All lines,")
    assert alice.tab.get(f"{AT}?of=cost&currency=INR&trips=none&format=xlsx").status_code == 200


def test_the_lines_are_available_as_pdf(
    alice: Person, year: UUID, typeset_input: dict[str, Any]
) -> None:
    asked = f"{AT}?of=cost&currency=INR&trip={year}&{IN_MAY}"
    assert "format=pdf" in shown(alice.tab, asked)
    answer = alice.tab.get(f"{asked}&format=pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert (
        answer.headers["Content-Disposition"]
        == 'inline; filename="voyagent-trip-margins-lines-2026-05-31.pdf"'
    )
    (table,) = typeset_input["tables"]
    assert table["title"] == "Direct cost: Dubai, Indian Rupee (INR)"
    (group,) = table["groups"]
    assert [(row[0], row[3]) for row in group["rows"]] == [
        ("4 May 2026", "600.00"),
        ("4 May 2026", "44.00"),
        ("4 May 2026", "−44.00"),
    ]
    assert table["totals"] == [["", "3 lines in all", "", "600.00"]]
    alice.tab.get(f"{AT}?of=margin&currency=INR&trips=any&{IN_MAY}&format=pdf")
    assert typeset_input["tables"][0]["note"] == "Revenue is positive, direct cost is negative."


def test_a_pdf_has_all_lines_or_is_refused(
    alice: Person, year: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LINES_MAX", 2)
    answer = alice.tab.get(f"{AT}?of=cost&currency=INR&trip={year}&{IN_MAY}&format=pdf")
    assert (answer.status_code, answer.mimetype) == (422, "text/html")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "trips=any&customer=",
            "Choose one trip, one customer, one month, all trips or no trip.",
        ),
        ("month=2026-05&trips=none", "Choose one trip"),
        ("trips=some", "Not valid: trips."),
        ("trip=x", "Not valid: trip."),
        ("month=2026-13", "Not valid: month."),
        ("month=202605", "Not valid: month."),
        ("month=9999-05", "Not valid: month."),
        ("trips=any&of=profit", "Not valid: revenue or direct cost."),
        ("trips=any&currency=RUPEE", "Not valid: currency."),
        ("trips=any&after=x", "This page marker is not valid."),
        (f"trips=any&after=2025-01-01.{NOBODYS}.1", "This page marker is not valid."),
        ("trips=any&from=2026-07-01&to=2026-05-01", "The start date is after the end date."),
        ("month=2026-05&from=2026-06-01&to=2026-06-30", "This month is outside the period."),
        (f"trip={NOBODYS}", "We could not find that trip."),
        ("customer=" + "a" * 256, "Not valid: customer."),
    ],
)
def test_an_invalid_selection_is_explained(alice: Person, query: str, sentence: str) -> None:
    assert sentence in shown(alice.tab, f"{AT}?{query}", status=422)


def test_without_a_selection_the_choices_are_listed(alice: Person) -> None:
    assert "Choose one trip, one customer, one month" in shown(alice.tab, AT)


def test_an_empty_selection_has_a_text(charlie: Person) -> None:
    path = f"{AT}?trip={planned_trip(charlie)}&of=revenue&{IN_MAY}"
    text = words(shown(charlie.tab, path))
    assert "No entries in this period" in text
    assert "Revenue: Dubai INR" in text


def test_viewers_can_read_the_lines_and_other_agencies_cannot(
    alice: Person, victor: Person, charlie: Person, year: UUID
) -> None:
    path = f"{AT}?of=revenue&currency=INR&trip={year}&{WHOLE}"
    assert foot(Page(victor.tab.get(path))) == foot(Page(alice.tab.get(path)))
    assert "We could not find that trip." in shown(charlie.tab, path, status=422)
    for whose in (
        "trips=any",
        "trips=none",
        "customer=Deepa+Krishnan",
        "customer=",
        "month=2026-05",
    ):
        assert "No entries in this period" in shown(charlie.tab, f"{AT}?{whose}&{WHOLE}")


def test_an_anonymous_visitor_is_sent_to_sign_in(alice: Person) -> None:
    answer = alice.app.test_client().get(f"{AT}?trips=any")
    assert (answer.status_code, "/sign-in" in answer.location) == (303, True)


def test_the_cost_of_a_trip_is_the_sum_of_its_postings(
    big: Person, lane: psycopg.Connection[Any], owner_engine: sa.Engine
) -> None:
    """The agency has three years of ten other invoices a day."""
    trip_id = a_trip(big, title="Dubai")
    for price in ("1000.00", "20.00"):
        sold(big, price, trip_id)
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("vacuum analyze journal_entries, postings, accounts"))
    entries = entries_statement(Whose(trip=trip_id), Days(date(2023, 1, 1), date(2026, 12, 31)))
    for statement in (
        earning_lines_statement(entries, "margin", "INR", after=None, limit=101),
        earning_lines_total_statement(entries, "margin", "INR"),
    ):
        sql, values = compiled_for(statement, big.credential.tenant_id)
        with lane.transaction(), lane.cursor() as cursor:
            cursor.execute("select set_config('app.tenant', %s, true)", [str(big.actor.tenant_id)])
            cursor.execute(f"explain (analyze, buffers, format json) {sql}", values)
            plan = next(iter(cursor.fetchone() or ()))[0]["Plan"]
        assert (
            plan["Actual Rows"] > 0,
            plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 400,
        ) == (True, True), "of eleven thousand"
