"""The pages of bank accounts, and the requests of the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.banking.test_banking import listed, opened
from tests.billing.test_api import code
from tests.enquiries.reading import Page
from tests.people import Person, csrf_token

NEW = {"kind": "bank", "currency": "USD", "name": "HDFC dollars", "opened_on": "1 Nov 2026"}


def sent(person: Person, path: str, **fields: str) -> Any:
    browser = person.tab
    return browser.post(path, data=fields | {"csrf_token": csrf_token(browser)})


def rows(page: Page) -> list[str]:
    return [
        " | ".join(" ".join("".join(cell.itertext()).split()) for cell in row)
        for row in page.all(".//table[@id='bank-accounts']/tbody/tr")
    ]


def test_an_account_is_added_changed_and_closed(alice: Person) -> None:
    typed = NEW | {"number": "5010 0012-3456", "ifsc": "hdfc0000001", "is_printed": "1"}
    answer = sent(alice, "/settings/bank-accounts/new", **typed)
    assert (answer.status_code, answer.location) == (303, "/settings/bank-accounts")
    page = Page(alice.tab.get("/settings/bank-accounts"))
    assert rows(page)[1] == (
        "HDFC dollars default on invoices ends in 3456 | Bank, USD | in use | – | Edit HDFC dollars"
    )
    account = listed(alice)["HDFC dollars"]
    path = f"/settings/bank-accounts/{account['id']}"
    assert account["ifsc"] == "HDFC0000001"
    form = alice.tab.get(f"{path}/edit")
    assert "501000123456" in form.text
    assert 'name="is_default"' not in form.text
    changed = sent(alice, f"{path}/edit", name="HDFC $", number="501000123456", ifsc="")
    assert changed.status_code == 303
    assert listed(alice)["HDFC $"].items() >= {"ifsc": None, "is_printed": False}.items()
    assert "Close HDFC $?" in alice.tab.get(f"{path}/close").text
    assert sent(alice, f"{path}/close").status_code == 303
    assert "closed on" in rows(Page(alice.tab.get("/settings/bank-accounts")))[-1]
    assert "This bank account is closed" in sent(alice, f"{path}/close").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "Enter a name."),
        ({"number": "12/34"}, "Enter at most 34 letters and digits."),
        ({"ifsc": "HDFC1000001"}, "Enter an IFSC such as HDFC0000001."),
        ({"swift": "HDFC"}, "Enter a SWIFT code such as HDFCINBB."),
        ({"kind": "card", "number": "12345"}, "Enter only the last four digits of a card."),
    ],
)
def test_a_refused_form_says_why(alice: Person, changes: dict[str, str], sentence: str) -> None:
    answer = sent(alice, "/settings/bank-accounts/new", **NEW | changes)
    assert answer.status_code == 422
    assert sentence in Page(answer).words()
    assert "HDFC dollars" not in listed(alice)


def test_others_see_accounts_and_cannot_change_them(alice: Person, bob: Person) -> None:
    one = opened(alice)
    page = bob.tab.get("/settings/bank-accounts")
    assert (page.status_code, "New bank account" in page.text) == (200, False)
    assert bob.tab.get("/settings/bank-accounts/new").status_code == 403
    assert bob.tab.get(f"/settings/bank-accounts/{one}/edit").status_code == 403


def test_requests_of_the_api(alice: Person, bob: Person) -> None:
    body = {"kind": "bank", "currency": "INR", "name": "HDFC", "number": "50100012345678"}
    answer = alice.api.post("/bank-accounts", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json.items() >= {"number_last4": "5678", "is_default": False}.items()
    assert answer.json["balances"] == [{"currency": "INR", "balance": "0.00"}]
    path = f"/bank-accounts/{answer.json['id']}"
    patched = alice.api.patch(path, json={"is_default": True, "bank_name": "HDFC Bank"}).json
    assert patched.items() >= {"is_default": True, "name": "HDFC", "number_last4": "5678"}.items()
    assert not listed(alice)["Bank, current account"]["is_default"]
    assert code(alice.api.patch(path, json={"is_default": False})) == (
        409,
        "bank_account_is_default",
    )
    assert code(alice.api.post(f"{path}/close")) == (409, "bank_account_is_default")
    assert bob.api.post("/bank-accounts", json=body).status_code == 403
    assert alice.api.post("/bank-accounts", json=body | {"kind": "safe"}).status_code == 422
