"""Pages of invoices: their content, permissions and URLs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.billing.papers import DUE, ISSUED, draft, issued, line, pay, seen
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.enquiries import service as enquiry
from voyagent.kernel import clock
from voyagent.kernel.ids import new_id
from voyagent.ledger.service import entries


def test_a_new_agency_reads_how_to_create_an_invoice(alice: Person) -> None:
    page = Page(alice.tab.get("/invoices"))
    assert page.status == 200
    assert "No invoices yet" in page.words()
    assert any(link.startswith("/assistant?about=") for link in page.links())
    assert not page.all(".//table[@class]")


def test_the_list_shows_amounts_due_and_overdue(alice: Person) -> None:
    today = clock.today()
    pay(
        alice,
        issued(alice, issue_date=today, due_date=today, customer_name="Today"),
        500_000,
        today,
    )
    issued(
        alice,
        issue_date=today - timedelta(days=12),
        due_date=today - timedelta(days=3),
        customer_name="Late",
    )
    draft(
        alice,
        line("7.00", currency="AED"),
        issue_date=today + timedelta(days=1),
        due_date=today + timedelta(days=1),
        customer_name="Unfinished",
    )
    page = Page(alice.tab.get("/invoices"))
    assert page.rows() == ["Unfinished", "Today", "Late"]
    assert page.words(".//tbody/tr[1]/td[2]") == "Draft"
    assert page.words(".//tbody/tr[2]/td[2]") == "Partly paid", "due today is not overdue"
    assert page.words(".//tbody/tr[3]/td[2]") == "3 days overdue"
    assert page.words(".//tbody/tr[2]/td[6]") == "INR45,000.00"
    assert page.words(".//tbody/tr[2]/td[7]") == "INR40,000.00"
    assert page.words(".//tbody/tr[1]/td[6]") == "AED14.00"
    assert (
        page.words(".//div[@id='invoice-tabs']")
        == "All 3Draft 1Unpaid 2Overdue 1Partly paid 1Settled 0"
    )
    assert "2 unpaid" in page.words(".//header")


@pytest.mark.parametrize(
    "query",
    [
        "q=noor",
        "q=PO-77",
        "status=issued&currency=AED",
        "party=AL+NOOR+TRADING",
        "due_from=1+Jul+2024&due_to=31+Jul+2024",
        "status=overdue&due_from=2024-07-01",
        "status=open&currency=AED",
    ],
)
def test_every_filter_restricts_the_list_and_is_in_the_links(alice: Person, query: str) -> None:
    issued(alice)
    issued(
        alice,
        line(currency="AED"),
        customer_name="Al Noor Trading",
        party_reference="PO-77",
        due_date=DUE + timedelta(days=20),
    )
    page = Page(alice.tab.get(f"/invoices?{query}"))
    assert page.status == 200
    assert page.rows() == ["Al Noor Trading"]
    name = query.split("=", maxsplit=1)[0]
    assert any(f"{name}=" in link for link in page.links() if link.startswith("/invoices?")), (
        "the tabs keep the filter"
    )


def test_an_active_filter_can_be_removed(alice: Person) -> None:
    issued(alice)
    page = Page(alice.tab.get("/invoices?currency=AED"))
    assert "No results" in page.words()
    assert "/invoices" in page.links()
    assert page.words(".//div[@id='invoice-chips']").startswith("Due")


@pytest.mark.parametrize(
    "query",
    [
        "currency=abc",
        "currency=zz",
        "status=lost",
        "due_from=soon",
        "page=0",
        "page=x",
        "q=" + "x" * 256,
    ],
)
def test_invalid_query_parameters_are_ignored_and_named(alice: Person, query: str) -> None:
    issued(alice)
    page = Page(alice.tab.get(f"/invoices?{query}"))
    assert page.status == 422
    assert page.rows() == ["Deepa Krishnan"]
    assert "Part of the address is not valid" in page.words(".//div[@role='status']")


def test_pages_link_forward_and_back(alice: Person) -> None:
    for _ in range(51):
        draft(alice)
    first = Page(alice.tab.get("/invoices?status=draft"))
    assert "1–50 of 51" in first.words()
    assert "/invoices?status=draft&page=2" in first.links()
    second = Page(alice.tab.get("/invoices?status=draft&page=2"))
    assert len(second.rows()) == 1
    assert "/invoices?status=draft" in second.links()
    past = Page(alice.tab.get("/invoices?status=draft&page=3"))
    assert past.status == 200
    assert "End of the list" in past.words()


def test_a_search_returns_only_the_fragment(alice: Person) -> None:
    issued(alice)
    answer = alice.tab.get(
        "/invoices?q=deepa", headers={"HX-Request": "true", "HX-Target": "invoices"}
    )
    assert answer.headers["HX-Push-Url"] == "/invoices?q=deepa"
    assert "<html" not in answer.text
    assert 'id="invoice-tabs" hx-swap-oob="true"' in answer.text


def test_the_list_needs_three_statements_in_one_round_trip(
    alice: Person, app: Any, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice_id = issued(alice)
    browser = alice.tab
    statements.clear()
    trips: list[int] = []
    lane = app.extensions["voyagent.auth_adapter"].lane
    real = lane.run
    monkeypatch.setattr(
        lane,
        "run",
        lambda credential, selects: (trips.append(1 + len(selects)), real(credential, selects))[1],
    )
    browser.get("/invoices")
    browser.get("/invoices?q=deepa&status=issued")
    browser.get(f"/invoices/{invoice_id}")
    # enter, the page with the numbers of the tabs, the counts of the menu; a document has its
    # lines, taxes, payments, credit notes, write-offs, what is asked of the last, held cheques,
    # journal lines and those of its days of service and cancellations besides, and the settings and
    # bank accounts of its letterhead
    assert trips == [3, 3, 14, 3]
    assert statements == []


def test_an_issued_invoice_is_shown_with_its_postings(alice: Person) -> None:
    with alice.acting() as actor:
        enquiry_id = enquiry.create(actor, customer_name="Deepa Krishnan").id
    invoice_id = issued(
        alice,
        line("100.00"),
        line("0.50", quantity=1, description="<b>Fee</b>"),
        enquiry_id=enquiry_id,
        party_reference="PO 7",
        notes="Pay soon",
    )
    pay(alice, invoice_id, 5_000)
    page = Page(alice.tab.get(f"/invoices/{invoice_id}"))
    sheet = page.words(".//article")
    for words in (
        "Alice Travels",
        "2024-25/000001",
        "Deepa Krishnan",
        "10 Jun 2024",
        "25 Jun 2024",
        "PO 7",
        "Pay soon",
        "<b>Fee</b>",
        "₹200.50",
        "−50.00",
        "₹150.50",
    ):
        assert words in sheet, words
    assert "Draft" not in sheet
    books = page.words(".//section[@id='books']")
    assert "1200 Trade receivables200.50" in books.replace(" 200.50", "200.50")
    assert "4300 Sales of travel services" in books
    entry_id = seen(alice, invoice_id)["entry_id"]
    assert {f"/enquiries/{enquiry_id}", f"/journal/{entry_id}"} <= set(page.links())
    assert not page.all(".//main//form"), "nothing is changed from here"


def test_a_draft_says_so_and_who_can_issue_it(alice: Person, victor: Person) -> None:
    invoice_id = draft(alice)
    page = Page(alice.tab.get(f"/invoices/{invoice_id}"))
    assert "Draft invoice" in page.words(".//article")
    assert "Numbered on issue" in page.words(".//article")
    assert f"/invoices/{invoice_id}/issue" in page.links()
    assert not page.all(".//section[@id='books']")
    looked = Page(victor.tab.get(f"/invoices/{invoice_id}"))
    assert looked.status == 200
    assert "Ask the assistant" not in looked.words(".//header")
    assert not {f"/invoices/{invoice_id}/{step}" for step in ("issue", "edit", "discard")} & set(
        looked.links()
    )
    assert "New invoice" not in Page(victor.tab.get("/invoices")).words(".//header")


def test_foreign_unknown_and_malformed_invoices_are_404(alice: Person, charlie: Person) -> None:
    invoice_id = issued(alice)
    for path in (
        f"/invoices/{invoice_id}",
        f"/invoices/{new_id()}",
        "/invoices/x",
        f"/journal/{seen(alice, invoice_id)['entry_id']}",
        "/journal/x",
    ):
        assert charlie.tab.get(path).status_code == 404, path
    assert "Deepa" not in charlie.tab.get("/invoices?q=deepa").text


def test_the_pages_require_a_sign_in(app: Any) -> None:
    for path in ("/invoices", f"/invoices/{new_id()}", f"/journal/{new_id()}"):
        answer = app.test_client().get(path)
        assert answer.status_code in {302, 303}
        assert answer.headers["Location"].startswith("/sign-in?next=")


def test_a_journal_entry_links_to_its_source_and_its_reversal(alice: Person) -> None:
    invoice_id = issued(alice)
    entry_id = seen(alice, invoice_id)["entry_id"]
    reversal = alice.does(entries.reverse, entry_id, reason="Wrong customer")
    page = Page(alice.tab.get(f"/journal/{entry_id}"))
    assert page.status == 200
    assert "1200 Trade receivables" in page.words(".//main")
    assert "INR45,000.00" in page.words(".//main")
    assert ISSUED.strftime("%d %b %Y") in page.words(".//aside[@aria-label]")
    assert {f"/invoices/{invoice_id}", f"/journal/{reversal.entry_id}"} <= set(page.links())
    assert f"/journal/{entry_id}" in Page(alice.tab.get(f"/journal/{reversal.entry_id}")).links()
