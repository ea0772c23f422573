"""Calls to outside systems within a request, made while no transaction is open."""

from __future__ import annotations

from typing import TypeVar

from voyagent.kernel.db import pause
from voyagent.kernel.outbound import OutboundCall

Result = TypeVar("Result")


def run(call: OutboundCall[Result]) -> Result:
    """Make a call without a transaction and store its result in a new transaction.

    If `ask` is None, the call runs in the present transaction. Otherwise the present transaction is
    rolled back first, so the request must not have written anything.
    """
    if call.ask is None:
        return call.done()
    pause()
    return call.go()()
