"""The page of a capability: its form, what it refuses, and where it leads."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.billing.papers import issued
from tests.enquiries.reading import Page
from tests.ledger.books import account_id
from tests.people import Person
from tests.trips.things import a_trip
from voyagent import catalogue
from voyagent.approvals import queries as approvals
from voyagent.capabilities.forms import CapabilityForm
from voyagent.enquiries.queries import enquiries
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.settings.service import tenant_settings as settings

RECEIPT = {"amount": "1,000", "currency": "INR", "paid_on": "25 Jun 2024", "account": "bank"}


def hidden(browser: FlaskClient, address: str) -> dict[str, str]:
    """Return the hidden fields of an opened form."""
    (form,) = (
        one
        for one in Page(browser.get(address)).all(".//form")
        if one.attrib.get("id") == "capability-form"
    )
    return {
        field.attrib["name"]: field.attrib.get("value", "")
        for field in form.findall(".//input[@type='hidden']")
    }


def send(person: Person, address: str, fields: dict[str, str]) -> Any:
    """Open a form and send it."""
    browser = person.browser
    return browser, browser.post(address, data={**hidden(browser, address), **fields})


def waiting(person: Person) -> list[Any]:
    with person.acting():
        return list(SessionReader(db.session).read(approvals.waiting_statement())[0])


def enquiry_of(person: Person, name: str) -> Any:
    with person.reading() as reader:
        (row,) = enquiries.find_by_text(reader, name, 5)
    return row


def test_every_form_reports_its_missing_fields(alice: Person) -> None:
    browser = alice.browser
    for capability in catalogue.CAPABILITIES:
        address = f"/do/{capability.name}"
        assert Page(browser.get(address)).words(".//h1") == capability.title
        answer = browser.post(address, data=hidden(browser, address))
        if capability.required_fields:
            assert answer.status_code == 422, address
            assert "This field is required." in answer.text, address
        else:
            assert answer.status_code in (200, 303, 422), address


def test_a_number_out_of_range_is_refused_with_its_limit(alice: Person) -> None:
    address, browser = "/do/search_hotels", alice.browser
    for guests, sentence in (("31", "Enter at most 30."), ("0", "Enter at least 1.")):
        answer = browser.post(address, data=hidden(browser, address) | {"guests": guests})
        assert answer.status_code == 422
        assert sentence in answer.text


def test_no_field_hides_an_attribute_of_the_form() -> None:
    names = {name for one in catalogue.CAPABILITIES for name in one.input.model_fields}
    # pages of a capability ask `answer_status`, so a field may be called `status`
    assert {name for name in names if hasattr(CapabilityForm, name)} <= {"status"}


def test_a_form_is_filled_from_its_url(alice: Person) -> None:
    invoice_id = issued(alice)
    page = Page(
        alice.tab.get(
            f"/do/record_receipt?invoice_id={invoice_id}&amount=1000.00&paid_on=2024-06-25"
        )
    )
    values = {one.attrib["name"]: one.attrib.get("value") for one in page.all(".//input[@name]")}
    assert values["amount"] == "1000.00"
    assert values["paid_on"] == "25 Jun 2024"
    (chosen,) = (option for option in page.all(".//select[@name='invoice_id']/option[@selected]"))
    assert chosen.attrib["value"] == str(invoice_id)
    assert "Deepa Krishnan" in "".join(chosen.itertext())


def test_lines_are_filled_from_a_url_and_invalid_ones_ignored(alice: Person) -> None:
    lines = json.dumps([{"description": "Visa", "quantity": 2, "unit_price": "6500.00"}])
    page = Page(alice.tab.get("/do/receive_bill", query_string={"line_items": lines}))
    values = {one.attrib["name"]: one.attrib.get("value") for one in page.all(".//input[@name]")}
    assert values["line_items-0-description"] == "Visa"
    assert values["line_items-0-unit_price"] == "6500.00"
    for nonsense in ("[", "3", '["a"]', "{}"):
        answer = alice.tab.get("/do/receive_bill", query_string={"line_items": nonsense})
        assert answer.status_code == 200


def test_an_act_redirects_to_its_record(bob: Person) -> None:
    browser, answer = send(
        bob,
        "/do/create_enquiry",
        {
            "customer_name": "Deepa Krishnan",
            "depart_date": "24 Dec 2027",
            "budget_amount": "1.2 lakh",
            "budget_currency": "INR",
            "pax_count": "4",
        },
    )
    row = enquiry_of(bob, "Deepa")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/enquiries/{row['id']}")
    assert row["depart_date"].isoformat() == "2027-12-24"
    assert (row["budget_hundredths"], row["pax_count"]) == (12_000_000, 4)
    assert "Deepa Krishnan" in browser.get(answer.headers["Location"]).text


def test_a_blank_field_keeps_the_known_value(bob: Person) -> None:
    send(bob, "/do/create_enquiry", {"customer_name": "Deepa Krishnan", "notes": "Vegetarian"})
    row = enquiry_of(bob, "Deepa")
    send(bob, "/do/update_enquiry", {"enquiry_id": str(row["id"]), "pax_count": "3"})
    row = enquiry_of(bob, "Deepa")
    assert (row["pax_count"], row["notes"]) == (3, "Vegetarian")


def test_a_person_without_the_direct_right_sends_a_request(alice: Person, bob: Person) -> None:
    invoice_id = issued(alice)
    browser, answer = send(bob, "/do/record_receipt", {**RECEIPT, "invoice_id": str(invoice_id)})
    (row,) = waiting(bob)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/approvals/{row['id']}")
    assert "Sent for approval" in browser.get(answer.headers["Location"]).text
    assert "This sends a request for approval." in bob.tab.get("/do/record_receipt").text


def test_a_person_with_the_direct_right_acts_at_once(alice: Person) -> None:
    invoice_id = issued(alice)
    _, answer = send(alice, "/do/record_receipt", {**RECEIPT, "invoice_id": str(invoice_id)})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/payments/")
    assert waiting(alice) == []
    assert "This sends a request" not in alice.tab.get("/do/record_receipt").text


def test_a_form_sent_twice_acts_once(alice: Person, bob: Person) -> None:
    invoice_id, browser = issued(alice), bob.browser
    fields = {
        **hidden(browser, "/do/record_receipt"),
        **RECEIPT,
        "invoice_id": str(invoice_id),
    }
    answers = [browser.post("/do/record_receipt", data=fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(waiting(bob)) == 1


@pytest.mark.parametrize(
    ("changes", "name", "sentence"),
    [
        ({"amount": "a few"}, "amount", "Enter an amount such as 45000 or 45,000.50."),
        ({"amount": "45000.01"}, "", "more than"),
        ({"amount": "1.001"}, "amount", "more decimals"),
        ({"paid_on": "30 Feb"}, "paid_on", "The calendar has no 30 Feb."),
        ({"paid_on": "25 Jun 2123"}, "paid_on", "This date is in the future"),
        ({"invoice_id": ""}, "invoice_id", "This field is required."),
    ],
)
def test_an_error_is_shown_at_its_field_and_input_is_preserved(
    alice: Person, changes: dict[str, str], name: str, sentence: str
) -> None:
    given = {**RECEIPT, "invoice_id": str(issued(alice)), "reference": "UTR 77"} | changes
    _, answer = send(alice, "/do/record_receipt", given)
    assert answer.status_code == 422
    page = Page(answer)
    errors = {one.attrib["id"]: "".join(one.itertext()) for one in page.all(".//*[@class='v-err']")}
    shown = errors.get(f"{name}-err", "") if name else page.words(".//*[@role='alert']")
    assert sentence in shown, (errors, page.words(".//*[@role='alert']"))
    values = {one.attrib["name"]: one.attrib.get("value") for one in page.all(".//input[@name]")}
    assert values["reference"] == "UTR 77"
    assert values["amount"] == given["amount"]


def test_lines_are_added_and_blank_ones_ignored(alice: Person, bob: Person) -> None:
    alice.does(settings.update, {"tax_number": "27AACCN6194P1ZP"})
    bill = {
        "vendor_name": "BSP India",
        "vendor_reference": "B-77",
        "issue_date": "1 Nov 2026",
        "due_date": "20 Nov 2026",
        "line_items-0-currency": "INR",
        "line_items-1-description": "Tickets",
        "line_items-1-quantity": "2",
        "line_items-1-unit_price": "10,000",
        "line_items-1-currency": "INR",
        "line_items-1-taxes-0-component": "cgst",
        "line_items-1-taxes-0-amount": "250",
    }
    _browser, more = send(bob, "/do/receive_bill?row=line_items", bill | {"then": "line"})
    assert more.status_code == 200
    names = {one.attrib["name"] for one in Page(more).all(".//input[@name]")}
    assert {"line_items-2-description", "line_items-2-taxes-0-component"} <= names
    _, answer = send(bob, "/do/receive_bill", bill)
    assert answer.status_code == 303, answer.text
    (row,) = waiting(alice)
    assert row["payload"]["line_items"] == [
        {
            "description": "Tickets",
            "quantity": 2,
            "unit_price": "10000",
            "currency": "INR",
            "taxes": [{"component": "cgst", "amount": "250"}],
            "input_credit": False,
            "price_includes_tax": False,
        }
    ]


def test_an_invalid_line_is_marked_in_its_row(bob: Person) -> None:
    _, answer = send(
        bob,
        "/do/receive_bill",
        {"line_items-1-description": "Tickets", "line_items-1-unit_price": "x"},
    )
    page = Page(answer)
    errors = {one.attrib["id"] for one in page.all(".//*[@class='v-err']")}
    assert {"line_items-0-quantity-err", "line_items-0-unit_price-err"} <= errors


def test_a_group_has_its_own_lines(alice: Person) -> None:
    debit, credit = account_id(alice, "bank_charges"), account_id(alice, "bank")
    entry = {
        "entry-narration": "Charges of June",
        "entry-entry_date": "25 Jun 2024",
        "entry-lines-0-account_id": str(debit),
        "entry-lines-0-debit_amount": "100",
        "entry-lines-0-currency": "INR",
        "entry-lines-1-account_id": str(credit),
        "entry-lines-1-credit_amount": "100",
        "entry-lines-1-currency": "INR",
    }
    choices = {
        option.attrib["value"]
        for option in Page(alice.tab.get("/do/post_journal_entry")).all(
            ".//select[@name='entry-lines-0-account_id']/option"
        )
    }
    assert {str(debit), str(credit)} <= choices
    _, answer = send(alice, "/do/post_journal_entry", entry)
    assert answer.status_code in (200, 303), answer.text
    assert "Charges of June" in alice.tab.get("/journal").text


def test_a_query_shows_its_result(alice: Person, charlie: Person) -> None:
    issued(alice)
    _, answer = send(alice, "/do/list_receivables", {})
    assert answer.status_code == 200
    assert "Deepa Krishnan" in answer.text
    assert "INR 45,000.00" in answer.text.replace("\xa0", " ")
    assert "Deepa Krishnan" not in send(charlie, "/do/list_receivables", {})[1].text


def test_a_record_in_a_result_links_to_its_page(alice: Person) -> None:
    send(alice, "/do/create_enquiry", {"customer_name": "Deepa Krishnan"})
    row = enquiry_of(alice, "Deepa")
    assert f"/enquiries/{row['id']}" in send(alice, "/do/find_enquiries", {})[1].text


def test_a_record_of_another_agency_is_refused_at_its_field(alice: Person, charlie: Person) -> None:
    invoice_id = issued(alice)
    _, answer = send(charlie, "/do/record_receipt", {**RECEIPT, "invoice_id": str(invoice_id)})
    assert answer.status_code == 422
    assert "Deepa" not in answer.text
    assert waiting(alice) == waiting(charlie) == []


def test_a_person_without_the_permission_gets_no_form(victor: Person) -> None:
    assert victor.tab.get("/do/create_enquiry").status_code == 403


def test_an_unknown_capability_is_not_found(alice: Person) -> None:
    assert alice.tab.get("/do/fly_to_the_moon").status_code == 404


def test_a_form_acts_in_the_conversation_of_its_url(alice: Person) -> None:
    """Without a conversation there is no trip; the error page keeps the input."""
    session_id = alice.api.post("/chat/sessions", json={}).json["session_id"]
    _, answer = send(alice, "/do/add_passenger", {"full_name": "Deepa Krishnan"})
    assert answer.status_code == 422
    assert 'value="Deepa Krishnan"' in answer.text
    _, answer = send(
        alice, f"/do/add_passenger?session_id={session_id}", {"full_name": "Deepa Krishnan"}
    )
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/trips/")


def test_a_form_that_queries_a_supplier_shows_the_offers(alice: Person) -> None:
    session_id = alice.api.post("/chat/sessions", json={}).json["session_id"]
    day = clock.today("Asia/Kolkata") + timedelta(days=60)
    _, answer = send(
        alice,
        f"/do/search_flights?session_id={session_id}",
        {
            "origin": "COK",
            "destination": "DXB",
            "outbound_date": day.isoformat(),
            "passengers-adult": "2",
        },
    )
    assert answer.status_code == 200, answer.text
    assert "INR" in answer.text


def test_a_viewer_has_the_forms_of_queries_and_no_others(victor: Person) -> None:
    listed = victor.tab.get("/do").text
    assert "/do/trial_balance" in listed
    assert "/do/record_receipt" not in listed
    _, shown = send(victor, "/do/trial_balance", {})
    assert shown.status_code == 200


def test_a_result_offers_the_next_acts_filled_with_what_it_knows(
    alice: Person, victor: Person
) -> None:
    trip_id = str(a_trip(alice))
    _, shown = send(alice, "/do/show_trip", {"trip_id": trip_id})
    links = [one.attrib["href"] for one in Page(shown).all(".//main//a")]
    assert f"/do/send_itinerary?trip_id={trip_id}" in links
    _, shown = send(victor, "/do/show_trip", {"trip_id": trip_id})
    assert "/do/send_itinerary" not in shown.text
