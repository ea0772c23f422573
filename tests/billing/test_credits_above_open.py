"""Credit notes above the open amount: the rest is a credit of the customer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import (
    DUE,
    ISSUED,
    draft,
    issued,
    left_of,
    line,
    pay,
    seen,
    untied,
    write_off,
)
from tests.billing.test_carrying import carried, sold, worth
from tests.billing.test_credits import credit, findings, open_then
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances, stored
from tests.ledger.test_base_amounts import make_ready
from tests.paper_text import text_of
from tests.people import Person
from tests.rates.entered import entered
from voyagent.billing.core import errors
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.credit_notes.errors import CustomerCreditUsed, InvoiceWrittenOff
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.errors import PaymentNotFound, PaymentOfCreditNote
from voyagent.billing.payments.service import allocations, payments, reversals
from voyagent.billing.payments.service.at_issue import issue_with_advances
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel.money import Money
from voyagent.reports.queries.party_statement import read_party_statement
from voyagent.reports.queries.periods import Days
from voyagent.reports.queries.receivables import EVER

LATER = DUE + timedelta(days=5)
WHY = "Not travelled"


def part_paid(person: Person) -> UUID:
    """An invoice of 10,000.00 of which 2,000.00 are open."""
    invoice_id = issued(person, line("10000", quantity=1))
    pay(person, invoice_id, 800_000)
    return invoice_id


def credited(person: Person, invoice_id: UUID, minor: int, on: date = DUE) -> dict[str, Any]:
    """Credit an invoice and return the customer's credit, as the API answers it."""
    credit(person, invoice_id, on=on, line_1=minor)
    (note, *_rest) = person.api.get(f"/credit-notes?invoice_id={invoice_id}").json["items"]
    note_id = note["id"]
    customer_credit_id = person.api.get(f"/credit-notes/{note_id}").json["customer_credit_id"]
    answered: dict[str, Any] = person.api.get(f"/payments/{customer_credit_id}").json
    return answered


def test_the_rest_above_the_open_amount_is_a_credit_of_the_customer(alice: Person) -> None:
    invoice_id = part_paid(alice)
    found = credited(alice, invoice_id, 300_000)
    assert {at: minor for at, minor in balances(alice).items() if minor} == {
        ("bank", "INR"): 800_000,
        ("customer_credits", "INR"): -100_000,
        ("revenue_services", "INR"): -700_000,
    }
    assert seen(alice, invoice_id)["status"] == "paid"
    assert {
        name: found[name]
        for name in ("number", "origin", "nature", "amount", "unapplied_amount", "paid_on")
    } == {
        "number": "K/2024-25/000001",
        "origin": "credit_note",
        "nature": "refundable",
        "amount": "1000.00",
        "unapplied_amount": "1000.00",
        "paid_on": DUE.isoformat(),
    }
    note = alice.api.get(f"/credit-notes/{found['credit_note_id']}").json
    assert (note["total_amount"], note["excess_amount"]) == ("3000.00", "1000.00")
    assert note["journal_entry_id"] == found["journal_entry_id"]
    answered = alice.api.get(f"/invoices/{invoice_id}").json
    assert {
        name: answered[name]
        for name in ("open_amount", "credited_amount", "excess_amount", "settled_as")
    } == {
        "open_amount": "0.00",
        "credited_amount": "3000.00",
        "excess_amount": "1000.00",
        "settled_as": "settled",
    }
    assert (untied(alice), findings(alice)) == ([], [])


def test_the_status_of_a_paid_invoice_says_that_a_part_is_credited(alice: Person) -> None:
    invoice_id = issued(alice, line("81156", quantity=1))
    pay(alice, invoice_id, 8_115_600)
    credited(alice, invoice_id, 7_129_056)
    answered = alice.api.get(f"/invoices/{invoice_id}").json
    assert (answered["status"], answered["settled_as"]) == ("paid", "paid_part_credited")
    assert answered["settled_by"] == {
        "paid": "81156.00",
        "credited": "71290.56",
        "written_off": "0.00",
    }
    page = Page(alice.tab.get(f"/invoices/{invoice_id}"))
    assert page.words(".//h1/..//*[@data-st='paid_part_credited']") == "Paid, part credited"
    assert "Total less creditsINR9,865.44" in page.words(".//*[@id='about']")
    assert "71,290.56" in page.words(".//*[@id='sums']//*[@id='excess']")
    listed = Page(alice.tab.get("/invoices?status=paid"))
    assert "Paid, part credited" in listed.words(f".//*[@id='invoice-{invoice_id}']")
    (row,) = alice.tab.get("/invoices?format=csv").text.splitlines()[1:]
    assert "71290.56" in row
    assert "paid_part_credited" in row
    paper = text_of(alice.tab.get(f"/invoices/{invoice_id}/invoice.pdf?copy=settlement").data)
    assert "Credited to the customer’s account" in paper


