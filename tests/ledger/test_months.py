"""Closed months: nothing is posted into one, by any channel; and reopening."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.billing import papers
from tests.chat.parallel import at_once
from tests.ledger.books import account_id, balances, post, stored
from tests.people import People, Person
from voyagent.approvals import queries as approval_queries
from voyagent.approvals.service import deciding, proposing
from voyagent.billing.bills import service as bill_service
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import (
    opening as opening_payments,
    payments as payment_service,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import Channel
from voyagent.kernel.database.roll_ups import differences
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.errors import MonthNotFound
from voyagent.ledger.queries import closed_months, roll_ups
from voyagent.ledger.service import entries as ledger_entries, months
from voyagent.ledger.service.entries import Line, Posted
from voyagent.ledger.service.errors import (
    EarlierMonthOpen,
    EntryAlreadyReversed,
    InvalidBookDate,
    LaterMonthClosed,
    MonthAlreadyClosed,
    MonthNotClosed,
    MonthNotOver,
    PeriodLocked,
    ReasonRequired,
)

FEB, MARCH, APRIL, MAY = (date(2024, month, 1) for month in (2, 3, 4, 5))


@pytest.fixture
def leila(people: People, alice: Person) -> Person:
    """Alice's colleague who leads accounting."""
    return people.colleague(alice, "Leila Lead", role="accounting_lead")


def close(person: Person, month: date) -> None:
    person.does(months.close_month, month)


def entries(engine: sa.Engine, person: Person, before: date) -> set[UUID]:
    """Return the entries with book dates before a date."""
    sql = "select id from journal_entries where tenant_id = :t and entry_date < :d"
    return {row["id"] for row in stored(engine, sql, t=person.actor.tenant_id, d=before)}


def test_posting_into_a_closed_or_earlier_month_is_refused(
    alice: Person, owner_engine: sa.Engine
) -> None:
    post(alice, entry_date=date(2024, 3, 31))
    close(alice, MARCH)
    for day in (date(2024, 3, 31), MARCH, date(2024, 1, 15), date(1900, 1, 1)):
        with pytest.raises(PeriodLocked):
            post(alice, entry_date=day)
    assert post(alice, entry_date=APRIL).is_new
    assert len(entries(owner_engine, alice, date(2201, 1, 1))) == 2


def test_a_reversal_cannot_be_dated_in_a_closed_month(alice: Person) -> None:
    entry_id = post(alice, entry_date=date(2024, 3, 10)).entry_id
    close(alice, MARCH)
    with pytest.raises(PeriodLocked):
        alice.does(ledger_entries.reverse, entry_id, reason="Wrong", entry_date=date(2024, 3, 31))
    assert alice.does(ledger_entries.reverse, entry_id, reason="Wrong").is_new, "today is open"


def test_a_repeated_posting_returns_the_entry_of_a_closed_month(alice: Person) -> None:
    """A repeated act returns the existing entry and posts nothing."""
    source = new_id()
    first = post(alice, source_id=source, entry_date=date(2024, 3, 10))
    close(alice, MARCH)
    assert post(alice, source_id=source, entry_date=date(2024, 3, 10)) == Posted(
        first.entry_id, is_new=False
    )


def test_only_past_months_can_be_closed_and_in_order(alice: Person) -> None:
    post(alice, entry_date=date(2024, 3, 10))
    this = clock.today(alice.actor.timezone).replace(day=1)
    with pytest.raises(EarlierMonthOpen):
        close(alice, APRIL)
    close(alice, FEB)
    with pytest.raises(EarlierMonthOpen):
        close(alice, APRIL)
    close(alice, MARCH)
    close(alice, MAY)  # April has no entries
    for month in (MARCH, APRIL, MAY):
        with pytest.raises(MonthAlreadyClosed):
            close(alice, month)
    with pytest.raises(MonthNotOver):
        close(alice, this)
    with pytest.raises(MonthNotFound):
        close(alice, date(2024, 6, 2))


