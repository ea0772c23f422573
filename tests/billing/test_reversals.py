"""A payment recorded by mistake is reversed whole and once.

It needs a reason and an open month.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.billing.papers import DUE, advance, issued, left_of, pay, receive, seen
from tests.billing.test_allocations import LAST, LATER, allocate, open_on, part, sound, take_back
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.people import People, Person
from tests.reports.test_advances import block_on
from voyagent.billing.core import errors
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import (
    opening as opening_payments,
    payments as payment_service,
    reversals as payment_reversals,
)
from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money
from voyagent.ledger.service import months
from voyagent.ledger.service.errors import PeriodLocked

WHY = "Typed twice"


def reverse(person: Person, payment_id: UUID, on: date | None = LAST, reason: str = WHY) -> None:
    person.does(
        lambda actor: payment_reversals.reverse_payment(actor, payment_id, reason=reason, on=on).id
    )


def row_of(person: Person, payment_id: UUID) -> dict[str, Any]:
    with person.reading() as reader:
        return payment_queries.read_payment(reader, payment_id).payment


MOVED = ("bank", "cash", "customer_advances", "supplier_advances", "opening_balances")


def nothing_stands(person: Person) -> bool:
    """True if all accounts that only payments move are zero, and all checks pass."""
    return not any(
        minor for (name, _currency), minor in balances(person).items() if name in MOVED
    ) and sound(person)


# Effects
# --------------------------------------------------------------------------------


def test_a_receipt_is_reversed_with_its_allocations_and_earlier_days_do_not_change(
    alice: Person,
) -> None:
    whole, some = issued(alice), issued(alice)
    payment_id = advance(alice, 7_000_000, DUE, part(whole, 4_500_000), part(some, 1_500_000))
    numbers = [seen(alice, one)["number"] for one in (whole, some)]
    reverse(alice, payment_id)
    assert [seen(alice, one)["status"] for one in (whole, some)] == ["issued", "issued"]
    assert open_on(alice, LAST) == dict.fromkeys(numbers, 4_500_000)
    assert open_on(alice, LAST - timedelta(days=1)) == {numbers[1]: 3_000_000}
    row = row_of(alice, payment_id)
    assert (row["number"], row["reversed_on"], row["reversal_reason"]) == (
        "R/2024-25/000001",
        LAST,
        WHY,
    )
    assert left_of(alice, payment_id)[2] == 0
    assert nothing_stands(alice)
    assert balances(alice, LAST - timedelta(days=1))["bank", "INR"] == 7_000_000
    assert row_of(alice, advance(alice, 1))["number"] == "R/2024-25/000002", "its number stays used"


def test_a_reversed_advance_ends_on_the_date_of_reversal(alice: Person) -> None:
    payment_id = advance(alice, 5_000_000)
    reverse(alice, payment_id)
    before = block_on(alice, LAST - timedelta(days=1))
    assert before is not None
    assert before.advance == Money(-5_000_000, "INR")
    assert block_on(alice, LAST) is None
    assert nothing_stands(alice)


def test_a_reversed_payment_to_a_supplier_has_the_opposite_postings(alice: Person) -> None:
    bill_id = receive(alice)
    payment_id = advance(
        alice, 5_000_000, DUE, part(bill_id, 4_500_000), direction="out", party_name="BSP India"
    )
    reverse(alice, payment_id)
    assert list(open_on(alice, LAST, "payable").values()) == [4_500_000]
    assert open_on(alice, LAST - timedelta(days=1), "payable") == {}
    assert balances(alice)["bank", "INR"] == balances(alice)["supplier_advances", "INR"] == 0
    assert sound(alice)


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_reversed_payment_leaves_no_balance_on_any_account(alice: Person, direction: str) -> None:
    make, party = (issued, "Deepa Krishnan") if direction == "in" else (receive, "BSP India")
    given = [{"vendor_reference": f"B-{n}"} if direction == "out" else {} for n in range(3)]
    at_once_settled, later_settled, twice = (make(alice, **one) for one in given)
    parts = [part(at_once_settled, 3_000_000), part(twice, 100_000)]
    payment_id = advance(alice, 9_000_000, DUE, *parts, direction=direction, party_name=party)
    allocate(alice, payment_id, part(twice, 1_000_000))
    allocate(alice, payment_id, part(twice, 500_000), on=LATER + timedelta(days=1))
    take_back(alice, payment_id, place=0)  # settled at once, now an advance
    allocate(alice, payment_id, part(later_settled, 200_000), on=LAST)
    with pytest.raises(errors.InvalidDate):
        reverse(alice, payment_id, on=LAST - timedelta(days=1))
    reverse(alice, payment_id)
    left = {name: minor for (name, _currency), minor in balances(alice).items()}
    assert (
        left["bank"],
        left["customer_advances" if direction == "in" else "supplier_advances"],
    ) == (0, 0)
    assert (
        list(open_on(alice, LAST, "receivable" if direction == "in" else "payable").values())
        == [4_500_000] * 3
    )
    assert sound(alice)


def test_later_allocations_are_taken_back_too(alice: Person) -> None:
    first, second = issued(alice), issued(alice)
    payment_id = advance(alice, 5_000_000, DUE, part(first, 100_000))
    allocate(alice, payment_id, part(second, 4_500_000))
    reverse(alice, payment_id)
    assert nothing_stands(alice)
    assert balances(alice)["receivable", "INR"] == 9_000_000


def test_a_reversed_imported_advance_can_be_imported_again(alice: Person) -> None:
    given: Any = {
        "direction": "in",
        "party_name": "Deepa Krishnan",
        "reference": "OLD-2",
        "paid_on": DUE,
        "amount": Money(500, "INR"),
    }
    payment_id = alice.does(lambda actor: opening_payments.import_advance(actor, **given).id)
    reverse(alice, payment_id)
    assert nothing_stands(alice)
    alice.does(
        lambda actor: (
            opening_payments.import_advance(actor, **given | {"amount": Money(400, "INR")}).id
        )
    )
    with pytest.raises(payment_errors.FormerPaymentTaken):
        alice.does(lambda actor: opening_payments.import_advance(actor, **given).id)
    assert sound(alice)


def test_the_date_of_reversal_defaults_to_today(alice: Person) -> None:
    payment_id = advance(alice, 100)
    reverse(alice, payment_id, on=None)
    assert row_of(alice, payment_id)["reversed_on"] == clock.today(alice.actor.timezone)


# Refusals
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"on": DUE - timedelta(days=1)}, errors.InvalidDate),
        ({"on": clock.today() + timedelta(days=2)}, errors.InvalidDate),
        ({"reason": " "}, errors.ReasonRequired),
        ({"reason": "x" * 501}, errors.TextTooLong),
    ],
)
def test_an_invalid_reversal_is_refused(
    alice: Person, given: dict[str, Any], error: type[Exception]
) -> None:
    payment_id = pay(alice, issued(alice), 100)
    with pytest.raises(error):
        reverse(alice, payment_id, **given)
    assert left_of(alice, payment_id) == (100, 0, 0)


def test_a_reversed_payment_accepts_no_further_act(alice: Person) -> None:
    invoice_id = issued(alice)
    payment_id = advance(alice, 100)
    reverse(alice, payment_id)
    with pytest.raises(payment_errors.PaymentReversed):
        reverse(alice, payment_id)
    with pytest.raises(payment_errors.PaymentReversed):
        allocate(alice, payment_id, part(invoice_id, 1), on=LAST)
    with pytest.raises(payment_errors.PaymentReversed):
        alice.does(payment_service.refund_payment, payment_id)


def test_a_refunded_payment_cannot_be_reversed(alice: Person) -> None:
    payment_id = advance(alice, 100)
    alice.does(
        lambda actor: (
            payment_service.refund_payment(actor, payment_id, amount=Money(1, "INR"), on=LATER).id
        )
    )
    with pytest.raises(payment_errors.PaymentRefunded):
        reverse(alice, payment_id)
    assert left_of(alice, payment_id) == (0, 1, 99)


def test_a_closed_month_refuses_a_reversal(alice: Person) -> None:
    payment_id = advance(alice, 100)
    alice.does(months.close_month, date(2024, 6, 1))
    with pytest.raises(PeriodLocked):
        reverse(alice, payment_id, on=DUE)
    reverse(alice, payment_id)
    assert sound(alice)


def test_other_agencies_and_roles_cannot_reverse(
    alice: Person, victor: Person, charlie: Person
) -> None:
    payment_id = advance(alice, 100)
    with pytest.raises(Forbidden):
        reverse(victor, payment_id)
    with pytest.raises(payment_errors.PaymentNotFound):
        reverse(charlie, payment_id)


def test_one_of_many_parallel_reversals_succeeds(alice: Person) -> None:
    invoice_id = issued(alice)
    payment_id = pay(alice, invoice_id, 4_500_000)
    results = at_once([lambda: reverse(alice, payment_id)] * 4)
    assert (
        sorted(type(result).__name__ for result in results)
        == ["NoneType"] + ["PaymentReversed"] * 3
    )
    assert sound(alice)


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        ("reversed_on = paid_on", "ck_payments_reversed"),
        (
            (
                "refunded_minor = amount_minor, reversed_on = paid_on, reversal_reason = 'x',"
                " reversal_entry_id = entry_id"
            ),
            "the reversal must be the entry",
        ),
    ],
)
def test_the_database_refuses_an_incomplete_reversal(
    alice: Person, change: str, violation: str
) -> None:
    payment_id = advance(alice, 100)
    with pytest.raises(IntegrityError, match=violation), alice.acting():
        db.session.execute(
            sa.text(f"update payments set {change} where id = :id"), {"id": payment_id}
        )
        db.session.commit()


def test_a_reversed_row_cannot_be_changed(alice: Person) -> None:
    payment_id = advance(alice, 100)
    reverse(alice, payment_id)
    with pytest.raises(IntegrityError, match="cannot be changed, only reversed"), alice.acting():
        db.session.execute(
            sa.text("update payments set reversal_reason = 'Other' where id = :id"),
            {"id": payment_id},
        )


# Pages, API and commands
# --------------------------------------------------------------------------------


def test_the_api_returns_and_filters_reversed_payments(alice: Person) -> None:
    invoice_id = issued(alice)
    payment_id, other = pay(alice, invoice_id, 4_500_000), advance(alice, 100)
    api = alice.api

    def listed(only: str) -> list[Any]:
        found: Any = api.get(f"/payments?{only}=1").json
        return list(found["items"])

    path = f"/payments/{payment_id}"
    answer = api.post(f"{path}/reverse", json={"reason": f" {WHY} ", "reversed_on": "2024-07-20"})
    assert answer.status_code == 200, answer.text
    body: Any = answer.json
    names = (
        "reversed_on",
        "reversal_reason",
        "allocated_amount",
        "refunded_amount",
        "unapplied_amount",
    )
    assert [body[name] for name in names] == ["2024-07-20", WHY, "0.00", "0.00", "0.00"]
    assert body["reversal_entry_id"] is not None
    assert api.get(path).json == body
    assert [one["id"] for one in listed("reversed")] == [str(payment_id)]
    assert [one["id"] for one in listed("unapplied")] == [str(other)]
    assert code(api.post(f"{path}/reverse", json={"reason": WHY})) == (409, "payment_reversed")
    assert api.post(f"/payments/{other}/refund", json={"amount": "0.50"}).status_code == 201
    assert code(api.post(f"/payments/{other}/reverse", json={"reason": WHY})) == (
        409,
        "payment_refunded",
    )
    assert api.post(f"/payments/{other}/reverse", json={}).status_code == 422


@pytest.mark.parametrize(
    ("role", "status"),
    [("accounting_lead", 200), ("ticketing_lead", 403), ("agent", 403), ("viewer", 403)],
)
def test_reversing_requires_the_permission_to_void(
    people: People, alice: Person, role: str, status: int
) -> None:
    person, payment_id = people.colleague(alice, "Rita Role", role=role), advance(alice, 100)
    page = Page(person.tab.get(f"/payments/{payment_id}"))
    assert any(link.endswith("/reverse") for link in page.links()) is (status == 200)
    assert (
        person.api.post(f"/payments/{payment_id}/reverse", json={"reason": WHY}).status_code
        == status
    )


def test_a_reversal_is_subject_to_the_limit_of_the_role(people: People, alice: Person) -> None:
    lead, payment_id = (
        people.colleague(alice, "Leila Lead", role="accounting_lead"),
        advance(alice, 100_000),
    )
    limits = {"approval_limits": {"accounting_lead": {"amount": "999.99", "currency": "INR"}}}
    assert alice.api.patch("/tenant-settings", json=limits).status_code == 200
    assert code(lead.api.post(f"/payments/{payment_id}/reverse", json={"reason": WHY})) == (
        403,
        "amount_above_limit",
    )


def test_an_idempotency_key_makes_one_reversal(alice: Person) -> None:
    payment_id = advance(alice, 100)
    answers = at_once(
        [
            lambda: alice.api.post(
                f"/payments/{payment_id}/reverse",
                json={"reason": WHY},
                headers={"Idempotency-Key": "once"},
            )
        ]
        * 3
    )
    assert [answer.status_code for answer in answers] == [200] * 3


def test_other_agencies_and_anonymous_callers_are_refused(alice: Person, charlie: Person) -> None:
    payment_id = advance(alice, 100)
    assert code(charlie.api.post(f"/payments/{payment_id}/reverse", json={"reason": WHY})) == (
        404,
        "payment_not_found",
    )
    assert (
        alice.app.test_client()
        .post(f"/api/payments/{payment_id}/reverse", json={"reason": WHY})
        .status_code
        == 401
    )


def test_the_page_reverses_after_a_preview(alice: Person) -> None:
    invoice_id = issued(alice)
    payment_id = advance(alice, 5_000_000, DUE, part(invoice_id, 4_500_000))
    browser = alice.tab
    (link,) = [
        link
        for link in Page(browser.get(f"/payments/{payment_id}")).links()
        if link.endswith("/reverse")
    ]
    asked = Page(browser.get(link))
    words = asked.words(".//section[@id='postings']")
    assert [
        word in words for word in ("45,000.00", "5,000.00", "50,000.00", "1100", "1200", "2200")
    ] == [True] * 6
    assert seen(alice, invoice_id)["status"] == "paid", "looking changes nothing"
    early = Page(send(alice, link, reason=WHY, reversed_on="24 Jun 2024"))
    assert (early.status, "This date is too early" in early.error_at("reversed_on")) == (
        422,
        True,
    )
    assert send(alice, link, reason=WHY, reversed_on="20 Jul 2024").status_code == 303
    shown = browser.get(f"/payments/{payment_id}")
    page = Page(shown)
    assert WHY in page.words(".//*[@id='reversal']")
    assert "Reversed" in page.words(".//article")
    assert not [one for one in page.links() if one.endswith(("/reverse", "/allocate", "/refund"))]
    assert send(alice, link, reason=WHY, reversed_on="20 Jul 2024").status_code == 303, (
        "the way back to the payment"
    )
    listed = Page(browser.get("/payments?reversed=1"))
    assert "Reversed" in listed.words(".//tbody")
    assert browser.get(f"/payments/{payment_id}/payment.pdf").data.startswith(b"%PDF")
