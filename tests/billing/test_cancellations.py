"""Cancellations: credits, kept amounts, claim, fee and refund in one act."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import issued, line as item, pay, receive
from tests.billing.test_claims import CANCELLED as CLAIMED_ON, PAID_ON, dollars, worth
from tests.billing.test_credits import findings
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.ledger.test_base_amounts import make_ready
from tests.ledger.test_revaluations import based
from tests.people import People, Person
from tests.rates.entered import entered
from tests.trips.things import a_trip
from voyagent.billing.cancellations import service
from voyagent.billing.cancellations.service import Cancel, CancelledCost
from voyagent.billing.core.service.pricing import LineItem
from voyagent.kernel.actor import ApprovalRequired
from voyagent.kernel.money import Money

HERE = "27AACCN6194P1ZP"
ISSUED, CANCELLED, SERVICE = date(2026, 6, 10), date(2026, 6, 20), date(2027, 1, 10)
WHY = "Not travelling"
HOTEL = LineItem(
    description="Hotel", quantity=1, unit_price="100", currency="INR", service_date=SERVICE
)


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def a_package(person: Person, **given: Any) -> UUID:
    """An invoice of 332,010.00 for a journey next year, of which 250,000.00 are paid."""
    line = LineItem(
        description="Europe in January",
        quantity=1,
        unit_price="310000",
        currency="INR",
        tax="tour_without_credit",
        collection="overseas_package",
        service_date=SERVICE,
    )
    values = {"issue_date": ISSUED, "due_date": ISSUED, "place_of_supply": "27"} | given
    invoice_id = issued(person, line, customer_pan="ABCPK1234F", **values)
    pay(person, invoice_id, 25_000_000, ISSUED)
    return invoice_id


def body_of(**given: Any) -> dict[str, Any]:
    return {"reason": WHY, "cancelled_on": CANCELLED.isoformat()} | given


def cancelled(person: Person, path: str, **given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Preview and record a cancellation over the API, and return both answers."""
    preview = person.api.post(f"{path}/cancellations/preview", json=body_of(**given))
    assert preview.status_code == 200, preview.json
    body = body_of(**given) | {"preview_hash": preview.json["preview_hash"]}
    answer = person.api.post(f"{path}/cancellations", json=body)
    assert answer.status_code == 201, answer.json
    return preview.json, answer.json


def amounts(preview: dict[str, Any]) -> dict[str, str]:
    """Return the amounts of a preview that are not zero."""
    names = ("credited", "kept", "fee", "credit", "paid_back", "due")
    return {name: found for name in names if (found := preview[f"{name}_amount"]) != "0.00"}


def standing(person: Person, as_of: date = date(2200, 12, 31)) -> dict[str, int]:
    """Return the balances in rupees that are not zero, by purpose."""
    return {at: minor for (at, money), minor in balances(person, as_of).items() if minor and money}


KEEPS = {"lines": [{"line_no": 1, "kept": "40000"}], "pay_back": {}}


def test_a_package_is_cancelled_and_its_tcs_is_kept(agency: Person) -> None:
    """V32."""
    invoice_id = a_package(agency)
    preview, done = cancelled(agency, f"/invoices/{invoice_id}", **KEEPS)
    assert amounts(preview) == {
        "credited": "283500.00",
        "kept": "40000.00",
        "credit": "201490.00",
        "paid_back": "201490.00",
    }
    found = standing(agency, CANCELLED)
    assert found == standing(agency)
    assert (found["revenue_cancellation"], found["tcs_payable"]) == (-4_000_000, -651_000)
    assert found["bank"] == 25_000_000 - 20_149_000
    assert not {"receivable", "customer_credits", "deferred_income", "revenue_services"} & set(
        found
    )
    (line,) = done["lines"]
    assert {name: line[name] for name in ("credited_amount", "kept_amount", "tcs")} == {
        "credited_amount": "270000.00",
        "kept_amount": "40000.00",
        "tcs": "keep",
    }
    assert agency.api.get(f"/refunds/{done['refund_id']}").json["amount"] == "201490.00"
    assert agency.api.get(f"/cancellations/{done['id']}").json == done
    assert findings(agency) == []


