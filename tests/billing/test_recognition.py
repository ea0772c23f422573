"""Methods of recognition of revenue, cost and commission."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.papers import issued, receive
from tests.billing.test_carrying import quote
from tests.billing.test_deferral import credit as credit_invoice, sound
from tests.billing.test_expected_bills import booked, expected
from tests.billing.test_prepaid_costs import credit as credit_bill
from tests.billing.test_service_periods import lasting
from tests.ledger.books import balances, stored
from tests.ledger.test_base_amounts import make_ready
from tests.people import Person
from tests.trips.things import a_trip
from voyagent.billing.core.models.policies import RecognitionPolicy
from voyagent.billing.core.rules import parts_of
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import issuing
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id

BEGIN, MONTH_END, END = date(2025, 3, 30), date(2025, 3, 31), date(2025, 4, 5)
ORDERED = {"issue_date": date(2025, 3, 1), "due_date": date(2025, 3, 1)}
INCOME = ("deferred_income", "revenue_services", "revenue_commission")
COST = ("prepaid_trip_costs", "cost_of_services")


def has_policy(person: Person, applies_to: str, method: str) -> None:
    with person.acting() as actor:
        db.session.add(
            RecognitionPolicy(
                id=new_id(),
                valid_from=date(1900, 1, 1),
                applies_to=applies_to,
                method=method,
                reason="Test",
                created_by_user_id=actor.user_id,
            )
        )


def stood(person: Person, day: date, names: tuple[str, ...] = INCOME[:2]) -> tuple[int, ...]:
    """Return the balances of accounts at the end of a date, without their sign."""
    there = balances(person, day)
    return tuple(abs(there.get((name, "INR"), 0)) for name in names)


@pytest.mark.parametrize(
    ("minor", "first", "last", "method", "parts"),
    [
        (7_000_000, BEGIN, END, "by_day", {MONTH_END: 2_000_000, END: 5_000_000}),
        (10_000_000, BEGIN, END, "by_day", {MONTH_END: 2_857_143, END: 7_142_857}),
        (7_000_000, BEGIN, END, "at_completion", {END: 7_000_000}),
        (7_000_000, BEGIN, END, "at_start", {BEGIN: 7_000_000}),
        (7_000_000, BEGIN, END, None, {BEGIN: 7_000_000}),
        (500, BEGIN, None, "by_day", {BEGIN: 500}),
        (
            1,
            date(2024, 1, 31),
            date(2024, 3, 1),
            "by_day",
            {date(2024, 1, 31): 0, date(2024, 2, 29): 1, date(2024, 3, 1): 0},
        ),
    ],
)
def test_an_amount_is_divided_by_cumulative_rounding(
    minor: int, first: date, last: date | None, method: str | None, parts: dict[date, int]
) -> None:
    """V20 and V23."""
    assert parts_of(minor, first, last, method) == parts


def test_revenue_and_cost_are_recognised_by_day(alice: Person, owner_engine: sa.Engine) -> None:
    """V20 to V22: revenue 70,000 and cost USD 630 at 84.50, from 30 March to 5 April."""
    make_ready(owner_engine, alice)
    has_policy(alice, "principal", "by_day")
    invoice_id = issued(alice, lasting(BEGIN, END, "70000.00"), **ORDERED)
    cost = lasting(BEGIN, END, "630.00", currency="USD")
    bill_id = receive(alice, cost, exchange_rate=quote("84.50"), **ORDERED)
    invoice = alice.api.get(f"/invoices/{invoice_id}").json
    bill = alice.api.get(f"/bills/{bill_id}").json
    assert [one["line_items"][0]["recognition"] for one in (invoice, bill)] == ["by_day"] * 2
    assert [
        [(part["recognised_on"], part["amount"]) for part in one["recognitions"]]
        for one in (invoice, bill)
    ] == [
        [("2025-03-31", "20000.00"), ("2025-04-05", "50000.00")],
        [("2025-03-31", "180.00"), ("2025-04-05", "450.00")],
    ]

    def based(day: date) -> dict[str, int]:
        """Return the balances of the accounts in base at the end of a day, in minor units."""
        rows = stored(
            owner_engine,
            "select a.purpose, sum(coalesce(p.base_debit_minor, 0)"
            " - coalesce(p.base_credit_minor, 0))::bigint as minor"
            " from postings p join accounts a on a.id = p.account_id"
            " where p.tenant_id = :t and p.effective_date <= :d group by a.purpose",
            t=alice.actor.tenant_id,
            d=day,
        )
        return {row["purpose"]: row["minor"] for row in rows if row["minor"]}

    names = (*INCOME[:2], *COST)
    assert [[based(day).get(name, 0) for name in names] for day in (BEGIN, MONTH_END, END)] == [
        [-7_000_000, 0, 5_323_500, 0],
        [-5_000_000, -2_000_000, 3_802_500, 1_521_000],
        [0, -7_000_000, 0, 5_323_500],
    ]
    periods = (("03-01", "03-31"), ("04-01", "04-01"), ("04-01", "04-05"))
    results = [
        alice.api.get(
            f"/reports/profit-and-loss?from=2025-{first}&to=2025-{last}&compare=none"
        ).json["base"]["result"]
        for first, last in periods
    ]
    assert results == ["4790.00", "0.00", "11975.00"], "a new year begins in April"
    for day, earlier, of_year in (("03-31", "0.00", "4790.00"), ("04-01", "4790.00", "0.00")):
        sheet = alice.api.get(f"/reports/balance-sheet?as_of=2025-{day}").json["base"]
        accounts = sheet["assets"] + sheet["liabilities"]
        amounts = {one["code"]: one["amount"] for one in accounts}
        assert (amounts["2400"], amounts["1330"]) == ("50000.00", "38025.00")
        assert (sheet["retained_earnings"], sheet["result_of_year"]) == (earlier, of_year)
    assert sound(alice)


def test_credits_take_back_the_parts_of_all_months(alice: Person) -> None:
    """A credit is divided like the line; the last one leaves nothing in any month."""
    has_policy(alice, "principal", "by_day")
    item = lasting(BEGIN, END, "100.01")
    invoice_id, bill_id = issued(alice, item, **ORDERED), receive(alice, item, **ORDERED)
    middle = date(2025, 4, 1)
    notes = [credit_invoice(alice, invoice_id, on, line_1=3_333) for on in (BEGIN, middle)]
    notes_of_supplier = [
        credit_bill(alice, bill_id, on, name, line_1=3_333)
        for on, name in ((BEGIN, "C-1"), (middle, "C-2"))
    ]
    for names in (INCOME[:2], COST):
        assert [stood(alice, day, names) for day in (BEGIN, MONTH_END, middle, END)] == [
            (6_668, 0),
            (4_763, 1_905),
            (2_382, 953),
            (0, 3_335),
        ]
    assert sound(alice)
    with alice.acting() as actor:
        credit_note_service.reverse_credit_note(actor, notes[0], reason="Wrong", on=middle)
        supplier_credit_service.reverse_supplier_credit(
            actor, notes_of_supplier[0], reason="Wrong", on=middle
        )
    credit_invoice(alice, invoice_id, middle)
    credit_bill(alice, bill_id, middle, "C-3")
    for names in (INCOME[:2], COST):
        assert [stood(alice, day, names) for day in (middle, END)] == [(0, 0), (0, 0)]
    assert sound(alice)


def test_a_document_of_a_begun_service_defers_the_rest(alice: Person) -> None:
    """A void in the middle of the service leaves nothing on any account."""
    has_policy(alice, "principal", "by_day")
    late = {"issue_date": date(2025, 4, 2), "due_date": date(2025, 4, 2)}
    invoice_id = issued(alice, lasting(BEGIN, END, "70.00"), **late)
    assert stood(alice, late["issue_date"]) == (5_000, 2_000)
    assert stood(alice, END) == (0, 7_000)
    with alice.acting() as actor:
        issuing.void_invoice(actor, invoice_id, reason="Wrong", on=date(2025, 4, 3))
    assert stood(alice, date(2025, 4, 3)) == (0, 0)
    assert stood(alice, END) == (0, 0)
    assert sound(alice)


def test_commission_waits_for_the_end_of_the_service(alice: Person) -> None:
    sale = lasting(BEGIN, END, "1000.00", sold_as="agent", commission="100.00")
    issued(alice, sale, **ORDERED)
    assert stood(alice, BEGIN, INCOME) == (0, 0, 10_000)
    has_policy(alice, "agent", "at_service")
    invoice_id = issued(alice, sale, **ORDERED)
    eve = END - timedelta(days=1)
    assert [stood(alice, day, INCOME) for day in (eve, END)] == [
        (10_000, 0, 10_000),
        (0, 0, 20_000),
    ]
    found = alice.api.get(f"/invoices/{invoice_id}").json
    assert found["line_items"][0]["recognition"] == "at_service"
    credit_invoice(alice, invoice_id, BEGIN, line_1=40_000)
    assert [stood(alice, day, INCOME) for day in (eve, END)] == [(6_000, 0, 10_000), (0, 0, 16_000)]
    credit_invoice(alice, invoice_id, END)
    assert stood(alice, END, INCOME) == (0, 0, 10_000)
    assert sound(alice)


def test_the_cost_of_a_service_has_the_method_of_its_revenue(alice: Person) -> None:
    has_policy(alice, "principal", "by_day")
    trip_id = a_trip(alice)
    hotel = booked(alice, trip_id)
    issued(
        alice,
        lasting(BEGIN, END) | {"trip_line_id": hotel},
        trip_id=trip_id,
        **ORDERED,
    )
    has_policy(alice, "principal", "at_completion")
    (one,) = expected(alice)
    wanted = {"expected_bill_ids": [one["id"]], "issue_date": "2026-06-10"}
    methods = []
    for reference in ("M-1", "M-2"):
        bill = alice.api.post(
            "/bills/from-expected", json=wanted | {"vendor_reference": reference}
        ).json
        if reference == "M-2":
            matches: Any = {"matches": []}
            alice.api.post(f"/bills/{bill['id']}/matches", json=matches)
        path = f"/bills/{bill['id']}/receive"
        received = alice.api.post(path, json={"variance_reason": "Agreed"}).json
        methods.append(received["line_items"][0]["recognition"])
        alice.api.post(f"/bills/{bill['id']}/void", json={"reason": "Wrong"})
    assert methods == ["by_day", "at_completion"]


def test_a_cancellation_keeps_the_parts_to_come(alice: Person) -> None:
    """The given part stays revenue of the service; a later credit takes from both."""
    has_policy(alice, "principal", "by_day")
    invoice_id = issued(alice, lasting(BEGIN, END, "70.00"), **ORDERED)
    body: dict[str, Any] = {
        "reason": "Came home early",
        "cancelled_on": "2025-04-01",
        "lines": [{"line_no": 1, "kept": "63.00"}],
    }
    path = f"/invoices/{invoice_id}/cancellations"
    preview = alice.api.post(f"{path}/preview", json=body).json
    made = alice.api.post(path, json=body | {"preview_hash": preview["preview_hash"]})
    assert made.status_code == 201, made.text
    names = (*INCOME[:2], "revenue_cancellation")
    assert stood(alice, date(2025, 4, 1), names) == stood(alice, END, names) == (0, 1_800, 4_500)
    credit_invoice(alice, invoice_id, END)
    assert stood(alice, END, names) == (0, 0, 0)
    assert sound(alice)
