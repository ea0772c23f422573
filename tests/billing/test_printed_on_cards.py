"""A reviewer sees what an invoice will print, and approves exactly this."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import draft, issued, line, plan
from tests.billing.test_cancellation_requests import a_paid_sale, asked, of_sale
from tests.billing.test_created import wanted
from tests.billing.test_legal_papers import GSTIN_OF_BUYER, MAIN, party_with
from tests.billing.test_taxes import HERE, ON, taxed
from tests.enquiries.reading import Page
from tests.people import People, Person
from voyagent.billing.invoices.service import debit_notes
from voyagent.enquiries import service as enquiries
from voyagent.kernel.money import Money
from voyagent.settings.service import tenant_settings as settings

Drain = Callable[[], None]
NOTES = "Pay to <b>another</b> account\n**now**, see [here](https://example.com/pay)"
WITHOUT_NUMBER = {"customer_tax_number": None, "place_of_supply": "27"}
PRINTED = {
    "billing_address": "4 Hill Road\nPune 411001\nMaharashtra (27)",
    "customer_tax_number": GSTIN_OF_BUYER,
    "place_of_supply": "27",
    "party_reference": "PO 7",
    "due_date": "2026-06-25",
    "notes": NOTES,
}


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


@pytest.fixture
def leila(people: People, alice: Person) -> Person:
    """Alice's colleague who leads accounting and may approve."""
    return people.colleague(alice, "Leila Lead", role="accounting_lead")


@pytest.fixture
def party(agency: Person) -> str:
    """The customer of the invoices, as a path in the API."""
    return party_with(agency, **MAIN, tax_number=GSTIN_OF_BUYER)


def a_draft(person: Person, **given: Any) -> UUID:
    terms: dict[str, Any] = ON | {"due_date": date(2026, 6, 25), "party_reference": "PO 7"}
    return draft(person, taxed("100"), **(terms | {"notes": NOTES} | given))


def to_issue(person: Person, invoice_id: UUID) -> dict[str, Any]:
    return asked(person, "issue_invoice", invoice_id=str(invoice_id))


def granted(person: Person, proposal: dict[str, Any]) -> tuple[int, str | None]:
    answer = person.api.post(f"/approvals/{proposal['id']}/resolve", json={"granted": True})
    return answer.status_code, answer.json.get("detail")


def test_the_request_shows_what_the_invoice_prints(
    agency: Person, bob: Person, leila: Person, party: str, drain: Drain
) -> None:
    invoice_id = a_draft(agency)
    proposal = to_issue(bob, invoice_id)
    assert proposal["preview"]["papers"] == [PRINTED]
    assert granted(leila, proposal) == (200, None)
    drain()
    paper = agency.api.get(f"/invoices/{invoice_id}").json
    assert paper["status"] == "issued"
    names = {"billing_address": "customer_address"}
    assert {name: paper[names.get(name, name)] for name in PRINTED} == PRINTED


def test_each_page_with_the_decision_shows_it_as_plain_text(
    agency: Person, bob: Person, leila: Person, party: str
) -> None:
    proposal = to_issue(bob, a_draft(agency))
    other = to_issue(bob, a_draft(agency, notes="Second"))
    several = f"/approvals/several?chosen={proposal['id']}&chosen={other['id']}"
    for path in (f"/approvals/{proposal['id']}", several):
        words = Page(leila.tab.get(path)).words(".//main")
        for text in (
            *("Billing address", "4 Hill Road", "Pune 411001", GSTIN_OF_BUYER, "PO 7"),
            *("Place of supply", "Maharashtra (27)", "Notes", "<b>another</b>", "**now**"),
        ):
            assert text in words, (path, text)
    talk = bob.tab.get(f"/assistant/{proposal['session_id']}").text
    assert "&lt;b&gt;another&lt;/b&gt;" in talk
    assert "**now**, see [here](https://example.com/pay)" in talk


@pytest.mark.parametrize(
    ("of", "change", "name", "value"),
    [
        ("party", {"address": "8 New Street"}, "billing_address", "8 New Street\nMaharashtra (27)"),
        ("invoice", {"notes": "Changed"}, "notes", "Changed"),
        ("invoice", {"party_reference": "PO 8"}, "party_reference", "PO 8"),
        ("invoice", WITHOUT_NUMBER, "customer_tax_number", None),
    ],
)
@pytest.mark.parametrize("is_approved", [False, True])
def test_a_change_of_what_is_printed_asks_again(  # noqa: PLR0913, PLR0917
    agency: Person,
    bob: Person,
    leila: Person,
    party: str,
    drain: Drain,
    of: str,
    change: dict[str, Any],
    name: str,
    value: str | None,
    is_approved: bool,
) -> None:
    invoice_id = a_draft(agency, place_of_supply="27")
    proposal = to_issue(bob, invoice_id)
    if is_approved:
        assert granted(leila, proposal) == (200, None)
    changed = agency.api.patch(party if of == "party" else f"/invoices/{invoice_id}", json=change)
    assert changed.status_code == 200, changed.json
    if not is_approved:
        assert granted(leila, proposal) == (409, "preview_stale")
    drain()
    now = agency.api.get(f"/approvals/{proposal['id']}").json
    assert agency.api.get(f"/invoices/{invoice_id}").json["status"] == "draft"
    if is_approved:
        assert (now["effect_status"], now["effect_error"]) == ("failed", "changed_since_approval")
        return
    fresh = agency.api.get(f"/approvals/{now['superseded_by']}").json
    assert fresh["preview"]["papers"][0].get(name) == value
    assert granted(leila, fresh) == (200, None)
    drain()
    assert agency.api.get(f"/invoices/{invoice_id}").json["status"] == "issued"


