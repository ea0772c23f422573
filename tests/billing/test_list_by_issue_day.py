"""The invoice list filtered by issue date, on the page and in its file."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.billing.papers import draft, issued
from tests.enquiries.reading import Page
from tests.people import Person

JUNE = {"from": "2024-06-01", "to": "2024-06-30"}


@pytest.fixture
def season(alice: Person, charlie: Person) -> Person:
    """Drafts dated around and within June 2024, and one invoice issued within it."""
    for name, day in (
        ("May", date(2024, 5, 31)),
        ("First", date(2024, 6, 1)),
        ("Last", date(2024, 6, 30)),
        ("July", date(2024, 7, 1)),
    ):
        draft(alice, customer_name=f"Travel {name}", issue_date=day, due_date=date(2024, 7, 30))
    issued(
        alice,
        customer_name="Travel Issued",
        issue_date=date(2024, 6, 3),
        due_date=date(2024, 7, 30),
    )
    draft(
        charlie,
        customer_name="Travel Foreign",
        issue_date=date(2024, 6, 3),
        due_date=date(2024, 7, 30),
    )
    return alice


def shown(person: Person, **asked: Any) -> Page:
    page = Page(person.tab.get("/invoices", query_string=asked))
    assert page.status == 200
    return page


def test_the_filter_by_issue_date_combines_with_other_filters(season: Person) -> None:
    assert sorted(shown(season, **JUNE).rows()) == ["Travel First", "Travel Issued", "Travel Last"]
    assert sorted(shown(season, **JUNE, status="draft").rows()) == ["Travel First", "Travel Last"]
    for text in ("travel", "tr"):
        assert sorted(shown(season, **JUNE, status="draft", q=text).rows()) == [
            "Travel First",
            "Travel Last",
        ]
    assert shown(season, **JUNE, q="travel i").rows() == ["Travel Issued"]
    assert shown(season, **{"from": "2024-07-01"}).rows() == ["Travel July"]
    assert shown(season, to="2024-05-31").rows() == ["Travel May"]
    assert (
        len(season.tab.get("/invoices", query_string=JUNE | {"format": "csv"}).text.splitlines())
        == 4
    )


def test_the_chip_of_the_days_removes_only_its_filter(season: Person) -> None:
    page = shown(season, **JUNE, status="draft")
    (chip,) = [
        link
        for link in page.all(".//a[@class='v-chip v-chip-on']")
        if "Issued 1 Jun 2024 – 30 Jun 2024" in "".join(link.itertext())
    ]
    assert chip.attrib["href"] == "/invoices?status=draft"
    assert (page.field("from"), page.field("to")) == (
        "2024-06-01",
        "2024-06-30",
    ), "a search within the list stays within the days"
    assert any(
        link.startswith("/invoices?")
        and "status=paid" in link
        and "from=2024-06-01" in link
        and "to=2024-06-30" in link
        for link in page.links()
    )
    assert "Issued from 1 Jul 2024" in shown(season, **{"from": "1 Jul 2024"}).words()
    assert "Issued until 31 May 2024" in shown(season, to="2024-05-31").words()


def test_an_invalid_day_is_ignored_and_reported(season: Person) -> None:
    page = Page(season.tab.get("/invoices?from=x&to=2024-06-30"))
    assert (page.status, len(page.rows())) == (422, 4)
    assert "Part of the address is not valid (from)" in page.words()
