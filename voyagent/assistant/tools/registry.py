"""The tools of the assistant: the capabilities, and those that are not yet capabilities."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import Any, Literal

from flask_babel import gettext
from pydantic import BaseModel, ValidationError

from voyagent.approvals.service import effects
from voyagent.capabilities import execution, registry as capabilities
from voyagent.capabilities.capability import Capability, Invocation, JsonObject
from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.outbound import OutboundCall

FIELDS_MAX = 5
"""How many fields that are wrong are named at once."""
ApprovalClass = Literal["auto", "review", "gated"]


class Desk(StrEnum):
    """Who in an agency does it (API contract, section 17): the orchestrator only hands over and
    asks back.
    """

    ORCHESTRATOR = "orchestrator"
    TICKETING_VISA = "ticketing_visa"
    HOTELS_HOLIDAYS = "hotels_holidays"
    ACCOUNTING = "accounting"


class ToolUnknown(Invalid):
    """A name that no tool has."""

    code = "tool_unknown"
    message = N_("No tool is available for this.")


class ArgumentsRefused(Invalid):
    """Arguments that the tool's schema does not take; `detail` names the field."""

    code = "invalid_arguments"
    message = N_("Some values are not valid. Check them and try again.")

    @property
    def told(self) -> str:
        """The sentence with the names of the fields, for whoever has made the arguments."""
        return str(
            gettext(
                "Some values are not valid: %(fields)s. Check them and try again.",
                fields=self.detail,
            )
        )


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    `run` gives a small JSON object, or an outbound call that ends in one where somebody outside is
    asked.

    A gated tool has `summarise` instead: the line that says what is asked for. `writes`: it changes
    records of our own. `reversible`: what it does can be taken back; what cannot is always gated.
    `gives` are the keys of its answer. A `shared` tool is at hand at every desk.
    """

    name: str
    purpose: str
    permission: str
    takes: type[BaseModel]
    run: Callable[[Invocation, Any], JsonObject | OutboundCall[JsonObject]] | None = None
    summarise: Callable[[Invocation, Any], str] | None = None
    desk: Desk = Desk.ORCHESTRATOR
    writes: bool = False
    reversible: bool = True
    gives: frozenset[str] = frozenset()
    shared: bool = False

    @property
    def is_gated(self) -> bool:
        """Whether a person must grant it."""
        return self.summarise is not None

    @property
    def approval(self) -> ApprovalClass:
        """`gated` only proposes; `review` writes at once, for the person to see and take back;
        `auto` reads.
        """
        return "gated" if self.is_gated else "review" if self.writes else "auto"

    def summary_of(self, call: Invocation, wanted: BaseModel) -> str:
        """What a person is asked to grant, in a line."""
        return self.summarise(call, wanted) if self.summarise is not None else self.purpose

    def read(self, arguments: JsonObject) -> BaseModel:
        """The arguments by the tool's schema, as strict as a body of the API.

        Raises ArgumentsRefused.
        """
        try:
            return self.takes.model_validate_json(json.dumps(arguments))
        except ValidationError as error:
            wrong = [
                ".".join(map(str, one["loc"])) or "arguments"
                for one in error.errors(
                    include_url=False, include_context=False, include_input=False
                )
            ]
            raise ArgumentsRefused(", ".join(list(dict.fromkeys(wrong))[:FIELDS_MAX])) from None


_tools: dict[str, Tool] = {}


def register(tool: Tool) -> Tool:
    """Make a tool known.

    Raises ValueError for a name that is taken, a tool that is neither carried out nor gated, and a
    final one that is not gated.
    """
    if (tool.run is None) == (tool.summarise is None):
        raise ValueError(f"{tool.name} is either carried out or gated")
    if not tool.reversible and not tool.is_gated:
        raise ValueError(f"{tool.name} cannot be taken back, so a person must grant it")
    if _tools.setdefault(tool.name, tool) is not tool:
        raise ValueError(f"{tool.name} is registered already")
    return tool


def get(name: str) -> Tool:
    """Return the tool of a name. Raises ToolUnknown."""
    if name in _tools:
        return _tools[name]
    capability = capabilities.find(name)
    if capability is None:
        raise ToolUnknown
    return tool_of(capability)


def is_gated(name: str) -> bool:
    """Whether a tool of this name only proposes; not so where there is none."""
    return any(tool.is_gated for tool in every() if tool.name == name)


def every() -> tuple[Tool, ...]:
    """All tools, ordered by name."""
    tools = {one.name: tool_of(one) for one in capabilities.every()} | _tools
    return tuple(tools[name] for name in sorted(tools))


def of_desk(desk: Desk) -> tuple[Tool, ...]:
    """What a desk has at hand, by name: its own tools and the shared ones; the orchestrator has its
    own alone.
    """
    return tuple(
        tool
        for tool in every()
        if tool.desk is desk or (tool.shared and desk is not Desk.ORCHESTRATOR)
    )


def check() -> None:
    """At start: each gated tool has an effect that a grant carries out, as final as the tool says
    and for the same permission.

    Raises ValueError for one that has none.
    """
    for tool in _tools.values():
        if not tool.is_gated:
            continue
        effect = effects.find(tool.name)
        if effect is None:
            raise ValueError(f"{tool.name} is gated, and nothing is registered for its grant")
        if effect.reversible != tool.reversible:
            raise ValueError(f"{tool.name} and its effect differ on whether it can be taken back")
        if effect.permission != tool.permission:
            raise ValueError(f"{tool.name} and its effect differ on the permission")


@cache
def tool_of(capability: Capability[Any]) -> Tool:
    """Return a capability as a tool; it only proposes if approval is required."""
    gated = capability.approval == "required"
    shared = capability.area == "everywhere"
    return Tool(
        capability.name,
        capability.summary,
        capability.permission,
        capability.input,
        run=None if gated else capability.run,
        summarise=partial(execution.summary_of, capability) if gated else None,
        desk=Desk.HOTELS_HOLIDAYS if shared else Desk(capability.area),
        writes=capability.writes,
        reversible=capability.undoable,
        gives=capability.output,
        shared=shared,
    )
