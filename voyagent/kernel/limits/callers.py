"""The client that made the latest rate-limited attempt in the current thread.

The limit on simultaneous password checks needs the IP address of this client.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The client of an attempt.

    `place` is the client's IPv4 address or IPv6 /64 network. `is_known` is true if an account has
    signed in from there before (see "known place" in `Throttle`).
    """

    place: str = ""
    is_known: bool = False


_present: ContextVar[Caller | None] = ContextVar("caller", default=None)


def note_caller(caller: Caller) -> None:
    """Set the caller of the current thread, in place of an earlier caller."""
    _present.set(caller)


def present_caller() -> Caller:
    """Return the caller of the latest attempt in this thread, or an empty `Caller`."""
    return _present.get() or Caller()
