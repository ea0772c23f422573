"""Documents and payments are not posted on a day that has not come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import advance, draft, draft_bill, issue, issued, receive, seen
from tests.billing.test_effects import run_dry
from tests.people import Person
from voyagent.billing.bills import service as bill_service
from voyagent.billing.core.errors import DateInFuture
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel import clock
from voyagent.kernel.money import Money

Act = Callable[[Person, date], Any]


def receive_draft(person: Person, day: date) -> Any:
    bill_id = draft_bill(person, issue_date=day, due_date=day)
    return person.does(bill_service.receive_draft, bill_id)


def credit_bill(person: Person, day: date) -> Any:
    return person.does(
        supplier_credit_service.credit_bill,
        receive(person),
        vendor_reference="C-1",
        reason="Late",
        on=day,
    )


def import_open(service: Callable[..., Any]) -> Act:
    def act(person: Person, day: date) -> Any:
        return person.does(
            service,
            party_name="Deepa Krishnan",
            reference="F-1",
            issue_date=day,
            due_date=day,
            amount=Money(100, "INR"),
        )

    return act


ACTS: dict[str, Act] = {
    "invoice": lambda person, day: issued(person, issue_date=day, due_date=day),
    "bill": lambda person, day: receive(person, issue_date=day, due_date=day),
    "draft bill": receive_draft,
    "imported invoice": import_open(issuing.import_open_invoice),
    "imported bill": import_open(bill_service.import_open_bill),
    "credit note": lambda person, day: person.does(
        credit_note_service.issue_credit_note, issued(person), reason="Late", on=day
    ),
    "supplier credit": credit_bill,
    "receipt": lambda person, day: advance(person, 100, day),
    "payment": lambda person, day: advance(person, 100, day, direction="out"),
    "refund": lambda person, day: person.does(
        payment_service.refund_payment, advance(person, 100), on=day
    ),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_nothing_is_posted_on_a_day_after_today(alice: Person, act: Act) -> None:
    today = clock.today(alice.actor.timezone)
    with pytest.raises(DateInFuture):
        act(alice, today + timedelta(days=1))


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_today_is_not_in_the_future(alice: Person, act: Act) -> None:
    act(alice, clock.today(alice.actor.timezone))


def test_the_day_is_that_of_the_agencys_zone(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening = datetime(2026, 11, 30, 20, tzinfo=UTC)  # already 1 December in India
    monkeypatch.setattr(clock, "now", lambda: evening)
    invoice_id = draft(alice, issue_date=date(2026, 12, 1), due_date=date(2026, 12, 1))
    with pytest.raises(DateInFuture):
        issue(alice, invoice_id)
    in_india = replace(alice, actor=replace(alice.actor, timezone="Asia/Kolkata"))
    assert issue(in_india, invoice_id)


def test_a_draft_may_wait_for_its_day(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    day = clock.today(alice.actor.timezone) + timedelta(days=1)
    invoice_id = draft(alice, issue_date=day, due_date=day)
    monkeypatch.setattr(clock, "today", lambda *_: day)
    assert issue(alice, invoice_id)


def test_an_approval_of_yesterday_still_runs(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = clock.today(alice.actor.timezone)
    invoice_id = draft(alice, issue_date=today, due_date=today)
    shown = run_dry(alice, "issue_invoice", {"invoice_id": str(invoice_id)})
    monkeypatch.setattr(clock, "today", lambda *_: today + timedelta(days=1))
    again = run_dry(alice, "issue_invoice", {"invoice_id": str(invoice_id)})
    assert (again["document"], again["lines"]) == (shown["document"], shown["lines"])
    assert issue(alice, invoice_id)


@pytest.mark.parametrize("kind", ["invoice", "bill"])
def test_page_and_program_name_the_reason(alice: Person, kind: str) -> None:
    day = clock.today(alice.actor.timezone) + timedelta(days=1)
    make, act = (draft, "issue") if kind == "invoice" else (draft_bill, "receive")
    document_id: UUID = make(alice, issue_date=day, due_date=day)
    refused = alice.api.post(f"/{kind}s/{document_id}/{act}")
    assert (refused.status_code, refused.json["detail"]) == (400, "date_in_future")  # type: ignore[index]
    answer = alice.tab.get(f"/{kind}s/{document_id}/{act}", follow_redirects=True)
    assert answer.request.path == f"/{kind}s/{document_id}/edit"
    assert "This date is in the future" in answer.text
    if kind == "invoice":
        assert seen(alice, document_id)["status"] == "draft"
