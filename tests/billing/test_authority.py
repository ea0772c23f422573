"""Recording, issuing and undoing require a direct right or a grant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.billing.papers import (
    DUE,
    advance,
    bill_seen,
    draft,
    draft_bill,
    issued,
    left_of,
    line,
    pay,
    seen as stored,
)
from tests.people import People, Person
from voyagent.billing.bills import service as bill_service
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import (
    allocations,
    payments as payment_service,
    reversals as payment_reversals,
)
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.billing.write_offs import service as write_off_service
from voyagent.kernel.actor import ApprovalRequired
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money

STAY = date(2024, 8, 1)
HUNDRED = Money.parse("100.00", "INR")


@pytest.fixture
def leila(people: People, alice: Person) -> Person:
    """The accounting lead."""
    return people.colleague(alice, "Leila Lead", role="accounting_lead")


def test_an_agent_cannot_record_a_receipt_through_the_service(alice: Person, bob: Person) -> None:
    invoice_id = issued(alice)
    assert bob.actor.can("payment.record")
    with pytest.raises(ApprovalRequired):
        bob.does(payment_service.record_receipt, invoice_id, HUNDRED)
    assert stored(alice, invoice_id)["paid_minor"] == 0


def test_with_a_grant_for_the_permission_an_agent_can_record_it(alice: Person, bob: Person) -> None:
    invoice_id = issued(alice)
    with bob.granted("payment.record").acting() as actor:
        assert payment_service.record_receipt(actor, invoice_id, HUNDRED).amount_minor == 10_000
    assert stored(alice, invoice_id)["paid_minor"] == 10_000


def test_a_grant_for_another_permission_is_not_accepted(alice: Person, bob: Person) -> None:
    invoice_id = issued(alice)
    with pytest.raises(ApprovalRequired):
        bob.granted("invoice.issue").does(payment_service.record_receipt, invoice_id, HUNDRED)


def test_a_role_with_the_direct_right_needs_no_grant(alice: Person, leila: Person) -> None:
    assert pay(leila, issued(alice), 10_000)


@pytest.mark.parametrize(
    ("permission", "act", "of"),
    [
        ("invoice.issue", issuing.issue_invoice, "draft"),
        ("bill.receive", bill_service.receive_draft, "bill"),
        ("payment.record", allocations.allocate, "advance"),
        ("payment.record", payment_service.refund_payment, "advance"),
    ],
)
def test_an_agents_draft_needs_a_grant_to_be_posted(
    alice: Person, bob: Person, permission: str, act: Callable[..., Any], of: str
) -> None:
    issued(alice)
    ready = {"draft": draft(bob), "bill": draft_bill(bob), "advance": advance(alice, 10_000, DUE)}
    with pytest.raises(ApprovalRequired):
        bob.does(act, ready[of])
    bob.granted(permission).does(act, ready[of])


def test_a_grant_does_not_help_a_role_without_the_permission(alice: Person, bob: Person) -> None:
    with pytest.raises(Forbidden) as refused:
        bob.granted("invoice.void").does(issuing.void_invoice, issued(alice), reason="Twice")
    assert not isinstance(refused.value, ApprovalRequired)


def test_a_write_off_needs_a_grant_in_every_role(alice: Person, leila: Person) -> None:
    invoice_id = issued(alice)
    for person in (alice, leila):
        with pytest.raises(ApprovalRequired):
            person.does(write_off_service.write_off_invoice, invoice_id, reason="Gone")
    granted = alice.granted("invoice.write_off")
    with granted.acting() as actor:
        written = write_off_service.write_off_invoice(actor, invoice_id, reason="Gone").id
    with pytest.raises(Forbidden):
        granted.does(write_off_service.reverse_write_off, invoice_id, written, reason="Paid")
    leila.does(write_off_service.reverse_write_off, invoice_id, written, reason="Paid")


# One grant is enough for all that an act posts
# --------------------------------------------------------------------------------


def given_later() -> LineItem:
    """Return a line with a service date after the issue date."""
    item = line("100.00", quantity=1)
    item["service_date"] = STAY
    return item


def test_issuing_posts_recognitions_under_the_same_grant(alice: Person, bob: Person) -> None:
    invoice_id = draft(bob, given_later())
    bob.granted("invoice.issue").does(issuing.issue_invoice, invoice_id)
    assert stored(alice, invoice_id)["status"] == "issued"


def test_voiding_reverses_recognitions_under_the_same_grant(alice: Person) -> None:
    invoice_id = issued(alice, given_later())
    alice.granted("invoice.void").does(issuing.void_invoice, invoice_id, reason="Twice")
    assert stored(alice, invoice_id)["status"] == "void"


def test_a_credit_note_and_its_reversal_post_recognitions_under_the_same_grant(
    alice: Person,
) -> None:
    granted, invoice_id = alice.granted("invoice.credit"), issued(alice, given_later())
    with granted.acting() as actor:
        note = credit_note_service.issue_credit_note(actor, invoice_id, reason="Not travelled").id
    granted.does(credit_note_service.reverse_credit_note, note, reason="Travelled")
    assert stored(alice, invoice_id)["status"] == "issued"


def test_a_bill_posts_its_later_cost_under_the_same_grant(alice: Person, bob: Person) -> None:
    bill_id = draft_bill(alice, given_later())
    bob.granted("bill.receive").does(bill_service.receive_draft, bill_id)
    granted = alice.granted("bill.credit")
    with granted.acting() as actor:
        given = {"vendor_reference": "C-1", "reason": "Not travelled"}
        credit_id = supplier_credit_service.credit_bill(actor, bill_id, **given).id
    granted.does(supplier_credit_service.reverse_supplier_credit, credit_id, reason="Travelled")
    alice.granted("bill.void").does(bill_service.void_bill, bill_id, reason="Twice")
    assert bill_seen(alice, bill_id)["status"] == "void"


def test_reversing_a_payment_takes_back_its_allocations_under_the_same_grant(alice: Person) -> None:
    invoice_id, payment_id = issued(alice), advance(alice, 10_000, DUE)
    alice.granted("payment.record").does(
        allocations.allocate, payment_id, parts=[Part(invoice_id, HUNDRED)]
    )
    alice.granted("payment.reverse").does(
        payment_reversals.reverse_payment, payment_id, reason="Bounced"
    )
    assert left_of(alice, payment_id) == (0, 10_000, 0)
    assert stored(alice, invoice_id)["paid_minor"] == 0
