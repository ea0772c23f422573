"""Outbound calls within a request: made without an open transaction."""

from __future__ import annotations

from typing import TypeVar

from voyagent.kernel.db import pause
from voyagent.kernel.outbound import OutboundCall

Result = TypeVar("Result")


def run(call: OutboundCall[Result]) -> Result:
    """Make the call and settle it in the transaction of the response.

    The preparing reads are given up first. A call that asks somebody must not have written anything
    yet (RuntimeError). The row of an `Idempotency-Key` goes too, and its last insert decides.
    Raises the errors of the call, with nothing written.
    """
    if call.ask is None:
        return call.done()
    pause()
    return call.go()()