def test_tcs_that_is_not_deposited_is_credited_in_proportion(agency: Person) -> None:
    """V33."""
    invoice_id = a_package(agency)
    preview, _done = cancelled(agency, f"/invoices/{invoice_id}", tcs="credit", **KEEPS)
    assert amounts(preview) == {
        "credited": "289170.00",
        "kept": "40000.00",
        "credit": "207160.00",
        "paid_back": "207160.00",
    }
    found = standing(agency)
    assert (found["tcs_payable"], found["revenue_cancellation"]) == (-84_000, -4_000_000)
    (note,) = agency.api.get(f"/credit-notes?invoice_id={invoice_id}").json["items"]
    assert agency.tab.get(f"/credit-notes/{note['id']}").status_code == 200
    assert agency.tab.get(f"/credit-notes/{note['id']}/credit-note.pdf").status_code == 200
    assert findings(agency) == []


def a_ticket(person: Person, **given: Any) -> UUID:
    """A paid invoice of 81,156.00: a ticket sold as agent, and the agency's fee."""
    ticket = LineItem(
        description="Mumbai to London",
        quantity=1,
        unit_price="78450",
        currency="INR",
        sold_as="agent",
        commission="1200",
        tax="air_international",
        basic_fare="52000",
    )
    fee = LineItem(
        description="Our fee",
        quantity=1,
        unit_price="1500",
        currency="INR",
        sold_as="fee",
        tax="service_fee",
    )
    values = {"issue_date": ISSUED, "due_date": ISSUED, "place_of_supply": "27"} | given
    invoice_id = issued(person, ticket, fee, **values)
    pay(person, invoice_id, 8_115_600, ISSUED)
    return invoice_id


FEE = {"amount": "500", "description": "Cancellation fee", "tax": "service_fee"}


def of_ticket(bill_id: UUID, recalled: str | None = "1200") -> dict[str, Any]:
    line = {"line_no": 1, "kept": "8000", "commission_recalled": recalled}
    of_bill = {"bill_id": str(bill_id), "line_no": 1, "kept": "8000"}
    return {"lines": [line], "bill_lines": [of_bill], "fee": FEE, "pay_back": {}}


def test_a_ticket_is_cancelled_with_a_fee_and_a_typed_recall(agency: Person) -> None:
    """V36 and V37."""
    trip_id = a_trip(agency)
    invoice_id = a_ticket(agency, trip_id=trip_id)
    bought: Any = item("77250.00", quantity=1) | {"bought_as": "agent"}
    terms: dict[str, Any] = {"issue_date": ISSUED, "due_date": ISSUED}
    bill_id = receive(agency, bought, trip_id=trip_id, **terms)
    path = f"/invoices/{invoice_id}/cancellations/preview"
    for recalled in ("1200.01", "78450"):
        answer = agency.api.post(path, json=body_of(**of_ticket(bill_id, recalled)))
        assert (answer.status_code, answer.json["detail"]) == (422, "recall_out_of_range")
    given = of_ticket(bill_id)
    of_bill = given["bill_lines"][0]
    other_id = receive(agency, bought, vendor_reference="Other", **terms)
    for wrong, code in (
        ({"kept": "77250.01"}, "charge_exceeds_line"),
        ({"line_no": 2}, "line_not_on_bill"),
        ({"bill_id": str(other_id)}, "line_not_on_bill"),
        ({"bill_id": str(invoice_id)}, "bill_not_found"),
    ):
        answer = agency.api.post(path, json=body_of(**given | {"bill_lines": [of_bill | wrong]}))
        assert answer.json["detail"] == code
    seen = agency.api.post(path, json=body_of(**of_ticket(bill_id, None))).json
    assert "1077.63" in [line["debit"] for line in seen["entries"][0]["lines"]]
    assert seen["held_amount"] == "-122.37"
    preview, done = cancelled(agency, f"/invoices/{invoice_id}", **given)
    assert preview["held_amount"] == "0.00"
    assert amounts(preview) == {
        "credited": "71290.56",
        "fee": "590.00",
        "credit": "70700.56",
        "paid_back": "70700.56",
    }
    found = standing(agency)
    # The supplier's penalty is still to pay. The other bill is of another trip.
    assert found["payable"] == -800_000 - 7_725_000
    assert found["held_for_suppliers"] == 7_725_000
    assert not {"revenue_commission", "customer_credits", "receivable"} & set(found)
    (credit,) = agency.api.get(f"/supplier-credits?bill_id={bill_id}").json["items"]
    assert (credit["vendor_reference"], credit["total_amount"]) == (done["number"], "69250.00")
    answer = agency.api.post(f"/supplier-credits/{credit['id']}/reverse", json={"reason": WHY})
    assert (answer.status_code, answer.json["detail"]) == (409, "supplier_credit_of_cancellation")
    read = agency.api.get(f"/supplier-credits/{credit['id']}").json
    assert read["cancellation_id"] == done["id"]
    (note,) = agency.api.get(f"/credit-notes?invoice_id={invoice_id}").json["items"]
    assert agency.api.get(f"/credit-notes/{note['id']}").json["cancellation_id"] == done["id"]
    fee = agency.api.get(f"/invoices/{done['fee_invoice_id']}").json
    assert (fee["total_amount"], fee["status"]) == ("590.00", "paid")
    answered = agency.api.get(f"/invoices/{invoice_id}").json
    assert (answered["settled_as"], answered["settled_by"]["paid"]) == (
        "paid_part_credited",
        "81156.00",
    )
    assert findings(agency) == []


