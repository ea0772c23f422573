"""Refunds that suppliers owe: claims on paid bills, and their receipts."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.banking.test_banking import listed, opened
from tests.billing.papers import line, receive, untied
from tests.billing.test_carrying import quote
from tests.billing.test_effects import run_dry
from tests.billing.test_forms import send
from tests.billing.test_prepaid_costs import given, sound
from tests.billing.test_taxes import agency, findings, posted
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances, stored
from tests.ledger.test_base_amounts import make_ready
from tests.people import People, Person
from tests.rates.entered import entered
from tests.trips.things import a_trip
from voyagent.billing.bills import service as bill_service
from voyagent.billing.claims import errors, queries, service
from voyagent.billing.claims.service import Refund
from voyagent.billing.core.errors import (
    BillPaid,
    ClaimReceived,
    DateTooEarly,
    DocumentNotOpen,
    DocumentNotVoidable,
)
from voyagent.billing.payments.errors import SettledFarFromRate
from voyagent.billing.payments.service import payments
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credits
from voyagent.billing.supplier_credits.errors import SupplierCreditTaken
from voyagent.kernel.actor import ApprovalRequired, Forbidden
from voyagent.kernel.money import Money
from voyagent.ledger.service import revaluations
from voyagent.settings.queries import AmountAboveLimit

__all__ = ["agency"]
ORDERED, CANCELLED, PAID_ON = date(2024, 11, 18), date(2024, 11, 29), date(2024, 12, 10)
SERVICE = date(2025, 1, 10)
CLAIMS, PREPAID, COST, OWED = (
    *("supplier_claims", "prepaid_trip_costs"),
    *("cost_of_services", "payable"),
)
WORTH = """
select a.purpose, sum(p.base_debit_minor - p.base_credit_minor)::bigint as minor
  from postings p join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id
 where p.tenant_id = :t and p.effective_date <= :d group by 1
"""


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def inr(minor: int) -> Money:
    return Money(minor, "INR")


def paid_bill(person: Person, *items: Any, part: Money | None = None, **more: Any) -> UUID:
    """Receive a bill of INR 1,000, and pay it or a part of it."""
    dated = {"issue_date": ORDERED, "due_date": ORDERED} | more
    bill_id = receive(person, *(items or [line("1000.00", quantity=1)]), **dated)
    person.does(lambda actor: payments.pay_bill(actor, bill_id, part, ORDERED).id)
    return bill_id


def claimed(person: Person, bill_id: UUID, **more: Any) -> UUID:
    """Claim a refund of a bill on the day of cancellation."""
    terms = {"reason": "Cancelled", "on": CANCELLED} | more
    return person.does(lambda actor: service.open_claim(actor, bill_id, **terms).id)


def received(person: Person, claim_id: UUID, amount: Money | None = None, **more: Any) -> UUID:
    refund = Refund(amount, **{"on": PAID_ON} | more)
    return person.does(lambda actor: service.receive_claim(actor, claim_id, refund).id)


def open_of(person: Person, claim_id: UUID) -> tuple[int, int, int]:
    """Return what is received, given up and open of a claim."""
    with person.acting():
        claim = queries.get_claim(claim_id)
        return claim.received_minor, claim.given_up_minor, claim.open_minor


def worth(engine: sa.Engine, person: Person, day: date) -> dict[str, int]:
    """Return the base amounts of accounts on a day, debit less credit, by purpose."""
    rows = stored(engine, WORTH, t=person.actor.tenant_id, d=day)
    return {row["purpose"]: row["minor"] for row in rows if row["minor"]}


def dollars(person: Person, engine: sa.Engine) -> UUID:
    """V4's bill of USD 3,150 at 84.20 for a trip in January, paid with INR 268,000."""
    make_ready(engine, person)
    for day, rate in ((ORDERED, "84.20"), (CANCELLED, "84.60"), (PAID_ON, "85.00")):
        entered(person, day, rate)
    item = given(SERVICE, "3150.00", currency="USD")
    terms: dict[str, Any] = {"exchange_rate": quote("84.20"), "trip_id": a_trip(person)}
    bill_id = receive(person, item, issue_date=ORDERED, due_date=ORDERED, **terms)
    settled = Part(bill_id, inr(26_800_000), settled=usd(315_000))
    person.does(
        lambda actor: (
            payments.record_payment(
                actor,
                direction="out",
                party_name="BSP India",
                amount=inr(26_800_000),
                on=ORDERED,
                parts=[settled],
            ).id
        )
    )
    return bill_id


