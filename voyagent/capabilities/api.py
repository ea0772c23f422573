"""JSON API of the capabilities: list the caller's capabilities, and run one."""

from __future__ import annotations

from flask import request

from voyagent.capabilities import execution, registry
from voyagent.capabilities.capability import Invocation
from voyagent.capabilities.execution import Proposed
from voyagent.capabilities.immediate import execute_now
from voyagent.capabilities.schemas import CapabilityInput, CapabilityList, ProposalOut, RunQuery
from voyagent.chat.queries.sessions import SessionNotFound
from voyagent.http.api import Accepted, ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.http.intake import body_of
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.errors import (
    Conflict,
    Invalid,
    TooManyRequests,
    Unavailable,
    Unprocessable,
)
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.serializers import Body

api = ApiBlueprint("capabilities", __name__, tag="Capabilities", guard=Guard.BEARER)


@api.get("/capabilities", answer=CapabilityList)
def list_capabilities(reader: RequestReader) -> Body[CapabilityList]:
    """List the capabilities that the caller may use, ordered by name.

    The list depends on the role of the user and on the scopes of an API key. `input_schema` is the
    JSON schema of the body of `POST /capabilities/{name}`. Name, description, schema and
    annotations form a tool of the Model Context Protocol.
    """
    actor = reader.authenticate()
    return CapabilityList.of([one for one in registry.every() if execution.may_use(one, actor)])


@api.post(
    "/capabilities/<name>",
    answer={"type": "object", "additionalProperties": True},
    also={202: ProposalOut},
    missing=registry.CapabilityUnknown,
    errors=(SessionNotFound, Invalid, Conflict, Unprocessable, TooManyRequests, Unavailable),
    inputs=lambda: [one.input for one in registry.every()],
)
def run_capability(
    actor: Actor,
    name: str,
    query: RunQuery,
    body: CapabilityInput,  # noqa: ARG001 - declares that the body is an object
) -> JsonObject | Accepted:
    """Run a capability, or store a proposal if it needs approval.

    The body is the capability's input (see `GET /capabilities`). The status is 200 with the output,
    if the capability ran. The status is 202 with the id of the proposal, if the act needs approval
    and the caller's role may not act without approval. The status is 403 if the role or the scopes
    of the API key do not allow the capability. A capability whose `approval` is `never` always runs
    at once. A capability whose `approval` is `review` runs at once, unless this call needs
    approval.
    """
    capability = registry.get(name)
    call = Invocation(actor, query.session_id)
    execution.require_permission(capability, call)
    done = execute_now(capability, call, body_of(capability.input, request.get_data()))
    return Accepted(ProposalOut.of(done)) if isinstance(done, Proposed) else done
