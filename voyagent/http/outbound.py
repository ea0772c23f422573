"""Calls to outside systems within a request, made while no transaction is open."""

from __future__ import annotations

from typing import TypeVar

from voyagent.kernel.db import pause
from voyagent.kernel.outbound import OutboundCall

Result = TypeVar("Result")


def run(call: OutboundCall[Result]) -> Result:
    """Make a call without a transaction and store its result in a new transaction.

    The present transaction is rolled back before the call. RuntimeError is raised if the request
    has already written anything. The row of an `Idempotency-Key` is rolled back too and inserted
    again at the end of the request. A call that needs no outside system (`ask` is None) runs in the
    present transaction instead. If the call fails, its error is raised and nothing is written.
    """
    if call.ask is None:
        return call.done()
    pause()
    return call.go()()
