"""Every operation of the JSON API, with ids for its path and a valid body."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from pydantic.fields import FieldInfo

from tests.approvals import probes
from tests.ledger.books import account_id
from tests.people import PASSWORD, Person
from tests.settings.pictures import in_base64, picture
from voyagent.approvals.service import proposing
from voyagent.banking import service as banking
from voyagent.billing.accruals import service as accruals
from voyagent.billing.bills import service as bill_service
from voyagent.billing.cancellations import service as cancellation_service
from voyagent.billing.cancellations.service import Cancel
from voyagent.billing.cheques import service as cheque_service
from voyagent.billing.claims import service as claim_service
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.payments import Allocation, Refund
from voyagent.billing.core.models.vouchers import VoucherUse
from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import payments as payment_service, settling
from voyagent.billing.payments.service.means import Means
from voyagent.billing.payouts import queries as payouts, service as payout_service
from voyagent.billing.payouts.service import Payout
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.billing.vouchers import queries as voucher_queries, service as voucher_service
from voyagent.billing.write_offs import service as write_off_service
from voyagent.chat.models import ChatSession
from voyagent.chat.service import conversations as chat, turns
from voyagent.enquiries import service as enquiries
from voyagent.enquiries.capabilities import create_enquiry
from voyagent.http.api import Operation
from voyagent.http.guards import Guard
from voyagent.identity.models import User
from voyagent.identity.service import accounts, invites, keys, sessions
from voyagent.identity.service.values import Device
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.queries import closed_months
from voyagent.ledger.rules import parse_month
from voyagent.ledger.service import chart, direct, entries, months
from voyagent.parties.models import Party
from voyagent.parties.service import addresses, contacts, merges, parties, tax_numbers
from voyagent.privacy.service import erasure
from voyagent.reports.service import files as report_files
from voyagent.routes import APIS
from voyagent.settings.service import tenant_settings
from voyagent.taxes.rules import tables
from voyagent.trips.models import Trip
from voyagent.trips.queries import expected_bills
from voyagent.trips.queries.expected_bills import ExpectedBillSearch
from voyagent.trips.rules.details import OtherDetails
from voyagent.trips.service import lines as trip_lines, passengers, trips

Makers = dict[str, Callable[[Person], object]]
REPORT_QUERY = {
    "from": "2026-04-01",
    "to": "2027-03-31",
    "account": "1100",
    "kind": "customer",
    "party": "Deepa",
}


@dataclass(frozen=True)
class Call:
    """One operation under its full path."""

    operation: Operation
    path: str

    @property
    def name(self) -> str:
        """Return the name of the operation in tests."""
        return f"{self.operation.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        """Return the names of the path parameters."""
        return re.findall(r"<(?:\w+:)?(\w+)>", self.path)

    @property
    def query_fields(self) -> dict[str, FieldInfo]:
        """Return the query parameters by their names in the address."""
        fields = self.operation.query.model_fields if self.operation.query else {}
        return {field.alias or name: field for name, field in fields.items()}

    def report_query(self, **more: str) -> dict[str, str]:
        """Return a value for each query parameter of a report; empty for other operations."""
        values = REPORT_QUERY | more if "/reports/" in self.path else {}
        return {name: values[name] for name in self.query_fields.keys() & values.keys()}

    @property
    def is_public(self) -> bool:
        """True if the operation takes no bearer."""
        return self.operation.guard is Guard.PUBLIC

    def address(self, **ids: object) -> str:
        """Return the path with ids; missing ids are unknown ones."""
        return re.sub(
            r"<(?:\w+:)?(\w+)>", lambda found: str(ids.get(found[1], new_id())), self.path
        )

    def things(self, person: Person) -> dict[str, object]:
        """Create a person's record for each path parameter."""
        return made_by(makers_of(self), person)

    def body(self, **changes: Any) -> dict[str, Any] | None:
        """Return a body that passes the schema."""
        if self.operation.body is None:
            return None
        return {**BODIES[self.operation.body.__name__](), **changes}

    def body_of(self, person: Person) -> dict[str, Any] | None:
        """Return a valid body with the ids of a person's records."""
        names = NAMED_IN.get(self.operation.body.__name__, {}) if self.operation.body else {}
        made = {name: make(person) for name, make in names.items()}
        return self.body(
            **{
                name: value if isinstance(value, list) else str(value)
                for name, value in made.items()
            }
        )


class Addressed(Protocol):
    """An operation or a page."""

    @property
    def name(self) -> str:
        """Return the name in tests."""

    @property
    def parameters(self) -> list[str]:
        """Return the names of the path parameters."""


def makers_of(what: Addressed) -> Makers:
    """Return the function that creates the record for each path parameter."""
    return {
        name: MAKERS_OF.get(what.name, MAKERS).get(name, MAKERS[name]) for name in what.parameters
    }


def made_by(makers: Makers, person: Person) -> dict[str, object]:
    """Create a person's records."""
    return {name: make(person) for name, make in makers.items()}


CALLS = [
    Call(operation, (api.url_prefix or "") + operation.path)
    for api in APIS
    for operation in api.operations
]
WITH_BODY = [call for call in CALLS if call.operation.body is not None]
WITH_QUERY = [call for call in CALLS if call.operation.query is not None]
WITH_IDS = [call for call in CALLS if call.parameters]
GUARDED = [call for call in CALLS if not call.is_public]


