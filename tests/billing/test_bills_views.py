"""Pages of bills: the list, a bill with its postings, and all acts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.billing.papers import DUE, ISSUED, bill_seen, draft_bill, line, receive
from tests.billing.test_forms import LINES, send
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.people import People, Person
from voyagent.billing.bills import service as bill_service
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel import clock
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money

WHY = "Entered twice"
TYPED = {
    "vendor_name": "BSP India",
    "vendor_reference": "BSP-1",
    "issue_date": "10 Jun 2024",
    "due_date": "25/6/2024",
    "currency": "INR",
}


def see(person: Person, path: str) -> Page:
    return Page(person.tab.get(path))


def rows(page: Page) -> list[str]:
    return [link.text for link in page.all(".//table[@id='bills']//a")]


# The list
# --------------------------------------------------------------------------------


def test_the_list_shows_open_amounts_and_has_tabs(alice: Person) -> None:
    today = clock.today(alice.actor.timezone)
    receive(alice, vendor_name="Late supplier", vendor_reference="L-1")
    receive(
        alice,
        vendor_name="Early supplier",
        vendor_reference="E-1",
        issue_date=today,
        due_date=today,
    )
    draft_bill(alice, vendor_name="Draft supplier", vendor_reference="D-1")
    alice.does(
        bill_service.void_bill,
        receive(alice, vendor_name="Void supplier", vendor_reference="V-1"),
        reason=WHY,
    )
    paid = receive(alice, vendor_name="Paid supplier", vendor_reference="P-1")
    alice.does(payment_service.pay_bill, paid, None, DUE)
    assert sorted(rows(see(alice, "/bills"))) == [
        "Draft supplier",
        "Early supplier",
        "Late supplier",
        "Paid supplier",
        "Void supplier",
    ]
    for status, found in (
        ("draft", "Draft"),
        ("overdue", "Late"),
        ("paid", "Paid"),
        ("void", "Void"),
    ):
        assert rows(see(alice, f"/bills?status={status}")) == [f"{found} supplier"], status
    assert rows(see(alice, "/bills?status=open")) == ["Early supplier", "Late supplier"]
    assert rows(see(alice, "/bills?party=late+supplier&from=10+jun+2024&to=10/6/2024")) == [
        "Late supplier"
    ]
    day, next_day = DUE.isoformat(), (DUE + timedelta(days=1)).isoformat()
    assert rows(see(alice, f"/bills?status=open&due_from={day}&due_to={day}&currency=INR")) == [
        "Late supplier"
    ]
    assert rows(see(alice, f"/bills?status=open&due_from={next_day}")) == ["Early supplier"]
    assert rows(see(alice, f"/bills?status=overdue&due_to={next_day}")) == ["Late supplier"]
    page = see(alice, f"/bills?status=open&due_to={day}&currency=AED")
    assert "No bill matches these filters." in page.words(".//main")
    assert {
        f"/bills?status=open&due_to={day}",
        "/bills?status=open&currency=AED",
        "/bills?status=open",
    } <= set(page.links()), "each is taken off again"
    assert (page.field("due_to"), page.field("currency")) == (
        day,
        "AED",
    ), "and another filter keeps them"
    assert "No bill matches these filters." in see(alice, "/bills?status=scheduled").words(
        ".//main"
    )


def test_invalid_parameters_are_ignored_and_reported(alice: Person) -> None:
    receive(alice)
    page = see(alice, "/bills?status=nonsense&from=x&cursor=x")
    assert (page.status, rows(page)) == (422, ["BSP India"])
    assert "(from, Status, page marker)" in page.words(".//main")
    page = see(alice, "/bills?cursor=x")
    assert (page.status, rows(page)) == (422, ["BSP India"])


def test_the_list_continues_after_fifty_bills(alice: Person) -> None:
    for number in range(51):
        draft_bill(
            alice,
            vendor_reference=f"B-{number}",
            issue_date=DUE - timedelta(days=number),
            due_date=DUE,
        )
    page = see(alice, "/bills?status=draft")
    assert len(rows(page)) == 50
    (older,) = [link.get("href") for link in page.all(".//a[@rel='next']")]
    assert len(rows(see(alice, older))) == 1


def test_an_agency_without_bills_reads_how_to_enter_one(people: People, alice: Person) -> None:
    assert "No bills yet" in see(alice, "/bills").words(".//main")
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    assert see(viewer, "/bills").all(".//main//a") == []


# One bill
# --------------------------------------------------------------------------------


def test_a_bill_shows_its_lines_payments_and_postings(alice: Person) -> None:
    bill_id = receive(
        alice, line(description="Tickets"), party_reference="Agent 7", notes="Week 23"
    )
    alice.does(payment_service.pay_bill, bill_id, Money(1_000_000, "INR"), DUE, reference="NEFT 9")
    page = see(alice, f"/bills/{bill_id}")
    sheet, books, about = (
        page.words(f".//*[@id='{part}']") for part in ("sheet", "books", "about")
    )
    for word in (
        "BSP India",
        "BSP-1",
        "Agent 7",
        "Week 23",
        "Tickets",
        "Paid 25 Jun 2024",
        "35,000.00",
    ):
        assert word in sheet, word
    assert "45,000.00" in books
    assert "NEFT 9" in about
    assert f"/payments/new?direction=out&document={bill_id}" in page.links()


def test_a_void_bill_shows_its_reason_and_takes_no_payment(alice: Person) -> None:
    bill_id = receive(alice)
    alice.does(bill_service.void_bill, bill_id, reason=WHY)
    page = see(alice, f"/bills/{bill_id}")
    assert WHY in page.words(".//*[@id='about']")
    assert not [link for link in page.links() if link.startswith("/payments/new")]


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_who_may_not_record_a_payment_sees_no_button(
    people: People, alice: Person, role: str
) -> None:
    page = see(people.colleague(alice, "Rita Role", role=role), f"/bills/{receive(alice)}")
    assert page.status == 200
    assert not [link for link in page.links() if link.startswith("/payments/new")]


# Manual entry
# --------------------------------------------------------------------------------


def test_a_bill_is_entered_with_its_lines_and_blank_lines_are_ignored(alice: Person) -> None:
    answer = send(alice, "/bills/new", **TYPED, **LINES, notes="Week 23")
    (bill,) = alice.api.get("/bills").json["items"]
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/bills/{bill['id']}")
    assert (bill["total_amount"], bill["due_date"], bill["status"], bill["vendor_reference"]) == (
        "45000.50",
        "2024-06-25",
        "draft",
        "BSP-1",
    )
    assert balances(alice) == {}


def test_without_javascript_a_line_is_added_and_the_postings_are_shown(alice: Person) -> None:
    page = Page(send(alice, "/bills/new", **TYPED, **LINES, then="line"))
    assert page.status == 200
    assert alice.api.get("/bills").json["items"] == [], "nothing is made"
    posted = page.words(".//section[@id='postings']")
    assert "5100 Cost of travel services" in posted
    assert "2100 Trade payables" in posted
    assert posted.count("45,000.50") == 2


def test_lines_as_agent_are_marked_in_form_and_page(
    alice: Person,
) -> None:
    typed = TYPED | LINES | {"bought_as": ["agent", "cost", "cost"]}
    page = Page(send(alice, "/bills/new", **typed, then="look"))
    posted = page.words(".//section[@id='postings']")
    for words in (
        "5100 Cost of travel servicesINR0.50",
        "2160 Held for suppliers, as their agentINR45,000.00",
        "2100 Trade payablesINR45,000.50",
    ):
        assert words in posted, words
    chosen = [
        option.get("value") for option in page.all(".//select[@name='bought_as']/option[@selected]")
    ]
    assert chosen == ["agent", "cost"]
    unread = Page(
        send(alice, "/bills/new", **(typed | {"unit_price": ["a lot", "", "1"]}), then="look")
    ).words(".//section[@id='postings']")
    assert ("Enter an amount such as" in unread, "INR" in unread) == (True, False)
    path = send(alice, "/bills/new", **typed).headers["Location"]
    assert see(alice, path).words(".//*[@id='items']").count("For a customer, as agent") == 1
    edit = see(alice, f"{path}/edit")
    assert [
        option.get("value") for option in edit.all(".//select[@name='bought_as']/option[@selected]")
    ] == ["agent", "cost"]
    assert "2160 Held for suppliers, as their agentINR45,000.00" in see(
        alice, f"{path}/receive"
    ).words(".//section[@id='postings']")
    assert send(alice, f"{path}/receive").status_code == 303
    assert balances(alice)["held_for_suppliers", "INR"] == 4_500_000


def test_an_unknown_purchase_type_is_refused(alice: Person) -> None:
    page = Page(send(alice, "/bills/new", **TYPED, **LINES, bought_as=["gift", "cost", "cost"]))
    assert page.status == 422
    assert alice.api.get("/bills").json["items"] == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"vendor_name": " "}, "Enter a name."),
        ({"vendor_reference": ""}, "Enter the number on the supplier’s document."),
        ({"vendor_reference": "BSP-9"}, "A bill with this reference already exists."),
        ({"due_date": "1 Jun 2024"}, "The due date can’t be before"),
        ({"unit_price": ["a lot", "", "1"]}, "Enter an amount such as"),
    ],
)
def test_an_invalid_form_keeps_what_was_entered(
    alice: Person, typed: dict[str, object], expected: str
) -> None:
    receive(alice, vendor_reference="BSP-9")
    page = Page(send(alice, "/bills/new", **{**TYPED, **LINES, "notes": "Week 23", **typed}))
    assert page.status == 422
    words = page.words(".//form[@id='document-form']")
    assert expected in words
    assert "Week 23" in words
    assert len(alice.api.get("/bills").json["items"]) == 1


def test_a_draft_is_changed_and_its_page_offers_the_next_steps(alice: Person) -> None:
    bill_id = draft_bill(alice, notes="Week 23")
    page = see(alice, f"/bills/{bill_id}/edit")
    known = {
        field.get("name"): field.get("value")
        for field in page.all(".//form[@id='document-form']//input")
    }
    assert (known["vendor_name"], known["vendor_reference"]) == ("BSP India", "BSP-1")
    answer = send(
        alice,
        f"/bills/{bill_id}/edit",
        **(TYPED | {"vendor_reference": "BSP-7", "notes": ""}),
        **LINES,
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/bills/{bill_id}")
    after = bill_seen(alice, bill_id)
    assert (after["vendor_reference"], after["total_minor"], after["notes"]) == (
        "BSP-7",
        4_500_050,
        None,
    )
    links = see(alice, f"/bills/{bill_id}").links()
    assert {f"/bills/{bill_id}/{step}" for step in ("edit", "discard", "receive")} <= set(links)
    assert f"/bills/{bill_id}/void" not in links


def test_a_draft_is_received_after_a_preview_of_the_postings(alice: Person) -> None:
    bill_id = draft_bill(alice)
    posted = see(alice, f"/bills/{bill_id}/receive").words(".//section[@id='postings']")
    assert "2100 Trade payables" in posted
    assert bill_seen(alice, bill_id)["status"] == "draft"
    assert send(alice, f"/bills/{bill_id}/receive").status_code == 303
    assert bill_seen(alice, bill_id)["status"] == "received"
    assert balances(alice)["payable", "INR"] == -4_500_000
    assert f"/bills/{bill_id}/void" in see(alice, f"/bills/{bill_id}").links()


def test_a_draft_is_deleted_after_confirmation(alice: Person) -> None:
    bill_id = draft_bill(alice)
    assert "Delete the draft bill BSP-1 of BSP India?" in see(
        alice, f"/bills/{bill_id}/discard"
    ).words(".//main")
    answer = send(alice, f"/bills/{bill_id}/discard")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/bills")
    assert see(alice, f"/bills/{bill_id}").status == 404


def test_a_bill_is_voided_with_a_reason_after_a_preview(alice: Person) -> None:
    bill_id = receive(alice)
    assert (
        see(alice, f"/bills/{bill_id}/void").words(".//section[@id='postings']").count("45,000.00")
        == 2
    )
    page = Page(send(alice, f"/bills/{bill_id}/void", reason=" ", voided_on="25 Jun 2024"))
    assert (page.status, bill_seen(alice, bill_id)["status"]) == (422, "received")
    assert (
        send(alice, f"/bills/{bill_id}/void", reason=WHY, voided_on="25 Jun 2024").status_code
        == 303
    )
    assert bill_seen(alice, bill_id)["status"] == "void"
    assert set(balances(alice).values()) == {0}


@pytest.mark.parametrize("step", ["edit", "discard", "receive", "void"])
def test_an_action_that_is_no_longer_possible_redirects_to_the_bill(
    alice: Person, step: str
) -> None:
    bill_id = draft_bill(alice) if step == "void" else receive(alice)
    before = bill_seen(alice, bill_id)
    for answer in (
        alice.tab.get(f"/bills/{bill_id}/{step}"),
        send(alice, f"/bills/{bill_id}/{step}", **TYPED, **LINES, reason=WHY),
    ):
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/bills/{bill_id}")
    assert bill_seen(alice, bill_id) == before


@pytest.mark.parametrize(
    ("role", "may", "posts"),
    [("accounting_lead", True, True), ("agent", True, False), ("viewer", False, False)],
)
def test_each_action_needs_its_permission(
    people: People, alice: Person, role: str, may: bool, posts: bool
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    drawn, received = draft_bill(alice, issue_date=ISSUED), receive(alice, vendor_reference="BSP-2")
    allowed = {
        f"/bills/{drawn}/edit": may,
        f"/bills/{drawn}/discard": may,
        "/bills/new": may,
        f"/bills/{drawn}/receive": posts,
        f"/bills/{received}/void": posts,
    }
    for path, open_to in allowed.items():
        assert person.tab.get(path).status_code == (200 if open_to else 403), path
    shown = {
        link.rsplit("/", 1)[-1]
        for bill_id in (drawn, received)
        for link in see(person, f"/bills/{bill_id}").links()
        if link.startswith("/bills/")
    }
    assert ({"edit", "discard"} <= shown, "receive" in shown, "void" in shown) == (
        may,
        posts,
        posts,
    )


def test_another_agency_s_bill_is_not_found(alice: Person, charlie: Person) -> None:
    assert see(charlie, f"/bills/{receive(alice)}").status == 404
    assert see(alice, f"/bills/{new_id()}").status == 404
    assert rows(see(charlie, "/bills")) == []
