"""The service behind each effect requires a grant, even if called directly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask, current_app

from tests.people import Person
from voyagent.approvals.service import effects
from voyagent.billing.bills import errors as bill_errors, service as bill_service
from voyagent.billing.cancellations import service as cancellation_service
from voyagent.billing.cancellations.service import Cancel
from voyagent.billing.claims import service as claim_service
from voyagent.billing.claims.service import Refund
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.write_offs import service as write_off_service
from voyagent.enquiries.queries.enquiries import EnquiryNotFound
from voyagent.identity.queries import people as identity
from voyagent.kernel.actor import Actor, ApprovalRequired, Channel, Grant
from voyagent.kernel.db import transaction
from voyagent.kernel.errors import NotFound, VoyagentError
from voyagent.ledger.service import direct, entries
from voyagent.ledger.service.errors import EntryWithoutNarration
from voyagent.mail.service import Attached
from voyagent.trips.service import flights, hotels, sending, visas
from voyagent.trips.service.sending import Post

DAY = date(2026, 3, 10)
Act = Callable[[Actor], Any]


def plugged(name: str) -> Any:
    return current_app.extensions[f"voyagent.{name}"]


def receive_bill(actor: Actor) -> Any:
    return bill_service.receive_bill(
        actor, vendor_name="Al Noor", vendor_reference="", issue_date=DAY, line_items=[]
    )


def create_invoice(actor: Actor) -> Any:
    return issuing.create_invoice(
        actor, number="1", enquiry_id=uuid4(), issue_date=DAY, line_items=[]
    )


def send_itinerary(actor: Actor) -> Any:
    post = Post(plugged("outbox"), plugged("identity").limiter)

    def make() -> Attached:
        return Attached("itinerary.pdf", "application/pdf", b"")

    return sending.send_itinerary(
        post, actor, uuid4(), make, to="deepa@example.com", locale="en", prices=True
    )


def file_visa(actor: Actor) -> Any:
    return visas.file_visa(
        plugged("suppliers"), plugged("keyring"), actor, uuid4(), "AE", filed_on=DAY
    )


SERVICES: dict[str, tuple[Act, type[VoyagentError]]] = {
    "issue_invoice": (lambda actor: issuing.issue_invoice(actor, uuid4()), NotFound),
    "create_invoice": (create_invoice, EnquiryNotFound),
    "record_receipt": (
        lambda actor: payment_service.record_receipt(actor, uuid4(), None),
        NotFound,
    ),
    "receive_bill": (receive_bill, bill_errors.VendorReferenceRequired),
    "pay_bill": (lambda actor: payment_service.pay_bill(actor, uuid4()), NotFound),
    "post_journal_entry": (
        lambda actor: direct.post_requested(actor, narration="", lines=[]),
        EntryWithoutNarration,
    ),
    "write_off_invoice": (
        lambda actor: write_off_service.write_off_invoice(actor, uuid4(), reason="Gone"),
        NotFound,
    ),
    "cancel_sale": (
        lambda actor: cancellation_service.cancel(
            actor, Cancel(invoice_ids=[uuid4()], reason="Gone"), preview_hash=None
        ),
        NotFound,
    ),
    "record_supplier_refund": (
        lambda actor: claim_service.receive_claim(actor, uuid4(), Refund()),
        NotFound,
    ),
    "issue_ticket": (
        lambda actor: flights.issue_ticket(plugged("suppliers"), actor, uuid4()),
        NotFound,
    ),
    "book_hotel": (
        lambda actor: hotels.book_hotel(
            plugged("suppliers"), plugged("keyring"), actor, "key", [uuid4()]
        ),
        NotFound,
    ),
    "cancel_hotel_booking": (
        lambda actor: hotels.cancel_hotel_booking(plugged("suppliers"), actor, uuid4()),
        NotFound,
    ),
    "file_visa": (file_visa, NotFound),
    "send_itinerary": (send_itinerary, NotFound),
}
"""The service of each effect, and what it says next of things that are not there."""
DRAFTS = {"draft_invoice", "update_enquiry"}
"""Effects that post nothing and that leave nothing for others: every role does that directly."""
SENT_BY_ALL = {"send_itinerary"}
"""Acts that the assistant proposes and that every role may do directly on its page."""
every = pytest.mark.parametrize("tool", list(SERVICES))


@contextmanager
def shell(app: Flask, person: Person) -> Iterator[Actor]:
    """Act for a person from a shell, without a request.

    There are an application context, a transaction and an actor.
    """
    assert person.actor.user_id is not None
    with app.app_context(), transaction(person.actor.tenant_id):
        yield identity.get_actor(person.actor.user_id)


def of(tool: str) -> effects.Effect:
    effect = effects.find(tool)
    assert effect is not None
    return effect


def test_every_effect_is_tested_here() -> None:
    names = effects._effects  # noqa: SLF001 - the registry has no list of its own
    known = {name for name in names if not name.startswith("probe_")}
    assert known == set(SERVICES) | DRAFTS


@every
def test_an_agent_without_a_grant_is_refused(app: Flask, bob: Person, tool: str) -> None:
    with shell(app, bob) as actor:
        assert actor.can(of(tool).permission)
        channels = [Channel.ASSISTANT, *(() if tool in SENT_BY_ALL else Channel)]
        for channel in channels:
            with pytest.raises(ApprovalRequired):
                SERVICES[tool][0](actor.via(channel))


@every
def test_a_grant_for_another_permission_is_not_accepted(app: Flask, bob: Person, tool: str) -> None:
    others = {of(name).permission for name in SERVICES} - {of(tool).permission}
    with shell(app, bob) as actor:
        for other in others:
            with pytest.raises(ApprovalRequired):
                SERVICES[tool][0](actor.via(Channel.ASSISTANT).granted(Grant("ap-1", other)))


@every
def test_an_agent_with_the_grant_passes_the_authority_check(
    app: Flask, bob: Person, tool: str
) -> None:
    act, refusal = SERVICES[tool]
    grant = Grant("ap-1", of(tool).permission)
    with shell(app, bob) as actor, pytest.raises(refusal):
        act(actor.via(Channel.ASSISTANT).granted(grant))


@every
def test_the_assistant_has_no_direct_right_even_for_an_administrator(
    app: Flask, alice: Person, tool: str
) -> None:
    with shell(app, alice) as actor, pytest.raises(ApprovalRequired):
        SERVICES[tool][0](actor.via(Channel.ASSISTANT))


def test_only_services_post(app: Flask, bob: Person) -> None:
    with shell(app, bob) as actor:
        with pytest.raises(ApprovalRequired):
            entries.post(
                actor,
                source_type="shell",
                source_id=uuid4(),
                purpose="entry",
                narration="Out of a shell",
                lines=[],
            )
        with pytest.raises(ApprovalRequired):
            entries.reverse(actor, uuid4(), reason="Out of a shell")