def _enquiry(person: Person) -> object:
    with person.acting() as actor:
        return enquiries.create(actor, customer_name="Deepa Krishnan", pax_count=4).id


def _enquiry_about(person: Person) -> object:
    """Return an enquiry that names the newest customers, to be linked to each."""
    with person.acting() as actor:
        newest = sa.select(Party.name).order_by(Party.created_at.desc()).limit(20)
        names = ", ".join(db.session.scalars(newest))
        return enquiries.create(actor, customer_name="Deepa Krishnan", pax_count=4, notes=names).id


def _party(person: Person) -> object:
    with person.acting() as actor:  # also for a viewer, who can note none: somebody has
        return parties.create(
            replace(actor, role="agent"),
            name=f"Deepa Krishnan {secrets.randbelow(10**9)}",
            is_customer=True,
        ).id


def _of_party(person: Person, add: Callable[[Actor, UUID], object]) -> object:
    """Return what `add` makes for the newest party, which the path also names."""
    newest = sa.select(Party.id).order_by(Party.created_at.desc(), Party.id.desc()).limit(1)
    with person.acting() as actor:
        party_id = db.session.scalar(newest)
        if party_id is not None:
            return add(replace(actor, role="agent"), party_id)
    return _party(person) and _of_party(person, add)


def _address(person: Person) -> object:
    return _of_party(
        person, lambda actor, one: addresses.add(actor, one, kind="office", lines="Kochi").id
    )


def _contact(person: Person) -> object:
    return _of_party(person, lambda actor, one: contacts.add(actor, one, name="Meera Nair").id)


def _tax_number(person: Person) -> object:
    return _of_party(
        person,
        lambda actor, one: tax_numbers.add(actor, one, country="AE", number="100123456700003").id,
    )


def _merge(person: Person) -> object:
    moved, into = _party(person), _party(person)
    with person.acting() as actor:
        admin = replace(actor, role="agency_admin")
        return merges.merge(admin, UUID(str(moved)), UUID(str(into)), reason="Entered twice").id


def _bank_account(person: Person) -> object:
    with person.acting() as actor:
        admin = replace(actor, role="agency_admin", fresh=True)
        return banking.open_account(admin, kind="bank", currency="INR", details={"name": "HDFC"}).id


def _gateway(person: Person) -> object:
    """Return the open payment gateway of the agency, which is opened if there is none."""
    with person.reading() as reader:
        found = payouts.gateways(reader)
    if found:
        return found[0]["id"]
    with person.acting() as actor:
        admin = replace(actor, role="agency_admin", fresh=True)
        return banking.open_account(
            admin, kind="gateway", currency="INR", details={"name": "HDFC"}
        ).id


def _payer(person: Person) -> object:
    """Return the id of a customer with an advance."""
    with person.acting() as actor:
        return payment_service.record_payment(
            replace(actor, role="agency_admin"),
            direction="in",
            party_name="Deepa Krishnan",
            amount=Money(10_000, "INR"),
        ).party_id


def _through_gateway(person: Person) -> object:
    """Return the ids of a payment through the gateway."""
    gateway_id: Any = _gateway(person)
    with person.acting() as actor:
        payment = payment_service.record_payment(
            replace(actor, role="agency_admin"),
            direction="in",
            party_name="Deepa Krishnan",
            amount=Money(10_000, "INR"),
            means=Means(bank_account_id=gateway_id),
        )
        return [str(payment.id)]


def _payout(person: Person) -> object:
    """Record a payout of one payment."""
    payment_ids: Any = _through_gateway(person)
    gateway_id: Any = _gateway(person)
    bank_account_id: Any = _bank_account(person)
    payout = Payout(gateway_id, bank_account_id, [UUID(one) for one in payment_ids])
    with person.acting() as actor:
        return payout_service.record_payout(replace(actor, role="agency_admin"), payout).id


def _erased(person: Person) -> object:
    """Return a party that was erased and whose identity is kept."""
    keyring, party_id = person.app.extensions["voyagent.keyring"], _party(person)
    assert isinstance(party_id, UUID)
    with person.acting() as actor:
        admin = replace(actor, role="agency_admin")
        done = erasure.erase(keyring, admin, party_id, reason="Request of the customer")
        done.identity_until = clock.today()
        done.identity_sealed = erasure.sealed_identity(keyring, party_id, {"name": "Deepa"})
    return party_id


def _session(person: Person) -> object:
    with person.acting() as actor:  # also for a viewer, who can begin none: somebody has
        return chat.create_session(replace(actor, role="agent"), title="Krishnan family").id


def _newest_session(person: Person) -> Any:
    """Return the newest conversation, which the path also names."""
    with person.acting():
        found = db.session.scalar(
            sa.select(ChatSession.id)
            .order_by(ChatSession.created_at.desc(), ChatSession.id.desc())
            .limit(1)
        )
    return found or _session(person)


def _deleted_session(person: Person) -> object:
    """Return a conversation that can be restored."""
    session_id: Any = _session(person)
    person.does(chat.delete, session_id)
    return session_id


def _card(person: Person) -> object:
    """Create an open card of an enquiry."""
    session_id, card_id = _newest_session(person), f"card-{secrets.token_hex(6)}-2"
    block = {
        "type": "card",
        "card_id": card_id,
        "draft_id": card_id,
        "capability": "create_enquiry",
        "fields": {"customer_name": "Deepa Krishnan"},
        "missing": [],
        "words": {},
        "choices": {},
        "offered": ["create_enquiry", "find_enquiries"],
    }
    with person.acting() as actor:
        writer = replace(actor, role="agent")
        chat.append_message(writer, session_id, role="assistant", blocks=[block])
    return card_id


