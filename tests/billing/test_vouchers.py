"""Receipt vouchers and refund vouchers: the tax on advances (Rules 50 and 51)."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import advance, issued
from tests.billing.test_forms import send
from tests.billing.test_taxes import agency, create_customer, findings, posted, taxed
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.paper_text import text_of
from tests.people import Person
from tests.privacy.test_erasure import erase
from voyagent.billing.core.service.charges import Charge
from voyagent.billing.payments.service import allocations, payments, reversals
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.vouchers import errors, service
from voyagent.billing.vouchers.service import Taxation
from voyagent.kernel.errors import Forbidden, VoyagentError
from voyagent.kernel.money import Money
from voyagent.taxes.rules.calculation import NoRateForAdvance

__all__ = ["agency"]
PAID_ON, LATER = date(2026, 10, 28), date(2026, 11, 10)
TAX = ("advance_tax", "output_cgst", "output_sgst", "output_igst")
TOUR = "tour_without_credit"


def inr(minor: int) -> Money:
    return Money(minor, "INR")


def advanced(person: Person, **given: Any) -> tuple[UUID, UUID]:
    """Receive 50,000.00 in advance, and issue its voucher. Return payment and voucher.

    The bank keeps 1,000.00 of it: the tax is due on all that the customer paid.
    """
    payment_id = advance(person, 4_900_000, PAID_ON, charge=Charge("1000.00"))
    return payment_id, vouchered(person, payment_id, **given)


def vouchered(person: Person, payment_id: UUID, **given: Any) -> UUID:
    return person.does(lambda actor: service.issue_voucher(actor, payment_id, Taxation(**given)).id)


def tax_of(person: Person) -> tuple[int, ...]:
    """Return the balances of tax on advances, CGST, SGST and IGST."""
    found = balances(person)
    return tuple(found.get((purpose, "INR"), 0) for purpose in TAX)


def use(person: Person, payment_id: UUID, price: str) -> None:
    """Issue an invoice without tax of this price, and settle it with an advance."""
    invoice_id = issued(
        person, taxed(price, None), customer_name="Deepa Krishnan", issue_date=LATER, due_date=LATER
    )
    person.does(
        lambda actor: (
            allocations.allocate(
                actor, payment_id, parts=[Part(invoice_id, inr(int(price) * 100))], on=LATER
            ).id
        )
    )


@pytest.mark.parametrize(
    ("given", "taxes"),
    [
        ({"tax": TOUR, "place": "27"}, (238_096, -119_048, -119_048, 0)),
        ({"tax": TOUR, "place": "24"}, (238_095, 0, 0, -238_095)),
        ({}, (762_712, 0, 0, -762_712)),
    ],
)
def test_the_tax_is_taken_out_of_the_advance(
    agency: Person, given: dict[str, Any], taxes: tuple[int, ...]
) -> None:
    """Vectors 12, 13 and 14: without rate and place it is IGST of 18 %."""
    _payment_id, voucher_id = advanced(agency, **given)
    assert tax_of(agency) == taxes
    found = agency.api.get(f"/receipt-vouchers/{voucher_id}").json
    value = {238_096: "47619.04", 238_095: "47619.05", 762_712: "42372.88"}[taxes[0]]
    assert (found["number"], found["taxable_amount"], found["percent"]) == (
        "V/2026-27/000001",
        value,
        "5" if given else "18",
    )
    assert findings(agency) == []


def test_invoices_release_the_tax_in_proportion(agency: Person) -> None:
    """Vector 15; an allocation that is taken back charges its tax again."""
    payment_id, voucher_id = advanced(agency, tax=TOUR, place="27")
    use(agency, payment_id, "21000")
    use(agency, payment_id, "29000")
    assert tax_of(agency) == (0, 0, 0, 0)
    first, second = agency.api.get(f"/receipt-vouchers/{voucher_id}").json["uses"]
    assert [(one["taxable_amount"], one["cgst"], one["sgst"]) for one in (first, second)] == [
        ("20000.00", "500.00", "500.00"),
        ("27619.04", "690.48", "690.48"),
    ]
    (_first, last) = agency.api.get(f"/payments/{payment_id}").json["allocations"]
    agency.does(lambda actor: allocations.deallocate(actor, payment_id, UUID(last["id"])).id)
    assert tax_of(agency) == (138_096, -69_048, -69_048, 0)
    assert findings(agency) == []
    with pytest.raises(errors.VoucherUsed):
        agency.does(lambda actor: service.reverse_voucher(actor, voucher_id, reason="No").id)


def test_a_refund_of_the_advance_has_a_refund_voucher(agency: Person) -> None:
    """Vector 16: 5,000.00 are kept and invoiced, and 45,000.00 refunded."""
    payment_id, voucher_id = advanced(agency, tax=TOUR, place="27")
    refund_id = agency.does(
        lambda actor: payments.refund_payment(actor, payment_id, amount=inr(4_500_000), on=LATER).id
    )
    use(agency, payment_id, "5000")
    assert tax_of(agency) == (0, 0, 0, 0)
    refund, _kept = agency.api.get(f"/receipt-vouchers/{voucher_id}").json["uses"]
    path = f"/refund-vouchers/{refund['id']}"
    found = agency.api.get(path).json
    assert (found["number"], found["amount"], found["cgst"], found["receipt_voucher_number"]) == (
        *("W/2026-27/000001", "45000.00", "1071.43", "V/2026-27/000001"),
    )
    printed = text_of(agency.tab.get(f"{path}/refund-voucher.pdf").data)
    for words in ("Refund voucher", "V/2026-27/000001", "CGST 2.5 %", "1,071.43"):
        assert words in printed, words
    assert "Maharashtra (27)" in agency.tab.get(path).text
    agency.does(
        lambda actor: reversals.reverse_refund(actor, payment_id, refund_id, reason="Bounced").id
    )
    assert tax_of(agency) == (214_286, -107_143, -107_143, 0)
    assert findings(agency) == []


def test_the_pages_issue_print_and_reverse_a_voucher(agency: Person) -> None:
    create_customer(agency, "Deepa Krishnan", state="27", country="IN", address="12 Marine Drive")
    payment_id = advance(agency, 5_000_000, PAID_ON)
    path = f"/payments/{payment_id}/voucher"
    assert path in agency.tab.get(f"/payments/{payment_id}").text
    given = {"amount": "50,000.00", "tax": TOUR, "issued_on": "28 Oct 2026"}
    shown = posted(Page(send(agency, path, **given, then="look")))
    assert any("GST on advances" in words and "2,380.96" in words for words in shown), shown
    answer = send(agency, path, **given)
    assert answer.status_code == 303, answer.text
    voucher = answer.headers["Location"]
    printed = agency.tab.get(f"{voucher}/receipt-voucher.pdf")
    for words in ("Receipt voucher", "12 Marine Drive", "Tour, without input credit", "47,619.04"):
        assert words in text_of(printed.data), words
    page = agency.tab.get(voucher).text
    assert hashlib.sha256(printed.data).hexdigest() in page
    assert "Tax payable on reverse charge: No" in page
    assert "V/2026-27/000001" in agency.tab.get(f"/payments/{payment_id}").text
    refused = send(agency, f"{voucher}/reverse", reason="", reversed_on="28 Oct 2026")
    assert refused.status_code == 422
    done = send(agency, f"{voucher}/reverse", reason="Not ours", reversed_on="28 Oct 2026")
    assert done.status_code == 303, done.text
    assert tax_of(agency) == (0, 0, 0, 0)
    assert "Reversed" in text_of(agency.tab.get(f"{voucher}/receipt-voucher.pdf").data)
    assert agency.tab.get(f"{voucher}/receipt-voucher.pdf?copy=issued").data == printed.data
    party_id = UUID(agency.api.get(f"/payments/{payment_id}").json["party_id"])
    agency.does(lambda actor: payments.refund_payment(actor, payment_id).id)
    erase(agency, party_id)
    again = text_of(agency.tab.get(f"{voucher}/receipt-voucher.pdf?copy=issued").data)
    assert "Deepa Krishnan" not in again
    assert "12 Marine Drive" not in again


def test_an_erasure_takes_the_name_out_of_the_entries_of_vouchers(agency: Person) -> None:
    payment_id, _voucher = advanced(agency)
    agency.does(lambda actor: payments.refund_payment(actor, payment_id).id)
    payment = agency.api.get(f"/payments/{payment_id}").json
    name = payment["party_name"]
    entries = agency.api.get("/journal-entries").json["items"]
    named = {one["source_type"] for one in entries if name in one["narration"]}
    assert named >= {"receipt_voucher", "voucher_use"}
    erase(agency, UUID(payment["party_id"]))
    assert name not in agency.api.get("/journal-entries").text


def test_one_voucher_for_a_taxable_advance(agency: Person, bob: Person, charlie: Person) -> None:
    payment_id = advance(agency, 5_000_000, PAID_ON)
    refused: list[tuple[dict[str, Any], type[VoyagentError]]] = [
        ({"tax": "air_domestic"}, NoRateForAdvance),
        ({"tax": "exempt"}, NoRateForAdvance),
        ({"tax": "room"}, NoRateForAdvance),
    ]
    for given, error in refused:
        with pytest.raises(error):
            vouchered(agency, payment_id, **given)
    with pytest.raises(Forbidden):
        vouchered(bob, payment_id)
    answers = at_once(
        [lambda: agency.api.post(f"/payments/{payment_id}/voucher", json={}).status_code] * 2
    )
    assert sorted(answers) == [201, 409]
    voucher = agency.api.get(f"/payments/{payment_id}").json["receipt_voucher_id"]
    agency.does(lambda actor: reversals.reverse_payment(actor, payment_id, reason="Bounced").id)
    assert tax_of(agency) == (0, 0, 0, 0)
    assert findings(agency) == []
    assert charlie.api.get(f"/receipt-vouchers/{voucher}").status_code == 404
    dollars = agency.does(
        lambda actor: (
            payments.record_payment(
                actor, direction="in", party_name="Deepa", amount=Money(100, "USD"), on=PAID_ON
            ).id
        )
    )
    with pytest.raises(errors.NotATaxableAdvance):
        vouchered(agency, dollars)