def test_a_preview_refuses_what_the_cancellation_would(agency: Person, bob: Person) -> None:
    invoice_id = a_package(agency)
    path = f"/invoices/{invoice_id}/cancellations/preview"
    refused: list[tuple[dict[str, Any], str]] = [
        ({"lines": [{"line_no": 9}]}, "line_not_on_invoice"),
        ({"lines": [{"line_no": 1, "kept": "310000.01"}]}, "kept_exceeds_line"),
        ({"lines": [{"line_no": 1}, {"line_no": 1}]}, "line_already_named"),
        ({"cancelled_on": "2026-06-09"}, "invalid_date"),
        ({"lines": [{"line_no": 1, "kept": "310000"}], "pay_back": {}}, "nothing_to_pay_back"),
        ({"pay_back": {"amount": "243490.01"}}, "refund_exceeds_credit"),
    ]
    for given, code in refused:
        assert agency.api.post(path, json=body_of(**given)).json["detail"] == code
    assert bob.api.post(path, json=body_of()).status_code == 403
    assert bob.tab.get(f"/invoices/{invoice_id}/cancel").status_code == 403
    assert standing(agency)["receivable"] == 8_201_000


def test_everything_can_be_kept(people: People, agency: Person) -> None:
    """Nothing is credited, but the revenue is of this day, and the invoice stays."""
    invoice_id = a_package(agency)
    keeps = [{"line_no": 1, "kept": "310000"}]
    lead = people.colleague(agency, "Leila Lead", role="accounting_lead")
    limits = {"approval_limits": {"accounting_lead": {"amount": "309999.99", "currency": "INR"}}}
    assert agency.api.patch("/tenant-settings", json=limits).status_code == 200
    path = f"/invoices/{invoice_id}/cancellations/preview"
    answer = lead.api.post(path, json=body_of(lines=keeps))
    assert (answer.status_code, answer.json["detail"]) == (403, "amount_above_limit")
    preview, done = cancelled(agency, f"/invoices/{invoice_id}", lines=keeps)
    assert amounts(preview) == {"kept": "310000.00", "due": "82010.00"}
    assert standing(agency, CANCELLED)["revenue_cancellation"] == -31_000_000
    assert "deferred_income" not in standing(agency, CANCELLED)
    assert done["lines"][0]["credit_note_id"] is None
    # A credit note after that takes from what was kept.
    body = {"invoice_id": str(invoice_id), "reason": WHY, "issue_date": CANCELLED.isoformat()}
    given = [{"line_no": 1, "amount": "10000"}]
    assert agency.api.post("/credit-notes", json=body | {"lines": given}).status_code == 201
    found = standing(agency)
    assert found["revenue_cancellation"] == -30_000_000
    assert not {"deferred_income", "revenue_services"} & set(found)
    assert findings(agency) == []


