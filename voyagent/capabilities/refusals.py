"""Output of an act that no connected outside system offers."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext

from voyagent.capabilities.capability import JsonObject
from voyagent.kernel.errors import VoyagentError

UNSUPPORTED = "capability_not_supported"


def not_supported(verb: str, refusal: VoyagentError) -> JsonObject:
    """Return the output `{verb: false, reason, detail}` (API contract, section 17)."""
    return {verb: False, "reason": refusal.code, "detail": gettext(refusal.message)}


def unsupported(verb: str) -> Callable[[VoyagentError], JsonObject]:
    """Return a handler that turns `capability_not_supported` into output.

    It raises every other refusal again.
    """

    def output(refusal: VoyagentError) -> JsonObject:
        if refusal.code != UNSUPPORTED:
            raise refusal
        return not_supported(verb, refusal)

    return output
