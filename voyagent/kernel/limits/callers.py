"""The caller of the newest attempt in a thread, for limits on work per caller."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """A client address, and True in `is_known` if it is a known place of the account."""

    place: str = ""
    is_known: bool = False


_present: ContextVar[Caller | None] = ContextVar("caller", default=None)


def note_caller(caller: Caller) -> None:
    """Set the caller of this thread; the next attempt replaces it."""
    _present.set(caller)


def present_caller() -> Caller:
    """Return the caller of the newest attempt in this thread, or an empty one."""
    return _present.get() or Caller()
