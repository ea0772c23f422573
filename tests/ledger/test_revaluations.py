"""Month-end revaluation of foreign balances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.audit.conftest import untied
from tests.billing.papers import advance, line, receive
from tests.chat.parallel import at_once
from tests.ledger.books import account_id, inr, post
from tests.ledger.test_base_amounts import make_ready, usd
from tests.ledger.test_establishing import failed
from tests.people import People, Person, csrf_token
from tests.rates.entered import entered
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel import clock
from voyagent.kernel.actor import Channel
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.errors import MonthNotFound
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.ledger.rules import next_month
from voyagent.ledger.service import chart, direct, entries, months, revaluations
from voyagent.ledger.service.entries import Line
from voyagent.ledger.service.errors import (
    AccountServesProgram,
    BaseNotEstablished,
    EntryOfDocument,
    MonthNotOver,
    NotRevalued,
    PeriodLocked,
)
from voyagent.rates.errors import RateMissing

NOVEMBER, DECEMBER = date(2024, 11, 1), date(2024, 12, 1)
LAST = date(2024, 11, 30)


@pytest.fixture
def ready(alice: Person, owner_engine: sa.Engine) -> Person:
    """Alice, whose agency has established base amounts."""
    make_ready(owner_engine, alice)
    return alice


@pytest.fixture
def leila(people: People, alice: Person) -> Person:
    """Alice's colleague who leads accounting."""
    return people.colleague(alice, "Leila Lead", role="accounting_lead")


def based(person: Person, as_of: date, *currencies: str) -> dict[str | None, int]:
    """Base balances by purpose, of lines in some currencies, or in dollars."""
    found = Counter[str | None]()
    with person.reading() as reader:
        for row in trial_balance_rows(reader, as_of):
            if row["currency"] in (currencies or ("USD",)):
                found[row["purpose"]] += row["base_debit_minor"] - row["base_credit_minor"]
    return {purpose: base for purpose, base in found.items() if base}


def book(
    person: Person, on: date, rate: str | None, sides: Mapping[str | UUID, int], **given: Any
) -> None:
    """Post an entry in dollars; `sides` has signed cents by account."""
    lines = [
        (entries.debit if minor > 0 else entries.credit)(account, usd(abs(minor)))
        for account, minor in sides.items()
    ]
    rates = {"USD": Quote("USD", "INR", Decimal(rate), on, "Bank")} if rate else {}
    post(person, lines, entry_date=on, rates=rates, **given)


def revalue(person: Person, month: date = NOVEMBER) -> list[tuple[int, int]]:
    """Run the revaluation; return run and difference of each row, by difference."""

    def run(actor: Any) -> list[tuple[int, int]]:
        return sorted(
            (row.run_no, row.base_after_minor - row.base_before_minor)
            for row in revaluations.revalue(actor, month)
        )

    return person.does(run)


def bill(person: Person) -> UUID:
    """Receive the bill of USD 3,150 at 84.20, without a service day."""
    return receive(
        person,
        line("3150.00", quantity=1, currency="USD"),
        vendor_name="Gulf Hotels",
        issue_date=date(2024, 11, 18),
        due_date=date(2024, 12, 4),
        exchange_rate=Quote("USD", "INR", Decimal("84.20"), date(2024, 11, 18), "FBIL"),
    )


def test_a_payable_is_revalued_and_the_difference_reversed(ready: Person) -> None:
    """Vector V7: the bill of V4, open at the end of November and paid on 4 December."""
    bill_id = bill(ready)
    entered(ready, LAST, "84.75")
    assert revalue(ready) == [(1, -173_250)]
    assert based(ready, LAST) == {
        "payable": -26_696_250,
        "cost_of_services": 26_523_000,
        "exchange_unrealised": 173_250,
    }
    assert based(ready, DECEMBER) == {"payable": -26_523_000, "cost_of_services": 26_523_000}
    part = Part(bill_id, inr(26_800_000), settled=usd(315_000))
    advance(ready, 26_800_000, date(2024, 12, 4), part, direction="out", party_name="Gulf Hotels")
    assert based(ready, date(2024, 12, 31), "USD", "INR") == {
        "cost_of_services": 26_523_000,
        "bank": -26_800_000,
        # November lost 1,732.50 of it, so that December loses 1,037.50.
        "exchange_differences": 277_000,
    }
    assert failed(ready) == {}


