"""Refused writes of the release before to documents that it does not know.

During an upgrade it runs on the schema of this release.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, issued, left_of, line, pay, receive
from tests.billing.test_credits import credit, findings
from tests.billing.test_credits_above_open import LATER, credited, part_paid
from tests.billing.test_prepaid_costs import FLIGHT, STAY, credit as credit_bill, given
from tests.ledger.books import bind, post
from tests.people import Person
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries

REVERSED = (
    "reversed_on = :day, reversal_reason = 'Wrong one', reversal_entry_id = :entry"
    " where tenant_id = :t and id = :id"
)
ALLOCATES = (
    (
        "insert into allocations (tenant_id, id, payment_id, invoice_id, amount_minor,"
        " effective_on, entry_id) values (:t, gen_random_uuid(), :id, :invoice, :minor, :day,"
        " :entry)"
    ),
    "update payments set allocated_minor = :minor where tenant_id = :t and id = :id",
    "update invoices set paid_minor = :minor, status = 'paid' where tenant_id = :t and id ="
    " :invoice",
)
REFUNDS = (
    (
        "insert into refunds (tenant_id, id, payment_id, number, amount_minor, refunded_on,"
        " account, entry_id) values (:t, gen_random_uuid(), :id, 'F/2024-25/000001', :minor, :day,"
        " 'bank', :entry)"
    ),
    "update payments set refunded_minor = :minor where tenant_id = :t and id = :id",
)


def write(
    engine: sa.Engine, person: Person, statements: Iterable[str], day: date, **values: Any
) -> None:
    """Execute statements in one transaction, as the role of the application."""
    with engine.begin() as connection:
        bind(connection, person)
        for statement in statements:
            connection.execute(
                sa.text(statement), {"t": person.actor.tenant_id, "day": day} | values
            )


def reversal(person: Person, document: str, day: date) -> UUID:
    """Reverse the journal entry of a document, given its path in the API."""
    entry_id = UUID(person.api.get(document).json["journal_entry_id"])
    posted = person.does(entries.reverse, entry_id, reason="Wrong one", entry_date=day)
    return posted.entry_id


def moved(person: Person, debited: str, credited_to: str) -> UUID:
    """Post an entry of 1,000.00 and return its id."""
    amount = Money(100_000, "INR")
    lines = [entries.debit(debited, amount), entries.credit(credited_to, amount)]
    return post(person, lines, entry_date=DUE).entry_id


# Credits of customers
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statements", "account"),
    [(ALLOCATES, "receivable"), (REFUNDS, "bank")],
    ids=["allocated", "refunded"],
)
def test_a_customer_credit_is_not_used_as_an_advance(
    alice: Person, app_engine: sa.Engine, statements: tuple[str, ...], account: str
) -> None:
    credit_id = UUID(credited(alice, part_paid(alice), 300_000)["id"])
    values = {
        "id": credit_id,
        "invoice": issued(alice, line("1000", quantity=1)),
        "minor": 100_000,
    }
    before = moved(alice, "customer_advances", account)
    with pytest.raises(sa.exc.IntegrityError, match="from the account of customer credits"):
        write(app_engine, alice, statements, DUE, entry=before, **values)
    assert left_of(alice, credit_id) == (0, 0, 100_000)
    now = moved(alice, "customer_credits", account)
    write(app_engine, alice, statements, DUE, entry=now, **values)
    assert left_of(alice, credit_id)[2] == 0


def test_a_customer_credit_is_not_reversed_without_its_note(
    alice: Person, app_engine: sa.Engine
) -> None:
    credit_id = UUID(credited(alice, part_paid(alice), 300_000)["id"])
    entry_id = reversal(alice, f"/payments/{credit_id}", DUE)
    change = f"update payments set refunded_minor = amount_minor, {REVERSED}"
    with pytest.raises(sa.exc.IntegrityError, match="only be reversed with the credit note"):
        write(app_engine, alice, [change], DUE, id=credit_id, entry=entry_id)


def test_a_note_is_not_reversed_without_its_customer_credit(
    alice: Person, app_engine: sa.Engine
) -> None:
    """The sums fit, because an earlier note has credited enough."""
    invoice_id = issued(alice, line("10000", quantity=1))
    credit(alice, invoice_id, line_1=900_000)
    pay(alice, invoice_id, 100_000)
    note_id = UUID(credited(alice, invoice_id, 50_000, LATER)["credit_note_id"])
    entry_id = reversal(alice, f"/credit-notes/{note_id}", LATER)
    changes = (
        (
            "update invoices set credited_minor = credited_minor - 50000, status ="
            " 'partially_paid' where tenant_id = :t and id = :invoice"
        ),
        f"update credit_notes set {REVERSED}",
    )
    with pytest.raises(sa.exc.IntegrityError, match="only be reversed with its payment"):
        write(app_engine, alice, changes, LATER, id=note_id, invoice=invoice_id, entry=entry_id)


# Prepaid bills
# --------------------------------------------------------------------------------

VOID = (
    "update bills set status = 'void', voided_on = :day, void_reason = 'Twice', void_entry_id ="
    " :entry where tenant_id = :t and id = :id"
)
UNCREDITED = "update bills set credited_minor = 0 where tenant_id = :t and id = :bill"


def take_back_costs(person: Person, document: str) -> None:
    for one in person.api.get(document).json["recognitions"]:
        entry_id = UUID(one["journal_entry_id"])
        person.does(entries.reverse, entry_id, reason="Wrong", entry_date=FLIGHT)


def test_a_prepaid_bill_is_not_voided_without_its_costs(
    alice: Person, app_engine: sa.Engine
) -> None:
    bill_id = receive(alice, given(STAY), given(FLIGHT))
    values = {"id": bill_id, "entry": reversal(alice, f"/bills/{bill_id}", DUE)}
    with pytest.raises(sa.exc.IntegrityError, match="cost entry of a row of bills"):
        write(app_engine, alice, [VOID], DUE, **values)
    take_back_costs(alice, f"/bills/{bill_id}")
    write(app_engine, alice, [VOID], DUE, **values)
    assert alice.api.get(f"/bills/{bill_id}").json["status"] == "void"


def test_a_supplier_credit_is_not_reversed_without_its_costs(
    alice: Person, app_engine: sa.Engine
) -> None:
    bill_id = receive(alice, given(STAY), given(FLIGHT))
    credit_id = credit_bill(alice, bill_id, DUE, line_1=4_000)
    document = f"/supplier-credits/{credit_id}"
    values = {"id": credit_id, "bill": bill_id, "entry": reversal(alice, document, DUE)}
    changes = (f"update supplier_credits set {REVERSED}", UNCREDITED)
    with pytest.raises(sa.exc.IntegrityError, match="cost entry of a row of supplier_credits"):
        write(app_engine, alice, changes, DUE, **values)
    take_back_costs(alice, document)
    write(app_engine, alice, changes, DUE, **values)
    assert alice.api.get(document).json["reversed_on"] == DUE.isoformat()


def test_a_bill_without_prepaid_cost_is_voided_as_before(
    alice: Person, app_engine: sa.Engine
) -> None:
    bill_id = receive(alice)
    entry_id = reversal(alice, f"/bills/{bill_id}", DUE)
    write(app_engine, alice, [VOID], DUE, id=bill_id, entry=entry_id)
    assert findings(alice) == []
