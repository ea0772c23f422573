"""Services of enquiries: create, change and cancel them, and open a conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypedDict, Unpack, cast
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.chat.queries import sessions as chats
from voyagent.chat.service import conversations as chat
from voyagent.enquiries.models import CLOSED_STATUSES, OPEN_STATUSES, STATUSES, Enquiry
from voyagent.enquiries.queries import enquiries
from voyagent.enquiries.queries.enquiries import (
    EnquiryNotFound,
    InvalidCreatedRange,
    InvalidDepartRange,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Conflict, Invalid, PreconditionFailed, Unprocessable
from voyagent.kernel.ids import new_id, parse_id
from voyagent.kernel.money import UnknownCurrency, is_currency

BUDGET_MAX = Decimal("999999999999.99")
TITLE_MAX = 200
# Personal details are not recorded in the audit trail, because it can never be changed or deleted:
# of these fields an event has only the names.
_PRIVATE = frozenset({"customer_name", "customer_email", "customer_phone", "notes"})
# Free texts that may name a person, so that their values are in the erasable part of an event.
_PLACES = frozenset({"origin", "destination"})


class InvalidDateRange(Invalid):
    """The return date is before the departure date; the same day is allowed."""

    code = "invalid_date_range"
    message = N_("The return date is before the departure date.")


class InvalidPaxCount(Invalid):
    """The number of people is zero."""

    code = "invalid_pax_count"
    message = N_("Enter at least one traveller.")


class BudgetCurrencyRequired(Invalid):
    """The budget has an amount but no currency."""

    code = "budget_currency_required"
    message = N_("Enter the currency of the budget.")


class BudgetOutOfRange(Unprocessable):
    """The budget is negative or too large."""

    code = "budget_out_of_range"
    message = N_("The budget must be between 0 and 999,999,999,999.99.")


class InvalidStatusTransition(Invalid):
    """A booked or cancelled enquiry cannot become new or quoted again."""

    code = "invalid_status_transition"
    message = N_(
        "A booked or cancelled enquiry cannot become new or quoted again. Log a new one instead."
    )


class StatusCannotBeNull(Unprocessable):
    """The status is null."""

    code = "status_cannot_be_null"
    message = N_("Choose a status for the enquiry.")


class CustomerNameCannotBeNull(Unprocessable):
    """The name is null."""

    code = "customer_name_cannot_be_null"
    message = N_("Enter the customer’s name for the enquiry.")


class PaxCountCannotBeNull(Unprocessable):
    """The number of people is null."""

    code = "pax_count_cannot_be_null"
    message = N_("Enter the number of travellers.")


class InvalidSessionId(Unprocessable):
    """The conversation's id is not a UUID."""

    code = "invalid_session_id"
    message = N_("This is not a valid conversation ID.")


class EnquiryAlreadyCancelled(Conflict):
    """The enquiry is cancelled already."""

    code = "enquiry_already_cancelled"
    message = N_("This enquiry is already cancelled.")


class EnquiryHasDocuments(Conflict):
    """An enquiry with an issued invoice cannot be cancelled."""

    code = "enquiry_has_documents"
    message = N_(
        "This enquiry has an issued invoice. Void the invoice before you cancel the enquiry."
    )


class EnquiryChanged(PreconditionFailed):
    """The enquiry has changed since the caller read it."""

    code = "enquiry_changed"
    message = N_(
        "This enquiry was changed after you opened it. Reload it, then repeat your changes."
    )


class EnquiryWish(TypedDict, total=False):
    """Optional fields of an enquiry: all but the customer's name."""

    customer_email: str | None
    customer_phone: str | None
    origin: str | None
    destination: str | None
    depart_date: date | None
    return_date: date | None
    pax_count: int | None
    budget_amount: Decimal | None
    budget_currency: str | None
    status: str | None
    notes: str | None
    session_id: UUID | str | None


class NewEnquiry(EnquiryWish):
    """Fields of a new enquiry."""

    customer_name: str


class EnquiryChanges(EnquiryWish, total=False):
    """Changes of an enquiry: an absent key is unchanged, None clears the field."""

    customer_name: str | None


