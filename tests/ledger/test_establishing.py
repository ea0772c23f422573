"""Establish the base amounts of an agency."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from threading import Thread
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.audit.conftest import untied
from tests.billing.test_carrying import worth
from tests.ledger.books import DAY, account_id, inr, post, sale, stored
from tests.ledger.test_base_amounts import usd
from tests.ledger.test_guards import write
from tests.people import Person
from tests.rates.entered import entered
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.queries.base_amounts import BaseState, read_base_state
from voyagent.ledger.service import base_amounts, chart, direct, entries
from voyagent.ledger.service.errors import (
    BaseCurrencyDiffers,
    BaseNotEstablished,
    ExchangeNotZero,
)
from voyagent.rates.errors import RateMissing
from voyagent.reports.queries import checks
from voyagent.settings.service import tenant_settings
from voyagent.settings.service.tenant_settings import BaseCurrencyFixed

RATE = {"USD": Quote("USD", "INR", Decimal("84.205"), DAY, "Bank")}


def establish(person: Person, currency: str = "INR") -> BaseState:
    """Call the service once."""
    return person.does(base_amounts.establish_base, currency)


def established(person: Person) -> None:
    """Call the service until the base amounts are established."""
    while not establish(person).is_ready:
        pass


def write_earlier(engine: sa.Engine, person: Person, minor: int) -> None:
    """Write an entry as the release before does, without base amounts."""
    sides = [("bank", "debit"), ("capital", "credit")]
    lines = [{"account": account_id(person, one), side: minor} for one, side in sides]
    write(engine, person, lines)


def failed(person: Person) -> dict[str, str]:
    """Return the failed checks of the books."""
    with person.app.app_context():
        return {one.check: str(one) for one in checks.run(person.actor.tenant_id)}


def test_earlier_lines_get_their_amounts_in_batches(
    alice: Person, charlie: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_amounts, "LINES_MAX", 3)
    for minor in (100, 200):
        write_earlier(owner_engine, alice, minor)
    write_earlier(owner_engine, charlie, 300)
    post(alice)
    states = [establish(alice) for _call in range(3)]
    assert [(one.state, one.lines) for one in states] == [("asked", 1), ("asked", 0), ("ready", 0)]
    assert failed(alice).keys() == {"control"}  # the receivable has no invoice
    assert failed(charlie) == {}
    sums = stored(
        owner_engine,
        "select sum(base_debit_minor) as debit, sum(base_credit_minor) as credit"
        " from daily_balances where tenant_id = :t",
        t=alice.actor.tenant_id,
    )
    assert dict(sums[0]) == {"debit": 10_300, "credit": 10_300}
    with charlie.reading() as reader:
        assert read_base_state(reader).lines == 2
    assert len(alice.api.get("/audit?kind=books.base_established").json["items"]) == 1


def test_the_base_currency_is_fixed_then(alice: Person) -> None:
    established(alice)
    with pytest.raises(BaseCurrencyFixed):
        establish(alice)
    with pytest.raises(BaseCurrencyFixed):
        alice.does(tenant_settings.update, {"default_currency": "AED"})
    answer = alice.api.patch("/tenant-settings", json={"default_currency": "AED"})
    assert (answer.status_code, answer.json["detail"]) == (409, "base_currency_fixed")
    same = alice.api.patch("/tenant-settings", json={"default_currency": "INR", "locale": "hi"})
    assert (same.status_code, same.json["base_currency"]) == (200, "INR")


def test_a_foreign_posting_needs_a_rate_then(alice: Person) -> None:
    established(alice)
    lines = [
        {"account_id": str(account_id(alice, "bank")), "currency": "USD", "debit_amount": "5"},
        {"account_id": str(account_id(alice, "capital")), "currency": "USD", "credit_amount": "5"},
    ]
    entry = {"narration": "Capital", "entry_date": DAY.isoformat(), "lines": lines}
    answer = alice.api.post("/journal-entries", json=entry)
    assert (answer.status_code, answer.json["detail"]) == (
        409,
        {"code": "rate_missing", "currency": "USD", "day": DAY.isoformat()},
    )
    with pytest.raises(RateMissing):
        alice.does(
            direct.check_direct,
            [entries.debit("bank", usd(5)), entries.credit("capital", usd(5))],
            DAY,
        )
    post(alice, sale(usd(100)), rates=RATE)
    assert failed(alice).keys() == {"control"}  # the receivable has no invoice


def test_the_trial_balance_has_base_amounts_then(alice: Person) -> None:
    """It reads them from the balances by month and by day, as it does the others."""
    post(alice)

    def accounts() -> list[dict[str, str]]:
        report = alice.api.get(f"/reports/trial-balance?as_of={DAY}").json
        return [line for one in (report, *report["by_currency"]) for line in one["accounts"]]

    assert not [line for line in accounts() if "base_currency" in line]
    established(alice)
    post(alice, sale(usd(100)), rates=RATE)
    found = [
        (line["code"], line["currency"], line["balance"], line["base_balance"])
        for line in accounts()
    ]
    assert found == [
        ("1200", "INR", "100.00", "100.00"),
        ("4300", "INR", "-100.00", "-100.00"),
        ("1200", "USD", "1.00", "84.21"),
        ("4300", "USD", "-1.00", "-84.21"),
    ]
    assert (
        accounts()[2].items()
        >= {
            "base_currency": "INR",
            "base_debit": "84.21",
            "base_credit": "0.00",
        }.items()
    )


def test_postings_in_other_currencies_need_rates_of_their_days(
    alice: Person, owner_engine: sa.Engine
) -> None:
    write_earlier(owner_engine, alice, 100)
    post(alice, sale(usd(100)))
    post(alice, sale(usd(100)), entry_date=DAY + timedelta(days=20))
    post(alice, sale(usd(100)), rates=RATE)
    assert alice.api.get("/base-currency").json == {
        "currency": "INR",
        "state": "asked",
        "lines": 2,
        "foreign": [
            {
                "currency": "USD",
                "lines": 4,
                "first_day": "2026-03-10",
                "last_day": "2026-03-30",
            }
        ],
    }
    establish(alice)
    for day in (DAY, DAY + timedelta(days=20)):
        answer = alice.api.post("/base-currency", json={"currency": "INR"})
        assert (answer.status_code, answer.json["detail"]) == (
            409,
            {"code": "rate_missing", "currency": "USD", "day": day.isoformat()},
        )
        entered(alice, day, "84.205")
    established(alice)
    sums = stored(
        owner_engine,
        "select sum(base_debit_minor) as debit from monthly_balances where tenant_id = :t"
        " and currency = 'USD'",
        t=alice.actor.tenant_id,
    )
    assert sums[0]["debit"] == 3 * 8_421


def test_lines_with_amounts_in_an_earlier_base_currency_are_refused(alice: Person) -> None:
    post(alice, sale(usd(100)), rates=RATE)
    alice.does(tenant_settings.update, {"default_currency": "USD"})
    with pytest.raises(BaseNotEstablished):
        establish(alice, "USD")


def test_a_balance_of_the_exchange_account_is_refused(alice: Person) -> None:
    post(alice, [entries.debit("bank", inr(5)), entries.credit("currency_exchange", inr(5))])
    with pytest.raises(ExchangeNotZero):
        establish(alice)
    post(alice, [entries.debit("currency_exchange", inr(5)), entries.credit("bank", inr(5))])
    established(alice)


def test_exchange_and_opening_balances_come_to_zero(alice: Person, owner_engine: sa.Engine) -> None:
    """Last year's part is no result of this one; a reversal leaves no rest."""
    later = DAY + timedelta(days=60)
    alice.does(chart.opening_account)

    def hand(debit: str, credit: str, amount: Money, day: date) -> UUID:
        lines = [entries.debit(debit, amount), entries.credit(credit, amount)]
        return post(alice, lines, source_type="journal", entry_date=day).entry_id

    aed = hand("bank", "currency_exchange", Money(100_000, "AED"), DAY)
    rupees = hand("currency_exchange", "bank", inr(2_200_000), DAY)
    hand("bank", "currency_exchange", usd(50_000), later)
    hand("currency_exchange", "bank", inr(4_300_000), later)
    hand("capital", "opening_balances", usd(10_000), DAY)
    hand("opening_balances", "bank", usd(10_000), later)
    for day, rate in ((DAY, "84"), (later, "85")):
        entered(alice, day, rate)
        entered(alice, day, "23", pair=("AED", "INR"))
    established(alice)
    found = worth(owner_engine, alice)
    assert {one: found.get(one, 0) for one in ("currency_exchange", "opening_balances")} == {
        "currency_exchange": 0,
        "opening_balances": 0,
    }
    # AED 1,000 at 23 for 22,000; USD 500 at 85 for 43,000; opening balances USD 100 at 85 and 84
    assert found["retained_earnings"] == -100_000
    assert found["exchange_differences"] == 50_000 + 10_000
    assert failed(alice) == {}
    alice.does(direct.reverse_direct, aed, reason="A mistake", entry_date=later)
    found = worth(owner_engine, alice)
    assert found.get("currency_exchange", 0) == 0
    assert found["exchange_differences"] == 50_000 + 10_000 + 2_300_000
    assert failed(alice) == {}
    answer = alice.api.post(f"/journal-entries/{rupees}/reverse", json={"reason": "A mistake"})
    assert (answer.status_code, answer.json["detail"]) == (409, "exchange_of_earlier_entry")


