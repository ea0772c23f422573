"""JSON API of the reports."""

from __future__ import annotations

from typing import Any

import pytest

from tests.people import ApiClient, Person
from tests.reports.books import AS_OF, VECTORS, bill, days_ago, invoice, pay, today
from voyagent.billing.invoices.service import drafts as invoice_drafts
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import ReadPool

YEAR = "from=2020-01-01&to=2200-12-31"
EMPTY = {"amount": "0.00", "currency": "INR"}


def receivables(who: Person, query: str = YEAR) -> dict[str, Any]:
    answer = who.api.get(f"/reports/receivables?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json


def buckets(report: dict[str, Any]) -> dict[str, tuple[int, str]]:
    return {
        bucket["bucket"]: (bucket["count"], bucket["amount"]["amount"])
        for bucket in report["aging_buckets"]
    }


def test_a_new_agency_gets_four_empty_buckets_in_its_own_currency(alice: Person) -> None:
    report = receivables(alice, "from=2026-01-01&to=2026-12-31")
    assert report == {
        "tenant_id": str(alice.actor.tenant_id),
        "period": {"from": "2026-01-01", "to": "2026-12-31"},
        "as_of": today().isoformat(),
        "basis": "due_date",
        "total_outstanding": EMPTY,
        "not_due": EMPTY,
        "aging_buckets": [
            {"bucket": name, "count": 0, "amount": EMPTY}
            for name in ("0-30", "31-60", "61-90", "90+")
        ],
        "top_debtors": [],
        "top_creditors": [],
        "advances": {
            "total": EMPTY,
            "aging_buckets": [
                {"bucket": name, "count": 0, "amount": EMPTY}
                for name in ("0-30", "31-60", "61-90", "90+")
            ],
        },
        "net_outstanding": EMPTY,
        "scheduled": [],
        "by_currency": [],
    }


@pytest.mark.parametrize(("due", "age", "bucket"), VECTORS)
def test_a_document_falls_into_the_bucket_of_its_days_past_due(
    alice: Person, due: Any, age: int, bucket: str
) -> None:
    invoice(alice, "Deepa Krishnan", "1250.50", due=due, issued=min(due, AS_OF))
    report = receivables(alice, f"{YEAR}&as_of={AS_OF}")
    assert buckets(report) == {
        name: (1, "1250.50") if name == bucket else (0, "0.00")
        for name in ("0-30", "31-60", "61-90", "90+")
    }
    assert report["not_due"]["amount"] == ("1250.50" if age == 0 else "0.00")
    assert report["total_outstanding"] == {"amount": "1250.50", "currency": "INR"}


def test_ages_count_from_today_by_default(alice: Person) -> None:
    for days in (0, 30, 31, 60, 61, 90, 91):
        invoice(alice, "Deepa Krishnan", "100", due=days_ago(days))
    assert buckets(receivables(alice)) == {
        "0-30": (2, "200.00"),
        "31-60": (2, "200.00"),
        "61-90": (2, "200.00"),
        "90+": (1, "100.00"),
    }


def test_amounts_of_different_currencies_are_not_added(alice: Person) -> None:
    invoice(alice, "Deepa Krishnan", "5000", due=days_ago(1))
    invoice(alice, "Al Noor Trading LLC", "700.25", due=days_ago(40), currency="AED")
    invoice(alice, "Yousef Al Sabah", "12.345", due=days_ago(100), currency="KWD")
    report = receivables(alice)
    assert report["total_outstanding"] == {"amount": "5000.00", "currency": "INR"}
    assert [other["total_outstanding"] for other in report["by_currency"]] == [
        {"amount": "700.25", "currency": "AED"},
        {"amount": "12.345", "currency": "KWD"},
    ]
    aed = report["by_currency"][0]
    assert set(report) - {"by_currency"} == set(aed)
    assert buckets(aed) == {
        "0-30": (0, "0.00"),
        "31-60": (1, "700.25"),
        "61-90": (0, "0.00"),
        "90+": (0, "0.00"),
    }
    assert aed["top_debtors"] == [
        {"name": "Al Noor Trading LLC", "amount": {"amount": "700.25", "currency": "AED"}}
    ]
    assert [debtor["name"] for debtor in report["top_debtors"]] == ["Deepa Krishnan"]


def test_the_five_largest_parties_are_listed_largest_first(
    alice: Person,
) -> None:
    for number in range(1, 7):
        invoice(alice, f"Customer {number}", f"{number * 100}", due=days_ago(5))
    invoice(alice, "customer 1", "450", due=days_ago(70))
    named = [
        (debtor["name"].casefold(), debtor["amount"]["amount"])
        for debtor in receivables(alice)["top_debtors"]
    ]
    assert named == [
        ("customer 6", "600.00"),
        ("customer 1", "550.00"),
        ("customer 5", "500.00"),
        ("customer 4", "400.00"),
        ("customer 3", "300.00"),
    ]


def test_the_period_selects_issue_dates_including_both_ends(alice: Person) -> None:
    for day, amount in ((40, "1"), (30, "10"), (20, "100"), (10, "1000")):
        invoice(alice, "Deepa Krishnan", amount, due=days_ago(day))
    report = receivables(alice, f"from={days_ago(30)}&to={days_ago(20)}")
    assert report["period"] == {"from": days_ago(30).isoformat(), "to": days_ago(20).isoformat()}
    assert report["total_outstanding"]["amount"] == "110.00"


def test_a_payment_counts_from_its_date(alice: Person) -> None:
    paid = invoice(alice, "Deepa Krishnan", "900", due=days_ago(50), issued=days_ago(60))
    pay(alice, paid, "400", on=days_ago(20))
    pay(alice, paid, "500", on=days_ago(10))
    assert receivables(alice)["total_outstanding"]["amount"] == "0.00"
    assert (
        receivables(alice, f"{YEAR}&as_of={days_ago(15)}")["total_outstanding"]["amount"]
        == "500.00"
    )
    assert (
        receivables(alice, f"{YEAR}&as_of={days_ago(25)}")["total_outstanding"]["amount"]
        == "900.00"
    )
    assert (
        receivables(alice, f"{YEAR}&as_of={days_ago(61)}")["total_outstanding"]["amount"] == "0.00"
    )


def test_drafts_are_not_in_the_report(alice: Person) -> None:
    line = {"description": "Air tickets", "quantity": 1, "unit_price": "100", "currency": "INR"}
    alice.does(
        invoice_drafts.draft_invoice,
        customer_name="Deepa Krishnan",
        issue_date=today(),
        due_date=today(),
        line_items=[line],
    )
    assert receivables(alice)["total_outstanding"]["amount"] == "0.00"


def test_receivables_equal_the_control_account(alice: Person) -> None:
    first = invoice(alice, "Deepa Krishnan", "900", due=days_ago(50))
    invoice(alice, "Mohammed Ashraf K.", "333.33", due=days_ago(10))
    pay(alice, first, "250.25", on=days_ago(3))
    accounts = alice.api.get("/reports/trial-balance").json["accounts"]
    control = next(account for account in accounts if account["code"] == "1200")
    assert receivables(alice)["total_outstanding"]["amount"] == control["balance"] == "983.08"


def test_payables_are_the_same_report_for_bills(alice: Person) -> None:
    bill(alice, "BSP India", "700", due=days_ago(35), reference="B-1")
    bill(alice, "Desert Rose Tours LLC", "50", due=days_ago(1), reference="B-2", currency="AED")
    invoice(alice, "Deepa Krishnan", "5000", due=days_ago(1))
    report = alice.api.get(f"/reports/payables?{YEAR}").json
    assert buckets(report) == {
        "0-30": (0, "0.00"),
        "31-60": (1, "700.00"),
        "61-90": (0, "0.00"),
        "90+": (0, "0.00"),
    }
    assert report["top_creditors"] == [
        {"name": "BSP India", "amount": {"amount": "700.00", "currency": "INR"}}
    ]
    assert report["top_debtors"] == []
    assert [other["total_outstanding"]["currency"] for other in report["by_currency"]] == ["AED"]


@pytest.mark.parametrize("report", ["receivables", "payables"])
def test_an_inverted_period_has_its_documented_error(alice: Person, report: str) -> None:
    answer = alice.api.get(f"/reports/{report}?from=2026-02-01&to=2026-01-31")
    assert (answer.status_code, answer.json["detail"]) == (422, "from must be on or before to")
    assert alice.api.get(f"/reports/{report}?from=2026-02-01&to=2026-02-01").status_code == 200


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ("to=2026-01-31", ["query", "from"]),
        ("from=2026-01-31", ["query", "to"]),
        ("from=2026-1-31&to=2026-02-01", ["query", "from"]),
        ("from=20260131&to=2026-02-01", ["query", "from"]),
        ("from=2026-02-30&to=2026-03-01", ["query", "from"]),
        ("from=1899-12-31&to=2026-03-01", ["query", "from"]),
        ("from=2026-01-01&to=2201-01-01", ["query", "to"]),
        ("from=2026-01-01&to=2026-01-02&as_of=soon", ["query", "as_of"]),
        ("from=2026-01-01&to=2026-01-02&tz=Mars/Olympus", ["query", "tz"]),
        ("from=2026-01-01&from=2026-01-02&to=2026-01-02", ["query", "from"]),
    ],
)
def test_an_invalid_date_is_reported_at_its_parameter(
    alice: Person, query: str, loc: list[str]
) -> None:
    answer = alice.api.get(f"/reports/receivables?{query}")
    assert answer.status_code == 422
    assert [item["loc"] for item in answer.json["detail"]] == [loc]


