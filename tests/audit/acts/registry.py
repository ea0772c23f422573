"""Registry of acts with the events that each records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.audit.acts.stage import Stage

Doing = Callable[[], Any]


@dataclass(frozen=True)
class Left:
    """One event: kind, actor, channel, references and content.

    `by` is the name of the actor in the fixture data, None for the program. `refs` are all names in
    its `entity_refs`; `says` is some of its inputs and outputs.
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
    """One act through one channel.

    `prepare` makes the fixture data and returns a function that does the act. The function returns
    a response, a command's result, or nothing. `answers` is the status (of a command: its exit
    code) of success, also where a refusal is expected. `covers` are the operations, pages, tasks
    and commands that it uses. `beside` are tables that may change although the act was refused,
    since their rows are not part of it.
    """

    name: str
    covers: tuple[str, ...]
    leaves: tuple[Left, ...]
    answers: int | None
    prepare: Callable[[Stage], Doing]
    beside: tuple[str, ...] = ()
    tells_of_failure: bool = False
    """A turn of the assistant reports its failure and ends, so doing it again does nothing."""
    in_savepoints: bool = False
    """All rows are written in savepoints, whose numbers are behind the transaction's own."""
    strict: bool = False
    """The installation requires a confirmed address to sign in."""


ACTS: list[Act] = []


def act(
    *covers: str, leaves: Left | tuple[Left, ...], answers: int | None = None, **more: Any
) -> Callable[[Callable[[Stage], Doing]], Callable[[Stage], Doing]]:
    """Register a function as an act named after the function."""

    def register(prepare: Callable[[Stage], Doing]) -> Callable[[Stage], Doing]:
        several = leaves if isinstance(leaves, tuple) else (leaves,)
        ACTS.append(Act(prepare.__name__, covers, several, answers, prepare, **more))
        return prepare

    return register
