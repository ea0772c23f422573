"""Acts of receipt vouchers: issue and reverse."""

from __future__ import annotations

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.money import REVERSED
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from tests.audit.acts.work import POSTED
from tests.billing.papers import advance
from tests.billing.test_taxes import HERE
from tests.billing.test_vouchers import PAID_ON, TOUR, vouchered

REFS = ("journal_entry_id", "payment_id", "receipt_voucher_id")
ISSUED = Left(
    "receipt_voucher.issued", REFS, says={"amount": "50000.00", "issued_on": "2026-10-28"}
)
TAKEN_BACK = Left(
    "receipt_voucher.reversed", REFS, says={"reason": "Not ours", "reversed_on": "2026-11-02"}
)


def _advance(stage: Stage) -> str:
    answer = stage.alice.api.patch("/tenant-settings", json={"tax_number": HERE})
    assert answer.status_code == 200
    return str(advance(stage.alice, 5_000_000, PAID_ON))


@act("POST /api/payments/<payment_id>/voucher", leaves=(POSTED, ISSUED), answers=201)
def issue_a_voucher_over_the_api(stage: Stage) -> Doing:
    api, payment_id = stage.alice.api, _advance(stage)
    return lambda: api.post(f"/payments/{payment_id}/voucher", json={"tax": TOUR})


@act("POST /payments/<payment_id>/voucher", leaves=in_the_browser(POSTED, ISSUED), answers=303)
def issue_a_voucher_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, f"/payments/{_advance(stage)}/voucher"
    return lambda: stage.submit(browser, path, amount="50000", tax=TOUR)


def _voucher(stage: Stage) -> str:
    payment_id = _advance(stage)
    return str(vouchered(stage.alice, payment_id, tax=TOUR))


@act(
    "POST /api/receipt-vouchers/<receipt_voucher_id>/reverse",
    leaves=(REVERSED, TAKEN_BACK),
    answers=200,
)
def reverse_a_voucher_over_the_api(stage: Stage) -> Doing:
    api, voucher_id = stage.alice.api, _voucher(stage)
    body = {"reason": "Not ours", "reversed_on": "2026-11-02"}
    return lambda: api.post(f"/receipt-vouchers/{voucher_id}/reverse", json=body)


@act(
    "POST /receipt-vouchers/<receipt_voucher_id>/reverse",
    leaves=in_the_browser(REVERSED, TAKEN_BACK),
    answers=303,
)
def reverse_a_voucher_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, f"/receipt-vouchers/{_voucher(stage)}/reverse"
    return lambda: stage.submit(browser, path, reason="Not ours", reversed_on="2 Nov 2026")
