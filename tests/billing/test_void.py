"""Voiding a document reverses its postings once and keeps its number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import DUE, EVER, ISSUED, draft, issue, issued, pay, receive, seen, untied
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.people import People, Person
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.bills import (
    errors as bill_errors,
    queries as bill_queries,
    service as bill_service,
)
from voyagent.billing.core import errors
from voyagent.billing.core.service import posting
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel import clock
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.ledger.service import entries, months
from voyagent.ledger.service.errors import EntryAlreadyReversed, PeriodLocked
from voyagent.reports.queries import checks

WHY = "Billed twice"
Void = Callable[..., Any]
BOTH = pytest.mark.parametrize(
    ("make", "void", "kind"),
    [(issued, issuing.void_invoice, "receivable"), (receive, bill_service.void_bill, "payable")],
)


def open_then(person: Person, kind: Any, as_of: date | None) -> list[int]:
    with person.reading() as reader:
        return [
            row["open_minor"]
            for row in reader.read(
                open_items.ageing_statement(kind, *EVER, today=DUE, as_of=as_of)
            )[0]
        ]


def found(person: Person, document_id: UUID, kind: str) -> dict[str, Any]:
    with person.acting():
        document = (
            invoice_queries.get_invoice(document_id)
            if kind == "receivable"
            else bill_queries.get_bill(document_id)
        )
        return {
            name: getattr(document, name)
            for name in (
                "status",
                "voided_on",
                "void_reason",
                "void_entry_id",
                "voided_by_user_id",
                "entry_id",
            )
        }


# The rule
# --------------------------------------------------------------------------------


@BOTH
def test_voiding_reverses_the_entry_from_its_date(
    alice: Person, make: Void, void: Void, kind: str
) -> None:
    document_id = make(alice)
    alice.does(void, document_id, reason=f" {WHY} ", on=DUE)
    after = found(alice, document_id, kind)
    assert (
        after["status"],
        after["voided_on"],
        after["void_reason"],
        after["voided_by_user_id"],
    ) == ("void", DUE, WHY, alice.actor.user_id)
    assert set(balances(alice).values()) == {0}
    assert balances(alice, DUE - timedelta(days=1))[kind, "INR"] in (4_500_000, -4_500_000)
    assert [
        open_then(alice, kind, day)
        for day in (None, DUE, DUE - timedelta(days=1), ISSUED - timedelta(days=1))
    ] == [[], [], [4_500_000], []]
    assert untied(alice) == []
    with alice.reading() as reader:
        assert list(checks.findings(reader)) == []


def test_the_number_stays_used(alice: Person) -> None:
    first = issued(alice)
    alice.does(issuing.void_invoice, first, reason=WHY)
    assert seen(alice, first)["number"] == "2024-25/000001"
    assert issue(alice, draft(alice)) == "2024-25/000002"


@BOTH
def test_the_date_of_voiding_defaults_to_today_or_a_later_issue_date(
    alice: Person, make: Void, void: Void, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Earlier releases posted documents that are dated in the future.
    monkeypatch.setattr(posting, "check_not_future", lambda *_: None)
    ahead = clock.today(alice.actor.timezone) + timedelta(days=9)
    for given, day in (
        ({}, clock.today(alice.actor.timezone)),
        ({"issue_date": ahead, "due_date": ahead}, ahead),
    ):
        document_id = make(
            alice, **given, **({"vendor_reference": str(day)} if kind == "payable" else {})
        )
        alice.does(void, document_id, reason=WHY)
        assert found(alice, document_id, kind)["voided_on"] == day


@BOTH
def test_a_document_is_voided_once(alice: Person, make: Void, void: Void, kind: str) -> None:
    document_id = make(alice)
    alice.does(void, document_id, reason=WHY)
    before = found(alice, document_id, kind)
    with pytest.raises(errors.DocumentNotVoidable):
        alice.does(void, document_id, reason="Again")
    assert found(alice, document_id, kind) == before


@BOTH
def test_a_paid_document_cannot_be_voided(alice: Person, make: Void, void: Void, kind: str) -> None:
    document_id = make(alice)
    alice.does(
        payment_service.record_receipt if kind == "receivable" else payment_service.pay_bill,
        document_id,
        None,
        DUE,
    )
    with pytest.raises(errors.DocumentNotVoidable):
        alice.does(void, document_id, reason=WHY)


def test_drafts_and_partly_paid_documents_cannot_be_voided(alice: Person) -> None:
    part = issued(alice)
    pay(alice, part, 1)
    for invoice_id in (part, draft(alice)):
        with pytest.raises(errors.DocumentNotVoidable):
            alice.does(issuing.void_invoice, invoice_id, reason=WHY)


@BOTH
@pytest.mark.parametrize(
    ("reason", "on", "error"),
    [
        ("  ", DUE, errors.ReasonRequired),
        ("x" * 501, DUE, errors.TextTooLong),
        (WHY, ISSUED - timedelta(days=1), errors.InvalidDate),
        (WHY, clock.today() + timedelta(days=2), errors.InvalidDate),
    ],
)
def test_voiding_records_a_reason_and_a_date(
    alice: Person, make: Void, void: Void, kind: str, reason: str, on: date, error: type[Exception]
) -> None:
    document_id = make(alice)
    with pytest.raises(error):
        alice.does(void, document_id, reason=reason, on=on)
    assert found(alice, document_id, kind)["void_entry_id"] is None


@BOTH
def test_a_closed_month_refuses_a_void_and_a_later_day_does_not(
    alice: Person, make: Void, void: Void, kind: str
) -> None:
    document_id = make(alice)
    alice.does(months.close_month, ISSUED.replace(day=1))
    with pytest.raises(PeriodLocked):
        alice.does(void, document_id, reason=WHY, on=DUE)
    assert found(alice, document_id, kind)["voided_on"] is None
    alice.does(void, document_id, reason=WHY, on=date(2024, 7, 1))
    assert found(alice, document_id, kind)["status"] == "void"


@BOTH
def test_a_reversed_entry_is_not_reversed_again(
    alice: Person, make: Void, void: Void, kind: str
) -> None:
    document_id = make(alice)
    alice.does(entries.reverse, found(alice, document_id, kind)["entry_id"], reason="By hand")
    with pytest.raises(EntryAlreadyReversed):
        alice.does(void, document_id, reason=WHY)


@BOTH
def test_other_agencies_and_agents_cannot_void(
    people: People, alice: Person, charlie: Person, make: Void, void: Void, kind: str
) -> None:
    document_id = make(alice)
    with pytest.raises(
        invoice_errors.InvoiceNotFound if kind == "receivable" else bill_errors.BillNotFound
    ):
        charlie.does(void, document_id, reason=WHY)
    with pytest.raises(Forbidden):
        people.colleague(alice, "Rita Role", role="agent").does(void, document_id, reason=WHY)


@BOTH
def test_one_of_many_parallel_voids_succeeds(
    alice: Person, make: Void, void: Void, kind: str
) -> None:
    document_id = make(alice)
    results = at_once(
        [lambda: alice.does(lambda actor: void(actor, document_id, reason=WHY).status)] * 5
    )
    assert sorted(
        str(result) if result == "void" else type(result).__name__ for result in results
    ) == ["DocumentNotVoidable"] * 4 + ["void"]
    assert set(balances(alice).values()) == {0}


def test_one_of_a_parallel_receipt_and_void_succeeds(alice: Person) -> None:
    invoice_id = issued(alice)
    results = at_once(
        [
            lambda: alice.does(
                lambda actor: issuing.void_invoice(actor, invoice_id, reason=WHY).status
            ),
            lambda: pay(alice, invoice_id, 4_500_000),
        ]
    )
    assert sum(isinstance(result, Exception) for result in results) == 1
    assert balances(alice)["receivable", "INR"] == 0
    assert untied(alice) == []


# Pages, API and commands
# --------------------------------------------------------------------------------


def test_an_invoice_is_voided_over_the_api(alice: Person) -> None:
    invoice_id = issued(alice)
    answer = alice.api.post(
        f"/invoices/{invoice_id}/void", json={"reason": WHY, "voided_on": "2024-06-25"}
    )
    assert (answer.status_code, answer.json["status"], answer.json["open_amount"]) == (
        200,
        "void",
        "0.00",
    )
    assert (answer.json["voided_on"], answer.json["void_reason"]) == ("2024-06-25", WHY)
    assert answer.json["void_journal_entry_id"] == str(
        found(alice, invoice_id, "receivable")["void_entry_id"]
    )
    again = alice.api.post(f"/invoices/{invoice_id}/void", json={"reason": WHY})
    assert (again.status_code, again.json["detail"]) == (409, "document_not_voidable")
    assert alice.api.get("/invoices?status=void").json["items"][0]["id"] == str(invoice_id)


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"reason": ""}, 422, None),
        ({}, 422, None),
        ({"reason": WHY, "voided_on": "2024-06-09"}, 400, "invalid_date"),
        ({"reason": WHY, "x": 1}, 422, None),
    ],
)
def test_an_invalid_void_is_refused(
    alice: Person, body: dict[str, Any], status: int, detail: str | None
) -> None:
    answer = alice.api.post(f"/invoices/{issued(alice)}/void", json=body)
    assert answer.status_code == status
    assert detail is None or answer.json["detail"] == detail


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
def test_voiding_requires_the_right_to_approve(
    people: People, alice: Person, charlie: Person, role: str, may: bool
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    invoice_id = issued(alice)
    assert charlie.api.post(f"/invoices/{invoice_id}/void", json={"reason": WHY}).status_code == 404
    assert person.tab.get(f"/invoices/{invoice_id}/void").status_code == (200 if may else 403)
    assert person.api.post(f"/invoices/{invoice_id}/void", json={"reason": WHY}).status_code == (
        200 if may else 403
    )


def test_the_page_previews_the_postings_and_asks_for_a_reason(alice: Person) -> None:
    invoice_id, browser = issued(alice), alice.tab
    page = Page(browser.get(f"/invoices/{invoice_id}/void"))
    assert page.status == 200
    postings = ".//section[@id='postings']"
    assert "Journal lines" in page.words(postings)
    assert [page.words(f"{postings}//tbody/tr[{row}]") for row in (1, 2)] == [
        "1200 Trade receivablesINR45,000.00",
        "4300 Sales of travel servicesINR45,000.00",
    ]
    assert (
        page.words(f"{postings}//tbody/tr[1]/td[3]")
        == page.words(f"{postings}//tbody/tr[2]/td[2]")
        == "INR45,000.00"
    ), "the other way round"
    token = page.all(".//form[@id='confirm']//input[@name='csrf_token']")[0].get("value")
    refused = Page(
        browser.post(
            f"/invoices/{invoice_id}/void",
            data={"csrf_token": token, "reason": " ", "voided_on": "9 Jun 2024"},
        )
    )
    assert refused.status == 422
    assert "This field is required" in refused.words(".//main")
    early = Page(
        browser.post(
            f"/invoices/{invoice_id}/void",
            data={"csrf_token": token, "reason": WHY, "voided_on": "9 Jun 2024"},
        )
    )
    assert (early.status, WHY in str(early.all(".//input[@name='reason']")[0].get("value"))) == (
        422,
        True,
    )
    done = browser.post(
        f"/invoices/{invoice_id}/void",
        data={"csrf_token": token, "reason": WHY, "voided_on": "25 Jun 2024"},
    )
    assert (done.status_code, done.headers["Location"]) == (303, f"/invoices/{invoice_id}")
    sheet = Page(browser.get(f"/invoices/{invoice_id}"))
    assert "Void" in sheet.words(".//article")
    assert WHY in sheet.words(".//aside[@id='about']")
    assert f"/invoices/{invoice_id}/void" not in sheet.links()


def test_the_void_page_of_another_document_redirects(alice: Person) -> None:
    for invoice_id in (draft(alice), new_id()):
        answer = alice.tab.get(f"/invoices/{invoice_id}/void")
        assert answer.status_code in (303, 404)
