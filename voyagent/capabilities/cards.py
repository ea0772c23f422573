"""Result cards: icon, sentence, note and failure of one call."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import gettext

from voyagent.capabilities.capability import Card, JsonObject

UNSUPPORTED = "capability_not_supported"


class ResultCard(NamedTuple):
    """The head of a card; `failed` marks an act that was not carried out."""

    icon: str
    sentence: str
    note: str
    failed: bool = False


def result_card(
    card: Card, given: JsonObject, output: JsonObject | None, *, writes: bool
) -> ResultCard:
    """Return the head of a card before the call (`output` is None) or after it.

    A read that finds nothing has an answer and has not failed.
    """
    sentence = card.sentence(given, output or {})
    if output is None:
        return ResultCard(card.icon, sentence, "")
    if "error" in output:
        found_none = not writes and str(output["error"]).endswith("_not_found")
        note = gettext("nothing there") if found_none else gettext("not done")
        return ResultCard(card.icon, sentence, str(note), failed=not found_none)
    if output.get("reason") == UNSUPPORTED:
        return ResultCard(card.icon, sentence, str(gettext("not offered")))
    return ResultCard(card.icon, sentence, card.note(output))
