"""Documents dated before an earlier number of their series need a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.audit_rows import EVENTS
from tests.billing.papers import draft, draft_bill, issued, line, seen
from tests.billing.test_effects import run_dry
from tests.billing.test_forms import send
from tests.billing.test_future_dates import import_open
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.billing.bills import service as bill_service
from voyagent.billing.core.errors import DocumentOutOfOrder, TextTooLong
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import issuing
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden, NotFound
from voyagent.kernel.money import Money

FIRST, LATER, NEXT_YEAR = date(2024, 6, 10), date(2024, 6, 20), date(2025, 4, 1)
WHY = "Delayed by the branch"
Issue = Callable[..., Any]


def invoice(person: Person, day: date, reason: str | None = None) -> str:
    return issue_draft(person, draft(person, issue_date=day, due_date=NEXT_YEAR), reason)


def issue_draft(person: Person, invoice_id: UUID, reason: str | None = None) -> str:
    with person.acting() as actor:
        issued = issuing.issue_invoice(actor, invoice_id, out_of_order_reason=reason)
        return issued.number or ""


def credit_note(person: Person, day: date, reason: str | None = None) -> str:
    invoice_id = issued(person, issue_date=FIRST, due_date=NEXT_YEAR)
    with person.acting() as actor:
        return credit_note_service.issue_credit_note(
            actor, invoice_id, reason="Not travelled", on=day, out_of_order_reason=reason
        ).number


@pytest.fixture(params=[invoice, credit_note], ids=["invoice", "credit note"])
def act(request: pytest.FixtureRequest) -> Issue:
    return request.param  # type: ignore[no-any-return]


def test_an_earlier_date_is_refused_with_the_last_number_and_its_day(
    alice: Person, act: Issue
) -> None:
    number = act(alice, LATER)
    with pytest.raises(DocumentOutOfOrder) as refused:
        act(alice, FIRST)
    assert refused.value.further is not None
    assert refused.value.further[1] == {"number": number, "day": LATER}
    with pytest.raises(DocumentOutOfOrder):
        act(alice, FIRST, "  ")
    with pytest.raises(TextTooLong):
        act(alice, FIRST, "x" * 501)
    following = act(alice, LATER)
    assert int(following[-6:]) == int(number[-6:]) + 1, "a refusal takes no number"


def test_a_reason_confirms_it_and_is_kept_in_the_audit(alice: Person, act: Issue) -> None:
    act(alice, LATER, "needless")
    act(alice, FIRST, f" {WHY} ")
    reasons = f"select inputs->>'out_of_order_reason' from {EVENTS}"
    with alice.acting():
        kept = db.session.scalars(sa.text(reasons)).all()
    assert [one for one in kept if one] == [WHY]


def test_the_latest_day_counts_not_the_last_number(alice: Person, act: Issue) -> None:
    act(alice, LATER)
    act(alice, FIRST, WHY)
    with pytest.raises(DocumentOutOfOrder):
        act(alice, FIRST)


def test_each_financial_year_and_each_agency_has_its_own_order(
    alice: Person, charlie: Person, act: Issue
) -> None:
    act(alice, NEXT_YEAR)
    act(alice, LATER)
    act(charlie, FIRST)


def test_invoices_and_credit_notes_are_separate_series(alice: Person) -> None:
    invoice(alice, FIRST)
    credit_note(alice, LATER)
    invoice(alice, FIRST)
    invoice(alice, LATER)
    credit_note(alice, LATER)


def test_drafts_imported_invoices_and_bills_do_not_count(alice: Person) -> None:
    draft(alice, issue_date=LATER, due_date=LATER)
    import_open(issuing.import_open_invoice)(alice, LATER)
    bill_id = draft_bill(alice, issue_date=LATER, due_date=LATER)
    alice.does(bill_service.receive_draft, bill_id)
    invoice(alice, FIRST)
    alice.does(
        issuing.import_open_invoice,
        party_name="Deepa Krishnan",
        reference="F-2",
        issue_date=FIRST,
        due_date=None,
        amount=Money(100, "INR"),
    )


def test_a_void_invoice_keeps_its_place(alice: Person) -> None:
    invoice_id = issued(alice, issue_date=LATER, due_date=LATER)
    alice.does(issuing.void_invoice, invoice_id, reason="Mistake")
    with pytest.raises(DocumentOutOfOrder):
        invoice(alice, FIRST)


def test_of_two_at_the_same_moment_the_second_sees_the_first(alice: Person) -> None:
    ids = [draft(alice, issue_date=day, due_date=NEXT_YEAR) for day in (FIRST, LATER)]

    def issuing_of(invoice_id: UUID) -> Callable[[], str]:
        def run() -> str:
            try:
                return issue_draft(alice, invoice_id)
            except DocumentOutOfOrder:
                return "refused"

        return run

    first, later = at_once([issuing_of(one) for one in ids])
    assert (first, later) in (
        ("2024-25/000001", "2024-25/000002"),
        ("refused", "2024-25/000001"),
    )


def test_a_reason_does_not_replace_the_right(
    alice: Person, victor: Person, charlie: Person
) -> None:
    invoice_id = draft(alice)
    with pytest.raises(Forbidden):
        victor.does(issuing.issue_invoice, invoice_id, out_of_order_reason=WHY)
    with pytest.raises(NotFound):
        charlie.does(issuing.issue_invoice, invoice_id, out_of_order_reason=WHY)


def test_programs_confirm_in_the_body(alice: Person) -> None:
    number = invoice(alice, LATER)
    path = f"/invoices/{draft(alice, issue_date=FIRST)}/issue"
    refused = alice.api.post(path)
    assert (refused.status_code, refused.json["detail"]) == (409, "document_out_of_order")  # type: ignore[index]
    assert f"The last one is {number} of 20 Jun 2024." in refused.json["message"]  # type: ignore[index]
    assert alice.api.post(path, json={"out_of_order_reason": " "}).status_code == 422
    assert alice.api.post(path, json={"out_of_order_reason": WHY}).status_code == 200


def test_a_program_confirms_a_credit_note(alice: Person) -> None:
    credit_note(alice, LATER)
    body = {"invoice_id": str(issued(alice)), "reason": "Late", "issue_date": FIRST.isoformat()}
    refused = alice.api.post("/credit-notes", json=body)
    assert (refused.status_code, refused.json["detail"]) == (409, "document_out_of_order")  # type: ignore[index]
    confirmed = alice.api.post("/credit-notes", json=body | {"out_of_order_reason": WHY})
    assert confirmed.status_code == 201


def test_the_page_of_issuing_asks_at_the_field(alice: Person) -> None:
    invoice_id = draft(alice, issue_date=FIRST)
    path = f"/invoices/{invoice_id}/issue"
    assert "out_of_order_reason" not in alice.tab.get(path).text
    number = invoice(alice, LATER)
    hint = Page(alice.tab.get(path)).words(".//*[@id='out_of_order_reason-hint']")
    assert hint == f"Invoice {number} of 20 Jun 2024 is already issued."
    refused = send(alice, path)
    assert refused.status_code == 409
    assert number in Page(refused).words(".//*[@id='out_of_order_reason-err']")
    assert seen(alice, invoice_id)["status"] == "draft"
    assert send(alice, path, out_of_order_reason=WHY).status_code == 303
    assert seen(alice, invoice_id)["status"] == "issued"


def test_a_reason_typed_on_the_page_is_cleaned(alice: Person) -> None:
    invoice(alice, LATER)
    path = f"/invoices/{draft(alice, issue_date=FIRST)}/issue"
    typed = "Entered\x1blate, passport N1234567"
    assert send(alice, path, out_of_order_reason=typed).status_code == 303
    kept = str(alice.api.get("/audit?kind=invoice.issued").json["items"][0]["payload"])
    assert "Entered late, passport" in kept
    assert "N1234567" not in kept


def test_the_page_of_a_credit_note_asks_at_the_field(alice: Person) -> None:
    number = credit_note(alice, LATER)
    path = f"/invoices/{issued(alice, line('10.00'))}/credit"
    assert "out_of_order_reason" not in alice.tab.get(path).text
    typed = {"reason": "Late", "issue_date": "10 Jun 2024", "amount": "10"}
    refused = send(alice, path, **typed)
    assert refused.status_code == 422
    assert number in Page(refused).words(".//*[@id='out_of_order_reason-err']")
    assert send(alice, path, **typed, out_of_order_reason=WHY).status_code == 303


def test_an_approver_sees_a_confirmed_one(alice: Person) -> None:
    invoice(alice, LATER)
    given = {"invoice_id": str(draft(alice, issue_date=FIRST))}
    assert run_dry(alice, "issue_invoice", given)["refusal"] == "document_out_of_order"
    assert "refusal" not in run_dry(alice, "issue_invoice", given | {"out_of_order_reason": WHY})
