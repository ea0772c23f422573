"""Base amounts that documents and advances carry to what settles them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.audit.conftest import untied
from tests.billing.papers import DUE, ISSUED, advance, draft, issued, left_of, line, pay, receive
from tests.ledger.books import stored
from tests.ledger.test_base_amounts import make_ready
from tests.people import Person, csrf_token
from tests.rates.entered import entered
from voyagent.billing.bills import service as bill_service
from voyagent.billing.credit_notes import service as credit_notes
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.service import allocations, payments, reversals
from voyagent.billing.payments.service.at_issue import issue_with_advances as issue
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credits
from voyagent.billing.write_offs import service as write_offs
from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.service import direct, entries
from voyagent.rates.errors import RateMissing
from voyagent.reports.queries import checks

EARLIER, LATER = ISSUED - timedelta(days=5), DUE + timedelta(days=3)
WORTH = """
select a.purpose, sum(p.base_debit_minor - p.base_credit_minor)::bigint as minor
  from postings p join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id
 where p.tenant_id = :t group by 1
"""


@pytest.fixture
def ready(alice: Person, owner_engine: sa.Engine) -> Person:
    """Alice, whose agency has established its base amounts in rupees."""
    make_ready(owner_engine, alice)
    return alice


def quote(rate: str, currency: str = "USD") -> Quote:
    return Quote(currency, "INR", Decimal(rate), ISSUED, "State Bank")


def sold(person: Person, price: str, rate: str | None, currency: str = "USD", **given: Any) -> UUID:
    """Issue an invoice in a foreign currency."""
    item = line(price, quantity=1, currency=currency)
    return issued(person, item, exchange_rate=rate and quote(rate, currency), **given)


def bought(
    person: Person, price: str, rate: str | None, currency: str = "USD", **given: Any
) -> UUID:
    """Receive a bill of Deepa Krishnan in a foreign currency."""
    item = line(price, quantity=1, currency=currency)
    values = {"vendor_name": "Deepa Krishnan", "exchange_rate": rate and quote(rate, currency)}
    return receive(person, item, **values | given)


def usd(document_id: UUID, minor: int, rupees: int | None = None) -> Part:
    """Return a part that settles dollars, with dollars or with rupees."""
    if rupees is None:
        return Part(document_id, Money(minor, "USD"))
    return Part(document_id, Money(rupees, "INR"), settled=Money(minor, "USD"))


def allocate(person: Person, payment_id: UUID, *parts: Part, on: date = LATER) -> None:
    person.does(lambda actor: allocations.allocate(actor, payment_id, parts=parts, on=on).id)


def worth(engine: sa.Engine, person: Person) -> dict[str, int]:
    """Return the balances in rupees, debit less credit, by purpose."""
    rows = stored(engine, WORTH, t=person.actor.tenant_id)
    return {row["purpose"]: row["minor"] for row in rows if row["minor"]}


def carried(engine: sa.Engine, table: str, row_id: UUID) -> tuple[int | None, int]:
    """Return the base amount of a document or payment, and what is taken of it."""
    taken = "base_used_minor" if table == "payments" else "base_settled_minor"
    row = stored(
        engine, f"select base_minor, {taken} as taken from {table} where id = :i", i=row_id
    )
    return row[0]["base_minor"], row[0]["taken"]


def taken(engine: sa.Engine, person: Person) -> list[tuple[int | None, int | None]]:
    """Return what each allocation takes of the base amounts of document and payment."""
    rows = stored(
        engine,
        "select document_base_minor, payment_base_minor from allocations where tenant_id = :t"
        " order by created_at, id",
        t=person.actor.tenant_id,
    )
    return [tuple(row.values()) for row in rows]  # type: ignore[misc]


def proved(person: Person) -> None:
    with person.reading() as reader:
        assert list(checks.findings(reader)) == []


def test_the_lines_of_an_invoice_add_up_to_its_base_amount(
    ready: Person, owner_engine: sa.Engine
) -> None:
    """V1."""
    lines = [
        line(price, quantity=1, currency="USD") | {"sold_as": sold_as}
        for price, sold_as in (("33.33", "principal"), ("33.33", "fee"), ("33.34", "agent"))
    ]
    invoice_id = issued(ready, *lines, exchange_rate=quote("84.205"))  # type: ignore[arg-type]
    assert carried(owner_engine, "invoices", invoice_id) == (842_050, 0)
    assert worth(owner_engine, ready) == {
        "receivable": 842_050,
        "revenue_services": -280_655,
        "revenue_fees": -280_655,
        "held_for_suppliers": -280_740,
    }
    proved(ready)


@pytest.mark.parametrize(
    ("price", "currency", "rate", "base_minor"),
    [
        ("100000", "JPY", "0.5621", 5_621_000),
        ("12.345", "KWD", "273.10", 337_142),
        ("0.50", "IDR", "0.0053", 0),
    ],
)
def test_currencies_of_other_decimals_have_base_amounts(
    ready: Person,
    owner_engine: sa.Engine,
    price: str,
    currency: str,
    rate: str,
    base_minor: int,
) -> None:
    """V2; a base amount of zero is settled like any other one."""
    bill_id = bought(ready, price, rate, currency)
    assert carried(owner_engine, "bills", bill_id) == (base_minor, 0)
    whole = Money.parse(price, currency)
    part = Part(bill_id, Money(max(base_minor, 1), "INR"), settled=whole)
    advance(ready, part.amount.amount_minor, DUE, part, direction="out")
    assert carried(owner_engine, "bills", bill_id) == (base_minor, base_minor)
    assert "payable" not in worth(owner_engine, ready)
    proved(ready)


@pytest.mark.parametrize("is_typed", [True, False])
def test_a_foreign_bill_is_paid_in_the_base_currency(
    ready: Person, owner_engine: sa.Engine, is_typed: bool
) -> None:
    """V4, also at the reference rate of the issue date, which the bill keeps."""
    entered(ready, ISSUED, "84.20")
    bill_id = bought(ready, "3150.00", "84.20" if is_typed else None)
    entered(ready, ISSUED, "90")  # a later rate of the day changes nothing
    advance(ready, 26_800_000, DUE, usd(bill_id, 315_000, 26_800_000), direction="out")
    assert worth(owner_engine, ready) == {
        "cost_of_services": 26_523_000,
        "bank": -26_800_000,
        "exchange_differences": 277_000,
    }
    rate = ready.api.get(f"/bills/{bill_id}").json["exchange_rate"]
    assert (rate["rate"], rate["source"]) == ("84.2", "State Bank" if is_typed else "FBIL")
    proved(ready)


@pytest.mark.parametrize("is_foreign", [False, True])
def test_parts_of_a_document_take_its_whole_base_amount(
    ready: Person, owner_engine: sa.Engine, is_foreign: bool
) -> None:
    """V5, and the same with dollars at the rate of the day."""
    entered(ready, LATER, "84")
    bill_id = bought(ready, "100.00", "83.33333333")
    rupees = None if is_foreign else 280_000
    for minor in (3_333, 3_333, 3_334):
        part = usd(bill_id, minor, rupees)
        amount = part.amount
        advance(ready, amount.amount_minor, LATER, part, direction="out", currency=amount.currency)
    assert [one for one, _other in taken(owner_engine, ready)] == [277_750, 277_750, 277_833]
    assert carried(owner_engine, "bills", bill_id) == (833_333, 833_333)
    paid = 840_000
    assert worth(owner_engine, ready) == {
        "cost_of_services": 833_333,
        "bank": -paid,
        "exchange_differences": paid - 833_333,
    }
    proved(ready)


def test_a_foreign_advance_settles_a_document_in_the_base_currency(
    ready: Person, owner_engine: sa.Engine
) -> None:
    """V6."""
    entered(ready, DUE, "84.20")
    payment_id = advance(ready, 50_000, currency="USD")
    assert carried(owner_engine, "payments", payment_id) == (4_210_000, 0)
    invoice_id = issued(ready, line("42000.00", quantity=1))
    assert carried(owner_engine, "invoices", invoice_id) == (None, 0)
    allocate(ready, payment_id, Part(invoice_id, Money(50_000, "USD"), Money(4_200_000, "INR")))
    assert carried(owner_engine, "payments", payment_id) == (4_210_000, 4_210_000)
    assert taken(owner_engine, ready) == [(None, 4_210_000)]
    assert worth(owner_engine, ready) == {
        "bank": 4_210_000,
        "revenue_services": -4_200_000,
        "exchange_differences": -10_000,
    }
    proved(ready)


def test_dollars_settle_a_document_in_dollars(ready: Person, owner_engine: sa.Engine) -> None:
    """V8, without the revaluation."""
    invoice_id = sold(ready, "100.00", "84.20")
    entered(ready, DUE, "84.50")
    payment_id = pay(ready, invoice_id, 6_000, currency="USD")
    expected = {
        "bank": 507_000,
        "receivable": 336_800,
        "revenue_services": -842_000,
        "exchange_differences": -1_800,
    }
    assert worth(owner_engine, ready) == expected
    assert carried(owner_engine, "payments", payment_id) == (507_000, 507_000)
    shown = ready.api.get(f"/invoices/{invoice_id}").json
    names = ("base_currency", "base_total_amount", "base_open_amount")
    assert [shown[name] for name in names] == ["INR", "8420.00", "3368.00"]
    books = ready.tab.get(f"/payments/{payment_id}").text
    books = books[books.index('id="books"') :]
    assert ">60.00</td>" in books  # in the currency of the payment
    assert "INR</span>18.00</span></td>" in books  # a difference has no amount in dollars
    proved(ready)


def test_an_advance_that_is_ticked_gives_its_base_amount_to_the_invoice(
    ready: Person, owner_engine: sa.Engine
) -> None:
    """V10: an advance is not revalued."""
    entered(ready, EARLIER, "84.20")
    payment_id = advance(ready, 50_000, EARLIER, currency="USD")
    invoice_id = draft(
        ready, line("1000.00", quantity=1, currency="USD"), exchange_rate=quote("85.00")
    )
    ready.does(lambda actor: issue(actor, invoice_id, advance_ids=[payment_id]).id)
    assert worth(owner_engine, ready) == {
        "bank": 4_210_000,
        "receivable": 4_250_000,
        "revenue_services": -8_460_000,
    }
    assert carried(owner_engine, "invoices", invoice_id) == (8_460_000, 4_210_000)
    assert left_of(ready, payment_id) == (50_000, 0, 0)
    entered(ready, DUE, "85.30")
    for _half in range(2):  # each takes half of the rest
        pay(ready, invoice_id, 25_000, currency="USD")
    assert worth(owner_engine, ready) == {
        "bank": 8_475_000,
        "revenue_services": -8_460_000,
        "exchange_differences": -15_000,
    }
    assert [one for one, _other in taken(owner_engine, ready)] == [4_210_000] + [2_125_000] * 2
    proved(ready)


def test_advances_may_cover_a_whole_invoice_without_a_rate(
    ready: Person, owner_engine: sa.Engine
) -> None:
    entered(ready, EARLIER, "84.20")
    paid = [advance(ready, minor, EARLIER, currency="USD") for minor in (6_000, 6_000)]
    bare = line("100.00", quantity=1, currency="USD")
    service_days = [bare | {"service_date": DUE + timedelta(days=days)} for days in (1, 2)]
    whole, more = draft(ready, bare), draft(ready, *service_days)
    ready.does(lambda actor: issue(actor, whole, advance_ids=paid).id)
    assert carried(owner_engine, "invoices", whole) == (842_000, 842_000)
    with pytest.raises(payment_errors.NothingLeft):
        ready.does(lambda actor: issue(actor, more, advance_ids=paid).id)
    entered(ready, ISSUED, "85.01")
    ready.does(lambda actor: issue(actor, more, advance_ids=paid[1:]).id)
    # 20.00 of the second advance, and 180.00 at the rate of the day
    assert carried(owner_engine, "invoices", more) == (168_400 + 1_530_180, 168_400)
    assert worth(owner_engine, ready) == {
        "bank": 1_010_400,
        "receivable": 1_530_180,
        "revenue_services": -2_540_580,
    }
    rupees = advance(ready, 100, EARLIER)
    with pytest.raises(MixedCurrencies):
        other = draft(ready, bare)
        ready.does(lambda actor: issue(actor, other, advance_ids=[rupees]).id)
    proved(ready)


def test_an_advance_in_the_base_currency_settles_an_invoice_at_issue(
    ready: Person, owner_engine: sa.Engine
) -> None:
    payment_id, invoice_id = advance(ready, 100_000, EARLIER), draft(ready)
    response = ready.api.post(
        f"/invoices/{invoice_id}/issue", json={"advance_ids": [str(payment_id)]}
    )
    assert (response.json["open_amount"], response.json["base_open_amount"]) == (
        "44000.00",
        "44000.00",
    )
    assert taken(owner_engine, ready) == [(None, None)]
    proved(ready)


def test_the_page_offers_advances_and_shows_rate_and_base_total(
    ready: Person, owner_engine: sa.Engine
) -> None:
    entered(ready, EARLIER, "84.20")
    paid = [advance(ready, minor, EARLIER, currency="USD") for minor in (2_000, 3_000)]
    late = advance(ready, 100, ISSUED + timedelta(days=1), currency="USD")
    rupees = advance(ready, 100, EARLIER)
    invoice_id = draft(ready, line("100.00", quantity=1, currency="USD"))
    entered(ready, ISSUED, "85.00")
    browser, url = ready.tab, f"/invoices/{invoice_id}"
    step = browser.get(f"{url}/issue").text
    assert [str(one) in step for one in (*paid, late, rupees)] == [True, True, False, False]
    assert "1 USD = 85 INR, FBIL" in step
    assert "INR</span>8,500.00" in step
    refused = ready.api.post(f"{url}/issue", json={"advance_ids": [str(late)]})
    assert (refused.status_code, refused.json["detail"]) == (400, "invalid_date")
    given = {"csrf_token": csrf_token(browser), "advance": [str(paid[1]), "no id"]}
    assert browser.post(f"{url}/issue", data=given).status_code == 303
    assert [left_of(ready, one)[2] for one in paid] == [2_000, 0]
    assert carried(owner_engine, "invoices", invoice_id) == (252_600 + 595_000, 252_600)
    assert "INR</span>8,476.00" in browser.get(url).text


def test_a_missing_rate_is_said_on_the_page(ready: Person) -> None:
    invoice_id = draft(ready, line("100.00", quantity=1, currency="USD"))
    browser, url = ready.tab, f"/invoices/{invoice_id}"
    assert "Without one" not in browser.get(url).text
    given = {"csrf_token": csrf_token(browser)}
    response = browser.post(f"{url}/issue", data=given)
    assert response.status_code == 409
    assert "The rate of USD on 10 Jun 2024 is needed." in response.text


def test_an_advance_that_is_used_later_makes_a_difference(
    ready: Person, owner_engine: sa.Engine
) -> None:
    """V11."""
    entered(ready, EARLIER, "84.20")
    payment_id = advance(ready, 50_000, EARLIER, currency="USD")
    invoice_id = sold(ready, "1000.00", "85.00")
    allocate(ready, payment_id, usd(invoice_id, 50_000))
    assert worth(owner_engine, ready) == {
        "bank": 4_210_000,
        "receivable": 4_250_000,
        "revenue_services": -8_500_000,
        "exchange_differences": 40_000,
    }
    assert taken(owner_engine, ready) == [(4_250_000, 4_210_000)]
    proved(ready)


def test_bought_currency_is_worth_what_was_paid(ready: Person, owner_engine: sa.Engine) -> None:
    """V13."""
    lines = [
        entries.debit("bank", Money(100_000, "USD")),
        entries.credit("currency_exchange", Money(100_000, "USD")),
        entries.debit("currency_exchange", Money(8_450_000, "INR")),
        entries.credit("cash", Money(8_450_000, "INR")),
    ]
    ready.does(direct.post_direct, narration="Dollars bought", lines=lines, entry_date=DUE)
    assert worth(owner_engine, ready) == {"bank": 8_450_000, "cash": -8_450_000}
    proved(ready)


def test_dollars_pay_a_bill_in_dirhams(ready: Person, owner_engine: sa.Engine) -> None:
    """V14."""
    bill_id = bought(ready, "1000.00", "22.95", "AED")
    entered(ready, DUE, "84.40")
    part = Part(bill_id, Money(27_230, "USD"), settled=Money(100_000, "AED"))
    payment_id = advance(ready, 27_230, DUE, part, currency="USD", direction="out")
    expected = {"bank": -2_298_212, "cost_of_services": 2_295_000, "exchange_differences": 3_212}
    assert worth(owner_engine, ready) == expected
    proved(ready)
    ready.does(reversals.reverse_payment, payment_id, reason="A mistake", on=LATER)
    assert worth(owner_engine, ready) == {"cost_of_services": 2_295_000, "payable": -2_295_000}
    proved(ready)


def test_two_foreign_currencies_far_from_their_rates_are_refused(ready: Person) -> None:
    bill_id = bought(ready, "1000.00", "22.95", "AED")
    entered(ready, DUE, "84.40")
    entered(ready, ISSUED, "83.00")
    part = Part(bill_id, Money(1_000, "USD"), settled=Money(100_000, "AED"))
    with pytest.raises(payment_errors.SettledFarFromRate):
        advance(ready, 1_000, DUE, part, currency="USD", direction="out")


def test_an_advance_without_a_base_amount_settles_no_other_foreign_currency(
    ready: Person, owner_engine: sa.Engine
) -> None:
    bill_id = bought(ready, "1000.00", "22.95", "AED")
    entered(ready, DUE, "84.40")
    payment_id = advance(ready, 27_230, currency="USD", direction="out")
    with untied(owner_engine) as connection:
        connection.execute(
            sa.text("update payments set base_minor = null where id = :i"), {"i": payment_id}
        )
    with pytest.raises(payment_errors.TwoForeignCurrencies):
        part = Part(bill_id, Money(27_230, "USD"), settled=Money(100_000, "AED"))
        allocate(ready, payment_id, part)


def test_the_database_refuses_allocations_that_take_what_is_not_there(
    ready: Person, owner_engine: sa.Engine
) -> None:
    own, foreign = issued(ready, line("1000.00", quantity=1)), sold(ready, "100.00", "84.20")
    payment_id = advance(ready, 10_000)
    columns = (
        "tenant_id, id, payment_id, invoice_id, amount_minor, settled_minor, booked_minor,"
        " document_base_minor, payment_base_minor, effective_on, entry_id"
    )
    misfit = "does not fit its payment and document"
    for invoice_id, amounts, constraint in (
        (own, "1, null, null, 1, null", misfit),
        (own, "1, null, null, null, 1", misfit),
        (foreign, "84, 1, null, 84, null", misfit),
        (foreign, "84, 1, 84, -84, null", "ck_allocations_base"),
    ):
        row = (
            f"select tenant_id, gen_random_uuid(), id, '{invoice_id}', {amounts}, '{LATER}',"
            f" entry_id from payments where id = '{payment_id}'"
        )
        with (
            pytest.raises(sa.exc.IntegrityError, match=constraint),
            owner_engine.begin() as connection,
        ):
            connection.execute(sa.text(f"insert into allocations ({columns}) {row}"))


def test_a_document_without_a_rate_needs_one(ready: Person) -> None:
    with pytest.raises(RateMissing):
        sold(ready, "100.00", None)


@pytest.mark.parametrize("direction", ["in", "out"])
def test_what_is_taken_back_is_given_back_exactly(
    ready: Person, owner_engine: sa.Engine, direction: str
) -> None:
    """Each part takes an odd amount; taken back in another order, nothing is left."""
    entered(ready, EARLIER, "84.205")
    make = sold if direction == "in" else bought
    document_id, other_id = (
        make(ready, "100.00", rate, **given)
        for rate, given in (
            ("83.33333333", {}),
            ("84.00", {} if direction == "in" else {"vendor_reference": "B-2"}),
        )
    )
    table = "invoices" if direction == "in" else "bills"
    payment_id = advance(
        ready,
        10_007,
        EARLIER + timedelta(days=5),
        usd(document_id, 3_333),
        currency="USD",
        direction=direction,
    )
    unused, before = worth(owner_engine, ready), carried(owner_engine, "payments", payment_id)
    for one, minor in ((document_id, 3_331), (other_id, 1_001)):
        allocate(ready, payment_id, usd(one, minor))
    proved(ready)
    first, second, third = (
        row["id"]
        for row in stored(
            owner_engine,
            "select id from allocations where payment_id = :p order by created_at, id",
            p=payment_id,
        )
    )
    for allocation_id in (second, third):
        ready.does(allocations.deallocate, payment_id, allocation_id, on=LATER)
    assert worth(owner_engine, ready) == unused
    assert carried(owner_engine, "payments", payment_id) == before
    ready.does(allocations.deallocate, payment_id, first, on=LATER)
    assert carried(owner_engine, table, document_id)[1] == 0
    proved(ready)
    allocate(ready, payment_id, usd(other_id, 3_333))
    proved(ready)
    ready.does(reversals.reverse_payment, payment_id, reason="Bounced", on=LATER)
    assert len(set(carried(owner_engine, "payments", payment_id))) == 1
    assert {carried(owner_engine, table, one)[1] for one in (document_id, other_id)} == {0}
    assert set(worth(owner_engine, ready)) == (
        {"receivable", "revenue_services"} if direction == "in" else {"payable", "cost_of_services"}
    )
    proved(ready)
    void = issuing.void_invoice if direction == "in" else bill_service.void_bill
    for one in (document_id, other_id):
        ready.does(void, one, reason="A mistake", on=LATER)
    assert worth(owner_engine, ready) == {}
    proved(ready)


def test_a_refund_takes_its_part_of_the_advance(ready: Person, owner_engine: sa.Engine) -> None:
    entered(ready, EARLIER, "84.20")
    payment_id = advance(ready, 10_000, EARLIER, currency="USD")
    entered(ready, DUE, "85")
    dollars = Money(2_500, "USD")
    refund_id = ready.does(
        lambda actor: payments.refund_payment(actor, payment_id, amount=dollars, on=DUE).id
    )
    assert worth(owner_engine, ready) == {
        "bank": 842_000 - 212_500,
        "customer_advances": -631_500,
        "exchange_differences": 2_000,
    }
    proved(ready)
    ready.does(reversals.reverse_refund, payment_id, refund_id, reason="A mistake", on=LATER)
    assert carried(owner_engine, "payments", payment_id) == (842_000, 0)
    assert worth(owner_engine, ready) == {"bank": 842_000, "customer_advances": -842_000}
    proved(ready)


Credited = Callable[[Person, UUID], tuple[Callable[..., Any], tuple[UUID, ...]]]


def _noted(person: Person, invoice_id: UUID) -> tuple[Callable[..., Any], tuple[UUID, ...]]:
    amounts = {1: Money(3_333, "USD")}
    note_id = person.does(
        lambda actor: (
            credit_notes.issue_credit_note(
                actor, invoice_id, reason="Late", on=LATER, amounts=amounts
            ).id
        )
    )
    return credit_notes.reverse_credit_note, (note_id,)


def _written_off(person: Person, invoice_id: UUID) -> tuple[Callable[..., Any], tuple[UUID, ...]]:
    given = {"reason": "Lost", "amount": Money(3_333, "USD"), "on": LATER}
    row_id = person.granted("invoice.write_off").does(
        lambda actor: write_offs.write_off_invoice(actor, invoice_id, **given).id  # type: ignore[arg-type]
    )
    return write_offs.reverse_write_off, (invoice_id, row_id)


def _supplier_credited(
    person: Person, bill_id: UUID
) -> tuple[Callable[..., Any], tuple[UUID, ...]]:
    given = {"reason": "Late", "on": LATER, "amounts": {1: Money(3_333, "USD")}}
    credit_id = person.does(
        lambda actor: (
            supplier_credits.credit_bill(
                actor,
                bill_id,
                vendor_reference="C-1",
                **given,  # type: ignore[arg-type]
            ).id
        )
    )
    return supplier_credits.reverse_supplier_credit, (credit_id,)


@pytest.mark.parametrize(
    ("make", "act", "accounts"),
    [
        (sold, _noted, ("receivable", "revenue_services")),
        (sold, _written_off, ("receivable", "bad_debts")),
        (bought, _supplier_credited, ("payable", "cost_of_services")),
    ],
)
def test_a_credit_or_write_off_takes_its_part_without_a_difference(
    ready: Person,
    owner_engine: sa.Engine,
    make: Callable[..., UUID],
    act: Credited,
    accounts: tuple[str, str],
) -> None:
    """It needs no rate of its day."""
    document_id = make(ready, "100.00", "83.33333333")
    before = worth(owner_engine, ready)
    undo, ids = act(ready, document_id)
    control, other = accounts
    sign = 1 if control == "receivable" else -1
    expected = before | {
        control: before[control] - sign * 277_750,
        other: before.get(other, 0) + sign * 277_750,
    }
    assert worth(owner_engine, ready) == expected
    table = "invoices" if control == "receivable" else "bills"
    assert carried(owner_engine, table, document_id) == (833_333, 277_750)
    proved(ready)
    ready.does(undo, *ids, reason="A mistake", on=LATER)
    assert worth(owner_engine, ready) == before
    assert carried(owner_engine, table, document_id) == (833_333, 0)
    proved(ready)


def test_deferred_revenue_comes_to_zero_in_base(ready: Person, owner_engine: sa.Engine) -> None:
    """The parts of 0.05, 0.05 and 0.05 dollars are divided, not rounded one by one."""
    lines = [
        line("0.05", quantity=1, currency="USD") | {"service_date": DUE + timedelta(days=day)}
        for day in range(3)
    ]
    invoice_id = issued(ready, *lines, exchange_rate=quote("83.33333333"))  # type: ignore[arg-type]
    assert worth(owner_engine, ready) == {"receivable": 1_250, "revenue_services": -1_250}
    cents = {1: Money(3, "USD")}
    ready.does(
        lambda actor: (
            credit_notes.issue_credit_note(
                actor, invoice_id, reason="Late", on=ISSUED, amounts=cents
            ).id
        )
    )
    assert worth(owner_engine, ready) == {"receivable": 1_000, "revenue_services": -1_000}
    proved(ready)


def test_while_base_amounts_are_not_established_nothing_is_carried(
    alice: Person, owner_engine: sa.Engine
) -> None:
    entered(alice, DUE, "84.50")
    invoice_id = sold(alice, "100.00", "84.20")
    payment_id = pay(alice, invoice_id, 6_000, currency="USD")
    assert carried(owner_engine, "invoices", invoice_id) == (None, 0)
    assert carried(owner_engine, "payments", payment_id) == (None, 0)
    assert taken(owner_engine, alice) == [(None, None)]
    shown = alice.api.get(f"/invoices/{invoice_id}").json
    assert (shown["base_total_amount"], shown["base_open_amount"]) == (None, None)
    bill_id = bought(alice, "1000.00", "22.95", "AED")
    part = Part(bill_id, Money(27_230, "USD"), settled=Money(100_000, "AED"))
    with pytest.raises(payment_errors.TwoForeignCurrencies):
        advance(alice, 27_230, DUE, part, currency="USD", direction="out")
    proved(alice)


def test_documents_of_the_release_before_are_settled_as_before(
    ready: Person, owner_engine: sa.Engine
) -> None:
    """They have no base amount, so the difference stays on the account of receivables."""
    old, new = sold(ready, "100.00", "84.20"), sold(ready, "100.00", "84.20")
    with untied(owner_engine) as connection:
        connection.execute(
            sa.text("update invoices set base_minor = null where id = :i"), {"i": old}
        )
    entered(ready, DUE, "84.50")
    payment_id = advance(ready, 15_000, DUE, usd(old, 5_000), usd(new, 5_000), currency="USD")
    assert taken(owner_engine, ready) == [(None, 422_500), (421_000, 422_500)]
    allocate(ready, payment_id, usd(old, 2_500), usd(new, 2_500), on=DUE)
    assert worth(owner_engine, ready) == {
        "bank": 1_267_500,
        "receivable": 1_684_000 - 422_500 - 211_250 - 421_000 - 210_500,
        "revenue_services": -1_684_000,
        "exchange_differences": -1_500 - 750,
    }
    proved(ready)
    ready.does(reversals.reverse_payment, payment_id, reason="A mistake", on=LATER)
    assert worth(owner_engine, ready) == {"receivable": 1_684_000, "revenue_services": -1_684_000}


@pytest.mark.parametrize(
    ("table", "column"), [("invoices", "base_settled_minor"), ("payments", "base_used_minor")]
)
def test_the_check_finds_what_an_account_does_not_carry(
    ready: Person, owner_engine: sa.Engine, table: str, column: str
) -> None:
    sold(ready, "100.00", "84.20")
    entered(ready, DUE, "84.50")
    advance(ready, 10_000, currency="USD")
    proved(ready)
    with untied(owner_engine) as connection:
        connection.execute(
            sa.text(f"update {table} set {column} = 7 where tenant_id = :t"),
            {"t": ready.actor.tenant_id},
        )
    with ready.reading() as reader:
        found = [str(one).partition(":")[0] for one in checks.findings(reader)]
    assert found == (["ageing"] if table == "invoices" else []) + ["carried"]


def test_base_amounts_send_no_further_statement_in_the_base_currency(
    alice: Person, owner_engine: sa.Engine, statements: list[str]
) -> None:
    def sent() -> list[int]:
        counts, invoice_id = [], draft(alice)
        rupees, note = Money(1_000, "INR"), {"reason": "Late", "amounts": {1: Money(1_000, "INR")}}
        for act in (
            lambda actor: issue(actor, invoice_id, advance_ids=[]).id,
            lambda actor: payments.record_receipt(actor, invoice_id, rupees, DUE).id,
            lambda actor: credit_notes.issue_credit_note(actor, invoice_id, **note).id,  # type: ignore[arg-type]
        ):
            statements.clear()
            alice.does(act)
            counts.append(len(statements))
        return counts

    sent()  # the first document of a kind sends more
    before = sent()
    make_ready(owner_engine, alice)
    assert sent() == before