def test_unknown_and_empty_parameters_are_ignored(alice: Person) -> None:
    assert receivables(alice, f"{YEAR}&as_of=&tz=&page=3") == receivables(alice)


def test_tz_sets_the_time_zone_of_today(alice: Person) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Midway", "Asia/Kolkata"):
        assert receivables(alice, f"{YEAR}&tz={zone}")["as_of"] == clock.today(zone).isoformat()
        assert (
            alice.api.get(f"/reports/trial-balance?tz={zone}").json["as_of"]
            == clock.today(zone).isoformat()
        )


def test_a_new_agency_has_accounts_only_if_the_chart_is_requested(alice: Person) -> None:
    empty = alice.api.get("/reports/trial-balance").json
    assert empty == {
        "tenant_id": str(alice.actor.tenant_id),
        "as_of": today().isoformat(),
        "accounts": [],
        "total_debit": "0.00",
        "total_credit": "0.00",
        "in_balance": True,
        "currency": "INR",
        "by_currency": [],
    }
    chart = alice.api.get("/reports/trial-balance?include_zero=1").json["accounts"]
    assert {
        "code": "1200",
        "name": "Trade receivables",
        "type": "asset",
        "debit": "0.00",
        "credit": "0.00",
        "balance": "0.00",
        "currency": "INR",
    } in chart
    assert [account["code"] for account in chart] == sorted(account["code"] for account in chart)
    assert {account["type"] for account in chart} == {
        "asset",
        "liability",
        "equity",
        "revenue",
        "expense",
    }


