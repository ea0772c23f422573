"""Sentences for the errors in event streams."""

from __future__ import annotations

from flask_babel import gettext

from voyagent.kernel.errors import N_

BUDGET_SPENT = "daily_budget_exceeded"
_WORDS = {
    "rate_limited: minute": N_(
        "Your agency has reached its limit of assistant turns per minute. Try again in a minute."
    ),
    "rate_limited: hour": N_(
        "Your agency has reached its limit of assistant turns per hour. Try again later."
    ),
    BUDGET_SPENT: N_(
        "Your agency’s tokens for today are used up. The built-in planner answers until midnight."
    ),
}


def in_words(message: str) -> str:
    """Return the sentence for the message of an `error` event.

    An unknown message is returned unchanged.
    """
    code = message if message in _WORDS else message.partition(":")[0]
    return gettext(_WORDS[code]) if code in _WORDS else message
