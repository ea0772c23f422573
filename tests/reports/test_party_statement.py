"""Statements of customers and suppliers, across pages, equal to ageing."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from tests.billing.papers import advance
from tests.crowds import scanned
from tests.ledger.books import post
from tests.paper_text import text_of
from tests.people import ApiClient, Person
from tests.reports.books import bill, days_ago, invoice, pay, today
from tests.reports.test_general_ledger import big
from tests.reports.test_views import link_of, shown, words
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.payments.service import (
    allocations,
    payments as payment_service,
    reversals as payment_reversals,
    settling,
)
from voyagent.kernel.database.read_pool import ReadPool
from voyagent.kernel.database.statement_cache import compiled_for
from voyagent.kernel.money import Money
from voyagent.ledger.queries.party_lines import party_balances_statement, party_entries_statement
from voyagent.ledger.service import entries
from voyagent.reports.queries import party_statement as statements
from voyagent.reports.queries.periods import Days
from voyagent.reports.queries.receivables import EVER

__all__ = ["big"]
CUSTOMER = ("receivable", "customer_advances")
PARTIES = ("Deepa Krishnan", "deepa krishnan", "Al Noor Trading LLC")


def statement_of(
    person: Person, kind: statements.PartyKind, party: str, days: Days, limit: int = 100
) -> list[statements.PartyStatement]:
    found: list[statements.PartyStatement] = []
    while not found or found[-1].next_cursor:
        after = statements.LineCursor.decode(found[-1].next_cursor or "") if found else None
        with person.reading() as reader:
            found.append(
                statements.read_party_statement(reader, kind, party, days, after=after, limit=limit)
            )
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_running_balance_continues_across_pages_and_equals_ageing(
    alice: Person, seed: int
) -> None:
    luck = random.Random(seed)  # noqa: S311 - a test's
    moved: list[tuple[date, str, str, int]] = []
    for _ in range(12):
        party, currency, issued = (
            luck.choice(PARTIES),
            luck.choice(["INR", "INR", "AED"]),
            days_ago(luck.randint(5, 90)),
        )
        amount = Money(luck.randint(200, 99_999), currency)
        made = invoice(alice, party, amount.wire, due=issued, currency=currency)
        moved.append((issued, party.lower(), currency, amount.amount_minor))
        part = luck.choice([0, amount.amount_minor, amount.amount_minor // 2])
        if part:
            on = issued + timedelta(days=luck.randint(0, 4))
            pay(alice, made, Money(part, currency).wire, on=on, currency=currency)
            moved.append((on, party.lower(), currency, -part))
    for days in (Days(days_ago(60), days_ago(20)), Days(days_ago(100), today())):
        opening: dict[str, int] = defaultdict(int)
        closing: dict[str, int] = defaultdict(int)
        for day, party, currency, minor in moved:
            if party == "deepa krishnan":
                opening[currency] += minor if day < days.first else 0
                closing[currency] += minor if day <= days.last else 0
        for limit in (1, 3, 100):
            pages = statement_of(alice, "customer", "DEEPA KRISHNAN", days, limit)
            rows = [row for page in pages for row in page.moved]
            expected = [
                (day, minor)
                for day, party, _, minor in moved
                if party == "deepa krishnan" and days.first <= day <= days.last
            ]
            assert sorted((row.day, (row.more - row.less).amount_minor) for row in rows) == sorted(
                expected
            )
            running = dict(opening)
            for row in rows:
                running[row.balance.currency] = (
                    running.get(row.balance.currency, 0) + (row.more - row.less).amount_minor
                )
                assert row.balance.amount_minor == running[row.balance.currency]
            for page in pages:
                assert {
                    one.currency: one.closing.amount_minor for one in page.currencies if one.closing
                } == {c: m for c, m in closing.items() if m}
                assert page.is_proved
        with alice.reading() as reader:
            aged = open_items.parties_by_age(
                reader, "receivable", *EVER, today=days.last, as_of=days.last
            )
        by_ageing: dict[str, int] = defaultdict(int)
        for row in aged:
            by_ageing[row["currency"]] += (
                int(row["open_minor"]) if row["party_key"] == "deepa krishnan" else 0
            )
        assert {c: m for c, m in by_ageing.items() if m} == {c: m for c, m in closing.items() if m}


@pytest.fixture
def customer(alice: Person) -> Person:
    """Somebody to whom Deepa Krishnan owes 1,100, of which 400 was paid.

    That agency also holds 50 of hers.
    """
    pay(alice, invoice(alice, "Deepa Krishnan", "1000", due=days_ago(20)), "400", on=days_ago(3))
    invoice(alice, "Deepa Krishnan", "100", due=days_ago(40))
    invoice(alice, "Al Noor Trading LLC", "700.25", due=days_ago(40), currency="AED")
    bill(alice, "Galaxy Consolidators", "300", due=days_ago(5), reference="G-1")
    held = Money(5_000, "INR")
    post(
        alice,
        lines=[
            entries.debit("bank", held, party_name="Deepa Krishnan"),
            entries.credit("customer_advances", held, party_name="Deepa Krishnan"),
        ],
        entry_date=days_ago(2),
        narration="Advance",
    )
    return alice


def test_the_api_returns_the_statement(customer: Person) -> None:
    report = customer.api.get(
        "/reports/party-statement?kind=customer&party=deepa"
        f" krishnan&from={days_ago(30)}&to={today()}"
    ).json
    assert report["currencies"] == [
        {
            "currency": "INR",
            "opening": "100.00",
            "closing": "650.00",
            "open_documents": "700.00",
            "advances": "50.00",
            "aged": "700.00",
            "ages": {
                "not_due": "0.00",
                "days_1_to_30": "600.00",
                "days_31_to_60": "100.00",
                "days_61_to_90": "0.00",
                "days_over_90": "0.00",
            },
            "is_proved": True,
        }
    ]
    assert [(one["entry_date"], one["amount"], one["balance"]) for one in report["entries"]] == [
        (days_ago(20).isoformat(), "1000.00", "1100.00"),
        (days_ago(3).isoformat(), "-400.00", "700.00"),
        (days_ago(2).isoformat(), "-50.00", "650.00"),
    ]
    assert (report["kind"], report["party"], report["limit"], report["next_cursor"]) == (
        "customer",
        "Deepa Krishnan",
        100,
        None,
    )
    supplier = customer.api.get(
        "/reports/party-statement?kind=supplier&party=Galaxy"
        f" Consolidators&from={days_ago(30)}&to={today()}"
    ).json
    assert [(one["closing"], one["aged"], one["is_proved"]) for one in supplier["currencies"]] == [
        ("300.00", "300.00", True)
    ]
    assert [(one["amount"], one["balance"]) for one in supplier["entries"]] == [
        ("300.00", "300.00")
    ]
    nobody = customer.api.get(
        "/reports/party-statement?kind=supplier&party=Deepa"
        f" Krishnan&from={days_ago(30)}&to={today()}"
    ).json
    assert (nobody["currencies"], nobody["entries"]) == ([], [])


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("kind=customer&party=x&from=2026-02-02&to=2026-02-01", "from must be on or before to"),
        ("kind=customer&party=x&from=2026-02-02&to=2026-02-03&cursor=x", "invalid_cursor"),
        (
            "kind=customer&party=x&from=2026-02-02&to=2026-02-03&cursor=2026-05-01.01a2170c-b618-7592-b853-c5223d892cd3.1",
            "invalid_cursor",
        ),
        ("kind=friend&party=x&from=2026-02-02&to=2026-02-03", None),
        ("kind=customer&party=&from=2026-02-02&to=2026-02-03", None),
    ],
)
def test_invalid_parameters_are_refused(alice: Person, query: str, detail: str | None) -> None:
    answer = alice.api.get(f"/reports/party-statement?{query}")
    assert answer.status_code == 422
    assert detail is None or answer.json["detail"] == detail


def test_users_see_only_the_report_of_their_agency(
    customer: Person, bob: Person, victor: Person, charlie: Person
) -> None:
    path = (
        "/reports/party-statement?kind=customer&party=Al Noor Trading"
        f" LLC&from={days_ago(90)}&to={today()}"
    )
    seen = customer.api.get(path).json
    assert bob.api.get(path).json == victor.api.get(path).json == seen
    assert "700.25" in shown(victor.tab, path)
    assert charlie.api.get(path).json["currencies"] == []
    assert "700.25" not in shown(charlie.tab, path)
    assert ApiClient(customer.app.test_client(), None).get(path).status_code == 401


def test_the_page_shows_the_entries_of_the_party_and_agrees_with_ageing(customer: Person) -> None:
    client = customer.tab
    page = shown(client, f"/reports/party-statement?party=deepa+krishnan&from={days_ago(30)}")
    text = words(page)
    assert "Statement, Deepa Krishnan" in page
    assert "INR: open documents total INR 700.00 , advances INR 50.00" in text
    for figure in ("INR 1,000.00", "INR 1,100.00", "INR 400.00", "INR 650.00"):
        assert figure in text
    assert 'role="alert"><i' not in page
    ageing = shown(client, "/reports/receivables?party=Deepa+Krishnan")
    assert "INR 650.00" in words(
        shown(
            client,
            link_of(ageing, 'Statement<span class="visually-hidden">, Deepa Krishnan</span>'),
        )
    )
    post(
        customer,
        lines=[
            entries.debit("receivable", Money(100, "INR"), party_name="Deepa Krishnan"),
            entries.credit("capital", Money(100, "INR")),
        ],
        entry_date=today(),
    )
    assert "the ageing report shows INR 700.00 due, the ledger shows INR 701.00" in words(
        shown(client, "/reports/party-statement?party=Deepa+Krishnan")
    )


def test_without_a_name_parties_with_open_amounts_are_listed(customer: Person) -> None:
    client = customer.tab
    page = shown(client, "/reports/party-statement")
    assert "INR 650.00" in words(shown(client, link_of(page, "Deepa Krishnan")))
    assert "Galaxy Consolidators" not in page
    assert "Galaxy Consolidators" in shown(client, "/reports/party-statement?kind=supplier")
    assert "No entries for this name" in shown(client, "/reports/party-statement?party=Nobody")
    assert "Not valid: customer or supplier." in shown(
        client, "/reports/party-statement?kind=friend", status=422
    )
    assert "The start date is after the end date." in shown(
        client, "/reports/party-statement?party=x&from=2026-02-02&to=2026-02-01", status=422
    )


@pytest.fixture
def with_used_advance(alice: Person) -> Person:
    """Deepa Krishnan paid an advance of 300 that is used for an invoice of 1,000."""
    made = invoice(alice, "Deepa Krishnan", "1000", due=days_ago(40))
    held = advance(alice, 30_000, days_ago(9))
    part = settling.Part(made, Money(30_000, "INR"))
    alice.does(lambda actor: allocations.allocate(actor, held, parts=[part], on=days_ago(4)).id)
    return alice


def test_the_use_of_an_advance_is_not_on_the_statement(with_used_advance: Person) -> None:
    days = Days(days_ago(50), today())
    for limit in (1, 2, 100):
        pages = statement_of(with_used_advance, "customer", "Deepa Krishnan", days, limit)
        moved = [(one.day, one.balance.wire) for page in pages for one in page.moved]
        assert moved == [(days_ago(40), "1000.00"), (days_ago(9), "700.00")]
    query = f"from={days_ago(50)}&to={today()}"
    path = f"/reports/party-statement.csv?kind=customer&party=deepa krishnan&{query}"
    rows = [
        (row["row"], row["narration"] if row["row"] == "age" else row["entry_date"], row["amount"])
        for row in csv.DictReader(io.StringIO(with_used_advance.api.get(path).text))
    ]
    assert rows == [
        ("opening", days_ago(50).isoformat(), ""),
        ("line", days_ago(40).isoformat(), "1000.00"),
        ("line", days_ago(9).isoformat(), "-300.00"),
        ("total", today().isoformat(), "700.00"),
        ("age", "days_31_to_60", "700.00"),
    ]


def test_open_documents_are_shown_by_age(customer: Person) -> None:
    query = f"party=deepa+krishnan&from={days_ago(30)}"
    page = shown(customer.tab, f"/reports/party-statement?{query}")
    _, table = page.split('<h2 id="ages">')
    assert (
        "Days overdue INR Not due – 1–30 600.00 31–60 100.00 61–90 – Over 90 – Amount due 700.00"
        in words(table)
    )
    paper = customer.tab.get(f"/reports/party-statement?{query}&format=pdf").data
    assert "Amount due INR 600.00 100.00 700.00" in " ".join(text_of(paper).split())
    pay(customer, invoice(customer, "Nila", "5", due=days_ago(2)), "5", on=days_ago(1))
    page = shown(customer.tab, f"/reports/party-statement?party=Nila&from={days_ago(30)}")
    assert 'id="ages"' not in page
    assert "Paid or credited" in page


def test_a_payment_to_a_supplier_lowers_the_payables(alice: Person) -> None:
    made = bill(alice, "Galaxy Consolidators", "80", due=days_ago(9), reference="G-2")
    alice.does(payment_service.pay_bill, made, Money.parse("30", "INR"), days_ago(1))
    [page] = statement_of(alice, "supplier", "Galaxy Consolidators", Days(days_ago(30), today()))
    assert [(one.more.wire, one.less.wire, one.balance.wire) for one in page.moved] == [
        ("80.00", "0.00", "80.00"),
        ("0.00", "30.00", "50.00"),
    ]
    assert page.is_proved


def test_a_payment_and_its_reversal_are_shown_on_their_own_dates(
    alice: Person,
) -> None:
    made = invoice(alice, "Deepa Krishnan", "100", due=days_ago(40))
    settled = [settling.Part(made, Money(6_000, "INR"))]
    payment_id = alice.does(
        lambda actor: (
            payment_service.record_payment(
                actor,
                direction="in",
                party_name="Deepa Krishnan",
                amount=Money(9_000, "INR"),
                on=days_ago(9),
                reference="UTR 1",
                parts=settled,
            ).id
        )
    )
    alice.does(
        lambda actor: (
            payment_reversals.reverse_payment(
                actor, payment_id, reason="Typed twice", on=days_ago(3)
            ).id
        )
    )
    [page] = statement_of(alice, "customer", "Deepa Krishnan", Days(days_ago(30), today()))
    moved = [(one.day, one.more.wire, one.less.wire, one.balance.wire) for one in page.moved]
    assert moved == [
        (days_ago(9), "0.00", "90.00", "10.00"),
        (days_ago(3), "90.00", "0.00", "100.00"),
    ]
    assert page.is_proved
    [before] = statement_of(alice, "customer", "Deepa Krishnan", Days(days_ago(30), days_ago(4)))
    assert ([one.balance.wire for one in before.moved], before.is_proved) == (["10.00"], True)


def test_a_statement_takes_a_fixed_number_of_statements(
    customer: Person, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trips: list[int] = []
    run = ReadPool.run
    monkeypatch.setattr(
        ReadPool,
        "run",
        lambda lane, credential, selects: (
            trips.append(1 + len(selects)),
            run(lane, credential, selects),
        )[1],
    )
    path = (
        "/reports/party-statement?kind=customer&party=Deepa"
        f" Krishnan&from={days_ago(90)}&to={today()}"
    )
    client, browser = customer.api, customer.tab
    statements.clear()
    assert client.get(path).status_code == 200
    assert (len(trips), sum(trips) <= 6) == (1, True)
    trips.clear()
    assert browser.get(path).status_code == 200
    assert (len(trips), sum(trips) <= 9) == (2, True)
    assert statements == []


def _scans(cursor: psycopg.Cursor[Any]) -> dict[str, int]:
    cursor.execute(
        "select relname, pg_stat_get_xact_tuples_returned(oid) +"
        " pg_stat_get_xact_tuples_fetched(oid) as n from pg_class where relname in ('postings',"
        " 'journal_entries', 'ix_postings_party', 'ix_postings_account', 'ix_postings_date')"
    )
    return dict(cursor.fetchall())


def test_a_statement_reads_only_lines_of_the_party(
    big: Person, lane: psycopg.Connection[Any], owner_engine: sa.Engine
) -> None:
    """The agency has three years of ten entries a day of other parties."""
    invoice(big, "Deepa Krishnan", "1000", due=date(2025, 6, 1))
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("vacuum analyze postings"))
    first, last = date(2023, 1, 1), date(2025, 12, 28)
    for statement in (
        party_balances_statement(CUSTOMER, "deepa krishnan", last),
        party_entries_statement(CUSTOMER, "Deepa Krishnan", first, last, after=None, limit=101),
    ):
        sql, values = compiled_for(statement, big.credential.tenant_id)
        found, _ = scanned(lane, big, sql, values, _scans)
        assert sum(found.values()) < 100, found
