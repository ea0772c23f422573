"""JSON API of enquiries: list, create, read, change, open a conversation."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import request

from voyagent.chat.queries.sessions import SessionNotFound
from voyagent.enquiries import service
from voyagent.enquiries.queries import enquiries
from voyagent.enquiries.queries.enquiries import (
    EnquiryNotFound,
    InvalidCreatedRange,
    InvalidDepartRange,
)
from voyagent.enquiries.schemas import (
    EnquiryIn,
    EnquiryList,
    EnquiryListQuery,
    EnquiryOut,
    EnquiryPatch,
    PromoteOut,
)
from voyagent.http.api import ApiBlueprint, Headed
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import UnknownCurrency
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body

api = ApiBlueprint("enquiries", __name__, tag="Enquiries", guard=Guard.BEARER)

VALUE_ERRORS = (
    UnknownCurrency,
    service.InvalidDateRange,
    service.InvalidPaxCount,
    service.BudgetCurrencyRequired,
    service.InvalidSessionId,
    SessionNotFound,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = re.compile(r'"(\d{1,16})"')


@api.get(
    "/enquiries",
    answer=EnquiryList,
    permission="enquiry.read",
    errors=(InvalidDepartRange, InvalidCreatedRange, InvalidCursor),
)
def list_enquiries(reader: Reader, query: EnquiryListQuery) -> Body[EnquiryList]:
    """List enquiries, newest first.

    An enquiry must match all filters; an empty filter is ignored. A page at or after the end is
    empty, but has the correct `total`.
    """
    return EnquiryList.of(enquiries.list_enquiries(reader, query.search(), query.part()))


@api.post(
    "/enquiries", answer=EnquiryOut, status=201, permission="enquiry.create", errors=VALUE_ERRORS
)
def create_enquiry(actor: Actor, body: EnquiryIn) -> Headed[EnquiryOut]:
    """Create an enquiry."""
    return _answer(enquiries.row_of(service.create(actor, **body.fields())))


@api.get(
    "/enquiries/<enquiry_id>", answer=EnquiryOut, permission="enquiry.read", missing=EnquiryNotFound
)
def get_enquiry(reader: Reader, enquiry_id: UUID) -> Headed[EnquiryOut]:
    """Read an enquiry.

    The response header `ETag` is the version of the enquiry. Send it as `If-Match` with a change:
    the change then fails if somebody has changed the enquiry in the meantime.
    """
    return _answer(enquiries.get_row(reader, enquiry_id))


@api.patch(
    "/enquiries/<enquiry_id>",
    answer=EnquiryOut,
    permission="enquiry.update",
    missing=EnquiryNotFound,
    errors=(
        *VALUE_ERRORS,
        service.InvalidStatusTransition,
        service.EnquiryHasDocuments,
        service.StatusCannotBeNull,
        service.CustomerNameCannotBeNull,
        service.PaxCountCannotBeNull,
        service.EnquiryChanged,
    ),
    headers=(
        (
            "If-Match",
            "`ETag` of the version that the caller read; 412 if the enquiry has changed since.",
        ),
    ),
)
def update_enquiry(actor: Actor, enquiry_id: UUID, body: EnquiryPatch) -> Headed[EnquiryOut]:
    """Change an enquiry.

    A member that is absent stays unchanged; null clears a member. The changed enquiry as a whole
    must be valid: its return date, for example, must not be before its departure date. A booked or
    cancelled enquiry cannot become new or quoted again, and one with an issued invoice cannot be
    cancelled. An issued invoice or a booking sets the status to booked.
    """
    return _answer(
        enquiries.row_of(service.update(actor, enquiry_id, body.changes(), seen=_seen()))
    )


@api.post(
    "/enquiries/<enquiry_id>/promote-to-session",
    answer=PromoteOut,
    permission="enquiry.promote",
    missing=EnquiryNotFound,
)
def promote_enquiry(actor: Actor, enquiry_id: UUID) -> Body[PromoteOut]:
    """Open the conversation about an enquiry and return the conversation's id.

    The first call creates the conversation, and later calls return the same conversation. If the
    conversation was deleted, a new one is created.
    """
    enquiry, session_id = service.promote(actor, enquiry_id)
    return PromoteOut.of({"enquiry": enquiries.row_of(enquiry), "session_id": session_id})


def _answer(row: Row) -> Headed[EnquiryOut]:
    """Return the enquiry with its `ETag`."""
    return Headed(
        EnquiryOut.of(row),
        {"ETag": f'"{(row["updated_at"] - _EPOCH) // timedelta(microseconds=1)}"'},
    )


def _seen() -> datetime | None:
    """Return the `updated_at` that the header `If-Match` contains.

    The result is None if the header is missing or `*`: the change is then made in any case. If the
    header is malformed, the result is a time that no enquiry has, so that the change is refused.
    """
    given = request.headers.get("If-Match", "*").strip()
    if given == "*":
        return None
    found = _VERSION.fullmatch(given)
    return _EPOCH + timedelta(microseconds=int(found[1]) if found else 0)