def test_open_documents_are_reversed_and_money_is_kept(ready: Person) -> None:
    """Vector V8: an invoice of USD 100 at 84.20, of which USD 60 came at 84.50."""
    book(ready, date(2024, 11, 5), "84.20", {"receivable": 10_000, "revenue_services": -10_000})
    post(
        ready,
        [
            entries.debit("bank", usd(6_000)),
            Line("receivable", credit=usd(6_000), base=inr(505_200)),
        ],
        entry_date=date(2024, 11, 12),
        rates={"USD": Quote("USD", "INR", Decimal("84.50"), date(2024, 11, 12), "Bank")},
        differences="exchange_differences",
    )
    before = {"bank": 507_000, "receivable": 336_800, "revenue_services": -842_000}
    assert based(ready, LAST) == before | {"exchange_differences": -1_800}
    entered(ready, LAST, "84.75")
    assert revalue(ready) == [(1, 1_500), (1, 2_200)]
    assert based(ready, LAST) == before | {
        "bank": 508_500,
        "receivable": 339_000,
        "exchange_differences": -1_800 - 1_500,
        "exchange_unrealised": -2_200,
    }
    assert based(ready, DECEMBER) == before | {
        "bank": 508_500,
        "exchange_differences": -1_800 - 1_500,
    }


def test_the_rest_of_an_emptied_account_is_posted_once(ready: Person) -> None:
    """Vector V9: USD 1,000 came at 84.20 and went at 84.50; no rate is needed."""
    book(ready, date(2024, 11, 4), "84.20", {"bank": 100_000, "capital": -100_000})
    book(ready, date(2024, 11, 9), "84.50", {"bank": -100_000, "capital": 100_000})
    assert based(ready, LAST) == {"bank": -30_000, "capital": 30_000}
    assert revalue(ready) == [(1, 30_000)]
    assert based(ready, LAST) == {"capital": 30_000, "exchange_differences": -30_000}
    assert revalue(ready, DECEMBER) == []
    # Another account has a balance, and so a rate.
    book(ready, date(2025, 1, 4), "84.20", {"bank": 100, "cash": 100, "capital": -200})
    book(ready, date(2025, 1, 9), "90", {"bank": -100, "capital": 100})
    entered(ready, date(2025, 1, 31), "85")
    assert revalue(ready, date(2025, 1, 1)) == [(1, 80), (1, 580)]


def test_an_accrual_is_a_document(ready: Person) -> None:
    """The arithmetic of vector V25: USD 1,200 accrued at 84.75, open at 85.20."""
    book(ready, date(2024, 12, 1), "84.75", {"cost_of_services": 120_000, "bsp_payable": -120_000})
    entered(ready, date(2024, 12, 31), "85.20")
    assert revalue(ready, DECEMBER) == [(1, -54_000)]
    assert based(ready, date(2024, 12, 31))["exchange_unrealised"] == 54_000
    assert based(ready, date(2025, 1, 1)) == {
        "cost_of_services": 10_170_000,
        "bsp_payable": -10_170_000,
    }


def test_a_rate_that_divides_is_not_inverted(ready: Person) -> None:
    book(ready, date(2024, 11, 4), "84.00", {"bank": 100_000, "capital": -100_000})
    entered(ready, LAST, "0.012", pair=("INR", "USD"))
    assert revalue(ready) == [(1, 8_333_333 - 8_400_000)]
    (row,) = ready.api.get("/months/2024-11/revaluation").json["items"]
    assert (row["rate"], row["is_rate_inverse"]) == ("0.012", True)
    assert failed(ready) == {}


