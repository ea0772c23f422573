"""Recording of the results of an action, and dry runs.

A dry run records the results, calls no outside system, and rolls the transaction back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session, scoped_session

_NOTES = "recorded results"


class OutsideCallInDryRun(RuntimeError):
    """Code called an outside system during a dry run, which is a programming error."""


@dataclass(slots=True)
class Notes:
    """Recorded results of an action: journal entries, and mails as (kind, recipient).

    `papers` are the issued documents: what each prints beside its lines and amounts, by name.
    """

    is_dry: bool
    entries: list[UUID] = field(default_factory=list)
    mails: list[tuple[str, str]] = field(default_factory=list)
    papers: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def recording(session: scoped_session[Any] | Session, *, is_dry: bool) -> Iterator[Notes]:
    """Record the journal entries and the mails that the block creates.

    If `is_dry` is true, no outside system may be called, and the caller must roll the transaction
    back. Raises RuntimeError inside another such block.
    """
    if _NOTES in session.info:
        raise RuntimeError("recordings cannot be nested")
    notes = session.info[_NOTES] = Notes(is_dry)
    try:
        yield notes
    finally:
        del session.info[_NOTES]


@contextmanager
def recording_part(session: scoped_session[Any] | Session) -> Iterator[Notes]:
    """Record the results of the block, which may be a part of a recorded action.

    The results are also those of the whole action.
    """
    whole = notes_of(session)
    notes = session.info[_NOTES] = Notes(whole is not None and whole.is_dry)
    try:
        yield notes
    finally:
        del session.info[_NOTES]
        if whole is not None:
            session.info[_NOTES] = whole
            whole.entries += notes.entries
            whole.mails += notes.mails
            whole.papers += notes.papers


def notes_of(session: scoped_session[Any] | Session) -> Notes | None:
    """Return the record of the current action, None if its results are not recorded."""
    return session.info.get(_NOTES)


def is_dry_run(session: scoped_session[Any] | Session) -> bool:
    """Return True during a dry run."""
    notes = notes_of(session)
    return notes is not None and notes.is_dry


def refuse_outside(session: scoped_session[Any] | Session) -> None:
    """Raise OutsideCallInDryRun during a dry run.

    Call this function before each call to an outside system.
    """
    if is_dry_run(session):
        raise OutsideCallInDryRun("an outside system was called in a dry run")
