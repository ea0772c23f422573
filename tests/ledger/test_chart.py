"""Chart of accounts: permissions, changes and errors, by service and API."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from tests.chat.parallel import at_once
from tests.enquiries.reading import Page, submit
from tests.ledger.books import account_id, inr, post
from tests.people import People, Person
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.ledger.rules import CHART
from voyagent.ledger.service import chart, direct, entries
from voyagent.ledger.service.errors import AccountHasBalance, AccountInactive

POSTAGE = {"code": "5810", "name": "Postage", "type": "expense"}


def added(person: Person, **changes: Any) -> str:
    answer = person.api.post("/accounts", json=POSTAGE | changes)
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def status_and_code(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.json.get("detail")


def charge(person: Person, to: str, minor: int = 10_000) -> None:
    """Post an expense to an account, from the bank.

    A negative amount is reversed.
    """
    sides = [entries.debit, entries.credit]
    if minor < 0:
        sides.reverse()
    person.does(
        direct.post_direct,
        narration="Stamps",
        lines=[sides[0](UUID(to), inr(abs(minor))), sides[1]("bank", inr(abs(minor)))],
    )


def test_the_chart_is_listed_by_code_in_pages(alice: Person) -> None:
    listed = alice.api.get("/accounts?limit=200").json
    assert [item["code"] for item in listed["items"]] == [account.code for account in CHART]
    assert listed["next_cursor"] is None
    bank = next(item for item in listed["items"] if item["purpose"] == "bank")
    assert (bank["normal_side"], bank["is_control"], bank["is_archived"], bank["balances"]) == (
        "debit",
        False,
        False,
        [],
    )
    assert next(item for item in listed["items"] if item["purpose"] == "receivable")["is_control"]
    assert (
        next(item for item in listed["items"] if item["code"] == "1590")["normal_side"] == "credit"
    ), "a contra account"
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = alice.api.get(f"/accounts?limit=10&cursor={cursor}").json
        seen += [item["code"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [account.code for account in CHART]
    assert status_and_code(alice.api.get("/accounts?cursor=%2A")) == (422, "invalid_cursor")


def test_the_list_can_be_filtered_by_type_and_archived(alice: Person) -> None:
    gone = added(alice)
    alice.api.patch(f"/accounts/{gone}", json={"is_archived": True})
    assert {item["type"] for item in alice.api.get("/accounts?type=equity").json["items"]} == {
        "equity"
    }
    assert [item["id"] for item in alice.api.get("/accounts?archived=1").json["items"]] == [gone]
    assert gone not in {
        item["id"] for item in alice.api.get("/accounts?archived=0&limit=200").json["items"]
    }
    assert (
        alice.api.get("/accounts?type=income").status_code
        == alice.api.get("/accounts?archived=2").status_code
        == 422
    )


def test_a_new_account_can_be_posted_to_and_shows_its_balance(alice: Person) -> None:
    postage = added(alice)
    charge(alice, postage)
    post(
        alice,
        [entries.debit("bank", inr(1)), entries.credit(UUID(postage), inr(1))],
        entry_date=clock.today(),
    )
    read = alice.api.get(f"/accounts/{postage}").json
    assert read["balances"] == [{"currency": "INR", "balance": "99.99"}]
    assert (read["code"], read["name"], read["type"], read["normal_side"], read["purpose"]) == (
        "5810",
        "Postage",
        "expense",
        "debit",
        None,
    )
    bank = alice.api.get(f"/accounts/{account_id(alice, 'bank')}").json
    assert bank["balances"] == [{"currency": "INR", "balance": "-99.99"}], "more credit than debit"


@pytest.mark.parametrize(
    ("kind", "side"),
    [
        ("asset", "debit"),
        ("expense", "debit"),
        ("liability", "credit"),
        ("equity", "credit"),
        ("revenue", "credit"),
    ],
)
def test_an_account_has_the_normal_side_of_its_type_by_default(
    alice: Person, kind: str, side: str
) -> None:
    assert alice.api.get(f"/accounts/{added(alice, type=kind)}").json["normal_side"] == side
    other = "credit" if side == "debit" else "debit"
    assert (
        alice.api.get(f"/accounts/{added(alice, code='X.1-b', type=kind, normal_side=other)}").json[
            "normal_side"
        ]
        == other
    )


@pytest.mark.parametrize(
    "change",
    [
        {"code": "58 10"},
        {"code": ""},
        {"code": "x" * 33},
        {"name": " "},
        {"name": "x" * 129},
        {"type": "income"},
        {"purpose": "bank"},
    ],
)
def test_an_invalid_account_is_refused(alice: Person, change: dict[str, str]) -> None:
    assert alice.api.post("/accounts", json=POSTAGE | change).status_code == 422
    assert alice.api.patch(f"/accounts/{added(alice)}", json=change).status_code == 422


def test_a_code_is_accepted_once(alice: Person, charlie: Person) -> None:
    postage = added(alice)
    assert status_and_code(alice.api.post("/accounts", json=POSTAGE)) == (409, "account_code_taken")
    assert status_and_code(alice.api.patch(f"/accounts/{postage}", json={"code": "1100"})) == (
        409,
        "account_code_taken",
    )
    assert alice.api.patch(f"/accounts/{postage}", json={"code": "5810"}).status_code == 200, (
        "its own"
    )
    added(charlie)
    results = at_once(
        [lambda: alice.does(chart.add_account, code="5899", name="Twin", account_type="expense")]
        * 4
    )
    assert sorted(type(result).__name__ for result in results) == ["AccountCodeTaken"] * 3 + [
        "UUID"
    ]


def test_code_and_name_can_change_after_postings(alice: Person) -> None:
    bank = account_id(alice, "bank")
    charge(alice, added(alice))
    changed = alice.api.patch(
        f"/accounts/{bank}", json={"code": "1101", "name": "HDFC, current account"}
    ).json
    assert (changed["code"], changed["name"], changed["purpose"]) == (
        "1101",
        "HDFC, current account",
        "bank",
    )


def test_type_and_side_cannot_change_after_a_posting(alice: Person) -> None:
    postage = added(alice)
    changed = alice.api.patch(f"/accounts/{postage}", json={"type": "revenue"}).json
    assert (changed["type"], changed["normal_side"]) == ("revenue", "credit")
    changed = alice.api.patch(
        f"/accounts/{postage}", json={"type": "expense", "normal_side": "credit"}
    ).json
    assert (changed["type"], changed["normal_side"]) == ("expense", "credit")
    charge(alice, postage)
    charge(alice, postage, -10_000)
    for change in ({"type": "asset"}, {"normal_side": "debit"}):
        assert status_and_code(alice.api.patch(f"/accounts/{postage}", json=change)) == (
            409,
            "account_posted",
        ), "though nothing stands on it"
    assert (
        alice.api.patch(
            f"/accounts/{postage}",
            json={"type": "expense", "normal_side": "credit", "name": "Post"},
        ).status_code
        == 200
    ), "no change is none"


@pytest.mark.parametrize(
    "purpose",
    [
        "receivable",
        "payable",
        "customer_advances",
        "bank",
        "output_cgst",
        "retained_earnings",
        "round_off",
    ],
)
def test_accounts_used_by_the_program_keep_their_type_and_stay_active(
    alice: Person, purpose: str
) -> None:
    account = account_id(alice, purpose)
    for change in ({"is_archived": True}, {"type": "equity", "normal_side": "debit"}):
        assert status_and_code(alice.api.patch(f"/accounts/{account}", json=change)) == (
            409,
            "account_serves_program",
        )


def test_an_archived_account_refuses_postings(
    alice: Person,
) -> None:
    postage = added(alice)
    charge(alice, postage)
    assert status_and_code(
        alice.api.patch(f"/accounts/{postage}", json={"is_archived": True, "name": "Gone"})
    ) == (409, "account_has_balance")
    assert alice.api.get(f"/accounts/{postage}").json["name"] == "Postage", "refused whole"
    charge(alice, postage, -10_000)
    assert alice.api.patch(f"/accounts/{postage}", json={"is_archived": True}).json["is_archived"]
    with pytest.raises(AccountInactive):
        charge(alice, postage)
    assert not alice.api.patch(f"/accounts/{postage}", json={"is_archived": False}).json[
        "is_archived"
    ]
    charge(alice, postage)


def test_a_manual_reversal_cannot_post_to_an_archived_account(alice: Person) -> None:
    postage = added(alice)
    charge(alice, postage)
    charge(alice, postage, -10_000)
    alice.api.patch(f"/accounts/{postage}", json={"is_archived": True})
    entry_id = alice.api.get("/journal-entries").json["items"][0]["id"]
    assert status_and_code(
        alice.api.post(f"/journal-entries/{entry_id}/reverse", json={"reason": "Twice"})
    ) == (409, "account_inactive")
    step = Page(submit(alice.tab, f"/journal/{entry_id}/reverse", reason="Twice", entry_date=""))
    assert (step.status, "restore it first" in step.words(".//*[@role='alert']")) == (422, True)
    alice.api.patch(f"/accounts/{postage}", json={"is_archived": False})
    assert (
        alice.api.post(f"/journal-entries/{entry_id}/reverse", json={"reason": "Twice"}).status_code
        == 201
    )


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("agency_admin", True),
        ("accounting_lead", True),
        ("ticketing_lead", False),
        ("agent", False),
        ("viewer", False),
    ],
)
def test_only_some_roles_change_accounts(
    people: People, alice: Person, charlie: Person, role: str, may: bool
) -> None:
    person, postage = people.colleague(alice, "Rita Role", role=role), added(alice)
    assert person.api.post("/accounts", json=POSTAGE | {"code": "5811"}).status_code == (
        201 if may else 403
    )
    assert person.api.patch(f"/accounts/{postage}", json={"name": "Post"}).status_code == (
        200 if may else 403
    )
    assert (
        person.api.get("/accounts").status_code
        == person.api.get(f"/accounts/{postage}").status_code
        == 200
    )
    for unknown in (postage, new_id(), "nonsense"):
        assert (
            status_and_code(charlie.api.get(f"/accounts/{unknown}"))
            == status_and_code(charlie.api.patch(f"/accounts/{unknown}", json={"name": "Post"}))
            == (404, "account_not_found")
        )
    if not may:
        with pytest.raises(Forbidden):
            person.does(chart.change_account, UUID(postage), {"name": "Post"})
        with pytest.raises(Forbidden):
            person.does(chart.add_account, code="5812", name="Post", account_type="expense")


@pytest.mark.parametrize("is_archived_first", [True, False])
def test_a_parallel_posting_to_an_archived_account_is_refused(
    alice: Person, is_archived_first: bool
) -> None:
    """The first transaction locks the account until it ends.

    An archived account therefore never has a balance.
    """
    postage = UUID(added(alice))
    lines = [entries.debit(postage, inr(1)), entries.credit("bank", inr(1))]
    acts: list[Callable[[Actor], Any]] = [
        lambda actor: chart.change_account(actor, postage, {"is_archived": True}),
        lambda actor: direct.post_direct(actor, narration="Stamps", lines=lines),
    ]
    first, second = acts if is_archived_first else reversed(acts)
    with ThreadPoolExecutor(1) as pool:
        with alice.acting() as actor:
            first(actor)
            waiting = pool.submit(alice.does, second)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        with pytest.raises(AccountInactive if is_archived_first else AccountHasBalance):
            waiting.result(timeout=10)