def test_the_balance_is_debit_less_credit_for_every_type(alice: Person) -> None:
    paid = invoice(alice, "Deepa Krishnan", "900", due=today())
    pay(alice, paid, "400", on=today())
    report = alice.api.get("/reports/trial-balance?include_zero=0").json
    assert [
        (a["code"], a["type"], a["debit"], a["credit"], a["balance"]) for a in report["accounts"]
    ] == [
        ("1100", "asset", "400.00", "0.00", "400.00"),
        ("1200", "asset", "900.00", "400.00", "500.00"),
        ("4300", "revenue", "0.00", "900.00", "-900.00"),
    ]
    assert (report["total_debit"], report["total_credit"], report["in_balance"]) == (
        "1300.00",
        "1300.00",
        True,
    )


def test_the_trial_balance_separates_currencies(alice: Person) -> None:
    invoice(alice, "Deepa Krishnan", "900", due=today())
    invoice(alice, "Yousef Al Sabah", "12.345", due=today(), currency="KWD")
    report = alice.api.get("/reports/trial-balance").json
    assert (report["total_debit"], report["currency"]) == ("900.00", "INR")
    assert {account["currency"] for account in report["accounts"]} == {"INR"}
    (kwd,) = report["by_currency"]
    assert set(kwd) == set(report) - {"by_currency"}
    assert (kwd["currency"], kwd["total_debit"], kwd["total_credit"], kwd["in_balance"]) == (
        "KWD",
        "12.345",
        "12.345",
        True,
    )
    assert {account["currency"] for account in kwd["accounts"]} == {"KWD"}
    chart = alice.api.get("/reports/trial-balance?include_zero=1").json
    assert [a["code"] for a in chart["accounts"]] == [
        a["code"] for a in chart["by_currency"][0]["accounts"]
    ]


