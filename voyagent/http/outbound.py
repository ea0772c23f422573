"""Calls to outside systems within a request, made while no transaction is open."""

from __future__ import annotations

from typing import TypeVar

from voyagent.kernel.db import pause
from voyagent.kernel.outbound import OutboundCall

Result = TypeVar("Result")


def run(call: OutboundCall[Result]) -> Result:
    """Make a call without a transaction and store its result in a new one.

    The transaction that prepared the call is rolled back first. If the request has already written
    anything, RuntimeError is raised, unless the call needs no outside system. The row of an
    `Idempotency-Key` is rolled back too and inserted again at the end of the request. Raises the
    errors of the call; in this case nothing has been written.
    """
    if call.ask is None:
        return call.done()
    pause()
    return call.go()()
