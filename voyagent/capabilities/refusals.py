"""Output of acts that no connected outside system supports."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext

from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.json_values import JsonObject

UNSUPPORTED = "capability_not_supported"


def not_supported(verb: str, refusal: VoyagentError) -> JsonObject:
    """Return the output of an act that is not supported.

    The output is `{verb: false, reason, detail}`, with the code and the message of the error. The
    API contract fixes these names.
    """
    return {verb: False, "reason": refusal.code, "detail": gettext(refusal.message)}


def unsupported(verb: str) -> Callable[[VoyagentError], JsonObject]:
    """Return a function that makes an output of the error capability_not_supported.

    The function raises every other error again.
    """

    def output(refusal: VoyagentError) -> JsonObject:
        if refusal.code != UNSUPPORTED:
            raise refusal
        return not_supported(verb, refusal)

    return output
