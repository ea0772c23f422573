"""Output of acts that no connected outside system supports."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext

from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.json_values import JsonObject

UNSUPPORTED = "capability_not_supported"


def not_supported(verb: str, refusal: VoyagentError) -> JsonObject:
    """Return the output of an act that is not supported.

    For the verb `held`, the output is `{"held": false, "reason": …, "detail": …}`. The API contract
    fixes the names of these members.
    """
    return {verb: False, "reason": refusal.code, "detail": gettext(refusal.message)}


def unsupported(verb: str) -> Callable[[VoyagentError], JsonObject]:
    """Return a function that turns `capability_not_supported` into an output.

    The argument of the function is an error. If its code is `capability_not_supported`, the
    function returns the output of `not_supported`. The function raises any other error again.
    """

    def output(refusal: VoyagentError) -> JsonObject:
        if refusal.code != UNSUPPORTED:
            raise refusal
        return not_supported(verb, refusal)

    return output