def test_only_monetary_balances_in_other_currencies_are_revalued(ready: Person) -> None:
    """Advances, taxes, deferred income, results and fixed assets are not."""
    entered(ready, LAST, "90")
    equipment, salaries = (account_of_code(ready, code) for code in ("1510", "5300"))
    not_monetary = (
        *("supplier_advances", "customer_advances", "deferred_income", "output_igst"),
        *("input_igst", "tds_receivable", "tcs_payable", "revenue_fees", "cost_of_services"),
        *(equipment, salaries),
    )
    for account in not_monetary:
        book(ready, LAST, "84", {account: 100, "capital": -100})
    post(
        ready,
        [entries.debit("bank", inr(100)), entries.credit("payable", inr(100))],
        entry_date=LAST,
    )
    with ready.reading() as reader:
        assert revaluations.preview_revaluation(reader, NOVEMBER).items == ()
    assert revalue(ready) == []


def account_of_code(person: Person, code: str) -> UUID:
    """Return the id of the account with a code."""
    items = person.api.get("/accounts?limit=200").json["items"]
    return UUID(next(one["id"] for one in items if one["code"] == code))


def test_an_account_of_the_agency_is_monetary_unless_it_says_no(ready: Person) -> None:
    loan = ready.does(chart.add_account, code="2500", name="Loan", account_type="liability")
    book(ready, LAST, "84", {loan: -100, "capital": 100})
    entered(ready, LAST, "90")
    assert ready.api.get(f"/accounts/{loan}").json["is_monetary"]
    with ready.reading() as reader:
        (position,) = revaluations.preview_revaluation(reader, NOVEMBER).items
    assert (position.difference, position.is_reversed) == (inr(-600), False)
    answer = ready.api.patch(f"/accounts/{loan}", json={"is_monetary": False})
    assert answer.json["is_monetary"] is False
    assert revalue(ready) == []
    bank = ready.tab.get(f"/accounts/{account_id(ready, 'bank')}/edit").text
    assert "Revalue foreign balances" not in bank
    (event,) = ready.api.get("/audit?kind=ledger.account_changed").json["items"]
    assert event["payload"]["inputs"]["fields"] == [
        {"field": "is_monetary", "before": True, "after": False}
    ]
    equipment = account_of_code(ready, "1510")
    book(ready, LAST, "84", {equipment: 100, "capital": -100})
    browser, path = ready.tab, f"/accounts/{equipment}/edit"
    assert "Revalue foreign balances" in browser.get(path).text
    fields = {"code": "1510", "name": "Claims", "is_monetary": "y"}
    browser.post(path, data=fields | {"csrf_token": csrf_token(browser)})
    assert revalue(ready) == [(1, 600)]
    with pytest.raises(AccountServesProgram):
        ready.does(chart.change_account, account_id(ready, "bank"), {"is_monetary": False})


def test_a_further_run_posts_only_what_is_left(ready: Person) -> None:
    """Also after a late posting, another rate, and a run of the month after."""
    book(ready, date(2024, 11, 5), "84", {"receivable": 100, "bank": 200, "capital": -300})
    entered(ready, LAST, "85")
    entered(ready, date(2024, 12, 31), "86")
    assert revalue(ready) == [(1, 100), (1, 200)]
    assert revalue(ready) == []
    # The reversal on 1 December is counted: the receivable starts at its booked amount.
    assert revalue(ready, DECEMBER) == [(1, 200), (1, 200)]
    book(ready, date(2024, 11, 20), "80", {"receivable": 100, "capital": -100})
    assert revalue(ready) == [(2, 500)]
    assert revalue(ready, DECEMBER) == [(2, 600)]
    entered(ready, LAST, "85.5")
    assert revalue(ready) == [(3, 100), (3, 100)]
    # Money keeps the difference of November, so December takes back what it has too much.
    assert revalue(ready, DECEMBER) == [(3, -100)]
    assert based(ready, DECEMBER)["receivable"] == 8_400 + 8_000
    items = ready.api.get("/months/2024-11/revaluation").json["items"]
    assert [(one["run_no"], one["code"], one["difference"]) for one in items] == [
        (1, "1100", "2.00"),
        (1, "1200", "1.00"),
        (2, "1200", "5.00"),
        (3, "1100", "1.00"),
        (3, "1200", "1.00"),
    ]
    assert failed(ready).keys() == {"control"}  # the receivable has no invoice


