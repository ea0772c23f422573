"""An outbound call within a request: whoever outside must be asked is asked with no transaction open, as
in a turn of the assistant and in a granted effect.
"""

from __future__ import annotations

from typing import TypeVar

from voyagent.kernel.db import pause
from voyagent.kernel.outbound import OutboundCall

Result = TypeVar("Result")


def run(call: OutboundCall[Result]) -> Result:
    """Ask, and settle in the transaction that the request's answer commits; what was read to
    prepare it is given up before.

    An outbound call that asks somebody must not have written anything yet (RuntimeError). The row of an
    `Idempotency-Key` goes too, and its last insert decides. Raises what the call raises, with
    nothing written.
    """
    if call.ask is None:
        return call.done()
    pause()
    return call.go()()
