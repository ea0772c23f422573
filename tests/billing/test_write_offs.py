"""Write-offs, posted to bad debts and reversible once.

They are at most the amount due.
"""

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
    pay,
    seen,
    untied,
    write_off,
)
from tests.chat.parallel import at_once
from tests.ledger.books import balances, bind
from tests.people import People, Person
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.core import errors
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import allocations, payments as payment_service, settling
from voyagent.billing.write_offs import errors as write_off_errors, service as write_off_service
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money
from voyagent.ledger.service import months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.reports.queries import checks

WHY = "Cannot be traced"
BACK = DUE + timedelta(days=5)


def take_back(
    person: Person,
    invoice_id: UUID,
    write_off_id: UUID,
    *,
    on: date = BACK,
    reason: str = "Has paid after all",
) -> UUID:
    """Reverse a write-off."""
    with person.acting() as actor:
        return write_off_service.reverse_write_off(
            actor, invoice_id, write_off_id, reason=reason, on=on
        ).id


def amounts(person: Person, invoice_id: UUID) -> tuple[int, int, int, int]:
    """Return the amounts paid, credited, written off and due."""
    with person.acting():
        invoice = invoice_queries.get_invoice(invoice_id)
        return (
            invoice.paid_minor,
            invoice.credited_minor,
            invoice.written_off_minor,
            invoice.open_minor,
        )


def open_then(person: Person, as_of: date | None) -> list[int]:
    with person.reading() as reader:
        return [
            row["open_minor"]
            for row in reader.read(
                open_items.ageing_statement("receivable", *EVER, today=DUE, as_of=as_of)
            )[0]
        ]


def findings(person: Person) -> list[checks.Finding]:
    with person.reading() as reader:
        return list(checks.findings(reader))


# The rule
# --------------------------------------------------------------------------------


def test_a_write_off_counts_from_its_date(alice: Person) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 4_400_000, ISSUED)
    write_off(alice, invoice_id)
    assert (seen(alice, invoice_id)["status"], amounts(alice, invoice_id)) == (
        "paid",
        (4_400_000, 100_000, 100_000, 0),
    )
    assert balances(alice) == {
        ("bank", "INR"): 4_400_000,
        ("receivable", "INR"): 0,
        ("bad_debts", "INR"): 100_000,
        ("revenue_services", "INR"): -4_500_000,
    }
    assert balances(alice, DUE - timedelta(days=1))["receivable", "INR"] == 100_000
    assert [open_then(alice, day) for day in (None, DUE, DUE - timedelta(days=1))] == [
        [],
        [],
        [100_000],
    ]
    assert (untied(alice), findings(alice)) == ([], [])


def test_a_partial_write_off_leaves_the_rest_open(alice: Person) -> None:
    invoice_id = issued(alice)
    write_off(alice, invoice_id, 1_000_000)
    assert (seen(alice, invoice_id)["status"], amounts(alice, invoice_id)) == (
        "issued",
        (0, 1_000_000, 1_000_000, 3_500_000),
    )
    with pytest.raises(payment_errors.PaymentExceedsOpen):
        pay(alice, invoice_id, 3_500_001)
    pay(alice, invoice_id, 3_500_000)
    assert seen(alice, invoice_id)["status"] == "paid"
    assert (untied(alice), findings(alice)) == ([], [])


def test_credit_notes_and_write_offs_are_counted_separately(alice: Person) -> None:
    invoice_id = issued(alice)
    with alice.acting() as actor:
        credit_note_service.issue_credit_note(
            actor, invoice_id, reason=WHY, on=DUE, amounts={1: Money(500_000, "INR")}
        )
    write_off(alice, invoice_id)
    assert amounts(alice, invoice_id) == (0, 4_500_000, 4_000_000, 0)
    assert findings(alice) == []


