"""What a tool is, and the list of them; higher rooms add theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from voyagent.approvals import effects
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.reading import SessionReader

JsonObject = dict[str, Any]


class ToolUnknown(Invalid):
    """A name that no tool has."""

    code = "tool_unknown"
    message = N_("I have no tool for that.")


class ArgumentsRefused(Invalid):
    """Arguments that the tool's schema does not take; `detail` names the field."""

    code = "invalid_arguments"
    message = N_("Something in that cannot be right.")


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a tool is used: by whom, in which conversation, and how it reads."""

    actor: Actor
    session_id: UUID

    @property
    def reader(self) -> SessionReader:
        """Reads in the tool's own transaction."""
        return SessionReader(db.session)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `run` gives a small JSON object; a gated tool has `summarise` instead: the line that says what is asked for."""

    name: str
    purpose: str
    permission: str
    takes: type[BaseModel]
    run: Callable[[Scene, Any], JsonObject] | None = None
    summarise: Callable[[Scene, Any], str] | None = None

    @property
    def is_gated(self) -> bool:
        """Whether a person must grant it."""
        return self.summarise is not None

    def summary_of(self, scene: Scene, wanted: BaseModel) -> str:
        """What a person is asked to grant, in a line."""
        return self.summarise(scene, wanted) if self.summarise is not None else self.purpose

    def read(self, arguments: JsonObject) -> BaseModel:
        """The arguments by the tool's schema, as strict as a body of the API. Raises ArgumentsRefused."""
        try:
            return self.takes.model_validate_json(json.dumps(arguments))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise ArgumentsRefused(".".join(str(part) for part in first["loc"]) or "arguments") from None


_tools: dict[str, Tool] = {}


def register(tool: Tool) -> Tool:
    """Make a tool known. Raises ValueError for a name that is taken, or for a tool that is neither carried out nor gated."""
    if (tool.run is None) == (tool.summarise is None):
        raise ValueError(f"{tool.name} is either carried out or gated")
    if _tools.setdefault(tool.name, tool) is not tool:
        raise ValueError(f"{tool.name} is registered already")
    return tool


def get(name: str) -> Tool:
    """The tool of a name. Raises ToolUnknown."""
    if name not in _tools:
        raise ToolUnknown
    return _tools[name]


def every() -> tuple[Tool, ...]:
    """All tools, by name."""
    return tuple(_tools[name] for name in sorted(_tools))


def check() -> None:
    """At start: each gated tool has an effect that a grant carries out. Raises ValueError for one that has none."""
    for tool in _tools.values():
        if tool.is_gated and effects.find(tool.name) is None:
            raise ValueError(f"{tool.name} is gated, and nothing is registered for its grant")
