"""Acts of received cheques: receive, deposit, give back."""

from __future__ import annotations

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from tests.audit.acts.work import POSTED
from tests.billing.test_cheques import body_of, held

CHEQUE = ("cheque_id", "party_id")
RECEIVED = Left("cheque.received", CHEQUE, says={"amount": "100.00", "cheque_on": "2024-06-25"})
PAID = Left("payment.received", ("payment_id",))
DEPOSITED = Left(
    "cheque.deposited",
    (*CHEQUE, "payment_id"),
    says={"amount": "100.00", "deposited_on": "2024-06-26"},
)
RETURNED = Left(
    "cheque.returned", CHEQUE, says={"reason": "Paid in cash", "returned_on": "2024-06-26"}
)


@act("POST /api/received-cheques", leaves=RECEIVED, answers=201)
def receive_a_cheque_over_the_api(stage: Stage) -> Doing:
    held(stage.alice)  # the customer is then known
    api, body = stage.alice.api, body_of()
    return lambda: api.post("/received-cheques", json=body)


@act("POST /payments/cheques/new", leaves=in_the_browser(RECEIVED), answers=303)
def receive_a_cheque_in_the_browser(stage: Stage) -> Doing:
    held(stage.alice)
    browser = stage.alice.browser
    given = body_of() | {"amount": "100", "cheque_on": "25 Jun 2024", "received_on": "10 Jun 2024"}
    return lambda: stage.submit(browser, "/payments/cheques/new", **given)


@act(
    "POST /api/received-cheques/<cheque_id>/deposit", leaves=(POSTED, PAID, DEPOSITED), answers=200
)
def deposit_a_cheque_over_the_api(stage: Stage) -> Doing:
    api, cheque_id = stage.alice.api, held(stage.alice)
    body = {"deposited_on": "2024-06-26"}
    return lambda: api.post(f"/received-cheques/{cheque_id}/deposit", json=body)


@act(
    "POST /payments/cheques/<cheque_id>/deposit",
    leaves=in_the_browser(POSTED, PAID, DEPOSITED),
    answers=303,
)
def deposit_a_cheque_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, f"/payments/cheques/{held(stage.alice)}/deposit"
    return lambda: stage.submit(browser, path, deposited_on="26 Jun 2024")


@act("POST /api/received-cheques/<cheque_id>/return", leaves=RETURNED, answers=200)
def give_a_cheque_back_over_the_api(stage: Stage) -> Doing:
    api, cheque_id = stage.alice.api, held(stage.alice)
    body = {"reason": "Paid in cash", "returned_on": "2024-06-26"}
    return lambda: api.post(f"/received-cheques/{cheque_id}/return", json=body)


@act("POST /payments/cheques/<cheque_id>/return", leaves=in_the_browser(RETURNED), answers=303)
def give_a_cheque_back_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, f"/payments/cheques/{held(stage.alice)}/return"
    return lambda: stage.submit(browser, path, reason="Paid in cash", returned_on="26 Jun 2024")
