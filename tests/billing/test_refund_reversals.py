"""Refunds entered by mistake are reversed once, with a reason, in an open month."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.billing.papers import advance, issued, left_of
from tests.billing.test_allocations import LAST, LATER, allocate, part, sound
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.paper_text import text_of
from tests.people import People, Person
from tests.reports.test_advances import block_on
from voyagent.billing.core import errors
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.queries import (
    allocations as allocation_queries,
    documents as payment_queries,
)
from voyagent.billing.payments.service import (
    payments as payment_service,
    reversals as payment_reversals,
)
from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries, months
from voyagent.ledger.service.errors import PeriodLocked

WHY = "Never went"


def refund(person: Person, payment_id: UUID, minor: int, on: date = LATER) -> UUID:
    return person.does(
        lambda actor: (
            payment_service.refund_payment(actor, payment_id, amount=Money(minor, "INR"), on=on).id
        )
    )


def reverse(
    person: Person, payment_id: UUID, refund_id: UUID, on: date | None = LAST, reason: str = WHY
) -> None:
    person.does(
        lambda actor: (
            payment_reversals.reverse_refund(actor, payment_id, refund_id, reason=reason, on=on).id
        )
    )


def given_back(person: Person, minor: int = 400, **given: Any) -> tuple[UUID, UUID]:
    """Create an advance of 1,000 minor units and refund a part of it."""
    payment_id = advance(person, 1_000, **given)
    return payment_id, refund(person, payment_id, minor)


def row_of(person: Person, payment_id: UUID) -> dict[str, Any]:
    with person.reading() as reader:
        return payment_queries.read_payment(reader, payment_id).refunds[0]


# Effects
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(("direction", "party"), [("in", "Deepa Krishnan"), ("out", "BSP India")])
def test_a_reversed_refund_is_unused_from_its_date_on(
    alice: Person, direction: str, party: str
) -> None:
    payment_id, refund_id = given_back(alice, direction=direction, party_name=party)
    account, sign = ("customer_advances", -1) if direction == "in" else ("supplier_advances", 1)
    assert left_of(alice, payment_id) == (0, 400, 600)
    reverse(alice, payment_id, refund_id)
    assert left_of(alice, payment_id) == (0, 0, 1_000)
    assert (balances(alice)["bank", "INR"], balances(alice)[account, "INR"]) == (
        -sign * 1_000,
        sign * 1_000,
    )
    assert balances(alice, LAST - timedelta(days=1))[account, "INR"] == sign * 600
    row = row_of(alice, payment_id)
    assert (row["number"], row["reversed_on"], row["reversal_reason"], row["reversed_by"]) == (
        "F/2024-25/000001",
        LAST,
        WHY,
        "Alice Owner",
    )
    assert sound(alice)
    again = refund(alice, payment_id, 300, on=LAST)
    assert again != refund_id
    with alice.reading() as reader:
        assert [
            one["number"] for one in payment_queries.read_payment(reader, payment_id).refunds
        ] == [
            "F/2024-25/000001",
            "F/2024-25/000002",
        ], "numbers stay used"
    assert sound(alice)


def test_reports_of_a_day_show_the_balance_of_that_day(alice: Person) -> None:
    payment_id, refund_id = given_back(alice, 1_000)
    reverse(alice, payment_id, refund_id)

    def ahead(day: date) -> int:
        block = block_on(alice, day)
        return 0 if block is None else -block.advance.amount_minor

    days = (
        LATER - timedelta(days=1),
        LATER,
        LAST - timedelta(days=1),
        LAST,
        LAST + timedelta(days=1),
    )
    assert [ahead(day) for day in days] == [1_000, 0, 0, 1_000, 1_000]


def test_no_act_on_the_payment_is_dated_before_the_reversed_refund(alice: Person) -> None:
    payment_id, refund_id = given_back(alice, 1_000)
    invoice_id = issued(alice)
    reverse(alice, payment_id, refund_id)
    before = LAST - timedelta(days=1)
    with pytest.raises(errors.InvalidDate):
        allocate(alice, payment_id, part(invoice_id, 1_000), on=before)
    with pytest.raises(errors.InvalidDate):
        refund(alice, payment_id, 1, on=before)
    with pytest.raises(errors.InvalidDate):
        alice.does(
            lambda actor: (
                payment_reversals.reverse_payment(actor, payment_id, reason=WHY, on=before).id
            )
        )
    allocate(alice, payment_id, part(invoice_id, 1_000), on=LAST)
    assert sound(alice)


def test_a_payment_can_be_reversed_after_its_refund_is_reversed(alice: Person) -> None:
    payment_id, refund_id = given_back(alice)
    with pytest.raises(payment_errors.PaymentRefunded):
        alice.does(
            lambda actor: (
                payment_reversals.reverse_payment(actor, payment_id, reason=WHY, on=LAST).id
            )
        )
    reverse(alice, payment_id, refund_id)
    alice.does(
        lambda actor: payment_reversals.reverse_payment(actor, payment_id, reason=WHY, on=LAST).id
    )
    assert {
        minor
        for (name, _currency), minor in balances(alice).items()
        if name in ("bank", "customer_advances")
    } <= {0}
    with pytest.raises(payment_errors.RefundReversed):
        reverse(alice, payment_id, refund_id)
    assert sound(alice)


def test_the_date_of_reversal_defaults_to_today(alice: Person) -> None:
    payment_id, refund_id = given_back(alice)
    reverse(alice, payment_id, refund_id, on=None)
    assert row_of(alice, payment_id)["reversed_on"] == clock.today(alice.actor.timezone)


# Refusals
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"on": LATER - timedelta(days=1)}, errors.InvalidDate),
        ({"on": clock.today() + timedelta(days=2)}, errors.InvalidDate),
        ({"reason": " "}, errors.ReasonRequired),
        ({"reason": "x" * 501}, errors.TextTooLong),
    ],
)
def test_an_invalid_reversal_is_refused(
    alice: Person, given: dict[str, Any], error: type[Exception]
) -> None:
    payment_id, refund_id = given_back(alice)
    with pytest.raises(error):
        reverse(alice, payment_id, refund_id, **given)
    assert left_of(alice, payment_id) == (0, 400, 600)


def test_a_closed_month_refuses_a_reversal(alice: Person) -> None:
    payment_id, refund_id = given_back(alice, 400)
    for month in (6, 7):
        alice.does(months.close_month, date(2024, month, 1))
    with pytest.raises(PeriodLocked):
        reverse(alice, payment_id, refund_id, on=LAST)
    reverse(alice, payment_id, refund_id, on=date(2024, 8, 1))
    assert sound(alice)


def test_other_agencies_roles_and_payments_are_refused(
    alice: Person, victor: Person, charlie: Person
) -> None:
    payment_id, refund_id = given_back(alice)
    with pytest.raises(Forbidden):
        reverse(victor, payment_id, refund_id)
    with pytest.raises(payment_errors.PaymentNotFound):
        reverse(charlie, payment_id, refund_id)
    with pytest.raises(payment_errors.RefundNotFound):
        reverse(alice, advance(alice, 5), refund_id)


def test_one_of_many_parallel_reversals_succeeds(alice: Person) -> None:
    payment_id, refund_id = given_back(alice)
    results = at_once([lambda: reverse(alice, payment_id, refund_id)] * 4)
    assert (
        sorted(type(result).__name__ for result in results) == ["NoneType"] + ["RefundReversed"] * 3
    )
    assert left_of(alice, payment_id) == (0, 0, 1_000)
    assert sound(alice)


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        ("reversed_on = refunded_on", "the reversal must be the entry"),
        (
            "reversed_on = refunded_on, reversal_reason = 'x', reversal_entry_id = entry_id",
            "the reversal must be the entry",
        ),
        ("reversal_reason = 'x'", "ck_refunds_reversed"),
    ],
)
def test_the_database_refuses_an_incomplete_reversal(
    alice: Person, change: str, violation: str
) -> None:
    _payment_id, refund_id = given_back(alice)
    with pytest.raises(IntegrityError, match=violation), alice.acting():
        db.session.execute(
            sa.text(f"update refunds set {change} where id = :id"), {"id": refund_id}
        )


@pytest.mark.parametrize("change", ["amount_minor = 1", "reversal_reason = 'Other'"])
def test_a_reversed_refund_cannot_be_changed(
    alice: Person, owner_engine: sa.Engine, change: str
) -> None:
    payment_id, refund_id = given_back(alice)
    reverse(alice, payment_id, refund_id)
    with (
        pytest.raises(IntegrityError, match="cannot be changed, only reversed"),
        owner_engine.begin() as connection,
    ):
        connection.execute(
            sa.text(f"update refunds set {change} where id = :id"), {"id": refund_id}
        )


def test_the_payment_must_state_the_same_amount(alice: Person) -> None:
    payment_id, refund_id = given_back(alice)
    with (
        pytest.raises(IntegrityError, match="allocations sum to 0 and refunds to 0, but"),
        alice.acting() as actor,
    ):
        entry_id = allocation_queries.get_refund(payment_id, refund_id).entry_id
        reversal = entries.reverse(actor, entry_id, reason=WHY, entry_date=LAST).entry_id
        change = (
            "update refunds set reversed_on = :day, reversal_reason = 'x', reversal_entry_id ="
            " :entry where id = :id"
        )
        db.session.execute(sa.text(change), {"id": refund_id, "day": LAST, "entry": reversal})
        db.session.commit()


# Pages, API and commands
# --------------------------------------------------------------------------------


def test_the_api_returns_the_reversed_refund(alice: Person) -> None:
    payment_id, refund_id = given_back(alice)
    api, path = alice.api, f"/payments/{payment_id}/refunds/{refund_id}/reverse"
    answer = api.post(path, json={"reason": f" {WHY} ", "reversed_on": LAST.isoformat()})
    assert answer.status_code == 200, answer.text
    body: Any = answer.json
    assert (body["refunded_amount"], body["unapplied_amount"]) == ("0.00", "10.00")
    (row,) = body["refunds"]
    assert [row[name] for name in ("number", "amount", "reversed_on", "reversal_reason")] == [
        "F/2024-25/000001",
        "4.00",
        LAST.isoformat(),
        WHY,
    ]
    assert row["reversal_entry_id"] is not None
    assert api.get(f"/payments/{payment_id}").json == body
    assert code(api.post(path, json={"reason": WHY})) == (409, "refund_reversed")
    assert code(
        api.post(f"/payments/{payment_id}/refunds/{payment_id}/reverse", json={"reason": WHY})
    ) == (404, "refund_not_found")
    assert api.post(path, json={}).status_code == 422


def test_an_idempotency_key_makes_one_reversal(alice: Person) -> None:
    payment_id, refund_id = given_back(alice)
    path = f"/payments/{payment_id}/refunds/{refund_id}/reverse"
    answers = at_once(
        [lambda: alice.api.post(path, json={"reason": WHY}, headers={"Idempotency-Key": "once"})]
        * 3
    )
    assert [answer.status_code for answer in answers] == [200] * 3


@pytest.mark.parametrize(
    ("role", "status"),
    [("accounting_lead", 200), ("ticketing_lead", 403), ("agent", 403), ("viewer", 403)],
)
def test_reversing_requires_the_permission_to_reverse_payments(
    people: People, alice: Person, role: str, status: int
) -> None:
    person, (payment_id, refund_id) = (
        people.colleague(alice, "Rita Role", role=role),
        given_back(alice),
    )
    path = f"/payments/{payment_id}/refunds/{refund_id}/reverse"
    page = Page(person.tab.get(f"/payments/{payment_id}"))
    assert (path in page.links()) is (status == 200)
    assert person.api.post(path, json={"reason": WHY}).status_code == status


def test_a_reversal_is_subject_to_the_limit_of_the_role(people: People, alice: Person) -> None:
    lead, payment_id = (
        people.colleague(alice, "Leila Lead", role="accounting_lead"),
        advance(alice, 200_000),
    )
    refund_id = refund(alice, payment_id, 100_000)
    limits = {"approval_limits": {"accounting_lead": {"amount": "999.99", "currency": "INR"}}}
    assert alice.api.patch("/tenant-settings", json=limits).status_code == 200
    answer = lead.api.post(
        f"/payments/{payment_id}/refunds/{refund_id}/reverse", json={"reason": WHY}
    )
    assert code(answer) == (403, "amount_above_limit")


def test_other_agencies_and_anonymous_callers_are_refused(alice: Person, charlie: Person) -> None:
    payment_id, refund_id = given_back(alice)
    path = f"/payments/{payment_id}/refunds/{refund_id}/reverse"
    assert code(charlie.api.post(path, json={"reason": WHY})) == (404, "payment_not_found")
    assert alice.app.test_client().post(f"/api{path}", json={"reason": WHY}).status_code == 401


def test_the_page_of_the_payment_reverses_after_a_preview(alice: Person) -> None:
    payment_id, refund_id = given_back(alice, 400)
    browser, path = alice.tab, f"/payments/{payment_id}/refunds/{refund_id}/reverse"
    assert path in Page(browser.get(f"/payments/{payment_id}")).links()
    asked = Page(browser.get(path))
    words = asked.words(".//section[@id='postings']")
    assert [word in words for word in ("4.00", "1100", "2200")] == [True] * 3
    assert left_of(alice, payment_id) == (0, 400, 600), "looking changes nothing"
    early = Page(send(alice, path, reason=WHY, reversed_on="24 Jun 2024"))
    assert (early.status, "This date is too early" in early.error_at("reversed_on")) == (
        422,
        True,
    )
    assert send(alice, path, reason=WHY, reversed_on=LAST.strftime("%-d %b %Y")).status_code == 303
    page = Page(browser.get(f"/payments/{payment_id}"))
    aside = page.words(".//aside[@id='about']")
    assert "Reversed by Alice Owner" in aside
    assert WHY in aside
    assert "Refunded" not in page.words(".//article"), "what was not given back is not on paper"
    assert path not in page.links()
    assert "F/2024-25" not in text_of(browser.get(f"/payments/{payment_id}/payment.pdf").data)
    assert send(alice, path, reason=WHY).status_code == 303, "the way back to the payment"
    assert left_of(alice, payment_id) == (0, 0, 1_000)
