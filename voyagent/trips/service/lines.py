"""Add, change, cancel and remove trip lines: flights, hotels and other services."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import func, select

from voyagent.approvals.service import execution
from voyagent.audit.service import recording as audit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.trips.models import Trip, TripLine
from voyagent.trips.queries import trips
from voyagent.trips.rules import details as kinds, places
from voyagent.trips.rules.details import AnyDetails, FlightDetails
from voyagent.trips.rules.journey import BOOKED, OVER
from voyagent.trips.service.acceptance import follow_facts
from voyagent.trips.service.errors import (
    CancelAtSupplier,
    InvalidFlightTimes,
    InvalidLineStatus,
    LineAtSupplier,
    LineIsCommitted,
    LineIsOver,
    LineKindFixed,
    NegativeAmount,
    TripFull,
)
from voyagent.trips.service.trips import (
    apply,
    audit_changes,
    title_follows,
    touch,
)

LINES_MAX = 200
BY_HAND = {
    "flight": ("planned", "held", "booked", "ticketed"),
    "hotel": ("planned", "held", "booked"),
    "transfer": ("planned", "booked"),
    "visa": ("planned", "filed"),
    "other": ("planned", "booked"),
}
"""Statuses that a person may set by hand for each kind of line, in order.

Such a status can mean a booking that was made elsewhere, for example by telephone.
"""
AT_SUPPLIER = {
    ("flight", "held"): (
        "carrier",
        "number",
        "origin",
        "destination",
        "departs_at",
        "arrives_at",
        "travellers",
    ),
    ("hotel", "booked"): ("name", "city", "check_in", "check_out"),
}
"""Details that may not change while a supplier has the booking, by kind and status.