def _turn(person: Person) -> object:
    """Create a finished turn."""
    session_id = _newest_session(person)
    with person.acting() as actor:
        turn = turns.start_turn(replace(actor, role="agent"), session_id, message="Who owes us?")
        turns.mark_finished(turn, "done")
    return turn.id


def _approval(person: Person) -> object:
    session_id = _session(person)
    arguments = {"session_id": str(session_id), "text": "hello"}
    about = {
        "turn_id": "t-0123456789ab",
        "tool_call_id": "c1",
        "summary": "Write a note",
        "arguments": arguments,
    }
    with person.acting() as actor:
        return proposing.propose(
            actor, session_id=session_id, tool_name=probes.LOOSE.tool_name, **about
        ).id


def _invite(person: Person) -> object:
    rules = person.app.extensions["voyagent.identity"]
    return person.does(
        lambda actor: invites.invite(
            rules, actor, email=f"{secrets.token_hex(6)}@malabar.example", role="agent"
        )
    )[0]


def _draft(person: Person, *items: LineItem, place_of_supply: str | None = None) -> Any:
    today = clock.today(person.actor.timezone)
    line = LineItem(
        description="Dubai visa",
        quantity=1,
        unit_price="500.00",
        currency=person.actor.currency,
    )
    with person.acting() as actor:
        return invoice_drafts.draft_invoice(
            actor,
            customer_name="Deepa Krishnan",
            issue_date=today,
            due_date=today,
            line_items=items or (line,),
            place_of_supply=place_of_supply,
        ).id


def in_maharashtra(person: Person) -> None:
    """Give the agency a GSTIN."""
    with person.acting() as actor:
        admin = replace(actor, role="agency_admin")
        tenant_settings.update(admin, {"tax_number": "27AACCN6194P1ZP"})


def _draft_of_two_places(person: Person) -> Any:
    """Draft an invoice for a room in Goa and a fee in Maharashtra."""
    in_maharashtra(person)
    fee = LineItem(
        description="Dubai visa", quantity=1, unit_price="500.00", currency="INR", tax="service_fee"
    )
    room: LineItem = {**fee, "tax": "room", "place_of_supply": "30"}
    return _draft(person, fee, room, place_of_supply="27")


def _invoice(person: Person) -> object:
    drafted = _draft(person)
    with person.acting() as actor:
        return issuing.issue_invoice(actor, drafted).id


def _draft_bill(person: Person) -> Any:
    today = clock.today(person.actor.timezone)
    items = [
        LineItem(
            description="Dubai visa",
            quantity=1,
            unit_price="500.00",
            currency=person.actor.currency,
        )
    ]
    reference = f"BSP-{secrets.randbelow(10**9)}"
    with person.acting() as actor:
        return bill_service.draft_bill(
            actor,
            vendor_name="BSP India",
            vendor_reference=reference,
            issue_date=today,
            due_date=today,
            line_items=items,
        ).id


def _bill(person: Person) -> object:
    drafted = _draft_bill(person)
    with person.acting() as actor:
        return bill_service.receive_draft(actor, drafted).id


def _scheduled_bill(person: Person) -> object:
    bill_id: Any = _bill(person)
    with person.acting() as actor:
        return bill_service.schedule_bill(
            replace(actor, role="agency_admin"), bill_id, pay_on=clock.today(actor.timezone)
        ).id


def _supplier_credit(person: Person) -> object:
    bill_id: Any = _bill(person)
    with person.acting() as actor:
        given = {
            "vendor_reference": f"C-{secrets.randbelow(10**9)}",
            "reason": "Not travelled",
            "amounts": {1: Money(100, actor.currency)},
        }
        return supplier_credit_service.credit_bill(
            replace(actor, role="agency_admin"), bill_id, **given
        ).id


def _paid_bill(person: Person) -> object:
    bill_id: Any = _bill(person)
    person.does(lambda actor: payment_service.pay_bill(actor, bill_id).id)
    return bill_id


def _claim(person: Person) -> object:
    """Claim the refund of a paid bill."""
    bill_id: Any = _paid_bill(person)
    with person.acting() as actor:
        return claim_service.open_claim(
            replace(actor, role="agency_admin"), bill_id, reason="Not travelled"
        ).id


def _claim_receipt(person: Person) -> object:
    """Receive a part of a claim."""
    claim_id: Any = _claim(person)
    with person.acting() as actor:
        admin = replace(actor, role="agency_admin")
        refund = claim_service.Refund(Money(100, actor.currency))
        return claim_service.receive_claim(admin, claim_id, refund).id


def _payment(person: Person) -> object:
    """Create a receipt that is partly allocated."""
    invoice_id: Any = _invoice(person)
    with person.acting() as actor:
        parts, amount = (
            [settling.Part(invoice_id, Money(100, actor.currency))],
            Money(500, actor.currency),
        )
        return payment_service.record_payment(
            actor, direction="in", party_name="Deepa Krishnan", amount=amount, parts=parts
        ).id


def _taxable_advance(person: Person) -> Any:
    """Record an advance on which GST is due."""
    in_maharashtra(person)
    with person.acting() as actor:
        return payment_service.record_payment(
            replace(actor, role="agency_admin"),
            direction="in",
            party_name="Deepa Krishnan",
            amount=Money(10_000, "INR"),
        ).id


