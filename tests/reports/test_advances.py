"""Advances in ageing, which are negative and never netted.

They have a column of their own, by age on any date.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.enquiries.reading import Page
from tests.ledger.books import balances, post
from tests.people import Person
from tests.reports.books import bill, days_ago, invoice, today
from voyagent.billing.ageing.queries import advances
from voyagent.billing.bills import service as bill_service
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.queries.roll_ups import ADVANCES
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import allocations, payments as payment_service, settling
from voyagent.kernel.database.roll_ups import differences
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries
from voyagent.reports.queries import receivables
from voyagent.reports.queries.receivables import CurrencyBlock, OpenFilters


def advance(
    person: Person,
    amount: str,
    on: date,
    *,
    party: str = "Deepa Krishnan",
    direction: settling.Direction = "in",
) -> Money:
    with person.acting() as actor:
        money = Money.parse(amount, "INR")
        payment_service.record_payment(
            actor, direction=direction, party_name=party, amount=money, on=on
        )
    return money


def block_on(
    person: Person,
    day: date,
    kind: Kind = "receivable",
    *,
    party: str | None = None,
) -> CurrencyBlock | None:
    with person.reading() as reader:
        blocks = receivables.read_open(reader, kind, OpenFilters(day, party=party), "INR").blocks
    return blocks[0] if blocks else None


def newest_payment(person: Person) -> object:
    with person.reading() as reader:
        return payment_queries.list_payments(reader, payment_queries.PaymentSearch()).items[0]["id"]


@pytest.fixture
def trader(alice: Person) -> Person:
    """An invoice for 1,000 of forty days ago, and a later advance of 300.

    The advance is of twenty days ago.
    """
    invoice(alice, "Deepa Krishnan", "1000", due=days_ago(40))
    advance(alice, "300", days_ago(20))
    return alice


def test_advances_are_shown_as_negative_amounts(trader: Person) -> None:
    found = block_on(trader, today(), party="*")
    assert found is not None
    (party,) = found.parties
    assert (
        party.open.amount_minor,
        party.advance.amount_minor,
        party.outstanding.amount_minor,
    ) == (100_000, -30_000, 70_000)
    assert [(one.number[:2], one.days, one.left.amount_minor) for one in party.advances] == [
        ("R/", 20, -30_000)
    ]
    books = balances(trader)
    assert (
        found.outstanding.amount_minor
        == books["receivable", "INR"] + books["customer_advances", "INR"]
        == 70_000
    )
    assert found.is_proved
    assert found.is_ahead_proved


def test_advances_are_reported_as_of_an_earlier_day(trader: Person) -> None:
    payment_id = newest_payment(trader)
    trader.does(allocations.allocate, payment_id, on=days_ago(10))
    for ago, expected in (
        (21, (100_000, 0)),
        (20, (100_000, -30_000)),
        (11, (100_000, -30_000)),
        (10, (70_000, 0)),
        (0, (70_000, 0)),
    ):
        found = block_on(trader, days_ago(ago))
        assert found is not None
        assert (found.open.amount_minor, found.advance.amount_minor) == expected, ago
        assert found.is_proved
    with trader.reading() as reader:
        (allocation,) = payment_queries.read_payment(reader, payment_id).allocations  # type: ignore[arg-type]
    trader.does(allocations.deallocate, payment_id, allocation["id"], on=days_ago(5))
    trader.does(
        payment_service.refund_payment, payment_id, amount=Money(10_000, "INR"), on=days_ago(2)
    )
    for ago, expected in (
        (10, (70_000, 0)),
        (6, (70_000, 0)),
        (5, (100_000, -30_000)),
        (3, (100_000, -30_000)),
        (2, (100_000, -20_000)),
        (0, (100_000, -20_000)),
    ):
        found = block_on(trader, days_ago(ago))
        assert found is not None
        assert (found.open.amount_minor, found.advance.amount_minor) == expected, ago
        assert found.is_proved


def test_a_party_with_only_advances_is_shown(alice: Person, charlie: Person) -> None:
    advance(charlie, "5", days_ago(3))
    assert block_on(alice, today()) is None
    advance(alice, "300", days_ago(20))
    found = block_on(alice, today())
    assert found is not None
    assert [
        (party.name, party.open.amount_minor, party.outstanding.amount_minor)
        for party in found.parties
    ] == [("Deepa Krishnan", 0, -30_000)]
    page = Page(alice.tab.get("/reports/receivables"))
    assert "-300.00" in page.words(".//section").replace("−", "-")
    assert page.status == 200


def test_advances_to_suppliers_mirror_those_of_customers(alice: Person) -> None:
    bill(alice, "Galaxy Consolidators", "80", due=days_ago(9), reference="G-1")
    advance(alice, "100", days_ago(4), party="Galaxy Consolidators", direction="out")
    found = block_on(alice, today(), "payable")
    assert found is not None
    assert (
        found.open.amount_minor,
        found.advance.amount_minor,
        found.outstanding.amount_minor,
    ) == (8_000, -10_000, -2_000)
    assert found.is_proved
    assert block_on(alice, today(), "receivable") is None


def test_the_column_of_advances_is_shown_only_if_there_are_any(alice: Person) -> None:
    invoice(alice, "Deepa Krishnan", "1000", due=days_ago(40))
    assert "Advances" not in Page(alice.tab.get("/reports/receivables")).words(".//thead")
    advance(alice, "300", days_ago(20))
    page = Page(alice.tab.get("/reports/receivables?party=*"))
    assert "Amount due Advances Outstanding" in page.words(".//thead//th")
    assert "20 days old" in page.words(".//tbody")
    assert "which matches account 2200" in page.words(".//*[@id='proof']")


def test_a_difference_from_the_books_is_shown(trader: Person) -> None:
    post(
        trader,
        lines=[
            entries.debit("customer_advances", Money(500, "INR")),
            entries.credit("revenue_fees", Money(500, "INR")),
        ],
        entry_date=days_ago(1),
    )
    found = block_on(trader, today())
    assert found is not None
    assert not found.is_proved
    assert "INR: advances total" in Page(trader.tab.get("/reports/receivables")).words(
        ".//*[@role='alert']"
    )


def report_of(person: Person, query: str = "", kind: str = "receivables") -> Any:
    answer = person.api.get(f"/reports/{kind}?from=2020-01-01&to=2200-12-31{query}")
    assert answer.status_code == 200, answer.text
    return answer.json


def aged(report: Any) -> list[tuple[int, str]]:
    assert [bucket["bucket"] for bucket in report["advances"]["aging_buckets"]] == [
        "0-30",
        "31-60",
        "61-90",
        "90+",
    ]
    return [
        (bucket["count"], bucket["amount"]["amount"])
        for bucket in report["advances"]["aging_buckets"]
    ]


def test_the_api_returns_advances_outside_the_buckets(
    trader: Person,
) -> None:
    report = report_of(trader)
    assert report["total_outstanding"] == {"amount": "1000.00", "currency": "INR"}
    assert report["advances"]["total"] == {"amount": "-300.00", "currency": "INR"}
    assert report["net_outstanding"] == {"amount": "700.00", "currency": "INR"}
    assert aged(report) == [(1, "-300.00"), (0, "0.00"), (0, "0.00"), (0, "0.00")]
    assert report_of(trader, kind="payables")["advances"]["total"]["amount"] == "0.00"


@pytest.mark.parametrize(
    ("days", "place"), [(0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3)]
)
def test_an_advance_ages_from_its_payment_date(alice: Person, days: int, place: int) -> None:
    advance(alice, "5", days_ago(days))
    expected = [(1, "-5.00") if at == place else (0, "0.00") for at in range(4)]
    assert aged(report_of(alice)) == aged(report_of(alice, f"&as_of={today()}")) == expected


def test_buckets_and_advances_equal_the_two_accounts(
    trader: Person,
) -> None:
    bill(trader, "Galaxy Consolidators", "80", due=days_ago(9), reference="G-1")
    advance(trader, "100", days_ago(4), party="Galaxy Consolidators", direction="out")
    with trader.acting() as actor:
        payment_service.record_payment(
            actor,
            direction="in",
            party_name="Al Noor Trading LLC",
            amount=Money.parse("7.25", "AED"),
            on=days_ago(15),
        )
    trader.does(allocations.allocate, newest_payment_of(trader, "Deepa Krishnan"), on=days_ago(10))
    for ago in (41, 25, 20, 15, 11, 10, 4, 0):
        books = {
            (account["code"], account["currency"]): Decimal(account["balance"])
            for block in blocks_of(
                trader.api.get(f"/reports/trial-balance?as_of={days_ago(ago)}").json
            )
            for account in block["accounts"]
        }
        for kind, side, accounts in (
            ("receivables", 1, ("1200", "2200")),
            ("payables", -1, ("2100", "1320")),
        ):
            for block in blocks_of(report_of(trader, f"&as_of={days_ago(ago)}", kind)):
                currency = block["total_outstanding"]["currency"]
                buckets = sum(
                    Decimal(bucket["amount"]["amount"])
                    for bucket in (*block["aging_buckets"], *block["advances"]["aging_buckets"])
                )
                assert buckets == Decimal(block["net_outstanding"]["amount"]), (ago, kind, currency)
                assert buckets == side * sum(
                    books.get((code, currency), Decimal(0)) for code in accounts
                ), (ago, kind, currency)
    assert [block["net_outstanding"]["amount"] for block in blocks_of(report_of(trader))] == [
        "700.00",
        "-7.25",
    ], "a currency in which nothing is open has its own"


def test_the_api_returns_no_advance_of_another_agency(alice: Person, charlie: Person) -> None:
    advance(charlie, "5", days_ago(3))
    assert report_of(alice)["advances"]["total"]["amount"] == "0.00"


def test_scheduled_payments_are_listed_by_day(alice: Person, charlie: Person) -> None:
    first, second, third = (
        bill(alice, "Galaxy Consolidators", amount, due=days_ago(9), reference=f"G-{amount}")
        for amount in ("80", "20", "7")
    )
    soon, later = today() + timedelta(days=3), today() + timedelta(days=5)
    alice.does(bill_service.schedule_bill, first, pay_on=later)
    alice.does(bill_service.schedule_bill, second, pay_on=soon)
    other = bill(charlie, "Galaxy Consolidators", "1", due=days_ago(9), reference="G-80")
    charlie.does(bill_service.schedule_bill, other, pay_on=soon)
    expected = [
        {"pay_on": soon.isoformat(), "count": 1, "amount": {"amount": "20.00", "currency": "INR"}},
        {"pay_on": later.isoformat(), "count": 1, "amount": {"amount": "80.00", "currency": "INR"}},
    ]
    assert (
        report_of(alice, kind="payables")["scheduled"]
        == report_of(alice, f"&as_of={today()}", "payables")["scheduled"]
        == expected
    )
    assert report_of(alice)["scheduled"] == []
    answer = alice.tab.get("/reports/payables?format=csv")
    row, total = csv.DictReader(io.StringIO(answer.data.decode()))
    assert (row["row"], total["row"], total["party"], total["scheduled"], total["next_pay_on"]) == (
        "line",
        "total",
        "",
        "100.00",
        "",
    )
    assert (row["open"], row["scheduled"], row["next_pay_on"]) == (
        "107.00",
        "100.00",
        soon.isoformat(),
    )
    assert "next_pay_on" not in alice.tab.get("/reports/receivables?format=csv").text
    alice.does(payment_service.pay_bill, second, Money.parse("20", "INR"), today())
    alice.does(bill_service.unschedule_bill, first)
    assert report_of(alice, kind="payables")["scheduled"] == []
    row, _total = csv.DictReader(
        io.StringIO(alice.tab.get("/reports/payables?format=csv").data.decode())
    )
    assert (row["open"], row["scheduled"], row["next_pay_on"]) == ("87.00", "0.00", "")
    assert third


def test_files_of_receivables_include_advances(trader: Person) -> None:
    row, _total = csv.DictReader(
        io.StringIO(trader.tab.get("/reports/receivables?format=csv").data.decode())
    )
    assert (row["open"], row["advances"], row["outstanding"]) == ("1000.00", "-300.00", "700.00")


def newest_payment_of(person: Person, party: str) -> object:
    with person.reading() as reader:
        return next(
            row["id"]
            for row in payment_queries.list_payments(reader, payment_queries.PaymentSearch()).items
            if row["party_name"] == party
        )


def blocks_of(report: Any) -> list[Any]:
    return [report, *report["by_currency"]]


def test_stored_sums_equal_the_payments_on_every_day(trader: Person) -> None:
    payment_id = newest_payment(trader)
    advance(trader, "50", days_ago(8))
    advance(trader, "20", days_ago(0), party="Ravi")
    advance(trader, "90", days_ago(7), party="Air India", direction="out")
    trader.does(allocations.allocate, payment_id, on=days_ago(6))
    with trader.reading() as reader:
        (allocation,) = payment_queries.read_payment(reader, payment_id).allocations  # type: ignore[arg-type]
    trader.does(allocations.deallocate, payment_id, allocation["id"], on=days_ago(4))
    trader.does(
        payment_service.refund_payment, payment_id, amount=Money(10_000, "INR"), on=days_ago(2)
    )
    with trader.reading() as reader:
        assert differences(reader, ADVANCES) == []
        for ago in range(22):
            for first, last in (receivables.EVER, (days_ago(20), days_ago(7))):
                day = days_ago(ago)
                listed = reader.read(
                    advances.list_advances_statement("receivable", first, last, day)
                )[0]
                by_party = reader.read(
                    advances.advances_by_party_statement("receivable", first, last, day)
                )[0]
                by_age = reader.read(
                    advances.advances_by_age_statement(
                        "receivable", first, last, today=today(), as_of=day
                    )
                )[0]
                expected = sum(row["unapplied_minor"] for row in listed), len(listed)
                assert (
                    sum(row["unapplied_minor"] for row in by_party),
                    sum(row["n"] for row in by_party),
                ) == expected, ago
                assert (
                    sum(row["unapplied_minor"] for row in by_age),
                    sum(row["n"] for row in by_age),
                ) == expected, ago


def test_a_page_shows_the_largest_parties_and_the_totals_of_all(
    trader: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivables, "PARTIES_SHOWN", 2)
    for name, amount in (("Ravi", "700"), ("Asha", "900"), ("Meera", "500")):
        invoice(trader, name, amount, due=days_ago(3))
    advance(trader, "60", days_ago(5), party="Zubin")
    for asked in (
        OpenFilters(today()),
        OpenFilters(today(), first=days_ago(10)),
        OpenFilters(days_ago(2), last=days_ago(1)),
        OpenFilters(days_ago(30)),
        OpenFilters(today(), party="ravi"),
    ):
        with trader.reading() as reader:
            (whole,) = receivables.read_open(reader, "receivable", asked, "INR").blocks
            pages = [
                receivables.read_open(
                    reader, "receivable", replace(asked, skip=skip), "INR", is_paged=True
                ).blocks[0]
                for skip in (0, 2, 4)
            ]
        assert {
            (page.totals, page.advance, page.parties_in_all, page.is_proved) for page in pages
        } == {(whole.totals, whole.advance, len(whole.parties), whole.is_proved)}
        shown = [
            replace(party, id=None)  # only pages have ids
            for page in pages
            if page.skipped or page is pages[0]
            for party in page.parties
            if party.name.lower() != asked.party
        ]
        assert shown == [party for party in whole.parties if party.name.lower() != asked.party]
    by_name = {party.name: party for party in pages[-1].parties}
    assert len(by_name["Ravi"].documents) == 1, "who is named stands on every page"


def test_the_page_links_the_next_page(trader: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivables, "PARTIES_SHOWN", 1)
    invoice(trader, "Asha", "900", due=days_ago(3))
    invoice(trader, "Ravi", "700", due=days_ago(3))
    client = trader.tab
    first = Page(client.get("/reports/receivables"))
    assert "1–1 of 3" in first.words(".//main")
    assert "INR: 3 customers." in first.words(".//main")
    assert "Asha" not in first.words(".//tbody")
    second = Page(client.get("/reports/receivables?currency=INR&skip=1"))
    assert "2–2 of 3" in second.words(".//main")
    assert "Asha" in second.words(".//tbody")
    for wrong in ("-1", "x", "99999999", "9"):
        assert "1–1 of 3" in Page(client.get(f"/reports/receivables?skip={wrong}")).words(".//main")
    assert client.get("/reports/receivables?format=csv").text.count("\n") == 5, "files tell all"
