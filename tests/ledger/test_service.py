"""Rules of the ledger: what may be posted, once, and how it is reversed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.chat.parallel import at_once
from tests.ledger.books import DAY, account_id, balances, inr, post, sale, stored
from tests.people import Person
from voyagent.kernel import clock
from voyagent.kernel.errors import Forbidden, VoyagentError
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency
from voyagent.ledger.errors import AccountNotFound, EntryNotFound
from voyagent.ledger.queries import accounts, entries
from voyagent.ledger.service import entries as ledger_entries
from voyagent.ledger.service.entries import Line, Posted, credit, debit
from voyagent.ledger.service.errors import (
    AccountInactive,
    EntryAlreadyReversed,
    EntryTooShort,
    EntryUnbalanced,
    EntryWithoutNarration,
    InvalidBookDate,
)


def test_a_new_agency_has_its_own_chart_of_accounts(alice: Person, charlie: Person) -> None:
    with alice.reading() as reader:
        mine = accounts.read_chart(reader)
    with charlie.reading() as reader:
        theirs = accounts.read_chart(reader)
    codes = {account["code"]: account for account in mine}
    assert [account["code"] for account in mine] == sorted(codes)
    assert codes["1200"]["purpose"] == "receivable"
    assert codes["1200"]["normal_side"] == "debit"
    assert codes["2310"]["name"] == "Output CGST"
    assert codes["2310"]["normal_side"] == "credit"
    assert (codes["1590"]["type"], codes["1590"]["normal_side"]) == (
        "asset",
        "credit",
    ), "a contra account keeps its own side"
    assert {account["type"] for account in mine} == {
        "asset",
        "liability",
        "equity",
        "revenue",
        "expense",
    }
    assert not {account["id"] for account in mine} & {account["id"] for account in theirs}


def test_opening_the_books_again_changes_nothing(alice: Person) -> None:
    with alice.reading() as reader:
        before = accounts.read_chart(reader)
    alice.does(ledger_entries.open_books)
    with alice.reading() as reader:
        assert accounts.read_chart(reader) == before


def test_only_an_administrator_opens_the_books(bob: Person) -> None:
    with pytest.raises(Forbidden):
        bob.does(ledger_entries.open_books)


def test_an_entry_is_posted_with_its_lines_source_and_author(alice: Person) -> None:
    source = new_id()
    posted = post(alice, source_id=source, narration="  Invoice to Deepa  ")
    with alice.reading() as reader:
        entry, lines = entries.read_entry(reader, posted.entry_id)
    assert posted.is_new
    assert (
        entry["entry_date"],
        entry["narration"],
        entry["source_type"],
        entry["source_id"],
        entry["purpose"],
    ) == (
        DAY,
        "Invoice to Deepa",
        "test",
        source,
        "sale",
    )
    assert entry["created_by"] == "Alice Owner"
    assert entry["reverses_id"] is None
    assert entry["reversed_by_id"] is None
    assert [
        (
            line["line_no"],
            line["code"],
            line["debit_minor"],
            line["credit_minor"],
            line["party_name"],
        )
        for line in lines
    ] == [
        (1, "1200", 10_000, 0, "Deepa Krishnan"),
        (2, "4300", 0, 10_000, None),
    ]


def test_an_entry_may_have_several_currencies_that_each_balance(alice: Person) -> None:
    post(alice, [*sale(Money(1234, "KWD")), *sale(Money(500, "JPY"))])
    assert balances(alice) == {
        ("receivable", "KWD"): 1234,
        ("receivable", "JPY"): 500,
        ("revenue_services", "KWD"): -1234,
        ("revenue_services", "JPY"): -500,
    }


def test_an_account_can_be_named_by_its_id(alice: Person) -> None:
    bank = account_id(alice, "bank")
    post(alice, [debit(bank, inr(5)), credit("receivable", inr(5))])
    assert balances(alice)[("bank", "INR")] == 5


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_the_book_date_defaults_to_today_in_the_agencys_zone(alice: Person, zone: str) -> None:
    """The two zones are 25 hours apart, so they never have the same day."""
    there = replace(alice, actor=replace(alice.actor, timezone=zone))
    posted = post(there, entry_date=None)
    with alice.reading() as reader:
        assert entries.read_entry(reader, posted.entry_id)[0]["entry_date"] == clock.today(zone)


def test_a_repeated_posting_of_a_source_returns_the_first_entry(alice: Person) -> None:
    source = new_id()
    first = post(alice, source_id=source)
    again = post(alice, sale(inr(99)), source_id=source)
    other = post(alice, source_id=source, purpose="fee")
    assert again == Posted(first.entry_id, is_new=False)
    assert other.is_new
    assert other.entry_id != first.entry_id
    assert balances(alice)[("receivable", "INR")] == 20_000


def test_parallel_postings_of_one_source_create_one_entry(alice: Person) -> None:
    source = new_id()
    results = at_once([lambda: post(alice, source_id=source)] * 12)
    assert len({posted.entry_id for posted in results}) == 1
    assert sum(posted.is_new for posted in results) == 1
    assert balances(alice)[("receivable", "INR")] == 10_000


def test_two_agencies_may_have_the_same_source(alice: Person, charlie: Person) -> None:
    source = new_id()
    assert post(alice, source_id=source).is_new
    assert post(charlie, source_id=source).is_new


def test_parallel_postings_to_the_same_accounts_do_not_deadlock(alice: Person) -> None:
    there, back = sale(inr(7)), [credit("revenue_services", inr(7)), debit("receivable", inr(7))]
    results = at_once([lambda lines=lines: post(alice, lines) for lines in (there, back) * 10])
    assert all(isinstance(result, Posted) for result in results), results
    assert balances(alice)[("receivable", "INR")] == 140


HUGE = inr(10**14)
REFUSED: list[tuple[list[Line], type[VoyagentError]]] = [
    ([], EntryTooShort),
    ([debit("receivable", inr(1))], EntryTooShort),
    ([debit("receivable", inr(100)), credit("revenue_services", inr(99))], EntryUnbalanced),
    (
        [debit("receivable", inr(100)), credit("revenue_services", Money(100, "USD"))],
        EntryUnbalanced,
    ),
    ([debit("receivable", inr(1)), debit("bank", inr(1))], EntryUnbalanced),
    ([debit("receivable", inr(0)), credit("revenue_services", inr(0))], InvalidAmount),
    ([debit("receivable", inr(-5)), credit("revenue_services", inr(-5))], InvalidAmount),
    ([debit("receivable", HUGE), credit("revenue_services", HUGE)], InvalidAmount),
    ([Line("receivable"), credit("revenue_services", inr(1))], InvalidAmount),
    (
        [Line("receivable", debit=inr(1), credit=inr(1)), credit("revenue_services", inr(1))],
        InvalidAmount,
    ),
    (sale(Money(1, "XYZ")), UnknownCurrency),
    (sale(Money(1, "inr")), UnknownCurrency),
    (
        [debit("no_such_purpose", inr(1)), credit("revenue_services", inr(1))],
        AccountNotFound,
    ),
    ([debit(new_id(), inr(1)), credit("revenue_services", inr(1))], AccountNotFound),
]


@pytest.mark.parametrize(("lines", "error"), REFUSED)
def test_an_invalid_entry_is_refused_and_posts_nothing(
    alice: Person, lines: list[Line], error: type[VoyagentError]
) -> None:
    with pytest.raises(error):
        post(alice, lines)
    assert balances(alice) == {}


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2201, 1, 1)])
def test_a_book_date_lies_between_1900_and_2200(alice: Person, day: date) -> None:
    with pytest.raises(InvalidBookDate):
        post(alice, entry_date=day)


@pytest.mark.parametrize("day", [date(1900, 1, 1), date(2200, 12, 31)])
def test_the_first_and_the_last_book_date_are_accepted(alice: Person, day: date) -> None:
    post(alice, entry_date=day)
    assert balances(alice)[("receivable", "INR")] == 10_000


def test_an_entry_requires_a_narration(alice: Person) -> None:
    with pytest.raises(EntryWithoutNarration):
        post(alice, narration="  ")


def test_an_account_of_another_agency_is_not_found(alice: Person, charlie: Person) -> None:
    theirs = account_id(charlie, "bank")
    with pytest.raises(AccountNotFound):
        post(alice, [debit(theirs, inr(1)), credit("revenue_services", inr(1))])


def test_a_closed_account_accepts_no_posting(alice: Person, owner_engine: sa.Engine) -> None:
    close(owner_engine, alice, "revenue_services")
    with pytest.raises(AccountInactive):
        post(alice)


def test_a_viewer_cannot_post_or_reverse(alice: Person, victor: Person) -> None:
    posted = post(alice)
    with pytest.raises(Forbidden):
        post(victor)
    with pytest.raises(Forbidden):
        victor.does(ledger_entries.reverse, posted.entry_id, reason="No")


def test_posting_and_reversing_record_events(alice: Person, owner_engine: sa.Engine) -> None:
    posted = post(alice)
    alice.does(ledger_entries.reverse, posted.entry_id, reason="Wrong customer")
    post(alice, source_id=posted.entry_id, source_type="journal_entry", purpose="reversal")
    events = stored(
        owner_engine,
        "select kind, outputs from audit_events where tenant_id = :t and kind like 'journal.%'"
        " order by seq",
        t=alice.actor.tenant_id,
    )
    assert [event["kind"] for event in events] == [
        "journal.posted",
        "journal.reversed",
    ], "a repeat is no act"
    assert events[0]["outputs"] == {"total": {"INR": "100.00"}}


def test_a_reversal_swaps_the_sides_and_is_linked(alice: Person) -> None:
    posted = post(alice)
    reversal = alice.does(
        ledger_entries.reverse,
        posted.entry_id,
        reason="Wrong customer",
        entry_date=date(2026, 4, 1),
    )
    with alice.reading() as reader:
        entry, lines = entries.read_entry(reader, reversal.entry_id)
        original, _ = entries.read_entry(reader, posted.entry_id)
    assert (entry["reverses_id"], entry["entry_date"], entry["narration"]) == (
        posted.entry_id,
        date(2026, 4, 1),
        "Wrong customer",
    )
    assert original["reversed_by_id"] == reversal.entry_id
    assert [(line["code"], line["debit_minor"], line["credit_minor"]) for line in lines] == [
        ("1200", 0, 10_000),
        ("4300", 10_000, 0),
    ]
    assert balances(alice, date(2026, 3, 31)) == {
        ("receivable", "INR"): 10_000,
        ("revenue_services", "INR"): -10_000,
    }
    assert set(balances(alice).values()) == {0}


def test_an_entry_is_reversed_once(alice: Person) -> None:
    posted = post(alice)
    results = at_once(
        [lambda: alice.does(ledger_entries.reverse, posted.entry_id, reason="Twice")] * 6
    )
    assert sum(isinstance(result, Posted) for result in results) == 1
    assert sum(isinstance(result, EntryAlreadyReversed) for result in results) == 5
    assert set(balances(alice).values()) == {0}


def test_a_reversal_can_be_reversed(alice: Person) -> None:
    posted = post(alice)
    reversal = alice.does(ledger_entries.reverse, posted.entry_id, reason="Wrong")
    again = alice.does(ledger_entries.reverse, reversal.entry_id, reason="It was right after all")
    assert again.is_new
    assert balances(alice)[("receivable", "INR")] == 10_000


def test_a_reversal_cannot_be_dated_before_its_entry(alice: Person) -> None:
    posted = post(alice)
    with pytest.raises(InvalidBookDate):
        alice.does(
            ledger_entries.reverse,
            posted.entry_id,
            reason="Early",
            entry_date=DAY - timedelta(days=1),
        )


def test_an_entry_with_a_future_book_date_is_reversed_on_that_date(alice: Person) -> None:
    ahead = clock.today() + timedelta(days=30)
    posted = post(alice, entry_date=ahead)
    reversal = alice.does(ledger_entries.reverse, posted.entry_id, reason="Not to be")
    with alice.reading() as reader:
        assert entries.read_entry(reader, reversal.entry_id)[0]["entry_date"] == ahead


def test_a_reversal_requires_a_reason(alice: Person) -> None:
    posted = post(alice)
    with pytest.raises(EntryWithoutNarration):
        alice.does(ledger_entries.reverse, posted.entry_id, reason=" ")


def test_an_entry_on_a_closed_account_can_still_be_reversed(
    alice: Person, owner_engine: sa.Engine
) -> None:
    posted = post(alice)
    close(owner_engine, alice, "revenue_services")
    assert alice.does(ledger_entries.reverse, posted.entry_id, reason="Closed since").is_new


def test_an_entry_of_another_agency_is_not_found(alice: Person, charlie: Person) -> None:
    posted = post(alice)
    with pytest.raises(EntryNotFound):
        charlie.does(ledger_entries.reverse, posted.entry_id, reason="Mine now")


def close(engine: sa.Engine, person: Person, purpose: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text("update accounts set is_active = false where tenant_id = :t and purpose = :p"),
            {"t": person.actor.tenant_id, "p": purpose},
        )
