"""Imports of exchange rates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.imports.test_parties import events, findings
from tests.people import Person
from voyagent.kernel import clock

HEAD = "on,currency,rate,units,price_in,kind,source\n"
GOOD = HEAD + (
    "18 Nov 2026,usd,84.205,,,,FBIL\n2026-11-18,JPY,56.21,100,INR,reference,FBIL\n"
    '2026-11-17,INR,0.0119,1,USD,bank_sell,"HDFC, Kochi"\n'
)


def sent(person: Person, content: str, *, dry_run: bool = False) -> Any:
    return person.api.post(
        "/imports", json={"kind": "exchange_rates", "content": content, "dry_run": dry_run}
    )


def rates(person: Person) -> list[tuple[str, ...]]:
    items = person.api.get("/exchange-rates").json["items"]
    names = ("on", "base", "quote", "rate", "kind", "source")
    return [tuple(item[name] for name in names) for item in items]


def test_a_file_of_rates_is_checked_and_imported_once(alice: Person) -> None:
    assert findings(sent(alice, GOOD, dry_run=True)) == []
    assert rates(alice) == []
    taken = sent(alice, GOOD).json
    assert (taken["rows"], taken["is_repeat"]) == (3, False)
    assert rates(alice) == [
        ("2026-11-18", "JPY", "INR", "0.5621", "reference", "FBIL"),
        ("2026-11-18", "USD", "INR", "84.205", "reference", "FBIL"),
        ("2026-11-17", "INR", "USD", "0.0119", "bank_sell", "HDFC, Kochi"),
    ]
    assert len(events(alice, "exchange_rate.entered")) == 3
    assert sent(alice, GOOD).json["is_repeat"]
    assert len(rates(alice)) == 3


@pytest.mark.parametrize(
    ("row", "column", "finding"),
    [
        ("2026-11-18,XYZ,84,,,,FBIL", "currency", "invalid_currency"),
        ("2026-11-18,INR,84,,,,FBIL", "currency", "same_currency"),
        ("2026-11-18,USD,84,,AED,,FBIL", "currency", "rate_of_other_books"),
        ("2026-11-18,EUR,0,,,,FBIL", "rate", "rate_out_of_range"),
        ("2026-11-18,USD,cheap,,,,FBIL", "rate", "string_pattern_mismatch"),
        ("2026-11-18,USD,84,10,,,FBIL", "units", "literal_error"),
        ("2026-11-18,USD,84,,,spot,FBIL", "kind", "literal_error"),
        ("18 Nov,USD,84,,,,FBIL", "on", "date_parsing"),
        ("2026-11-18,INR,0.0119,,USD,,FBIL", None, "rate_twice"),
    ],
)
def test_a_row_that_cannot_be_used_refuses_the_file(
    alice: Person, row: str, column: str | None, finding: str
) -> None:
    content = HEAD + f"2026-11-18,USD,84.205,,,,FBIL\n{row}\n"
    assert findings(sent(alice, content, dry_run=True)) == [(3, column, finding)]
    assert sent(alice, content).status_code == 422
    assert rates(alice) == []


def test_a_rate_of_tomorrow_is_refused(alice: Person) -> None:
    tomorrow = clock.today(alice.actor.timezone) + timedelta(days=1)
    content = HEAD + f"{tomorrow},USD,84,,,,FBIL\n"
    assert findings(sent(alice, content, dry_run=True)) == [(2, "on", "rate_in_future")]


def test_the_page_opens_with_the_kind_of_a_link(alice: Person) -> None:
    page = alice.browser.get("/import?kind=exchange_rates").text
    assert '<option selected value="exchange_rates">' in page