def _voucher(person: Person) -> Any:
    """Issue the receipt voucher of an advance."""
    payment_id = _taxable_advance(person)
    with person.acting() as actor:
        admin = replace(actor, role="agency_admin")
        return voucher_service.issue_voucher(admin, payment_id, voucher_service.Taxation()).id


def _refund_voucher(person: Person) -> object:
    """Refund an advance that has a receipt voucher."""
    voucher_id = _voucher(person)
    with person.acting() as actor:
        payment_id = voucher_queries.get_voucher(voucher_id).payment_id
        payment_service.refund_payment(replace(actor, role="agency_admin"), payment_id)
        return db.session.scalar(
            sa.select(VoucherUse.id).where(VoucherUse.voucher_id == voucher_id)
        )


def _cheque(person: Person) -> object:
    """Record a payment by cheque."""
    with person.acting() as actor:
        return payment_service.record_payment(
            replace(actor, role="agency_admin"),
            direction="in",
            party_name="Deepa Krishnan",
            amount=Money(500, actor.currency),
            means=Means(mode="cheque"),
        ).id


def _held_cheque(person: Person) -> object:
    """Record a received cheque that can be deposited today."""
    with person.acting() as actor:
        return cheque_service.receive(
            actor,
            party_name="Deepa Krishnan",
            amount=Money(500, actor.currency),
            cheque_no="000123",
            cheque_on=clock.today(actor.timezone),
        ).id


def _allocation(person: Person) -> object:
    """Return the allocation of the newest payment, which the path also names."""
    newest = (
        sa.select(Allocation.id)
        .order_by(Allocation.created_at.desc(), Allocation.id.desc())
        .limit(1)
    )
    with person.acting():
        found = db.session.scalar(newest)
    return found or (_payment(person) and _allocation(person))


def _refunded(person: Person) -> object:
    """Create a partly refunded payment."""
    payment_id: Any = _payment(person)
    with person.acting() as actor:
        payment_service.refund_payment(
            replace(actor, role="agency_admin"), payment_id, amount=Money(100, actor.currency)
        )
    return payment_id


def _payer(person: Person) -> object:
    """Return the id of a customer with an advance."""
    payment_id: Any = _payment(person)
    with person.acting():
        return payment_queries.get_payment(payment_id).party_id


def _refund(person: Person) -> object:
    """Return the refund of the newest payment, which the path also names."""
    with person.acting():
        found = db.session.scalar(
            sa.select(Refund.id).order_by(Refund.created_at.desc(), Refund.id.desc()).limit(1)
        )
    return found or (_refunded(person) and _refund(person))


def _written_off(person: Person) -> object:
    """Create an invoice that is partly written off."""
    invoice_id: Any = _invoice(person)
    with person.granted("invoice.write_off").acting() as actor:
        write_off_service.write_off_invoice(
            replace(actor, role="agency_admin"),
            invoice_id,
            reason="Cannot be traced",
            amount=Money(100, actor.currency),
        )
    return invoice_id


def _write_off(person: Person) -> object:
    """Return the write-off of the newest invoice, which the path also names."""
    newest = (
        sa.select(WriteOff.id)
        .where(WriteOff.reverses_id.is_(None))
        .order_by(WriteOff.created_at.desc(), WriteOff.id.desc())
        .limit(1)
    )
    with person.acting():
        found = db.session.scalar(newest)
    return found or (_written_off(person) and _write_off(person))


def _credit_note(person: Person) -> object:
    invoice_id: Any = _invoice(person)
    with person.acting() as actor:
        return credit_note_service.issue_credit_note(
            actor, invoice_id, reason="Not travelled", amounts={1: Money(100, actor.currency)}
        ).id


def _cancellation(person: Person) -> object:
    """Cancel a new invoice."""
    invoice_id: Any = _invoice(person)
    wanted = Cancel(invoice_ids=[invoice_id], reason="Not travelled")
    with person.acting() as actor:
        admin = replace(actor, role="agency_admin")
        preview = cancellation_service.preview_cancellation(admin, wanted)
        return cancellation_service.cancel(admin, wanted, preview_hash=preview.preview_hash).id


def _preview_hash(person: Person) -> object:
    """Return the hash of the cancellation of the newest invoice, which the path names."""
    newest = (
        sa.select(Invoice.id)
        .where(Invoice.status == "issued")
        .order_by(Invoice.created_at.desc())
        .limit(1)
    )
    with person.acting() as actor:
        invoice_id = db.session.scalar(newest)
        if invoice_id is None:
            return "0" * 64
        wanted = Cancel(invoice_ids=[invoice_id], reason="Not travelled")
        admin = replace(actor, role="agency_admin")
        return cancellation_service.preview_cancellation(admin, wanted).preview_hash


def _entry(person: Person) -> object:
    invoice_id = _invoice(person)
    with person.acting():
        return db.session.scalar(sa.select(Invoice.entry_id).where(Invoice.id == invoice_id))


def _api_key(person: Person) -> object:
    rules = person.app.extensions["voyagent.identity"]
    with person.acting() as actor:
        return keys.make_key(rules, replace(actor, fresh=True), name="Website")[0]


