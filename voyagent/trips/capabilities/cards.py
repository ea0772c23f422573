"""Notes of result cards that several capabilities of trips share."""

from __future__ import annotations

from flask_babel import ngettext

from voyagent.capabilities.capability import JsonObject
from voyagent.trips.words import state_word


def status_note(output: JsonObject) -> str:
    """State the status of a booking."""
    return state_word(output["status"])


def people_note(output: JsonObject) -> str:
    """State the number of passengers."""
    return str(ngettext("one person", "%(num)d people", len(output["passengers"])))
