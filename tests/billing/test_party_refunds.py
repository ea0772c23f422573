"""Refunds of several payments and credits of a customer at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, advance, issued, left_of, line, pay
from tests.billing.test_carrying import carried, worth
from tests.billing.test_credits import credit, findings
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.ledger.test_base_amounts import make_ready
from tests.parties.test_merges import merged, party, undone
from tests.people import Person
from tests.rates.entered import entered
from voyagent.billing.core.errors import InvalidDate
from voyagent.billing.core.models.payments import Refund, RefundPart
from voyagent.billing.payments import errors
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service.refunds import Returned, refund_party
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money

LATER = DUE + timedelta(days=3)


def inr(minor: int) -> Money:
    return Money(minor, "INR")


def owed(person: Person) -> UUID:
    """Give Deepa credits of 9,000 and 4,000 and an advance of 1,000; return her id."""
    for minor in (900_000, 400_000):
        invoice_id = issued(person, line(str(minor // 100), quantity=1))
        pay(person, invoice_id, minor)
        credit(person, invoice_id)
    payment_id = advance(person, 100_000)
    return UUID(person.api.get(f"/payments/{payment_id}").json["party_id"])


def unused(person: Person) -> dict[str, str]:
    """Return the unused amounts by number of payment."""
    items = person.api.get("/payments?unapplied=1").json["items"]
    return {row["number"]: row["unapplied_amount"] for row in items}


def test_one_refund_returns_credits_and_advances(alice: Person) -> None:
    party_id = owed(alice)
    body = {
        "party_id": str(party_id),
        "amount": "14000",
        "currency": "INR",
        "refunded_on": LATER.isoformat(),
        "reference": "NEFT 1",
    }
    answer = alice.api.post("/refunds", json=body)
    assert answer.status_code == 201
    refund = answer.json
    assert (refund["number"], refund["amount"], refund["party_name"]) == (
        "F/2024-25/000001",
        "14000.00",
        "Deepa Krishnan",
    )
    assert sorted(part["amount"] for part in refund["parts"]) == ["1000.00", "4000.00", "9000.00"]
    entry = alice.api.get(f"/journal-entries/{refund['journal_entry_id']}").json
    assert sorted(
        (row["code"], row["debit_amount"], row["credit_amount"]) for row in entry["lines"]
    ) == [
        ("1100", None, "14000.00"),
        ("2200", "1000.00", None),
        ("2210", "13000.00", None),
    ]
    assert alice.api.get(f"/refunds/{refund['id']}").json == refund
    assert (unused(alice), findings(alice)) == ({}, [])
    left = balances(alice)
    assert (left["customer_credits", "INR"], left["customer_advances", "INR"]) == (0, 0)


def test_the_oldest_are_returned_first(alice: Person) -> None:
    party_id = owed(alice)
    older_id = advance(alice, 50_000, DUE - timedelta(days=2))
    alice.does(lambda actor: refund_party(actor, party_id, inr(60_000), on=LATER).id)
    assert left_of(alice, older_id) == (0, 50_000, 0)
    assert sum(float(amount) for amount in unused(alice).values()) == 13_900
    assert findings(alice) == []


def test_a_refund_returns_what_merged_records_have(alice: Person) -> None:
    root_id, other_id = owed(alice), party(alice, "D. Krishnan")
    theirs = advance(alice, 50_000, DUE - timedelta(days=2), party_name=None, party_id=other_id)
    part = Returned(theirs, inr(10_000))
    merge_id = merged(alice, other_id, root_id)
    for one in (root_id, other_id):
        page = Page(alice.tab.get(f"/parties/{one}/refund"))
        assert page.one(".//input[@name='amount']").get("value") == "14,500.00"
    refunds = [
        alice.does(lambda actor: refund_party(actor, root_id, inr(10_000), parts=[part]).id),
        alice.does(lambda actor: refund_party(actor, root_id, inr(1_340_000), on=LATER).id),
    ]
    assert left_of(alice, theirs) == (0, 50_000, 0)
    entry_id = alice.api.get(f"/refunds/{refunds[1]}").json["journal_entry_id"]
    lines = alice.api.get(f"/journal-entries/{entry_id}").json["lines"]
    assert sorted((row["code"], row["party_name"], row["debit_amount"]) for row in lines[:-1]) == [
        ("2200", "D. Krishnan", "400.00"),
        ("2210", "Deepa Krishnan", "13000.00"),
    ]
    undone(alice, merge_id)
    shown = {
        one: Page(alice.tab.get(f"/parties/{one}")).words(".//*[@id='balances']")
        for one in (root_id, other_id)
    }
    assert ("1,000.00" in shown[root_id], shown[other_id]) == (True, "No balance")
    with pytest.raises(errors.RefundOfAnotherParty):
        alice.does(lambda actor: refund_party(actor, root_id, inr(10_000), parts=[part]).id)
    assert findings(alice) == []


def test_parts_say_what_is_returned(alice: Person) -> None:
    party_id = owed(alice)
    one_id, two_id = advance(alice, 30_000), advance(alice, 20_000)
    parts = [Returned(one_id, inr(10_000)), Returned(two_id, inr(20_000))]
    alice.does(lambda actor: refund_party(actor, party_id, inr(30_000), parts=parts).id)
    assert (left_of(alice, one_id), left_of(alice, two_id)) == ((0, 10_000, 20_000), (0, 20_000, 0))
    shown = Page(alice.tab.get(f"/payments/{one_id}"))
    assert "part of INR300.00" in shown.words(".//*[@id='about']")
    assert findings(alice) == []


def test_a_reversal_returns_all_parts(alice: Person) -> None:
    party_id = owed(alice)
    before = unused(alice)
    refund_id = alice.does(lambda actor: refund_party(actor, party_id, inr(1_400_000), on=DUE).id)
    (part, *_others) = alice.api.get(f"/refunds/{refund_id}").json["parts"]
    path = f"/payments/{part['payment_id']}/refunds/{refund_id}/reverse"
    body = {"reason": "Never went", "reversed_on": LATER.isoformat()}
    assert alice.api.post(path, json=body).status_code == 200
    assert unused(alice) == before
    assert alice.api.post(path, json=body).json["detail"] == "refund_reversed"
    with pytest.raises(InvalidDate):
        alice.does(lambda actor: refund_party(actor, party_id, inr(100), on=DUE).id)
    assert findings(alice) == []


def _of_another(person: Person) -> list[Returned]:
    return [Returned(advance(person, 100, party_name="Ravi Menon"), inr(100))]


def _of_a_supplier(person: Person) -> list[Returned]:
    return [Returned(advance(person, 100, direction="out"), inr(100))]


def _in_dollars(person: Person) -> list[Returned]:
    return [Returned(advance(person, 100, currency="USD"), inr(100))]


def _too_much(person: Person) -> list[Returned]:
    return [Returned(advance(person, 99), inr(100))]


def _too_little(person: Person) -> list[Returned]:
    return [Returned(advance(person, 99), inr(99))]


def _twice(person: Person) -> list[Returned]:
    return [Returned(advance(person, 100), inr(50))] * 2


@pytest.mark.parametrize(
    ("parts", "error", "code"),
    [
        (_of_another, errors.RefundOfAnotherParty, (409, "another_party")),
        (_of_a_supplier, errors.RefundOfAnotherParty, (409, "another_party")),
        (_in_dollars, MixedCurrencies, (400, "mixed_currency")),
        (_too_much, errors.RefundExceedsCredit, (409, "refund_exceeds_credit")),
        (_too_little, errors.RefundPartsDiffer, (422, "refund_parts_differ")),
        (_twice, errors.InvalidAllocations, (422, "invalid_allocations")),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    alice: Person,
    parts: Callable[[Person], list[Returned]],
    error: type[Exception],
    code: tuple[int, str],
) -> None:
    party_id, given = owed(alice), parts(alice)
    with pytest.raises(error):
        alice.does(lambda actor: refund_party(actor, party_id, inr(100), parts=given).id)
    named = [{"payment_id": str(one.payment_id), "amount": one.amount.wire} for one in given]
    body = {"party_id": str(party_id), "amount": "1.00", "currency": "INR", "parts": named}
    answer = alice.api.post("/refunds", json=body)
    assert (answer.status_code, answer.json["detail"]) == code
    assert findings(alice) == []


def test_more_than_there_is_cannot_be_refunded(alice: Person) -> None:
    party_id = owed(alice)
    with pytest.raises(errors.RefundExceedsCredit):
        alice.does(lambda actor: refund_party(actor, party_id, inr(1_400_001)).id)
    with pytest.raises(errors.RefundExceedsCredit):
        alice.does(lambda actor: refund_party(actor, party_id, Money(1, "USD")).id)
    with pytest.raises(InvalidAmount):
        alice.does(lambda actor: refund_party(actor, party_id, inr(0)).id)
    page = Page(send(alice, f"/parties/{party_id}/refund", **TYPED | {"amount": "14000.01"}))
    assert (page.status, "more than the customer’s unused" in page.words()) == (422, True)


TYPED: dict[str, Any] = {
    "amount": "14000",
    "currency": "INR",
    "refunded_on": "25 Jun 2024",
    "account": "bank",
}


def test_the_page_refunds_what_a_customer_has(alice: Person) -> None:
    party_id = owed(alice)
    detail = alice.tab.get(f"/parties/{party_id}").text
    assert f"/parties/{party_id}/refund" in detail
    page = Page(alice.tab.get(f"/parties/{party_id}/refund"))
    assert page.one(".//input[@name='amount']").get("value") == "14,000.00"
    assert "Customer credit" in page.words(".//*[@id='unused']")
    looked = send(alice, f"/parties/{party_id}/refund", **TYPED, then="look")
    assert "Credits of customers, refundable" in looked.text
    answer = send(alice, f"/parties/{party_id}/refund", **TYPED)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/parties/{party_id}")
    assert unused(alice) == {}
    nothing = alice.tab.get(f"/parties/{party_id}/refund", follow_redirects=True)
    assert "no unused payment or credit" in nothing.text


def test_only_people_who_may_pay_refund_a_customer(
    alice: Person, bob: Person, charlie: Person
) -> None:
    party_id = owed(alice)
    body = {"party_id": str(party_id), "amount": "1", "currency": "INR"}
    assert bob.api.post("/refunds", json=body).status_code == 403
    assert bob.tab.get(f"/parties/{party_id}/refund").status_code == 403
    with pytest.raises(Forbidden):
        bob.does(lambda actor: refund_party(actor, party_id, inr(100)).id)
    answer = charlie.api.post("/refunds", json=body)
    assert (answer.status_code, answer.json["detail"]) == (404, "party_not_found")
    refund_id = alice.does(lambda actor: refund_party(actor, party_id, inr(100)).id)
    assert charlie.api.get(f"/refunds/{refund_id}").status_code == 404


def test_two_refunds_at_once_return_nothing_twice(alice: Person) -> None:
    party_id = owed(alice)

    def refund() -> UUID:
        refund_id: UUID = alice.does(lambda actor: refund_party(actor, party_id, inr(1_400_000)).id)
        return refund_id

    results = at_once([refund] * 2)
    assert sum(isinstance(one, errors.RefundExceedsCredit) for one in results) == 1
    assert balances(alice)["customer_credits", "INR"] == 0
    assert findings(alice) == []


def test_a_refund_in_dollars_takes_each_base_amount(alice: Person, owner_engine: sa.Engine) -> None:
    make_ready(owner_engine, alice)
    ids = []
    for day, rate in ((DUE, "84.20"), (LATER, "85")):
        entered(alice, day, rate)
        ids.append(advance(alice, 10_000, day, currency="USD"))
    party_id = UUID(alice.api.get(f"/payments/{ids[0]}").json["party_id"])
    alice.does(lambda actor: refund_party(actor, party_id, Money(15_000, "USD"), on=LATER).id)
    assert [carried(owner_engine, "payments", one) for one in ids] == [
        (842_000, 842_000),
        (850_000, 425_000),
    ]
    assert worth(owner_engine, alice) == {
        "bank": 842_000 + 850_000 - 1_275_000,
        "customer_advances": -425_000,
        "exchange_differences": 8_000,
    }
    assert findings(alice) == []


def test_the_database_refuses_parts_that_do_not_add_up(alice: Person) -> None:
    payment_id = advance(alice, 100)
    entry_id = alice.api.get(f"/payments/{payment_id}").json["journal_entry_id"]

    def refund(amount: int, part: int, used: int) -> None:
        with alice.acting():
            payment = payment_queries.get_payment(payment_id)
            payment.refunded_minor += used
            row = Refund(
                id=new_id(),
                payment_id=payment_id,
                number="F/2024-25/000009",
                amount_minor=amount,
                has_parts=True,
                refunded_on=DUE,
                account="bank",
                entry_id=UUID(entry_id),
            )
            db.session.add(row)
            db.session.flush()
            db.session.add(RefundPart(refund_id=row.id, payment_id=payment_id, amount_minor=part))

    with pytest.raises(sa.exc.IntegrityError, match="parts of a refund do not fit"):
        refund(60, 50, 50)
    with pytest.raises(sa.exc.IntegrityError, match="allocations sum to 0 and refunds to 50"):
        refund(50, 50, 60)
    assert left_of(alice, payment_id) == (0, 0, 100)