FactSource = Callable[[UUID], bool]
_bookings: list[FactSource] = []
_documents: list[FactSource] = []


def on_bookings(source: FactSource) -> FactSource:
    """Register a function that tells whether an enquiry has a booking."""
    if source not in _bookings:
        _bookings.append(source)
    return source


def on_documents(source: FactSource) -> FactSource:
    """Register a function that tells whether an enquiry has an issued document."""
    if source not in _documents:
        _documents.append(source)
    return source


def follow(actor: Actor, enquiry_id: UUID) -> None:
    """Set the status of an enquiry by its facts.

    Facts are bookings and issued documents. Each service that makes or undoes a fact calls this
    function last in its transaction. The function locks the enquiry, so that of two facts made at
    the same time the later one sees the earlier one. An enquiry with a fact becomes `booked`. An
    enquiry without a fact gets the status back that a person has set before. A status that a person
    sets afterwards stays until the next fact.

    The actor needs no permission for enquiries, because the calling service has checked that the
    actor may make the fact. Raises EnquiryNotFound.
    """
    db.session.flush()
    enquiry = enquiries.get_enquiry(enquiry_id, lock=True)
    is_booked = any(has(enquiry_id) for has in (*_documents, *_bookings))
    if is_booked and enquiry.status != "booked":
        values: dict[str, str | None] = {
            "status": "booked",
            "status_source": "fact",
            "earlier_status": enquiry.status,
        }
    elif not is_booked and enquiry.status_source == "fact":
        values = _by_person(enquiry.earlier_status or "new")
    else:
        return
    _apply(actor, enquiry, values, "enquiry.updated")


def create(actor: Actor, **fields: Unpack[NewEnquiry]) -> Enquiry:
    """Create an enquiry and record its audit event.

    Raises Forbidden, InvalidSessionId, BudgetOutOfRange, SessionNotFound, UnknownCurrency,
    InvalidDateRange, InvalidPaxCount, BudgetCurrencyRequired.
    """
    actor.require("enquiry.create")
    values = {"status": "new", "pax_count": 1} | _columns({**fields})
    _check_session(values)
    _check(values)
    now = clock.now()
    enquiry = Enquiry(
        tenant_id=actor.tenant_id,
        id=new_id(),
        created_by_user_id=actor.user_id,
        status_source="person",
        created_at=now,
        updated_at=now,
        **values,
    )
    # Inserted at the commit: from then on other writers of the agency wait for the counters.
    db.session.add(enquiry)
    inputs, private = _audit_changes({name: (None, value) for name, value in values.items()})
    audit.record(
        actor, "enquiry.created", entity_refs=_refs(enquiry), inputs=inputs, private=private
    )
    return enquiry


def update(
    actor: Actor, enquiry_id: UUID, changes: EnquiryChanges, *, seen: datetime | None = None
) -> Enquiry:
    """Change an enquiry, even a closed one.

    `seen` is the `updated_at` that the caller has read, or None to change any version of the
    enquiry.

    Raises EnquiryNotFound, EnquiryChanged, InvalidStatusTransition, EnquiryHasDocuments, errors of
    invalid values such as StatusCannotBeNull, and the errors of `create`.
    """
    actor.require("enquiry.update")
    values = _columns(changes)
    enquiry = enquiries.get_enquiry(enquiry_id, lock=True)
    _check_session(values)
    if seen is not None and seen != enquiry.updated_at:
        raise EnquiryChanged
    _check(_row(enquiry) | values)
    if values.get("status", enquiry.status) not in next_statuses(enquiry.status):
        raise InvalidStatusTransition
    if values.get("status", enquiry.status) != enquiry.status:
        values |= _by_person(values["status"])
        _check_cancellation(enquiry.id, values["status"])
    _apply(actor, enquiry, values, "enquiry.updated")
    return enquiry


