"""Dry runs, which record the results of an action and roll its transaction back.

A dry run calls no outside system.
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
    """Code called an outside system during a dry run, which is a programming error."""


@dataclass(slots=True)
class Notes:
    """Recorded results of a dry run: journal entries, and mails as (kind, recipient)."""

    entries: list[UUID] = field(default_factory=list)
    mails: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def recording_dry_run(session: scoped_session[Any] | Session) -> Iterator[Notes]:
    """Record the results of the block, whose transaction the caller rolls back.

    Raises RuntimeError inside another dry run.
    """
    if _NOTES in session.info:
        raise RuntimeError("dry runs cannot be nested")
    notes = session.info[_NOTES] = Notes()
    try:
        yield notes
    finally:
        del session.info[_NOTES]


def notes_of(session: scoped_session[Any] | Session) -> Notes | None:
    """Return the record of the current dry run, None outside a dry run."""
    return session.info.get(_NOTES)


def refuse_outside(session: scoped_session[Any] | Session) -> None:
    """Raise OutsideCallInDryRun during a dry run.

    Code calls this function before each call to an outside system.
    """
    if _NOTES in session.info:
        raise OutsideCallInDryRun("an outside system was called in a dry run")
