"""Expect a bill for each booked line of a trip, until bills are matched to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.parties.service.parties import PartyAmbiguous, party_of
from voyagent.trips.models import ExpectedBill, TripLine
from voyagent.trips.rules.journey import BOOKED


def follow_lines(actor: Actor, lines: Sequence[TripLine]) -> None:
    """Expect a bill for each booked line with a cost of a locked trip.

    The amount is the booked cost, and the bill is due on the first day of the service, or else on
    the day of the booking. An expected bill follows its line until a bill is matched to it. When a
    line is cancelled, its open expected bill is released. If a part of it is billed or accrued, it
    opens again with the next booking of the line. A line whose cost is accrued in another currency
    than its present one gets a new expected bill. The supplier of a booked line becomes a party,
    unless several have its name.
    """
    statement = select(ExpectedBill).where(
        ExpectedBill.trip_line_id.in_([line.id for line in lines]),
        (ExpectedBill.status != "released")
        | (ExpectedBill.matched_minor > 0)
        | (ExpectedBill.accrued_minor > 0),
    )
    rows = db.session.scalars(statement.order_by(ExpectedBill.id).with_for_update(key_share=True))
    known = {row.trip_line_id: row for row in rows}
    for line in lines:
        expected = known.get(line.id)
        if expected is not None and _is_accrued_otherwise(expected, line):
            _release(expected)
            db.session.flush()
            expected = None
        if line.status not in BOOKED:
            line.party_id = None
        elif line.party_id is None and line.supplier and line.supplier.strip():
            with suppress(PartyAmbiguous):
                line.party_id = party_of(actor, "supplier", name=line.supplier).id
        if not line.booked_cost_minor or line.booked_cost_minor < 0:
            _release(expected)
        elif expected is None:
            db.session.add(_expect(actor, line, line.booked_cost_minor))
        elif expected.status == "released":
            expected.status = "open"
            _update(expected, line, line.booked_cost_minor)
        elif expected.status == "open" and not expected.matched_minor:
            _update(expected, line, line.booked_cost_minor)
    db.session.flush()


class Billed(NamedTuple):
    """The amount of a bill that is matched to an expected bill, in minor units.

    If `is_final`, no further bill is expected.
    """

    amount_minor: int
    is_final: bool


class Accrued(NamedTuple):
    """A change of accrued cost, in minor units.

    `amount_minor` is in the currency of the expected bill, `base_minor` in the base currency.
    """

    amount_minor: int
    base_minor: int


def mark_accrued(changes: Mapping[UUID, Accrued]) -> None:
    """Add changes to the accrued cost of expected bills, by their ids."""
    held = select(ExpectedBill.id).where(ExpectedBill.id.in_(changes)).order_by(ExpectedBill.id)
    db.session.execute(held.with_for_update(key_share=True))
    for expected in _get(changes):
        expected.accrued_minor += changes[expected.id].amount_minor
        expected.accrued_base_minor += changes[expected.id].base_minor
        expected.updated_at = clock.now()
    db.session.flush()


def close_without_bill(expected_bill_id: UUID) -> None:
    """Expect no further bill for an open expected bill, whose row is locked."""
    for expected in _get([expected_bill_id]):
        if expected.status == "open":
            expected.status, expected.updated_at = "matched", clock.now()
    db.session.flush()


def mark_billed(billed: Mapping[UUID, Billed]) -> None:
    """Add the amounts of bills to locked expected bills, by their ids.

    An expected bill is closed if the bill is final or if its whole amount is billed.
    """
    for expected in _get(billed):
        one = billed[expected.id]
        expected.matched_minor += one.amount_minor
        if one.is_final or expected.matched_minor >= expected.amount_minor:
            expected.status = "matched"
        expected.updated_at = clock.now()
    db.session.flush()


def mark_not_billed(billed: Mapping[UUID, Billed]) -> None:
    """Take bills back from locked expected bills, by their ids.

    An expected bill opens again, unless its line is not booked any more.
    """
    booked = select(TripLine.id).where(TripLine.status.in_(BOOKED))
    of_booked = set(
        db.session.scalars(
            select(ExpectedBill.id).where(
                ExpectedBill.id.in_(billed), ExpectedBill.trip_line_id.in_(booked)
            )
        )
    )
    for expected in _get(billed):
        expected.matched_minor -= billed[expected.id].amount_minor
        expected.status = "open" if expected.id in of_booked else "released"
        expected.updated_at = clock.now()
    db.session.flush()


def _is_accrued_otherwise(expected: ExpectedBill, line: TripLine) -> bool:
    """Return True if the accrued cost of a line is not in its present currency."""
    is_accrued = expected.accrued_minor and not expected.matched_minor
    return bool(is_accrued) and expected.currency != line.currency


def _get(ids: Collection[UUID]) -> Sequence[ExpectedBill]:
    of_ids = select(ExpectedBill).where(ExpectedBill.id.in_(ids)).order_by(ExpectedBill.id)
    return db.session.scalars(of_ids.execution_options(populate_existing=True)).all()


def _expect(actor: Actor, line: TripLine, cost_minor: int) -> ExpectedBill:
    now = clock.now()
    return ExpectedBill(
        id=new_id(),
        trip_id=line.trip_id,
        trip_line_id=line.id,
        party_id=line.party_id,
        currency=line.currency,
        amount_minor=cost_minor,
        matched_minor=0,
        due_on=line.starts_on or clock.today(actor.timezone),
        status="open",
        created_at=now,
        updated_at=now,
    )


def _update(expected: ExpectedBill, line: TripLine, cost_minor: int) -> None:
    before = expected.party_id, expected.currency, expected.amount_minor, expected.due_on
    due_on = line.starts_on or expected.due_on
    if before == (line.party_id, line.currency, cost_minor, due_on):
        return
    expected.party_id, expected.currency, expected.amount_minor, expected.due_on = (
        *(line.party_id, line.currency, cost_minor),
        due_on,
    )
    expected.updated_at = clock.now()


def _release(expected: ExpectedBill | None) -> None:
    if expected is not None and expected.status == "open":
        expected.status, expected.updated_at = "released", clock.now()