def _sign_in(person: Person) -> object:
    rules = person.app.extensions["voyagent.identity"]
    with person.acting() as actor:
        user = db.session.get_one(User, (actor.tenant_id, actor.user_id))
        return sessions.open_session(rules, user, Device(Channel.API)).credential.session_id


def _colleague(person: Person) -> object:
    rules = person.app.extensions["voyagent.identity"]
    with person.acting():
        return accounts.add_person(
            rules,
            email=_address(),
            password_hash=rules.passwords.hash(PASSWORD),
            full_name="Neha Krishnan",
            role="agent",
            verified=True,
        ).id


def _trip(person: Person) -> object:
    with person.acting() as actor:
        return trips.open_trip(actor, title="Krishnan family, Dubai").id


def _sold_trip(person: Person) -> object:
    trip_id: Any = _trip(person)
    with person.acting() as actor:
        details = OtherDetails(kind="other", title="Desert for the Krishnans")
        trip_lines.add_line(actor, trip_id, details, {"price": "500.00"})
    return trip_id


def _invoiced_trip(person: Person) -> object:
    """Return a trip with an issued invoice."""
    trip_id: Any = _trip(person)
    with person.acting() as actor:
        today = clock.today(actor.timezone)
        item = LineItem(
            description="Dubai visa", quantity=1, unit_price="500.00", currency=actor.currency
        )
        drafted = invoice_drafts.draft_invoice(
            actor,
            customer_name="Deepa Krishnan",
            issue_date=today,
            due_date=today,
            line_items=[item],
            trip_id=trip_id,
        )
        issuing.issue_invoice(actor, drafted.id)
    return trip_id


def _expected_bills(person: Person, on: date | None = None) -> list[str]:
    """Return the ids of an expected bill, of a service that is booked for it."""
    trip_id: Any = _trip(person)
    with person.acting() as actor:
        trip_lines.add_line(
            actor,
            trip_id,
            OtherDetails(kind="other", title="Desert for the Krishnans", on=on),
            {"status": "booked", "cost": "500.00", "supplier": "BSP India"},
        )
    with person.reading() as reader:
        found = expected_bills.list_expected_bills(reader, ExpectedBillSearch(trip_id=trip_id))
        return [str(row["id"]) for row in found.items]


def _accrued_bill(person: Person) -> object:
    """Return the id of an expected bill whose cost is accrued in the previous month."""
    month = parse_month(str(_month(person)))
    (expected_bill_id,) = _expected_bills(person, month)
    with person.acting() as actor:
        administrator = replace(actor, role="agency_admin")
        if closed_months.last_closed_month() == month:
            months.reopen_month(administrator, month, reason="A bill is missing")
        accruals.accrue(administrator, month)
    return expected_bill_id


def _newest_trip(person: Person) -> Any:
    """Return the newest trip, which the path also names."""
    with person.acting():
        found = db.session.scalar(
            sa.select(Trip.id).order_by(Trip.created_at.desc(), Trip.id.desc()).limit(1)
        )
    return found or _trip(person)


def _passenger(person: Person) -> object:
    trip_id = _newest_trip(person)
    with person.acting() as actor:
        return passengers.add_passenger(
            person.app.extensions["voyagent.keyring"],
            actor,
            trip_id,
            {"full_name": "Deepa Krishnan"},
        ).id


def _trip_line(person: Person) -> object:
    trip_id = _newest_trip(person)
    with person.acting() as actor:
        return trip_lines.add_line(
            actor, trip_id, OtherDetails(kind="other", title="Desert for the Krishnans")
        ).id


def _month(person: Person) -> object:
    """Return the previous month, which has ended everywhere."""
    first = clock.today("Pacific/Niue").replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def _closed_month(person: Person) -> object:
    """Close the previous month and all before it."""
    month = _month(person)
    wanted = parse_month(str(month))
    with person.acting() as actor:
        administrator = replace(actor, role="agency_admin")
        while (
            earlier := closed_months.read_months(SessionReader(db.session)).next_to_close
        ) is not None and earlier < wanted:
            months.close_month(administrator, earlier)
        if closed_months.last_closed_month() != wanted:
            months.close_month(administrator, wanted)
    return month


def _written(person: Person) -> object:
    """Post a manual entry as an administrator."""
    with person.acting() as actor:
        lines = [
            entries.debit("bank_charges", Money(10_000, "INR")),
            entries.credit("bank", Money(10_000, "INR")),
        ]
        return direct.post_direct(
            replace(actor, role="agency_admin"), narration="Bank charges", lines=lines
        ).entry_id


def _account(person: Person) -> object:
    """Add an account without postings as an administrator."""
    with person.acting() as actor:
        code = f"58{secrets.randbelow(10**8):08}"
        return chart.add_account(
            replace(actor, role="agency_admin"), code=code, name="Postage", account_type="expense"
        )


def _lines(person: Person) -> object:
    """Return lines of a manual entry on existing accounts."""
    sides = (("bank_charges", "debit_amount"), ("bank", "credit_amount"))
    return [
        {"account_id": str(account_id(person, purpose)), "currency": "INR", side: "1.00"}
        for purpose, side in sides
    ]


def _capability(_person: Person) -> object:
    """Return a capability that every agency may use without approval."""
    return create_enquiry.CAPABILITY.name


