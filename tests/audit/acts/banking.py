"""Acts on bank accounts."""

from __future__ import annotations

from uuid import UUID

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from tests.banking.test_banking import opened

REFS = ("bank_account_id", "account_id")
ACCOUNT = {"kind": "bank", "currency": "INR", "name": "HDFC", "number": "50100012345678"}
OPENED = (
    Left("ledger.account_added", ("account_id",), says={"code": "1100-2", "type": "asset"}),
    Left(
        "bank_account.opened",
        REFS,
        says={
            "fields": [
                {"field": "kind", "after": "bank"},
                {"field": "currency", "after": "INR"},
                {"field": "name"},
                {"field": "number"},
            ]
        },
    ),
)
CHANGED = Left("bank_account.changed", REFS, says={"fields": [{"field": "ifsc"}]})
CLOSED = (Left("ledger.account_archived", ("account_id",)), Left("bank_account.closed", REFS))


def _opened(stage: Stage) -> UUID:
    return opened(stage.alice)


@act("POST /api/bank-accounts", leaves=OPENED, answers=201)
def open_a_bank_account_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/bank-accounts", json=ACCOUNT)


@act("PATCH /api/bank-accounts/<bank_account_id>", leaves=CHANGED, answers=200)
def change_a_bank_account_over_the_api(stage: Stage) -> Doing:
    api, one = stage.alice.api, _opened(stage)
    return lambda: api.patch(f"/bank-accounts/{one}", json={"ifsc": "HDFC0000001"})


@act("POST /api/bank-accounts/<bank_account_id>/close", leaves=CLOSED, answers=200)
def close_a_bank_account_over_the_api(stage: Stage) -> Doing:
    api, one = stage.alice.api, _opened(stage)
    return lambda: api.post(f"/bank-accounts/{one}/close")


@act("POST /settings/bank-accounts/new", leaves=in_the_browser(*OPENED), answers=303)
def open_a_bank_account_on_its_page(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/settings/bank-accounts/new", **ACCOUNT)


@act(
    "POST /settings/bank-accounts/<bank_account_id>/edit",
    leaves=in_the_browser(CHANGED),
    answers=303,
)
def change_a_bank_account_on_its_page(stage: Stage) -> Doing:
    browser, one = stage.alice.browser, _opened(stage)
    path = f"/settings/bank-accounts/{one}/edit"
    return lambda: stage.submit(browser, path, name="HDFC", ifsc="HDFC0000001")


@act(
    "POST /settings/bank-accounts/<bank_account_id>/close",
    leaves=in_the_browser(*CLOSED),
    answers=303,
)
def close_a_bank_account_on_its_page(stage: Stage) -> Doing:
    browser, one = stage.alice.browser, _opened(stage)
    return lambda: stage.submit(browser, f"/settings/bank-accounts/{one}/close")
