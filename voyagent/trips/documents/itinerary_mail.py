"""Mail the itinerary, written in the customer's language."""

from __future__ import annotations

from uuid import UUID

from flask_babel import force_locale

from voyagent.http.extensions import installed
from voyagent.identity.service.values import Identity
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.mail.service import Attached, Outbox
from voyagent.trips.documents.itinerary_pdf import document_of
from voyagent.trips.models import Trip
from voyagent.trips.queries import trips
from voyagent.trips.service import sending
from voyagent.trips.service.sending import Post


def mail_itinerary(actor: Actor, trip_id: UUID, *, to: str, locale: str, prices: bool) -> Trip:
    """Create the itinerary PDF, mail it to the customer, and return the trip.

    `to` is the recipient's e-mail address and `locale` the language of the PDF and mail. With
    `prices`, the PDF has the total prices. Raises Forbidden, TripNotFound, and the errors of
    `sending.send_itinerary`.
    """
    actor.require_authority("trip.send")
    identity, outbox = installed(Identity, "identity"), installed(Outbox, "outbox")
    reader = SessionReader(db.session)

    def make() -> Attached:
        journey = trips.read_trip(reader, trip_id)
        contact = f"{actor.full_name}\n{actor.email}"
        with force_locale(locale):
            return document_of(reader, journey, actor.tenant_name, prices=prices, contact=contact)

    return sending.send_itinerary(
        Post(outbox, identity.limiter),
        actor,
        trip_id,
        make,
        to=to,
        locale=locale,
        prices=prices,
    )