# Something of somebody's for each name that a path has; a new name needs its line here.
def _report_file(person: Person) -> object:
    """Create a finished file."""
    keyring = person.app.extensions["voyagent.identity"].keyring
    file = {"name": "day-book.pdf", "media_type": "application/pdf", "content": b"%PDF"}

    def make(actor: Actor) -> object:
        made = report_files.make_later(actor, f"/reports/day-book?seen={secrets.token_hex(6)}")
        report_files.finish(keyring, made, **file)
        return made

    return person.does(make)


MAKERS: Makers = {
    "enquiry_id": _enquiry,
    "party_id": _party,
    "address_id": _address,
    "contact_id": _contact,
    "tax_number_id": _tax_number,
    "merge_id": _merge,
    "bank_account_id": _bank_account,
    "session_id": _session,
    "turn_id": _turn,
    "card_id": _card,
    "capability": lambda _person: "find_enquiries",
    "approval_id": _approval,
    "invite_id": _invite,
    "invoice_id": _invoice,
    "bill_id": _bill,
    "expected_bill_id": _accrued_bill,
    "supplier_credit_id": _supplier_credit,
    "cheque_id": _held_cheque,
    "claim_id": _claim,
    "claim_receipt_id": _claim_receipt,
    "payment_id": _payment,
    "receipt_voucher_id": _voucher,
    "refund_voucher_id": _refund_voucher,
    "voucher_use_id": _refund_voucher,
    "payout_id": _payout,
    "file_id": _report_file,
    "allocation_id": _allocation,
    "refund_id": _refund,
    "credit_note_id": _credit_note,
    "cancellation_id": _cancellation,
    "write_off_id": _write_off,
    "account_id": _account,
    "entry_id": _entry,
    "key_id": _api_key,
    "auth_session_id": _sign_in,
    "credential_kind": lambda _person: "invitation",
    "user_id": _colleague,
    "trip_id": _trip,
    "passenger_id": _passenger,
    "line_id": _trip_line,
    "month": _month,
    "closed_month": _closed_month,
    "name": _capability,
}

# Functions that create the record for an operation or page that needs a special one, such as a
# draft if an invoice is issued.
MAKERS_OF: dict[str, Makers] = {
    **{
        f"{method}/<entry_id>/reverse": {"entry_id": _written}
        for method in ("POST /api/journal-entries", "GET /journal", "POST /journal")
    },
    **{
        f"{method}/trips/<trip_id>/{step}": {"trip_id": _invoiced_trip}
        for method, step in (
            ("POST /api", "cancellations"),
            ("POST /api", "cancellations/preview"),
            ("GET ", "cancel"),
            ("POST ", "cancel"),
        )
    },
    "POST /assistant/<session_id>/restore": {"session_id": _deleted_session},
    "GET /api/privacy/parties/<party_id>/identity": {"party_id": _erased},
    "POST /parties/<party_id>/privacy/identity": {"party_id": _erased},
    "PATCH /api/bills/<bill_id>": {"bill_id": _draft_bill},
    "DELETE /api/bills/<bill_id>": {"bill_id": _draft_bill},
    "POST /api/bills/<bill_id>/receive": {"bill_id": _draft_bill},
    "POST /api/bills/<bill_id>/matches": {"bill_id": _draft_bill},
    "POST /api/bills/<bill_id>/rematch": {"bill_id": _bill},
    **{
        f"POST {prefix}/bills/<bill_id>/unschedule": {"bill_id": _scheduled_bill}
        for prefix in ("/api", "")
    },
    "PATCH /api/invoices/<invoice_id>": {"invoice_id": _draft},
    "DELETE /api/invoices/<invoice_id>": {"invoice_id": _draft},
    "POST /api/invoices/<invoice_id>/issue": {"invoice_id": _draft},
    **{
        f"{method}/invoices/<invoice_id>/split": {"invoice_id": _draft_of_two_places}
        for method in ("POST /api", "GET ", "POST ")
    },
    **{
        f"{method}/invoices/<invoice_id>/write-offs/<write_off_id>/take-back": {
            "invoice_id": _written_off,
            "write_off_id": _write_off,
        }
        for method in ("POST /api", "GET ", "POST ")
    },
    **{
        f"{method}/payments/<payment_id>/refunds/<refund_id>/reverse": {
            "payment_id": _refunded,
            "refund_id": _refund,
        }
        for method in ("POST /api", "GET ", "POST ")
    },
    **{f"{method} /parties/<party_id>/refund": {"party_id": _payer} for method in ("GET", "POST")},
    "GET /api/refunds/<refund_id>": {"refund_id": _refund},
    **{
        f"{method}/payments/<payment_id>/voucher": {"payment_id": _taxable_advance}
        for method in ("POST /api", "GET ", "POST ")
    },
    **{
        f"{method}/payments/<payment_id>/bounce": {"payment_id": _cheque}
        for method in ("POST /api", "GET ", "POST ")
    },
    **{
        f"{method} /bills/<bill_id>/{page}": {"bill_id": _draft_bill}
        for method in ("GET", "POST")
        for page in ("edit", "discard", "receive", "match")
    },
    **{
        f"{method} /invoices/<invoice_id>/{page}": {"invoice_id": _draft}
        for method in ("GET", "POST")
        for page in ("edit", "discard", "issue")
    },
}


ANYBODYS = frozenset({"month", "closed_month", "name", "credential_kind"})
"""Path parameters that name a month or a capability; every agency has each of them."""


