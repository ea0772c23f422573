"""Forms name a missing exchange rate, and keep what was typed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.billing.papers import ISSUED, draft, draft_bill, issue, line
from tests.enquiries.reading import Page
from tests.ledger.books import account_id
from tests.ledger.test_establishing import established
from tests.people import Person, csrf_token
from tests.rates.entered import entered

WORDS = "There is no exchange rate for this day."
RATE_FORM = f"/exchange-rates/new?currency=USD&on={ISSUED}"


@pytest.fixture
def dealer(alice: Person) -> Person:
    """An agency whose base amounts are established, without a rate."""
    established(alice)
    return alice


def sent(person: Person, path: str, **fields: Any) -> Page:
    browser = person.tab
    data = fields | {"csrf_token": csrf_token(browser)}
    return Page(browser.post(path, data=data))


def dollars(**given: Any) -> Any:
    return line("100", quantity=1, currency="USD", **given)


@pytest.mark.parametrize(("step", "make"), [("issue", draft), ("receive", draft_bill)])
def test_the_last_step_of_a_draft_names_the_missing_rate(
    dealer: Person, step: str, make: Any
) -> None:
    document_id = make(dealer, dollars())
    path = f"/{'invoices' if step == 'issue' else 'bills'}/{document_id}/{step}"
    page = Page(dealer.tab.get(path))
    assert WORDS in page.words(".//*[@id='booked']")
    assert RATE_FORM in page.links()
    refused = sent(dealer, path, out_of_order_reason="Late")
    assert refused.status == 409
    assert WORDS in refused.words(".//*[@id='booked']")
    entered(dealer, ISSUED, "84.2")
    assert WORDS not in Page(dealer.tab.get(path)).words()
    assert sent(dealer, path).status == 303


def test_a_payment_keeps_what_was_typed(dealer: Person) -> None:
    typed = {
        "direction": "in",
        "party_name": "Deepa Krishnan",
        "amount": "100",
        "currency": "USD",
        "paid_on": str(ISSUED),
        "reference": "Wire 7",
        "account": "bank",
    }
    looked = sent(dealer, "/payments/new", **typed, then="look")
    assert looked.status == 200
    assert WORDS in looked.words(".//*[@id='postings']")
    assert RATE_FORM in looked.links()
    refused = sent(dealer, "/payments/new", **typed)
    assert refused.status == 422
    assert WORDS in refused.words(".//div[@role='alert']")
    assert RATE_FORM in refused.links()
    assert refused.field("reference") == "Wire 7"
    entered(dealer, ISSUED, "84.2")
    assert WORDS not in sent(dealer, "/payments/new", **typed, then="look").words()
    assert sent(dealer, "/payments/new", **typed).status == 303


def test_a_receipt_in_base_money_needs_no_rate_and_one_in_dollars_does(dealer: Person) -> None:
    rate = entered(dealer, ISSUED, "84.2")
    invoice_id = draft(dealer, dollars())
    issue(dealer, invoice_id)
    assert rate
    later = "2024-09-02"
    path = f"/invoices/{invoice_id}/receipt"
    looked = sent(dealer, path, amount="50", paid_on=later, account="bank", then="look")
    assert WORDS in looked.words()
    refused = sent(dealer, path, amount="50", paid_on=later, account="bank", reference="R-1")
    assert refused.status == 422
    assert f"/exchange-rates/new?currency=USD&on={later}" in refused.links()
    assert refused.field("reference") == "R-1"


def test_a_journal_entry_keeps_its_lines(dealer: Person) -> None:
    fields = {
        "narration": "Capital",
        "entry_date": str(ISSUED),
        "currency": "USD",
        "account_id": [str(account_id(dealer, one)) for one in ("bank", "capital")],
        "debit": ["5", ""],
        "credit": ["", "5"],
        "memo": ["", ""],
    }
    refused = sent(dealer, "/journal/new", **fields)
    assert refused.status == 422
    assert WORDS in refused.words(".//div[@role='alert']")
    assert RATE_FORM in refused.links()
    assert refused.field("narration") == "Capital"


def test_a_capability_form_says_it_too(dealer: Person) -> None:
    entered(dealer, ISSUED, "84.2")
    invoice_id = draft(dealer, dollars())
    issue(dealer, invoice_id)
    refused = sent(
        dealer,
        "/do/record_receipt",
        invoice_id=str(invoice_id),
        amount="50",
        currency="USD",
        paid_on="2024-09-02",
    )
    assert WORDS in refused.words()
