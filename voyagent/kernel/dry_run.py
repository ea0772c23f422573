"""Dry runs: packages record what they do in a transaction that is rolled back.

No outside system is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session, scoped_session

_NOTES = "dry run"


class OutsideCallInDryRun(RuntimeError):
    """An outside system was called during a dry run: a programming error."""


@dataclass(slots=True)
class Notes:
    """Results of a dry run: journal entries, and mails as (kind, recipient)."""

    entries: list[UUID] = field(default_factory=list)
    mails: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def recording_dry_run(session: scoped_session[Any] | Session) -> Iterator[Notes]:
    """Record what happens in the block. The caller rolls it back; dry runs do not nest."""
    if _NOTES in session.info:
        raise RuntimeError("a dry run within a dry run")
    notes = session.info[_NOTES] = Notes()
    try:
        yield notes
    finally:
        del session.info[_NOTES]


def notes_of(session: scoped_session[Any] | Session) -> Notes | None:
    """Return the record of the running dry run, or None."""
    return session.info.get(_NOTES)


def refuse_outside(session: scoped_session[Any] | Session) -> None:
    """Refuse a call to an outside system during a dry run. Raises OutsideCallInDryRun."""
    if _NOTES in session.info:
        raise OutsideCallInDryRun("an outside call in a dry run")
