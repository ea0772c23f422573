"""An agency with a row in every tenant table, created through the services."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from tests.people import Person
from tests.settings.pictures import picture
from voyagent.assistant.models import BudgetReservation, MissingModel, ModelDailyUsage, TurnCost
from voyagent.assistant.service import messages as assistant
from voyagent.audit.rules.verifier import kid_of
from voyagent.audit.service import checks
from voyagent.audit.service.statements import Anchors
from voyagent.banking import service as banking
from voyagent.billing.accruals import service as accruals
from voyagent.billing.bills import service as bill_service
from voyagent.billing.cancellations.service import Cancel, cancel, preview_cancellation
from voyagent.billing.cheques import service as cheques
from voyagent.billing.claims import service as claims
from voyagent.billing.core.service import instalments
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing
from voyagent.billing.payments.service import payments as payment_service, refunds, reversals
from voyagent.billing.payments.service.means import Means
from voyagent.billing.payouts.service import Payout, record_payout
from voyagent.billing.policies import service as policies
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.billing.treatments import service as treatments
from voyagent.billing.vouchers import service as vouchers
from voyagent.billing.write_offs import service as write_off_service
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service as enquiries
from voyagent.identity.models import ApiKey, OneTimeToken, RecoveryCode
from voyagent.identity.service import invites
from voyagent.imports.service import files as imports
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.models import Revaluation
from voyagent.ledger.service import chart, months
from voyagent.parties.service import addresses, contacts, merges, parties, tax_numbers
from voyagent.privacy.models import Erasure
from voyagent.privacy.service import links
from voyagent.rates import service as rates
from voyagent.reports.models import ReportFile
from voyagent.settings.service import logos, tenant_settings as settings
from voyagent.taxes.rules import tables
from voyagent.trips.models import SupplierOffer, SupplierResponse
from voyagent.trips.queries.expected_bills import ExpectedBillSearch, list_expected_bills
from voyagent.trips.rules.details import OtherDetails
from voyagent.trips.service import lines, passengers, trips
from voyagent.trips.service.passengers import PassengerChanges

ISSUED, DUE = date(2026, 11, 2), date(2026, 12, 1)


def fill(person: Person, drain: Callable[[], None]) -> None:
    """Create records of every table; the person is signed out afterwards."""
    rules = person.app.extensions["voyagent.identity"]
    with person.acting() as actor:
        invites.invite(rules, actor, email=f"{secrets.token_hex(6)}@malabar.example", role="agent")
        enquiry = enquiries.create(actor, customer_name="Deepa Krishnan", pax_count=4)
        party = parties.create(
            actor,
            name="Deepa Krishnan",
            is_customer=True,
            tax_number="27AAPFU0939F1ZV",
            pan="AAPFU0939F",
        )
        party_id = party.id
        addresses.add(actor, party_id, kind="billing", lines="12 MG Road", city="Kochi")
        contacts.add(actor, party_id, name="Meera Nair", email="meera@malabar.example")
        tax_numbers.add(actor, party_id, country="AE", number="TRN 1")
        again = parties.create(actor, name="Deepa Krishnan, Kochi", is_customer=True)
        merges.merge(actor, again.id, party_id, reason="Entered twice")
        links.confirm(actor, party_id, kind="enquiry", record_id=enquiry.id)
        imports.run(actor, "parties", "name,is_supplier\nAir India,yes\n")
        rates.enter_rate(
            actor, Quote("USD", "INR", Decimal("84.205"), clock.today(actor.timezone), "FBIL")
        )
        banking.open_account(
            replace(actor, fresh=True),
            kind="bank",
            currency="INR",
            details={"name": "HDFC", "number": "50100012345678"},
        )
        _credentials(person)
        rules.outbox.send(to=person.email, kind="recovery_codes_changed", locale="en")
        _book(person)
        _travel(person)
        _spend()
        session_id = chat.create_session(actor).id
        assistant.send(
            actor,
            session_id,
            message="invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec 2100",
        )
    drain()
    with person.acting() as actor:
        sent = assistant.send(actor, session_id, message="yes")
        db.session.add(BudgetReservation(turn_id=sent.turn_id, tokens=1024, expires_at=clock.now()))
        _files(person, party_id)
    with person.app.app_context():
        checks.check_and_sign(person.actor.tenant_id, _anchors(person.app))
    drain()
    assert (
        person.api.post("/chat/sessions", headers={"Idempotency-Key": "a-key"}).status_code == 201
    )
    assert person.api.post("/auth/sign-out").status_code == 204


def _credentials(person: Person) -> None:
    """Create a row of each kind of secret."""
    now, user_id = clock.now(), person.actor.user_id
    digest = secrets.token_bytes(32)
    db.session.add(
        OneTimeToken(
            user_id=user_id,
            purpose="verify_email",
            email=person.email,
            token_hash=digest,
            expires_at=now,
        )
    )
    db.session.add(RecoveryCode(user_id=user_id, code_hash=digest))
    db.session.add(
        ApiKey(
            created_by_user_id=user_id,
            name="Website",
            prefix=secrets.token_hex(4),
            key_hash=digest,
            scopes=["read"],
        )
    )


def _book(person: Person) -> None:
    items = [
        LineItem(
            description="Dubai visa",
            quantity=2,
            unit_price="500.00",
            currency=person.actor.currency,
        )
    ]
    settings.update(
        person.actor, {"tax_number": "27AACCN6194P1ZP", "bank_details": "HDFC 50100012345678"}
    )
    treatments.confirm(
        person.actor,
        "service_fee",
        rates_hash=tables.rates_hash("IN", "service_fee"),
        compared_with="Notification 11/2017",
    )
    logos.put(person.actor, picture())
    sold: dict[str, Any] = {
        "line_items": [items[0] | {"tax": "service_fee"}],
        "place_of_supply": "27",
        "customer_tax_number": "27AAPFU0939F1ZV",
        "customer_pan": "AAPFU0939F",
        "trip_id": trips.open_trip(person.actor).id,
    }
    drafted = invoice_drafts.draft_invoice(
        person.actor, customer_name="Deepa Krishnan", issue_date=ISSUED, due_date=DUE, **sold
    )
    issued = issuing.issue_invoice(person.actor, drafted.id)
    payment_service.record_receipt(person.actor, issued.id, Money(10_000, issued.currency), ISSUED)
    cheque = cheques.receive(
        person.actor,
        party_name="Deepa Krishnan",
        amount=Money(10_000, issued.currency),
        cheque_no="000123",
        cheque_on=DUE,
        invoice_ids=[issued.id],
    )
    cheques.give_back(person.actor, cheque.id, reason="Paid by card")
    planned: list[instalments.InstalmentItem] = [
        {"due_date": ISSUED, "amount": "300.00"},
        {"due_date": DUE, "amount": "700.00"},
    ]
    two = invoice_drafts.draft_invoice(
        person.actor,
        customer_name="Deepa Krishnan",
        issue_date=ISSUED,
        instalments=planned,
        line_items=items,
    )
    payment_service.record_receipt(
        person.actor,
        issuing.issue_invoice(person.actor, two.id).id,
        Money(10_000, two.currency),
        ISSUED,
    )
    advance = payment_service.record_payment(
        person.actor,
        direction="in",
        party_name="Deepa Krishnan",
        amount=Money(500, issued.currency),
        on=ISSUED,
    )
    payment_service.refund_payment(
        person.actor, advance.id, amount=Money(100, issued.currency), on=ISSUED
    )
    assert advance.party_id is not None
    refunds.refund_party(person.actor, advance.party_id, Money(400, issued.currency), on=ISSUED)
    _pay_out(person)
    credit_note_service.issue_credit_note(
        person.actor, issued.id, reason="Not travelled", amounts={1: Money(100, issued.currency)}
    )
    write_off_service.write_off_invoice(
        person.granted("invoice.write_off").actor,
        issued.id,
        reason="Cannot be traced",
        amount=Money(100, issued.currency),
    )
    printed = [items[0] | {"input_taxes": {"cgst": "90.00"}, "input_credit": True}]
    bill = bill_service.receive_bill(
        person.actor,
        vendor_name="Air India",
        vendor_reference="AI-1",
        issue_date=ISSUED,
        due_date=DUE,
        line_items=printed,
    )
    supplier_credit_service.credit_bill(
        person.actor,
        bill.id,
        vendor_reference="AI-C1",
        reason="Not travelled",
        amounts={1: Money(100, bill.currency)},
    )
    _claim(person, bill.id)
    _voucher(person)
    _cancel(person)
    policies.set_policy(
        person.actor, applies_to="agent", method="at_service", reason="Advice of the auditor"
    )
    months.close_month(person.actor, date(2026, 1, 1))
    assert issued.entry_id is not None
    db.session.add(
        Revaluation(
            month=date(2026, 1, 1),
            run_no=1,
            account_id=chart.account_of(person.actor, "bank"),
            currency="USD",
            balance_minor=0,
            base_before_minor=1,
            base_after_minor=0,
            entry_id=issued.entry_id,
        )
    )


def _cancel(person: Person) -> None:
    """Cancel a new invoice."""
    drafted = invoice_drafts.draft_invoice(
        person.actor,
        customer_name="Deepa Krishnan",
        issue_date=ISSUED,
        due_date=DUE,
        line_items=[LineItem(description="Dubai visa", quantity=1, unit_price="5", currency="INR")],
    )
    issuing.issue_invoice(person.actor, drafted.id, out_of_order_reason="Entered late")
    wanted = Cancel(invoice_ids=[drafted.id], reason="Not travelled")
    preview = preview_cancellation(person.actor, wanted)
    cancel(person.actor, wanted, preview_hash=preview.preview_hash)


def _claim(person: Person, bill_id: UUID) -> None:
    """Claim a refund of a bill, of which a part comes, and take both back.

    The books are then right without the claim too, which a release before it does not store.
    """
    payment_service.pay_bill(person.actor, bill_id, on=ISSUED)
    claim = claims.open_claim(
        person.actor, bill_id, reason="Cancelled", amounts={1: Money(200, "INR")}
    )
    receipt = claims.receive_claim(person.actor, claim.id, claims.Refund(Money(100, "INR")))
    claims.reverse_receipt(person.actor, receipt.id, reason="A mistake")
    supplier_credit_service.reverse_supplier_credit(
        person.actor, claim.supplier_credit_id, reason="A mistake"
    )


def _voucher(person: Person) -> None:
    """Issue the receipt voucher of an advance, refund the advance, and take both back.

    The books are then right without the voucher too, which a release before it does not store.
    """
    paid = payment_service.record_payment(
        person.actor, direction="in", party_name="Deepa", amount=Money(10_000, "INR")
    )
    taxation = vouchers.Taxation(tax="service_fee")
    voucher = vouchers.issue_voucher(person.actor, paid.id, taxation)
    refund = payment_service.refund_payment(person.actor, paid.id)
    reversals.reverse_refund(person.actor, paid.id, refund.id, reason="A mistake")
    vouchers.reverse_voucher(person.actor, voucher.id, reason="A mistake")


def _pay_out(person: Person) -> None:
    """Record a payout of a gateway."""
    admin = replace(person.actor, fresh=True)
    accounts: dict[str, Any] = {
        kind: banking.open_account(
            admin, kind=kind, currency="INR", details={"name": f"A {kind}"}
        ).id
        for kind in ("gateway", "bank")
    }
    payment = payment_service.record_payment(
        person.actor,
        direction="in",
        party_name="Deepa Krishnan",
        amount=Money(500, "INR"),
        on=ISSUED,
        means=Means(bank_account_id=accounts["gateway"]),
    )
    payout = Payout(accounts["gateway"], accounts["bank"], [payment.id], on=ISSUED)
    record_payout(person.actor, payout)


def _travel(person: Person) -> None:
    trip = trips.open_trip(person.actor)
    changes: PassengerChanges = {"full_name": "Deepa Krishnan", "passport_number": "Z1234567"}
    passengers.add_passenger(
        person.app.extensions["voyagent.keyring"], person.actor, trip.id, changes
    )
    lines.add_line(
        person.actor,
        trip.id,
        OtherDetails(kind="other", title="Desert at sunset"),
        {"status": "booked", "cost": "500.00", "supplier": "Air India"},
    )
    expected = list_expected_bills(SessionReader(db.session), ExpectedBillSearch()).items
    bill_service.bill_from_expected(
        person.actor, [expected[0]["id"]], vendor_reference="AI-2", issue_date=ISSUED
    )
    stay = OtherDetails(kind="other", title="Guide", on=date(2026, 2, 3))
    booking: lines.LineChanges = {"status": "booked", "cost": "90.00", "supplier": "Air India"}
    lines.add_line(person.actor, trip.id, stay, booking)
    # Released on the same day: the books are right without it, as a release before it needs them.
    for accrual in accruals.accrue(person.actor, date(2026, 2, 1)):
        accruals.release_accrual(
            person.actor, accrual.expected_bill_id, reason="A mistake", on=stay.on
        )
    db.session.add(
        SupplierOffer(kind="flight", supplier="sandbox", payload={}, expires_at=clock.now())
    )
    db.session.add(
        SupplierResponse(
            what="flights",
            question="0" * 64,
            offer_ids=[],
            expires_at=clock.now() + timedelta(hours=1),
        )
    )  # one that is past is swept


def _files(person: Person, party_id: UUID) -> None:
    """Record an erasure and a file that a worker made."""
    now = clock.now()
    db.session.add(
        Erasure(
            party_id=party_id,
            pseudonym="Person 1",
            reason="On request",
            erased_at=now,
            counts={},
        )
    )
    db.session.add(
        ReportFile(
            user_id=person.actor.user_id,
            address="/api/reports/day-book.pdf",
            credential={},
            expires_at=now + timedelta(days=1),
        )
    )


def _anchors(app: Flask) -> Anchors:
    """Return the anchors of an application, with a new key if it has none."""
    found: Anchors = app.extensions["voyagent.anchors"]
    if found.signing_key is not None:
        return found
    key = Ed25519PrivateKey.generate()
    public_key = key.public_key().public_bytes_raw()
    return replace(found, signing_key=key, public_keys={kid_of(public_key): public_key})


def _spend() -> None:
    """Record the cost of a model's response on its day."""
    tokens = {
        "input_tokens": 100,
        "output_tokens": 20,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
    }
    cost, day = Decimal("0.0006"), clock.today()
    db.session.add(
        TurnCost(
            session_id=new_id(),
            turn_id="t-0",
            number=2,
            model="a-model",
            estimated=False,
            cost_usd=cost,
            day=day,
            **tokens,
        )
    )
    db.session.add(ModelDailyUsage(day=day, answers=1, tokens=120, cost_usd=cost))
    db.session.add(MissingModel(model="a-model"))