def test_the_entry_of_a_write_off_names_invoice_and_customer(alice: Person) -> None:
    invoice_id = issued(alice)
    written = write_off(alice, invoice_id, 100)
    with alice.reading() as reader:
        document = invoice_queries.read_document(reader, invoice_id)
    assert [row | {"entry_id": None, "created_by": None} for row in document.write_offs] == [
        {
            "id": written,
            "amount_minor": 100,
            "effective_on": DUE,
            "reason": WHY,
            "entry_id": None,
            "reverses_id": None,
            "created_by": None,
            "is_over": False,
        }
    ]
    entry = alice.api.get(f"/journal-entries/{document.write_offs[0]['entry_id']}").json
    assert (
        entry["narration"]
        == "Write-off of invoice 2024-25/000001, Deepa Krishnan: Cannot be traced"
    )
    assert {line["party_name"] for line in entry["lines"]} == {"Deepa Krishnan"}


def test_a_write_off_is_reversed_completely_and_both_rows_stay(alice: Person) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 4_400_000, ISSUED)
    written = write_off(alice, invoice_id)
    take_back(alice, invoice_id, written)
    assert (seen(alice, invoice_id)["status"], amounts(alice, invoice_id)) == (
        "partially_paid",
        (4_400_000, 0, 0, 100_000),
    )
    assert (balances(alice)["receivable", "INR"], balances(alice)["bad_debts", "INR"]) == (
        100_000,
        0,
    )
    assert [
        open_then(alice, day) for day in (None, BACK, BACK - timedelta(days=1), DUE, ISSUED)
    ] == [[100_000], [100_000], [], [], [100_000]]
    assert (untied(alice), findings(alice)) == ([], [])
    write_off(alice, invoice_id, on=BACK)
    assert seen(alice, invoice_id)["status"] == "paid"
    assert findings(alice) == []


def test_reversing_a_full_write_off_restores_the_issued_invoice(
    alice: Person,
) -> None:
    invoice_id = issued(alice)
    take_back(alice, invoice_id, write_off(alice, invoice_id))
    assert (seen(alice, invoice_id)["status"], amounts(alice, invoice_id)) == (
        "issued",
        (0, 0, 0, 4_500_000),
    )
    with alice.acting() as actor:
        assert issuing.void_invoice(actor, invoice_id, reason="Billed twice").status == "void"
    assert findings(alice) == []


def test_a_write_off_is_reversed_once_and_its_reversal_never(alice: Person) -> None:
    invoice_id = issued(alice)
    written = write_off(alice, invoice_id, 100)
    counter = take_back(alice, invoice_id, written)
    for one in (written, counter):
        with pytest.raises(write_off_errors.WriteOffTakenBack):
            take_back(alice, invoice_id, one)
    with pytest.raises(write_off_errors.WriteOffNotFound):
        take_back(alice, issued(alice), written)
    assert amounts(alice, invoice_id) == (0, 0, 0, 4_500_000)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reason": " "}, errors.ReasonRequired),
        ({"reason": "x" * 501}, errors.TextTooLong),
        ({"on": ISSUED - timedelta(days=1)}, errors.InvalidDate),
        ({"on": clock.today() + timedelta(days=2)}, errors.InvalidDate),
        ({"minor": 0}, InvalidAmount),
        ({"minor": -1}, InvalidAmount),
        ({"minor": 100, "currency": "AED"}, MixedCurrencies),
        ({"minor": 4_500_001}, write_off_errors.WriteOffExceedsOpen),
    ],
)
def test_an_invalid_write_off_is_refused_and_stores_nothing(
    alice: Person, given: dict[str, Any], error: type[Exception]
) -> None:
    invoice_id = issued(alice)
    with pytest.raises(error):
        write_off(alice, invoice_id, **given)
    assert amounts(alice, invoice_id) == (0, 0, 0, 4_500_000)
    assert balances(alice)["receivable", "INR"] == 4_500_000


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reason": ""}, errors.ReasonRequired),
        ({"on": DUE - timedelta(days=1)}, errors.InvalidDate),
        ({"on": clock.today() + timedelta(days=2)}, errors.InvalidDate),
    ],
)
def test_reversing_a_write_off_needs_a_reason_and_a_later_date(
    alice: Person, given: dict[str, Any], error: type[Exception]
) -> None:
    invoice_id = issued(alice)
    written = write_off(alice, invoice_id, 100)
    with pytest.raises(error):
        take_back(alice, invoice_id, written, **given)
    assert amounts(alice, invoice_id) == (0, 100, 100, 4_499_900)


