"""Count enquiries by week from stored counts, and declare these counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Date,
    Select,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from voyagent.enquiries.models import Enquiry, EnquiryCount, EnquiryHour
from voyagent.kernel.database.roll_ups import RollUp
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.tenancy import owned

_TABLE = Enquiry.__table__
_COUNTS = EnquiryCount.__table__.c
_HOURS = EnquiryHour.__table__.c


@cached_statement
def weeks_statement(first: date, weeks: int, zone: str) -> Select[Any]:
    """Select the number of enquiries in each week; a week begins on Monday.

    Rows: monday, received, booked; a week without enquiries has no row. `first` is the first
    Monday, and `zone` is the time zone of the weeks.
    """
    begins = [
        datetime.combine(first + timedelta(weeks=n), time(), ZoneInfo(zone)).astimezone(UTC)
        for n in range(weeks + 1)
    ]
    hours = [at.replace(minute=0, second=0, microsecond=0) for at in begins]
    parts = [
        select(_HOURS.hour.label("at"), _HOURS.received, _HOURS.booked).where(
            owned(EnquiryHour), _HOURS.hour >= hours[0], _HOURS.hour < begins[-1]
        )
    ]
    split = [
        (_TABLE.c.created_at >= at) & (_TABLE.c.created_at < hour + timedelta(hours=1))
        for at, hour in zip(begins, hours, strict=True)
        if at != hour
    ]
    if split:
        booked = case((_TABLE.c.status == "booked", 1), else_=0)
        for sign, at in (
            (1, _TABLE.c.created_at),
            (-1, func.date_trunc("hour", _TABLE.c.created_at, "UTC")),
        ):
            parts.append(
                select(at, literal(sign), booked * sign).where(owned(Enquiry), or_(*split))
            )
    both = union_all(*parts).subquery("both").c
    monday = cast(func.date_trunc("week", func.timezone(zone, both.at)), Date)
    received, booked_now = (
        cast(func.sum(column), BigInteger) for column in (both.received, both.booked)
    )
    by_week = (
        select(monday.label("monday"), received.label("received"), booked_now.label("booked"))
        .group_by("monday")
        .having(func.sum(both.received) > 0)
    )
    week = by_week.subquery("week")
    return (
        select(week)
        .where(week.c.monday >= first, week.c.monday < first + timedelta(weeks=weeks))
        .order_by(week.c.monday)
    )


def _sources() -> tuple[Select[Any], Select[Any]]:
    one = literal(1, BigInteger)
    booked = case((_TABLE.c.status == "booked", 1), else_=0)
    hour = func.date_trunc("hour", _TABLE.c.created_at, "UTC")
    counted = select(_TABLE.c.status, one.label("n"))
    received = select(hour.label("hour"), one.label("received"), booked.label("booked"))
    return counted.where(owned(Enquiry)), received.where(owned(Enquiry))


_BY_STATUS, _BY_HOUR = _sources()
ROLL_UPS = (
    RollUp("enquiries", EnquiryCount, (_BY_STATUS,)),
    RollUp("enquiries", EnquiryHour, (_BY_HOUR,)),
)
"""The counts by status and by hour, which triggers maintain."""