def test_a_cancelled_invoice_is_neither_voided_nor_credited_back(agency: Person) -> None:
    values: dict[str, Any] = {"issue_date": ISSUED, "due_date": ISSUED}
    kept_id, credited_id = (issued(agency, HOTEL, **values) for _ in range(2))
    cancelled(agency, f"/invoices/{kept_id}", lines=[{"line_no": 1, "kept": "100"}])
    cancelled(agency, f"/invoices/{credited_id}")
    answer = agency.api.post(f"/invoices/{kept_id}/void", json={"reason": WHY})
    assert (answer.status_code, answer.json["detail"]) == (409, "document_not_voidable")
    page = f"/invoices/{kept_id}"
    assert f"{page}/void" not in agency.tab.get(page).text
    told = agency.tab.get(f"{page}/void", follow_redirects=True)
    assert "or a cancellation can be voided" in told.text
    (note,) = agency.api.get(f"/credit-notes?invoice_id={credited_id}").json["items"]
    answer = agency.api.post(f"/credit-notes/{note['id']}/reverse", json={"reason": WHY})
    assert (answer.status_code, answer.json["detail"]) == (409, "credit_note_of_cancellation")
    page = f"/credit-notes/{note['id']}"
    shown = agency.tab.get(page).text
    assert f"{page}/reverse" not in shown
    assert 'href="/cancellations/' in shown
    again = agency.api.post(f"/invoices/{credited_id}/cancellations/preview", json=body_of())
    assert (again.status_code, again.json["detail"]) == (409, "nothing_to_cancel")
    assert findings(agency) == []


def test_an_earlier_credit_note_stays_and_is_not_overtaken(agency: Person) -> None:
    invoice_id = issued(agency, HOTEL, issue_date=ISSUED, due_date=ISSUED)
    body = {"invoice_id": str(invoice_id), "reason": WHY, "issue_date": CANCELLED.isoformat()}
    given = [{"line_no": 1, "amount": "30"}]
    note = agency.api.post("/credit-notes", json=body | {"lines": given}).json
    assert note["cancellation_id"] is None
    path = f"/invoices/{invoice_id}/cancellations/preview"
    keeps = [{"line_no": 1, "kept": "70"}]
    early = agency.api.post(path, json=body_of(cancelled_on="2026-06-19", lines=keeps))
    assert (early.status_code, early.json["detail"]) == (400, "invalid_date")
    cancelled(agency, f"/invoices/{invoice_id}", lines=keeps)
    answer = agency.api.post(f"/credit-notes/{note['id']}/reverse", json={"reason": WHY})
    assert (answer.status_code, answer.json["detail"]) == (409, "credit_note_of_cancellation")
    assert standing(agency)["revenue_cancellation"] == -7_000
    assert findings(agency) == []


def test_the_act_must_do_what_the_preview_said(agency: Person) -> None:
    invoice_id = a_package(agency)
    path = f"/invoices/{invoice_id}/cancellations"
    preview = agency.api.post(f"{path}/preview", json=body_of()).json
    pay(agency, invoice_id, 100_000, CANCELLED)
    body = body_of(preview_hash=preview["preview_hash"])
    answer = agency.api.post(path, json=body)
    assert (answer.status_code, answer.json["detail"]) == (409, "preview_stale")
    assert agency.api.get(f"/credit-notes?invoice_id={invoice_id}").json["items"] == []


def test_two_at_the_same_moment_cancel_once(agency: Person) -> None:
    path = f"/invoices/{a_package(agency)}/cancellations"
    given = body_of(**KEEPS)
    given["preview_hash"] = agency.api.post(f"{path}/preview", json=given).json["preview_hash"]
    results = at_once([lambda: agency.api.post(path, json=given).status_code] * 2)
    assert sorted(results) == [201, 409]
    assert standing(agency)["revenue_cancellation"] == -4_000_000
    assert findings(agency) == []


def a_sale(person: Person, trip_id: UUID, number: str = "B-1") -> tuple[UUID, UUID]:
    """An invoice of INR 100.00 of a trip, and the supplier's bill of INR 80.00 for it."""
    terms: dict[str, Any] = {"issue_date": ISSUED, "due_date": ISSUED, "trip_id": trip_id}
    bought = item("80.00", quantity=1)
    bill_id = receive(person, bought, vendor_reference=number, **terms)
    return issued(person, HOTEL, **terms), bill_id


