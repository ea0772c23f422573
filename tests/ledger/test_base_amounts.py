"""Base amounts of posted entries, before and after they are established."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.ledger.books import DAY, account_id, bind, inr, post, sale, stored
from tests.ledger.test_guards import write
from tests.people import Person
from tests.rates.entered import entered
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Line
from voyagent.ledger.service.errors import EntryUnbalancedInBase
from voyagent.rates.errors import RateMissing

RATE = Quote("USD", "INR", Decimal("84.205"), DAY, "Bank")


def usd(minor: int) -> Money:
    """An amount in cents."""
    return Money(minor, "USD")


def make_ready(engine: sa.Engine, person: Person, currency: str = "INR") -> None:
    """Mark the base amounts of an agency as established."""
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "update tenant_settings set base_currency = :currency, base_state = 'ready'"
                " where tenant_id = :tenant"
            ),
            {"currency": currency, "tenant": person.actor.tenant_id},
        )


def lines_of(engine: sa.Engine, entry_id: UUID) -> list[tuple[Any, ...]]:
    """Return signed base amount, basis, rate and source of each line."""
    rows = stored(
        engine,
        "select base_debit_minor - base_credit_minor, base_basis, rate, is_rate_inverse, rate_on,"
        " rate_source from postings where entry_id = :id order by line_no",
        id=entry_id,
    )
    return [tuple(row.values()) for row in rows]


def settled() -> list[Line]:
    """Pay a bill of USD 100, booked at 84.20, with 8,500 rupees."""
    return [
        entries.debit("currency_exchange", inr(842_000)),
        entries.debit("exchange_differences", inr(8_000)),
        entries.credit("bank", inr(850_000)),
        entries.debit("payable", usd(10_000), party_name="Gulf Hotels"),
        entries.credit("currency_exchange", usd(10_000)),
    ]


def test_lines_in_the_base_currency_have_their_own_amounts(
    alice: Person, owner_engine: sa.Engine
) -> None:
    nothing = (None,) * 4
    assert lines_of(owner_engine, post(alice).entry_id) == [
        (10_000, "own", *nothing),
        (-10_000, "own", *nothing),
    ]


def test_a_foreign_line_is_converted_at_the_reference_rate_of_its_day(
    alice: Person, owner_engine: sa.Engine
) -> None:
    unknown = post(alice, sale(usd(10_000)))
    assert lines_of(owner_engine, unknown.entry_id) == [(None,) * 6] * 2
    entered(alice, DAY, "84.205")
    at_reference = post(alice, sale(usd(10_000)))
    rate = ("rate", Decimal("84.205"), False, DAY)
    assert lines_of(owner_engine, at_reference.entry_id) == [
        (842_050, *rate, "FBIL"),
        (-842_050, *rate, "FBIL"),
    ]
    typed = post(alice, sale(usd(10_000)), rates={"USD": RATE, "AED": RATE})
    assert lines_of(owner_engine, typed.entry_id)[0] == (842_050, *rate, "Bank")
    later = post(alice, sale(usd(10_000)), entry_date=DAY + timedelta(days=90), rate_on=DAY)
    assert lines_of(owner_engine, later.entry_id)[0] == (842_050, *rate, "FBIL")


def test_what_follows_from_an_entry_is_converted_at_its_rate(
    alice: Person, owner_engine: sa.Engine
) -> None:
    entered(alice, DAY - timedelta(days=1), "84.2")
    first = post(alice, sale(usd(10_000)))
    entered(alice, DAY, "85")
    later = post(alice, sale(usd(5_000)), rate_on=DAY, booked_in=first.entry_id)
    assert [line[0] for line in lines_of(owner_engine, later.entry_id)] == [421_000, -421_000]
    other = post(alice, sale(usd(5_000)), rate_on=DAY)
    assert [line[0] for line in lines_of(owner_engine, other.entry_id)] == [425_000, -425_000]


def test_a_rate_of_other_money_is_not_used(alice: Person, owner_engine: sa.Engine) -> None:
    other = Quote("USD", "AED", Decimal("3.67"), DAY, "Bank")
    posted = post(alice, sale(usd(10_000)), rates={"USD": other})
    assert lines_of(owner_engine, posted.entry_id)[0][0] is None


def test_a_settlement_takes_its_base_amounts_from_the_exchange(
    alice: Person, owner_engine: sa.Engine
) -> None:
    make_ready(owner_engine, alice)
    posted = post(alice, settled())
    assert [line[:2] for line in lines_of(owner_engine, posted.entry_id)] == [
        (842_000, "own"),
        (8_000, "own"),
        (-850_000, "own"),
        (842_000, "given"),
        (-842_000, "given"),
    ]


def test_a_difference_in_base_is_a_line_without_an_amount(
    alice: Person, owner_engine: sa.Engine
) -> None:
    make_ready(owner_engine, alice)
    lines = [
        entries.debit("bank", usd(6_000)),
        Line("receivable", credit=usd(6_000), party_name="Deepa Krishnan", base=inr(505_200)),
    ]
    rates = {"USD": Quote("USD", "INR", Decimal("84.5"), DAY, "Bank")}
    posted = post(alice, lines, rates=rates, differences="exchange_differences")
    assert [line[:2] for line in lines_of(owner_engine, posted.entry_id)] == [
        (507_000, "rate"),
        (-505_200, "given"),
        (-1_800, "difference"),
    ]
    assert [(row["account_id"], row["currency"], row["party_name"]) for row in posted.lines][2] == (
        account_id(alice, "exchange_differences"),
        "USD",
        None,
    )


def test_a_reversal_swaps_the_base_amounts(alice: Person, owner_engine: sa.Engine) -> None:
    posted = post(alice, sale(usd(10_000)), rates={"USD": RATE})
    reversal = alice.does(entries.reverse, posted.entry_id, reason="A mistake", entry_date=DAY)
    assert [line[0] for line in lines_of(owner_engine, reversal.entry_id)] == [-842_050, 842_050]
    assert lines_of(owner_engine, reversal.entry_id)[0][1:] == (
        *("rate", Decimal("84.205"), False, DAY, "Bank"),
    )


def test_the_reversal_of_an_earlier_entry_has_base_amounts_in_its_own_currency(
    alice: Person, owner_engine: sa.Engine
) -> None:
    sides = [
        {"account": account_id(alice, "bank"), "debit": 100},
        {"account": account_id(alice, "capital"), "credit": 100},
        {"account": account_id(alice, "bank"), "debit": 7, "currency": "USD"},
        {"account": account_id(alice, "capital"), "credit": 7, "currency": "USD"},
    ]
    write(owner_engine, alice, sides)  # as the release before does
    ((entry_id,),) = [
        row.values()
        for row in stored(
            owner_engine,
            "select id from journal_entries where tenant_id = :t",
            t=alice.actor.tenant_id,
        )
    ]
    reversal = alice.does(entries.reverse, entry_id, reason="A mistake", entry_date=DAY)
    assert [line[:2] for line in lines_of(owner_engine, reversal.entry_id)] == [
        (-100, "own"),
        (100, "own"),
        (None, None),
        (None, None),
    ]


def test_what_cannot_be_told_is_refused_only_when_base_amounts_are_established(
    alice: Person, owner_engine: sa.Engine
) -> None:
    one_currency = [
        entries.debit("bank", usd(100)),
        entries.credit("currency_exchange", usd(100)),
    ]
    too_large = sale(usd(10**14 - 1))
    dear = {"USD": Quote("USD", "INR", Decimal(999_999_999), DAY, "Bank")}
    cases: list[tuple[list[Line], dict[str, Quote], type[Exception]]] = [
        (sale(usd(10_000)), {}, RateMissing),
        (one_currency, {"USD": RATE}, EntryUnbalancedInBase),
        (too_large, dear, InvalidAmount),
    ]
    for lines, rates, _error in cases:
        posted = post(alice, lines, rates=rates)
        assert {line[0] for line in lines_of(owner_engine, posted.entry_id)} == {None}
    make_ready(owner_engine, alice)
    for lines, rates, error in cases:
        with pytest.raises(error):
            post(alice, lines, rates=rates)


def test_a_posting_sends_as_many_statements_as_before(alice: Person, statements: list[str]) -> None:
    """Only a foreign entry without a rate sends one more, which looks the rate up."""

    def sent(lines: list[Line], **given: Any) -> int:
        statements.clear()
        post(alice, lines, **given)
        return len(statements)

    usual = sent(sale())
    assert sum("posting_terms" in one for one in statements) == 1
    assert sum("closed_through" in one for one in statements) == 0
    assert sent(sale(usd(100)), rates={"USD": RATE}) == sent(settled()) == usual
    assert sent(sale(usd(100))) == usual + 1


@pytest.mark.parametrize(
    ("bases", "constraint"),
    [
        ([("own", 100), ("own", -100), ("rate", 8), ("rate", -8)], None),
        ([("own", 100), ("own", -100), ("rate", 8), ("rate", -7)], "ck_entry_balanced_in_base"),
        ([("own", 100), ("own", -100), ("rate", 8), (None, None)], "ck_entry_based"),
        ([("own", 100), ("own", -100), ("own", 7), ("own", -7)], "ck_entry_based"),
        ([("given", 100), ("given", -100), ("rate", 8), ("rate", -8)], "ck_entry_based"),
        ([("own", 100), ("own", -99), ("rate", 8), ("rate", -8)], "ck_postings_base"),
        ([("own", 100), ("own", -100), ("rate", -8), ("rate", 8)], "ck_postings_base"),
    ],
)
def test_the_database_proves_base_amounts_where_they_are_established(
    alice: Person,
    owner_engine: sa.Engine,
    bases: list[tuple[str | None, int | None]],
    constraint: str | None,
) -> None:
    make_ready(owner_engine, alice)
    assert _violated(owner_engine, alice, bases) == constraint


def test_the_exchange_account_comes_to_zero_where_bases_are_established(
    alice: Person, owner_engine: sa.Engine
) -> None:
    bases: list[tuple[str | None, int | None]] = [
        *(("own", 100), ("own", -100)),
        *(("rate", 8), ("rate", -8)),
    ]
    exchange = account_id(alice, "currency_exchange")
    assert _violated(owner_engine, alice, bases, last=exchange) is None
    make_ready(owner_engine, alice)
    assert _violated(owner_engine, alice, bases, last=exchange) == "ck_entry_exchange_zero"


def test_before_that_only_an_entry_whose_lines_all_have_bases_is_proven(
    alice: Person, owner_engine: sa.Engine
) -> None:
    own: list[tuple[str | None, int | None]] = [("own", 100), ("own", -100)]
    assert _violated(owner_engine, alice, [*own, ("rate", 8), (None, None)]) is None
    wrong = _violated(owner_engine, alice, [*own, ("rate", 8), ("rate", -9)])
    assert wrong == "ck_entry_balanced_in_base"


_ENTRY = sa.text(
    "insert into journal_entries (tenant_id, id, entry_date, narration, source_type, source_id,"
    " purpose, line_count) values (:t, :id, :day, 'raw', 'raw', :id, 'raw', 4)"
)
_LINE = sa.text(
    "insert into postings (tenant_id, entry_id, line_no, account_id, currency, debit_minor,"
    " credit_minor, effective_date, base_debit_minor, base_credit_minor, base_basis, rate,"
    " is_rate_inverse, rate_on, rate_source) values (:t, :id, :no, :account, :currency,"
    " greatest(:minor, 0), greatest(-:minor, 0), :day, greatest(:base, :base * 0),"
    " greatest(-:base, :base * 0),"
    " :basis, :rate, :inverse, :on, :source)"
)


def _violated(
    engine: sa.Engine,
    person: Person,
    bases: list[tuple[str | None, int | None]],
    last: UUID | None = None,
) -> str | None:
    """Write 100 paise and 7 cents with these bases; return the violated constraint.

    `last` is the account of the last line.
    """
    accounts = [account_id(person, "bank"), account_id(person, "capital")] * 2
    accounts[3] = last or accounts[3]
    amounts = [("INR", 100), ("INR", -100), ("USD", 7), ("USD", -7)]
    values: dict[str, Any] = {"t": person.actor.tenant_id, "id": new_id(), "day": DAY}
    nothing = {"rate": None, "inverse": None, "on": None, "source": None}
    rate = {"rate": Decimal(84), "inverse": False, "on": DAY, "source": "Bank"}
    try:
        with engine.begin() as connection:
            bind(connection, person)
            connection.execute(_ENTRY, values)
            for number, (currency, minor) in enumerate(amounts):
                basis, base = bases[number]
                of_line = {"no": number + 1, "account": accounts[number], "base": base}
                of_line |= {"currency": currency, "minor": minor, "basis": basis}
                connection.execute(_LINE, values | of_line | (rate if basis == "rate" else nothing))
    except sa.exc.IntegrityError as error:
        return str(error.orig.diag.constraint_name)  # type: ignore[union-attr]
    return None
