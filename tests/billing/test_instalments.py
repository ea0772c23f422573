"""Documents in instalments: plans, order of settlement, ages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import (
    EVER,
    ISSUED,
    draft,
    draft_bill,
    issue,
    issued,
    line,
    pay,
    plan,
    receive,
    untied,
)
from tests.billing.test_ages import ages
from tests.ledger.books import stored
from tests.people import Person
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.core import errors
from voyagent.billing.core.queries import open_list
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.service import instalments
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.queries import board as invoice_board, documents as invoice_queries
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import allocations, payments as payment_service, settling
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.money import Money

FIRST, SECOND, THIRD = date(2024, 6, 10), date(2024, 7, 20), date(2024, 8, 31)
THIRDS = plan((FIRST, "10000.00"), (SECOND, "15000.00"), (THIRD, "20000.00"))
TODAY = date(2024, 9, 1)


def due(person: Person, document_id: UUID, *, kind: Kind = "receivable") -> date:
    """Return the stored due date of a document."""
    with person.acting():
        return (invoice_queries.get_invoice if kind == "receivable" else bill_queries.get_bill)(
            document_id
        ).due_date


def parts(
    person: Person, *, kind: Kind = "receivable", today: date = TODAY, as_of: date | None = None
) -> list[tuple[int | None, date, int, int]]:
    """Return the open instalments: number, date, minor units, age."""
    with person.reading() as reader:
        rows = reader.read(
            open_list.list_instalments_statement(kind, *EVER, today=today, as_of=as_of)
        )[0]
    return [(row["place"], row["due_date"], row["open_minor"], row["age"]) for row in rows]


def test_each_instalment_has_its_own_age(alice: Person) -> None:
    issued(alice, instalments=THIRDS)
    assert ages(alice, *EVER) == {
        ("INR", 1): (1, 2_000_000),
        ("INR", 2): (1, 1_500_000),
        ("INR", 3): (1, 1_000_000),
    }
    assert ages(alice, *EVER, as_of=TODAY) == ages(alice, *EVER) == ages(alice, ISSUED, ISSUED), (
        "by the roll-up, as it stood, and in a broken month"
    )
    assert (
        parts(alice)
        == parts(alice, as_of=TODAY)
        == [(1, FIRST, 1_000_000, 3), (2, SECOND, 1_500_000, 2), (3, THIRD, 2_000_000, 1)]
    )
    assert untied(alice) == []


@pytest.mark.parametrize(
    ("paid", "left", "next_due"),
    [
        (1, [999_999, 1_500_000, 2_000_000], FIRST),
        (999_999, [1, 1_500_000, 2_000_000], FIRST),
        (1_000_000, [1_500_000, 2_000_000], SECOND),
        (1_000_001, [1_499_999, 2_000_000], SECOND),
        (2_500_000, [2_000_000], THIRD),
        (4_499_999, [1], THIRD),
        (4_500_000, [], THIRD),
    ],
)
def test_payments_settle_the_earliest_instalment_first(
    alice: Person, paid: int, left: list[int], next_due: date
) -> None:
    invoice_id = issued(alice, instalments=THIRDS)
    pay(alice, invoice_id, paid)
    assert [minor for _place, _due, minor, _age in parts(alice)] == left
    assert due(alice, invoice_id) == next_due, (
        "the due date is that of the first that is still open"
    )
    assert untied(alice) == []


def test_a_credit_settles_like_a_payment_and_its_reversal_reopens(alice: Person) -> None:
    invoice_id = issued(alice, instalments=THIRDS)
    payment_id = pay(alice, invoice_id, 1_000_000)
    with alice.acting() as actor:
        credit_note_service.issue_credit_note(
            actor, invoice_id, reason="Not travelled", amounts={1: Money(1_500_000, "INR")}
        )
        assert invoice_queries.get_invoice(invoice_id).due_date == THIRD
    assert parts(alice) == [(3, THIRD, 2_000_000, 1)]
    with alice.acting() as actor:
        allocation = payment_queries.get_payment(payment_id) and db.session.scalar(
            sa.text("select id from allocations where payment_id = :p"), {"p": payment_id}
        )
        allocations.deallocate(actor, payment_id, allocation)
    assert due(alice, invoice_id) == SECOND
    assert parts(alice) == [(2, SECOND, 1_000_000, 2), (3, THIRD, 2_000_000, 1)]
    assert untied(alice) == []


def test_an_instalment_paid_later_was_open_on_the_earlier_day(alice: Person) -> None:
    invoice_id = issued(alice, instalments=THIRDS)
    pay(alice, invoice_id, 1_200_000, date(2024, 7, 1))
    pay(alice, invoice_id, 3_300_000, date(2024, 8, 1))
    assert parts(alice, as_of=date(2024, 6, 30)) == [
        (1, FIRST, 1_000_000, 1),
        (2, SECOND, 1_500_000, 0),
        (3, THIRD, 2_000_000, 0),
    ]
    assert parts(alice, as_of=date(2024, 7, 31)) == [
        (2, SECOND, 1_300_000, 1),
        (3, THIRD, 2_000_000, 0),
    ]
    assert parts(alice, as_of=date(2024, 8, 1)) == parts(alice) == []
    with alice.reading() as reader:
        then = open_list.list_open(
            reader, "receivable", *EVER, today=TODAY, as_of=date(2024, 7, 31)
        )
    assert [
        (row["due_date"], row["open_minor"], row["total_minor"], row["age"]) for row in then
    ] == [(SECOND, 3_300_000, 4_500_000, 1)]


def test_a_document_is_counted_once_among_the_overdue(alice: Person) -> None:
    issued(alice, instalments=THIRDS)
    with alice.reading() as reader:
        by_week = reader.read(
            open_items.due_statement("receivable", today=FIRST, monday=FIRST, weeks=8)
        )[0]
        assert [(row["week"], row["n"], row["open_minor"]) for row in by_week] == [
            (0, 1, 1_000_000),
            (5, 0, 1_500_000),
            (8, 0, 2_000_000),
        ]
        found = invoice_board.InvoiceSearch(today=TODAY, status="overdue")
        board = invoice_board.read_list_page(reader, found)
        assert (board.page.total, board.numbers(TODAY)["overdue"], len(board.page.items)) == (
            1,
            1,
            1,
        )
        assert [
            row["n"]
            for row in reader.read(open_items.top_parties_statement("receivable", *EVER))[0]
        ] == [1]
    with alice.reading() as reader:
        assert (
            invoice_board.read_list_page(
                reader, invoice_board.InvoiceSearch(today=FIRST, status="overdue")
            ).page.items
            == []
        ), "due today is not overdue"


@pytest.mark.parametrize(
    ("paid", "found"),
    [
        (0, {FIRST: True, SECOND: True, THIRD: True}),
        (1_000_000, {FIRST: False, SECOND: True, THIRD: True}),
        (2_600_000, {FIRST: False, SECOND: False, THIRD: True}),
    ],
)
def test_a_filter_by_due_date_finds_any_open_instalment(
    alice: Person, paid: int, found: dict[date, bool]
) -> None:
    """The home page links the amount of a week to the list with these due dates."""
    planned, bill_id = issued(alice, instalments=THIRDS), receive(alice, instalments=THIRDS)
    issued(alice, issue_date=ISSUED, due_date=THIRD + timedelta(days=40))
    if paid:
        pay(alice, planned, paid)
        alice.does(payment_service.pay_bill, bill_id, Money(paid, "INR"), ISSUED)
    for first, is_in in found.items():
        days: dict[str, Any] = {
            "status": "open",
            "due_from": first,
            "due_to": first + timedelta(days=6),
        }
        with alice.reading() as reader:
            invoices = invoice_board.read_list_page(
                reader, invoice_board.InvoiceSearch(TODAY, **days)
            ).page
            bills = bill_queries.list_bills(reader, bill_queries.BillSearch(TODAY, **days)).items
        assert (
            [row["id"] for row in invoices.items],
            invoices.total,
            [row["id"] for row in bills],
        ) == (([planned], 1, [bill_id]) if is_in else ([], 0, [])), first
    with alice.reading() as reader:
        between = invoice_board.InvoiceSearch(
            TODAY, due_from=FIRST + timedelta(days=1), due_to=SECOND - timedelta(days=1)
        )
        assert invoice_board.read_list_page(reader, between).page.items == [], (
            "nothing is due between"
        )


def test_a_bill_may_be_due_in_instalments(alice: Person) -> None:
    bill_id = receive(alice, instalments=THIRDS)
    assert parts(alice, kind="payable") == [
        (1, FIRST, 1_000_000, 3),
        (2, SECOND, 1_500_000, 2),
        (3, THIRD, 2_000_000, 1),
    ]
    with alice.acting() as actor:
        payment_service.record_payment(
            actor,
            direction="out",
            party_name="BSP India",
            amount=Money(1_100_000, "INR"),
            parts=[settling.Part(bill_id, Money(1_100_000, "INR"))],
        )
        supplier_credit_service.credit_bill(
            actor,
            bill_id,
            vendor_reference="C-1",
            reason="Late",
            amounts={1: Money(100_000, "INR")},
        )
        assert bill_queries.get_bill(bill_id).due_date == SECOND
    assert parts(alice, kind="payable") == [(2, SECOND, 1_300_000, 2), (3, THIRD, 2_000_000, 1)]
    assert untied(alice) == []


def test_a_void_document_keeps_its_due_date(alice: Person) -> None:
    invoice_id = issued(alice, instalments=THIRDS)
    with alice.acting() as actor:
        issuing.void_invoice(actor, invoice_id, reason="A mistake")
    assert due(alice, invoice_id) == FIRST
    assert parts(alice) == []
    assert parts(alice, as_of=date(2024, 6, 30))[0] == (1, FIRST, 1_000_000, 1)
    assert untied(alice) == []


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"instalments": plan((FIRST, "45000.00"))}, errors.InvalidInstalments),
        ({"instalments": plan((FIRST, "45000.00"), (SECOND, "0.00"))}, errors.InvalidInstalments),
        ({"instalments": plan((FIRST, "-1.00"), (SECOND, "45001.00"))}, errors.InvalidInstalments),
        (
            {"instalments": plan(*((FIRST + timedelta(days=n), "1000.00") for n in range(37)))},
            errors.InvalidInstalments,
        ),
        (
            {"instalments": plan((FIRST, "20000.00"), (SECOND, "24999.99"))},
            errors.InstalmentsDoNotAddUp,
        ),
        (
            {"instalments": plan((FIRST, "20000.00"), (SECOND, "25000.01"))},
            errors.InstalmentsDoNotAddUp,
        ),
        (
            {"instalments": plan((FIRST, "20000.00"), (SECOND, "25000.001"))},
            errors.InvalidInstalmentAmount,
        ),
        (
            {"instalments": plan((SECOND, "20000.00"), (FIRST, "25000.00"))},
            errors.InvalidInstalmentDates,
        ),
        (
            {"instalments": plan((FIRST, "20000.00"), (FIRST, "25000.00"))},
            errors.InvalidInstalmentDates,
        ),
        (
            {"instalments": plan((ISSUED - timedelta(days=1), "20000.00"), (SECOND, "25000.00"))},
            errors.InvalidInstalmentDates,
        ),
        (
            {
                "instalments": plan(
                    (FIRST, "20000.00"), (date(2200, 12, 31) + timedelta(days=1), "25000.00")
                )
            },
            errors.InvalidInstalmentDates,
        ),
        ({"instalments": THIRDS, "due_date": SECOND}, errors.InvalidInstalmentDates),
    ],
)
def test_invalid_instalments_are_refused(
    alice: Person, given: dict[str, Any], error: type[VoyagentError]
) -> None:
    with pytest.raises(error):
        draft(alice, **given)
    with pytest.raises(error):
        draft_bill(alice, **given)


def test_a_draft_with_instalments_is_changed(alice: Person) -> None:
    invoice_id = draft(alice, instalments=THIRDS)
    assert due(alice, invoice_id) == FIRST

    def change(**changes: Any) -> list[tuple[date, int]]:
        with alice.acting() as actor:
            revised = invoice_drafts.revise_draft(actor, invoice_id, changes)  # type: ignore[arg-type]
            stored = instalments.plan_of(revised)
            return list(zip(stored.dues, stored.minors, strict=True))

    for refused, error in (
        ({"line_items": [line("1.00")]}, errors.InstalmentsDoNotAddUp),
        ({"issue_date": SECOND}, errors.InvalidInstalmentDates),
        ({"due_date": SECOND}, errors.InvalidInstalmentDates),
        ({"instalments": THIRDS[:1]}, errors.InvalidInstalments),
        (
            {"currency": "JPY", "instalments": plan((FIRST, "0.50"), (SECOND, "44999.50"))},
            errors.InvalidInstalmentAmount,
        ),
    ):
        with pytest.raises(error):
            change(**refused)
    assert change(due_date=None) == [(FIRST, 1_000_000), (SECOND, 1_500_000), (THIRD, 2_000_000)]
    assert change(currency="JPY") == [
        (FIRST, 10_000),
        (SECOND, 15_000),
        (THIRD, 20_000),
    ], "the same figures in another currency"
    assert change(
        line_items=[line("15.00")], instalments=plan((SECOND, "10.00"), (THIRD, "20.00"))
    ) == [(SECOND, 1_000), (THIRD, 2_000)]
    assert due(alice, invoice_id) == SECOND
    assert change(instalments=None) == []
    assert due(alice, invoice_id) == SECOND, "without a plan the whole is due when the first was"
    assert change(instalments=plan((FIRST, "10.00"), (THIRD, "20.00")), due_date=FIRST) == [
        (FIRST, 1_000),
        (THIRD, 2_000),
    ]
    issue(alice, invoice_id)
    assert untied(alice) == []


def test_the_audit_log_has_the_instalments(alice: Person, owner_engine: sa.Engine) -> None:
    invoice_id = draft(alice)
    with alice.acting() as actor:
        invoice_drafts.revise_draft(actor, invoice_id, {"instalments": THIRDS})
        invoice_drafts.revise_draft(actor, invoice_id, {"instalments": THIRDS})
    rows = stored(
        owner_engine,
        "select inputs, outputs from audit_events where tenant_id = :t and kind ="
        " 'invoice.revised'",
        t=alice.actor.tenant_id,
    )
    assert len(rows) == 1, "what leaves it as it was is no event"
    assert rows[0]["inputs"]["fields"] == [{"field": "instalments"}, {"field": "due_date"}]
    assert rows[0]["outputs"]["instalments"][0] == {"due_date": "2024-06-10", "amount": "10000.00"}


def test_the_database_refuses_invalid_instalments(alice: Person) -> None:
    invoice_id, plain = issued(alice, instalments=THIRDS), issued(alice)
    for wrong in (
        "instalment_minors = array[4500000]",
        "instalment_dues = null, instalment_minors = null",
        "instalment_dues = array[date '2024-06-10', date '2024-07-01', date '2024-08-31']",
        "instalment_dues = null",
    ):
        with alice.acting(), pytest.raises(sa.exc.DBAPIError):
            rows_changed(f"update invoices set {wrong} where id = :id", id=invoice_id)
    with alice.acting(), pytest.raises(sa.exc.DBAPIError):
        rows_changed("update invoices set due_date = due_date + 1 where id = :id", id=plain)
    with alice.acting():
        rows_changed("update invoices set due_date = due_date + 1 where id = :id", id=invoice_id)
    assert due(alice, invoice_id) == FIRST, "nobody but the trigger moves it"
    plain = draft(alice)
    for dues, minors in (
        ("{2024-06-10}", "{4500000}"),
        ("{2024-06-10,2024-06-10}", "{1,2}"),
        ("{2024-06-10,2024-06-20}", "{1}"),
        ("{2024-06-10,2024-06-20}", "{0,2}"),
        ("{2024-06-10,null}", "{1,2}"),
        ("{2024-06-10,2024-06-20}", "{1,null}"),
        ("{2024-06-09,2024-06-20}", "{1,2}"),
        (None, "{1,2}"),
    ):
        with alice.acting(), pytest.raises(sa.exc.IntegrityError, match="ck_invoices_instalments"):
            planned = (
                "update invoices set instalment_dues = cast(:dues as date[]), instalment_minors ="
                " cast(:minors as bigint[]) where id = :id"
            )
            rows_changed(planned, dues=dues, minors=minors, id=plain)


def test_instalments_that_do_not_add_up_are_not_posted(alice: Person) -> None:
    invoice_id = draft(alice, instalments=THIRDS)
    with alice.acting():
        rows_changed(
            "update invoices set instalment_minors = array[1000000, 1500000, 1999999] where id"
            " = :id",
            id=invoice_id,
        )
    with pytest.raises(errors.InstalmentsDoNotAddUp):
        issue(alice, invoice_id)
    with (
        alice.acting(),
        pytest.raises(sa.exc.DBAPIError, match="instalments of invoices do not add up"),
    ):
        rows_changed(
            "update invoices set status = 'issued', number = 'X', entry_id = id where id = :id",
            id=invoice_id,
        )


def test_a_wrong_roll_up_by_instalment_is_found(alice: Person) -> None:
    issued(alice, instalments=THIRDS)
    with alice.acting():
        rows_changed(
            "update ageing_by_due set documents = documents + 1 where due_date = '2024-07-20' and"
            " tenant_id = :tenant_id"
        )
    assert untied(alice) == [
        "ageing_by_due kind=receivable currency=INR issue_month=2024-06-01 due_date=2024-07-20:"
        " documents stored 1, recomputed 0"
    ]


def test_an_advance_settles_the_earliest_instalment_first(alice: Person) -> None:
    late = issued(alice, line("100.00", quantity=1), due_date=SECOND - timedelta(days=1))
    planned = issued(alice, instalments=THIRDS)
    pay(alice, planned, 1_000_000)  # its first open instalment is due after the other invoice now
    with alice.acting() as actor:
        paid = payment_service.record_payment(
            actor, direction="in", party_name="Deepa Krishnan", amount=Money(10_000, "INR")
        )
        allocations.allocate(actor, paid.id)
        assert invoice_queries.get_invoice(late).status == "paid"