def test_the_trial_balance_takes_book_dates_up_to_as_of(alice: Person) -> None:
    invoice(alice, "Deepa Krishnan", "900", due=days_ago(10))
    invoice(alice, "Deepa Krishnan", "55", due=days_ago(9))
    assert (
        alice.api.get(f"/reports/trial-balance?as_of={days_ago(10)}").json["total_debit"]
        == "900.00"
    )
    assert alice.api.get(f"/reports/trial-balance?as_of={days_ago(11)}").json["accounts"] == []


@pytest.mark.parametrize(
    "query",
    [
        "include_zero=2",
        "include_zero=-1",
        "include_zero=yes",
        "as_of=2026-13-01",
        "as_of=1899-01-01",
        "tz=nowhere",
    ],
)
def test_invalid_parameters_of_the_trial_balance_are_refused(alice: Person, query: str) -> None:
    assert alice.api.get(f"/reports/trial-balance?{query}").status_code == 422


REPORTS = [f"/reports/receivables?{YEAR}", f"/reports/payables?{YEAR}", "/reports/trial-balance"]


@pytest.mark.parametrize("path", REPORTS)
def test_users_see_only_the_report_of_their_agency(
    alice: Person, bob: Person, victor: Person, charlie: Person, path: str
) -> None:
    invoice(alice, "Deepa Krishnan", "900", due=days_ago(3))
    bill(alice, "BSP India", "700", due=days_ago(35), reference="B-1")
    seen = alice.api.get(path).json
    assert bob.api.get(path).json == victor.api.get(path).json == seen
    assert charlie.api.get(path).json != seen
    assert "900.00" not in charlie.api.get(path).text


@pytest.mark.parametrize(
    "path", [*REPORTS, "/reports/receivables?from=wrong", "/reports/trial-balance?include_zero=7"]
)
def test_an_anonymous_caller_gets_401_before_other_checks(alice: Person, path: str) -> None:
    answer = ApiClient(alice.app.test_client(), None).get(path)
    assert (answer.status_code, answer.json["detail"]) == (401, "unauthorized")


@pytest.mark.parametrize("path", REPORTS)
def test_a_report_takes_one_round_trip_and_at_most_three_statements(
    alice: Person, path: str, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trips: list[int] = []
    run = ReadPool.run
    monkeypatch.setattr(
        ReadPool,
        "run",
        lambda lane, credential, selects: (
            trips.append(1 + len(selects)),
            run(lane, credential, selects),
        )[1],
    )
    client = alice.api
    statements.clear()
    assert client.get(path).status_code == 200
    assert len(trips) == 1
    assert trips[0] <= 3
    assert statements == []
