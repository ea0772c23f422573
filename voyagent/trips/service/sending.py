"""Mail an itinerary to one e-mail address, and record the mail in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from voyagent.audit.service import recording as audit
from voyagent.enquiries.queries import enquiries
from voyagent.identity.service.trust import require_verified_agency
from voyagent.kernel import clock, limits
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.dry_run import is_dry_run
from voyagent.kernel.limits import Limiter
from voyagent.ledger.queries.party_lines import PartyRef
from voyagent.mail.service import Attached, Outbox, masked
from voyagent.parties import queries as parties
from voyagent.trips.models import Trip, TripLine
from voyagent.trips.queries import trips
from voyagent.trips.rules.journey import OVER
from voyagent.trips.service.errors import NothingToSend


@dataclass(frozen=True, slots=True)
class Post:
    """The installation's outbox and rate limiter, needed to send mail."""

    outbox: Outbox
    limiter: Limiter


def send_itinerary(
    post: Post,
    actor: Actor,
    trip_id: UUID,
    make: Callable[[], Attached],
    *,
    to: str,
    locale: str,
    prices: bool,
) -> Trip:
    """Mail an itinerary to the customer and return the trip.

    `make` returns the PDF. It is called only if nothing else forbids the mail, and not in a dry
    run. The customer's reply goes to the actor. `prices` is true if the PDF contains prices.

    Raises Forbidden, AgencyNotVerified, TripNotFound, NothingToSend, TooManyRequests, and the
    errors of `make`.
    """
    actor.require_authority("trip.send")
    require_verified_agency()
    trips.get_trip(trip_id)
    if not has_active_lines(trip_id):
        raise NothingToSend
    document = None
    if not is_dry_run(db.session):
        post.limiter.admit(limits.DOCUMENT_MAIL, account=to, agency=actor.tenant_id)
        document = make()
    trip = trips.get_trip(trip_id, lock=True)
    post.outbox.send(
        to=to,
        kind="itinerary",
        locale=locale,
        attached=document,
        title=trip.title,
        sender=actor.full_name,
        reply_to=actor.email,
    )
    trip.sent_at, trip.sent_to = clock.now(), to
    db.session.flush()
    audit.record(
        actor,
        "trip.itinerary_sent",
        entity_refs={"trip_id": trip.id},
        inputs={"locale": locale, "prices": prices},
        private={"to": masked(to)},
    )
    return trip


def has_active_lines(trip_id: UUID) -> bool:
    """Return True if the trip has a line that is not cancelled or failed."""
    conditions = (
        select(TripLine.id)
        .where(TripLine.trip_id == trip_id, TripLine.status.notin_(OVER))
        .limit(1)
    )
    return db.session.scalar(conditions) is not None


def known_addresses(trip_id: UUID) -> list[str]:
    """Return the e-mail addresses that are known for the customer of a trip.

    Raises TripNotFound.
    """
    trip = trips.get_trip(trip_id)
    found = [trip.sent_to]
    if trip.enquiry_id is not None:
        enquiry = enquiries.get_row(SessionReader(db.session), trip.enquiry_id)
        found = [enquiry["customer_email"], *parties.emails_of(enquiry["customer_name"]), *found]
    return list(dict.fromkeys(filter(None, found)))


def address_of_customer(enquiry_id: UUID | None, party: PartyRef | None = None) -> str | None:
    """Return the customer's e-mail address, or None if it is not known.

    `party` is the customer of a document, which goes to its default contact first. Otherwise the
    address is that in the enquiry, or else that of the customer with the name in the enquiry.
    """
    enquiry = enquiries.get_row(SessionReader(db.session), enquiry_id) if enquiry_id else {}
    in_enquiry = enquiry.get("customer_email")
    customer = party or enquiry.get("customer_name")
    contact, main = parties.emails_of(customer) if customer else (None, None)
    return (contact or in_enquiry if party else in_enquiry or contact) or main
