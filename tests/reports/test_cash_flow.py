"""The cash flow statement, by the direct method."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from tests.ledger.books import account_id, inr, post
from tests.ledger.test_base_amounts import make_ready, usd
from tests.ledger.test_revaluations import LAST, book, revalue
from tests.people import Person
from tests.rates.entered import entered
from tests.reports.test_in_base import cells, currencies
from tests.reports.test_views import block, rows, shown, words
from voyagent.ledger.queries.accounts import read_chart
from voyagent.ledger.service import chart, entries
from voyagent.ledger.service.entries import Line
from voyagent.ledger.service.errors import AccountServesProgram

NOVEMBER = "from=2024-11-01&to=2024-11-30"


@pytest.fixture
def ready(alice: Person, owner_engine: sa.Engine) -> Person:
    """Alice, whose agency has established base amounts."""
    make_ready(owner_engine, alice)
    return alice


def flows(person: Person, query: str = NOVEMBER) -> dict[str, Any]:
    """Return the API's answer."""
    found: dict[str, Any] = person.api.get(f"/reports/cash-flow?{query}").json
    return found


def by_code(lines: list[dict[str, Any]]) -> dict[str, str]:
    return {line["code"]: line["amount"] for line in lines}


def test_money_received_and_revalued_is_explained_in_base(ready: Person, charlie: Person) -> None:
    """Vector V8: an invoice of USD 100 at 84.20, of which USD 60 came at 84.50."""
    book(ready, date(2024, 11, 5), "84.20", {"receivable": 10_000, "revenue_services": -10_000})
    came = [
        entries.debit("bank", usd(6_000)),
        Line("receivable", credit=usd(6_000), base=inr(505_200)),
    ]
    for day, rate in (("2024-11-20", "84.50"), ("2024-11-30", "84.75")):
        entered(ready, date.fromisoformat(day), rate)
    on = date(2024, 11, 20)
    post(ready, came, entry_date=on, differences="exchange_differences")
    assert revalue(ready) == [(1, 1_500), (1, 2_200)]
    found = flows(ready, f"{NOVEMBER}&compare=none")
    base = found["base"]
    assert by_code(base["operating"]) == {"1200": "5052.00", "5920": "18.00"}
    assert (base["opening_money"], base["net_cash_flow"]) == ("0.00", "5070.00")
    assert (base["exchange_effect"], base["closing_money"]) == ("15.00", "5085.00")
    assert (base["difference"], base["in_balance"]) == ("0.00", True)
    (dollars,) = found["by_currency"]
    assert by_code(dollars["operating"]) == {"1200": "60.00"}
    assert (dollars["exchange_effect"], dollars["closing_money"]) == ("0.00", "60.00")

    page = shown(ready.tab, f"/reports/cash-flow?{NOVEMBER}&compare=none")
    assert rows(block(page, "INR")) == [
        ["Account", "1 Nov 2024 to 30 Nov 2024"],
        ["Operating activities"],
        ["1200 Trade receivables", "5,052.00"],
        ["5920 Exchange differences", "18.00"],
        ["Cash flow from operating activities", "5,070.00"],
        ["Net cash flow", "5,070.00"],
        ["Effect of exchange rate changes", "15.00"],
        ["Money at the beginning", "0.00"],
        ["Money at the end", "5,085.00"],
    ]
    assert currencies(page) == [["Account", "USD"], ["1200 Trade receivables", "60.00"]]
    assert "agrees with the ledger" in words(page)
    head, *lines = cells(ready, f"/reports/cash-flow.csv?{NOVEMBER}&compare=none")
    assert [line[2:3] + line[5:6] for line in lines] == [
        ["opening", "0.00"],
        ["operating", "5052.00"],
        ["operating", "18.00"],
        ["operating", "5070.00"],
        ["investing", "0.00"],
        ["financing", "0.00"],
        ["net", "5070.00"],
        ["exchange_effect", "15.00"],
        ["closing", "5085.00"],
    ]
    assert head[-1] == "USD"
    assert flows(charlie)["closing_money"] == "0.00"


def test_the_other_accounts_of_an_entry_say_what_moved_the_money(alice: Person) -> None:
    loan = alice.does(chart.add_account, code="2500", name="Bank loan", account_type="liability")
    with alice.reading() as reader:
        office = next(row["id"] for row in read_chart(reader) if row["code"] == "1510")
    for on, lines in {
        LAST: [entries.debit("bank", inr(90_000)), entries.credit("capital", inr(90_000))],
        date(2024, 12, 2): [entries.debit("bank", inr(5_000)), entries.credit(loan, inr(5_000))],
        date(2024, 12, 3): [
            entries.debit(office, inr(20_000)),
            entries.debit("bank_charges", inr(100)),
            entries.credit("bank", inr(20_100)),
        ],
        date(2024, 12, 4): [entries.debit("cash", inr(700)), entries.credit("bank", inr(700))],
        date(2024, 12, 5): [
            entries.debit("receivable", inr(1), party_name="Asha Rao"),
            entries.credit("revenue_fees", inr(1)),
        ],
    }.items():
        post(alice, lines, entry_date=on)
    december = "from=2024-12-01&to=2024-12-31&compare=period"
    found = flows(alice, december)
    assert by_code(found["operating"]) == {"2500": "50.00", "5700": "-1.00"}
    assert by_code(found["investing"]) == {"1510": "-200.00"}
    assert by_code(found["financing"]) == {"3000": "0.00"}
    assert (found["opening_money"], found["closing_money"]) == ("900.00", "749.00")
    assert found["before"] == {
        "opening_money": "0.00",
        "total_operating": "0.00",
        "total_investing": "0.00",
        "total_financing": "900.00",
        "net_cash_flow": "900.00",
        "exchange_effect": "0.00",
        "closing_money": "900.00",
    }
    assert found["in_balance"]
    assert "base" not in found

    answer = alice.api.patch(f"/accounts/{loan}", json={"cash_flow": "financing"})
    assert answer.json["cash_flow"] == "financing"
    found = flows(alice, december)
    assert by_code(found["financing"]) == {"2500": "50.00", "3000": "0.00"}
    assert "Cash flow statement" in alice.tab.get(f"/accounts/{loan}/edit").text
    with pytest.raises(AccountServesProgram):
        alice.does(chart.change_account, account_id(alice, "bank"), {"cash_flow": "investing"})


def test_the_period_of_a_cash_flow_statement_is_checked(alice: Person) -> None:
    assert alice.api.get("/reports/cash-flow?from=2026-02-02&to=2026-02-01").status_code == 422
    page = shown(alice.tab, "/reports/cash-flow?from=2026-02-02&to=2026-02-01", status=422)
    assert "The start date is after the end date." in page