def test_a_credit_is_refunded_or_allocated_like_an_advance(alice: Person) -> None:
    customer_credit_id = UUID(credited(alice, part_paid(alice), 300_000)["id"])
    other_id = issued(alice, line("400", quantity=1))
    parts = [Part(other_id, Money(40_000, "INR"))]
    alice.does(lambda actor: allocations.allocate(actor, customer_credit_id, parts=parts).id)
    assert seen(alice, other_id)["status"] == "paid"
    answer = alice.api.post(f"/payments/{customer_credit_id}/refund", json={})
    assert (answer.status_code, answer.json["refunded_amount"]) == (201, "600.00")
    assert balances(alice)["customer_credits", "INR"] == 0
    assert balances(alice)["bank", "INR"] == 800_000 - 60_000
    assert findings(alice) == []


def test_a_reversed_note_takes_its_credit_back(alice: Person) -> None:
    invoice_id = part_paid(alice)
    found = credited(alice, invoice_id, 300_000)
    note_id, credit_id = UUID(found["credit_note_id"]), UUID(found["id"])
    alice.does(lambda actor: reversed_note(actor, note_id).id)
    assert left_of(alice, credit_id) == (0, 100_000, 0)
    assert alice.api.get(f"/payments/{credit_id}").json["reversed_on"] is not None
    answered = alice.api.get(f"/invoices/{invoice_id}").json
    assert (answered["open_amount"], answered["excess_amount"]) == ("2000.00", "0.00")
    assert balances(alice)["customer_credits", "INR"] == 0
    assert (untied(alice), findings(alice)) == ([], [])


def reversed_note(actor: Any, note_id: UUID, on: date | None = None) -> Any:
    return credit_note_service.reverse_credit_note(actor, note_id, reason="Wrong one", on=on)


def test_a_reversed_note_on_a_paid_invoice_leaves_it_paid(alice: Person) -> None:
    invoice_id = issued(alice, line("100", quantity=1))
    pay(alice, invoice_id, 10_000)
    note_id = UUID(credited(alice, invoice_id, 4_000)["credit_note_id"])
    alice.does(lambda actor: reversed_note(actor, note_id).id)
    answered = alice.api.get(f"/invoices/{invoice_id}").json
    assert (answered["status"], answered["settled_as"]) == ("paid", "paid")
    assert findings(alice) == []


@pytest.mark.parametrize("is_refunded", [True, False])
def test_a_note_whose_credit_is_used_is_not_reversed(alice: Person, is_refunded: bool) -> None:
    found = credited(alice, part_paid(alice), 300_000)
    note_id, credit_id = found["credit_note_id"], UUID(found["id"])
    if is_refunded:
        alice.does(lambda actor: payments.refund_payment(actor, credit_id).id)
    else:
        other_id = issued(alice, line("400", quantity=1))
        alice.does(lambda actor: allocations.allocate(actor, credit_id).id)
        assert seen(alice, other_id)["status"] == "paid"
    with pytest.raises(CustomerCreditUsed):
        alice.does(lambda actor: reversed_note(actor, UUID(note_id)).id)
    answer = alice.api.post(f"/credit-notes/{note_id}/reverse", json={"reason": WHY})
    assert (answer.status_code, answer.json["detail"]) == (409, "customer_credit_used")
    page = Page(send(alice, f"/credit-notes/{note_id}/reverse", reason=WHY, reversed_on=""))
    assert (page.status, "was refunded or allocated" in page.words()) == (422, True)


def test_a_note_is_reversed_no_earlier_than_its_credit_was_taken_back(alice: Person) -> None:
    found = credited(alice, part_paid(alice), 300_000)
    note_id, credit_id = UUID(found["credit_note_id"]), UUID(found["id"])
    issued(alice, line("400", quantity=1))
    alice.does(lambda actor: allocations.allocate(actor, credit_id, on=DUE).id)
    (allocation,) = alice.api.get(f"/payments/{credit_id}").json["allocations"]
    alice.does(
        lambda actor: allocations.deallocate(actor, credit_id, UUID(allocation["id"]), on=LATER).id
    )
    with pytest.raises(errors.InvalidDate):
        alice.does(lambda actor: reversed_note(actor, note_id, DUE).id)
    alice.does(lambda actor: reversed_note(actor, note_id, LATER).id)
    assert findings(alice) == []


