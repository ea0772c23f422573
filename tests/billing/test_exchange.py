"""Payments of documents in another currency, with gains and losses."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, advance, draft, issue, issued, left_of, line, receive
from tests.chat.parallel import at_once
from tests.ledger.books import stored
from tests.paper_text import text_of
from tests.people import People, Person, csrf_token
from tests.rates.entered import entered
from voyagent.billing.bills import service as bill_service
from voyagent.billing.core.queries import open_list
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import (
    allocations as service_allocations,
    payments as payment_service,
    reversals as payment_reversals,
)
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel import clock
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money
from voyagent.kernel.rates import InvalidRate, Quote, RateOfOtherMoney
from voyagent.reports.queries import checks
from voyagent.reports.queries.party_statement import read_party_statement
from voyagent.reports.queries.periods import Days
from voyagent.settings.service import tenant_settings as settings

BALANCES = """
select a.purpose, p.currency, sum(p.debit_minor - p.credit_minor)::bigint as minor from postings p
join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id where p.tenant_id = :t
  group by 1, 2
"""
LATER = DUE + timedelta(days=3)


def quote(rate: str, base: str = "USD", other: str = "INR") -> Quote:
    return Quote(base, other, Decimal(rate), date(2024, 6, 9), "State Bank")


def booked(
    person: Person, price: str = "1000.00", rate: str = "83.00", currency: str = "USD", **given: Any
) -> UUID:
    """Create an issued invoice in a foreign currency with its booked rate."""
    item = line(price, quantity=1, currency=currency)
    return issued(person, item, exchange_rate=quote(rate, currency), **given)


def bought(person: Person, price: str = "1000.00", rate: str = "83.00", **given: Any) -> UUID:
    return receive(
        person,
        line(price, quantity=1, currency="USD"),
        vendor_name="Deepa Krishnan",
        exchange_rate=quote(rate),
        **given,
    )


def exchanged(
    document_id: UUID, minor: int, settled: int, *, currency: str = "INR", of: str = "USD"
) -> Part:
    return Part(document_id, Money(minor, currency), settled=Money(settled, of))


def allocate(person: Person, payment_id: UUID, *parts: Part, on: date = LATER) -> None:
    person.does(
        lambda actor: service_allocations.allocate(actor, payment_id, parts=parts, on=on).id
    )


def balances(person: Person, engine: sa.Engine) -> dict[tuple[str, str], int]:
    """Return the balances of accounts, debit less credit, without sales and purchases."""
    rows = stored(engine, BALANCES, t=person.actor.tenant_id)
    return {
        (row["purpose"], row["currency"]): row["minor"]
        for row in rows
        if row["minor"] and row["purpose"] not in ("revenue_services", "cost_of_services")
    }


def allocations(engine: sa.Engine, person: Person) -> list[Any]:
    return stored(
        engine,
        "select * from allocations where tenant_id = :t order by created_at, id",
        t=person.actor.tenant_id,
    )


def proved(person: Person) -> None:
    with person.reading() as reader:
        assert list(checks.findings(reader)) == []


@pytest.mark.parametrize("paid", [8_400_000, 8_200_000, 8_300_000], ids=["gain", "loss", "none"])
@pytest.mark.parametrize("direction", ["in", "out"])
@pytest.mark.parametrize("is_at_once", [True, False])
def test_an_exchange_gain_or_loss_is_posted_to_its_account(
    alice: Person, owner_engine: sa.Engine, paid: int, direction: Any, is_at_once: bool
) -> None:
    document_id = booked(alice) if direction == "in" else bought(alice)
    part = exchanged(document_id, paid, 100_000)
    payment_id = advance(alice, paid, DUE, *([part] if is_at_once else []), direction=direction)
    if not is_at_once:
        allocate(alice, payment_id, part)
    sign = 1 if direction == "in" else -1
    expected = {
        ("bank", "INR"): sign * paid,
        ("currency_exchange", "USD"): sign * 100_000,
        ("currency_exchange", "INR"): -sign * 8_300_000,
    }
    expected |= (
        {("exchange_differences", "INR"): -sign * (paid - 8_300_000)} if paid != 8_300_000 else {}
    )
    assert balances(alice, owner_engine) == expected
    assert left_of(alice, payment_id) == (paid, 0, 0)
    proved(alice)


def test_the_entry_has_the_lines_of_each_currency(alice: Person, owner_engine: sa.Engine) -> None:
    payment_id = advance(alice, 8_400_000)
    allocate(alice, payment_id, exchanged(booked(alice), 8_400_000, 100_000))
    lines = stored(
        owner_engine,
        "select a.purpose, p.currency, p.debit_minor, p.credit_minor from postings p join accounts"
        " a on a.tenant_id = p.tenant_id and a.id = p.account_id join allocations l on l.tenant_id"
        " = p.tenant_id and l.entry_id = p.entry_id where p.tenant_id = :t order by p.line_no",
        t=alice.actor.tenant_id,
    )
    assert [
        tuple(row[name] for name in ("purpose", "currency", "debit_minor", "credit_minor"))
        for row in lines
    ] == [
        ("customer_advances", "INR", 8_400_000, 0),
        ("currency_exchange", "INR", 0, 8_300_000),
        ("exchange_differences", "INR", 0, 100_000),
        ("currency_exchange", "USD", 100_000, 0),
        ("receivable", "USD", 0, 100_000),
    ]


def test_by_the_rate_of_the_day_the_amount_is_rounded_half_up(
    alice: Person, owner_engine: sa.Engine
) -> None:
    payment_id = advance(alice, 9_000_000)
    allocate(alice, payment_id, Part(booked(alice), Money(8_400_050, "INR"), quote=quote("84.05")))
    row = allocations(owner_engine, alice)[0]
    assert (row["amount_minor"], row["settled_minor"]) == (
        8_400_050,
        99_941,
    )  # 84,000.50 / 84.05 = 999.4111…
    assert (row["booked_minor"], row["rate"], row["rate_base"], row["rate_source"]) == (
        8_295_103,
        Decimal("84.05"),
        "USD",
        "State Bank",
    )
    document_id = booked(alice)
    with pytest.raises(payment_errors.SettledAmountWrong):
        allocate(
            alice,
            payment_id,
            Part(document_id, Money(84_000, "INR"), Money(999, "USD"), quote("84")),
        )
    allocate(
        alice, payment_id, Part(document_id, Money(84_000, "INR"), Money(1_000, "USD"), quote("84"))
    )
    proved(alice)


@pytest.mark.parametrize(
    ("currency", "price", "rate", "parts"),
    [
        ("USD", "100.00", "83.33333333", [3_333, 3_333, 3_334]),
        ("USD", "0.07", "0.5", [1] * 7),
        ("JPY", "1000", "0.56123", [333, 333, 334]),
        ("KWD", "100.001", "270.12345", [33_333, 33_334, 33_334]),
    ],
)
def test_book_values_of_parts_add_up_to_that_of_the_whole(
    alice: Person, owner_engine: sa.Engine, currency: str, price: str, rate: str, parts: list[int]
) -> None:
    document_id, payment_id = booked(alice, price, rate, currency), advance(alice, 10_000_000)

    def paid(minor: int) -> int:
        value = quote(rate, currency).changing(currency).convert(Money(minor, currency))
        return value.amount_minor or 1

    for minor in parts:
        allocate(alice, payment_id, exchanged(document_id, paid(minor), minor, of=currency))
    whole = (
        quote(rate, currency).changing(currency).convert(Money(sum(parts), currency)).amount_minor
    )
    assert sum(row["booked_minor"] for row in allocations(owner_engine, alice)) == whole
    first = allocations(owner_engine, alice)[0]["id"]
    alice.does(lambda actor: service_allocations.deallocate(actor, payment_id, first, on=LATER).id)
    allocate(alice, payment_id, exchanged(document_id, paid(parts[0]) + 1, parts[0], of=currency))
    assert sum(row["booked_minor"] for row in allocations(owner_engine, alice)) == whole
    with alice.acting():
        assert invoice_queries.get_invoice(document_id).status == "paid"
    on_exchange = {
        at: minor
        for at, minor in balances(alice, owner_engine).items()
        if at[0] == "currency_exchange"
    }
    assert on_exchange == {("currency_exchange", currency): sum(parts)} | (
        {("currency_exchange", "INR"): -whole} if whole else {}
    )
    proved(alice)


def test_a_foreign_payment_settles_a_document_of_the_books_without_gain(
    alice: Person, owner_engine: sa.Engine
) -> None:
    payment_id = advance(alice, 54_000, currency="USD")
    allocate(alice, payment_id, Part(issued(alice), Money(53_571, "USD"), Money(4_500_000, "INR")))
    assert balances(alice, owner_engine) == {
        ("bank", "USD"): 54_000,
        ("customer_advances", "USD"): -429,
        ("currency_exchange", "USD"): -53_571,
        ("currency_exchange", "INR"): 4_500_000,
    }
    proved(alice)


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_reversed_settlement_leaves_nothing_on_any_account(
    alice: Person, owner_engine: sa.Engine, direction: Any
) -> None:
    document_id = booked(alice) if direction == "in" else bought(alice)
    before = balances(alice, owner_engine)
    payment_id = advance(
        alice, 8_400_000, DUE, exchanged(document_id, 4_200_000, 50_000), direction=direction
    )
    allocate(alice, payment_id, exchanged(document_id, 4_100_000, 50_000))
    sign = 1 if direction == "in" else -1
    one, other = allocations(owner_engine, alice)
    alice.does(
        lambda actor: service_allocations.deallocate(actor, payment_id, one["id"], on=LATER).id
    )
    with pytest.raises(payment_errors.AllocationTakenBack):
        alice.does(
            lambda actor: service_allocations.deallocate(actor, payment_id, one["id"], on=LATER).id
        )
    assert left_of(alice, payment_id) == (4_100_000, 0, 4_300_000)
    counter = allocations(owner_engine, alice)[-1]
    names = ("amount_minor", "settled_minor", "booked_minor")
    assert (
        [counter[name] for name in names]
        == [-one[name] for name in names]
        == [-4_200_000, -50_000, -4_150_000]
    )
    reverses = stored(
        owner_engine, "select reverses_id from journal_entries where id = :e", e=counter["entry_id"]
    )
    assert reverses[0]["reverses_id"] == one["entry_id"]
    proved(alice)
    alice.does(
        lambda actor: (
            payment_reversals.reverse_payment(actor, payment_id, reason="A mistake", on=LATER).id
        )
    )
    assert (
        balances(alice, owner_engine)
        == before
        == {("receivable" if sign > 0 else "payable", "USD"): sign * 100_000}
    )
    proved(alice)
    act = issuing.void_invoice if direction == "in" else bill_service.void_bill
    alice.does(lambda actor: act(actor, document_id, reason="A mistake", on=LATER).id)
    assert balances(alice, owner_engine) == {}
    assert other["entry_id"] != one["entry_id"]


def test_a_payment_that_settles_in_both_currencies_is_reversed_as_a_whole(
    alice: Person, owner_engine: sa.Engine
) -> None:
    mine, foreign = issued(alice), booked(alice)
    before = balances(alice, owner_engine)
    parts = (Part(mine, Money(1_000_000, "INR")), exchanged(foreign, 4_200_000, 50_000))
    payment_id = advance(alice, 9_000_000, DUE, *parts)
    allocate(
        alice, payment_id, Part(mine, Money(500_000, "INR")), exchanged(foreign, 100_000, 1_200)
    )
    proved(alice)
    alice.does(
        lambda actor: (
            service_allocations.deallocate(
                actor, payment_id, allocations(owner_engine, alice)[0]["id"], on=LATER
            ).id
        )
    )
    alice.does(
        lambda actor: (
            payment_reversals.reverse_payment(actor, payment_id, reason="A mistake", on=LATER).id
        )
    )
    assert balances(alice, owner_engine) == before
    proved(alice)


def test_the_rest_of_an_advance_is_refunded_in_its_own_currency(
    alice: Person, owner_engine: sa.Engine
) -> None:
    payment_id = advance(alice, 9_000_000, DUE, exchanged(booked(alice), 8_400_000, 100_000))
    alice.does(lambda actor: payment_service.refund_payment(actor, payment_id, on=LATER).id)
    assert left_of(alice, payment_id) == (8_400_000, 600_000, 0)
    assert balances(alice, owner_engine)["bank", "INR"] == 8_400_000
    proved(alice)


def test_incomplete_settlements_have_their_own_error_codes(
    alice: Person, owner_engine: sa.Engine
) -> None:
    foreign, payment_id, dollars = (
        booked(alice),
        advance(alice, 9_000_000),
        advance(alice, 9_000_000, currency="EUR"),
    )
    bare = issued(alice, line("1000.00", quantity=1, currency="USD"))
    rupees, of_mine = Money(8_400_000, "INR"), issued(alice)
    for part, error in (
        (Part(foreign, rupees), payment_errors.SettledAmountMissing),
        (exchanged(bare, 8_400_000, 100_000), payment_errors.BookedRateMissing),
        (exchanged(foreign, 8_400_000, 100_001), payment_errors.PaymentExceedsOpen),
        (exchanged(foreign, 8_400_000, 0), InvalidAmount),
        (exchanged(foreign, 0, 100_000), InvalidAmount),
        (exchanged(foreign, 8_400_000, 100_000, of="EUR"), MixedCurrencies),
        (Part(foreign, rupees, quote=quote("84", "EUR")), RateOfOtherMoney),
        (Part(foreign, rupees, quote=quote("84", "USD", "EUR")), RateOfOtherMoney),
        (Part(foreign, rupees, quote=quote("0")), InvalidRate),
        (exchanged(foreign, 9_000_001, 100_000), payment_errors.PaymentOverAllocated),
        (Part(of_mine, Money(100, "INR"), Money(101, "INR")), payment_errors.SettledAmountWrong),
        (Part(of_mine, Money(100, "INR"), quote=quote("84")), payment_errors.SettledAmountWrong),
    ):
        with pytest.raises(error):
            allocate(alice, payment_id, part)
        with pytest.raises(error):
            advance(alice, 9_000_000, DUE, part)
    for document_id, part in (
        (foreign, exchanged(foreign, 100, 100, currency="EUR")),
        (bare, exchanged(bare, 100, 100, currency="EUR")),
    ):
        with pytest.raises(MixedCurrencies):
            allocate(alice, dollars, part)
        assert document_id == part.document_id
    assert allocations(owner_engine, alice) == []


def test_viewers_and_other_agencies_cannot_settle(
    people: People, alice: Person, victor: Person, charlie: Person
) -> None:
    foreign, payment_id = booked(alice), advance(alice, 9_000_000)
    body = {
        "allocations": [
            {
                "document_id": str(foreign),
                "amount": "84000.00",
                "settled_amount": "1000.00",
                "settled_currency": "USD",
            }
        ]
    }
    assert victor.api.post(f"/payments/{payment_id}/allocate", json=body).status_code == 403
    assert charlie.api.post(f"/payments/{payment_id}/allocate", json=body).status_code == 404
    with pytest.raises(invoice_errors.InvoiceNotFound):
        advance(charlie, 9_000_000, DUE, exchanged(foreign, 8_400_000, 100_000))
    assert left_of(alice, payment_id) == (0, 0, 9_000_000)


def test_parallel_payments_settle_neither_side_twice(
    alice: Person, owner_engine: sa.Engine
) -> None:
    document_id, payments = booked(alice), [advance(alice, 4_000_000) for _ in range(5)]
    results = at_once(
        [
            lambda one=one: allocate(alice, one, exchanged(document_id, 4_000_000, 40_000))
            for one in payments
        ]
    )  # type: ignore[misc]
    assert sum(isinstance(result, payment_errors.PaymentExceedsOpen) for result in results) == 3
    assert sum(row["settled_minor"] for row in allocations(owner_engine, alice)) == 80_000
    assert sum(row["booked_minor"] for row in allocations(owner_engine, alice)) == 6_640_000
    one, documents = advance(alice, 10_000), [booked(alice) for _ in range(5)]
    results = at_once(
        [lambda of=of: allocate(alice, one, exchanged(of, 4_000, 40)) for of in documents]
    )  # type: ignore[misc]
    assert sum(isinstance(result, payment_errors.PaymentOverAllocated) for result in results) == 3
    assert left_of(alice, one) == (8_000, 0, 2_000)
    proved(alice)


def test_the_database_refuses_settlements_that_break_the_rules(
    alice: Person, owner_engine: sa.Engine
) -> None:
    payment_id = advance(alice, 9_000_000, DUE, exchanged(booked(alice), 8_400_000, 100_000))
    bare = issued(alice, line("1000.00", quantity=1, currency="USD"))
    columns = (
        "tenant_id, id, payment_id, invoice_id, amount_minor, settled_minor, booked_minor,"
        " effective_on, entry_id"
    )
    for settled, written, constraint in (
        ("null", "null", "does not fit its payment and document"),
        ("1", "1", "does not fit its payment and document"),
        ("-1", "null", "ck_allocations_exchanged"),
    ):
        row = (
            f"select tenant_id, gen_random_uuid(), id, '{bare}', 1, {settled}, {written},"
            f" '{LATER}', entry_id from payments where id = '{payment_id}'"
        )
        with (
            pytest.raises(sa.exc.IntegrityError, match=constraint),
            owner_engine.begin() as connection,
        ):
            connection.execute(sa.text(f"insert into allocations ({columns}) {row}"))


def test_reports_of_earlier_days_do_not_change(alice: Person) -> None:
    document_id = booked(alice)
    advance(alice, 8_400_000, LATER, exchanged(document_id, 8_400_000, 100_000))
    with alice.reading() as reader:
        for day, still in ((DUE, [100_000]), (LATER, [])):
            rows = open_list.list_open(
                reader,
                "receivable",
                date(1900, 1, 1),
                date(2200, 12, 31),
                today=clock.today(),
                as_of=day,
            )
            assert [row["open_minor"] for row in rows] == still


def test_the_api_settles_by_amount_or_rate_and_returns_both_amounts(alice: Person) -> None:
    body = {
        "direction": "in",
        "party_name": "Deepa Krishnan",
        "amount": "84000.00",
        "currency": "INR",
        "paid_on": "2024-06-25",
    }
    rate = {"base": "USD", "quote": "INR", "rate": "84", "on": "2024-06-25", "source": "State Bank"}
    document_id = str(booked(alice))
    part = {"document_id": document_id, "amount": "42000.00"}
    headers = {"Idempotency-Key": "exchange-1"}
    sent = body | {"allocations": [part | {"exchange_rate": rate}]}
    made = alice.api.post("/payments", json=sent, headers=headers)
    assert made.status_code == 201, made.text
    assert alice.api.post("/payments", json=sent, headers=headers).json == made.json
    allocation = made.json["allocations"][0]
    names = ("amount", "settled_amount", "settled_currency", "booked_amount", "exchange_rate")
    assert [allocation[name] for name in names] == ["42000.00", "500.00", "USD", "41500.00", rate]
    here = f"/payments/{made.json['id']}"
    both = {"settled_amount": "500.00", "settled_currency": "USD"}
    allocated = alice.api.post(
        f"{here}/allocate", json={"allocations": [part | both], "effective_on": "2024-06-25"}
    ).json
    assert [allocated["allocations"][1][name] for name in names] == [
        "42000.00",
        "500.00",
        "USD",
        "41500.00",
        None,
    ]
    invoice = alice.api.get(f"/invoices/{document_id}").json
    assert (invoice["status"], invoice["paid_amount"], invoice["open_amount"]) == (
        "paid",
        "1000.00",
        "0.00",
    )
    assert [
        (one["amount"], one["payment_amount"], one["payment_currency"])
        for one in invoice["payments"]
    ] == [("500.00", "42000.00", "INR")] * 2
    taken = alice.api.post(f"{here}/allocations/{allocation['id']}/unallocate", json={}).json[
        "allocations"
    ][-1]
    assert [taken[name] for name in names] == ["-42000.00", "-500.00", "USD", "-41500.00", rate]
    plain = advance(alice, 4_500_000, DUE, Part(issued(alice), Money(4_500_000, "INR")))
    assert [alice.api.get(f"/payments/{plain}").json["allocations"][0][name] for name in names] == [
        "45000.00",
        "45000.00",
        "INR",
        None,
        None,
    ]
    for wrong, status, code in (
        (part, 422, "settled_amount_required"),
        (part | {"settled_amount": "500.00"}, 422, None),
        (part | both | {"exchange_rate": rate | {"rate": "85"}}, 422, "settled_amount_wrong"),
        (
            part | {"document_id": str(issued(alice, line(currency="USD")))} | both,
            409,
            "booked_rate_missing",
        ),
    ):
        answer = alice.api.post(f"{here}/allocate", json={"allocations": [wrong]})
        assert answer.status_code == status, answer.text
        assert code is None or answer.json["detail"] == code


def test_a_draft_with_a_rate_is_issued_in_its_own_currency(
    alice: Person, owner_engine: sa.Engine
) -> None:
    invoice_id = draft(
        alice, line("1000.00", quantity=1, currency="USD"), exchange_rate=quote("83")
    )
    issue(alice, invoice_id)
    assert balances(alice, owner_engine) == {("receivable", "USD"): 100_000}


def test_reversing_posts_what_its_page_showed(alice: Person, owner_engine: sa.Engine) -> None:
    parts = (
        Part(issued(alice), Money(1_000_000, "INR")),
        exchanged(booked(alice), 4_200_000, 50_000),
    )
    payment_id = advance(alice, 9_000_000, DUE, *parts)
    before = balances(alice, owner_engine)
    with alice.acting():
        shown = payment_reversals.reversal_sides(payment_queries.get_payment(payment_id))
    alice.does(
        lambda actor: (
            payment_reversals.reverse_payment(actor, payment_id, reason="A mistake", on=LATER).id
        )
    )
    after = balances(alice, owner_engine)
    for purpose, sign, amount in shown:
        assert amount
        at = "bank" if isinstance(purpose, UUID) else purpose, amount.currency
        before[at] = before.get(at, 0) + sign * amount.amount_minor
    assert {at: minor for at, minor in before.items() if minor} == after
    assert ("exchange_differences", -1, Money(50_000, "INR")) not in shown
    assert ("exchange_differences", 1, Money(50_000, "INR")) in shown


def test_pages_and_pdf_show_both_amounts(alice: Person) -> None:
    invoice_id = booked(alice)
    payment_id = advance(alice, 8_400_000, DUE, exchanged(invoice_id, 8_400_000, 100_000))
    browser = alice.tab
    page = browser.get(f"/payments/{payment_id}").get_data(as_text=True)
    assert re.search(r"settles .{,120}1,000\.00", page)
    assert "84,000.00" in browser.get(f"/invoices/{invoice_id}").text
    assert "1,000.00" in browser.get(f"/payments/{payment_id}/reverse").text
    text = text_of(browser.get(f"/payments/{payment_id}/payment.pdf").data)
    assert "USD 1,000.00" in text
    assert "84,000.00" in text
    with alice.reading() as reader:
        text = read_party_statement(
            reader, "customer", "Deepa Krishnan", Days(date(2024, 6, 1), date(2024, 6, 30))
        )
    moved = [
        (one.more.currency, one.more.amount_minor, one.less.amount_minor, one.balance.amount_minor)
        for one in text.moved
    ]
    assert sorted(moved) == [
        ("INR", 0, 8_400_000, -8_400_000),
        ("INR", 8_400_000, 0, 0),
        ("USD", 0, 100_000, 0),
        ("USD", 100_000, 0, 100_000),
    ]
    assert text.is_proved


@pytest.mark.parametrize("by", ["settled", "rate"])
def test_the_page_shows_both_amounts_and_the_postings(
    alice: Person, owner_engine: sa.Engine, by: str
) -> None:
    invoice_id, payment_id = booked(alice), advance(alice, 9_000_000)
    bare, mine = issued(alice, line("70.00", quantity=1, currency="USD")), issued(alice)
    here, browser = f"/payments/{payment_id}/allocate", alice.tab
    page = browser.get(here).text
    assert "1 USD = 83 INR, State Bank" in page
    assert f'name="settled_{invoice_id}"' in page
    assert f'name="settled_{bare}"' not in page
    assert "without an exchange rate" in page
    rows = [
        ("document_id", str(mine)),
        ("part", ""),
        ("document_id", str(invoice_id)),
        ("part", "84,000"),
    ]
    data: dict[str, Any] = {"csrf_token": csrf_token(browser), "effective_on": LATER.isoformat()}
    for name, value in rows:
        data.setdefault(name, []).append(value)
    given = (
        {f"settled_{invoice_id}": "1,000.00"}
        if by == "settled"
        else {f"rate_{invoice_id}": "84", "rate_source": "State Bank"}
    )
    looked = browser.post(here, data=data | given | {"then": "look"})
    assert looked.status_code == 200
    assert re.search(
        r"1160</span>\s+Currency exchange.*?83,000\.00.*?5920</span>\s+Exchange"
        r" differences.*?1,000\.00",
        looked.text,
        re.DOTALL,
    )
    assert allocations(owner_engine, alice) == []
    nothing = browser.post(here, data=data)
    assert nothing.status_code == 422
    assert "Enter the amount settled in the document’s currency" in nothing.text
    too_much = browser.post(here, data=data | {f"settled_{invoice_id}": "1000.01"})
    assert too_much.status_code == 422
    unsaid = browser.post(here, data=data | {f"rate_{invoice_id}": "84"})
    assert "Enter the source of this rate." in unsaid.text
    unread = browser.post(
        here, data=data | {f"rate_{invoice_id}": "eighty", "rate_source": "State Bank"}
    )
    assert "Enter a rate such as 83.25" in unread.text
    assert browser.post(here, data=data | given).status_code == 303
    (row,) = allocations(owner_engine, alice)
    assert (row["amount_minor"], row["settled_minor"], row["booked_minor"]) == (
        8_400_000,
        100_000,
        8_300_000,
    )
    assert row["rate_on"] == (LATER if by == "rate" else None)
    proved(alice)


def test_a_payment_in_a_foreign_currency_is_offered_only_documents_of_the_books(
    alice: Person,
) -> None:
    mine, foreign = issued(alice), booked(alice)
    page = alice.tab.get(f"/payments/{advance(alice, 90_000, currency='EUR')}/allocate").text
    assert f'name="settled_{mine}"' in page
    assert "1 EUR in INR" in page
    assert f'name="settled_{foreign}"' not in page
    assert "Neither this document nor the payment is in INR" in page


RULES = {  # by the currency of the books (INR) and the foreign one (USD), booked at 83
    "of little": ("1.00", "50000.00"),
    "just beyond twice": ("83000.00", "2000.01"),
    "just below half": ("83000.00", "499.99"),
    "of much": ("4150000.00", "1.00"),
}


def settling(document_id: UUID, paid: str, settled: str, currency: str = "USD") -> dict[str, Any]:
    """Return a part of a payment for the API; `currency` is that of the document."""
    return {
        "document_id": str(document_id),
        "amount": paid,
        "settled_amount": settled,
        "settled_currency": currency,
    }


def paying(*parts: dict[str, Any], amount: str, currency: str = "INR", **given: Any) -> Any:
    """Return a payment for the API."""
    return {
        "direction": "in",
        "party_name": "Deepa Krishnan",
        "amount": amount,
        "currency": currency,
        "paid_on": LATER.isoformat(),
        "allocations": list(parts),
    } | given


def by_both_ways(person: Person, payment_id: UUID, body: dict[str, Any]) -> list[Any]:
    """Return the answers to a new payment and to an allocation of an earlier one."""
    allocating = {"allocations": body["allocations"], "effective_on": LATER.isoformat()}
    return [
        person.api.post("/payments", json=body),
        person.api.post(f"/payments/{payment_id}/allocate", json=allocating),
    ]


@pytest.mark.parametrize("case", RULES)
@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_settlement_far_from_the_booked_rate_is_refused(
    alice: Person, owner_engine: sa.Engine, direction: str, case: str
) -> None:
    paid, settled = RULES[case]
    document_id = (booked if direction == "in" else bought)(alice, "60000.00")
    before = balances(alice, owner_engine)
    body = paying(settling(document_id, paid, settled), amount=paid, direction=direction)
    minor = int(Decimal(paid) * 100)
    payment_id = advance(alice, minor, direction=direction)
    for answer in by_both_ways(alice, payment_id, body):
        assert (answer.status_code, answer.json["detail"]) == (422, "settled_amount_far_from_rate")
        assert "write off, credit or give up the rest" in answer.json["message"]
    assert (allocations(owner_engine, alice), left_of(alice, payment_id)) == ([], (0, 0, minor))
    advances = "customer_advances" if direction == "in" else "supplier_advances"
    after = balances(alice, owner_engine)
    assert {at: after[at] for at in after if at[0] not in ("bank", advances)} == before


@pytest.mark.parametrize("is_in_table", [True, False])
@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_booked_rate_far_from_the_known_one_forgives_no_debt(
    alice: Person, direction: Any, is_in_table: bool
) -> None:
    document = booked if direction == "in" else bought
    if is_in_table:
        entered(alice, date(2024, 6, 8), "83")
    else:
        document(alice)
    named = {} if direction == "in" else {"vendor_reference": "B-2"}
    document_id = document(alice, "5000.00", "0.001", **named)
    with pytest.raises(payment_errors.SettledFarFromRate):
        advance(alice, 500, DUE, exchanged(document_id, 500, 500_000), direction=direction)
    whole = exchanged(document_id, 41_500_000, 500_000)
    advance(alice, 41_500_000, DUE, whole, direction=direction)
    proved(alice)


def test_a_rate_of_the_day_far_from_the_booked_rate_is_refused(alice: Person) -> None:
    document_id, payment_id = booked(alice), advance(alice, 9_000_000)
    part = Part(document_id, Money(100_000, "INR"), quote=quote("1.00"))
    with pytest.raises(payment_errors.SettledFarFromRate):
        allocate(alice, payment_id, part)
    with pytest.raises(payment_errors.SettledFarFromRate):
        advance(alice, 100_000, DUE, part)


@pytest.mark.parametrize("settled", [50_000, 99_000, 200_000])
def test_half_and_twice_the_booked_rate_and_bank_charges_are_accepted(
    alice: Person, settled: int
) -> None:
    document_id = booked(alice, "2000.00")
    advance(alice, 8_300_000, DUE, exchanged(document_id, 8_300_000, settled))
    proved(alice)


@pytest.mark.parametrize(
    ("paid", "is_accepted"), [(1, False), (40, True), (83, True), (249, True), (300, False)]
)
def test_a_settlement_of_the_smallest_amounts_may_be_rounded(
    alice: Person, paid: int, is_accepted: bool
) -> None:
    """One cent, booked as INR 0.83, may stand for half a cent or for one and a half."""
    part = exchanged(booked(alice), paid, 1)
    if is_accepted:
        advance(alice, paid, DUE, part)
    else:
        with pytest.raises(payment_errors.SettledFarFromRate):
            advance(alice, paid, DUE, part)


@pytest.mark.parametrize("direction", ["in", "out"])
@pytest.mark.parametrize("base", ["USD", "INR"])
def test_a_foreign_payment_is_compared_with_the_last_booked_rates(
    alice: Person, charlie: Person, direction: Any, base: str
) -> None:
    """A document of the books has no rate of its own."""
    booked(charlie)
    whole = line("1000000.00", quantity=1)
    document_id = (
        issued(alice, whole)
        if direction == "in"
        else receive(alice, whole, vendor_name="Deepa Krishnan")
    )
    dollars = line("10.00", quantity=1, currency="USD")
    draft(alice, dollars, exchange_rate=quote("83"))
    voided = booked(alice)
    alice.does(lambda actor: issuing.void_invoice(actor, voided, reason="A mistake", on=LATER).id)
    part = settling(document_id, "0.01", "100000.00", "INR")
    body = paying(part, amount="0.01", currency="USD", direction=direction)
    unknown = alice.api.post("/payments", json=body)
    assert unknown.status_code == 201, "no rate of this agency is known"
    rate = quote("83") if base == "USD" else quote("0.012", "INR", "USD")
    issued(alice, dollars, exchange_rate=rate)
    for answer in by_both_ways(alice, advance(alice, 1, currency="USD", direction=direction), body):
        assert (answer.status_code, answer.json["detail"]) == (422, "settled_amount_far_from_rate")
    receive(alice, dollars, exchange_rate=rate, vendor_reference="B-1")
    receive(alice, dollars, exchange_rate=quote("99999999"), vendor_reference="B-2")
    assert alice.api.post("/payments", json=body).status_code == 422, "one false rate is not enough"
    near = paying(
        settling(document_id, "1000.00", "84000.00", "INR"),
        amount="1000.00",
        currency="USD",
        direction=direction,
    )
    assert alice.api.post("/payments", json=near).status_code == 201
    proved(alice)


@pytest.mark.parametrize("direction", ["in", "out"])
def test_what_is_settled_in_another_currency_is_compared_with_the_limit(
    people: People, alice: Person, owner_engine: sa.Engine, direction: Any
) -> None:
    """Otherwise a payment of one rupee could settle a document of any amount."""
    lead = people.colleague(alice, "Leila Lead", role="accounting_lead")
    limits = {"approval_limits": {"accounting_lead": {"amount": "1000.00", "currency": "INR"}}}
    alice.does(lambda actor: settings.update(actor, limits).tenant_id)
    document_id = (booked if direction == "in" else bought)(alice, "60000.00")
    mine = (
        issued(alice)
        if direction == "in"
        else receive(alice, vendor_name="Deepa Krishnan", vendor_reference="B-2")
    )
    payment_id = advance(alice, 90_000, direction=direction)
    dollars = advance(alice, 1_000, direction=direction, currency="USD")
    for settled in ("50000.00", "10.00"):
        body = paying(settling(document_id, "830.00", settled), amount="830.00")
        for answer in by_both_ways(lead, payment_id, body | {"direction": direction}):
            assert (answer.status_code, answer.json["detail"]) == (403, "amount_above_limit")
    foreign = {"allocations": [settling(mine, "10.00", "830.00", "INR")]}
    answer = lead.api.post(f"/payments/{dollars}/allocate", json=foreign)
    assert (answer.status_code, answer.json["detail"]) == (403, "amount_above_limit")
    assert allocations(owner_engine, alice) == []
    alike = {"allocations": [{"document_id": str(mine), "amount": "830.00"}]}
    assert lead.api.post(f"/payments/{payment_id}/allocate", json=alike).status_code == 200
    within = {"allocations": [settling(document_id, "60.00", "0.72")]}
    assert alice.api.post(f"/payments/{payment_id}/allocate", json=within).status_code == 200


def test_of_two_at_once_only_the_settlement_near_the_rate_is_made(alice: Person) -> None:
    document_id = booked(alice, "2000.00")
    near, far = exchanged(document_id, 8_400_000, 100_000), exchanged(document_id, 100, 100_000)
    results = at_once(
        [lambda part=part: advance(alice, 8_400_000, DUE, part) for part in (near, far)]
    )  # type: ignore[misc]
    assert isinstance(results[0], UUID)
    assert isinstance(results[1], payment_errors.SettledFarFromRate)
    proved(alice)
