"""What an act is to the audit: how it is done, and the events that it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.audit.acts.stage import Stage

Doing = Callable[[], Any]


@dataclass(frozen=True)
class Left:
    """One event: its kind, whose act it is by her name on the stage (None for the program), by
    which way it came, what it names and what it says.

    `refs` are all the names in its `entity_refs`; `says` is some of its inputs and outputs.
    """

    kind: str
    refs: tuple[str, ...] = ()
    by: str | None = "alice"
    via: str = "api"
    status: str = "succeeded"
    error: str | None = None
    approved_by: str | None = None
    says: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Act:
    """One act by one way: `prepare` sets the stage and gives back the doing, which answers with a
    response, a command's result, or nothing.

    `answers` is the status (of a command: its exit code) with which it goes well, a refusal's too.
    `covers` are the operations, pages, tasks and commands that it goes through. `beside` are tables
    that may change although the act was refused, since what they hold is no part of it.
    """

    name: str
    covers: tuple[str, ...]
    leaves: tuple[Left, ...]
    answers: int | None
    prepare: Callable[[Stage], Doing]
    beside: tuple[str, ...] = ()
    tells_of_failure: bool = False
    """For a turn of the assistant: it does not fail with its act but tells of it and ends, so the
    same doing does nothing more.
    """
    in_savepoints: bool = False
    """All that it writes is in savepoints of the one transaction: their numbers are behind the
    transaction's own.
    """
    strict: bool = False
    """In an installation that lets nobody in whose address is not confirmed."""


ACTS: list[Act] = []


def act(
    *covers: str, leaves: Left | tuple[Left, ...], answers: int | None = None, **more: Any
) -> Callable[[Callable[[Stage], Doing]], Callable[[Stage], Doing]]:
    """Register a function as an act; its name says what is done."""

    def register(prepare: Callable[[Stage], Doing]) -> Callable[[Stage], Doing]:
        several = leaves if isinstance(leaves, tuple) else (leaves,)
        ACTS.append(Act(prepare.__name__, covers, several, answers, prepare, **more))
        return prepare

    return register