def test_drafts_paid_and_void_invoices_cannot_be_written_off(alice: Person) -> None:
    void, paid = issued(alice), issued(alice)
    alice.does(issuing.void_invoice, void, reason=WHY)
    pay(alice, paid, 4_500_000)
    for invoice_id in (draft(alice), void, paid):
        with pytest.raises(errors.DocumentNotOpen):
            write_off(alice, invoice_id, 1)


def test_a_written_off_invoice_cannot_be_voided(alice: Person) -> None:
    invoice_id = issued(alice)
    write_off(alice, invoice_id, 100)
    with pytest.raises(errors.DocumentNotVoidable):
        alice.does(issuing.void_invoice, invoice_id, reason=WHY)


def test_a_closed_month_refuses_write_off_and_reversal(alice: Person) -> None:
    invoice_id = issued(alice)
    written = write_off(alice, invoice_id, 100)
    alice.does(months.close_month, ISSUED.replace(day=1))
    with pytest.raises(PeriodLocked):
        write_off(alice, invoice_id, 100)
    with pytest.raises(PeriodLocked):
        take_back(alice, invoice_id, written)
    july = date(2024, 7, 1)
    write_off(alice, invoice_id, 100, on=july)
    take_back(alice, invoice_id, written, on=july)
    assert amounts(alice, invoice_id) == (0, 100, 100, 4_499_900)


def test_no_settlement_is_dated_before_the_latest_reversed_write_off(alice: Person) -> None:
    """Otherwise a report of a date in between would show too large a settled amount."""
    invoice_id = issued(alice)
    take_back(alice, invoice_id, write_off(alice, invoice_id))
    before, granted = BACK - timedelta(days=1), alice.granted("invoice.write_off").actor
    with alice.acting() as actor:
        for act in (
            lambda: credit_note_service.issue_credit_note(actor, invoice_id, reason=WHY, on=before),
            lambda: issuing.void_invoice(actor, invoice_id, reason=WHY, on=before),
            lambda: payment_service.record_receipt(actor, invoice_id, None, before),
            lambda: write_off_service.write_off_invoice(granted, invoice_id, reason=WHY, on=before),
        ):
            with pytest.raises(errors.InvalidDate):
                act()
    pay(alice, invoice_id, 4_500_000, BACK)
    assert findings(alice) == []


def test_no_write_off_is_dated_before_the_latest_reversed_payment(alice: Person) -> None:
    invoice_id = issued(alice)
    payment_id = pay(alice, invoice_id, 4_500_000, ISSUED)
    with alice.acting() as actor:
        (allocation,) = payment_queries.read_payment(
            SessionReader(db.session), payment_id
        ).allocations
        allocations.deallocate(actor, payment_id, allocation["id"], on=BACK)
    with pytest.raises(errors.InvalidDate):
        write_off(alice, invoice_id, on=DUE)
    write_off(alice, invoice_id, on=BACK)
    assert findings(alice) == []


def test_other_agencies_viewers_and_agents_are_refused(
    people: People, alice: Person, charlie: Person
) -> None:
    """An agent's write-off runs after approval.

    Only approvers may reverse one at once.
    """
    invoice_id, agent = issued(alice), people.colleague(alice, "Rita Role", role="agent")
    written = write_off(agent, invoice_id, 100)
    with pytest.raises(Forbidden):
        take_back(agent, invoice_id, written)
    with pytest.raises(Forbidden):
        write_off(people.colleague(alice, "Vera Viewer", role="viewer"), invoice_id, 100)
    for act in (
        lambda: write_off(charlie, invoice_id, 100),
        lambda: take_back(charlie, invoice_id, written),
        lambda: write_off(alice, new_id(), 100),
    ):
        with pytest.raises(invoice_errors.InvoiceNotFound):
            act()
    assert amounts(alice, invoice_id) == (0, 100, 100, 4_499_900)


# At the same moment
# --------------------------------------------------------------------------------


def test_parallel_write_offs_never_exceed_the_open_amount(alice: Person) -> None:
    invoice_id = issued(alice)
    results = at_once([lambda: write_off(alice, invoice_id, 1_000_000)] * 6)
    assert sum(isinstance(result, write_off_errors.WriteOffExceedsOpen) for result in results) == 2
    assert amounts(alice, invoice_id) == (0, 4_000_000, 4_000_000, 500_000)
    assert (untied(alice), findings(alice)) == ([], [])


