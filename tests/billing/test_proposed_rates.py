"""The forms of documents propose the reference rate of the issue date."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.enquiries.reading import Page
from tests.people import Person, csrf_token
from tests.rates.entered import entered

DAY = date(2026, 11, 18)
TYPED = {
    "customer_name": "Deepa Krishnan",
    "vendor_name": "Gulf Tours",
    "vendor_reference": "B-1",
    "issue_date": "2026-11-20",
    "currency": "USD",
    "description": "Desert safari",
    "quantity": "1",
    "unit_price": "1,000",
}
FIELDS = ("rate_for", "rate", "rate_on", "rate_source")
PATHS = pytest.mark.parametrize("path", ["/invoices/new", "/bills/new"])


def looked(person: Person, path: str, **changes: str) -> Page:
    browser = person.tab
    data = TYPED | {"then": "look", "csrf_token": csrf_token(browser)} | changes
    return Page(browser.post(path, data=data))


def fields(page: Page) -> dict[str, Any]:
    base = page.all(".//select[@name='rate_base']/option[@selected]")
    typed = {name: page.one(f".//input[@name='{name}']").get("value") for name in FIELDS}
    return typed | {"rate_base": base[0].get("value") if base else None}


@PATHS
def test_a_stored_rate_is_filled_in(alice: Person, path: str) -> None:
    entered(alice, DAY, "84.205")
    page = looked(alice, path)
    assert fields(page) == {
        "rate_for": "USD",
        "rate": "84.205",
        "rate_base": "USD",
        "rate_on": "18 Nov 2026",
        "rate_source": "FBIL",
    }
    assert not page.all(".//*[@id='rate-missing']")


def test_a_rate_is_filled_in_as_it_was_quoted(alice: Person) -> None:
    entered(alice, DAY, "0.0119", pair=("INR", "USD"))
    found = fields(looked(alice, "/invoices/new"))
    assert (found["rate_base"], found["rate"]) == ("INR", "0.0119")


@PATHS
def test_a_missing_rate_links_to_its_form(alice: Person, path: str) -> None:
    page = looked(alice, path)
    assert "No reference rate for USD on 20 Nov 2026 is stored." in page.words()
    link = page.one(".//*[@id='rate-missing']/a").get("href")
    assert link == "/exchange-rates/new?currency=USD&on=2026-11-20"
    assert fields(page)["rate"] == ""


def test_who_may_not_enter_rates_sees_no_link(alice: Person, bob: Person) -> None:
    page = looked(bob, "/invoices/new")
    assert page.all(".//*[@id='rate-missing']")
    assert not page.all(".//*[@id='rate-missing']/a")


def test_an_entered_rate_stays(alice: Person) -> None:
    entered(alice, DAY, "84.205")
    typed = {"rate": "83", "rate_base": "USD", "rate_source": "Bank", "rate_on": ""}
    assert fields(looked(alice, "/invoices/new", **typed))["rate"] == "83"
    assert fields(looked(alice, "/invoices/new", **typed, rate_for="USD"))["rate"] == "83"
    cleared = typed | {"rate": "", "rate_for": "USD"}
    assert fields(looked(alice, "/invoices/new", **cleared))["rate"] == ""


def test_the_rate_of_another_currency_does_not_stay(alice: Person) -> None:
    entered(alice, DAY, "22.93", pair=("AED", "INR"))
    of_dollars = {"rate": "84.205", "rate_base": "USD", "rate_source": "Bank", "rate_for": "USD"}
    found = fields(looked(alice, "/invoices/new", **of_dollars, currency="AED"))
    assert (found["rate"], found["rate_base"], found["rate_for"]) == ("22.93", "AED", "AED")
    found = fields(looked(alice, "/invoices/new", **of_dollars, currency="JPY"))
    assert (found["rate"], found["rate_source"]) == ("", "")


def test_an_unreadable_issue_date_proposes_nothing(alice: Person) -> None:
    entered(alice, DAY, "84.205")
    page = looked(alice, "/invoices/new", issue_date="soon")
    assert fields(page)["rate"] == ""
    assert not page.all(".//*[@id='rate-missing']")


def test_a_draft_without_a_rate_stays_without_one(alice: Person) -> None:
    entered(alice, DAY, "84.205")
    draft = alice.api.post(
        "/invoices",
        json={
            "customer_name": "Deepa Krishnan",
            "issue_date": "2026-11-20",
            "currency": "USD",
            "line_items": [{"description": "Safari", "quantity": 1, "unit_price": "1000.00"}],
        },
    ).json
    assert draft["exchange_rate"] is None
    page = Page(alice.tab.get(f"/invoices/{draft['id']}/edit"))
    assert fields(page)["rate"] == ""
    assert fields(page)["rate_for"] == "USD"