def test_a_month_that_has_not_ended_is_not_revalued(ready: Person) -> None:
    month = clock.today("UTC").replace(day=1)
    with pytest.raises(MonthNotOver):
        revalue(ready, month)
    answer = ready.api.post(f"/months/{month:%Y-%m}/revaluation")
    assert (answer.status_code, answer.json["detail"]) == (409, "month_not_over")
    assert answer.json["message"].endswith("Do this from the first day of the next month.")
    with pytest.raises(MonthNotFound):
        revalue(ready, LAST)


def test_a_closed_month_is_not_revalued(ready: Person) -> None:
    ready.does(months.close_month, DECEMBER)
    with pytest.raises(PeriodLocked):
        revalue(ready)


def test_a_missing_rate_names_currency_and_day(ready: Person) -> None:
    book(ready, date(2024, 11, 5), "84", {"bank": 100, "capital": -100})
    entered(ready, LAST - timedelta(days=8), "84")
    with pytest.raises(RateMissing):
        revalue(ready)
    answer = ready.api.post("/months/2024-11/revaluation")
    assert (answer.status_code, answer.json["detail"]) == (
        409,
        {"code": "rate_missing", "currency": "USD", "day": "2024-11-30"},
    )
    preview = ready.api.get("/months/2024-11/revaluation/preview").json
    (item,) = preview.pop("items")
    assert preview == {
        "month": "2024-11",
        "day": "2024-11-30",
        "base_currency": "INR",
        "is_revalued": False,
        "missing": ["USD"],
    }
    assert {name: item[name] for name in ("rate", "base_before", "base_after", "difference")} == {
        "rate": None,
        "base_before": "84.00",
        "base_after": None,
        "difference": None,
    }


def test_unknown_base_amounts_are_not_revalued(alice: Person) -> None:
    """An agency without foreign balances is not concerned."""
    assert revalue(alice) == []
    book(alice, LAST, None, {"bank": 100, "capital": -100})
    with pytest.raises(BaseNotEstablished):
        revalue(alice)
    alice.does(months.close_month, NOVEMBER)


def test_only_those_who_close_months_revalue(ready: Person, bob: Person, leila: Person) -> None:
    book(ready, date(2024, 11, 5), "84", {"bank": 100, "capital": -100})
    entered(ready, LAST, "85")
    with pytest.raises(Forbidden):
        revalue(bob)
    with pytest.raises(Forbidden), leila.acting() as actor:
        revaluations.revalue(actor.via(Channel.ASSISTANT), NOVEMBER)
    permissions = frozenset({"ledger.post", "ledger.post_direct", "ledger.chart"})
    with pytest.raises(Forbidden), leila.acting() as actor:
        revaluations.revalue(replace(actor, permissions=permissions), NOVEMBER)
    assert bob.api.post("/months/2024-11/revaluation").status_code == 403
    assert bob.api.get("/months/2024-11/revaluation/preview").status_code == 200
    assert revalue(leila) == [(1, 100)]
    (event,) = ready.api.get("/audit?kind=books.revalued").json["items"]
    assert event["payload"]["inputs"] == {"month": "2024-11"}
    assert event["payload"]["outputs"] == {
        "run_no": 1,
        "currency": "INR",
        "reversed": "0.00",
        "kept": "1.00",
    }


