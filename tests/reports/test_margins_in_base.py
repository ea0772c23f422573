"""Margins of trips in the base currency."""

from __future__ import annotations

import csv
import io

import pytest
import sqlalchemy as sa

from tests.audit.conftest import untied
from tests.enquiries.reading import Page
from tests.ledger.books import post, sale, stored
from tests.ledger.test_base_amounts import make_ready, usd
from tests.ledger.test_establishing import established
from tests.people import Person
from tests.rates.entered import entered
from tests.reports.books import MAY
from tests.reports.test_margins_in_books import IN_MAY, bought, sold
from tests.trips.things import a_trip
from voyagent.kernel.database.roll_ups import differences
from voyagent.ledger.service import base_amounts
from voyagent.reports.documents import books as paper
from voyagent.reports.queries.margins import GroupBy, Margins, read_margins
from voyagent.reports.queries.periods import Days
from voyagent.reports.queries.roll_ups import TRIPS
from voyagent.reports.service.rebuilding import fill_base_sums

SUMS = (
    "select currency, revenue_minor, cost_minor, base_revenue_minor, base_cost_minor"
    " from trip_earnings where tenant_id = :t order by currency"
)


def two_trips(person: Person) -> None:
    """A trip in two currencies, one in rupees, and a sale without a trip."""
    entered(person, MAY, "84.2")
    mixed, plain = a_trip(person, title="Dubai"), a_trip(person, title="Kochi")
    sold(person, "1000", mixed)
    sold(person, "100", mixed, currency="USD")
    bought(person, "50", mixed, reference="A-1", currency="USD")
    sold(person, "500", plain)
    post(person, sale(usd(1_000)), entry_date=MAY)


def margins(person: Person, group_by: GroupBy = "trip") -> Margins:
    with person.reading() as reader:
        return read_margins(reader, Days(MAY, MAY), "UTC", group_by=group_by)


def test_earnings_have_their_base_amounts(
    alice: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip_id = a_trip(alice)
    sold(alice, "1000", trip_id)
    with untied(owner_engine) as connection:  # as the release before does
        for change in (
            "postings set base_debit_minor = null, base_credit_minor = null, base_basis = null",
            "monthly_balances set base_debit_minor = 0, base_credit_minor = 0",
            "daily_balances set base_debit_minor = 0, base_credit_minor = 0",
            "trip_earnings set base_revenue_minor = 0, base_cost_minor = 0",
        ):
            statement = sa.text(f"update {change} where tenant_id = :t")
            connection.execute(statement, {"t": alice.actor.tenant_id})
    monkeypatch.setattr(base_amounts, "LINES_MAX", 1)
    established(alice)
    entered(alice, MAY, "84.2")
    sold(alice, "100", trip_id, currency="USD")
    found = [tuple(row.values()) for row in stored(owner_engine, SUMS, t=alice.actor.tenant_id)]
    assert found == [("INR", 100_000, 0, 100_000, 0), ("USD", 10_000, 0, 842_000, 0)]
    with alice.reading() as reader:
        assert list(differences(reader, [TRIPS])) == []


def test_sums_of_earlier_releases_are_filled_unless_others_differ(
    alice: Person, owner_engine: sa.Engine
) -> None:
    sold(alice, "1000", a_trip(alice))

    def change(values: str) -> None:
        statement = sa.text(f"update trip_earnings set {values} where tenant_id = :t")
        with untied(owner_engine) as connection:
            connection.execute(statement, {"t": alice.actor.tenant_id})

    def filled() -> int:
        with alice.acting():
            return fill_base_sums()

    change("base_revenue_minor = 0")
    assert [filled(), filled()] == [1, 0]
    with alice.reading() as reader:
        assert list(differences(reader, [TRIPS])) == []
    change("base_revenue_minor = 0, cost_minor = 1")
    assert filled() == 0
    with alice.reading() as reader:
        (found,) = differences(reader, [TRIPS])
    assert found.sums.keys() == {"base_revenue_minor", "cost_minor"}


def test_margins_are_added_in_the_base_currency(alice: Person) -> None:
    established(alice)
    two_trips(alice)
    report = alice.api.get(f"/reports/trip-margins?{IN_MAY}").json
    figures = {one["title"]: one["base"] for one in report["trips"]}
    assert figures["Dubai"] == {
        "currency": "INR",
        "revenue": "9420.00",
        "cost": "4210.00",
        "margin": "5210.00",
        "share": "55.3",
    }
    assert figures["Kochi"]["margin"] == "500.00"
    assert report["base"]["margin"] == "5710.00"
    books = report["base_books"]
    assert (books["of_trips"]["margin"], books["without_trip"]["margin"]) == ("5710.00", "842.00")
    assert books["trial_balance"]["revenue"] == "10762.00"
    by_currency = {one["currency"]: one["base"] for one in report["trips"][1]["by_currency"]}
    assert by_currency["USD"]["margin"] == "4210.00"
    months = alice.api.get(f"/reports/trip-margins?{IN_MAY}&group_by=month").json["groups"]
    assert {one["month"]: one["base"]["margin"] for one in months}["2026-05-01"] == "5710.00"


def test_the_page_shows_the_base_currency_first(alice: Person) -> None:
    established(alice)
    two_trips(alice)
    page = Page(alice.tab.get(f"/reports/trip-margins?{IN_MAY}"))
    rows = [
        [" ".join("".join(cell.itertext()).split()) for cell in row]
        for row in page.all(".//table[1]//tr[@class='v-in-base']")
    ]
    figures = ["9,420.00", "4,210.00", "5,210.00", "55.3 %"]
    assert rows == [
        [
            "KochiDeepa Krishnan",
            "INR",
            "all currencies",
            "",
            "500.00",
            "0.00",
            "500.00",
            "100.0 %",
            "",
        ],
        ["DubaiDeepa Krishnan", "INR", "all currencies", "", *figures, ""],
        [
            *("All trips in this period", "INR", "all currencies", ""),
            *("9,920.00", "4,210.00", "5,710.00", "57.6 %", ""),
        ],
    ]
    assert "All currencies, in Indian Rupee INR" in page.words(".//section")
    assert "The first row of each has all currencies at their amount in INR." in page.words()


def test_files_have_the_base_amounts_too(alice: Person) -> None:
    established(alice)
    two_trips(alice)
    text = alice.api.get(f"/reports/trip-margins.csv?{IN_MAY}").text
    head, *lines = csv.reader(io.StringIO(text))
    assert head[-4:] == ["base_currency", "base_revenue", "base_direct_cost", "base_actual_margin"]
    totals = [line[-4:] for line in lines if line[0] == "total"]
    assert totals == [
        ["INR", "1500.00", "0.00", "1500.00"],
        ["INR", "8420.00", "4210.00", "4210.00"],
    ]
    assert {len(line) for line in lines} == {len(head)}
    with alice.acting():
        tables = paper.trip_margins(margins(alice)).tables
    assert tables[0].title == "All currencies, in Indian Rupee (INR)"
    assert tables[0].totals == [
        ["All trips in this period", "9,920.00", "4,210.00", "5,710.00", "57.6 %"]
    ]


def test_margins_in_one_currency_look_as_before(alice: Person, owner_engine: sa.Engine) -> None:
    sold(alice, "1000", a_trip(alice))
    path = f"/reports/trip-margins?{IN_MAY}"
    before = Page(alice.tab.get(path)).words(".//main")
    assert margins(alice).base is None
    assert "base" not in alice.api.get(path).json
    make_ready(owner_engine, alice)
    assert Page(alice.tab.get(path)).words(".//main") == before
    assert not margins(alice).adds_others
