"""The pages of exchange rates: list, files, and the form of a new rate."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.enquiries.reading import Page
from tests.people import Person, csrf_token
from tests.rates.entered import entered, found
from voyagent.kernel import clock

DAY = date(2026, 11, 18)
TYPED = {
    "units": "1",
    "base": "USD",
    "rate": "84.205",
    "quote": "INR",
    "on": "18 Nov 2026",
    "kind": "reference",
    "source": "FBIL",
}


def sent(person: Person, **changes: str) -> Any:
    browser = person.tab
    return browser.post(
        "/exchange-rates/new", data=TYPED | changes | {"csrf_token": csrf_token(browser)}
    )


def cells(page: Page) -> list[list[str]]:
    return [
        [" ".join("".join(cell.itertext()).split()) for cell in row]
        for row in page.all(".//table[@id='rates']/tbody/tr")
    ]


def test_the_list_shows_who_entered_a_rate_and_its_source(alice: Person, charlie: Person) -> None:
    entered(alice, DAY, "84.205", source="<b>FBIL</b>")
    page = Page(alice.tab.get("/exchange-rates"))
    assert page.status == 200
    assert cells(page) == [
        ["1 USD in INR", "84.205", "18 Nov 2026", "Reference", "<b>FBIL</b>", alice.actor.full_name]
    ]
    empty = Page(charlie.tab.get("/exchange-rates"))
    assert "No exchange rates yet" in empty.words()


def test_the_list_is_filtered_and_names_invalid_filters(alice: Person) -> None:
    entered(alice, DAY, "84.20")
    entered(alice, DAY - timedelta(days=1), "22.93", pair=("AED", "INR"))
    browser = alice.tab
    assert len(cells(Page(browser.get("/exchange-rates?currency=AED&kind=reference")))) == 1
    assert len(cells(Page(browser.get("/exchange-rates?from=18+Nov+2026")))) == 1
    assert "No exchange rate matches" in browser.get("/exchange-rates?currency=JPY").text
    wrong = Page(browser.get("/exchange-rates?currency=XYZ&from=never"))
    assert (wrong.status, len(cells(wrong))) == (422, 2)
    assert "currency, from" in wrong.words()


def test_the_filtered_list_can_be_downloaded(alice: Person) -> None:
    entered(alice, DAY, "84.20", source="=1+1")
    entered(alice, DAY, "22.93", pair=("AED", "INR"))
    browser = alice.tab
    answer = browser.get("/exchange-rates?currency=USD&format=csv")
    assert answer.text.splitlines() == [
        "row,on,base,quote,rate,kind,source,created_by",
        f"line,2026-11-18,USD,INR,84.20000000,reference,'=1+1,{alice.actor.full_name}",
    ]
    assert browser.get("/exchange-rates?format=xlsx").status_code == 200


@pytest.mark.parametrize(
    ("changes", "rate"),
    [
        ({}, "84.205"),
        ({"rate": "1,084.205"}, "1084.205"),
        ({"units": "100", "rate": "8420.5"}, "84.205"),
    ],
)
def test_a_typed_rate_is_stored(alice: Person, changes: dict[str, str], rate: str) -> None:
    answer = sent(alice, **changes)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/exchange-rates")
    assert str(found(alice, "USD", DAY).rate).rstrip("0") == rate


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"quote": "USD"}, "A rate needs two different currencies."),
        ({"quote": "AED"}, "One of the two currencies must be the currency of your books."),
        ({"base": "XYZ"}, "Choose one from the list."),
        ({"rate": ""}, "Enter a rate such as 83.25, with up to eight decimals."),
        ({"rate": "0"}, "Enter a rate above zero"),
        ({"source": ""}, "Enter the source of this rate."),
        ({"on": "soon"}, "Enter a date such as"),
        ({"on": ""}, "Enter the day on which the rate was quoted."),
        ({"on": "future"}, "The date is after today."),
        ({"units": "10"}, "Choose one from the list."),
        ({"kind": "spot"}, "Choose one from the list."),
    ],
)
def test_an_unusable_rate_is_refused_at_its_field(
    alice: Person, changes: dict[str, str], sentence: str
) -> None:
    if changes.get("on") == "future":
        tomorrow = clock.today(alice.actor.timezone) + timedelta(days=1)
        changes = {"on": tomorrow.isoformat()}
    answer = sent(alice, **changes)
    assert answer.status_code == 422
    assert sentence in Page(answer).words()


def test_a_link_fills_the_form(alice: Person) -> None:
    browser = alice.tab
    page = Page(browser.get("/exchange-rates/new?currency=AED&on=2026-11-18&kind=card"))
    chosen = [option.get("value") for option in page.all(".//option[@selected]")]
    assert chosen == ["AED", "INR", "card"]
    assert page.one(".//input[@name='on']").get("value") == "18 Nov 2026"
    plain = Page(browser.get("/exchange-rates/new?currency=XYZ&on=never&kind=spot"))
    assert plain.status == 200


def test_a_viewer_sees_rates_and_no_form(alice: Person, victor: Person) -> None:
    entered(alice, DAY, "84.20")
    page = Page(victor.tab.get("/exchange-rates"))
    assert len(cells(page)) == 1
    assert not page.all(".//a[@href='/exchange-rates/new']")
    assert victor.tab.get("/exchange-rates/new").status_code == 403
    assert sent(victor).status_code == 403


def test_nobody_must_sign_in(alice: Person) -> None:
    assert alice.app.test_client().get("/exchange-rates").status_code in (302, 303)
