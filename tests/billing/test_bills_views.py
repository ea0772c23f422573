"""The pages of bills: the list with its tabs and filters, and one bill with what stands in the books."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.billing.papers import DUE, draft_bill, line, receive
from tests.enquiries.reading import Page
from tests.people import People, Person
from voyagent.billing import service
from voyagent.kernel import clock
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money

WHY = "Entered twice"


def see(person: Person, path: str) -> Page:
    return Page(person.browser.get(path))


def rows(page: Page) -> list[str]:
    return [link.text for link in page.all(".//table[@id='bills']//a")]


# The list -------------------------------------------------------------------------------------------------------------------


def test_the_list_shows_what_is_owed_and_its_tabs_narrow_it(alice: Person) -> None:
    today = clock.today(alice.actor.timezone)
    receive(alice, vendor_name="Late supplier", vendor_reference="L-1")
    receive(alice, vendor_name="Early supplier", vendor_reference="E-1", issue_date=today, due_date=today)
    draft_bill(alice, vendor_name="Draft supplier", vendor_reference="D-1")
    alice.does(service.void_bill, receive(alice, vendor_name="Void supplier", vendor_reference="V-1"), reason=WHY)
    paid = receive(alice, vendor_name="Paid supplier", vendor_reference="P-1")
    alice.does(service.pay_bill, paid, None, DUE)
    assert sorted(rows(see(alice, "/bills"))) == ["Draft supplier", "Early supplier", "Late supplier", "Paid supplier", "Void supplier"]
    for status, found in (("draft", "Draft"), ("overdue", "Late"), ("paid", "Paid"), ("void", "Void")):
        assert rows(see(alice, f"/bills?status={status}")) == [f"{found} supplier"], status
    assert rows(see(alice, "/bills?status=open")) == ["Early supplier", "Late supplier"]
    assert rows(see(alice, "/bills?party=late+supplier&from=10+jun+2024&to=10/6/2024")) == ["Late supplier"]
    assert "No bill fits this selection." in see(alice, "/bills?status=scheduled").words(".//main")


def test_what_cannot_be_read_of_the_address_is_left_out_and_said(alice: Person) -> None:
    receive(alice)
    page = see(alice, "/bills?status=nonsense&from=x&cursor=x")
    assert (page.status, rows(page)) == (422, ["BSP India"])
    assert "(from, Status, page marker)" in page.words(".//main")
    page = see(alice, "/bills?cursor=x")
    assert (page.status, rows(page)) == (422, ["BSP India"])


def test_the_list_goes_on_behind_fifty(alice: Person) -> None:
    for number in range(51):
        draft_bill(alice, vendor_reference=f"B-{number}", issue_date=DUE - timedelta(days=number), due_date=DUE)
    page = see(alice, "/bills?status=draft")
    assert len(rows(page)) == 50
    (older,) = [link.get("href") for link in page.all(".//a[@rel='next']")]
    assert len(rows(see(alice, older))) == 1


def test_an_agency_without_bills_is_told_how_one_comes(people: People, alice: Person) -> None:
    assert "No bills yet" in see(alice, "/bills").words(".//main")
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    assert see(viewer, "/bills").all(".//main//a") == []


# One ------------------------------------------------------------------------------------------------------------------------


def test_a_bill_shows_its_lines_what_was_paid_and_what_stands_in_the_books(alice: Person) -> None:
    bill_id = receive(alice, line(description="Tickets"), party_reference="Agent 7", notes="Week 23")
    alice.does(service.pay_bill, bill_id, Money(1_000_000, "INR"), DUE, reference="NEFT 9")
    page = see(alice, f"/bills/{bill_id}")
    sheet, books, about = (page.words(f".//*[@id='{part}']") for part in ("sheet", "books", "about"))
    for word in ("BSP India", "BSP-1", "Agent 7", "Week 23", "Tickets", "Paid 25 Jun 2024", "35,000.00"):
        assert word in sheet, word
    assert "45,000.00" in books
    assert "NEFT 9" in about
    assert "/payments/new?party=BSP+India&direction=out" in page.links()


def test_a_void_bill_says_why_and_takes_no_payment(alice: Person) -> None:
    bill_id = receive(alice)
    alice.does(service.void_bill, bill_id, reason=WHY)
    page = see(alice, f"/bills/{bill_id}")
    assert WHY in page.words(".//*[@id='about']")
    assert not [link for link in page.links() if link.startswith("/payments/new")]


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_who_may_not_record_a_payment_is_not_asked_to(people: People, alice: Person, role: str) -> None:
    page = see(people.colleague(alice, "Rita Role", role=role), f"/bills/{receive(alice)}")
    assert page.status == 200
    assert not [link for link in page.links() if link.startswith("/payments/new")]


def test_another_agency_s_bill_is_not_there(alice: Person, charlie: Person) -> None:
    assert see(charlie, f"/bills/{receive(alice)}").status == 404
    assert see(alice, f"/bills/{new_id()}").status == 404
    assert rows(see(charlie, "/bills")) == []
