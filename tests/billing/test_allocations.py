"""Rules of allocations: partial settlement, advances from the rest, reversal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import (
    DUE,
    EVER,
    ISSUED,
    advance,
    draft,
    issued,
    left_of,
    line,
    pay,
    receive,
    seen,
    untied,
)
from tests.chat.parallel import at_once
from tests.ledger.books import balances
from tests.people import Person
from voyagent.billing.bills import errors as bill_errors, queries as bill_queries
from voyagent.billing.core import errors
from voyagent.billing.core.queries import open_list
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import allocations, payments as payment_service
from voyagent.billing.payments.service.means import Means
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money
from voyagent.ledger.service import months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.reports.queries import checks

LATER, LAST = date(2024, 7, 10), date(2024, 7, 20)


def part(document_id: UUID, minor: int, currency: str = "INR") -> Part:
    return Part(document_id, Money(minor, currency))


def allocate(person: Person, payment_id: UUID, *parts: Part, on: date = LATER) -> None:
    person.does(allocations.allocate, payment_id, parts=parts, on=on)


def take_back(person: Person, payment_id: UUID, *, place: int = 0, on: date = LAST) -> None:
    with person.reading() as reader:
        allocation = payment_queries.read_payment(reader, payment_id).allocations[place]
    person.does(allocations.deallocate, payment_id, allocation["id"], on=on)


def open_on(person: Person, day: date, kind: Kind = "receivable") -> dict[str, int]:
    """Return the open amounts at the end of a date, by reference."""
    with person.reading() as reader:
        rows = open_list.list_open(reader, kind, *EVER, today=day, as_of=day)
    return {row["reference"]: row["open_minor"] for row in rows}


def sound(person: Person) -> bool:
    with person.app.app_context():
        return checks.run(person.actor.tenant_id) == []


# One payment, many documents
# --------------------------------------------------------------------------------


def test_a_receipt_settles_several_invoices_and_the_rest_is_an_advance(alice: Person) -> None:
    whole, some = issued(alice), issued(alice)
    payment_id = advance(alice, 7_000_000, DUE, part(whole, 4_500_000), part(some, 1_500_000))
    assert (
        seen(alice, whole)["status"],
        seen(alice, some)["status"],
        seen(alice, some)["paid_minor"],
    ) == ("paid", "partially_paid", 1_500_000)
    assert left_of(alice, payment_id) == (6_000_000, 0, 1_000_000)
    books = balances(alice)
    assert (
        books["bank", "INR"],
        books["receivable", "INR"],
        books["customer_advances", "INR"],
    ) == (7_000_000, 3_000_000, -1_000_000)
    with alice.reading() as reader:
        found = payment_queries.read_payment(reader, payment_id)
    assert found.payment["number"] == "R/2024-25/000001"
    assert [(row["code"], row["debit_minor"], row["credit_minor"]) for row in found.journal] == [
        ("1100", 7_000_000, 0),
        ("1200", 0, 6_000_000),
        ("2200", 0, 1_000_000),
    ]
    assert {row["entry_id"] for row in found.allocations} == {found.payment["entry_id"]}
    assert untied(alice) == []
    assert sound(alice)


def test_a_payment_to_a_supplier_has_the_opposite_postings(alice: Person) -> None:
    bill_id = receive(alice)
    payment_id = advance(
        alice,
        5_000_000,
        DUE,
        part(bill_id, 4_500_000),
        direction="out",
        party_name="BSP India",
        account="cash",
    )
    books = balances(alice)
    assert (books["cash", "INR"], books["payable", "INR"], books["supplier_advances", "INR"]) == (
        -5_000_000,
        0,
        500_000,
    )
    second = receive(alice, vendor_reference="BSP-2")
    allocate(alice, payment_id, part(second, 500_000))
    with alice.acting():
        assert [bill_queries.get_bill(one).status for one in (bill_id, second)] == [
            "paid",
            "received",
        ]
        assert payment_queries.get_payment(payment_id).number == "P/2024-25/000001"
    take_back(alice, payment_id)
    with alice.acting():
        assert bill_queries.get_bill(bill_id).status == "received"
    assert balances(alice)["payable", "INR"] == -8_500_000
    assert balances(alice)["supplier_advances", "INR"] == 4_500_000
    assert sound(alice)


def test_an_advance_needs_no_document(alice: Person) -> None:
    payment_id = advance(alice, 100)
    assert left_of(alice, payment_id) == (0, 0, 100)
    assert balances(alice) == {("bank", "INR"): 100, ("customer_advances", "INR"): -100}


def test_a_later_allocation_is_posted_on_its_day(alice: Person) -> None:
    payment_id = advance(alice, 5_000_000, date(2024, 6, 1))
    first, second = issued(alice), issued(alice)
    allocate(alice, payment_id, part(second, 400_000), part(first, 4_500_000))
    assert balances(alice, LATER - timedelta(days=1))["customer_advances", "INR"] == -5_000_000
    assert (balances(alice)["customer_advances", "INR"], balances(alice)["receivable", "INR"]) == (
        -100_000,
        4_100_000,
    )
    numbers = [seen(alice, one)["number"] for one in (first, second)]
    assert open_on(alice, LATER - timedelta(days=1)) == dict.fromkeys(numbers, 4_500_000)
    assert open_on(alice, LATER) == {numbers[1]: 4_100_000}
    assert sound(alice)


def test_a_taken_back_allocation_was_valid_until_that_day(alice: Person) -> None:
    invoice_id = issued(alice)
    payment_id = pay(alice, invoice_id, 4_500_000)
    number = seen(alice, invoice_id)["number"]
    take_back(alice, payment_id)
    assert (seen(alice, invoice_id)["status"], seen(alice, invoice_id)["paid_minor"]) == (
        "issued",
        0,
    )
    assert left_of(alice, payment_id) == (0, 0, 4_500_000)
    assert [
        open_on(alice, day)
        for day in (DUE - timedelta(days=1), DUE, LAST - timedelta(days=1), LAST)
    ] == [
        {number: 4_500_000},
        {},
        {},
        {number: 4_500_000},
    ]
    assert (balances(alice)["receivable", "INR"], balances(alice)["customer_advances", "INR"]) == (
        4_500_000,
        -4_500_000,
    )
    allocate(alice, payment_id, part(invoice_id, 4_500_000), on=LAST)
    assert open_on(alice, LAST) == {}
    assert open_on(alice, DUE) == {}
    assert untied(alice) == []
    assert sound(alice)


def test_an_allocation_is_taken_back_once_and_its_counterpart_never(alice: Person) -> None:
    payment_id = pay(alice, issued(alice), 100)
    take_back(alice, payment_id)
    for place in (0, 1):
        with pytest.raises(payment_errors.AllocationTakenBack):
            take_back(alice, payment_id, place=place)
    with pytest.raises(payment_errors.AllocationNotFound):
        alice.does(allocations.deallocate, payment_id, payment_id)
    with pytest.raises(errors.InvalidDate):
        take_back(alice, pay(alice, issued(alice), 100), on=DUE - timedelta(days=1))


def test_no_allocation_is_dated_before_the_last_reversal(alice: Person) -> None:
    """Otherwise a report of a date in between would show too large a settled amount."""
    first, second = issued(alice), issued(alice)
    payment_id = pay(alice, first, 4_500_000)
    take_back(alice, payment_id)
    with pytest.raises(errors.InvalidDate):
        allocate(alice, payment_id, part(second, 100), on=LAST - timedelta(days=1))
    with pytest.raises(errors.InvalidDate):
        allocate(alice, advance(alice, 100), part(first, 100), on=LAST - timedelta(days=1))
    with pytest.raises(errors.InvalidDate):
        alice.does(payment_service.refund_payment, payment_id, on=LAST - timedelta(days=1))
    allocate(alice, payment_id, part(second, 100), on=LAST)


@pytest.mark.parametrize(
    ("minor", "currency", "on", "error"),
    [
        (4_500_001, "INR", LATER, payment_errors.PaymentExceedsOpen),
        (0, "INR", LATER, InvalidAmount),
        (-1, "INR", LATER, InvalidAmount),
        (100, "AED", LATER, MixedCurrencies),
        (100, "INR", ISSUED - timedelta(days=1), errors.InvalidDate),
        (100, "INR", clock.today() + timedelta(days=2), errors.InvalidDate),
    ],
)
def test_amounts_above_the_payment_or_the_document_are_refused(
    alice: Person, minor: int, currency: str, on: date, error: type[Exception]
) -> None:
    invoice_id, payment_id = issued(alice), advance(alice, 9_000_000, date(2024, 6, 1))
    with pytest.raises(error):
        allocate(alice, payment_id, part(invoice_id, minor, currency), on=on)
    with pytest.raises(error):
        advance(alice, 9_000_000, on, part(invoice_id, minor, currency))
    assert left_of(alice, payment_id) == (0, 0, 9_000_000)
    assert seen(alice, invoice_id)["paid_minor"] == 0


def test_no_allocation_is_dated_before_the_payment(alice: Person) -> None:
    invoice_id, payment_id = issued(alice), advance(alice, 100, DUE)
    before = DUE - timedelta(days=1)
    with pytest.raises(errors.DateTooEarly):
        allocate(alice, payment_id, part(invoice_id, 100), on=before)
    body = {
        "allocations": [{"document_id": str(invoice_id), "amount": "1.00"}],
        "effective_on": before.isoformat(),
    }
    refused = alice.api.post(f"/payments/{payment_id}/allocate", json=body)
    assert (refused.status_code, refused.json["detail"]) == (400, "invalid_date")  # type: ignore[index]
    allocate(alice, payment_id, part(invoice_id, 100), on=DUE)


def test_a_payment_cannot_allocate_more_than_its_amount(alice: Person) -> None:
    first, second = issued(alice), issued(alice)
    with pytest.raises(payment_errors.PaymentOverAllocated):
        advance(alice, 100, DUE, part(first, 60), part(second, 41))
    payment_id = advance(alice, 100, DUE, part(first, 60))
    with pytest.raises(payment_errors.PaymentOverAllocated):
        allocate(alice, payment_id, part(second, 41))
    alice.does(payment_service.refund_payment, payment_id, amount=Money(30, "INR"), on=DUE)
    with pytest.raises(payment_errors.PaymentOverAllocated):
        allocate(alice, payment_id, part(second, 11))
    allocate(alice, payment_id, part(second, 10))
    assert left_of(alice, payment_id) == (70, 30, 0)


@pytest.mark.parametrize(
    ("paid_by", "owed_by", "is_same"),
    [
        ("MEERA NAIR", "Meera Nair", True),
        ("मीरा नायर", "मीरा नायर", True),
        ("मीरा नायर", "मीना नायर", False),
        ("ÉCLAIR TOURS", "Éclair Tours", True),
        ("ΣΙΣΥΦΟΣ", "σισυφος", None),
        ("İlker", "i̇lker", None),
    ],
)
def test_a_payment_and_a_document_have_the_same_party_as_the_database_compares_names(
    alice: Person, paid_by: str, owed_by: str, is_same: bool | None
) -> None:
    if is_same is None:  # the answer depends on the collation of the database
        with alice.reading():
            is_same = db.session.scalar(sa.select(sa.func.lower(paid_by) == sa.func.lower(owed_by)))
    payment_id = advance(alice, 100, party_name=paid_by)
    document = issued(alice, customer_name=owed_by)
    if is_same:
        allocate(alice, payment_id, part(document, 1))
        return
    with pytest.raises(payment_errors.AnotherParty):
        allocate(alice, payment_id, part(document, 1))


def test_documents_of_another_party_currency_or_kind_are_refused(
    alice: Person, charlie: Person
) -> None:
    payment_id = advance(alice, 9_000_000)
    with pytest.raises(payment_errors.AnotherParty):
        allocate(alice, payment_id, part(issued(alice, customer_name="Deepa Krishna"), 1))
    allocate(alice, payment_id, part(issued(alice, customer_name="deepa KRISHNAN"), 1))
    with pytest.raises(payment_errors.BookedRateMissing):
        allocate(alice, payment_id, part(issued(alice, line(currency="AED")), 1))
    for document_id in (issued(charlie), receive(alice, vendor_name="Deepa Krishnan")):
        with pytest.raises(invoice_errors.InvoiceNotFound):
            allocate(alice, payment_id, part(document_id, 1))
    with pytest.raises(bill_errors.BillNotFound):
        advance(alice, 100, DUE, part(issued(alice), 1), direction="out")
    paid = issued(alice)
    pay(alice, paid, 4_500_000)
    for invoice_id in (draft(alice), paid):
        with pytest.raises(errors.DocumentNotOpen):
            allocate(alice, payment_id, part(invoice_id, 1))


def test_at_least_one_document_and_each_only_once(alice: Person) -> None:
    invoice_id, payment_id = issued(alice), advance(alice, 100)
    with pytest.raises(payment_errors.DocumentTwice):
        allocate(alice, payment_id, part(invoice_id, 1), part(invoice_id, 2))
    with pytest.raises(payment_errors.InvalidAllocations):
        allocate(alice, payment_id)
    with pytest.raises(payment_errors.InvalidAllocations):
        allocate(alice, payment_id, *[part(invoice_id, 1)] * 201)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"party_name": " "}, errors.CustomerNameRequired),
        ({"reference": "x" * 129}, errors.TextTooLong),
        ({"amount": Money(0, "INR")}, InvalidAmount),
        ({"amount": Money(10**14, "INR")}, InvalidAmount),
        ({"on": clock.today() + timedelta(days=2)}, errors.InvalidDate),
    ],
)
def test_an_invalid_payment_is_refused_and_leaves_no_gap(
    alice: Person, given: dict[str, Any], error: type[Exception]
) -> None:
    values: dict[str, Any] = {
        "direction": "in",
        "party_name": "Deepa Krishnan",
        "amount": Money(100, "INR"),
        "on": DUE,
    }
    with pytest.raises(error):
        alice.does(payment_service.record_payment, **values | given)
    assert balances(alice) == {}
    with alice.acting() as actor:
        assert payment_service.record_payment(actor, **values).number == "R/2024-25/000001"


def test_a_closed_month_refuses_payments_allocations_and_refunds(alice: Person) -> None:
    payment_id, invoice_id = advance(alice, 200), issued(alice)
    allocate(alice, payment_id, part(invoice_id, 100), on=DUE)
    alice.does(months.close_month, date(2024, 6, 1))
    with pytest.raises(PeriodLocked):
        advance(alice, 100)
    with pytest.raises(PeriodLocked):
        allocate(alice, payment_id, part(invoice_id, 100), on=DUE)
    with pytest.raises(PeriodLocked):
        take_back(alice, payment_id, on=DUE)
    with pytest.raises(PeriodLocked):
        alice.does(payment_service.refund_payment, payment_id, on=DUE)
    take_back(alice, payment_id)
    assert sound(alice)


def test_viewers_and_other_agencies_can_change_nothing(
    alice: Person, victor: Person, charlie: Person
) -> None:
    invoice_id = issued(alice)
    payment_id = advance(alice, 200, DUE, part(invoice_id, 100))
    for person, error in ((victor, Forbidden), (charlie, payment_errors.PaymentNotFound)):
        with pytest.raises(error):
            allocate(person, payment_id, part(invoice_id, 1))
        with pytest.raises(error):
            person.does(allocations.deallocate, payment_id, payment_id)
        with pytest.raises(error):
            person.does(payment_service.refund_payment, payment_id)
    with pytest.raises(Forbidden):
        advance(victor, 100)
    with pytest.raises(invoice_errors.InvoiceNotFound):
        advance(charlie, 100, DUE, part(invoice_id, 1))


# Refunds
# --------------------------------------------------------------------------------


def test_an_advance_is_refunded_in_parts(alice: Person) -> None:
    payment_id = advance(alice, 1_000)
    with alice.acting() as actor:
        first = payment_service.refund_payment(
            actor,
            payment_id,
            amount=Money(400, "INR"),
            on=LATER,
            means=Means(account="cash"),
            reference="Voucher 7",
        )
        assert (first.number, first.amount_minor, first.refunded_on) == (
            "F/2024-25/000001",
            400,
            LATER,
        )
        rest = payment_service.refund_payment(actor, payment_id)
        assert (rest.amount_minor, rest.refunded_on) == (600, clock.today(actor.timezone))
    assert left_of(alice, payment_id) == (0, 1_000, 0)
    assert balances(alice) == {
        ("bank", "INR"): 400,
        ("cash", "INR"): -400,
        ("customer_advances", "INR"): 0,
    }
    with pytest.raises(payment_errors.PaymentOverAllocated):
        alice.does(payment_service.refund_payment, payment_id)
    assert sound(alice)


def test_an_advance_to_a_supplier_is_refunded_by_the_supplier(alice: Person) -> None:
    payment_id = advance(alice, 1_000, direction="out", party_name="BSP India")
    alice.does(payment_service.refund_payment, payment_id, on=LATER)
    assert balances(alice) == {("bank", "INR"): 0, ("supplier_advances", "INR"): 0}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"amount": Money(1_001, "INR")}, payment_errors.PaymentOverAllocated),
        ({"amount": Money(0, "INR")}, InvalidAmount),
        ({"amount": Money(1, "AED")}, MixedCurrencies),
        ({"on": DUE - timedelta(days=1)}, errors.InvalidDate),
        ({"on": clock.today() + timedelta(days=2)}, errors.InvalidDate),
        ({"reference": "x" * 129}, errors.TextTooLong),
    ],
)
def test_an_invalid_refund_is_refused(
    alice: Person, given: dict[str, Any], error: type[Exception]
) -> None:
    payment_id = advance(alice, 1_000)
    with pytest.raises(error):
        alice.does(payment_service.refund_payment, payment_id, **given)
    assert left_of(alice, payment_id) == (0, 0, 1_000)


# Many at once
# --------------------------------------------------------------------------------


def test_parallel_allocations_of_one_payment_never_exceed_it(alice: Person) -> None:
    payment_id, invoices = advance(alice, 250), [issued(alice) for _ in range(6)]
    results = at_once(
        [lambda one=one: allocate(alice, payment_id, part(one, 100)) for one in invoices]
    )  # type: ignore[misc]
    assert (
        sorted(type(result).__name__ for result in results)
        == ["NoneType"] * 2 + ["PaymentOverAllocated"] * 4
    )
    assert left_of(alice, payment_id) == (200, 0, 50)
    assert sound(alice)


def test_parallel_payments_never_exceed_a_document(alice: Person) -> None:
    invoice_id, payments = issued(alice), [advance(alice, 2_000_000) for _ in range(5)]
    results = at_once(
        [lambda one=one: allocate(alice, one, part(invoice_id, 2_000_000)) for one in payments]
    )  # type: ignore[misc]
    assert (
        sorted(type(result).__name__ for result in results)
        == ["NoneType"] * 2 + ["PaymentExceedsOpen"] * 3
    )
    assert seen(alice, invoice_id)["paid_minor"] == 4_000_000
    assert sound(alice)


def test_payments_of_the_same_documents_in_any_order_do_not_deadlock(
    alice: Person,
) -> None:
    invoices = [issued(alice, due_date=DUE + timedelta(days=day)) for day in range(4)]
    payments = [advance(alice, 400) for _ in range(6)]
    orders = [invoices if place % 2 else invoices[::-1] for place in range(6)]
    acts = [
        lambda one=one, order=order, day=day: allocate(
            alice,
            one,
            *(part(document, 100) for document in order),
            on=LATER + timedelta(days=31 * day),
        )  # type: ignore[misc]
        for day, (one, order) in enumerate(zip(payments, orders, strict=True))
    ]
    assert at_once(acts) == [None] * 6
    assert [seen(alice, one)["paid_minor"] for one in invoices] == [600] * 4
    assert untied(alice) == []
    assert sound(alice)


def test_parallel_refunds_allocations_and_deallocations_see_what_is_left(
    alice: Person,
) -> None:
    invoice_id = issued(alice)
    payment_id = advance(alice, 100, DUE, part(invoice_id, 60))
    results = at_once(
        [
            *[
                lambda: alice.does(
                    lambda actor: (
                        payment_service.refund_payment(
                            actor, payment_id, amount=Money(40, "INR")
                        ).id
                    )
                )
            ]
            * 2,
            *[lambda: allocate(alice, payment_id, part(invoice_id, 40), on=clock.today())] * 2,
        ]
    )
    assert sum(isinstance(result, payment_errors.PaymentOverAllocated) for result in results) == 3
    allocated, refunded, rest = left_of(alice, payment_id)
    assert (allocated, refunded, rest) in {(60, 40, 0), (100, 0, 0)}
    taken = at_once([lambda: take_back(alice, payment_id, on=clock.today())] * 3)
    assert sorted(type(result).__name__ for result in taken) == [
        "AllocationTakenBack",
        "AllocationTakenBack",
        "NoneType",
    ]
    assert sound(alice)


def test_parallel_receipts_are_numbered_without_a_gap(alice: Person) -> None:
    at_once([lambda: advance(alice, 100)] * 6)
    with alice.reading() as reader:
        numbers = sorted(
            row["number"]
            for row in payment_queries.list_payments(reader, payment_queries.PaymentSearch()).items
        )
    assert numbers == [f"R/2024-25/{n:06d}" for n in range(1, 7)]
