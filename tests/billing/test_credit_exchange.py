"""Credits on documents that were partly settled in another currency."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, advance
from tests.billing.test_exchange import LATER, balances, booked, bought, exchanged, proved
from tests.people import Person
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.service import reversals as payment_reversals
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel.money import Money


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_credit_on_a_document_settled_in_another_currency_is_reversed(
    alice: Person, owner_engine: sa.Engine, direction: Any
) -> None:
    is_in = direction == "in"
    document_id = booked(alice) if is_in else bought(alice)
    payment_id = advance(
        alice, 4_200_000, DUE, exchanged(document_id, 4_200_000, 50_000), direction=direction
    )
    before, amounts = balances(alice, owner_engine), {1: Money(50_000, "USD")}
    if is_in:
        credit_id = alice.does(
            lambda actor: (
                credit_note_service.issue_credit_note(
                    actor, document_id, reason="Late", on=DUE, amounts=amounts
                ).id
            )
        )
    else:
        credit_id = alice.does(
            lambda actor: (
                supplier_credit_service.credit_bill(
                    actor,
                    document_id,
                    vendor_reference="C-1",
                    reason="Late",
                    on=DUE,
                    amounts=amounts,
                ).id
            )
        )
    reading: Any = invoice_queries.get_invoice if is_in else bill_queries.get_bill
    with alice.acting():
        assert (reading(document_id).status, reading(document_id).open_minor) == ("paid", 0)
    act = (
        credit_note_service.reverse_credit_note
        if is_in
        else supplier_credit_service.reverse_supplier_credit
    )
    alice.does(lambda actor: act(actor, credit_id, reason="A mistake", on=LATER).id)
    with alice.acting():
        assert (reading(document_id).status, reading(document_id).open_minor) == (
            "partially_paid" if is_in else "received",
            50_000,
        )
    assert balances(alice, owner_engine) == before
    proved(alice)
    again = advance(
        alice, 4_150_000, LATER, exchanged(document_id, 4_150_000, 50_000), direction=direction
    )
    for one in (payment_id, again):
        alice.does(
            lambda actor, one=one: (
                payment_reversals.reverse_payment(actor, one, reason="A mistake", on=LATER).id
            )
        )
    assert balances(alice, owner_engine) == {
        ("receivable" if is_in else "payable", "USD"): (1 if is_in else -1) * 100_000
    }
    proved(alice)
