"""Bank accounts: open, change and close."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest

from tests.billing.papers import advance, issued, line
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import post
from tests.people import Person
from tests.privacy.test_sealing import rotated
from voyagent.banking import queries, service
from voyagent.banking.errors import (
    BankAccountClosed,
    BankAccountIsDefault,
    BankAccountNeeded,
    BankAccountNotFound,
    CardNumberTooLong,
    LedgerAccountUnfit,
    TooManyBankAccounts,
)
from voyagent.banking.models import NUMBER
from voyagent.billing.payments.service.means import Means
from voyagent.kernel.actor import NotFresh
from voyagent.kernel.config import Settings
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts
from voyagent.ledger.service import chart, entries
from voyagent.ledger.service.errors import AccountCurrency, AccountHasBalance


def opened(person: Person, name: str = "HDFC", **more: Any) -> UUID:
    """Open a bank account and return its id."""
    fields: dict[str, Any] = {"kind": "bank", "currency": "INR"}
    for field in ("kind", "currency", "account_id", "opened_on"):
        if field in more:
            fields[field] = more.pop(field)
    details: Any = {"name": name, **more}
    return person.does(lambda actor: service.open_account(actor, details=details, **fields).id)


def posted(person: Person, account_id: UUID, currency: str, sign: int = 1) -> None:
    """Post 10 of a currency to an account, as a debit or with `sign` -1 as a credit."""
    amount = Money(1000, currency)
    sides = [entries.debit(account_id, amount), entries.credit("capital", amount)]
    if sign < 0:
        sides = [entries.credit(account_id, amount), entries.debit("capital", amount)]
    post(person, sides)


def listed(person: Person) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in person.api.get("/bank-accounts").json["items"]}


def test_bank_and_cash_of_the_chart_are_the_first_accounts(alice: Person, charlie: Person) -> None:
    found = listed(alice)
    assert set(found) == {"Bank, current account", "Cash in hand"}
    assert all(one["is_default"] and one["currency"] == "INR" for one in found.values())
    bank = found["Bank, current account"]
    chosen = alice.api.get(f"/accounts/{bank['account_id']}").json
    assert (chosen["code"], bank["kind"], bank["closed_on"]) == ("1100", "bank", None)
    assert listed(alice) == found, "the second read makes none"
    assert charlie.api.get(f"/bank-accounts/{bank['id']}").status_code == 404
    assert {one["id"] for one in listed(charlie).values()}.isdisjoint(
        one["id"] for one in found.values()
    )


def test_an_account_gets_its_own_account_in_the_chart(alice: Person) -> None:
    first, card = opened(alice), opened(alice, "Corporate card", kind="card", number="4321")
    with alice.acting():
        account = accounts.get_account(queries.get_account(first).account_id)
        assert (account.code, account.name, account.type) == ("1100-2", "HDFC", "asset")
        account = accounts.get_account(queries.get_account(card).account_id)
        assert (account.code, account.normal_side) == ("2170-2", "credit")
    assert not listed(alice)["HDFC"]["is_default"], "the chart's account stays the default"
    assert listed(alice)["Corporate card"]["is_default"], "the first of its kind"


def test_an_account_of_the_chart_can_be_chosen_once_and_in_one_currency(alice: Person) -> None:
    def added(code: str, account_type: str = "asset") -> UUID:
        return alice.does(
            chart.add_account, code=code, name=f"ICICI {code}", account_type=account_type
        )

    mine, expense = added("1110"), added("5250", "expense")
    posted(alice, mine, "USD")
    with pytest.raises(AccountCurrency):
        opened(alice, account_id=mine)
    opened(alice, account_id=mine, currency="USD")
    with alice.acting():
        bank = accounts.find_accounts(["bank"])["bank"].id
    for unfit in (mine, expense, bank):
        with pytest.raises(LedgerAccountUnfit):
            opened(alice, account_id=unfit, currency="USD")
    archived = added("1111")
    alice.does(chart.change_account, archived, {"is_archived": True})
    with pytest.raises(LedgerAccountUnfit):
        opened(alice, account_id=archived)


def test_the_number_is_encrypted_and_only_its_end_is_read(alice: Person) -> None:
    one = opened(alice, number="50100012345678", ifsc="HDFC0000001")
    with alice.acting():
        account = queries.get_account(one)
        assert (account.number, account.number_last4) == ("50100012345678", "5678")
        assert account.number_sealed is not None
        assert b"50100012345678" not in account.number_sealed
    answer = alice.api.get(f"/bank-accounts/{one}")
    assert answer.json["number_last4"] == "5678"
    assert "50100012345678" not in answer.text
    assert "50100012345678" not in str(alice.api.get("/audit/events").json)


def test_a_card_keeps_four_digits(alice: Person) -> None:
    with pytest.raises(CardNumberTooLong):
        opened(alice, kind="card", number="4111111111111111")
    card = opened(alice, kind="card", number="1111")
    with pytest.raises(CardNumberTooLong):
        alice.does(service.change_account, card, {"number": "4111111111111111"})


def test_one_account_of_a_kind_and_currency_is_the_default(alice: Person) -> None:
    first, other = opened(alice, "SBI USD", currency="USD"), opened(alice, currency="USD")
    assert listed(alice)["SBI USD"]["is_default"]
    alice.does(service.change_account, other, {"is_default": True})
    assert [one["name"] for one in listed(alice).values() if one["is_default"]] == [
        *("Bank, current account", "HDFC", "Cash in hand")
    ]
    with pytest.raises(BankAccountIsDefault):
        alice.does(service.change_account, other, {"is_default": False})
    opened(alice, "Citi USD", currency="USD", is_default=True)
    assert not listed(alice)["HDFC"]["is_default"]
    alice.does(service.change_account, first, {"name": "SBI dollars", "number": None})
    assert listed(alice)["SBI dollars"]["number_last4"] is None


def test_accounts_that_are_opened_or_made_the_default_at_once_have_one_default(
    alice: Person,
) -> None:
    names = ("HDFC", "SBI", "Citi", "Axis")
    made = at_once([partial(opened, alice, name, currency="USD") for name in names])
    assert {one["id"] for one in listed(alice).values()} >= set(map(str, made))

    def choose(bank_account_id: UUID) -> None:
        alice.does(service.change_account, bank_account_id, {"is_default": True})

    assert at_once([partial(choose, one) for one in made]) == [None] * len(made)
    defaults = [one for one in listed(alice).values() if one["is_default"]]
    assert sorted(one["currency"] for one in defaults) == ["INR", "INR", "USD"]


def test_an_account_with_a_balance_stays_open(alice: Person) -> None:
    one = opened(alice)
    with alice.acting():
        account_id = queries.get_account(one).account_id
    posted(alice, account_id, "INR")
    with pytest.raises(AccountHasBalance):
        alice.does(service.close_account, one)
    posted(alice, account_id, "INR", sign=-1)
    alice.does(service.close_account, one)
    with alice.acting():
        assert not accounts.get_account(account_id).is_active
    for act, given in ((service.close_account, ()), (service.change_account, ({"name": "X"},))):
        with pytest.raises(BankAccountClosed):
            alice.does(act, one, *given)
    assert listed(alice)["HDFC"]["closed_on"] is not None


def test_a_default_is_closed_only_as_the_last_of_its_kind(alice: Person) -> None:
    first, other = opened(alice, "SBI", currency="USD"), opened(alice, currency="USD")
    with pytest.raises(BankAccountIsDefault):
        alice.does(service.close_account, first)
    alice.does(service.close_account, other)
    alice.does(service.close_account, first)
    for name in ("Cash in hand", "Bank, current account"):
        opened(alice, f"Other {name}", kind=name.split(maxsplit=1)[0].strip(",").lower())
        with pytest.raises(BankAccountNeeded):
            alice.does(service.close_account, UUID(listed(alice)[name]["id"]))


def test_there_are_at_most_as_many_as_the_limit(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BANK_ACCOUNTS_MAX", 3)
    opened(alice)
    with pytest.raises(TooManyBankAccounts):
        opened(alice, "SBI")


def test_only_administrators_with_a_fresh_password_change_accounts(
    alice: Person, bob: Person, charlie: Person
) -> None:
    one = opened(alice)
    stale = replace(alice, actor=replace(alice.actor, fresh=False))
    acts: list[Any] = [
        lambda actor: service.open_account(
            actor, kind="bank", currency="INR", details={"name": "SBI"}
        ),
        lambda actor: service.change_account(actor, one, {"name": "SBI"}),
        lambda actor: service.close_account(actor, one),
    ]
    for act in acts:
        with pytest.raises(NotFresh):
            stale.does(act)
        with pytest.raises(Forbidden):
            bob.does(act)
    with pytest.raises(BankAccountNotFound):
        charlie.does(acts[1])
    assert bob.api.get("/bank-accounts").status_code == 200


def test_numbers_are_encrypted_again_with_the_present_secret(
    alice: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = opened(alice, number="50100012345678")
    both, present = rotated(settings)
    with alice.acting():
        before = bytes(queries.get_account(one).number_sealed or b"")
        monkeypatch.setitem(alice.app.extensions, "voyagent.keyring", both)
        assert (service.reseal(both), service.reseal(both)) == (1, 0)
        after = bytes(queries.get_account(one).number_sealed or b"")
        assert present.open(NUMBER, after) == b"50100012345678"
        assert before != after


def test_an_invoice_prints_the_accounts_in_its_currency(alice: Person) -> None:
    alice.api.patch("/tenant-settings", json={"bank_details": "See our web site"})
    rupees, dollars = issued(alice), issued(alice, line(currency="USD"))

    def printed(invoice_id: UUID) -> str:
        foot = Page(alice.tab.get(f"/invoices/{invoice_id}")).words()
        return foot.partition("Please pay to")[2]

    opened(alice, "Reserve", number="999")
    assert printed(rupees).startswith("See our web site")
    opened(
        alice,
        "Main",
        bank_name="HDFC Bank",
        number="50100012345678",
        ifsc="HDFC0000001",
        is_printed=True,
    )
    opened(alice, "Dollars", currency="USD", number="GB33", swift="HDFCINBB", is_printed=True)
    assert printed(rupees).startswith("HDFC Bank A/c 50100012345678 IFSC HDFC0000001")
    assert printed(dollars).startswith("Dollars A/c GB33 SWIFT HDFCINBB")
    assert "50100012345678" not in printed(dollars)


def test_a_bank_account_is_a_bank_in_the_file_for_tally(alice: Person) -> None:
    advance(alice, 100_000, means=Means(bank_account_id=opened(alice)))
    exported = alice.tab.get("/reports/day-book?format=tally&from=2024-06-01&to=2024-06-30")
    envelope = ET.fromstring(exported.get_data())  # noqa: S314 - our own file
    parents = {one.get("NAME"): one.findtext("PARENT") for one in envelope.iter("LEDGER")}
    assert parents["HDFC"] == "Bank Accounts"
    assert [one.get("VCHTYPE") for one in envelope.iter("VOUCHER")] == ["Receipt"]
