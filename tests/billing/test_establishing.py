"""Base amounts of an agency whose earlier entries have other currencies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.audit.conftest import untied
from tests.billing.papers import ISSUED, advance, pay
from tests.billing.test_carrying import (
    EARLIER,
    LATER,
    _noted,
    _written_off,
    allocate,
    bought,
    carried,
    proved,
    sold,
    usd,
    worth,
)
from tests.ledger.books import stored
from tests.people import Person
from tests.rates.entered import entered
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import payments, reversals
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel import clock
from voyagent.kernel.money import Money
from voyagent.ledger.queries.base_amounts import BaseState
from voyagent.ledger.service import base_amounts
from voyagent.ledger.service.base_preview import preview_base
from voyagent.rates.errors import RateMissing
from voyagent.settings.service.tenant_settings import BaseCurrencyFixed

BASES = {
    "postings": (
        "base_debit_minor = null, base_credit_minor = null, base_basis = null, rate = null,"
        " is_rate_inverse = null, rate_on = null, rate_source = null"
    ),
    "monthly_balances": "base_debit_minor = 0, base_credit_minor = 0",
    "daily_balances": "base_debit_minor = 0, base_credit_minor = 0",
    "trip_earnings": "base_revenue_minor = 0, base_cost_minor = 0",
}


def as_before(engine: sa.Engine, person: Person) -> None:
    """Remove what an earlier release did not store."""
    with untied(engine) as connection:
        for table, columns in BASES.items():
            connection.execute(
                sa.text(f"update {table} set {columns} where tenant_id = :t"),
                {"t": person.actor.tenant_id},
            )


def establish(person: Person) -> BaseState:
    return person.does(base_amounts.establish_base, "INR")


def established(person: Person) -> None:
    while not establish(person).is_ready:
        pass


def began(person: Person) -> date:
    """Return the first day of this financial year."""
    today = clock.today(person.actor.timezone)
    return date(today.year if today.month >= 4 else today.year - 1, 4, 1)


def test_entries_of_an_earlier_release_are_translated(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """V17: 5920 is 2,836.67 before and 2,786.67 after the correction."""
    day = began(alice)
    given: dict[str, Any] = {"issue_date": day, "due_date": day}
    bill = bought(alice, "3150", "84.20", **given)
    parts = bought(alice, "100", "83.33333333", vendor_reference="B2", **given)
    out = {"direction": "out", "currency": "INR"}
    advance(alice, 26_800_000, day, usd(bill, 315_000, 26_800_000), **out)
    for minor in (3_333, 3_333, 3_334):
        advance(alice, 280_000, day, usd(parts, minor, 280_000), **out)
    rupees = sold(alice, "42000", None, "INR", **given)
    payment_id = advance(alice, 50_000, day, currency="USD")
    settled = Part(rupees, Money(50_000, "USD"), settled=Money(4_200_000, "INR"))
    allocate(alice, payment_id, settled, on=day)
    dollars = sold(alice, "100", "84.20", **given)
    as_before(owner_engine, alice)
    with pytest.raises(RateMissing):
        established(alice)
    page = alice.tab.get("/base-amounts?preview=yes").text
    assert f"/exchange-rates/new?currency=USD&amp;on={day}" in page
    assert 'id="confirm"' not in page
    entered(alice, day, "84.10")
    preview = alice.does(preview_base, "INR")
    assert [(one.purpose, one.base.amount_minor) for one in preview.corrections] == [
        ("customer_advances", 5_000)
    ]
    assert [(str(one["rate"]), one["entries"]) for one in preview.rates] == [
        ("83.33333333", 1),
        ("84.20000000", 2),
        ("84.10000000", 1),
    ]
    (year,) = preview.years
    assert {account["code"]: balance.wire for account, balance in year.accounts} == {
        "1100": "-234350.00",
        "1200": "8420.00",
        "2200": "-50.00",
        "4300": "-50420.00",
        "5100": "273563.33",
        "5920": "2836.67",
    }
    page = alice.tab.get("/base-amounts?preview=yes").text
    assert "Accounts of documents get the amount" in page
    assert 'id="confirm"' in page
    assert alice.api.get("/base-currency").json["foreign"][0]["lines"] > 0
    established(alice)
    found = worth(owner_engine, alice)
    assert found.pop("exchange_differences") == 278_667
    assert found == {
        "bank": 4_205_000 - 26_800_000 - 840_000,
        "cost_of_services": 27_356_333,
        "receivable": 842_000,
        "revenue_services": -842_000 - 4_200_000,
    }
    corrections = stored(
        owner_engine,
        "select p.base_debit_minor, p.base_credit_minor, a.purpose, e.entry_date from postings p"
        " join journal_entries e on e.tenant_id = p.tenant_id and e.id = p.entry_id"
        " join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id"
        " where p.tenant_id = :t and e.source_type = 'base_amounts' order by p.line_no",
        t=alice.actor.tenant_id,
    )
    assert [tuple(row.values()) for row in corrections] == [
        (5_000, 0, "customer_advances", day),
        (0, 5_000, "exchange_differences", day),
    ]
    assert carried(owner_engine, "bills", bill) == (26_523_000, 26_523_000)
    assert carried(owner_engine, "bills", parts) == (833_333, 833_333)
    assert carried(owner_engine, "invoices", dollars) == (842_000, 0)
    assert carried(owner_engine, "payments", payment_id) == (4_205_000, 4_205_000)
    proved(alice)


def to_the_end(person: Person) -> str:
    try:
        established(person)
    except BaseCurrencyFixed:
        return "fixed"
    return "ready"


def test_what_was_credited_refunded_and_taken_back_is_carried(
    alice: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Corrections of an earlier year are against retained earnings."""
    for day, rate in ((EARLIER, "83"), (ISSUED, "84"), (LATER, "85")):
        entered(alice, day, rate)
        entered(alice, day, "23", pair=("AED", "INR"))
    credited = sold(alice, "100", None)
    acts = [_noted(alice, credited), _written_off(alice, credited)]
    paid = sold(alice, "300", "84.20")
    receipt = pay(alice, paid, 10_000, LATER, currency="USD")
    alice.does(reversals.reverse_payment, receipt, reason="A mistake", on=LATER)
    whole = pay(alice, paid, 30_000, LATER, currency="USD")
    void = sold(alice, "50", "84.20")
    alice.does(issuing.void_invoice, void, reason="A mistake", on=LATER)
    payment = advance(alice, 90_000, EARLIER, currency="USD")
    allocate(alice, payment, usd(sold(alice, "600.01", "84.20"), 60_001))
    dollars = Money(10_000, "USD")
    refund = alice.does(
        lambda actor: payments.refund_payment(actor, payment, amount=dollars, on=LATER).id
    )
    bill = bought(alice, "1000", None, "AED")
    part = Part(bill, Money(50_000, "AED"))
    advance(alice, 50_000, LATER, part, direction="out", currency="AED")
    as_before(owner_engine, alice)
    monkeypatch.setattr(base_amounts, "ENTRIES_MAX", 4)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(to_the_end, [alice, alice]))
    assert sorted(outcomes) == ["fixed", "ready"]
    assert carried(owner_engine, "invoices", credited) == (840_000, 559_944)
    assert carried(owner_engine, "invoices", paid) == (2_526_000, 2_526_000)
    assert carried(owner_engine, "invoices", void) == (421_000, 0)
    assert carried(owner_engine, "payments", payment) == (7_470_000, 5_810_083)
    assert carried(owner_engine, "bills", bill) == (2_300_000, 1_150_000)
    rates = stored(
        owner_engine,
        "select rate_base, rate, rate_on, rate_source from invoices where id = :i",
        i=credited,
    )
    assert tuple(rates[0].values()) == ("USD", Decimal(84), ISSUED, "migration")
    assert worth(owner_engine, alice)["retained_earnings"]
    assert worth(owner_engine, alice).get("exchange_differences", 0) == 0
    proved(alice)
    alice.does(reversals.reverse_payment, whole, reason="A mistake", on=LATER)
    alice.does(reversals.reverse_refund, payment, refund, reason="A mistake", on=LATER)
    for reverse, ids in acts:
        alice.does(reverse, *ids, reason="A mistake", on=LATER)
    for invoice_id in (credited, paid):
        assert carried(owner_engine, "invoices", invoice_id)[1] == 0
    proved(alice)