def test_of_two_people_at_once_one_posts(ready: Person, leila: Person) -> None:
    book(ready, date(2024, 11, 5), "84", {"bank": 100, "receivable": 50, "capital": -150})
    entered(ready, LAST, "85")
    done = at_once([partial(revalue, ready), partial(revalue, leila)])
    assert sorted(done) == [[], [(1, 50), (1, 100)]]
    assert based(ready, LAST)["bank"] == 8_500


def test_an_entry_of_a_revaluation_is_not_reversed_by_hand(ready: Person) -> None:
    book(ready, date(2024, 11, 5), "84", {"receivable": 100, "capital": -100})
    entered(ready, LAST, "85")
    revalue(ready)
    (row,) = ready.api.get("/months/2024-11/revaluation").json["items"]
    for entry_id in (row["entry_id"], row["reversal_entry_id"]):
        with pytest.raises(EntryOfDocument):
            ready.does(direct.reverse_direct, UUID(entry_id), reason="Wrong")
    page = ready.tab.get(f"/journal/{row['entry_id']}").text
    assert page.count('<td class="v-num">1.00</td>') == 4, "both lines, and both totals"
    assert f"/journal/{row['entry_id']}/reverse" not in page


@pytest.mark.parametrize("is_code_taken", [False, True])
def test_an_agency_of_an_earlier_release_gets_the_account(
    ready: Person, owner_engine: sa.Engine, is_code_taken: bool
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update accounts set purpose = null where tenant_id = :t and code = '5921'"
                if is_code_taken
                else "delete from accounts where tenant_id = :t and code = '5921'"
            ),
            {"t": ready.actor.tenant_id},
        )
    book(ready, date(2024, 11, 5), "84", {"receivable": 100, "capital": -100})
    entered(ready, LAST, "85")
    assert revalue(ready) == [(1, 100)]
    assert based(ready, LAST)["exchange_unrealised"] == -100
    (added,) = ready.api.get("/audit?kind=ledger.account_added").json["items"]
    assert added["payload"]["inputs"]["code"] == ("5921-1" if is_code_taken else "5921")


def test_the_number_of_statements_does_not_depend_on_postings(
    ready: Person, statements: list[str]
) -> None:
    entered(ready, LAST, "85")
    sent = []
    for postings in (1, 12):
        for number in range(postings):
            book(ready, date(2024, 11, 5 + number), "84", {"receivable": 100, "capital": -100})
        del statements[:]
        revalue(ready)
        sent.append(len(statements))
    assert sent[0] == sent[1]


def test_a_month_is_not_closed_before_its_balances_are_revalued(
    ready: Person, leila: Person
) -> None:
    book(ready, date(2024, 11, 5), "84", {"receivable": 100, "capital": -100})
    with pytest.raises(NotRevalued):  # there is no rate
        leila.does(months.close_month, NOVEMBER)
    entered(ready, LAST, "85")
    answer = leila.api.post("/months/2024-11/close")
    assert (answer.status_code, answer.json["detail"]) == (409, "not_revalued")
    revalue(ready)
    entered(ready, LAST, "86")
    with pytest.raises(NotRevalued):  # the last run had another rate
        leila.does(months.close_month, NOVEMBER)
    revalue(ready)
    book(ready, date(2024, 11, 9), "84", {"receivable": 100, "capital": -100})
    with pytest.raises(NotRevalued):  # the last run had another balance
        leila.does(months.close_month, NOVEMBER)
    revalue(ready)
    assert leila.api.post("/months/2024-11/close").status_code == 200
    (event,) = ready.api.get("/audit?kind=month.closed").json["items"]
    assert (event["payload"]["inputs"], event["payload"]["outputs"]) == ({"month": "2024-11"}, {})


