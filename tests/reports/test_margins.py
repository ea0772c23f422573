"""Planned margins of trips by currency, across pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.people import ApiClient, Person
from tests.reports.books import today
from tests.reports.test_views import shown, words
from tests.trips.things import DESERT, VISA, a_line, a_trip
from voyagent.kernel.database.read_pool import ReadPool
from voyagent.kernel.money import Money
from voyagent.reports.documents.sentences import share_words
from voyagent.reports.queries.margins import share
from voyagent.trips.rules.journey import Total
from voyagent.trips.service import acceptance, lines

PATH = f"/reports/trip-margins?from={today() - timedelta(days=1)}&to={today() + timedelta(days=1)}"


def pages(person: Person, path: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while cursor is not None:
        answer = person.api.get(path + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status_code == 200, answer.text
        yield answer.json
        cursor = answer.json["next_cursor"]


@pytest.fixture
def traveller(alice: Person) -> Person:
    """Three trips: one in two currencies, one without lines, one that loses.

    The first one has a line that is cancelled.
    """
    first = a_trip(alice, title="Krishnan family, Dubai")
    a_line(alice, first, DESERT, cost="600.00", price="800.00", currency="INR")
    a_line(alice, first, VISA, cost="200.00", price="300.50", currency="AED")
    gone = a_line(alice, first, DESERT, cost="0.01", price="99.99", currency="INR")
    alice.does(lines.cancel_line, first, gone)
    a_trip(alice, title="Not begun")
    a_line(
        alice, a_trip(alice, title="Loss"), DESERT, cost="500.00", price="400.00", currency="INR"
    )
    for one in alice.api.get("/trips").json["items"]:
        alice.does(acceptance.decide, UUID(one["id"]), "accepted")
    return alice


def test_each_trip_has_price_cost_and_margin_by_currency(traveller: Person) -> None:
    report = traveller.api.get(PATH).json
    margins = {
        one["title"]: [
            (t["currency"], t["price"], t["cost"], t["margin"], t["share"])
            for t in one["by_currency"]
        ]
        for one in report["trips"]
    }
    assert margins == {
        "Loss": [("INR", "400.00", "500.00", "-100.00", "-25.0")],
        "Not begun": [("INR", "0.00", "0.00", "0.00", None)],
        "Krishnan family, Dubai": [
            ("AED", "300.50", "200.00", "100.50", "33.4"),
            ("INR", "800.00", "600.00", "200.00", "25.0"),
        ],
    }
    assert list(margins) == ["Loss", "Not begun", "Krishnan family, Dubai"], "the newest first"
    assert [(one["currency"], one["margin"]) for one in report["totals"]] == [
        ("AED", "100.50"),
        ("INR", "100.00"),
    ]


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_each_trip_is_on_one_page_and_totals_cover_all(traveller: Person, limit: int) -> None:
    found = list(pages(traveller, f"{PATH}&limit={limit}"))
    assert [one["title"] for page in found for one in page["trips"]] == [
        "Loss",
        "Not begun",
        "Krishnan family, Dubai",
    ]
    assert all([one["margin"] for one in page["totals"]] == ["100.50", "100.00"] for page in found)
    assert (
        next(iter(pages(traveller, "/reports/trip-margins?from=2020-01-01&to=2020-01-02")))["trips"]
        == []
    )


def test_the_margin_percentage_is_absent_without_a_price() -> None:
    assert str(share(Total(Money(2, "INR"), Money(3, "INR")))) == "33.3"
    assert share(Total(Money(2, "INR"), Money(0, "INR"))) is None
    assert [
        share_words(Total(Money(cost, "INR"), Money(price, "INR")))
        for cost, price in ((500, 400), (2, 3), (2, 0))
    ] == ["−25.0 %", "33.3 %", ""]


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-02-02&to=2026-02-01",
        "from=2026-02-01",
        "from=2026-02-01&to=2026-02-02&cursor=x",
        "from=x&to=2026-01-01",
    ],
)
def test_invalid_parameters_are_refused(alice: Person, query: str) -> None:
    assert alice.api.get(f"/reports/trip-margins?{query}").status_code == 422


def test_the_page_and_the_file_show_the_same_margins(traveller: Person) -> None:
    client = traveller.tab
    text = words(shown(client, PATH))
    assert "Krishnan family, Dubai AED 300.50 200.00 100.50 33.4 %" in text
    assert "All trips in this period in INR INR 1,200.00 1,100.00 100.00 8.3 %" in text
    file = client.get(f"{PATH}&format=csv").text.splitlines()
    assert (file[0], len(file)) == (
        "row,trip_id,trip,currency,price,cost,margin,customer,revenue,direct_cost,actual_margin"
        ",booked_price,booked_cost,booked_margin,forecast_price,forecast_cost,forecast_margin"
        ",proposed_price,proposed_cost,proposed_margin",
        7,
    )
    assert any(
        line.startswith("line,") and "Loss,INR,400.00,500.00,-100.00,,0.00,0.00,0.00," in line
        for line in file
    )
    total = "total,,All trips,INR,1200.00,1100.00,100.00,,0.00,0.00,0.00"
    assert f"{total},0.00,0.00,0.00,1200.00,1100.00,100.00,0.00,0.00,0.00" in file
    assert "No trips in this period" in shown(
        client, "/reports/trip-margins?from=2020-01-01&to=2020-01-02"
    )
    assert "The start date is after the end date." in shown(
        client, "/reports/trip-margins?from=2026-02-02&to=2026-02-01", status=422
    )


def test_users_see_only_the_report_of_their_agency(
    traveller: Person, bob: Person, victor: Person, charlie: Person
) -> None:
    seen = traveller.api.get(PATH).json
    assert bob.api.get(PATH).json == victor.api.get(PATH).json == seen
    assert "300.50" in shown(victor.tab, PATH)
    assert charlie.api.get(PATH).json["trips"] == []
    assert "300.50" not in shown(charlie.tab, PATH)
    assert ApiClient(traveller.app.test_client(), None).get(PATH).status_code == 401


def test_a_page_takes_a_fixed_number_of_statements(
    traveller: Person, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    run = ReadPool.run
    monkeypatch.setattr(
        ReadPool,
        "run",
        lambda lane, credential, selects: (
            seen.append(1 + len(selects)),
            run(lane, credential, selects),
        )[1],
    )
    client, browser = traveller.api, traveller.tab
    statements.clear()
    assert client.get(PATH).status_code == 200
    assert seen == [5]
    seen.clear()
    assert browser.get(PATH).status_code == 200
    assert (len(seen), sum(seen) <= 9) == (2, True)
    assert statements == []