def cancel(actor: Actor, enquiry_id: UUID) -> Enquiry:
    """Cancel an enquiry, even a booked one.

    Raises Forbidden, EnquiryNotFound, EnquiryAlreadyCancelled, EnquiryHasDocuments.
    """
    actor.require("enquiry.cancel")
    enquiry = enquiries.get_enquiry(enquiry_id, lock=True)
    if enquiry.status == "cancelled":
        raise EnquiryAlreadyCancelled
    _check_cancellation(enquiry_id, "cancelled")
    _apply(actor, enquiry, _by_person("cancelled"), "enquiry.cancelled")
    return enquiry


def promote(actor: Actor, enquiry_id: UUID) -> tuple[Enquiry, UUID]:
    """Open the conversation about an enquiry.

    Returns the enquiry and the id of the conversation. The first call creates the conversation for
    `actor`, with the enquiry's details as the first message. If the conversation was deleted, a new
    conversation is created. Raises Forbidden, EnquiryNotFound.
    """
    actor.require("enquiry.promote")
    enquiry = enquiries.get_enquiry(enquiry_id, lock=True)
    if enquiry.session_id is not None and chats.exists(enquiry.session_id):
        return enquiry, enquiry.session_id
    session = chat.create_session(actor, title=_title(enquiry))
    chat.append_message(actor, session.id, role="system", blocks=_opening(enquiry))
    enquiry.session_id = session.id
    enquiry.updated_at = clock.now()
    db.session.flush()
    audit.record(
        actor, "enquiry.promoted", entity_refs={**_refs(enquiry), "session_id": session.id}
    )
    return enquiry, session.id


def hundredths(amount: Decimal) -> int:
    """Convert a budget to hundredths, rounded half away from zero.

    Raises BudgetOutOfRange.
    """
    if not amount.is_finite() or amount < 0 or amount >= BUDGET_MAX + 1:
        raise BudgetOutOfRange
    rounded = amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    if rounded > BUDGET_MAX:
        raise BudgetOutOfRange
    return int(rounded * 100)


def check_dates(departs: date | None, returns: date | None) -> None:
    """Check that the return is not before the departure. Raises InvalidDateRange."""
    if departs is not None and returns is not None and returns < departs:
        raise InvalidDateRange


def next_statuses(status: str) -> tuple[str, ...]:
    """Return the statuses that an enquiry can have next, its own first."""
    others = sorted(
        CLOSED_STATUSES if status in CLOSED_STATUSES else OPEN_STATUSES | CLOSED_STATUSES,
        key=STATUSES.index,
    )
    return (status, *(other for other in others if other != status))


def facts(enquiry: Enquiry) -> dict[str, str]:
    """Return the non-empty fields of an enquiry as texts, by their names in the API."""
    return {
        name: str(value)
        for name, value in _wire(_row(enquiry)).items()
        if value not in (None, "") and name != "session_id"
    }


def _by_person(status: str) -> dict[str, str | None]:
    return {"status": status, "status_source": "person", "earlier_status": None}


def _check_cancellation(enquiry_id: UUID, status: str) -> None:
    if status == "cancelled" and any(has(enquiry_id) for has in _documents):
        raise EnquiryHasDocuments


def _columns(changes: EnquiryChanges) -> dict[str, Any]:
    """Convert changes to column values; check each value without the others."""
    for name, error in (
        ("status", StatusCannotBeNull),
        ("customer_name", CustomerNameCannotBeNull),
        ("pax_count", PaxCountCannotBeNull),
    ):
        if name in changes and changes[name] is None:  # type: ignore[literal-required]
            raise error
    values: dict[str, Any] = dict(changes)
    if isinstance(values.get("session_id"), str):
        values["session_id"] = parse_id(values["session_id"])
        if values["session_id"] is None:
            raise InvalidSessionId
    if "budget_amount" in values:
        amount = cast("Decimal | None", values.pop("budget_amount"))
        values["budget_hundredths"] = None if amount is None else hundredths(amount)
    return values


def _check_session(values: Mapping[str, Any]) -> None:
    """Check that the conversation to link exists in the agency."""
    session_id = values.get("session_id")
    if session_id is not None and not chats.exists(session_id):
        raise chats.SessionNotFound


