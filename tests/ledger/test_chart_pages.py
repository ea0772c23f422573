"""Pages of the chart of accounts: list, changes, errors and permissions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.enquiries.reading import Page, submit, watched
from tests.ledger.books import account_id, inr, post
from tests.ledger.test_chart import added, charge
from tests.people import People, Person, csrf
from voyagent.drivers.paper import Paper
from voyagent.kernel import clock
from voyagent.ledger.service import entries
from voyagent.ledger.views import chart as chart_views
from voyagent.settings.service import tenant_settings as settings

TYPED = {"code": "5810", "name": "Postage", "type": "expense", "normal_side": ""}


def test_the_chart_lists_accounts_by_type_with_balances(alice: Person) -> None:
    post(
        alice,
        [entries.debit("bank", inr(200_000)), entries.credit("capital", inr(200_000))],
        purpose="capital",
    )
    page = Page(alice.tab.get("/accounts"))
    groups = page.words(".//tr[@class='v-group']")
    assert groups == "Assets Liabilities Equity Revenue Expenses"
    assert (
        page.words(".//tbody[1]/tr[3]")
        == "1100 Bank, current accountDebitin useINR2,000.00DrEdit 1100 Bank, current account"
    )
    assert "3000 CapitalCreditin useINR2,000.00Cr" in page.words(".//tbody[3]")
    assert "/accounts/new" in page.links()
    assert f"/reports/general-ledger?account={account_id(alice, 'bank')}" in page.links()


def test_a_balance_states_that_it_includes_later_entries(alice: Person) -> None:
    later = clock.today() + timedelta(days=40)
    post(
        alice,
        [entries.debit("bank", inr(200_000)), entries.credit("capital", inr(200_000))],
        purpose="capital",
        entry_date=later,
    )
    words = Page(alice.tab.get("/accounts")).words(".//main")
    assert "3000 CapitalCreditin useINR2,000.00Cr" in words
    assert "Other balances include all postings, also those with a later book date." in words


def test_only_names_of_default_accounts_are_translated(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(alice)
    alice.does(settings.update, {"locale": "hi"})
    renamed = account_id(alice, "revenue_services")
    assert alice.api.patch(f"/accounts/{renamed}", json={"name": "Search"}).status_code == 200
    browser, days = alice.tab, "from=2026-03-01&as_of=2026-03-31"
    pages = [
        "/accounts",
        f"/reports/trial-balance?{days}",
        "/reports/balance-sheet?as_of=2026-03-31",
        "/reports/general-ledger?account=1200",
    ]
    for path in pages:
        words = Page(browser.get(path)).words()
        assert ("ग्राहकों से प्राप्य" in words, "Trade receivables" in words) == (True, False), path
    words = Page(browser.get(f"/reports/trial-balance?{days}")).words()
    assert "4300 Search" in words, "a word of ours elsewhere, but not a name of ours"
    typeset_inputs: list[Any] = []
    monkeypatch.setattr(Paper, "pdf", lambda _self, _name, data: typeset_inputs.append(data) or b"")
    browser.get(f"/reports/trial-balance?{days}&format=pdf")
    assert typeset_inputs[0]["tables"][0]["groups"][0]["rows"][0][0] == "1200 ग्राहकों से प्राप्य"
    assert (
        "1200,Trade receivables," in browser.get(f"/reports/trial-balance?{days}&format=csv").text
    ), "a file for programs"
    assert "Trade receivables" in {
        account["name"] for account in alice.api.get("/accounts?limit=200").json["items"]
    }


def test_the_chart_has_filters_and_pages(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = added(alice)
    assert "No accounts match" in Page(alice.tab.get("/accounts?archived=1")).words(".//main")
    alice.api.patch(f"/accounts/{gone}", json={"is_archived": True})
    archived = Page(alice.tab.get("/accounts?archived=1"))
    assert archived.words(".//tbody//th[@scope='row']") == "5810 Postage"
    assert "archived" in archived.words(".//tbody/tr[2]/td[2]")
    assert "5810 Postage" not in Page(alice.tab.get("/accounts?archived=0")).words(".//main")
    assert "5810 Postage" in Page(alice.tab.get("/accounts")).words(".//main")
    monkeypatch.setattr(chart_views, "ROWS", 20)
    first = Page(alice.tab.get("/accounts?archived=0"))
    next_link = next(link for link in first.links() if "after=" in link)
    second = Page(alice.tab.get(next_link))
    assert len(first.all(".//tbody//th[@scope='row']")) == 20
    assert not set(first.links()) & {
        link for link in second.links() if link.startswith("/reports/general-ledger?account=")
    }
    assert "/accounts?archived=0" in second.links()
    assert alice.tab.get("/accounts?after=*").status_code == 422


@pytest.mark.parametrize("path", ["/accounts", "/api/accounts?limit=200"])
def test_the_chart_takes_one_round_trip_for_any_number_of_accounts(
    alice: Person, path: str
) -> None:
    def trips() -> list[int]:
        with watched(alice.app) as made:
            answer = (
                alice.api.get(path.removeprefix("/api"))
                if path.startswith("/api")
                else browser.get(path)
            )
        assert answer.status_code == 200
        return made

    browser = alice.tab
    before = trips()
    for number in range(5):
        charge(alice, added(alice, code=f"58{number}"))
    assert len(before) == 1
    assert trips() == before


def test_an_account_is_added(alice: Person) -> None:
    assert submit(alice.tab, "/accounts/new", **TYPED).status_code == 303
    item = next(
        item
        for item in alice.api.get("/accounts?type=expense&limit=200").json["items"]
        if item["code"] == "5810"
    )
    assert (item["name"], item["normal_side"]) == ("Postage", "debit")


@pytest.mark.parametrize(
    ("change", "place", "sentence"),
    [
        (
            {"code": ""},
            "code",
            "Enter a code of up to 32 letters, digits, dots and hyphens, such as 5250.",
        ),
        ({"code": "58 10"}, "code", "Enter a code of up to 32 letters"),
        ({"code": "1100"}, "code", "Another account has this code."),
        ({"name": " "}, "name", "Enter a name."),
        ({"type": "income"}, "type", "Choose one from the list."),
        ({"normal_side": "left"}, "normal_side", "Choose one from the list."),
    ],
)
def test_an_error_is_shown_at_its_field(
    alice: Person, change: dict[str, str], place: str, sentence: str
) -> None:
    postage = added(alice, code="5899")
    for path in ("/accounts/new", f"/accounts/{postage}/edit"):
        page = Page(submit(alice.tab, path, **TYPED | {"normal_side": "debit"} | change))
        assert page.status == 422, path
        assert sentence in page.error_at(place), path
        assert page.error_at(place).count(sentence[:12]) == 1
        assert page.field("name") == (TYPED | change)["name"]


def test_an_account_is_changed_archived_and_restored(alice: Person) -> None:
    postage = added(alice)
    path, fields = f"/accounts/{postage}/edit", TYPED | {"type": "revenue", "normal_side": "credit"}
    form = Page(alice.tab.get(path))
    assert (form.field("code"), form.field("type"), form.field("normal_side")) == (
        "5810",
        "expense",
        "debit",
    )
    assert submit(alice.tab, path, **fields, is_archived="y").status_code == 303
    read = alice.api.get(f"/accounts/{postage}").json
    assert (read["type"], read["normal_side"], read["is_archived"]) == ("revenue", "credit", True)
    assert submit(alice.tab, path, **fields).status_code == 303
    assert not alice.api.get(f"/accounts/{postage}").json["is_archived"]


def test_fixed_values_are_shown_without_a_field(alice: Person) -> None:
    postage = added(alice)
    charge(alice, postage)
    path = f"/accounts/{postage}/edit"
    page = Page(alice.tab.get(path))
    assert not page.all(".//select[@name='type']")
    assert "Expenses" in page.words(".//dl")
    assert "INR100.00Dr" in page.words(".//dl")
    refused = Page(submit(alice.tab, path, code="5810", name="Post", is_archived="y", type="asset"))
    assert (
        refused.status,
        "This account still has a balance, including earlier financial years."
        in refused.error_at("is_archived"),
    ) == (422, True)
    assert refused.field("name") == "Post"
    bank = Page(alice.tab.get(f"/accounts/{account_id(alice, 'bank')}/edit"))
    assert not bank.all(".//input[@name='is_archived']")
    assert "The system posts to this account" in bank.words(".//form")
    forced = submit(
        alice.tab,
        f"/accounts/{account_id(alice, 'bank')}/edit",
        code="1100",
        name="Bank",
        is_archived="y",
    )
    assert forced.status_code == 422
    assert (
        submit(
            alice.tab, f"/accounts/{account_id(alice, 'bank')}/edit", code="1100", name="HDFC"
        ).status_code
        == 303
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
def test_only_some_roles_change_the_chart(
    people: People, alice: Person, charlie: Person, role: str, may: bool
) -> None:
    browser, postage = (
        people.colleague(alice, "Rita Role", role=role).browser,
        added(alice, code="5899"),
    )
    listed = Page(browser.get("/accounts"))
    assert (
        listed.status,
        "/accounts/new" in listed.links(),
        f"/accounts/{postage}/edit" in listed.links(),
    ) == (200, may, may)
    for path in ("/accounts/new", f"/accounts/{postage}/edit"):
        assert browser.get(path).status_code == (200 if may else 403)
        fields: dict[str, Any] = TYPED | {"normal_side": "debit", "code": f"58{len(path)}"}
        assert browser.post(
            path, data=fields | {"csrf_token": csrf(browser, "/team")}
        ).status_code == (303 if may else 403)
    assert charlie.tab.get(f"/accounts/{postage}/edit").status_code == 404
