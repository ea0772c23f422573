"""The one source of time: instants in UTC, days in a named zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_NO_PLACES = {"Factory", "localtime"}
"""Names that stand among the zones and are none: the placeholder of an unset clock, and the
computer's own choice, which PostgreSQL does not know.
"""


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: str = "UTC") -> date:
    """The calendar day that it is in a zone of the IANA database."""
    return now().astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str = "UTC") -> datetime:
    """The instant at which a day begins in a zone."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def is_zone(name: str) -> bool:
    """Whether the zone database knows the name."""
    return name in _zones()


def zones() -> tuple[str, ...]:
    """Every zone by name."""
    return tuple(sorted(_zones()))


@cache
def _zones() -> frozenset[str]:
    return (
        frozenset(available_timezones()) - _NO_PLACES
    )  # reads the whole zone database from disk: once is enough
