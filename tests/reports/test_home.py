"""The home page: first steps of a new agency, and pending work of others."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.people import People, Person
from tests.reports.books import days_ago, invoice, pay, today
from tests.reports.test_views import link_of, shown, words
from voyagent.approvals.queries import get_approval
from voyagent.approvals.service import deciding, execution, proposing
from voyagent.billing.invoices.service import drafts as invoice_drafts
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service as enquiries
from voyagent.reports.queries.home import read_now


def steps(client: FlaskClient) -> list[tuple[str, bool, str | None]]:
    """Return for each step its title, its state, and the link of its button."""
    page = shown(client, "/")
    found = re.search(r"<ol class=.*?</ol>", page, re.DOTALL)
    assert found, "no first steps"
    entries = [
        entry
        for entry in re.findall(r"<li>(.*?)</li>", found.group(0), re.DOTALL)
        if "Create your agency" not in entry
    ]
    steps = []
    for entry in entries:
        title = re.search(r'class="v-strong">([^<]+)<', entry)
        button = re.search(r'<a class="btn[^"]*" href="([^"]+)"', entry)
        assert title
        steps.append((title.group(1), 'data-st="ok"' in entry, button.group(1) if button else None))
    return steps


def log_enquiry(who: Person, name: str = "Deepa Krishnan", **wish: object) -> object:
    with who.acting() as actor:
        return enquiries.create(actor, customer_name=name, **wish).id  # type: ignore[arg-type]


def ask_to_issue(who: Person, customer: str = "Deepa Krishnan", turn_id: str | None = None) -> str:
    with who.acting() as actor:
        line = {"description": "Air tickets", "quantity": 1, "unit_price": "900", "currency": "INR"}
        draft = invoice_drafts.draft_invoice(
            actor, customer_name=customer, issue_date=today(), due_date=today(), line_items=[line]
        )  # type: ignore[list-item]
        return proposing.propose(
            actor,
            session_id=None,
            turn_id=turn_id,
            tool_call_id="call-1",
            tool_name="issue_invoice",
            arguments={"invoice_id": str(draft.id)},
            summary=f"Issue the invoice for {customer}",
        ).id


def test_a_new_agency_sees_three_steps_and_one_primary_button(alice: Person) -> None:
    client = alice.tab
    assert steps(client) == [
        ("Log an enquiry", False, "/enquiries/new"),
        ("Ask the assistant", False, "/assistant"),
        ("Invite a colleague", False, "/team"),
    ]
    page = shown(client, "/")
    assert "Welcome, Alice" in page
    assert "Alice Travels, books in INR, time zone UTC" in page
    assert page.count("btn-primary") == 1
    assert 'id="figures"' not in page


def test_the_first_steps_show_their_progress(alice: Person, bob: Person) -> None:
    alice.does(chat.create_session, title="A first talk")
    assert steps(alice.tab) == [
        ("Log an enquiry", False, "/enquiries/new"),
        ("Ask the assistant", True, None),
        ("Invite a colleague", True, None),
    ]


def test_a_viewer_sees_no_button(alice: Person, victor: Person) -> None:
    assert [href for _title, _done, href in steps(victor.tab)] == [None, None, None]


def test_an_invited_user_sees_another_welcome(alice: Person, bob: Person) -> None:
    assert "Create your agency" in shown(alice.tab, "/")
    assert "Create your agency" not in shown(bob.tab, "/")


@pytest.mark.parametrize("is_new", [True, False])
def test_an_unconfirmed_user_is_asked_to_confirm_the_address(
    alice: Person, bob: Person, owner_engine: sa.Engine, is_new: bool
) -> None:
    def note(confirmed: bool) -> None:
        with owner_engine.begin() as connection:
            connection.execute(
                sa.text("update users set email_verified = :confirmed where id = :id"),
                {"confirmed": confirmed, "id": bob.actor.user_id},
            )

    if not is_new:
        log_enquiry(alice)
    browser, words = bob.tab, f"open the link that we sent to {bob.email}"
    assert words not in shown(browser, "/")
    note(confirmed=False)
    page = shown(browser, "/")
    assert words in page
    assert 'action="/account/verification"' in page
    assert words not in shown(alice.tab, "/")
    note(confirmed=True)
    assert words not in shown(browser, "/")


@pytest.mark.parametrize("what", ["enquiry", "request", "open invoice", "paid invoice"])
def test_the_first_steps_are_hidden_once_there_are_data(alice: Person, what: str) -> None:
    if what == "enquiry":
        log_enquiry(alice)
    elif what == "request":
        ask_to_issue(alice)
    else:
        made = invoice(alice, "Deepa Krishnan", "900", due=today())
        if what == "paid invoice":
            pay(alice, made, "900", on=today())
    page = shown(alice.tab, "/")
    assert 'id="figures"' in page
    assert "Three steps" not in page


def test_each_number_links_to_its_list(alice: Person) -> None:
    log_enquiry(alice, "Lakshmi Nair")
    log_enquiry(alice, "Thomas Varkey")
    ask_to_issue(alice, "Harbinder Singh Gill")
    invoice(alice, "Zachariah Kurian", "123456", due=days_ago(12))
    invoice(alice, "Al Noor Trading LLC", "700.25", due=days_ago(3), currency="AED")
    invoice(alice, "Mohammed Ashraf K.", "4500", due=today(), issued=days_ago(5))
    client = alice.tab
    page = shown(client, "/")
    figures = re.findall(r'<a class="v-fig" href="([^"]+)">(.*?)</a>', page, re.DOTALL)
    labels = [re.sub(r"(\d+:)+\d+", "…", words(markup)).strip() for _href, markup in figures]
    assert labels[0].startswith("Unanswered enquiries 2 oldest since")
    assert labels[1] == "Approvals waiting 1 the first expires in …"
    assert labels[2] == "Overdue INR 1,23,456 and AED 700.25 , 2 invoices"
    assert labels[3] == "Due in this week INR 4,500 1 invoice"
    lists = [shown(client, html.unescape(href)) for href, _markup in figures]
    assert "Lakshmi Nair" in lists[0]
    assert "Thomas Varkey" in lists[0]
    assert "Issue the invoice for Harbinder Singh Gill" in lists[1]
    assert "Zachariah Kurian" in lists[2]
    assert "Al Noor Trading LLC" in lists[2]
    assert "Mohammed Ashraf K." not in lists[2]
    assert "Mohammed Ashraf K." in lists[3]
    assert "Zachariah Kurian" not in lists[3]


def test_open_work_is_ordered_by_urgency(alice: Person, bob: Person) -> None:
    log_enquiry(alice, "Lakshmi Nair", destination="London")
    log_enquiry(alice, "Thomas Varkey")
    with alice.acting() as actor:
        answered = enquiries.create(actor, customer_name="Answered Already")
        enquiries.update(actor, answered.id, {"status": "quoted"})
    ask_to_issue(bob, "Harbinder Singh Gill")
    invoice(alice, "Zachariah Kurian", "123456", due=days_ago(12))
    client = alice.tab
    found = re.search(
        r'<section class="v-panel" id="needs-you".*?</section>', shown(client, "/"), re.DOTALL
    )
    assert found
    needs = words(found.group(0))
    places = [
        needs.index(text)
        for text in (
            "Issue the invoice for Harbinder Singh Gill Assistant, for Bob Colleague",
            "Lakshmi Nair, London Received",
            "Thomas Varkey Received",
            "Zachariah Kurian, INR 1,23,456.00 Invoice",
            "12 days past due",
        )
    ]
    assert places == sorted(places)
    assert "Answered Already" not in needs
    for text in ("Issue the invoice for Harbinder Singh Gill", "Lakshmi Nair, London"):
        link = re.search(rf'<a class="v-strong" href="([^"]+)">{re.escape(text)}', found.group(0))
        assert link
        assert client.get(link.group(1)).status_code == 200


def test_acts_of_the_assistant_are_shown_with_their_outcome(alice: Person, bob: Person) -> None:
    granted, rejected = (
        ask_to_issue(bob, "Harbinder Singh Gill"),
        ask_to_issue(bob, "Zachariah Kurian"),
    )
    alice.does(deciding.resolve, granted, granted=True)
    with alice.acting():
        execution.carry_out(granted)
    alice.does(deciding.resolve, rejected, granted=False, reason="Not yet.")
    replaced = ask_to_issue(bob, "Meera Nair", turn_id="turn-1")
    with alice.acting() as actor:
        execution.withdraw(actor, get_approval(replaced).session_id, ["turn-1"])
    page = shown(alice.tab, "/")
    found = re.search(r'<section class="v-panel" id="assistant-did".*?</section>', page, re.DOTALL)
    assert found
    did = words(found.group(0))
    assert "Done: Issue the invoice for Harbinder Singh Gill" in did
    assert "Declined: Issue the invoice for Zachariah Kurian" in did
    # The withdrawn proposal counts for nothing, and the one that replaced it is shown.
    assert "Meera Nair" not in did
    assert link_of(page, "Issue the invoice for Zachariah Kurian") == f"/approvals/{rejected}"


def test_enquiries_and_amounts_due_are_counted_by_week(alice: Person) -> None:
    log_enquiry(alice)
    with alice.acting() as actor:
        booked = enquiries.create(actor, customer_name="Booked")
        enquiries.update(actor, booked.id, {"status": "booked"})
    monday = today() - timedelta(days=today().weekday())
    invoice(alice, "Deepa Krishnan", "100", due=monday + timedelta(days=6), issued=days_ago(30))
    invoice(alice, "Deepa Krishnan", "20", due=monday + timedelta(days=7), issued=days_ago(30))
    invoice(alice, "Deepa Krishnan", "3", due=monday + timedelta(days=27), issued=days_ago(30))
    invoice(alice, "Deepa Krishnan", "7000", due=monday + timedelta(days=28), issued=days_ago(30))
    invoice(alice, "Deepa Krishnan", "9", due=monday + timedelta(days=56), issued=days_ago(30))
    invoice(alice, "Deepa Krishnan", "50000", due=days_ago(10))
    with alice.reading() as reader:
        now = read_now(reader, alice.actor)
    assert [(week.monday, week.received, week.booked) for week in now.weeks[-2:]] == [
        (monday - timedelta(days=7), 0, 0),
        (monday, 2, 1),
    ]
    assert len(now.weeks) == 8
    due = now.due["INR"]
    assert [amount.wire for amount in due.weeks] == [
        "100.00",
        "20.00",
        "0.00",
        "3.00",
        "7000.00",
        "0.00",
        "0.00",
        "0.00",
    ]
    assert (due.later.wire, due.total.wire) == ("9.00", "57132.00")
    assert (due.overdue.wire, due.overdue_count, due.this_week_count) == ("50000.00", 1, 1)


def test_other_agencies_get_404_and_anonymous_visitors_sign_in(
    alice: Person, charlie: Person
) -> None:
    log_enquiry(alice, "Lakshmi Nair")
    ask_to_issue(alice, "Harbinder Singh Gill")
    invoice(alice, "Zachariah Kurian", "123456", due=days_ago(12))
    page = shown(charlie.tab, "/")
    assert "Three steps to get started" in page
    assert not re.search("Lakshmi|Harbinder|Zachariah", page)
    nobody = alice.app.test_client().get("/")
    assert (nobody.status_code, nobody.headers["Location"]) == (303, "/sign-in?next=/")


def test_a_viewer_can_read_the_home_page(people: People, alice: Person, victor: Person) -> None:
    log_enquiry(alice, "Lakshmi Nair")
    page = shown(victor.tab, "/")
    assert "Lakshmi Nair" in page
    assert "/enquiries/new" not in re.findall(r'<a class="btn[^"]*" href="([^"]+)"', page)


def test_the_home_page_links_to_the_trips(alice: Person) -> None:
    with alice.acting() as actor:
        enquiries.create(actor, customer_name="Deepa Krishnan")
    assert alice.tab.get("/").text.count('href="/trips"') == 2
