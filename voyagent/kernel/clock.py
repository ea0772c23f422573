"""Current time in UTC and dates in a time zone.

All other modules take the current time from here. Web processes and workers follow the clock of the
database; other programs use the clock of their computer.
"""

from __future__ import annotations

import time as system_time
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_NO_PLACES = {"Factory", "localtime"}
"""Names in the time zone database that are not time zones.

`Factory` stands for a computer without a time zone. `localtime` is the time zone of the computer;
PostgreSQL does not accept this name.
"""

# This clock cannot be set. Unlike the monotonic clock it counts the time for which a computer
# sleeps, where the system has it.
_TICKER = getattr(system_time, "CLOCK_BOOTTIME", system_time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A time of the reference clock, and the value of `ticks` at that time."""

    at: datetime
    ticks_s: float


@dataclass(slots=True)
class _Process:
    """The clock of this process.

    `anchor` relates `ticks` to the reference clock. If it is None, the process uses the clock of
    its computer.
    """

    anchor: _Anchor | None = None


_process = _Process()


def now() -> datetime:
    """Return the current time as an aware datetime in UTC."""
    anchor = _process.anchor
    if anchor is None:
        return own()
    return anchor.at + timedelta(seconds=ticks() - anchor.ticks_s)


def seconds() -> float:
    """Return the current time in seconds since 1970."""
    return now().timestamp()


def own() -> datetime:
    """Return the time of this computer's own clock as an aware datetime in UTC."""
    return datetime.now(UTC)


def ticks() -> float:
    """Return the seconds of a monotonic clock, which starts at an unspecified time."""
    return system_time.clock_gettime(_TICKER)


def follow(at: datetime, ticks_s: float) -> None:
    """Set the clock of this process: the time was `at` when `ticks` was `ticks_s`."""
    _process.anchor = _Anchor(at, ticks_s)


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
