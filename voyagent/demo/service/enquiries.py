"""Create sixty enquiries over the year, in every status.

An SQL statement moves the times of receipt into the past.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from voyagent.enquiries import service as enquiries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import rows_changed

SOURCE = Path(__file__).with_name("enquiries.csv")
FIRST_HOUR, LAST_HOUR = 8, 20


def log_all(staff: Sequence[Actor]) -> list[UUID]:
    """Create the enquiries in `enquiries.csv`, newest first, and return their ids.

    The people in `staff` create the enquiries in turn.
    """
    with SOURCE.open(newline="", encoding="utf-8") as file:
        return [
            _log(staff[number % len(staff)], line)
            for number, line in enumerate(csv.DictReader(file))
        ]


def _log(actor: Actor, line: Row) -> UUID:
    received = _in_the_day(clock.now() - timedelta(hours=int(line["hours_ago"])), actor.timezone)
    enquiry = enquiries.create(
        actor, customer_name=line["customer"], **_wish(line, received.date())
    )
    if line["status"] == "cancelled":
        enquiries.cancel(actor, enquiry.id)
    elif line["status"] != "new":
        enquiries.update(actor, enquiry.id, {"status": line["status"]})
    rows_changed(
        "update enquiries set created_at = :received, updated_at = :received where tenant_id ="
        " :tenant_id and id = :id",
        received=received,
        id=enquiry.id,
    )
    return enquiry.id


def _in_the_day(instant: datetime, zone: str) -> datetime:
    """Return a time on the same day in the agency's office hours.

    A time of today is returned unchanged, so that it does not move into the future.
    """
    local = instant.astimezone(ZoneInfo(zone))
    if FIRST_HOUR <= local.hour < LAST_HOUR or local.date() == clock.today(zone):
        return instant
    return local.replace(hour=FIRST_HOUR + local.hour % (LAST_HOUR - FIRST_HOUR))


def _wish(line: Row, received: date) -> Any:
    """Return the non-empty fields of an enquiry from a line of `enquiries.csv`."""
    departs = received + timedelta(days=int(line["leaves_in"])) if line["leaves_in"] else None
    wish = {
        "customer_email": line["email"],
        "customer_phone": line["phone"],
        "origin": line["origin"],
        "destination": line["destination"],
        "depart_date": departs,
        "return_date": (
            departs + timedelta(days=int(line["nights"])) if departs and line["nights"] else None
        ),
        "pax_count": int(line["pax"]),
        "budget_amount": Decimal(line["budget"]) if line["budget"] else None,
        "budget_currency": line["currency"],
        "notes": line["notes"],
    }
    return {name: value for name, value in wish.items() if value not in (None, "")}