def cost_of(bill_id: UUID, kept: str) -> list[dict[str, Any]]:
    return [{"bill_id": str(bill_id), "line_no": 1, "kept": kept}]


def test_two_at_the_same_moment_credit_a_bill_once(agency: Person) -> None:
    """Each cancels another invoice of the trip, and the same line of the bill."""
    trip_id = a_trip(agency)
    (first_id, bill_id), (second_id, _other_bill) = (
        a_sale(agency, trip_id, number) for number in ("B-1", "B-2")
    )
    given = body_of(bill_lines=cost_of(bill_id, "30"))
    acts = []
    for invoice_id in (first_id, second_id):
        path = f"/invoices/{invoice_id}/cancellations"
        seen = agency.api.post(f"{path}/preview", json=given).json["preview_hash"]
        body = given | {"preview_hash": seen}
        acts.append(partial(agency.api.post, path, json=body))
    answers = at_once(acts)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (credit,) = agency.api.get(f"/supplier-credits?bill_id={bill_id}").json["items"]
    assert credit["total_amount"] == "50.00"
    assert findings(agency) == []


def test_a_bill_is_cancelled_only_with_its_own_permission(agency: Person) -> None:
    invoice_id, bill_id = a_sale(agency, a_trip(agency))
    trip_id = UUID(agency.api.get(f"/bills/{bill_id}").json["trip_id"])
    costs = [CancelledCost(bill_id, 1, Money(3_000, "INR"))]
    given: dict[str, Any] = {"invoice_ids": [invoice_id], "reason": WHY, "on": CANCELLED}
    given |= {"trip_id": trip_id}
    for wanted, refusal in (
        (Cancel(**given), None),
        (Cancel(**given, costs=costs), ApprovalRequired),
    ):
        preview = partial(service.preview_cancellation, wanted=wanted)
        with pytest.raises(refusal) if refusal else nullcontext():
            agency.granted("invoice.credit").does(preview)
    assert agency.api.get(f"/supplier-credits?bill_id={bill_id}").json["items"] == []


def test_a_bill_of_which_everything_is_kept_is_not_voided(agency: Person) -> None:
    invoice_id, bill_id = a_sale(agency, a_trip(agency))
    page = f"/bills/{bill_id}"
    assert f"{page}/void" in agency.tab.get(page).text
    cancelled(agency, f"/invoices/{invoice_id}", bill_lines=cost_of(bill_id, "80"))
    answer = agency.api.post(f"{page}/void", json={"reason": WHY})
    assert (answer.status_code, answer.json["detail"]) == (409, "document_not_voidable")
    assert f"{page}/void" not in agency.tab.get(page).text


def test_a_credit_note_after_a_cancellation_needs_a_confirmation(agency: Person) -> None:
    """The supplier keeps 60.00 of 80.00, so its credit note of 20.00 would fit twice."""
    invoice_id, bill_id = a_sale(agency, a_trip(agency))
    _preview, done = cancelled(agency, f"/invoices/{invoice_id}", bill_lines=cost_of(bill_id, "60"))
    line = {"line_no": 1, "amount": "20"}
    body = {"bill_id": str(bill_id), "vendor_reference": "CN-7", "reason": WHY, "lines": [line]}
    body |= {"issue_date": CANCELLED.isoformat()}
    refused = agency.api.post("/supplier-credits", json=body)
    assert (refused.status_code, refused.json["detail"]) == (409, "line_credited_by_cancellation")
    path = f"/bills/{bill_id}/credit"
    typed: dict[str, Any] = {"vendor_reference": "CN-7", "reason": WHY, "amount": ["20"]}
    typed |= {"issue_date": CANCELLED.isoformat()}
    assert "further_credit_reason" not in agency.tab.get(path).text
    asked = Page(send(agency, path, **typed))
    assert done["number"] in asked.words(".//*[@id='further-credit']")
    assert send(agency, path, **typed, further_credit_reason="Goodwill").status_code == 303
    (own, other) = agency.api.get(f"/supplier-credits?bill_id={bill_id}").json["items"]
    assert {own["total_amount"], other["total_amount"]} == {"20.00"}
    assert findings(agency) == []


