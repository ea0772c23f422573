"""The one source of time: instants in UTC, days in a named zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_NO_PLACES = {"Factory", "localtime"}
"""Names in the zone database that are no zones.

A placeholder for an unset clock, and the computer's own setting, which PostgreSQL does not know.
"""


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: str = "UTC") -> date:
    """Return today's date in a zone of the IANA database."""
    return now().astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str = "UTC") -> datetime:
    """Return the instant at which a day begins in a zone."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def is_zone(name: str) -> bool:
    """True if the zone database has the name."""
    return name in _zones()


def zones() -> tuple[str, ...]:
    """Return all zones by name."""
    return tuple(sorted(_zones()))


@cache
def _zones() -> frozenset[str]:
    return (
        frozenset(available_timezones()) - _NO_PLACES
    )  # reads the whole zone database from disk: once is enough
