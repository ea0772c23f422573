"""What people type in the forms of documents and money: days without their year, and amounts that were emptied or are grouped as none is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.billing.papers import advance, issued, left_of, line, seen
from tests.billing.test_forms import LINES, TYPED, drafts, send
from tests.enquiries.reading import Page
from tests.ledger.books import account_id
from tests.people import People, Person
from voyagent.billing import queries
from voyagent.kernel import clock

NEEDED = "This is needed."


@pytest.mark.parametrize("ago", [0, 1, 40])
def test_a_book_date_without_its_year_is_the_last_such_day(alice: Person, ago: int) -> None:
    day = clock.today(alice.actor.timezone) - timedelta(days=ago)
    send(alice, "/invoices/new", **{**TYPED, "issue_date": f"{day.day}/{day.month}", "due_date": ""}, **LINES)
    (invoice_id,) = drafts(alice)
    assert seen(alice, invoice_id)["issue_date"] == day
    accounts = [str(account_id(alice, purpose)) for purpose in ("bank_charges", "bank")]
    entry = {"narration": "Tea", "entry_date": f"{day.day} {day:%b}", "currency": "INR", "account_id": accounts, "debit": ["40", ""], "credit": ["", "40"]}
    posted = send(alice, "/journal/new", **entry, memo=["", ""]).headers["Location"].rsplit("/", 1)[1]
    assert alice.api.get(f"/journal-entries/{posted}").json["entry_date"] == day.isoformat()
    form = {"direction": "in", "party_name": "Deepa Krishnan", "amount": "5,000", "currency": "INR", "paid_on": f"{day.day}/{day.month}", "account": "bank"}
    assert send(alice, "/payments/new", **form).status_code == 303
    with alice.reading() as reader:
        assert [row["paid_on"] for row in queries.list_payments(reader, queries.PaymentSearch()).items] == [day]


@pytest.mark.parametrize("emptied", ["", "  "])
def test_an_amount_that_was_emptied_is_never_all_of_it(alice: Person, emptied: str) -> None:
    invoice_id, paid = issued(alice), advance(alice, 555_00)
    before = seen(alice, invoice_id)
    forms: dict[str, dict[str, Any]] = {
        f"/invoices/{invoice_id}/receipt": {"paid_on": "25 Jun 2024", "account": "bank"},
        f"/payments/{paid}/refund": {"refunded_on": "25 Jun 2024", "account": "bank"},
        f"/invoices/{invoice_id}/write-off": {"reason": "Gone abroad", "written_off_on": "25 Jun 2024"},
    }
    for address, typed in forms.items():
        page = Page(send(alice, address, **typed, amount=emptied))
        assert (page.status, page.error_at("amount")) == (422, NEEDED), address
    assert seen(alice, invoice_id) == before
    assert left_of(alice, paid) == (0, 0, 555_00)
    assert alice.api.get("/approvals").json["items"] == []


def test_inputs_begin_with_amounts_as_the_agency_groups_them(alice: Person) -> None:
    invoice_id, paid = issued(alice, line(quantity=20)), advance(alice, 1_23_456_78)
    assert Page(alice.browser.get(f"/invoices/{invoice_id}/receipt")).field("amount") == "4,50,000.00"
    assert Page(alice.browser.get(f"/payments/{paid}/refund")).field("amount") == "1,23,456.78"
    assert Page(alice.browser.get(f"/invoices/{invoice_id}/write-off")).field("amount") == "4,50,000.00"


def test_of_a_payment_that_is_used_up_nothing_can_be_given_back(alice: Person) -> None:
    paid = advance(alice, 100_00)
    assert alice.browser.get(f"/payments/{paid}/refund").status_code == 200
    send(alice, f"/payments/{paid}/refund", amount="100", refunded_on="25 Jun 2024", account="bank")
    browser = alice.browser
    answer = browser.get(f"/payments/{paid}/refund")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/payments/{paid}")
    assert "Nothing of this payment is left" in Page(browser.get(f"/payments/{paid}")).words()


@pytest.mark.parametrize("typed", ["1,00", "12,34", "1,2,3"])
def test_commas_that_group_nothing_make_no_amount(alice: Person, typed: str) -> None:
    invoice_id = issued(alice)
    page = Page(send(alice, f"/invoices/{invoice_id}/receipt", amount=typed, paid_on="25 Jun 2024", account="bank"))
    assert (page.status, page.field("amount")) == (422, typed)
    assert "45000 or 45,000.50" in page.error_at("amount")
    accounts = [str(account_id(alice, purpose)) for purpose in ("bank_charges", "bank")]
    entry = {"narration": "Tea", "entry_date": "25 Jun 2024", "currency": "INR", "account_id": accounts, "debit": [typed, ""], "credit": ["", typed]}
    assert send(alice, "/journal/new", **entry, memo=["", ""]).status_code == 422


def test_where_no_tax_number_is_known_the_form_says_so_to_who_can_set_it(people: People, alice: Person) -> None:
    said = "Lines bear no tax while no tax number of the agency is known."
    page = Page(alice.browser.get("/invoices/new"))
    assert said in page.words()
    assert "/settings" in page.links()
    colleague = people.colleague(alice, "Rita Role", role="accounting_lead")
    hers = Page(colleague.browser.get("/invoices/new"))
    assert said in hers.words()
    assert "Set it in the settings" not in hers.words()
    assert said not in Page(alice.browser.get("/bills/new")).words()
    alice.api.patch("/tenant-settings", json={"tax_number": "32AABCU9603R1ZW"})
    assert said not in Page(alice.browser.get("/invoices/new")).words()
