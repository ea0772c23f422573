"""Trying an act out: while somebody rehearses, rooms note what they do in the transaction that will
be rolled back, and nothing reaches the outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session, scoped_session

_NOTES = "rehearsal"


class OutsideInRehearsal(RuntimeError):
    """Something tried to reach an outside system while it was only rehearsed: a fault of ours, and
    nothing has left the house.
    """


@dataclass(slots=True)
class Notes:
    """What happened while it was rehearsed: journal entries that were posted, and mails as (kind,
    recipient).
    """

    entries: list[UUID] = field(default_factory=list)
    mails: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def rehearsing(session: scoped_session[Any] | Session) -> Iterator[Notes]:
    """Have what happens in the block noted. The caller rolls it back; rehearsals do not nest."""
    if _NOTES in session.info:
        raise RuntimeError("a rehearsal within a rehearsal")
    notes = session.info[_NOTES] = Notes()
    try:
        yield notes
    finally:
        del session.info[_NOTES]


def notes_of(session: scoped_session[Any] | Session) -> Notes | None:
    """Where a room writes down what it does; None when this is no rehearsal."""
    return session.info.get(_NOTES)


def refuse_outside(session: scoped_session[Any] | Session) -> None:
    """For whoever is about to call an outside system.

    Raises OutsideInRehearsal while this is a rehearsal.
    """
    if _NOTES in session.info:
        raise OutsideInRehearsal("an outside call in a rehearsal")
