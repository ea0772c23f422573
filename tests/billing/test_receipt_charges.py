"""Charges that a bank or payment gateway keeps of a receipt."""

from __future__ import annotations

from datetime import date
from functools import partial

import sqlalchemy as sa

from tests.billing.papers import advance, issued, line
from tests.billing.test_api import code
from tests.billing.test_carrying import quote, worth
from tests.billing.test_payouts import findings, lines_of, registered
from tests.capabilities.test_form_fields import run
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.test_base_amounts import make_ready
from tests.people import Person, csrf_token
from voyagent.billing.core.errors import DocumentNotOpen
from voyagent.billing.core.service.charges import Charge
from voyagent.billing.payments.service import payments

IGST = [{"component": "igst", "amount": "180.00"}]
SETTLED = [
    ("1100", "48820.00", None),
    ("5700", "1000.00", None),
    ("1412", "180.00", None),
    ("1200", None, "50000.00"),
]


def test_an_invoice_is_settled_with_what_the_gateway_kept(alice: Person) -> None:
    """50,000 of which a gateway keeps 2 % and 18 % tax on it at once (V48)."""
    registered(alice)
    invoice_id = issued(alice, line("50000.00", quantity=1))
    body = {"paid_on": "2024-06-25", "fee": "1000.00", "taxes": IGST}
    path = f"/invoices/{invoice_id}/receipts"
    assert code(alice.api.post(path, json=body | {"amount": "48820.01"})) == (
        409,
        "payment_exceeds_open",
    )
    record = partial(
        *(alice.does, payments.record_receipt, invoice_id, None, date(2024, 6, 25)),
        charge=Charge("1000.00", {"igst": "180.00"}),
    )
    assert sum(isinstance(one, DocumentNotOpen) for one in at_once([record] * 2)) == 1
    (payment,) = alice.api.get("/payments").json["items"]
    amounts = {"amount": "48820.00", "charge_amount": "1180.00", "charge_tax_amount": "180.00"}
    assert payment.items() >= (amounts | {"allocated_amount": "50000.00"}).items()
    assert lines_of(alice, payment) == SETTLED
    (event,) = alice.api.get("/audit?kind=payment.received").json["items"]
    assert event["payload"]["outputs"]["charge_amount"] == "1180.00"
    page = Page(alice.tab.get(f"/payments/{payment['id']}")).words()
    assert all(one in page for one in ("₹50,000.00", "1,180.00", "48,820.00"))
    paper = alice.tab.get(f"/payments/{payment['id']}/payment.pdf")
    assert (paper.status_code, paper.mimetype) == (200, "application/pdf")
    reverse = f"/payments/{payment['id']}/reverse"
    assert all(one in alice.tab.get(reverse).text for one in ("5700", "1412", "48,820.00"))
    undone = {"reason": "Typed twice", "reversed_on": "2024-06-25"}
    assert alice.api.post(reverse, json=undone).status_code == 200
    assert findings(alice) == []


def test_the_form_and_the_assistant_take_the_charge(alice: Person) -> None:
    registered(alice)
    invoice_id = issued(alice, line("50000.00", quantity=1))
    browser, path = alice.tab, f"/invoices/{invoice_id}/receipt"
    typed = {
        "amount": "50,000.00",
        "paid_on": "25 Jun 2024",
        "account": "bank",
        "fee": "1,000.00",
        "tax_igst": "180",
        "csrf_token": csrf_token(browser),
    }
    assert 'value="48,820.00"' in browser.post(path, data=typed | {"then": "fill"}).text
    typed |= {"amount": "48,820.00"}
    looked = browser.post(path, data=typed | {"then": "look"}).text
    assert all(one in looked for one in ("5700", "1412", "48,820.00", "50,000.00"))
    given = {
        "invoice_id": invoice_id,
        "amount": "48820.00",
        "currency": "INR",
        "paid_on": "2024-06-25",
        "fee": "1000.00",
        "taxes": IGST,
    }
    assert run(alice, "record_receipt", **given)["open_amount"] == "0.00"
    (payment,) = alice.api.get("/payments").json["items"]
    assert lines_of(alice, payment) == SETTLED
    refused = browser.post("/payments/new", data=typed | {"direction": "out", "party_name": "Uma"})
    assert (refused.status_code, "Only a payment from a customer" in refused.text) == (422, True)


def test_a_charge_in_dollars_has_a_base_amount(alice: Person, owner_engine: sa.Engine) -> None:
    """Of USD 1,000 the bank keeps 25, without tax; the rate is 84.205."""
    make_ready(owner_engine, alice)
    given = {"currency": "USD", "exchange_rate": quote("84.205")}
    payment_id = advance(alice, 97_500, charge=Charge("25.00"), **given)
    payment = alice.api.get(f"/payments/{payment_id}").json
    assert (payment["unapplied_amount"], payment["base_total_amount"]) == ("1000.00", "84205.00")
    carried = worth(owner_engine, alice)
    assert (carried["bank_charges"], carried["bank"], carried["customer_advances"]) == (
        210_512,
        8_209_988,
        -8_420_500,
    )
    body = {"party_name": "Uma", "amount": "1.00", "currency": "INR", "fee": "1.00"}
    assert code(alice.api.post("/payments", json=body | {"taxes": IGST})) == (
        409,
        "agency_tax_number_required",
    )
    assert findings(alice) == []