def test_the_currency_must_be_that_of_the_books(alice: Person) -> None:
    with pytest.raises(BaseCurrencyDiffers):
        establish(alice, "AED")


def test_only_an_administrator_establishes_base_amounts(alice: Person, bob: Person) -> None:
    with pytest.raises(Forbidden):
        establish(bob)
    assert bob.api.post("/base-currency", json={"currency": "INR"}).status_code == 403
    assert alice.api.post("/base-currency", json={"currency": "INR"}).json["state"] == "ready"


def test_an_entry_that_is_not_yet_committed_counts(alice: Person) -> None:
    outcomes: list[object] = []

    def try_it() -> None:
        outcomes.append(establish(alice).state)

    thread = Thread(target=try_it)
    with alice.acting() as actor:
        entries.post(
            actor,
            source_type="test",
            source_id=actor.tenant_id,
            purpose="sale",
            narration="A sale",
            lines=sale(usd(100)),
            entry_date=DAY,
        )
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive()
    thread.join(timeout=30)
    assert outcomes == ["asked"]


def test_the_command_establishes_base_amounts(
    alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    write_earlier(owner_engine, alice, 100)

    def run(by: str, currency: str) -> tuple[int, str]:
        args = ["books", "establish-base", "--by", by, "--currency", currency]
        result = alice.app.test_cli_runner().invoke(args=args)
        return result.exit_code, result.output

    assert run("nobody@example.com", "INR")[0] == 1
    assert run(bob.email, "INR")[0] == 1
    assert run(alice.email, "AED") == (
        1,
        "Error: This is not the currency of your books. Choose the currency in the settings"
        " first.\n",
    )
    assert run(alice.email, "INR") == (
        0,
        f"{alice.actor.tenant_id}: every posting has an amount in INR.\n",
    )
    assert "can’t change" in run(alice.email, "INR")[1]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "update postings set base_debit_minor = base_debit_minor + 1 where tenant_id = :t"
            " and base_basis = 'rate' and debit_minor > 0",
            {"base_sums", "months", "days"},
        ),
        (
            "update postings set base_debit_minor = null, base_credit_minor = null,"
            " base_basis = null where tenant_id = :t and base_basis = 'given'",
            {"base_entries", "months", "days"},
        ),
        (
            "update monthly_balances set base_debit_minor = base_debit_minor + 1"
            " where tenant_id = :t and currency = 'USD' and account_id = :exchange",
            {"exchange_zero", "months"},
        ),
    ],
)
def test_the_checks_find_wrong_base_amounts(
    alice: Person, owner_engine: sa.Engine, change: str, found: set[str]
) -> None:
    established(alice)
    post(alice, sale(usd(100)), rates=RATE)
    post(
        alice,
        [
            entries.debit("bank", usd(100)),
            entries.credit("currency_exchange", usd(100)),
            entries.debit("currency_exchange", inr(8_400)),
            entries.credit("bank", inr(8_400)),
        ],
    )
    before = {"control"}  # the receivable has no invoice
    assert failed(alice).keys() == before
    values = {"t": alice.actor.tenant_id, "exchange": account_id(alice, "currency_exchange")}
    with untied(owner_engine) as connection:
        connection.execute(sa.text(change), values)
    assert failed(alice).keys() == before | found