def test_an_administrator_closes_without_a_revaluation_with_a_reason(
    ready: Person, leila: Person
) -> None:
    book(ready, date(2024, 11, 5), "84", {"receivable": 100, "capital": -100})
    with pytest.raises(Forbidden):
        leila.does(months.close_month, NOVEMBER, unrevalued_reason="No rate was published")
    with pytest.raises(NotRevalued):
        ready.does(months.close_month, NOVEMBER, unrevalued_reason="  ")
    given = {"unrevalued_reason": "No rate was published"}
    assert ready.api.post("/months/2024-11/close", json=given).status_code == 200
    (event,) = ready.api.get("/audit?kind=month.closed").json["items"]
    assert event["payload"]["inputs"] == {"month": "2024-11", "reason": "No rate was published"}
    assert event["payload"]["outputs"] == {"is_revalued": False}


def test_an_agency_without_foreign_balances_is_not_asked(ready: Person) -> None:
    post(ready, entry_date=date(2024, 11, 5))
    assert "closing rates" not in ready.tab.get("/months/2024-11/close").text
    ready.does(months.close_month, NOVEMBER, unrevalued_reason="Not needed")
    (event,) = ready.api.get("/audit?kind=month.closed").json["items"]
    assert event["payload"]["inputs"] == {"month": "2024-11"}


def test_the_page_shows_what_would_be_posted_and_posts_it(ready: Person) -> None:
    book(ready, date(2024, 11, 5), "84", {"receivable": 10_000, "bank": 5_000, "capital": -15_000})
    path = "/months/2024-11/revaluation"
    page = ready.tab.get(path).text
    assert 'href="/exchange-rates/new?currency=USD&amp;on=2024-11-30"' in page
    assert "A closing rate is missing: USD." in page
    assert "Revalue November 2024?" not in page
    entered(ready, LAST, "85")
    page = ready.tab.get(path).text
    for text in ("1 USD = 85 INR", "FBIL", "8,400.00", "8,500.00", "Revalue November 2024?"):
        assert text in page
    browser = ready.tab
    sent = browser.post(path, data={"csrf_token": csrf_token(browser)})
    assert (sent.status_code, sent.headers["Location"]) == (303, path)
    page = browser.get(path).text
    assert "November 2024 revalued." in page
    assert "Nothing is left to post." in page
    assert page.count("/journal/") >= 3
    sent = browser.post(path, data={"csrf_token": csrf_token(browser)})
    assert "Nothing was posted." in browser.get(path).text


def test_the_page_says_why_nothing_can_be_posted(ready: Person, bob: Person) -> None:
    assert bob.tab.get("/months/2024-11/revaluation").status_code == 403
    assert "No foreign balances" in ready.tab.get("/months/2024-11/revaluation").text
    assert ready.tab.get("/months/2024-13/revaluation").status_code == 404
    month = clock.today("UTC")
    assert "has not ended" in ready.tab.get(f"/months/{month:%Y-%m}/revaluation").text


def test_the_page_says_that_base_amounts_are_not_known(alice: Person) -> None:
    book(alice, LAST, None, {"bank": 100, "capital": -100})
    assert "It is about USD." in alice.tab.get("/months/2024-11/revaluation").text


