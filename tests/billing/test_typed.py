"""Typed values in forms, such as dates without year and odd amounts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.billing.papers import advance, issued, left_of, line, seen
from tests.billing.test_forms import LINES, TYPED, drafts, send
from tests.enquiries.reading import Page
from tests.ledger.books import account_id
from tests.people import People, Person
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.kernel import clock
from voyagent.ledger.service.months import close_month

NEEDED = "This field is required."


@pytest.mark.parametrize("ago", [0, 1, 40])
def test_a_book_date_without_a_year_is_not_in_the_future(alice: Person, ago: int) -> None:
    day = clock.today(alice.actor.timezone) - timedelta(days=ago)
    send(
        alice,
        "/invoices/new",
        **{**TYPED, "issue_date": f"{day.day}/{day.month}", "due_date": ""},
        **LINES,
    )
    (invoice_id,) = drafts(alice)
    assert seen(alice, invoice_id)["issue_date"] == day
    accounts = [str(account_id(alice, purpose)) for purpose in ("bank_charges", "bank")]
    entry = {
        "narration": "Tea",
        "entry_date": f"{day.day} {day:%b}",
        "currency": "INR",
        "account_id": accounts,
        "debit": ["40", ""],
        "credit": ["", "40"],
    }
    posted = (
        send(alice, "/journal/new", **entry, memo=["", ""]).headers["Location"].rsplit("/", 1)[1]
    )
    assert alice.api.get(f"/journal-entries/{posted}").json["entry_date"] == day.isoformat()
    form = {
        "direction": "in",
        "party_name": "Deepa Krishnan",
        "amount": "5,000",
        "currency": "INR",
        "paid_on": f"{day.day}/{day.month}",
        "account": "bank",
    }
    assert send(alice, "/payments/new", **form).status_code == 303
    with alice.reading() as reader:
        assert [
            row["paid_on"]
            for row in payment_queries.list_payments(reader, payment_queries.PaymentSearch()).items
        ] == [day]


@pytest.mark.parametrize("emptied", ["", "  "])
def test_an_emptied_amount_never_means_the_whole_amount(alice: Person, emptied: str) -> None:
    invoice_id, paid = issued(alice), advance(alice, 555_00)
    before = seen(alice, invoice_id)
    forms: dict[str, dict[str, Any]] = {
        f"/invoices/{invoice_id}/receipt": {"paid_on": "25 Jun 2024", "account": "bank"},
        f"/payments/{paid}/refund": {"refunded_on": "25 Jun 2024", "account": "bank"},
        f"/invoices/{invoice_id}/write-off": {
            "reason": "Gone abroad",
            "written_off_on": "25 Jun 2024",
        },
    }
    for address, typed in forms.items():
        page = Page(send(alice, address, **typed, amount=emptied))
        assert (page.status, page.error_at("amount")) == (422, NEEDED), address
    assert seen(alice, invoice_id) == before
    assert left_of(alice, paid) == (0, 0, 555_00)
    assert alice.api.get("/approvals").json["items"] == []


def test_inputs_begin_with_amounts_grouped_as_the_agency_does(alice: Person) -> None:
    invoice_id, paid = issued(alice, line(quantity=20)), advance(alice, 1_23_456_78)
    assert Page(alice.tab.get(f"/invoices/{invoice_id}/receipt")).field("amount") == "4,50,000.00"
    assert Page(alice.tab.get(f"/payments/{paid}/refund")).field("amount") == "1,23,456.78"
    assert Page(alice.tab.get(f"/invoices/{invoice_id}/write-off")).field("amount") == "4,50,000.00"


def test_a_fully_used_payment_cannot_be_refunded(alice: Person) -> None:
    paid = advance(alice, 100_00)
    assert alice.tab.get(f"/payments/{paid}/refund").status_code == 200
    send(alice, f"/payments/{paid}/refund", amount="100", refunded_on="25 Jun 2024", account="bank")
    browser = alice.tab
    answer = browser.get(f"/payments/{paid}/refund")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/payments/{paid}")
    assert (
        "This payment has no unallocated amount" in Page(browser.get(f"/payments/{paid}")).words()
    )


@pytest.mark.parametrize("typed", ["1,00", "12,34", "1,2,3"])
def test_an_amount_with_misplaced_commas_is_invalid(alice: Person, typed: str) -> None:
    invoice_id = issued(alice)
    page = Page(
        send(
            alice,
            f"/invoices/{invoice_id}/receipt",
            amount=typed,
            paid_on="25 Jun 2024",
            account="bank",
        )
    )
    assert (page.status, page.field("amount")) == (422, typed)
    assert "45000 or 45,000.50" in page.error_at("amount")
    accounts = [str(account_id(alice, purpose)) for purpose in ("bank_charges", "bank")]
    entry = {
        "narration": "Tea",
        "entry_date": "25 Jun 2024",
        "currency": "INR",
        "account_id": accounts,
        "debit": [typed, ""],
        "credit": ["", typed],
    }
    assert send(alice, "/journal/new", **entry, memo=["", ""]).status_code == 422


def test_the_form_asks_administrators_for_a_missing_tax_number(
    people: People, alice: Person
) -> None:
    message = "No tax is added until the agency’s tax number is set."
    page = Page(alice.tab.get("/invoices/new"))
    assert message in page.words()
    assert "/settings" in page.links()
    colleague = people.colleague(alice, "Rita Role", role="accounting_lead")
    hers = Page(colleague.tab.get("/invoices/new"))
    assert message in hers.words()
    assert "Set it in Settings" not in hers.words()
    assert message not in Page(alice.tab.get("/bills/new")).words()
    alice.api.patch("/tenant-settings", json={"tax_number": "32AABCU9603R1ZW"})
    assert message not in Page(alice.tab.get("/invoices/new")).words()


@pytest.mark.parametrize(
    ("issued_on", "dues", "read"),
    [
        ("1 Oct 2025", ["15 Oct", "15 Nov"], ["2025-10-15", "2025-11-15"]),
        ("1 Oct 2025", ["31 Oct 2025", "15 Jan"], ["2025-10-31", "2026-01-15"]),
        ("1 Dec 2024", ["31 Dec", "31 Jan"], ["2024-12-31", "2025-01-31"]),
        ("10 Jun 2024", ["10 Jun", "9 Jun"], ["2024-06-10", "2025-06-09"]),
    ],
)
def test_instalments_without_a_year_follow_the_issue_date(
    alice: Person, issued_on: str, dues: list[str], read: list[str]
) -> None:
    typed = {
        **TYPED,
        "issue_date": issued_on,
        "due_date": "",
        "instalment_due": dues,
        "instalment_amount": ["50%", "50%"],
    }
    answer = send(alice, "/invoices/new", **typed, **LINES)
    assert answer.status_code == 303, Page(answer).words(".//main")
    (invoice_id,) = drafts(alice)
    body = alice.api.get(f"/invoices/{invoice_id}").json
    assert [one["due_date"] for one in body["instalments"]] == read


@pytest.mark.parametrize(
    ("issued_on", "due", "read"),
    [
        ("1 Apr 2026", "30 Apr", "2026-04-30"),
        ("1 Jan 2024", "31 Jan", "2024-01-31"),
        ("20 Dec 2025", "5/1", "2026-01-05"),
        ("1 Apr 2026", "1 Mar 2026", None),
    ],
)
def test_a_due_date_without_a_year_follows_the_issue_date(
    alice: Person, issued_on: str, due: str, read: str | None
) -> None:
    answer = send(
        alice, "/invoices/new", **{**TYPED, "issue_date": issued_on, "due_date": due}, **LINES
    )
    if read is None:
        assert answer.status_code == 422
        return
    (invoice_id,) = drafts(alice)
    assert alice.api.get(f"/invoices/{invoice_id}").json["due_date"] == read


@pytest.mark.parametrize("address", ["/invoices/new", "/bills/new"])
@pytest.mark.parametrize(
    ("dues", "refusal"),
    [
        (["1 May 2024", "1 Aug 2024"], "Each instalment must be due after the one before it"),
        (["1 Aug 2024", "1 Jul 2024"], "Each instalment must be due after the one before it"),
        (["1 Aug 2024", "some day"], "Enter a date such as"),
        (["1 Aug 2024", ""], None),
        (["1 Aug 2024", "1 Sep 2024"], None),
    ],
)
def test_a_preview_names_invalid_dates_of_instalments(
    alice: Person, address: str, dues: list[str], refusal: str | None
) -> None:
    whom = (
        {"customer_name": "Deepa Krishnan"}
        if "invoices" in address
        else {"vendor_name": "Hotel Sea", "vendor_reference": "S-1"}
    )
    plan = {"instalment_due": dues, "instalment_amount": ["50%", "50%"]}
    page = Page(
        send(
            alice,
            address,
            **whom,
            **plan,
            currency="INR",
            issue_date="10 Jun 2024",
            **LINES,
            then="look",
        )
    )
    shown = page.words(".//*[@id='postings']")
    assert page.status == 200
    assert (("45,000" in shown), (refusal or "") in shown) == (refusal is None, True), shown


@pytest.mark.parametrize("nothing", ["0", "0.00", "\u0966"])
def test_a_preview_without_an_amount_shows_no_postings(alice: Person, nothing: str) -> None:
    invoice_id, paid = issued(alice), advance(alice, 555_00)
    for address in (f"/invoices/{invoice_id}/receipt", f"/payments/{paid}/refund"):
        page = Page(
            send(
                alice,
                address,
                amount=nothing,
                paid_on="25 Jun 2024",
                refunded_on="25 Jun 2024",
                account="bank",
                then="look",
            )
        )
        shown = page.words(".//*[@id='postings']")
        assert page.status == 200
        assert "45,000" not in shown, address
        assert "555" not in shown, address
        assert "The amount must be above zero." in shown, address


@pytest.mark.parametrize(
    ("purposes", "amount", "day", "why"),
    [
        (("bank_charges", "bank"), "40", "10 May 2024", "month is closed"),
        (("receivable", "bank"), "40", "25 Jun 2024", "are posted by their documents"),
        (("bank_charges", "bank"), "-5", "25 Jun 2024", "can’t be negative"),
        (("bank_charges", "bank"), "40", "32/13", "The calendar has no 32/13."),
        (("bank_charges", "bank"), "40", "25 Jun 2024", "Debits equal credits."),
        (("bank_charges", "bank"), "", "25 Jun 2024", "No amounts yet."),
    ],
)
def test_the_preview_of_an_entry_says_why_it_would_be_refused(
    alice: Person, purposes: tuple[str, str], amount: str, day: str, why: str
) -> None:
    alice.does(close_month, date(2024, 5, 1))
    accounts = [str(account_id(alice, purpose)) for purpose in purposes]
    entry = {
        "narration": "",
        "entry_date": day,
        "currency": "INR",
        "account_id": accounts,
        "debit": [amount, ""],
        "credit": ["", amount],
        "memo": ["", ""],
    }
    page = Page(send(alice, "/journal/new", **entry, then="look"))
    status = page.words(".//*[@id='entry-preview']//*[@role='status']")
    assert (page.status, why in status) == (200, True), status
    assert ("Debits equal credits." in status) == (why == "Debits equal credits.")
