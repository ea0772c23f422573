"""Calls to outside systems within a request, made while no transaction is open."""

from __future__ import annotations

from typing import TypeVar

from voyagent.kernel.db import pause
from voyagent.kernel.outbound import OutboundCall

Result = TypeVar("Result")


def run(call: OutboundCall[Result]) -> Result:
    """Make a call without a transaction and store its result in a new transaction.

    The present transaction is rolled back first, so the request must not have written anything. But
    if `call.ask` is None, there is no call to make, and the present transaction is used.
    """
    if call.ask is None:
        return call.done()
    pause()
    return call.go()()
