"""Cheques that bounce: the reversal and the bank's charge in one act."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import DUE, advance, issued, line, seen
from tests.billing.test_api import code
from tests.billing.test_payouts import findings, lines_of, registered
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.people import People, Person, csrf_token
from voyagent.billing.core.service.charges import Charge
from voyagent.billing.payments.errors import PaymentReversed
from voyagent.billing.payments.service import reversals
from voyagent.billing.payments.service.means import Means
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel.money import Money

NINE = [{"component": one, "amount": "27.00"} for one in ("cgst", "sgst")]
BOUNCE = {"reason": "No money", "reversed_on": "2024-06-26", "fee": "300.00"}


def cheque(person: Person, minor: int = 700_000, *parts: Part, **more: Any) -> UUID:
    """Record a customer's payment by cheque and return its id."""
    return advance(person, minor, DUE, *parts, means=Means(mode="cheque"), **more)


def test_a_bounced_cheque_is_reversed_with_the_charge_of_the_bank(alice: Person) -> None:
    """A cheque of 7,000 bounces, and the bank takes 300 and 9 % twice (V43)."""
    registered(alice)
    invoice_id = issued(alice, line("7000.00", quantity=1))
    payment_id = cheque(alice, 700_000, Part(invoice_id, Money(700_000, "INR")))
    path = f"/payments/{payment_id}/bounce"
    answer = alice.api.post(path, json=BOUNCE | {"taxes": NINE})
    assert answer.status_code == 200, answer.text
    of_reversal = {"journal_entry_id": answer.json["reversal_entry_id"]}
    assert ("1100", None, "7000.00") in lines_of(alice, of_reversal)
    assert lines_of(alice, {"journal_entry_id": answer.json["bounce_entry_id"]}) == [
        ("5700", "300.00", None),
        ("1410", "27.00", None),
        ("1411", "27.00", None),
        ("1100", None, "354.00"),
    ]
    assert (seen(alice, invoice_id)["status"], seen(alice, invoice_id)["paid_minor"]) == (
        "issued",
        0,
    )
    assert code(alice.api.post(path, json=BOUNCE)) == (409, "payment_reversed")
    assert findings(alice) == []


def test_the_charge_is_subject_to_the_limit_of_the_role(people: People, alice: Person) -> None:
    lead, payment_id = people.colleague(alice, "Leila", role="accounting_lead"), cheque(alice, 1000)
    limits = {"approval_limits": {"accounting_lead": {"amount": "299.99", "currency": "INR"}}}
    assert alice.api.patch("/tenant-settings", json=limits).status_code == 200
    path = f"/payments/{payment_id}/bounce"
    assert code(lead.api.post(path, json=BOUNCE)) == (403, "amount_above_limit")
    assert lead.api.post(path, json=BOUNCE | {"fee": "299.99"}).status_code == 200


def test_only_a_cheque_bounces(alice: Person) -> None:
    path = f"/payments/{advance(alice, 100)}/bounce"
    assert code(alice.api.post(path, json=BOUNCE)) == (409, "not_a_cheque")
    assert alice.tab.get(path).status_code == 303


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"fee": "0.00"}, (422, "invalid_amount")),
        ({"taxes": NINE}, (409, "agency_tax_number_required")),
        ({"reversed_on": "2024-06-24"}, (400, "invalid_date")),
    ],
)
def test_a_wrong_charge_is_refused_and_nothing_is_reversed(
    alice: Person, changes: dict[str, Any], answer: tuple[int, str]
) -> None:
    payment_id = cheque(alice)
    refused = alice.api.post(f"/payments/{payment_id}/bounce", json=BOUNCE | changes)
    assert code(refused) == answer
    assert alice.api.get(f"/payments/{payment_id}").json["reversed_on"] is None


def test_a_cheque_bounces_once(alice: Person) -> None:
    """The bank had kept a charge of it, which is taken back once."""
    bounce = partial(
        *(alice.does, reversals.reverse_payment, cheque(alice, charge=Charge("25.00"))),
        reason="No money",
        on=DUE,
        charge=Charge("300.00"),
    )
    results = at_once([bounce] * 2)
    assert [type(one) for one in results].count(PaymentReversed) == 1
    assert findings(alice) == []


def test_others_cannot_let_a_cheque_bounce(alice: Person, bob: Person, charlie: Person) -> None:
    path = f"/payments/{cheque(alice)}/bounce"
    assert bob.api.post(path, json=BOUNCE).status_code == 403
    assert bob.tab.get(path).status_code == 403
    assert code(charlie.api.post(path, json=BOUNCE)) == (404, "payment_not_found")


def test_the_page_previews_and_records_a_bounced_cheque(alice: Person) -> None:
    browser, payment_id = alice.tab, cheque(alice)
    path = f"/payments/{payment_id}/bounce"
    assert path in browser.get(f"/payments/{payment_id}").text
    typed = {
        "reason": "No money",
        "reversed_on": "26 Jun 2024",
        "fee": "300",
        "csrf_token": csrf_token(browser),
    }
    looked = browser.post(path, data=typed | {"then": "look"}).text
    assert all(one in looked for one in ("5700", "7,000.00", "300.00"))
    for changes, sentence in (
        ({"fee": ""}, "This field is required."),
        ({"fee": "1,00"}, "Enter an amount such as"),
        ({"reversed_on": "24 Jun 2024"}, "before"),
    ):
        refused = browser.post(path, data=typed | changes)
        assert (refused.status_code, sentence in refused.text) == (422, True), changes
    assert browser.post(path, data=typed).status_code == 303
    page = Page(browser.get(f"/payments/{payment_id}")).words()
    assert "Bounced, charge of the bank" in page
