"""Payment days of open bills; nothing is posted."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing import queries
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.parts import OPEN_BILL
from voyagent.billing.service.errors import BillNotScheduled, DocumentNotOpen, InvalidDate
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.ledger.service import LAST_DAY


def schedule_bill(actor: Actor, bill_id: UUID, *, pay_on: date) -> Bill:
    """Set the payment day of an open bill, from today on.

    Raises Forbidden, BillNotFound, DocumentNotOpen, InvalidDate.
    """
    actor.require("bill.schedule")
    bill = queries.get_bill(bill_id, lock=True)
    if bill.status not in OPEN_BILL:
        raise DocumentNotOpen
    if bill.pay_on == pay_on:
        return bill
    if not max(clock.today(actor.timezone), bill.issue_date) <= pay_on <= LAST_DAY:
        raise InvalidDate
    return _set(actor, bill, "scheduled", pay_on)


def unschedule_bill(actor: Actor, bill_id: UUID) -> Bill:
    """Remove the payment day. Raises Forbidden, BillNotFound, BillNotScheduled."""
    actor.require("bill.schedule")
    bill = queries.get_bill(bill_id, lock=True)
    if bill.status != "scheduled":
        raise BillNotScheduled
    return _set(actor, bill, "received", None)


def _set(actor: Actor, bill: Bill, status: str, pay_on: date | None) -> Bill:
    outputs = {"pay_on": pay_on} if pay_on else {"was_to_be_paid_on": bill.pay_on}
    bill.status, bill.pay_on, bill.updated_at = status, pay_on, clock.now()
    db.session.flush()
    audit.record(
        actor,
        "bill.scheduled" if pay_on else "bill.unscheduled",
        entity_refs={"bill_id": bill.id},
        outputs=outputs,
    )
    return bill