# Functions that create the records that a valid body refers to.
NAMED_IN: dict[str, Makers] = {
    "BillFromExpectedIn": {"expected_bill_ids": _expected_bills},
    "InvoiceFromTripIn": {"trip_id": _sold_trip},
    "PartyMergeIn": {"into_id": _party},
    "CancelIn": {"preview_hash": _preview_hash},
    "PayoutIn": {
        "gateway_id": _gateway,
        "bank_account_id": _bank_account,
        "payment_ids": _through_gateway,
    },
    "RefundPartyIn": {"party_id": _payer},
    "CreditNoteIn": {"invoice_id": _invoice},
    "SupplierCreditIn": {"bill_id": _bill},
    "SupplierClaimIn": {"bill_id": _paid_bill},
    "JournalEntryIn": {"lines": _lines},
    "LinkRequest": {"record_id": _enquiry_about},
}


def _address() -> str:
    return f"somebody-{secrets.token_hex(5)}@malabar.example"


SIDES = ("debit_amount", "credit_amount")
VISAS = {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00"}
# A body that passes for each schema; a new schema needs its line here.
BODIES: dict[str, Callable[[], dict[str, Any]]] = {
    "CapabilityInput": lambda: {"customer_name": "Deepa Krishnan"},
    "ReceiptVoucherIn": lambda: {"tax": "service_fee"},
    "ChequeIn": lambda: {
        "party_name": "Deepa Krishnan",
        "amount": "500.00",
        "currency": "INR",
        "cheque_no": "000123",
        "cheque_on": "2027-01-15",
    },
    "DepositIn": dict,
    "ReturnIn": lambda: {"reason": "Paid in cash instead"},
    "RefundPartyIn": lambda: {
        "party_id": str(new_id()),
        "amount": "1.00",
        "currency": "INR",
    },
    "JournalEntryIn": lambda: {
        "narration": "Bank charges",
        "lines": [{"account_id": str(new_id()), "currency": "INR", side: "1.00"} for side in SIDES],
    },
    "AccountIn": lambda: {
        "code": f"58{secrets.randbelow(10**8):08}",
        "name": "Postage",
        "type": "expense",
    },
    "AccountPatch": lambda: {"name": "Postage and couriers"},
    "ReversalIn": lambda: {"reason": "Wrong account"},
    "LogoRequest": lambda: {"content": in_base64(picture())},
    "SignUpRequest": lambda: {
        "email": _address(),
        "password": PASSWORD,
        "full_name": "Neha",
        "agency_name": "Malabar",
    },
    "SignInRequest": lambda: {"email": _address(), "password": PASSWORD},
    "SignInTotpRequest": lambda: {"email": _address(), "password": PASSWORD, "totp_code": "123456"},
    "TotpSetupRequest": lambda: {"password": PASSWORD, "code": "123456"},
    "TotpVerifyRequest": lambda: {"code": "123456"},
    "PasswordAndCode": lambda: {"password": PASSWORD, "code": "123456"},
    "ReauthenticateRequest": lambda: {"password": PASSWORD},
    "RefreshRequest": lambda: {"refresh_token": "unknown"},
    "SignOutRequest": lambda: {"refresh_token": "unknown"},
    "VerifyEmailRequest": lambda: {"token": "unknown"},
    "RequestPasswordResetRequest": lambda: {"email": _address()},
    "ResetPasswordRequest": lambda: {"token": "unknown", "new_password": PASSWORD},
    "UpdateProfileRequest": lambda: {"full_name": "Neha"},
    "ChangePasswordRequest": lambda: {"current_password": PASSWORD, "new_password": PASSWORD},
    "AcceptInviteRequest": lambda: {"token": "unknown", "password": PASSWORD, "full_name": "Neha"},
    "CreateInviteRequest": lambda: {"email": _address(), "role": "agent"},
    "CreateApiKeyRequest": lambda: {"name": "Website"},
    "CreateScopedApiKeyRequest": lambda: {
        "name": "Website",
        "scopes": ["read"],
        "expires_in_days": 30,
    },
    "ChangeRoleRequest": lambda: {"role": "viewer"},
    "SessionCreateRequest": dict,
    "SessionRenameRequest": lambda: {"title": "Krishnan family"},
    "EditIn": lambda: {"arguments": {"text": "hello again"}},
    "BatchIn": lambda: {"decisions": [{"approval_id": "ap-unknown", "granted": True}]},
    "EditMessageRequest": lambda: {"message": "Who owes us most?"},
    "SendMessageRequest": lambda: {"message": "Who owes us?"},
    "ResolveIn": lambda: {"granted": False},
    "EnquiryIn": lambda: {"customer_name": "Deepa Krishnan", "pax_count": 4},
    "EnquiryPatch": lambda: {"customer_name": "Deepa Krishnan"},
    "ImportIn": lambda: {
        "kind": "parties",
        "content": f"name,is_customer\nDeepa {secrets.randbelow(10**9)},yes\n",
        "dry_run": False,
    },
    "PartyIn": lambda: {"name": "Deepa Krishnan", "is_customer": True, "terms_days": 15},
    "PartyPatch": lambda: {"terms_days": 30},
    "ExchangeRateIn": lambda: {
        "base": "USD",
        "quote": "INR",
        "rate": "84.205",
        "on": "2026-11-18",
        "source": "FBIL",
    },
    "CloseMonthRequest": lambda: {"unrevalued_reason": "No rate was published"},
    "BankAccountIn": lambda: {"kind": "bank", "currency": "INR", "name": "HDFC"},
    "BounceIn": lambda: {"reason": "No money", "fee": "300.00"},
    "CancelPreviewIn": lambda: {"reason": "Not travelled"},
    "CancelIn": lambda: {"reason": "Not travelled", "preview_hash": "0" * 64},
    "PayoutIn": lambda: {"gateway_id": str(new_id()), "bank_account_id": str(new_id())},
    "BankAccountPatch": lambda: {"ifsc": "HDFC0000001"},
    "PartyMergeIn": lambda: {"into_id": str(new_id()), "reason": "Entered twice"},
    "PartyAddressIn": lambda: {"kind": "office", "lines": "Kochi"},
    "PartyAddressPatch": lambda: {"city": "Kochi"},
    "PartyContactIn": lambda: {"name": "Meera Nair", "email": "meera@malabar.example"},
    "PartyContactPatch": lambda: {"role": "Accounts"},
    "PartyTaxNumberIn": lambda: {"country": "AE", "number": "100123456700011"},
    "PartyTaxNumberPatch": lambda: {"number": "100123456700011"},
    "InvoiceFromTripIn": lambda: {"trip_id": str(new_id()), "customer_name": "Deepa Krishnan"},
    "MatchesIn": lambda: {"matches": []},
    "RematchIn": lambda: {"matches": []},
    "ReleaseIn": lambda: {"reason": "The supplier has closed"},
    "BillFromExpectedIn": lambda: {
        "expected_bill_ids": [str(new_id())],
        "vendor_reference": f"BSP-{secrets.randbelow(10**9)}",
        "issue_date": "2026-01-04",
    },
    "BillReceiveIn": lambda: {"input_tax_reason": "The rate on the bill is right"},
    "IssueIn": lambda: {"over_limit_reason": "The customer has paid today"},
    "TripIn": lambda: {"title": "Krishnan family, Dubai"},
    "DecisionIn": lambda: {"decision": "accepted"},
    "TripPatch": lambda: {"title": "Krishnan family"},
    "PassengerIn": lambda: {
        "full_name": "Deepa Krishnan",
        "kind": "adult",
        "passport_number": "Z1234567",
    },
    "PassengerPatch": lambda: {"full_name": "Deepa Krishnan"},
    "LineIn": lambda: {
        "details": {"kind": "other", "title": "Desert at sunset", "on": "2026-12-21"},
        "cost": "90",
        "price": "120.50",
    },
    "LinePatch": lambda: {"price": "130"},
    "BillDraftIn": lambda: {
        "vendor_name": "BSP India",
        "vendor_reference": f"BSP-{secrets.randbelow(10**8):08}",
        "issue_date": "2026-11-20",
        "currency": "INR",
        "line_items": [VISAS],
    },
    "SupplierCreditIn": lambda: {
        "bill_id": str(new_id()),
        "vendor_reference": f"C-{secrets.randbelow(10**9)}",
        "reason": "Not travelled",
    },
    "SupplierClaimIn": lambda: {"bill_id": str(new_id()), "reason": "Not travelled"},
    "ClaimReceiptIn": lambda: {"amount": "1.00"},
    "FollowUpIn": lambda: {"expected_on": "2100-01-04"},
    "ScheduleIn": lambda: {"pay_on": "2100-01-04"},
    "BillPatch": lambda: {"line_items": [VISAS], "notes": "Two of them"},
    "InvoiceDraftIn": lambda: {
        "customer_name": "Deepa Krishnan",
        "issue_date": "2026-11-20",
        "currency": "INR",
        "line_items": [VISAS],
    },
    "InvoicePatch": lambda: {"line_items": [VISAS], "notes": "Two of them"},
    "ReceiptIn": lambda: {"amount": "100.00", "account": "cash"},
    "CreditNoteIn": lambda: {"invoice_id": str(new_id()), "reason": "Not travelled"},
    "DebitNoteIn": lambda: {
        "reason": "Fuel surcharge",
        "lines": [{"line_no": 1, "amount": "100.00"}],
    },
    "VoidIn": lambda: {"reason": "Billed twice"},
    "WriteOffIn": lambda: {"reason": "Cannot be traced"},
    "TakeBackIn": lambda: {"reason": "Has paid after all"},
    "PaymentRecordIn": lambda: {
        "party_name": "Deepa Krishnan",
        "amount": "100.00",
        "currency": "INR",
        "paid_on": "2026-11-20",
    },
    "AllocateIn": dict,
    "UnallocateIn": dict,
    "ReverseIn": lambda: {"reason": "Typed twice"},
    "RefundIn": lambda: {"amount": "1.00", "account": "cash"},
    "ConfirmTreatmentIn": lambda: {
        "treatment": "service_fee",
        "rates_hash": tables.rates_hash("IN", "service_fee"),
        "compared_with": "Notification 11/2017",
    },
    "RecognitionPolicyIn": lambda: {
        "applies_to": "agent",
        "method": "at_service",
        "reason": "Advice of the auditor",
    },
    "EstablishBaseRequest": lambda: {"currency": "INR"},
    "ReopenMonthRequest": lambda: {"reason": "A bill came late"},
    "LinkRequest": lambda: {"kind": "enquiry", "record_id": str(new_id())},
    "EraseRequest": lambda: {"reason": "Request of the customer"},
    "RetentionPatch": lambda: {"mails": 30},
    "TenantSettingsPatchRequest": lambda: {"rate_limit_per_minute": 30},
}
