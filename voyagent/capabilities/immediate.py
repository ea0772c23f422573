"""Execution of a capability and its outbound call, while the caller waits."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from voyagent.capabilities.capability import Capability, Invocation
from voyagent.capabilities.execution import Proposed, execute
from voyagent.http import outbound
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.outbound import OutboundCall


def execute_now(
    capability: Capability[Any], call: Invocation, inputs: BaseModel
) -> JsonObject | Proposed:
    """Run a capability, and then its outbound call without an open transaction.

    Raises the errors of `execute` and of the outbound call.
    """
    done = execute(capability, call, inputs)
    return outbound.run(done) if isinstance(done, OutboundCall) else done