def test_a_supplier_refunds_a_part_of_a_paid_bill_in_another_currency(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """V34: USD 2,650 is claimed at 84.60. V35: 2,640 comes at 85.00, the rest is lost."""
    bill_id = dollars(alice, owner_engine)
    claim_id = claimed(alice, bill_id, amounts={1: usd(265_000)}, expected_on=PAID_ON)
    there = worth(owner_engine, alice, CANCELLED)
    assert there[CLAIMS] == 22_419_000
    assert there[PREPAID] == 26_523_000 - 22_313_000 == 4_210_000
    assert there["exchange_differences"] == 277_000 - 106_000
    after = worth(owner_engine, alice, SERVICE)
    assert (after.get(PREPAID), after[COST]) == (None, 4_210_000)
    assert sound(alice)

    account_id = opened(alice, "Dollars", currency="USD")
    received(alice, claim_id, usd(264_000), bank_account_id=account_id, give_up_rest=True)
    assert open_of(alice, claim_id) == (264_000, 1_000, 0)
    last = worth(owner_engine, alice, SERVICE)
    assert (last.get(CLAIMS), last[COST]) == (None, 4_210_000 + 84_600)
    assert last["exchange_differences"] == 277_000 - 106_000 - 105_600
    assert last[None] == 22_440_000  # type: ignore[index]  # the bank account in dollars
    assert (untied(alice), findings(alice)) == ([], [])


def test_a_claim_on_a_part_paid_bill_settles_the_open_part_and_is_received(
    agency: Person,
) -> None:
    """Of 1,180, 500 are paid. 590 of the 690 credited are open, so 100 are claimed."""
    taxed: Any = line("1000.00", quantity=1)
    taxed |= {"input_taxes": {"cgst": "90.00", "sgst": "90.00"}, "input_credit": True}
    bill_id = paid_bill(agency, taxed, part=inr(59_000))
    with pytest.raises(errors.NothingToClaim):
        claimed(agency, bill_id, amounts={1: inr(50_000)})
    claim_id = claimed(agency, bill_id, amounts={1: inr(58_475)})  # 690.01 with tax
    there = balances(agency, CANCELLED)
    assert (there[OWED, "INR"], there[CLAIMS, "INR"]) == (0, 10_001)
    assert (there[COST, "INR"], there["input_cgst", "INR"]) == (41_525, 3_737)
    assert sound(agency)
    with pytest.raises(DateTooEarly):
        received(agency, claim_id, inr(4_000), on=CANCELLED - timedelta(days=1))
    with pytest.raises(errors.ClaimExceeded):
        received(agency, claim_id, inr(10_002))
    with pytest.raises(errors.NothingSettled):
        received(agency, claim_id, inr(0))
    received(agency, claim_id, inr(4_000))
    received(agency, claim_id, inr(0), give_up_rest=True)
    assert open_of(agency, claim_id) == (4_000, 6_001, 0)
    with pytest.raises(errors.ClaimNotOpen):
        received(agency, claim_id)
    there = balances(agency, PAID_ON)
    assert (there[CLAIMS, "INR"], there[COST, "INR"]) == (0, 41_525 + 6_001)
    assert sound(agency)


def test_receipts_and_a_claim_are_reversed_in_this_order(alice: Person) -> None:
    bill_id = paid_bill(alice, given(SERVICE, "1000.00"))
    claim_id = claimed(alice, bill_id)
    receipt_id = received(alice, claim_id, inr(60_000))
    with alice.acting():
        credit_id = queries.get_claim(claim_id).supplier_credit_id
    reverse = partial(supplier_credits.reverse_supplier_credit, reason="Travelled")
    with pytest.raises(ClaimReceived):
        alice.does(reverse, credit_id, on=PAID_ON)
    with pytest.raises(DocumentNotVoidable):
        alice.does(bill_service.void_bill, bill_id, reason="Twice")
    (payment,) = alice.api.get("/payments").json["items"]
    path = f"/payments/{payment['id']}"
    (part,) = alice.api.get(path).json["allocations"]
    for undone, body in (
        ("reverse", {"reason": "Twice"}),
        (f"allocations/{part['id']}/unallocate", {}),
    ):
        answer = alice.api.post(f"{path}/{undone}", json=body)
        assert (answer.status_code, answer.json["detail"]) == (409, "payment_claimed")
    back = PAID_ON + timedelta(days=2)
    acts = [
        partial(alice.does, partial(service.reverse_receipt, reason="Bounced"), receipt_id, on=back)
        for _ in range(2)
    ]
    answers = at_once(acts)
    assert sum(isinstance(one, errors.ClaimReceiptReversed) for one in answers) == 1
    assert open_of(alice, claim_id) == (0, 0, 100_000)
    with pytest.raises(DateTooEarly):
        alice.does(reverse, credit_id, on=PAID_ON)
    alice.does(reverse, credit_id, on=back)
    assert open_of(alice, claim_id) == (0, 0, 0)
    there = balances(alice, back)
    assert (there[CLAIMS, "INR"], there[PREPAID, "INR"]) == (0, 100_000)
    assert balances(alice, SERVICE)[COST, "INR"] == 100_000
    again = claimed(alice, bill_id, on=back)
    assert open_of(alice, again) == (0, 0, 100_000)
    assert sound(alice)


def test_two_receipts_at_once_take_no_more_than_is_owed(alice: Person) -> None:
    claim_id = claimed(alice, paid_bill(alice))
    answers = at_once([partial(received, alice, claim_id, inr(60_000)) for _ in range(2)])
    assert sum(isinstance(one, errors.ClaimExceeded) for one in answers) == 1
    assert open_of(alice, claim_id) == (60_000, 0, 40_000)
    assert sound(alice)


def test_a_credit_note_is_matched_to_its_claim_and_not_entered_again(alice: Person) -> None:
    bill_id = paid_bill(alice, line("1000.00", quantity=1), line("50.00", quantity=1))
    claim_id = claimed(alice, bill_id, amounts={1: inr(100_000)})
    alice.does(service.match_credit_note, claim_id, number="CN-7")
    with pytest.raises(errors.ClaimMatched):
        alice.does(service.match_credit_note, claim_id, number="CN-8")
    with pytest.raises(SupplierCreditTaken):
        claimed(alice, bill_id, credit_note_number="CN-7")
    other = claimed(alice, bill_id, credit_note_number="CN-8")
    with alice.acting():
        assert queries.get_claim(other).credit_note_number == "CN-8"
    unpaid = receive(alice, vendor_reference="BSP-2", issue_date=ORDERED, due_date=ORDERED)
    enter = partial(supplier_credits.credit_bill, reason="Cancelled", on=CANCELLED)
    with pytest.raises(SupplierCreditTaken):
        alice.does(enter, unpaid, vendor_reference="CN-7")
    with pytest.raises(DocumentNotOpen):
        claimed(alice, unpaid)
    with pytest.raises(BillPaid):
        alice.does(enter, bill_id, vendor_reference="CN-9")


def test_one_number_is_matched_to_one_of_two_claims_at_once(alice: Person) -> None:
    bills = [paid_bill(alice, vendor_reference=f"BSP-{number}") for number in (7, 8)]
    acts = [
        partial(
            alice.does, partial(service.match_credit_note, number="CN-7"), claimed(alice, bill_id)
        )
        for bill_id in bills
    ]
    answers = at_once(acts)
    assert sum(isinstance(one, SupplierCreditTaken) for one in answers) == 1


def test_a_claim_in_another_currency_is_revalued_and_paid_in_rupees(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """USD 2,650 claimed at 84.60 is revalued at 84.75, and INR 226,000 comes for it."""
    bill_id = dollars(alice, owner_engine)
    entered(alice, date(2024, 11, 30), "84.75")
    claim_id = claimed(alice, bill_id, amounts={1: usd(265_000)})
    alice.does(revaluations.revalue, date(2024, 11, 1))
    assert worth(owner_engine, alice, date(2024, 11, 30))[CLAIMS] == 22_458_750
    assert worth(owner_engine, alice, date(2024, 12, 1))[CLAIMS] == 22_419_000
    received(alice, claim_id, money=inr(22_600_000))
    last = worth(owner_engine, alice, PAID_ON)
    assert (last.get(CLAIMS), last.get("currency_exchange")) == (None, None)
    assert last["exchange_differences"] == 277_000 - 106_000 - 181_000
    assert findings(alice) == []


def test_who_may_claim_and_receive(alice: Person, bob: Person, charlie: Person) -> None:
    bill_id = paid_bill(alice)
    with pytest.raises((ApprovalRequired, Forbidden)):
        claimed(bob, bill_id)
    claim_id = claimed(alice, bill_id)
    with pytest.raises((ApprovalRequired, Forbidden)):
        received(bob, claim_id)
    with pytest.raises(errors.ClaimNotFound):
        received(charlie, claim_id)
    alice.does(service.chase_claim, claim_id, on=PAID_ON, expected_on=SERVICE)
    with alice.acting():
        claim = queries.get_claim(claim_id)
        assert (claim.chased_on, claim.expected_on) == (PAID_ON, SERVICE)
    assert sound(alice)


def test_what_reaches_the_account_is_subject_to_the_limit(people: People, alice: Person) -> None:
    lead = people.colleague(alice, "Leila Lead", role="accounting_lead")
    claim_id = claimed(alice, paid_bill(alice))
    limits = {"approval_limits": {"accounting_lead": {"amount": "1000.00", "currency": "INR"}}}
    assert alice.api.patch("/tenant-settings", json=limits).status_code == 200
    for money in (usd(999_999_900), usd(1)):
        with pytest.raises(AmountAboveLimit):
            received(lead, claim_id, inr(50_000), money=money)
    assert open_of(alice, claim_id) == (0, 0, 100_000)
    received(lead, claim_id, inr(50_000))


def test_a_refund_far_from_the_known_rate_is_refused(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """One rupee for USD 2,650 gives the claim up, and so does a false amount above it."""
    bill_id = dollars(alice, owner_engine)
    claim_id = claimed(alice, bill_id, amounts={1: usd(265_000)})
    for money in (inr(100), inr(11_156_400), inr(44_626_100)):
        with pytest.raises(SettledFarFromRate):
            received(alice, claim_id, money=money)
    assert open_of(alice, claim_id) == (0, 0, 265_000)
    given: dict[str, Any] = {"money_amount": "1.00", "received_on": "2024-12-10"}
    path = f"/supplier-claims/{claim_id}/receipts"
    answer = alice.api.post(path, json=given | {"money_currency": "INR"})
    assert (answer.status_code, answer.json["detail"]) == (422, "settled_amount_far_from_rate")
    asked = given | {"claim_id": str(claim_id), "money_currency": "INR"}
    refused = run_dry(alice, "record_supplier_refund", asked)
    assert refused["refusal"] == "settled_amount_far_from_rate"
    typed = {"amount": "2650", "received_on": "10 Dec 2024", "money_amount": "1.00"}
    typed |= {"bank_account_id": listed(alice)["Bank, current account"]["id"]}
    page = send(alice, f"/suppliers/claims/{claim_id}/receive", **typed)
    assert page.status_code == 422
    assert "give up the rest" in Page(page).words(".//*[@id='money_amount-err']")
    received(alice, claim_id, usd(1_000), money=inr(42_100))
    received(alice, claim_id, usd(0), give_up_rest=True)
    assert open_of(alice, claim_id) == (1_000, 264_000, 0)
    assert sound(alice)


def test_a_refund_in_dollars_is_compared_with_the_rate_of_the_table(alice: Person) -> None:
    claim_id = claimed(alice, paid_bill(alice))
    account_id = opened(alice, "Dollars", currency="USD")
    entered(alice, ORDERED, "84.20")
    with pytest.raises(SettledFarFromRate):
        received(alice, claim_id, money=usd(1), bank_account_id=account_id)
    received(alice, claim_id, money=usd(1_180), bank_account_id=account_id)
    assert open_of(alice, claim_id) == (100_000, 0, 0)


def test_the_pages_of_a_claim(alice: Person) -> None:
    browser = alice.tab
    assert "No refunds awaited" in browser.get("/suppliers/claims").text
    bill_id = paid_bill(alice)
    assert f"/bills/{bill_id}/claim" in browser.get(f"/bills/{bill_id}").text
    looked = {"reason": "Cancelled", "issue_date": "29 Nov 2024", "amount": ["1000"]}
    page = Page(send(alice, f"/bills/{bill_id}/claim", then="look", **looked))
    assert "1325 Refunds due from suppliers INR 1,000.00" in posted(page)
    claim_id = claimed(alice, bill_id, expected_on=PAID_ON)
    row = Page(browser.get("/suppliers/claims")).words(".//table[@id='claims']/tbody")
    for word in ("L/2024-25/000001", "BSP India", "10 Dec 2024", "INR1,000.00"):
        assert word in row
    path = f"/suppliers/claims/{claim_id}"
    page = Page(send(alice, f"{path}/receive", then="look", amount="1000", give_up_rest=""))
    assert "1325 Refunds due from suppliers INR 1,000.00" in posted(page)
    assert send(alice, f"{path}/receive", amount="1000.01").status_code == 422
    receipt_id = received(alice, claim_id, inr(40_000))
    words = Page(browser.get(path)).words(".//table[@id='claim-receipts']/tbody")
    assert "INR400.00" in words
    assert browser.get(f"/suppliers/claims/receipts/{receipt_id}").location.endswith(path)
    assert browser.get(f"/suppliers/claims/receipts/{receipt_id}/reverse").status_code == 200
    assert browser.get(f"{path}/follow-up").status_code == 200
    received(alice, claim_id)
    assert "No refunds awaited" in browser.get("/suppliers/claims").text
    assert "L/2024-25/000001" in browser.get("/suppliers/claims?show=all").text
    assert browser.get(f"{path}/receive").status_code == 303


def test_the_api_gives_a_claim_with_its_receipts(alice: Person, charlie: Person) -> None:
    bill_id = paid_bill(alice)
    body = {"bill_id": str(bill_id), "reason": "Cancelled", "issue_date": "2024-11-29"}
    claim = alice.api.post("/supplier-claims", json=body).json
    path = f"/supplier-claims/{claim['id']}"
    assert charlie.api.get(path).status_code == 404
    assert charlie.api.get("/supplier-claims").json["items"] == []
    given_up = {"amount": "400.00", "received_on": "2024-12-10", "give_up_rest": True}
    answer = alice.api.post(f"{path}/receipts", json=given_up)
    assert answer.status_code == 201, answer.json
    named = ("received_amount", "given_up_amount", "open_amount")
    assert [answer.json[name] for name in named] == ["400.00", "600.00", "0.00"]
    assert [one["money_amount"] for one in answer.json["receipts"]] == ["400.00"]
    again = alice.api.post(f"{path}/receipts", json=given_up)
    assert (again.status_code, again.json["detail"]) == (409, "claim_not_open")
    assert alice.api.get("/supplier-claims?open=true").json["items"] == []
    (only,) = alice.api.get(f"/supplier-claims?bill_id={bill_id}").json["items"]
    assert (only["id"], only["vendor_name"]) == (claim["id"], "BSP India")