def test_a_credit_is_not_reversed_by_itself(alice: Person) -> None:
    credit_id = credited(alice, part_paid(alice), 300_000)["id"]
    with pytest.raises(PaymentOfCreditNote):
        alice.does(lambda actor: reversals.reverse_payment(actor, UUID(credit_id), reason=WHY).id)
    answer = alice.api.post(f"/payments/{credit_id}/reverse", json={"reason": WHY})
    assert (answer.status_code, answer.json["detail"]) == (409, "payment_of_credit_note")
    page = Page(alice.tab.get(f"/payments/{credit_id}/reverse", follow_redirects=True))
    assert "Reverse the credit note instead" in page.words()


def test_reports_of_a_day_count_the_credit_from_the_day_of_the_note(alice: Person) -> None:
    invoice_id = part_paid(alice)
    credited(alice, invoice_id, 300_000, on=LATER)
    for day, is_open in ((DUE, [200_000]), (LATER, []), (None, [])):
        assert open_then(alice, day) == is_open
    with alice.reading() as reader:
        statement = read_party_statement(reader, "customer", "Deepa Krishnan", Days(EVER[0], LATER))
    (found,) = statement.currencies
    assert (found.open, found.advances) == (Money(0, "INR"), Money(100_000, "INR"))
    assert (found.closing, statement.is_proved) == (Money(-100_000, "INR"), True)
    report = alice.tab.get(f"/reports/receivables?as_of={LATER}")
    assert report.status_code == 200


def test_a_written_off_part_is_not_credited_to_the_customer(alice: Person) -> None:
    invoice_id = part_paid(alice)
    write_off(alice, invoice_id)
    with pytest.raises(InvoiceWrittenOff):
        credit(alice, invoice_id, line_1=1)
    body = {"invoice_id": str(invoice_id), "reason": WHY}
    answer = alice.api.post("/credit-notes", json=body)
    assert (answer.status_code, answer.json["detail"]) == (409, "invoice_written_off")
    page = Page(
        send(alice, f"/invoices/{invoice_id}/credit", reason=WHY, issue_date="", amount=["1"])
    )
    assert (page.status, "reverse the write-off first" in page.words()) == (422, True)


def test_nothing_is_left_to_credit_twice(alice: Person) -> None:
    invoice_id = issued(alice, line("100", quantity=1))
    pay(alice, invoice_id, 10_000)
    results = at_once([lambda: credit(alice, invoice_id)] * 2)
    assert set(map(type, results)) == {errors.DocumentNotOpen, str}
    assert balances(alice)["customer_credits", "INR"] == -10_000
    refused = alice.tab.get(f"/invoices/{invoice_id}/credit", follow_redirects=True)
    assert "can’t be paid or credited" in refused.text
    assert findings(alice) == []


def test_an_invoice_with_such_a_credit_is_not_voided(alice: Person) -> None:
    invoice_id = issued(alice, line("100", quantity=1))
    payment_id = pay(alice, invoice_id, 10_000)
    credited(alice, invoice_id, 4_000)
    alice.does(lambda actor: reversals.reverse_payment(actor, payment_id, reason=WHY).id)
    assert alice.api.get(f"/invoices/{invoice_id}").json["open_amount"] == "100.00"
    with pytest.raises(errors.DocumentNotVoidable):
        alice.does(issuing.void_invoice, invoice_id, reason=WHY)
    assert (untied(alice), findings(alice)) == ([], [])


def test_the_pages_show_the_credit(alice: Person, charlie: Person) -> None:
    invoice_id = part_paid(alice)
    page = Page(alice.tab.get(f"/invoices/{invoice_id}/credit"))
    assert "becomes a credit of the customer" in page.words(".//*[@id='excess']")
    preview = send(
        alice,
        f"/invoices/{invoice_id}/credit",
        reason=WHY,
        issue_date=DUE.isoformat(),
        amount=["3000"],
        then="look",
    )
    assert "Credits of customers, refundable" in preview.text
    found = credited(alice, invoice_id, 300_000)
    note = Page(alice.tab.get(f"/credit-notes/{found['credit_note_id']}"))
    assert f"Customer credit {found['number']}" in note.words(".//*[@id='customer-credit']")
    shown = Page(alice.tab.get(f"/payments/{found['id']}"))
    assert "Customer credit" in shown.words(".//*[@id='sheet']")
    assert "C/2024-25/000001" in shown.words(".//*[@id='source']")
    assert "Customer credit" in alice.tab.get("/payments").text
    pdf = text_of(alice.tab.get(f"/payments/{found['id']}/payment.pdf").data)
    assert "Customer credit" in pdf
    assert charlie.tab.get(f"/payments/{found['id']}").status_code == 404


