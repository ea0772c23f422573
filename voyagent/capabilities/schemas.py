"""Request and response schemas of the operations on capabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from flask_babel import gettext
from pydantic import Field, JsonValue, RootModel

from voyagent.capabilities.capability import Capability
from voyagent.capabilities.describe import tool_schema
from voyagent.capabilities.execution import Proposed
from voyagent.kernel.fields import Answer, IdFilter, Query
from voyagent.kernel.serializers import AnswerOf, Computed


class CapabilityInput(RootModel[dict[str, JsonValue]]):
    """Input of a capability: an object with the fields of its `input_schema`."""


class RunQuery(Query):
    """Query parameter with the conversation to which the call belongs, if any."""

    session_id: IdFilter = Field(
        default=None,
        description="The conversation whose trip is used and in which a proposal is shown.",
    )


class Annotations(Answer):
    """Hints for programs, as defined by the Model Context Protocol."""

    readOnlyHint: bool  # noqa: N815 - the protocol's spelling
    destructiveHint: bool  # noqa: N815


class CapabilityOut(AnswerOf[Capability[Any]]):
    """A capability that the caller may use."""

    name: str
    title: Annotated[str, Computed(lambda one: gettext(one.title))]
    summary: str
    description: Annotated[str, Computed(lambda one: tool_schema(one)["description"])]
    area: str
    approval: Literal["never", "review", "required"]
    input_schema: Annotated[dict[str, Any], Computed(lambda one: tool_schema(one)["input_schema"])]
    annotations: Annotated[Annotations, Computed(lambda one: tool_schema(one)["annotations"])]


class CapabilityList(AnswerOf[Sequence[Capability[Any]]]):
    """All capabilities that the caller may use, ordered by name."""

    items: Annotated[list[CapabilityOut], Computed(lambda found: found)]
    next_cursor: Annotated[None, Computed(lambda _: None)]


class ProposalOut(AnswerOf[Proposed]):
    """A proposal was stored and waits for approval; nothing else was changed."""

    approval_id: str
    summary: str
    session_id: UUID
