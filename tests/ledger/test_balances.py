"""Revenue and expenses of charts and previews equal the trial balance.

They equal the ledger too. Each financial year begins at zero.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from tests.enquiries.reading import Page
from tests.ledger.books import account_id, inr, post
from tests.ledger.test_chart import added, status_and_code
from tests.ledger.test_new_entry import send, typed
from tests.people import Person
from voyagent.http.template_filters import amount
from voyagent.kernel import clock
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts
from voyagent.ledger.rules import year_began
from voyagent.ledger.service import entries
from voyagent.reports.queries import general_ledger, trial_balance
from voyagent.reports.queries.periods import Period
from voyagent.settings.service import tenant_settings as settings

APRIL, ZONE = 4, "Asia/Kolkata"
NEXT_DAY = timedelta(days=1)


def spend(person: Person, day: date, amount: Money) -> None:
    post(
        person,
        [entries.debit("bank_charges", amount), entries.credit("bank", amount)],
        entry_date=day,
    )


def in_chart(person: Person, purpose: str) -> dict[str, int] | None:
    with person.reading() as reader:
        listed = accounts.list_accounts(reader, limit=200).items
    found: dict[str, int] | None = next(
        row["balances"] for row in listed if row["purpose"] == purpose
    )
    return found


@pytest.mark.parametrize("month", [1, APRIL, 11])
def test_the_balances_of_the_chart_equal_ledger_and_trial_balance(
    alice: Person, month: int
) -> None:
    alice.does(settings.update, {"financial_year_start_month": month, "timezone": ZONE})
    today = clock.today(ZONE)
    began = year_began(today, month)
    days = [
        began - 400 * NEXT_DAY,
        began - NEXT_DAY,
        began,
        began + (today - began) / 2,
        today.replace(day=1),
        today,
        today + NEXT_DAY,
    ]
    for place, day in enumerate(days):
        spend(alice, day, inr(10**place))
        post(
            alice,
            [
                entries.debit("bank", inr(3 * 10**place)),
                entries.credit("revenue_fees", inr(3 * 10**place)),
            ],
            entry_date=day,
        )
    spend(alice, today, Money(7, "KWD"))
    period = Period(began, today, began)
    with alice.reading() as reader:
        books = trial_balance.read_period(
            reader, period, "INR", include_zero=False, retained_earnings="kept"
        )
        closing = {
            (line.code, block.currency): line.closing.amount_minor
            for block in books.blocks
            for line in block.accounts
        }
        for row in accounts.list_accounts(reader, limit=200).items:
            if row["type"] in ("revenue", "expense"):
                ledger = general_ledger.read_general_ledger(
                    reader, accounts.find_account(reader, row["code"]), period
                )
                assert (row["balances"] or {}) == {
                    one.opening.currency: one.closing.amount_minor for one in ledger.currencies
                }
                assert (row["balances"] or {}) == {
                    currency: minor
                    for (code, currency), minor in closing.items()
                    if code == row["code"]
                }
    counted = sum(10**place for place, day in enumerate(days) if began <= day <= today)
    assert in_chart(alice, "bank_charges") == {"INR": counted, "KWD": 7}
    assert in_chart(alice, "bank") == {
        "INR": 2 * sum(10**place for place in range(len(days))),
        "KWD": -7,
    }, "all that was ever posted"
    account = alice.api.get(f"/accounts/{account_id(alice, 'bank_charges')}").json
    assert account["balances"][0] == {"currency": "INR", "balance": f"{counted / 100:.2f}"}
    words = Page(alice.tab.get("/accounts")).words(".//main")
    assert f"5700 Bank and gateway chargesDebitin useINR{amount(inr(counted))}Dr" in words
    assert "Revenue and expenses cover this financial year up to today." in words


@pytest.mark.parametrize(("zone", "counted"), [("UTC", 500), ("Asia/Kolkata", 0)])
def test_a_financial_year_begins_in_the_agencys_time_zone(
    alice: Person, monkeypatch: pytest.MonkeyPatch, zone: str, counted: int
) -> None:
    alice.does(settings.update, {"timezone": zone})
    spend(alice, date(2026, 3, 31), inr(500))
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 31, 20, tzinfo=UTC))
    assert in_chart(alice, "bank_charges") == {"INR": counted}


def test_balances_of_earlier_years_prevent_archiving(
    alice: Person,
) -> None:
    postage = added(alice)
    lines = [entries.debit(UUID(postage), inr(500)), entries.credit("bank", inr(500))]
    post(alice, lines, entry_date=year_began(clock.today(ZONE), APRIL) - NEXT_DAY)
    assert alice.api.get(f"/accounts/{postage}").json["balances"] == [
        {"currency": "INR", "balance": "0.00"}
    ]
    assert status_and_code(alice.api.patch(f"/accounts/{postage}", json={"is_archived": True})) == (
        409,
        "account_has_balance",
    )
    assert status_and_code(alice.api.patch(f"/accounts/{postage}", json={"type": "asset"})) == (
        409,
        "account_posted",
    )


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        ("", "30.00Dr", "1,264.50Dr"),
        ("10 Jun {last}", "2.00Dr", "1,236.50Dr"),
        ("10 Jun {next}", "400.00Dr", "1,634.50Dr"),
    ],
)
def test_an_entry_is_shown_with_balances_of_its_financial_year(
    alice: Person, day: str, before: str, after: str
) -> None:
    today = clock.today()
    began = year_began(today, APRIL)
    for booked, minor in (
        (began - NEXT_DAY, 200),
        (began, 1_000),
        (today, 2_000),
        (date(began.year + 2, 3, 31), 40_000),
    ):
        spend(alice, booked, inr(minor))
    shown = Page(
        send(
            alice,
            typed(
                alice, then="look", entry_date=day.format(last=began.year - 1, next=began.year + 1)
            ),
        )
    )
    cells = [
        shown.words(f".//section[@id='entry-preview']//tbody/tr[{number}]/{cell}")
        for number in (1, 2)
        for cell in ("td[1]", "td[4]")
    ]
    assert cells == [
        before,
        after,
        "432.00Cr",
        "1,666.50Cr",
    ], "the bank stands at all that was ever posted"