def test_an_agency_without_the_account_gets_it(alice: Person, owner_engine: sa.Engine) -> None:
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from accounts where purpose = 'customer_credits' and tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    credited(alice, part_paid(alice), 300_000)
    (account,) = stored(
        owner_engine,
        "select code, type from accounts where purpose = 'customer_credits' and tenant_id = :t",
        t=alice.actor.tenant_id,
    )
    assert dict(account) == {"code": "2210", "type": "liability"}


def test_an_invoice_at_issue_takes_no_credit(alice: Person) -> None:
    """The base amount of an invoice follows only from advances for it."""
    credit_id = UUID(credited(alice, part_paid(alice), 300_000)["id"])
    invoice_id = draft(alice, line("400", quantity=1), issue_date=LATER, due_date=LATER)
    assert credit_id.hex not in alice.tab.get(f"/invoices/{invoice_id}/issue").text
    with pytest.raises(PaymentNotFound):
        alice.does(lambda actor: issue_with_advances(actor, invoice_id, advance_ids=[credit_id]).id)


def test_a_credit_in_dollars_has_the_rate_of_its_invoice(
    alice: Person, owner_engine: sa.Engine
) -> None:
    make_ready(owner_engine, alice)
    entered(alice, DUE, "84.50")
    entered(alice, LATER, "85")
    invoice_id = sold(alice, "100", "84.20")
    pay(alice, invoice_id, 9_000, currency="USD")
    found = alice.does(
        lambda actor: (
            credit_note_service.issue_credit_note(
                actor,
                invoice_id,
                reason=WHY,
                on=DUE,
                amounts={1: Money(5_000, "USD")},
            ).id
        )
    )
    credit_id = UUID(alice.api.get(f"/credit-notes/{found}").json["customer_credit_id"])
    assert carried(owner_engine, "payments", credit_id) == (4_000 * 8_420 // 100, 0)
    assert worth(owner_engine, alice) == {
        "bank": 760_500,
        "customer_credits": -336_800,
        "revenue_services": -421_000,
        "exchange_differences": -2_700,
    }
    assert findings(alice) == []
    alice.does(lambda actor: payments.refund_payment(actor, credit_id, on=LATER).id)
    assert worth(owner_engine, alice) == {
        "bank": 760_500 - 340_000,
        "revenue_services": -421_000,
        "exchange_differences": -2_700 + 3_200,
    }
    assert findings(alice) == []
    further = alice.does(
        lambda actor: (
            credit_note_service.issue_credit_note(
                actor, invoice_id, reason=WHY, on=LATER, amounts={1: Money(2_000, "USD")}
            ).id
        )
    )
    credit_id = UUID(alice.api.get(f"/credit-notes/{further}").json["customer_credit_id"])
    assert carried(owner_engine, "payments", credit_id) == (168_400, 0)
    assert findings(alice) == []


def test_a_credit_of_an_invoice_that_is_open_again_is_used_for_it_first(alice: Person) -> None:
    """A cheque bounces after a credit note above the amount that was open then."""
    invoice_id = issued(alice, line("100", quantity=1))
    payment_id = pay(alice, invoice_id, 10_000)
    found = credited(alice, invoice_id, 4_000)
    alice.does(lambda actor: reversals.reverse_payment(actor, payment_id, reason=WHY, on=DUE))
    assert seen(alice, invoice_id)["status"] == "issued"
    with pytest.raises(errors.CustomerCreditUnused):
        write_off(alice, invoice_id)
    body = {"amount": "40", "refunded_on": DUE.isoformat()}
    for answer in (
        alice.api.post(f"/payments/{found['id']}/refund", json=body),
        alice.api.post("/refunds", json=body | {"party_id": found["party_id"], "currency": "INR"}),
    ):
        assert (answer.status_code, answer.json["detail"]) == (409, "customer_credit_unused")
    page = send(alice, f"/payments/{found['id']}/refund", amount="40", refunded_on="25 Jun 2024")
    assert "Allocate that credit to the invoice first" in Page(page).words()
    alice.does(lambda actor: allocations.allocate(actor, UUID(found["id"]), on=DUE))
    write_off(alice, invoice_id)
    assert (seen(alice, invoice_id)["status"], findings(alice)) == ("paid", [])


def test_a_small_rest_does_not_change_the_base_amount_of_a_large_credit(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """Almost all of a dollar invoice is paid; the carried rest is rounded down."""
    make_ready(owner_engine, alice)
    entered(alice, ISSUED, "83.33333333")
    invoice_id = sold(alice, "10000", "83.33333333")
    pay(alice, invoice_id, 999_999, ISSUED, currency="USD")
    credit(alice, invoice_id, on=ISSUED)
    assert abs(worth(owner_engine, alice).get("revenue_services", 0)) <= 1
    assert (untied(alice), findings(alice)) == ([], [])
