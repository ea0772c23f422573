"""Pages to draft, change, issue and settle invoices."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft, issued, seen
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.people import Person, csrf_token
from voyagent.billing.core.models.invoices import Invoice
from voyagent.enquiries import service as enquiries
from voyagent.kernel.db import db

TYPED = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "10 Jun 2024",
    "due_date": "25/6/2024",
    "currency": "INR",
}
LINES = {
    "description": ["Dubai visa", "", "Fee"],
    "quantity": ["2", "", ""],
    "unit_price": ["22,500", "", "0.50"],
}


def send(person: Person, path: str, **fields: Any) -> Any:
    browser = person.tab
    return browser.post(path, data={**fields, "csrf_token": csrf_token(browser)})


def drafts(person: Person) -> list[Any]:
    with person.acting():
        return list(db.session.scalars(sa.select(Invoice.id)))


def test_an_invoice_is_created_with_its_lines_and_blank_lines_are_ignored(alice: Person) -> None:
    answer = send(alice, "/invoices/new", **TYPED, **LINES)
    (invoice_id,) = drafts(alice)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/invoices/{invoice_id}")
    after = seen(alice, invoice_id)
    assert (after["total_minor"], str(after["due_date"]), after["status"]) == (
        4_500_050,
        "2024-06-25",
        "draft",
    )


def test_a_new_invoice_begins_with_the_customer_of_its_enquiry(
    alice: Person, charlie: Person
) -> None:
    mine, theirs = (
        person.does(lambda actor: enquiries.create(actor, customer_name="Deepa Krishnan").id)
        for person in (alice, charlie)
    )
    page = Page(alice.tab.get(f"/invoices/new?enquiry_id={mine}"))
    assert page.all(".//input[@name='customer_name']")[0].get("value") == "Deepa Krishnan"
    assert page.all(".//input[@name='enquiry_id']")[0].get("value") == str(mine)
    assert alice.tab.get(f"/invoices/new?enquiry_id={theirs}").status_code == 404
    send(alice, "/invoices/new", **TYPED, **LINES, enquiry_id=str(mine))
    assert f"/enquiries/{mine}" in Page(alice.tab.get(f"/invoices/{drafts(alice)[0]}")).links()


def test_without_javascript_a_line_is_added_and_the_postings_are_shown(alice: Person) -> None:
    answer = send(alice, "/invoices/new", **TYPED, **LINES, then="line")
    page = Page(answer)
    assert page.status == 200
    assert drafts(alice) == [], "nothing is made"
    assert [field.get("value") for field in page.all(".//input[@name='description']")] == [
        "Dubai visa",
        "Fee",
        "",
        "",
        "",
    ]
    posted = page.words(".//section[@id='postings']")
    assert "1200 Trade receivables" in posted
    assert "4300 Sales of travel services" in posted
    assert posted.count("45,000.50") == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"customer_name": " "}, "Enter a name."),
        ({"description": [], "quantity": [], "unit_price": []}, "Enter at least one line."),
        ({"unit_price": ["x", "", "1"]}, "Enter an amount such as"),
        ({"quantity": ["two", "", "1"]}, "Enter a quantity above 0"),
        ({"unit_price": ["1.005", "", "1"]}, "more decimals than the currency allows"),
        ({"quantity": ["1.0005", "", "1"]}, "Enter a quantity above 0"),
        ({"quantity": ["0", "", "1"]}, "Enter a quantity above 0"),
        ({"quantity": ["1000001", "", "1"]}, "at most 1,000,000, with at most 3"),
        ({"unit_price": ["1.23456", "", "1"]}, "more decimals than the currency allows"),
        ({"unit_price": ["-5", "", "1"]}, "can’t be negative"),
        ({"unit_price": ["-1,005.50", "", "1"]}, "can’t be negative"),
        ({"unit_price": ["999999999999999", "", "1"]}, "above the ledger’s limit"),
        ({"unit_price": ["9999999999999999999", "", "1"]}, "above the ledger’s limit"),
        ({"unit_price": ["", "", "1"]}, "Enter a rate on each line."),
        ({"due_date": "9 Jun 2024"}, "The due date can’t be before"),
    ],
)
def test_errors_are_shown_and_the_form_keeps_its_input(
    alice: Person, changes: dict[str, Any], expected: str
) -> None:
    answer = send(alice, "/invoices/new", **(TYPED | LINES | changes))
    page = Page(answer)
    assert page.status == 422
    assert expected in page.words(".//form[@id='document-form']")
    assert drafts(alice) == []
    assert page.all(".//input[@name='party_reference']")


@pytest.mark.parametrize("price", ["", "-5", "1.005", "999999999999999"])
def test_only_the_input_of_the_wrong_price_is_marked(alice: Person, price: str) -> None:
    page = Page(
        send(alice, "/invoices/new", **TYPED | LINES | {"unit_price": ["22,500", "", price]})
    )
    assert page.status == 422
    marked = [
        (one.get("name"), one.get("value"))
        for one in page.all(".//input")
        if "is-invalid" in one.get("class", "")
    ]
    assert marked == [("unit_price", price)]


def test_a_line_may_have_a_price_of_zero_if_it_is_entered(alice: Person) -> None:
    assert (
        send(
            alice, "/invoices/new", **TYPED | LINES | {"unit_price": ["22,500", "", "0"]}
        ).status_code
        == 303
    )


def test_a_draft_is_changed_issued_after_a_preview_and_paid(alice: Person) -> None:
    invoice_id = draft(alice)
    page = Page(alice.tab.get(f"/invoices/{invoice_id}/edit"))
    assert [field.get("value") for field in page.all(".//input[@name='unit_price']")][:1] == [
        "22,500.00"
    ]
    assert (
        send(
            alice,
            f"/invoices/{invoice_id}/edit",
            **TYPED,
            description="Dubai visa",
            quantity="1",
            unit_price="100",
        ).status_code
        == 303
    )
    look = Page(alice.tab.get(f"/invoices/{invoice_id}/issue"))
    assert "2024-25/000001" in look.words(".//form[@id='confirm']")
    assert look.words(".//section[@id='postings']").count("100.00") == 2
    assert balances(alice) == {}, "a look posts nothing"
    assert send(alice, f"/invoices/{invoice_id}/issue").status_code == 303
    assert balances(alice)[("receivable", "INR")] == 10_000
    pay = Page(alice.tab.get(f"/invoices/{invoice_id}/receipt"))
    assert pay.all(".//input[@name='amount']")[0].get("value") == "100.00"
    over = send(
        alice,
        f"/invoices/{invoice_id}/receipt",
        amount="100.01",
        paid_on="12 Jun 2024",
        account="cash",
    )
    assert over.status_code == 422
    assert "more than the amount due" in Page(over).words(".//form[@id='receipt-form']")
    assert (
        send(
            alice,
            f"/invoices/{invoice_id}/receipt",
            amount="100",
            paid_on="12 Jun 2024",
            account="cash",
        ).status_code
        == 303
    )
    assert balances(alice)[("cash", "INR")] == 10_000
    assert seen(alice, invoice_id)["status"] == "paid"


def test_a_draft_is_deleted_after_confirmation(alice: Person) -> None:
    invoice_id = draft(alice)
    assert "Deepa Krishnan" in Page(alice.tab.get(f"/invoices/{invoice_id}/discard")).words(
        ".//form[@id='confirm']"
    )
    assert drafts(alice) == [invoice_id]
    assert send(alice, f"/invoices/{invoice_id}/discard").status_code == 303
    assert drafts(alice) == []


def test_an_action_that_is_no_longer_possible_redirects(alice: Person) -> None:
    sent, drawn = issued(alice), draft(alice)
    for invoice_id, step in (
        (sent, "issue"),
        (sent, "discard"),
        (sent, "edit"),
        (drawn, "receipt"),
    ):
        for answer in (
            alice.tab.get(f"/invoices/{invoice_id}/{step}"),
            send(alice, f"/invoices/{invoice_id}/{step}"),
        ):
            assert (answer.status_code, answer.headers["Location"]) == (
                303,
                f"/invoices/{invoice_id}",
            )
    late = send(alice, f"/invoices/{sent}/edit", **TYPED, **LINES)
    assert (late.status_code, late.headers["Location"]) == (303, f"/invoices/{sent}")
    assert (
        "status no longer allows this"
        in alice.tab.get(f"/invoices/{sent}/edit", follow_redirects=True).text
    )


def test_an_agent_creates_a_draft_and_cannot_post_it(alice: Person, bob: Person) -> None:
    drawn, sent = draft(alice), issued(alice)
    page = Page(bob.tab.get(f"/invoices/{drawn}"))
    assert f"/invoices/{drawn}/edit" in page.links()
    assert f"/invoices/{drawn}/issue" not in page.links()
    assert "Ask the assistant to issue it" in page.words(".//header")
    assert f"/invoices/{sent}/receipt" not in Page(bob.tab.get(f"/invoices/{sent}")).links()
    for path in (f"/invoices/{drawn}/issue", f"/invoices/{sent}/receipt"):
        assert bob.tab.get(path).status_code == 403
        assert send(bob, path).status_code == 403


# Two windows
# --------------------------------------------------------------------------------


def shown_state(person: Person, path: str) -> str:
    """Return the hidden field with the version of the opened record."""
    return str(Page(person.tab.get(path)).all(".//input[@name='seen']")[0].get("value"))


DRAWN = {
    "/invoices": (TYPED, "issue", "issued"),
    "/bills": (
        {
            "vendor_name": "BSP India",
            "vendor_reference": "B-7",
            "issue_date": "10 Jun 2024",
            "currency": "INR",
        },
        "receive",
        "received",
    ),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_a_change_by_a_colleague_is_not_overwritten(alice: Person, kind: str) -> None:
    typed, *_ = DRAWN[kind]
    path = send(alice, f"{kind}/new", **typed, **LINES).location
    opened = shown_state(alice, f"{path}/edit")
    assert (
        send(
            alice, f"{path}/edit", **typed, **LINES, notes="By my colleague", seen=opened
        ).status_code
        == 303
    )
    late = send(alice, f"{path}/edit", **typed, **LINES, party_reference="PO-9", seen=opened)
    assert late.status_code == 422
    assert "This draft was changed after you opened it." in late.text
    assert "PO-9" in late.text, "what was typed is kept"
    page = alice.tab.get(path).text
    assert ("By my colleague" in page, "PO-9" in page) == (True, False)
    assert (
        send(
            alice,
            f"{path}/edit",
            **typed,
            **LINES,
            party_reference="PO-9",
            seen=shown_state(alice, f"{path}/edit"),
        ).status_code
        == 303
    )


@pytest.mark.parametrize("kind", DRAWN)
def test_nothing_is_posted_that_was_not_shown(alice: Person, kind: str) -> None:
    typed, step, done = DRAWN[kind]
    path = send(alice, f"{kind}/new", **typed, **LINES).location
    opened = shown_state(alice, f"{path}/{step}")
    send(alice, f"{path}/edit", **typed, **LINES | {"unit_price": ["99,999", "", "0.50"]})
    late = send(alice, f"{path}/{step}", seen=opened)
    assert (late.status_code, late.location) == (303, f"{path}/{step}")
    again = alice.tab.get(f"{path}/{step}").text
    assert balances(alice) == {}
    assert "1,99,998.50" in again
    assert send(alice, f"{path}/{step}", seen=shown_state(alice, f"{path}/{step}")).location == path
    assert alice.api.get(path).json["status"] == done


def test_an_unreadable_version_counts_as_outdated(alice: Person) -> None:
    path = send(alice, "/invoices/new", **TYPED, **LINES).location
    assert send(alice, f"{path}/issue", seen="yesterday").location == f"{path}/issue"
    assert balances(alice) == {}