def _check(row: Mapping[str, Any]) -> None:
    """Check the enquiry as a whole; client programs rely on the order of the checks."""
    currency, departs, returns = (
        row.get("budget_currency"),
        row.get("depart_date"),
        row.get("return_date"),
    )
    if currency is not None and not is_currency(currency):
        raise UnknownCurrency
    check_dates(departs, returns)
    if row["pax_count"] < 1:
        raise InvalidPaxCount
    if row.get("budget_hundredths") is not None and currency is None:
        raise BudgetCurrencyRequired


def _apply(actor: Actor, enquiry: Enquiry, values: Mapping[str, Any], kind: str) -> None:
    """Write the fields that differ, and record the audit event.

    No event is recorded if no field differs.
    """
    changed = {
        name: (getattr(enquiry, name), value)
        for name, value in values.items()
        if getattr(enquiry, name) != value
    }
    if not changed:
        return
    for name, (_before, value) in changed.items():
        setattr(enquiry, name, value)
    enquiry.updated_at = clock.now()
    db.session.flush()
    inputs, private = _audit_changes(changed)
    audit.record(actor, kind, entity_refs=_refs(enquiry), inputs=inputs, private=private)


def _audit_changes(
    changed: Mapping[str, tuple[Any, Any]],
) -> tuple[dict[str, audit.Fact], dict[str, audit.Fact] | None]:
    """Return the public and the private part of an event that lists changed fields.

    If the customer's name, a contact detail or the notes have changed, only the name of the field
    is recorded. The values of origin and destination are only in the private part.
    """
    before, after = (_wire({name: pair[side] for name, pair in changed.items()}) for side in (0, 1))
    entries: list[dict[str, str | None]] = []
    for name, value in after.items():
        if value is None and before[name] is None:
            continue
        entries.append(
            {"field": name}
            if name in _PRIVATE
            else {"field": name, "before": _plain(before[name]), "after": _plain(value)}
        )
    return audit.split_changes(entries, private=_PLACES)


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)


def _wire(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that a person can enter, by their names in the API."""
    names = (*EnquiryChanges.__annotations__,)
    values = {name: row[name] for name in names if name in row}
    if "budget_hundredths" in row:
        values["budget_amount"] = (
            None
            if row["budget_hundredths"] is None
            else Decimal(row["budget_hundredths"]).scaleb(-2)
        )
    return values


def _row(enquiry: Enquiry) -> dict[str, Any]:
    return {name: getattr(enquiry, name) for name in enquiries.COLUMNS}


def _refs(enquiry: Enquiry) -> dict[str, Any]:
    return {"enquiry_id": enquiry.id}


def _title(enquiry: Enquiry) -> str:
    route = " → ".join(
        place.strip() for place in (enquiry.origin, enquiry.destination) if place and place.strip()
    )
    return (f"{enquiry.customer_name}, {route}" if route else enquiry.customer_name)[:TITLE_MAX]


def _opening(enquiry: Enquiry) -> list[dict[str, Any]]:
    """Return the first message of a conversation: the details as JSON and as text."""
    known = facts(enquiry)
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in known.items()]
    return [
        {"type": "enquiry", "enquiry_id": str(enquiry.id), "facts": known},
        {"type": "text", "text": "\n".join(["This conversation is about an enquiry.", *lines])},
    ]


__all__ = [
    "OPEN_STATUSES",
    "BudgetCurrencyRequired",
    "BudgetOutOfRange",
    "CustomerNameCannotBeNull",
    "EnquiryAlreadyCancelled",
    "EnquiryChanged",
    "EnquiryChanges",
    "EnquiryHasDocuments",
    "EnquiryNotFound",
    "EnquiryWish",
    "InvalidCreatedRange",
    "InvalidDateRange",
    "InvalidDepartRange",
    "InvalidPaxCount",
    "InvalidSessionId",
    "InvalidStatusTransition",
    "PaxCountCannotBeNull",
    "StatusCannotBeNull",
    "UnknownCurrency",
    "cancel",
    "check_dates",
    "create",
    "facts",
    "follow",
    "hundredths",
    "next_statuses",
    "on_bookings",
    "on_documents",
    "promote",
    "update",
]