def test_only_the_latest_closed_month_can_be_reopened(alice: Person) -> None:
    close(alice, MARCH)
    close(alice, APRIL)
    for month, error in ((MARCH, LaterMonthClosed), (MAY, MonthNotClosed)):
        with pytest.raises(error):
            alice.does(months.reopen_month, month, reason="A bill came late")
    with pytest.raises(ReasonRequired):
        alice.does(months.reopen_month, APRIL, reason="  ")
    alice.does(months.reopen_month, APRIL, reason=" A bill  came late ")
    assert post(alice, entry_date=APRIL).is_new
    with pytest.raises(PeriodLocked):
        post(alice, entry_date=date(2024, 3, 31))


@pytest.mark.parametrize(
    ("role", "closes"),
    [("accounting_lead", True), ("ticketing_lead", False), ("agent", False), ("viewer", False)],
)
def test_only_some_roles_close_and_reopen_months(
    people: People, alice: Person, role: str, closes: bool
) -> None:
    other = people.colleague(alice, "Somebody Else", role=role)
    if closes:
        close(other, MARCH)
    else:
        with pytest.raises(Forbidden):
            close(other, MARCH)
        close(alice, MARCH)
    with pytest.raises(Forbidden):
        other.does(months.reopen_month, MARCH, reason="A bill came late")


def test_closing_a_month_does_not_affect_other_agencies(alice: Person, charlie: Person) -> None:
    close(alice, MARCH)
    assert post(charlie, entry_date=date(2024, 3, 10)).is_new
    with pytest.raises(MonthNotClosed):
        charlie.does(months.reopen_month, MARCH, reason="Not mine")


def test_one_of_two_parallel_closings_succeeds(alice: Person) -> None:
    results = at_once([lambda: close(alice, MARCH)] * 8)
    assert sorted(type(result).__name__ for result in results) == ["MonthAlreadyClosed"] * 7 + [
        "NoneType"
    ]


def test_the_database_refuses_values_that_break_the_rules(alice: Person) -> None:
    close(alice, MARCH)
    with pytest.raises(sa.exc.IntegrityError, match="closed"), alice.acting() as actor:
        values = {"t": actor.tenant_id, "id": new_id(), "d": date(2024, 3, 10)}
        db.session.execute(
            sa.text("insert into journal_entries values (:t, :id, :d, 'x', 'raw', :id, 'x', 2)"),
            values,
        )


