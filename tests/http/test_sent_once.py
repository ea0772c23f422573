"""A form creates one record, however often it is submitted."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.billing.papers import advance, issued
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import account_id
from tests.people import People, Person
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.ledger.queries.entries import list_entries

ADVANCE = {
    "direction": "in",
    "party_name": "Deepa Krishnan",
    "amount": "5,000",
    "currency": "INR",
    "paid_on": "25 Jun 2024",
    "account": "bank",
}
SENT_BEFORE = (
    "This form was already sent. This is the record it created. Nothing is recorded twice."
)


def opened(browser: FlaskClient, address: str) -> dict[str, str]:
    """Return the hidden fields of an opened form."""
    (form,) = (
        form
        for form in Page(browser.get(address)).all(".//form")
        if form.find(".//input[@name='form_key']") is not None
    )
    return {
        field.attrib["name"]: field.attrib.get("value", "")
        for field in form.findall(".//input[@type='hidden']")
    }


def numbers(person: Person) -> list[str]:
    with person.reading() as reader:
        return [
            row["number"]
            for row in payment_queries.list_payments(reader, payment_queries.PaymentSearch()).items
        ]


def test_an_advance_sent_twice_is_recorded_once(alice: Person) -> None:
    browser = alice.browser
    hidden = opened(browser, "/payments/new")
    first = browser.post("/payments/new", data={**ADVANCE, **hidden})
    again = browser.post("/payments/new", data={**ADVANCE, **hidden, "amount": "6,000"})
    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["Location"] == first.headers["Location"]
    assert len(numbers(alice)) == 1
    assert SENT_BEFORE in Page(browser.get(again.headers["Location"])).words(".//body")


def test_a_form_that_is_opened_again_creates_another_record(alice: Person) -> None:
    browser = alice.browser
    for _ in range(2):
        answer = browser.post("/payments/new", data={**ADVANCE, **opened(browser, "/payments/new")})
        assert SENT_BEFORE not in Page(browser.get(answer.headers["Location"])).words(".//body")
    assert len(numbers(alice)) == 2


def test_two_simultaneous_clicks_create_one_record(alice: Person) -> None:
    browser = alice.browser
    hidden = opened(browser, "/payments/new")
    cookies = [(cookie.key, cookie.value) for cookie in browser._cookies.values()]  # noqa: SLF001 - the client has no list of them
    browsers = [alice.app.test_client() for _ in range(3)]
    for other in browsers:
        for name, value in cookies:
            other.set_cookie(name, value)
    answers = at_once(
        [lambda b=b: b.post("/payments/new", data={**ADVANCE, **hidden}) for b in browsers]
    )
    assert {(answer.status_code, answer.headers.get("Location")) for answer in answers} == {
        (303, answers[0].headers["Location"])
    }
    assert len(numbers(alice)) == 1


def test_a_refused_or_previewed_form_can_be_sent_again(alice: Person) -> None:
    browser = alice.browser
    hidden = opened(browser, "/payments/new")
    looked = browser.post("/payments/new", data={**ADVANCE, **hidden, "then": "look"})
    refused = browser.post("/payments/new", data={**ADVANCE, **hidden, "amount": "much"})
    assert (looked.status_code, refused.status_code) == (200, 422)
    form_key = Page(refused).one(".//input[@name='form_key']").get("value")
    assert form_key == hidden["form_key"], "a form that comes back is the same form"
    assert browser.post("/payments/new", data={**ADVANCE, **hidden}).status_code == 303
    assert len(numbers(alice)) == 1


@pytest.mark.parametrize("then", ["look", "documents", "fill"])
def test_a_preview_after_the_submission_changes_nothing(alice: Person, then: str) -> None:
    browser = alice.browser
    hidden = opened(browser, "/payments/new")
    done = browser.post("/payments/new", data={**ADVANCE, **hidden})
    assert (
        browser.post(
            "/payments/new",
            data={**ADVANCE, **hidden, "then": then},
            headers={"HX-Request": "true"},
        ).status_code
        == 200
    )
    assert SENT_BEFORE not in Page(browser.get(done.headers["Location"])).words(".//body")
    assert len(numbers(alice)) == 1


def test_an_htmx_repeat_is_redirected_by_header(alice: Person) -> None:
    browser = alice.browser
    hidden = opened(browser, "/payments/new")
    first = browser.post("/payments/new", data={**ADVANCE, **hidden})
    again = browser.post(
        "/payments/new", data={**ADVANCE, **hidden}, headers={"HX-Request": "true"}
    )
    assert (again.status_code, again.headers["HX-Redirect"]) == (204, first.headers["Location"])
    assert len(numbers(alice)) == 1


def test_equal_keys_of_different_users_are_independent(people: People, alice: Person) -> None:
    rita = people.colleague(alice, "Rita Role", role="accounting_lead")
    mine, hers = alice.browser, rita.browser
    hidden = opened(mine, "/payments/new")
    assert mine.post("/payments/new", data={**ADVANCE, **hidden}).status_code == 303
    borrowed = opened(hers, "/payments/new") | {"form_key": hidden["form_key"]}
    assert hers.post("/payments/new", data={**ADVANCE, **borrowed}).status_code == 303
    assert len(numbers(alice)) == 2


@pytest.mark.parametrize("key", ["", " " * 65, "x" * 65, "\u0915"])
def test_an_invalid_key_is_ignored(alice: Person, key: str) -> None:
    browser = alice.browser
    hidden = opened(browser, "/payments/new") | {"form_key": key}
    assert [
        browser.post("/payments/new", data={**ADVANCE, **hidden}).status_code for _ in range(2)
    ] == [303, 303]
    assert len(numbers(alice)) == 2


def test_other_forms_create_one_record_too(alice: Person) -> None:
    browser = alice.browser
    invoice, paid = issued(alice), advance(alice, 900_00)
    enquiry = {"customer_name": "Meera Nair", "pax_count": "2"}
    accounts = [str(account_id(alice, purpose)) for purpose in ("bank_charges", "bank")]
    entry = {
        "narration": "Tea",
        "entry_date": "25 Jun 2024",
        "currency": "INR",
        "account_id": accounts,
    }
    entry |= {"debit": ["40", ""], "credit": ["", "40"], "memo": ["", ""]}
    forms: dict[str, dict[str, Any]] = {
        f"/invoices/{invoice}/receipt": {
            "amount": "100",
            "paid_on": "25 Jun 2024",
            "account": "bank",
        },
        f"/payments/{paid}/refund": {
            "amount": "100",
            "refunded_on": "25 Jun 2024",
            "account": "bank",
        },
        "/journal/new": entry,
        "/enquiries/new": enquiry,
    }
    for address, typed in forms.items():
        hidden = opened(browser, address)
        places = [
            browser.post(address, data={**typed, **hidden}).headers.get("Location")
            for _ in range(2)
        ]
        assert places[0] is not None, address
        assert places[0] == places[1], address
    with alice.reading() as reader:
        document = invoice_queries.read_document(reader, invoice)
        assert [row["amount_minor"] for row in document.payments] == [100_00]
        assert [
            row["amount_minor"] for row in payment_queries.read_payment(reader, paid).refunds
        ] == [100_00]
        assert [row["narration"] for row in list_entries(reader, None, None, limit=50).items].count(
            "Tea"
        ) == 1
    assert alice.api.get("/enquiries").json["total"] == 1