def test_a_trip_is_cancelled_with_all_its_invoices(agency: Person, charlie: Person) -> None:
    trip_id = a_trip(agency)
    invoice_ids = [a_ticket(agency, trip_id=trip_id) for _ in range(2)]
    lines = [{"invoice_id": str(one), "line_no": 1, "kept": "8000"} for one in invoice_ids]
    preview, done = cancelled(agency, f"/trips/{trip_id}", lines=lines, fee=FEE, pay_back={})
    assert amounts(preview)["credit"] == "141991.12"
    assert (done["trip_id"], len(done["lines"])) == (str(trip_id), 2)
    assert findings(agency) == []
    page = Page(agency.tab.get(f"/cancellations/{done['id']}"))
    assert "70,450.00" in page.words(".//*[@id='cancellation-lines']")
    of_fee = body_of(lines=[{"invoice_id": done["fee_invoice_id"], "line_no": 1}])
    again = agency.api.post(f"/trips/{trip_id}/cancellations/preview", json=of_fee)
    assert (again.status_code, again.json["detail"]) == (422, "line_not_on_invoice")
    body = body_of(preview_hash=preview["preview_hash"])
    assert charlie.api.post(f"/trips/{trip_id}/cancellations", json=body).status_code == 404
    assert charlie.tab.get(f"/cancellations/{done['id']}").status_code == 404


def test_a_trip_is_cancelled_in_the_currency_of_the_chosen_lines(agency: Person) -> None:
    trip_id = a_trip(agency)
    items = (HOTEL, HOTEL | {"currency": "USD"})
    terms: dict[str, Any] = {"issue_date": ISSUED, "due_date": ISSUED, "trip_id": trip_id}
    rupees, in_dollars = (f"{issued(agency, one, **terms)}.1" for one in items)
    path = f"/trips/{trip_id}/cancel"
    first = Page(agency.tab.get(path))
    assert [one.get("value") for one in first.all(".//input[@checked]")] == [rupees]
    assert "100.00" in first.words(".//*[@id='effect']")
    given = {"reason": WHY, "line": [in_dollars], f"kept_{in_dollars}": "40", "then": "look"}
    effect = Page(send(agency, path, **given)).words(".//*[@id='effect']")
    assert "Credited, with taxUSD60.00" in effect


def test_the_revenue_in_dollars_carries_its_base_amount(
    alice: Person, owner_engine: sa.Engine
) -> None:
    make_ready(owner_engine, alice)
    entered(alice, ISSUED, "84.205")
    line = LineItem(
        description="Safari",
        quantity=1,
        unit_price="33.33",
        currency="USD",
        service_date=SERVICE,
    )
    values: dict[str, Any] = {"issue_date": ISSUED, "due_date": ISSUED}
    invoice_id = issued(alice, line, line, line, **values)
    keeps = [{"line_no": number, "kept": "10.01"} for number in (1, 3)]
    cancelled(alice, f"/invoices/{invoice_id}", lines=keeps)
    now, later = based(alice, CANCELLED), based(alice, SERVICE)
    # One line of three is not cancelled: its revenue comes on the day of service.
    assert (now["deferred_income"], now["revenue_cancellation"]) == (-280_656, -168_578)
    assert (later["revenue_services"], later["revenue_cancellation"]) == (-280_656, -168_578)
    assert "deferred_income" not in later
    assert findings(alice) == []