def test_instalments_are_shown(agency: Person, bob: Person, leila: Person) -> None:
    parts = plan((date(2026, 7, 1), "40.00"), (date(2026, 8, 1), "60.00"))
    invoice_id = draft(
        agency, line("100", quantity=1), issue_date=ON["issue_date"], instalments=parts
    )
    proposal = to_issue(bob, invoice_id)
    (paper,) = proposal["preview"]["papers"]
    assert paper == {
        "instalments": [
            {"due_date": "2026-07-01", "amount": {"amount": "40.00", "currency": "INR"}},
            {"due_date": "2026-08-01", "amount": {"amount": "60.00", "currency": "INR"}},
        ]
    }
    words = Page(leila.tab.get(f"/approvals/{proposal['id']}")).words(".//*[@id='changes']")
    assert "Instalments, 2, AmountINR 60.00" in words


def test_a_debit_note_shows_its_invoice_and_the_address_of_it(
    agency: Person, bob: Person, party: str
) -> None:
    invoice_id = issued(agency, taxed("100"), **ON, place_of_supply="27")
    assert agency.api.patch(party, json={"address": "8 New Street"}).status_code == 200
    with agency.acting() as actor:
        note_id = debit_notes.draft_debit_note(
            actor, invoice_id, reason="Fare rise", amounts={1: Money(1_000, "INR")}
        ).id
    (paper,) = to_issue(bob, note_id)["preview"]["papers"]
    assert paper["invoice"] == agency.api.get(f"/invoices/{invoice_id}").json["number"]
    assert paper["billing_address"] == PRINTED["billing_address"]


@pytest.mark.parametrize("locale", ["en", "hi"])
def test_an_invoice_created_by_an_approval_shows_it_too(
    agency: Person, bob: Person, leila: Person, party: str, drain: Drain, locale: str
) -> None:
    agency.does(lambda actor: settings.update(actor, {"locale": locale}).locale)
    client_id = agency.does(lambda a: enquiries.create(a, customer_name="Deepa Krishnan").id)
    proposal = asked(bob, "create_invoice", **wanted(client_id, notes=NOTES))
    (paper,) = proposal["preview"]["papers"]
    assert paper["billing_address"] == PRINTED["billing_address"]
    assert paper["customer_tax_number"] == GSTIN_OF_BUYER
    assert paper["notes"].endswith(f": 12 MG Road, 682001 Kochi, IN\n{NOTES}")
    assert granted(leila, proposal) == (200, None)
    drain()
    done = agency.api.get(f"/approvals/{proposal['id']}").json
    assert done["effect_status"] == "done", done
    made = agency.api.get(f"/invoices/{done['effect_result']['invoice_id']}").json
    assert made["notes"] == paper["notes"]


def test_the_address_of_a_created_invoice_may_not_change(
    agency: Person, bob: Person, leila: Person, party: str, drain: Drain
) -> None:
    client_id = agency.does(lambda a: enquiries.create(a, customer_name="Deepa Krishnan").id)
    proposal = asked(bob, "create_invoice", **wanted(client_id))
    assert granted(leila, proposal) == (200, None)
    assert agency.api.patch(party, json={"address": "8 New Street"}).status_code == 200
    drain()
    done = agency.api.get(f"/approvals/{proposal['id']}").json
    assert (done["effect_status"], done["effect_error"]) == ("failed", "changed_since_approval")
    assert agency.api.get("/invoices").json["items"] == []


def test_the_invoice_of_a_cancellation_fee_is_shown_and_compared(
    agency: Person, bob: Person, leila: Person, party: str, drain: Drain
) -> None:
    sale_id = a_paid_sale(agency)
    plain = asked(bob, "cancel_sale", **of_sale(sale_id))
    assert "papers" not in plain["preview"]
    proposal = asked(bob, "cancel_sale", **of_sale(sale_id, fee="10", fee_tax="service_fee"))
    (paper,) = proposal["preview"]["papers"]
    assert paper["billing_address"] == PRINTED["billing_address"]
    assert agency.api.patch(party, json={"address": "8 New Street"}).status_code == 200
    assert granted(leila, proposal) == (409, "preview_stale")
    drain()
    assert agency.api.get(f"/invoices/{sale_id}").json["credited_amount"] == "0.00"
