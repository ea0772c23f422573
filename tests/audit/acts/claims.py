"""Acts of refunds that suppliers owe: claim, receive, follow up, reverse."""

from __future__ import annotations

from dataclasses import replace

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.money import REVERSED
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from tests.audit.acts.work import (
    CONTINUED,
    POSTED,
    _effect as effect,
    _granted as granted,
)
from tests.billing.test_claims import CANCELLED, claimed, inr, paid_bill, received
from voyagent.billing.claims.capabilities import record_supplier_refund

CLAIM = ("bill_id", "claim_id")
CREDITED = Left("supplier_credit.entered", ("bill_id", "journal_entry_id", "supplier_credit_id"))
CLAIMED = Left("claim.opened", CLAIM, says={"amount": "1000.00", "claimed_on": "2024-11-29"})
RECEIPT = (*CLAIM, "claim_receipt_id", "journal_entry_id")
RECEIVED = Left(
    "claim.received",
    RECEIPT,
    says={"amount": "400.00", "given_up": "600.00", "received_on": "2024-12-10"},
)
NOT_RECEIVED = Left(
    "claim.receipt_reversed", RECEIPT, says={"reason": "Bounced", "reversed_on": "2024-12-12"}
)
MATCHED = Left("claim.matched", CLAIM, says={"credit_note_number": "CN-7"})
CHASED = Left("claim.chased", CLAIM, says={"chased_on": "2024-12-10"})


@act("POST /api/supplier-claims", leaves=(POSTED, CREDITED, CLAIMED), answers=201)
def claim_a_refund_over_the_api(stage: Stage) -> Doing:
    api, bill_id = stage.alice.api, str(paid_bill(stage.alice))
    body = {"bill_id": bill_id, "reason": "Cancelled", "issue_date": CANCELLED.isoformat()}
    return lambda: api.post("/supplier-claims", json=body)


@act("POST /bills/<bill_id>/claim", leaves=in_the_browser(POSTED, CREDITED, CLAIMED), answers=303)
def claim_a_refund_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, f"/bills/{paid_bill(stage.alice)}/claim"
    given = {"reason": "Cancelled", "issue_date": "29 Nov 2024", "amount": ["1000"]}
    return lambda: stage.submit(browser, path, **given)


@act("POST /api/supplier-claims/<claim_id>/receipts", leaves=(POSTED, RECEIVED), answers=201)
def receive_a_refund_over_the_api(stage: Stage) -> Doing:
    api, claim_id = stage.alice.api, claimed(stage.alice, paid_bill(stage.alice))
    body = {"amount": "400.00", "received_on": "2024-12-10", "give_up_rest": True}
    return lambda: api.post(f"/supplier-claims/{claim_id}/receipts", json=body)


@act(
    "approvals.run_effect",
    leaves=(
        *(replace(one, by="bob", via="assistant") for one in (POSTED, RECEIVED)),
        effect(record_supplier_refund.CAPABILITY.name),
        CONTINUED,
    ),
)
def record_a_refund_by_a_grant(stage: Stage) -> Doing:
    claim_id = claimed(stage.alice, paid_bill(stage.alice))
    given = {"amount": "400.00", "received_on": "2024-12-10", "give_up_rest": True}
    name = record_supplier_refund.CAPABILITY.name
    return granted(stage, name, claim_id=str(claim_id), **given)


@act(
    "POST /suppliers/claims/<claim_id>/receive",
    leaves=in_the_browser(POSTED, RECEIVED),
    answers=303,
)
def receive_a_refund_in_the_browser(stage: Stage) -> Doing:
    browser, claim_id = stage.alice.browser, claimed(stage.alice, paid_bill(stage.alice))
    path = f"/suppliers/claims/{claim_id}/receive"
    given = {"amount": "400", "received_on": "10 Dec 2024", "give_up_rest": "y"}
    return lambda: stage.submit(browser, path, **given)


@act("POST /api/supplier-claims/<claim_id>/follow-up", leaves=(MATCHED, CHASED), answers=200)
def follow_up_a_claim_over_the_api(stage: Stage) -> Doing:
    api, claim_id = stage.alice.api, claimed(stage.alice, paid_bill(stage.alice))
    body = {"chased_on": "2024-12-10", "credit_note_number": "CN-7"}
    return lambda: api.post(f"/supplier-claims/{claim_id}/follow-up", json=body)


@act(
    "POST /suppliers/claims/<claim_id>/follow-up",
    leaves=in_the_browser(MATCHED, CHASED),
    answers=303,
)
def follow_up_a_claim_in_the_browser(stage: Stage) -> Doing:
    browser, claim_id = stage.alice.browser, claimed(stage.alice, paid_bill(stage.alice))
    path = f"/suppliers/claims/{claim_id}/follow-up"
    given = {"chased_on": "10 Dec 2024", "credit_note_number": "CN-7"}
    return lambda: stage.submit(browser, path, **given)


def _received(stage: Stage) -> str:
    claim_id = claimed(stage.alice, paid_bill(stage.alice))
    return str(received(stage.alice, claim_id, inr(40_000)))


@act(
    "POST /api/supplier-claim-receipts/<claim_receipt_id>/reverse",
    leaves=(REVERSED, NOT_RECEIVED),
    answers=200,
)
def reverse_a_receipt_of_a_claim_over_the_api(stage: Stage) -> Doing:
    api, receipt_id = stage.alice.api, _received(stage)
    body = {"reason": "Bounced", "reversed_on": "2024-12-12"}
    return lambda: api.post(f"/supplier-claim-receipts/{receipt_id}/reverse", json=body)


@act(
    "POST /suppliers/claims/receipts/<claim_receipt_id>/reverse",
    leaves=in_the_browser(REVERSED, NOT_RECEIVED),
    answers=303,
)
def reverse_a_receipt_of_a_claim_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, f"/suppliers/claims/receipts/{_received(stage)}/reverse"
    return lambda: stage.submit(browser, path, reason="Bounced", reversed_on="12 Dec 2024")
