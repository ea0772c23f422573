"""The client of the request that the current thread handles.

Limits on work at the same time count the callers from one IP address together, and let the persons
of an agency take turns.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


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
    """Return the caller that `note_caller` last set in this thread.

    Without such a caller, the result is a `Caller` with an empty `place`.
    """
    return _present.get() or Caller()


_network: ContextVar[str | None] = ContextVar("network", default=None)
_person: ContextVar[UUID | None] = ContextVar("person", default=None)


def note_network(network: str | None) -> None:
    """Set the client's IPv4 address or IPv6 /64 for this thread.

    None means that the address is unknown or is shared by many clients. The person is unknown until
    the next call of `note_person`.
    """
    _network.set(network)
    _person.set(None)


def present_network() -> str | None:
    """Return the client's IPv4 address or IPv6 /64, or None (see `note_network`)."""
    return _network.get()


def note_person(user_id: UUID) -> None:
    """Set the person whose credential was read, before the database confirms it."""
    _person.set(user_id)


def present_person() -> UUID | None:
    """Return the user id of the person who calls, or None (see `note_person`)."""
    return _person.get()
