"""The page that establishes the base amounts of earlier entries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from tests.enquiries.reading import Page
from tests.identity.test_step_up import age, hidden
from tests.ledger.books import inr, post, sale
from tests.ledger.test_base_amounts import usd
from tests.ledger.test_establishing import write_earlier
from tests.people import PASSWORD, Person, csrf_token
from voyagent.kernel.actor import NotFresh
from voyagent.ledger.service import base_amounts, entries

PATH = "/base-amounts"
CONFIRM = ".//form[@id='confirm']"


def confirm(person: Person, currency: str = "INR") -> Any:
    browser = person.tab
    return browser.post(PATH, data={"currency": currency, "csrf_token": csrf_token(browser)})


def test_the_page_says_what_will_happen_and_what_has_happened(alice: Person) -> None:
    assert Page(alice.tab.get("/months")).links().count(PATH) == 1
    post(alice)
    page = Page(alice.tab.get(PATH))
    assert "This is possible now. All postings are in INR." in page.words()
    assert page.one(f"{CONFIRM}//input[@name='currency']").attrib["value"] == "INR"
    assert Page(alice.tab.get("/months")).links().count(PATH) == 1
    answer = confirm(alice)
    assert (answer.status_code, answer.location) == (303, PATH)
    done = Page(alice.tab.get(PATH))
    assert "Every posting has its amount in INR." in done.words()
    assert done.all(CONFIRM) == []
    again = confirm(alice)
    assert again.status_code == 422
    assert "can’t change" in Page(again).words()


def test_it_works_in_steps(
    alice: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_amounts, "LINES_MAX", 2)
    write_earlier(owner_engine, alice, 100)
    page = Page(alice.tab.get(PATH))
    assert (
        "2 lines of an earlier release still lack their base amounts. One step fills up to 2"
        " lines or entries." in page.words()
    )
    browser = alice.tab
    for sentence in ("Not finished: 0 lines are left.", "Base amounts established."):
        data = {"currency": "INR", "csrf_token": csrf_token(browser)}
        assert sentence in Page(browser.post(PATH, data=data, follow_redirects=True)).words()


def test_postings_in_other_currencies_are_named(alice: Person) -> None:
    post(alice, sale(usd(100)))
    page = Page(alice.tab.get(PATH))
    assert page.words(".//table[@id='foreign']/tbody") == "USD210 Mar 202610 Mar 2026"
    refused = confirm(alice)
    assert refused.status_code == 422
    assert "The rate of USD on 10 Mar 2026 is needed." in Page(refused).words()


def test_a_refusal_is_shown_on_the_page(alice: Person) -> None:
    post(alice, [entries.debit("bank", inr(5)), entries.credit("currency_exchange", inr(5))])
    refused = confirm(alice)
    assert refused.status_code == 422
    assert "The account for currency exchange has a balance." in Page(refused).words()
    other = confirm(alice, "AED")
    assert "This is not the currency of your books." in Page(other).words()
    assert "Confirm the currency of your books." in Page(confirm(alice, "")).words()


def test_it_asks_for_the_password(alice: Person) -> None:
    with pytest.raises(NotFresh):
        replace(alice, actor=replace(alice.actor, fresh=False)).does(
            base_amounts.establish_base, "INR"
        )
    browser = age(alice.tab)
    data = {"currency": "INR", "csrf_token": csrf_token(browser)}
    asked = browser.post(PATH, data=data)
    assert asked.status_code == 403
    assert "Confirm your password" in asked.text
    done = browser.post(PATH, data={**hidden(asked.text), "step_up_password": PASSWORD})
    assert (done.status_code, done.location) == (303, PATH)


def test_only_administrators_see_it(alice: Person, bob: Person, charlie: Person) -> None:
    post(alice, sale(usd(100)))
    assert bob.tab.get(PATH).status_code == 403
    assert confirm(bob).status_code == 403
    assert PATH not in Page(bob.tab.get("/months")).links()
    assert "This is possible now." in Page(charlie.tab.get(PATH)).words()