def test_a_supplier_keeps_a_part_of_a_paid_bill(alice: Person, owner_engine: sa.Engine) -> None:
    """V34, with the customer's invoice, over the page."""
    bill_id = dollars(alice, owner_engine)
    trip_id = alice.api.get(f"/bills/{bill_id}").json["trip_id"]
    invoice_id = issued(
        alice, HOTEL, issue_date=date(2024, 11, 18), due_date=CLAIMED_ON, trip_id=trip_id
    )
    sold, bought = f"{invoice_id}.1", f"{bill_id}.1"
    path = f"/trips/{trip_id}/cancel"
    given: dict[str, Any] = {
        "reason": WHY,
        "cancelled_on": CLAIMED_ON.isoformat(),
        "line": [sold],
        "bill_line": [bought],
        f"kept_{bought}": "500",
        "refund_expected_on": PAID_ON.isoformat(),
    }
    wrong = Page(send(alice, path, **given | {f"kept_{bought}": "3150.01"}))
    assert "keep more of a line" in wrong.words(".//*[@id='postings']")
    seen = Page(send(alice, path, then="look", **given))
    assert "2,650.00" in seen.words(".//*[@id='effect']")
    assert alice.api.get("/supplier-claims").json["items"] == []
    (preview_hash,) = [one.get("value") for one in seen.all(".//input[@name='preview_hash']")]
    answer = send(alice, path, preview_hash=preview_hash, **given)
    assert answer.status_code == 303
    shown = Page(alice.tab.get(answer.location)).words(".//*[@id='cancellation-bill-lines']")
    assert "2,650.00" in shown
    page = Page(alice.tab.get(f"/bills/{bill_id}"))
    assert WHY in page.words(".//*[@id='cancellations']")
    (way,) = page.all(".//*[@id='cancellations']//a")
    assert way.get("href") == answer.location
    there, after = (worth(owner_engine, alice, day) for day in (CLAIMED_ON, SERVICE))
    assert there["supplier_claims"] == 22_419_000
    assert there["cost_of_services"] == 4_210_000
    assert there["exchange_differences"] == 277_000 - 106_000
    assert "prepaid_trip_costs" not in there | after
    assert after["cost_of_services"] == 4_210_000
    (claim,) = alice.api.get("/supplier-claims").json["items"]
    assert (claim["amount"], claim["expected_on"]) == ("2650.00", PAID_ON.isoformat())
    (line,) = alice.api.get(answer.location).json["bill_lines"]
    assert (line["claim_id"], line["kept_amount"]) == (claim["id"], "500.00")
    # A later credit of the supplier takes from the cost, not from what was prepaid.
    body = {"bill_id": str(bill_id), "reason": WHY, "issue_date": PAID_ON.isoformat()}
    given_back = body | {"lines": [{"line_no": 1, "amount": "100"}]}
    refused = alice.api.post("/supplier-claims", json=given_back)
    assert (refused.status_code, refused.json["detail"]) == (409, "line_credited_by_cancellation")
    given_back |= {"further_credit_reason": "Goodwill"}
    assert alice.api.post("/supplier-claims", json=given_back).status_code == 201
    last = worth(owner_engine, alice, PAID_ON)
    assert last["cost_of_services"] == 4_210_000 - 842_000
    assert "prepaid_trip_costs" not in last
    assert findings(alice) == []


def test_the_page_previews_and_cancels(agency: Person) -> None:
    invoice_id = a_package(agency)
    path = f"/invoices/{invoice_id}/cancel"
    assert path in agency.tab.get(f"/invoices/{invoice_id}").text
    page = Page(agency.tab.get(path))
    assert "325,500.00" in page.words(".//*[@id='effect']").replace("3,25,500.00", "325,500.00")
    assert "on the bill" in page.words(".//*[@id='suppliers']")
    key = f"{invoice_id}.1"
    given: dict[str, Any] = {
        "reason": WHY,
        "cancelled_on": CANCELLED.isoformat(),
        "line": [key],
        f"kept_{key}": "40,000",
        "tcs": "keep",
        "pays_back": "y",
        "account": "bank",
    }
    refused = Page(send(agency, path, **given))
    assert (refused.status, "Check the preview first" in refused.words()) == (422, True)
    preview = Page(send(agency, path, then="look", **given))
    assert "2,01,490.00" in preview.words(".//*[@id='effect']")
    (preview_hash,) = [one.get("value") for one in preview.all(".//input[@name='preview_hash']")]
    answer = send(agency, path, preview_hash=preview_hash, **given)
    assert answer.status_code == 303
    shown = Page(agency.tab.get(answer.location))
    assert "40,000.00" in shown.words(".//*[@id='cancellation-lines']")
    aside = Page(agency.tab.get(f"/invoices/{invoice_id}"))
    assert WHY in aside.words(".//*[@id='cancellations']")
    again = agency.tab.get(path, follow_redirects=True)
    assert again.status_code == 200
