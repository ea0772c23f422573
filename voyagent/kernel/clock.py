"""Current time in UTC and dates in a time zone.

All other modules take the time from here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_NO_PLACES = {"Factory", "localtime"}
"""Names in the time zone database that are not time zones.

`Factory` stands for a clock that is not set. `localtime` is the setting of the computer, a name
that PostgreSQL does not accept.
"""


def now() -> datetime:
    """Return the current time as an aware datetime in UTC."""
    return datetime.now(UTC)


def today(zone: str = "UTC") -> date:
    """Return the current date in an IANA time zone, such as `Asia/Kolkata`."""
    return now().astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str = "UTC") -> datetime:
    """Return the time at which a date begins in a time zone, as an aware datetime."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def is_zone(name: str) -> bool:
    """Return True if the IANA database has a time zone of this name."""
    return name in _zones()


def zones() -> tuple[str, ...]:
    """Return the names of all time zones, sorted."""
    return tuple(sorted(_zones()))


@cache
def _zones() -> frozenset[str]:
    return (
        frozenset(available_timezones()) - _NO_PLACES
    )  # cached, because this reads the whole database from disk