def test_the_page_before_closing_asks_for_the_revaluation(ready: Person, leila: Person) -> None:
    book(ready, date(2024, 11, 5), "84", {"bank": 100, "capital": -100})
    entered(ready, LAST, "85")
    path = "/months/2024-11/close"
    page = leila.tab.get(path).text
    assert 'href="/months/2024-11/revaluation">Foreign balances are not at the closing' in page
    assert "An administrator can close the month without it" in page
    assert "Close November 2024?" not in page
    browser = ready.tab
    assert "Reason for closing without a revaluation" in browser.get(path).text
    refused = browser.post(path, data={"csrf_token": csrf_token(browser)})
    assert refused.status_code == 422
    assert "Revalue them first." in refused.text
    reason = {"unrevalued_reason": "No rate", "csrf_token": csrf_token(browser)}
    assert browser.post(path, data=reason).status_code == 303


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (
            "update revaluations set rate = 86 where tenant_id = :t",
            "the base amount is not that of the rate",
        ),
        (
            "update postings set base_debit_minor = base_debit_minor + 1 where tenant_id = :t and"
            " entry_id in (select entry_id from revaluations) and base_debit_minor > 0",
            "the entry posts another difference",
        ),
        (
            "update revaluations set reversal_entry_id = null where tenant_id = :t",
            "the reversal posts another difference",
        ),
    ],
)
def test_the_check_of_the_books_finds_a_wrong_revaluation(
    ready: Person, owner_engine: sa.Engine, broken: str, says: str
) -> None:
    book(ready, date(2024, 11, 5), "84", {"supplier_deposits": 100, "capital": -100})
    entered(ready, LAST, "85")
    revalue(ready)
    assert failed(ready) == {}
    with untied(owner_engine) as connection:
        connection.execute(sa.text(broken), {"t": ready.actor.tenant_id})
    assert says in failed(ready)["revalued"]


PURPOSES = ("bank", "cash", "gateway_clearing", "receivable", "payable", "supplier_deposits")
DOCUMENTS = {"receivable", "payable", "supplier_deposits"}
_months = count(1)
POSTINGS = st.lists(
    st.tuples(
        st.sampled_from(PURPOSES),
        st.sampled_from(("USD", "AED", "JPY")),
        st.integers(-90_000, 90_000).filter(bool),
        st.integers(1, 999_999),
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(postings=POSTINGS, late=POSTINGS, closing=st.tuples(*[st.integers(1, 999_999)] * 3))
def test_after_a_revaluation_every_balance_is_at_the_closing_rate(
    ready: Person,
    postings: list[tuple[str, str, int, int]],
    late: list[tuple[str, str, int, int]],
    closing: tuple[int, int, int],
) -> None:
    """And on the next day each account of documents is at its booked amount again."""
    number = next(_months)
    month = date(1990 + number // 12, number % 12 + 1, 1)
    day = next_month(month) - timedelta(days=1)

    def write(some: list[tuple[str, str, int, int]]) -> None:
        for purpose, currency, minor, rate in some:
            amount = Money(abs(minor), currency)
            sides = [entries.debit(purpose, amount), entries.credit("capital", amount)]
            if minor < 0:
                sides = [entries.credit(purpose, amount), entries.debit("capital", amount)]
            at = Quote(currency, "INR", Decimal(rate) / 1000, month, "Bank")
            post(ready, sides, entry_date=month, rates={currency: at})

    def booked(as_of: date) -> dict[tuple[str, str], tuple[int, int]]:
        with ready.reading() as reader:
            return {
                (row["purpose"], row["currency"]): (
                    row["debit_minor"] - row["credit_minor"],
                    row["base_debit_minor"] - row["base_credit_minor"],
                )
                for row in trial_balance_rows(reader, as_of)
                if row["purpose"] in PURPOSES
            }

    rates = dict(zip(("USD", "AED", "JPY"), closing, strict=True))
    for currency, rate in rates.items():
        entered(ready, day, str(Decimal(rate) / 1000), pair=(currency, "INR"))
    for some in (postings, late):
        write(some)
        expected = booked(next_month(month))
        revalue(ready, month)
        for (purpose, currency), (balance, base) in booked(day).items():
            quote = Quote(currency, "INR", Decimal(rates[currency]) / 1000, day, "FBIL")
            assert base == quote.convert(Money(balance, currency)).amount_minor
            if purpose in DOCUMENTS:
                after = booked(next_month(month))[purpose, currency]
                assert after == expected[purpose, currency]
    assert revalue(ready, month) == []