def test_no_entry_is_posted_in_a_month_that_closes_in_parallel(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """After the closing the entries are final.

    A posting was committed before it or is refused.
    """
    seen: list[set[UUID]] = []

    def shut() -> None:
        close(alice, MARCH)
        seen.append(entries(owner_engine, alice, APRIL))

    results = at_once([*[lambda: [post(alice, entry_date=MARCH) for _ in range(6)]] * 10, shut])
    assert all(result is None or isinstance(result, list | PeriodLocked) for result in results), (
        results
    )
    assert entries(owner_engine, alice, APRIL) == seen[0]


def test_closing_waits_for_running_postings(alice: Person, owner_engine: sa.Engine) -> None:
    """An entry that is not yet committed at the closing is part of its month."""
    with alice.acting() as actor:
        posted = ledger_entries.post(
            actor,
            source_type="test",
            source_id=new_id(),
            purpose="sale",
            narration="A sale",
            lines=_lines(),
            entry_date=date(2024, 3, 10),
        ).entry_id
        closing = Thread(target=close, args=(alice, MARCH))
        closing.start()
        closing.join(timeout=0.5)
        assert closing.is_alive()
    closing.join(timeout=10)
    assert not closing.is_alive()
    assert posted in entries(owner_engine, alice, APRIL)
    with pytest.raises(MonthAlreadyClosed):
        close(alice, MARCH)


def _lines() -> list[Line]:
    return [
        ledger_entries.debit("bank", Money(100, "INR")),
        ledger_entries.credit("cash", Money(100, "INR")),
    ]


def test_documents_are_not_posted_into_a_closed_month(alice: Person) -> None:
    draft, issued = papers.draft(alice), papers.issued(alice)
    close(alice, papers.ISSUED.replace(day=1))
    with pytest.raises(PeriodLocked):
        papers.issue(alice, draft)
    with pytest.raises(PeriodLocked):
        papers.receive(alice)
    with pytest.raises(PeriodLocked), alice.acting() as actor:
        payment_service.record_receipt(actor, issued, Money(100, "INR"), papers.DUE)
    with alice.acting() as actor:
        assert payment_service.record_receipt(
            actor, issued, Money(100, "INR"), date(2024, 7, 1)
        ).entry_id


def test_the_invoice_operations_report_a_closed_month(alice: Person) -> None:
    draft, issued = papers.draft(alice), papers.issued(alice)
    close(alice, papers.ISSUED.replace(day=1))
    for answer in (
        alice.api.post(f"/invoices/{draft}/issue"),
        alice.api.post(
            f"/invoices/{issued}/receipts",
            json={"amount": "100.00", "paid_on": papers.DUE.isoformat()},
        ),
    ):
        assert (answer.status_code, answer.json["detail"]) == (409, "period_locked")
        assert answer.json["message"].startswith("This month is closed.")


def _propose(person: Person, arguments: dict[str, Any]) -> str:
    about = {
        "session_id": None,
        "turn_id": None,
        "tool_call_id": "c1",
        "tool_name": "post_journal_entry",
        "summary": "Please",
    }
    with person.acting() as actor:
        return proposing.propose(actor.via(Channel.ASSISTANT), arguments=arguments, **about).id


def test_an_approved_act_fails_if_its_month_was_closed(
    alice: Person, bob: Person, leila: Person, drain: Callable[[], None]
) -> None:
    bank, cash = (str(account_id(alice, purpose)) for purpose in ("bank", "cash"))
    lines = [
        {"account_id": cash, "currency": "INR", "debit_amount": "50"},
        {"account_id": bank, "currency": "INR", "credit_amount": "50"},
    ]
    arguments = {"entry": {"narration": "Petty cash", "entry_date": "2024-03-10", "lines": lines}}
    approval_id = _propose(bob, arguments)
    leila.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    close(alice, MARCH)
    drain()
    with leila.acting():
        approval = approval_queries.get_approval(approval_id)
        assert (approval.effect_status, approval.effect_error) == ("failed", "period_locked")
    assert balances(alice) == {}
    refused = _propose(bob, arguments)
    with leila.acting():
        assert (approval_queries.get_approval(refused).preview or {}).get(
            "refusal"
        ) == "period_locked"


def test_the_api_closes_lists_and_reopens_months(alice: Person, owner_engine: sa.Engine) -> None:
    post(alice, entry_date=date(2024, 3, 10))
    post(alice, entry_date=date(2024, 5, 10))
    assert alice.api.post("/months/2024-05/close").json["detail"] == "earlier_month_open"
    closed = alice.api.post("/months/2024-03/close")
    assert (closed.status_code, closed.json) == (
        200,
        {"month": "2024-03", "state": "closed", "closed_through": "2024-03"},
    )
    listed = alice.api.get("/months").json
    assert [(item["month"], item["state"], item["closed_by"]) for item in listed["items"]] == [
        ("2024-05", "open", None),
        ("2024-03", "closed", "Alice Owner"),
    ]
    assert (listed["closed_through"], listed["next_to_close"], listed["next_before"]) == (
        "2024-03",
        "2024-05",
        None,
    )
    first = alice.api.get("/months?limit=1").json
    assert ([item["month"] for item in first["items"]], first["next_before"]) == (
        ["2024-05"],
        "2024-05",
    )
    older = alice.api.get(f"/months?limit=1&before={first['next_before']}").json
    assert ([item["month"] for item in older["items"]], older["next_before"]) == (["2024-03"], None)
    opened = alice.api.post("/months/2024-03/reopen", json={"reason": "A bill came late"})
    assert (opened.status_code, opened.json) == (
        200,
        {"month": "2024-03", "state": "open", "closed_through": None},
    )
    events = stored(
        owner_engine,
        "select inputs from audit_events where tenant_id = :t and kind = 'month.reopened'",
        t=alice.actor.tenant_id,
    )
    assert [event["inputs"]["month"] for event in events] == ["2024-03"]
    assert "A bill" not in str(events), "the reason can be erased"
    (event,) = alice.api.get("/audit?kind=month.reopened").json["items"]
    assert event["payload"]["inputs"] == {"month": "2024-03", "reason": "A bill came late"}


@pytest.mark.parametrize(
    "month",
    [
        "2024-3",
        "2024-13",
        "24-03",
        "1899-12",
        "2201-01",
        "2024-00",
        "2024-03-01",
        "nonsense",
        "२०२४-03",
    ],
)
def test_a_malformed_month_is_not_found(alice: Person, month: str) -> None:
    assert (
        alice.api.post(f"/months/{month}/close").json["detail"],
        alice.api.get(f"/months?before={month}").status_code,
    ) == ("month_not_found", 422)


def test_the_page_before_closing_lists_the_checks(alice: Person) -> None:
    draft = papers.draft(alice)
    page = alice.tab.get("/months/2024-06/close").text
    assert (
        '<a class="v-under" href="/invoices?status=draft&amp;from=2024-06-01&amp;to=2024-06-30">1'
        " draft invoice is dated in this month.</a>" in page
    )
    assert "Debits equal credits in every currency." in page
    assert "Monthly balances match the journal lines." in page
    papers.issue(alice, draft)
    assert "No drafts dated in this month." in (page := alice.tab.get("/months/2024-06/close").text)
    assert "Numbers of invoices, credit notes, receipts, payments and refunds have no gaps." in page


def test_a_draft_bill_is_reported_before_closing(alice: Person) -> None:
    bill = {
        "vendor_name": "BSP India",
        "vendor_reference": "B-1",
        "issue_date": papers.ISSUED,
        "due_date": papers.DUE,
        "line_items": [papers.line()],
    }
    bill_id = alice.does(lambda actor: bill_service.draft_bill(actor, **bill).id)
    of_bills = (
        'href="/bills?status=draft&amp;from=2024-06-01&amp;to=2024-06-30">1 draft bill is dated'
        " in this month.</a>"
    )
    assert of_bills in (page := alice.tab.get("/months/2024-06/close").text)
    assert "draft invoice" not in page
    papers.draft(alice)
    assert of_bills in (page := alice.tab.get("/months/2024-06/close").text)
    assert ">1 draft invoice is dated in this month.</a>" in page
    assert "No drafts dated in this month." in alice.tab.get("/months/2024-05/close").text
    alice.does(bill_service.receive_draft, bill_id)
    assert "draft bill" not in (page := alice.tab.get("/months/2024-06/close").text)
    assert "1 draft invoice is dated in this month." in page


def numbered(person: Person) -> None:
    """Create a document of each series in June 2024."""
    invoice_id = papers.issued(person)
    person.does(
        credit_note_service.issue_credit_note,
        invoice_id,
        reason="Not travelled",
        on=papers.ISSUED,
        amounts={1: Money(100, "INR")},
    )
    for direction in ("in", "out"):
        payment = {
            "direction": direction,
            "party_name": "Somebody",
            "amount": Money(500, "INR"),
            "on": papers.ISSUED,
        }
        payment_id = person.does(
            lambda actor, given=payment: payment_service.record_payment(actor, **given).id
        )
    person.does(payment_service.refund_payment, payment_id, on=papers.ISSUED)
    opening = {
        "party_name": "Deepa",
        "reference": "OLD-1",
        "issue_date": papers.ISSUED,
        "due_date": None,
        "amount": Money(500, "INR"),
    }
    person.does(lambda actor: issuing.import_open_invoice(actor, **opening).id)
    advance = {
        "direction": "in",
        "party_name": "Deepa",
        "reference": "OLD-2",
        "paid_on": papers.ISSUED,
        "amount": Money(500, "INR"),
    }
    person.does(lambda actor: opening_payments.import_advance(actor, **advance).id)


GAPS = {
    "invoice": "Invoice numbers are missing in 2024-25.",
    "opening": "Numbers of imported invoices are missing in 2024-25.",
    "credit_note": "Numbers of credit notes are missing in 2024-25.",
    "receipt": "Numbers of receipts are missing in 2024-25.",
    "payment": "Numbers of payments are missing in 2024-25.",
    "advance": "Numbers of imported advances are missing in 2024-25.",
    "refund": "Numbers of refunds are missing in 2024-25.",
}


def test_the_page_before_closing_reports_a_gap_in_the_numbers(
    alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    for person in (alice, charlie):
        numbered(person)
    browser = alice.tab
    assert "refunds have no gaps." in browser.get("/months/2024-06/close").text
    for series, expected in GAPS.items():
        _skip(owner_engine, alice, series, 1)
        page = browser.get("/months/2024-06/close").text
        assert (page.count("are missing in"), expected in page) == (1, True), series
        assert "refunds have no gaps." in browser.get("/months/2025-06/close").text, (
            "another year has nothing to do with it"
        )
        _skip(owner_engine, alice, series, -1)
    _skip(owner_engine, alice, "invoice", 1)
    assert "refunds have no gaps." in charlie.tab.get("/months/2024-06/close").text


def _skip(engine: sa.Engine, person: Person, series: str, numbers: int) -> None:
    skip = sa.text(
        "update number_series set last_number = last_number + :n where tenant_id = :t and series"
        " = :s"
    )
    with engine.begin() as connection:
        values = {"t": person.actor.tenant_id, "s": series, "n": numbers}
        assert connection.execute(skip, values).rowcount == 1


def test_the_page_before_closing_counts_requests_for_the_month(alice: Person, bob: Person) -> None:
    bank, cash = (str(account_id(alice, purpose)) for purpose in ("bank", "cash"))
    lines = [
        {"account_id": cash, "currency": "INR", "debit_amount": "50"},
        {"account_id": bank, "currency": "INR", "credit_amount": "50"},
    ]
    _propose(
        bob, {"entry": {"narration": "Petty cash", "entry_date": "2024-03-10", "lines": lines}}
    )
    assert (
        "1 pending request would post to this month." in alice.tab.get("/months/2024-03/close").text
    )
    assert (
        "No pending request would post to this month."
        in alice.tab.get("/months/2024-04/close").text
    )


def test_the_page_offers_the_next_month_to_close_or_reopen(alice: Person, bob: Person) -> None:
    post(alice, entry_date=date(2024, 3, 10))
    assert "/months/2024-03/close" in alice.tab.get("/months").text
    assert "/months/2024-03/close" not in bob.tab.get("/months").text, "an agent closes nothing"
    close(alice, MARCH)
    page = alice.tab.get("/months").text
    assert "/months/2024-03/reopen" in page
    assert "/months/2024-03/close" not in page
    assert "This month is already closed." in alice.tab.get("/months/2024-03/close").text
    assert alice.tab.get("/months?before=soon").status_code == 422


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("post", "post", "reverse", "close", "reopen")),
        st.integers(1, 4),
        st.sampled_from(("INR", "AED")),
    ),
    min_size=3,
    max_size=14,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_random_acts_keep_the_books_balanced_and_closed_months_unchanged(
    alice: Person, owner_engine: sa.Engine, steps: list[tuple[str, int, str]]
) -> None:
    while (closed := _closed(alice)) is not None:
        alice.does(months.reopen_month, closed, reason="Again")
    posted: list[UUID] = []
    for kind, number, currency in steps:
        day, closed = date(2024, number, 15), _closed(alice)
        before = entries(owner_engine, alice, _end(closed))
        try:
            if kind == "post":
                lines = [
                    ledger_entries.debit("bank", Money(number, currency)),
                    ledger_entries.credit("capital", Money(number, currency)),
                ]
                posted.append(post(alice, lines, entry_date=day).entry_id)
            elif kind == "reverse" and posted:
                posted.append(
                    alice.does(
                        ledger_entries.reverse,
                        posted[number % len(posted)],
                        reason="Again",
                        entry_date=day,
                    ).entry_id
                )
            elif kind == "close":
                close(alice, day.replace(day=1))
            elif kind == "reopen":
                alice.does(months.reopen_month, day.replace(day=1), reason="Again")
        except (
            PeriodLocked,
            EarlierMonthOpen,
            MonthAlreadyClosed,
            MonthNotClosed,
            LaterMonthClosed,
        ):
            pass
        except (EntryAlreadyReversed, InvalidBookDate):
            pass
        assert entries(owner_engine, alice, _end(closed)) == before
    sums: dict[str, int] = defaultdict(int)
    for (_, currency), minor in balances(alice).items():
        sums[currency] += minor
    assert not any(sums.values())
    with alice.reading() as reader:
        assert differences(reader, roll_ups.balances()) == []


def _closed(person: Person) -> date | None:
    with person.acting():
        return closed_months.last_closed_month()


def _end(closed: date | None) -> date:
    return date(1900, 1, 1) if closed is None else date(closed.year, closed.month + 1, 1)