def test_one_of_many_parallel_settlements_succeeds(alice: Person) -> None:
    invoice_id = issued(alice)
    payment_id = advance(alice, 4_500_000, ISSUED)

    def credit() -> UUID:
        with alice.acting() as actor:
            return credit_note_service.issue_credit_note(actor, invoice_id, reason=WHY, on=DUE).id

    def allocate() -> UUID:
        with alice.acting() as actor:
            return allocations.allocate(
                actor,
                payment_id,
                parts=[settling.Part(invoice_id, Money(4_500_000, "INR"))],
                on=DUE,
            ).id

    credited, *others = (
        isinstance(result, UUID)
        for result in at_once(
            [
                credit,
                lambda: write_off(alice, invoice_id),
                lambda: pay(alice, invoice_id, 4_500_000),
                allocate,
            ]
        )
    )
    # A credit note on an invoice that was paid before leaves a credit of the customer.
    assert sum(others) == 1 or (credited and not any(others))
    assert seen(alice, invoice_id)["status"] == "paid"
    assert (untied(alice), findings(alice)) == ([], [])


def test_one_of_two_parallel_reversals_succeeds(alice: Person) -> None:
    invoice_id = issued(alice)
    written = write_off(alice, invoice_id)
    results = at_once([lambda: take_back(alice, invoice_id, written)] * 3)
    assert sum(isinstance(result, write_off_errors.WriteOffTakenBack) for result in results) == 2, (
        results
    )
    assert (untied(alice), findings(alice)) == ([], [])


# The database
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (
            (
                "insert into write_offs select tenant_id, '{new}', id, 1, '2024-06-25', 'x',"
                " entry_id from invoices"
            ),
            "write-offs sum to 101, but the invoice has 100",
        ),
        ("update invoices set credited_minor = 99", "ck_invoices_written_off"),
        (
            (
                "insert into write_offs select tenant_id, '{new}', invoice_id, -99, '2024-06-25',"
                " 'x', entry_id, id from write_offs"
            ),
            "only be reversed completely",
        ),
        (
            (
                "insert into write_offs select tenant_id, '{new}', invoice_id, -100, '2024-06-24',"
                " 'x', entry_id, id from write_offs"
            ),
            "only be reversed completely",
        ),
        (
            (
                "insert into write_offs select tenant_id, '{new}', invoice_id, 1, '2024-06-09',"
                " 'x', entry_id from write_offs"
            ),
            "dated before the invoice",
        ),
        (
            (
                "insert into write_offs select tenant_id, '{new}', invoice_id, -1, '2024-06-25',"
                " 'x', entry_id from write_offs"
            ),
            "ck_write_offs_amount",
        ),
    ],
)
def test_the_database_refuses_amounts_that_do_not_add_up(
    alice: Person, app_engine: sa.Engine, change: str, error: str
) -> None:
    write_off(alice, issued(alice), 100)
    with pytest.raises(sa.exc.IntegrityError, match=error), app_engine.begin() as connection:
        bind(connection, alice)
        connection.execute(sa.text(change.format(new=new_id())))


def test_nobody_can_change_a_row(
    alice: Person, app_engine: sa.Engine, owner_engine: sa.Engine
) -> None:
    write_off(alice, issued(alice), 100)
    for change in ("update write_offs set amount_minor = 1", "delete from write_offs"):
        with (
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
            app_engine.begin() as connection,
        ):
            bind(connection, alice)
            connection.execute(sa.text(change))
        with pytest.raises(sa.exc.DBAPIError), owner_engine.begin() as connection:
            connection.execute(sa.text(change))


def test_an_inconsistent_invoice_is_found(alice: Person, owner_engine: sa.Engine) -> None:
    invoice_id = issued(alice)
    write_off(alice, invoice_id, 100)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update invoices set written_off_minor = 99 where id = :id"), {"id": invoice_id}
        )
    assert [(found.check, found.difference) for found in findings(alice)] == [
        ("credited", Money(1, "INR")),
        ("written_off", Money(-1, "INR")),
    ]