An approver decides by our data, and the supplier acts by its own data, so both must be equal.
"""
ASKED_ABOUT = (("issue_ticket", "pnr_id"), ("cancel_hotel_booking", "booking_id"))
"""Capabilities whose approval requests are about one line, and the argument with its id."""
CANCELLED = N_("The service was already cancelled on the trip. Nothing was done.")
_OF_BOOKING = frozenset({"status", "currency", "cost_minor", "supplier", "supplier_ref"})
FLIGHT_HOURS_MAX = 36
# A description may name the customer; an event records only that it changed.
_PRIVATE = frozenset({"details"})


class Way(StrEnum):
    """Ways to cancel a line.

    RELEASE releases the seats at no cost, ASK requests approval, and NOTE only marks the line as
    cancelled.
    """

    RELEASE = "release"
    ASK = "ask"
    NOTE = "note"


_WAYS = {("flight", "held"): Way.RELEASE, ("hotel", "booked"): Way.ASK}


class LineChanges(TypedDict, total=False):
    """Fields of a trip line to set; a field whose key is absent stays unchanged.

    `details` are replaced as a whole. `cost` and `price` are decimal strings in `currency`, which
    is by default the currency of the line.
    """

    details: AnyDetails
    status: str
    cost: str
    price: str
    currency: str
    supplier: str | None
    supplier_ref: str | None


def add_line(
    actor: Actor, trip_id: UUID, details: AnyDetails, changes: LineChanges | None = None
) -> TripLine:
    """Add a line to a trip, by default in the currency of the trip.

    Raises Forbidden, TripNotFound, TripFull, InvalidFlightTimes, InvalidLineStatus,
    UnknownCurrency, InvalidAmount, NegativeAmount.
    """
    actor.require("trip.update")
    trip = trips.get_trip(trip_id, lock=True)
    check_room(trip, 1)
    values: LineChanges = {
        "currency": trip.currency,
        "cost": "0",
        "price": "0",
        **(changes or {}),
        "details": details,
    }
    line = TripLine(
        id=new_id(),
        trip_id=trip.id,
        kind=details.kind,
        **_columns(details.kind, values, trip.currency),
    )
    line.created_at = line.updated_at = trip.updated_at = clock.now()
    with title_follows(trip):
        db.session.add(line)
    amounts = {
        "cost": Money(line.cost_minor, line.currency).wire,
        "price": Money(line.price_minor, line.currency).wire,
        "currency": line.currency,
    }
    audit.record(
        actor,
        "trip.line_added",
        entity_refs=_refs(line),
        inputs={"kind": line.kind, "status": line.status, **amounts},
    )
    if line.status in BOOKED:
        follow_facts(actor, trip.id)
    return line


def update_line(actor: Actor, trip_id: UUID, line_id: UUID, changes: LineChanges) -> TripLine:
    """Change a trip line.

    Raises Forbidden, LineNotFound, LineIsOver, LineKindFixed, LineAtSupplier, and the errors of
    `add_line`.
    """
    actor.require("trip.update")
    line = trips.get_line(trip_id, line_id, lock=True)
    if line.status in OVER:
        raise LineIsOver
    if "details" in changes and changes["details"].kind != line.kind:
        raise LineKindFixed
    merged = dict(changes)
    if (
        "currency" in merged and merged["currency"] != line.currency
    ):  # an amount that is not given keeps its number in the new currency
        merged = {
            name: Money(getattr(line, f"{name}_minor"), line.currency).wire
            for name in ("cost", "price")
        } | merged
    values = _columns(line.kind, merged, line.currency)  # type: ignore[arg-type]
    if _is_of_booking(line, values):
        raise LineAtSupplier
    before = {
        name: Money(getattr(line, f"{name}_minor"), line.currency) for name in ("cost", "price")
    }
    with title_follows(trips.get_trip(trip_id)):
        changed = apply(line, values)
        if "currency" in changed:  # amounts in another currency say nothing about the new ones
            line.quoted_cost_minor = line.quoted_price_minor = line.booked_cost_minor = None
        if "supplier" in changed:
            line.party_id = None
    if changed:
        touch(trip_id)
        db.session.flush()
        after = {
            name: (was, Money(getattr(line, f"{name}_minor"), line.currency))
            for name, was in before.items()
        }
        plain = {
            name: pair
            for name, pair in changed.items()
            if not name.endswith("_minor") and name not in ("starts_on", "ends_on", "currency")
        }
        amounts = {name: pair for name, pair in after.items() if pair[0] != pair[1]}
        inputs, private = audit.split_changes(
            audit_changes(plain | amounts, private=_PRIVATE), private=("supplier", "supplier_ref")
        )
        audit.record(
            actor,
            "trip.line_updated",
            entity_refs=_refs(line),
            inputs={"kind": line.kind, **inputs},
            private=private,
        )
    if not BOOKED.isdisjoint(changed.get("status", (line.status,))):
        follow_facts(actor, trip_id)
    return line


def cancel_line(actor: Actor, trip_id: UUID, line_id: UUID) -> TripLine:
    """Mark a line as cancelled, without informing a supplier.

    This function is for lines that are planned, booked elsewhere, ticketed or filed. The line stays
    on the trip, but its cost and price do not count any more. Pending requests for approval of an
    act on the line are withdrawn. Raises Forbidden, LineNotFound, LineIsOver, CancelAtSupplier.
    """
    actor.require("trip.update")
    for tool, name in ASKED_ABOUT:  # before the trip is locked: an approval locks in this order too
        execution.end_about(actor, tool, name, str(trips.get_line(trip_id, line_id).id), CANCELLED)
    line = trips.get_line(trip_id, line_id, lock=True)
    if line.status in OVER:
        raise LineIsOver
    if way_to_cancel(line) is not Way.NOTE:
        raise CancelAtSupplier
    was = line.status
    with title_follows(trips.get_trip(trip_id)):
        apply(line, {"status": "cancelled", "hold_expires_at": None})
        touch(trip_id)
    audit.record(
        actor,
        "trip.line_cancelled",
        entity_refs=_refs(line),
        inputs={"kind": line.kind, "before": was},
    )
    if was in BOOKED:
        follow_facts(actor, trip_id)
    return line


def replace_texts(
    trip_ids: Sequence[UUID], replaced: Callable[[Collection[str]], Mapping[str, str]]
) -> None:
    """Replace the texts that a person has written in all lines of the given trips.

    An erasure of personal data uses this function. The texts are the free texts of the details, the
    supplier and the booking number. `replaced` takes these texts and returns a mapping from each
    text to its new text. A new text of the details is cut to the maximum length of its field.
    """
    lines = db.session.scalars(
        select(TripLine).where(TripLine.trip_id.in_(trip_ids)).with_for_update()
    ).all()
    texts = {text for line in lines for text in kinds.free_texts(line.kind, line.details)}
    new = replaced(
        texts | {text for line in lines for text in (line.supplier, line.supplier_ref) if text}
    )
    for line in lines:
        line.details = kinds.with_texts(line.kind, line.details, new)
        line.supplier = new[line.supplier] if line.supplier else line.supplier
        line.supplier_ref = new[line.supplier_ref] if line.supplier_ref else line.supplier_ref
    db.session.flush()


def way_to_cancel(line: TripLine) -> Way:
    """Return the way to cancel a line, which depends on kind, status and supplier."""
    return (
        _WAYS.get((line.kind, line.status), Way.NOTE) if line.supplier_key is not None else Way.NOTE
    )


def remove_line(actor: Actor, trip_id: UUID, line_id: UUID) -> None:
    """Remove a planned, cancelled or failed line from its trip.

    Raises Forbidden, LineNotFound, LineIsCommitted.
    """
    actor.require("trip.update")
    line = trips.get_line(trip_id, line_id, lock=True)
    if line.status not in OVER and line.status != "planned":
        raise LineIsCommitted
    with title_follows(trips.get_trip(trip_id)):
        db.session.delete(line)
        touch(trip_id)
    audit.record(
        actor,
        "trip.line_removed",
        entity_refs=_refs(line),
        inputs={"kind": line.kind, "before": line.status},
    )


def check_room(trip: Trip, more: int) -> None:
    """Check that a locked trip has room for `more` further lines.

    Raises TripFull.
    """
    if (
        db.session.scalar(select(func.count(TripLine.id)).where(TripLine.trip_id == trip.id)) or 0
    ) + more > LINES_MAX:
        raise TripFull


def check_times(details: FlightDetails) -> None:
    """Check that a flight lands after it departs, at most 36 hours later.

    Times are compared in UTC if both time zones are known. Otherwise local times are compared, with
    a tolerance of 26 hours. Raises InvalidFlightTimes.
    """
    departs = places.instant(details.origin, details.departs)
    arrives = places.instant(details.destination, details.arrives)
    minutes = (
        arrives - departs if departs and arrives else details.arrives - details.departs
    ).total_seconds() / 60
    earliest = (
        0 if departs and arrives else -26 * 60
    )  # local times differ by at most 26 hours, across the date line
    if not earliest < minutes <= FLIGHT_HOURS_MAX * 60 + (0 if departs and arrives else 26 * 60):
        raise InvalidFlightTimes


def _is_of_booking(line: TripLine, values: dict[str, Any]) -> bool:
    """Return True if a change affects booking data that a supplier has."""
    fixed = AT_SUPPLIER.get((line.kind, line.status))
    if fixed is None or line.supplier_key is None:
        return False
    details = values.get("details", line.details)
    return any(values[name] != getattr(line, name) for name in _OF_BOOKING & set(values)) or any(
        details.get(name) != line.details.get(name) for name in fixed
    )


def _columns(kind: str, changes: LineChanges, currency: str) -> dict[str, Any]:
    """Convert changes to column values, and check each value.

    Checks that need the stored line are not made here. Raises InvalidLineStatus, InvalidAmount,
    NegativeAmount, InvalidFlightTimes.
    """
    values: dict[str, Any] = {
        name: changes[name]
        for name in ("status", "currency", "supplier", "supplier_ref")
        if name in changes
    }
    if "status" in values and values["status"] not in BY_HAND[kind]:
        raise InvalidLineStatus
    for name in ("cost", "price"):
        if name in changes:
            amount = Money.parse(changes[name], values.get("currency", currency))
            if amount.amount_minor < 0 and kind != "other":
                raise NegativeAmount
            values[f"{name}_minor"] = amount.amount_minor
    if "details" in changes:
        details = changes["details"]
        if isinstance(details, FlightDetails):
            check_times(details)
        values["details"] = kinds.stored(details)
        values["starts_on"], values["ends_on"] = kinds.span(details)
    return values


def _refs(line: TripLine) -> dict[str, Any]:
    return {"trip_id": line.trip_id, "line_id": line.id}
