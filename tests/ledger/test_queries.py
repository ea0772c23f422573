"""Balances on any day: stored sums equal the lines."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.ledger.books import DAY, balances, inr, post, sale
from tests.people import Person
from voyagent.kernel.database.roll_ups import differences
from voyagent.kernel.money import Money
from voyagent.ledger.errors import AccountAmbiguous, AccountNotFound, EntryNotFound
from voyagent.ledger.queries import accounts, entries, roll_ups
from voyagent.ledger.queries.trial_balance import trial_balance_rows, trial_balance_statement
from voyagent.ledger.service import entries as ledger_entries
from voyagent.ledger.service.entries import credit, debit

FIRST = date(2026, 1, 15)
PURPOSES = ("receivable", "bank", "revenue_services", "cost_of_services", "payable")
amounts = st.integers(1, 10**9)
days = st.integers(0, 120).map(lambda n: FIRST + timedelta(days=n))
moves = st.tuples(
    days,
    st.sampled_from(PURPOSES),
    st.sampled_from(PURPOSES),
    st.sampled_from(("INR", "AED", "KWD")),
    amounts,
    st.booleans(),
)


def rows(person: Person, as_of: date, *, include_zero: bool = False) -> list[dict[str, Any]]:
    with person.reading() as reader:
        return trial_balance_rows(reader, as_of, include_zero=include_zero)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(moves, min_size=1, max_size=8), st.lists(days, min_size=1, max_size=4))
def test_balances_equal_the_lines_on_every_day(
    people: Any, acts: list[Any], asked: list[date]
) -> None:
    person = people.sign_up("Alice Owner", agency="Alice Travels")
    lines: list[tuple[date, str, str, int]] = []
    for day, left, right, currency, minor, is_undone in acts:
        posted = post(
            person,
            [debit(left, Money(minor, currency)), credit(right, Money(minor, currency))],
            entry_date=day,
        )
        lines += [(day, left, currency, minor), (day, right, currency, -minor)]
        if is_undone:
            after = day + timedelta(days=20)
            person.does(ledger_entries.reverse, posted.entry_id, reason="Undone", entry_date=after)
            lines += [(after, left, currency, -minor), (after, right, currency, minor)]
    for as_of in {
        *asked,
        *(day for day, *_ in lines),
        FIRST - timedelta(days=1),
        date(2026, 6, 30),
    }:
        wanted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for day, purpose, currency, signed in lines:
            if day <= as_of:
                wanted[purpose, currency][signed < 0] += abs(signed)
        found = {
            (row["purpose"], row["currency"]): [row["debit_minor"], row["credit_minor"]]
            for row in rows(person, as_of)
        }
        assert found == dict(wanted), as_of
    with person.reading() as reader:
        assert differences(reader, roll_ups.balances()) == []


def test_a_cached_statement_is_bound_to_each_caller(alice: Person, charlie: Person) -> None:
    """Both agencies send one statement, and each finds its own rows."""
    post(alice)
    post(charlie, sale(Money(5, "AED")))
    assert trial_balance_statement(DAY) is trial_balance_statement(DAY)
    assert {row["currency"] for row in rows(alice, DAY)} == {"INR"}
    assert {row["currency"] for row in rows(charlie, DAY)} == {"AED"}
    for person, currency in ((charlie, "AED"), (alice, "INR")):
        answer = person.api.get(f"/reports/trial-balance?as_of={DAY}").json
        assert {currency} == {
            block["currency"] for block in [answer, *answer["by_currency"]] if block["accounts"]
        }


def test_a_wrong_stored_sum_is_found(alice: Person) -> None:
    post(alice)
    with alice.acting():
        from voyagent.kernel.db import rows_changed  # noqa: PLC0415

        assert (
            rows_changed(
                "update monthly_balances set debit_minor = debit_minor + 1"
                " where debit_minor > 0 and"
                " tenant_id = :tenant_id"
            )
            == 1
        )
    with alice.reading() as reader:
        assert [
            (row.roll_up.check, row.key["currency"], row.key["month"], row.sums)
            for row in differences(reader, roll_ups.balances())
        ] == [("months", "INR", date(2026, 3, 1), {"debit_minor": (10_001, 10_000)})]


def test_the_trial_balance_lists_accounts_with_postings_by_code(
    alice: Person,
) -> None:
    assert rows(alice, DAY) == []
    post(alice, [*sale(), *sale(Money(5, "AED"))])
    assert [(row["code"], row["currency"]) for row in rows(alice, DAY)] == [
        ("1200", "AED"),
        ("1200", "INR"),
        ("4300", "AED"),
        ("4300", "INR"),
    ]
    assert rows(alice, DAY - timedelta(days=1)) == []


def test_with_zeros_the_trial_balance_has_all_accounts(alice: Person) -> None:
    post(alice)
    everything = rows(alice, DAY, include_zero=True)
    with alice.reading() as reader:
        assert [row["code"] for row in everything] == [
            account["code"] for account in accounts.read_chart(reader)
        ]
    empty = next(row for row in everything if row["code"] == "1010")
    assert (empty["currency"], empty["debit_minor"], empty["credit_minor"]) == (None, 0, 0)


def test_debits_equal_credits_in_each_currency(alice: Person) -> None:
    post(
        alice,
        [
            debit("bank", inr(300)),
            debit("receivable", inr(700)),
            credit("revenue_services", inr(1000)),
        ],
    )
    post(alice, sale(Money(5, "AED")))
    sums: dict[str, int] = defaultdict(int)
    for row in rows(alice, DAY):
        sums[row["currency"]] += row["debit_minor"] - row["credit_minor"]
    assert sums == {"INR": 0, "AED": 0}


@pytest.mark.parametrize(
    "query", ["1200", "Trade receivables", "trade RECEIVABLES", "receivable", " receivables "]
)
def test_an_account_is_found_by_code_name_purpose_or_part_of_its_name(
    alice: Person, query: str
) -> None:
    post(alice)
    with alice.reading() as reader:
        balance = accounts.account_balance(reader, query, DAY)
    assert balance.account["code"] == "1200"
    assert [
        (b.currency, b.debit_minor, b.credit_minor, b.balance_minor) for b in balance.balances
    ] == [("INR", 10_000, 0, 10_000)]


def test_an_account_is_found_by_its_id(alice: Person) -> None:
    with alice.reading() as reader:
        cash = accounts.find_account(reader, "1010")
        assert accounts.find_account(reader, str(cash["id"])) == cash


def test_an_exact_name_has_priority_over_a_part(alice: Person) -> None:
    with alice.reading() as reader:
        assert accounts.find_account(reader, "bank")["code"] == "1100"


def test_unknown_and_ambiguous_accounts_are_refused(alice: Person, charlie: Person) -> None:
    with alice.reading() as reader:
        foreign = accounts.find_account(reader, "1010")["id"]
        for unknown in ("9999", "zzz", "", " "):
            with pytest.raises(AccountNotFound):
                accounts.find_account(reader, unknown)
        with pytest.raises(AccountAmbiguous):
            accounts.find_account(reader, "output")
    with charlie.reading() as reader, pytest.raises(AccountNotFound):
        accounts.find_account(reader, str(foreign))


def test_the_books_of_another_agency_are_not_visible(alice: Person, charlie: Person) -> None:
    posted = post(alice)
    assert balances(charlie) == {}
    with charlie.reading() as reader, pytest.raises(EntryNotFound):
        entries.read_entry(reader, posted.entry_id)
    with charlie.acting(), pytest.raises(EntryNotFound):
        entries.get_entry(posted.entry_id)
    with charlie.acting(), pytest.raises(EntryNotFound):
        entries.get_source_entry_id("test", posted.entry_id, "sale")
