"""The exchange rate of a day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.people import Person
from tests.rates.entered import entered, found
from voyagent.kernel.database.statement_cache import compiled_for
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote, RateOfOtherMoney
from voyagent.rates import queries
from voyagent.rates.errors import RateMissing, SameCurrency
from voyagent.rates.queries import _find_statement
from voyagent.settings.service import tenant_settings

DAY = date(2026, 11, 18)


def test_the_newest_rate_up_to_the_day_counts(alice: Person) -> None:
    entered(alice, DAY - timedelta(days=1), "84.10")
    entered(alice, DAY, "84.205")
    entered(alice, DAY + timedelta(days=1), "84.50")
    assert found(alice, "USD", DAY) == Quote("USD", "INR", Decimal("84.205"), DAY, "FBIL")
    assert found(alice, "USD", DAY - timedelta(days=1)).rate == Decimal("84.10")


def test_a_rate_entered_later_corrects_one_of_the_same_day(alice: Person) -> None:
    entered(alice, DAY, "842.05")
    entered(alice, DAY, "84.205", source="typed")
    assert found(alice, "USD", DAY).rate == Decimal("84.205")


def test_a_correction_of_an_earlier_day_does_not_replace_a_later_day(alice: Person) -> None:
    entered(alice, DAY, "84.20")
    entered(alice, DAY - timedelta(days=1), "84.00")
    assert found(alice, "USD", DAY).rate == Decimal("84.20")


def test_a_correction_may_be_quoted_in_the_other_direction(alice: Person) -> None:
    entered(alice, DAY, "84.20")
    entered(alice, DAY, "0.0119", pair=("INR", "USD"))
    assert found(alice, "USD", DAY).base == "INR"
    entered(alice, DAY, "84.21")
    assert found(alice, "USD", DAY).rate == Decimal("84.21")


def test_a_rate_is_used_up_to_the_age_in_the_settings(alice: Person) -> None:
    entered(alice, DAY, "84.20")
    assert found(alice, "USD", DAY + timedelta(days=7)).on == DAY
    with pytest.raises(RateMissing) as refused:
        found(alice, "USD", DAY + timedelta(days=8))
    assert refused.value.body == {"code": "rate_missing", "currency": "USD", "day": "2026-11-26"}
    alice.does(tenant_settings.update, {"rate_max_age_days": 8})
    assert found(alice, "USD", DAY + timedelta(days=8)).on == DAY
    alice.does(tenant_settings.update, {"rate_max_age_days": 0})
    assert found(alice, "USD", DAY).on == DAY
    with pytest.raises(RateMissing):
        found(alice, "USD", DAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("pair", "kind"),
    [(("EUR", "INR"), "reference"), (("USD", "INR"), "bank_sell"), (("USD", "INR"), "customs")],
)
def test_a_rate_of_another_pair_or_kind_does_not_count(
    alice: Person, pair: tuple[str, str], kind: str
) -> None:
    entered(alice, DAY, "84.20", pair=pair, kind=kind)  # type: ignore[arg-type]
    with pytest.raises(RateMissing):
        found(alice, "USD", DAY)


def test_each_kind_has_its_own_rate(alice: Person) -> None:
    entered(alice, DAY, "84.20")
    entered(alice, DAY, "84.90", kind="bank_sell", source="HDFC")
    assert found(alice, "USD", DAY).rate == Decimal("84.20")
    assert found(alice, "USD", DAY, "bank_sell").source == "HDFC"


def test_the_currency_of_the_books_has_no_rate(alice: Person) -> None:
    with pytest.raises(SameCurrency):
        found(alice, "INR", DAY)


def test_the_books_of_another_currency_have_other_rates(alice: Person) -> None:
    entered(alice, DAY, "22.93", pair=("AED", "INR"))
    entered(alice, DAY, "84.20")
    alice.does(tenant_settings.update, {"default_currency": "AED"})
    quote = found(alice, "INR", DAY)
    assert quote.is_inverse_for("INR")
    assert not quote.is_inverse_for("AED")
    with pytest.raises(RateMissing):
        found(alice, "USD", DAY)


def test_another_agency_has_no_rates_of_this_one(alice: Person, charlie: Person) -> None:
    entered(alice, DAY, "84.20")
    with pytest.raises(RateMissing):
        found(charlie, "USD", DAY)


@pytest.mark.parametrize(
    ("books", "pair", "rate", "amounts"),
    [
        (
            "INR",
            ("USD", "INR"),
            "84.205",
            [
                ("100.00", "USD", "8420.50"),
                ("33.33", "USD", "2806.55"),
                ("33.34", "USD", "2807.39"),
                ("-33.33", "USD", "-2806.55"),
            ],
        ),
        ("INR", ("JPY", "INR"), "0.5621", [("100000", "JPY", "56210.00")]),
        ("INR", ("KWD", "INR"), "273.10", [("12.345", "KWD", "3371.42")]),
        ("INR", ("IDR", "INR"), "0.0053", [("0.50", "IDR", "0.00")]),
        (
            "AED",
            ("AED", "INR"),
            "22.93",
            [("10000.00", "INR", "436.11"), ("1000000000.00", "INR", "43610989.97")],
        ),
        ("KWD", ("KWD", "INR"), "273.10", [("3371.42", "INR", "12.345")]),
        (
            "JPY",
            ("JPY", "USD"),
            "0.01",
            [("1.005", "KWD", ""), ("0.01", "USD", "1"), ("0.02", "USD", "2")],
        ),
    ],
)
def test_amounts_are_converted_as_quoted_and_rounded_once(
    alice: Person,
    books: str,
    pair: tuple[str, str],
    rate: str,
    amounts: list[tuple[str, str, str]],
) -> None:
    alice.does(tenant_settings.update, {"default_currency": books})
    entered(alice, DAY, rate, pair=pair)
    quote = found(alice, next(one for one in pair if one != books), DAY)
    for amount, currency, comes_to in amounts:
        money = Money.parse(amount, currency)
        if not comes_to:
            with pytest.raises(RateOfOtherMoney):
                quote.convert(money)
        else:
            assert quote.convert(money) == Money.parse(comes_to, books)


def test_the_lines_of_a_document_add_up_to_its_converted_total(alice: Person) -> None:
    """The total is converted once and split, so that nothing is left over."""
    entered(alice, DAY, "84.205")
    total = found(alice, "USD", DAY).convert(Money.parse("100.00", "USD"))
    parts = total.split([3333, 3333, 3334])
    assert [part.wire for part in parts] == ["2806.55", "2806.55", "2807.40"]


def test_finding_a_rate_is_one_look_up_in_the_index(
    alice: Person, owner_engine: sa.Engine, statements: list[str]
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into exchange_rates (tenant_id, id, base, quote, kind, rate, rate_on,"
                " source) select :t, gen_random_uuid(), code, 'INR', 'reference', 1 + n,"
                " date '2024-01-01' + n, 'FBIL' from generate_series(0, 1200) n,"
                " unnest(array['USD', 'AED', 'EUR', 'GBP', 'JPY']) code"
            ),
            {"t": alice.actor.tenant_id},
        )
        connection.execute(sa.text("analyze exchange_rates"))
    sql, values = compiled_for(_find_statement("USD", DAY, "reference"), alice.actor.tenant_id)
    with alice.acting():
        raw = db.session.connection().connection.cursor()
        raw.execute(f"explain (costs off) {sql}", values)  # type: ignore[arg-type]
        plan = "\n".join(line for (line,) in raw.fetchall())
    # As the program's role, so row security applies too.
    (condition,) = re.findall(
        r"Index Scan using ix_exchange_rates_pair.*\n +Index Cond: (.*)", plan
    )
    for compared in ("tenant_id =", "LEAST(", "GREATEST(", "kind =", "rate_on >=", "rate_on <="):
        assert compared in condition
    assert "Sort" not in plan
    with alice.reading() as reader:
        statements.clear()
        queries.find_rate(reader, "USD", DAY)
    assert len([one for one in statements if "set_config" not in one]) == 1
