"""Result cards: icon, sentence, note and failure of one call."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from flask_babel import format_date, gettext, ngettext

from voyagent.capabilities.capability import Card, JsonObject
from voyagent.capabilities.refusals import UNSUPPORTED
from voyagent.kernel.money import spoken


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
        note = gettext("no results") if found_none else gettext("not done")
        return ResultCard(card.icon, sentence, str(note), failed=not found_none)
    if output.get("reason") == UNSUPPORTED:
        return ResultCard(card.icon, sentence, str(gettext("not offered")))
    return ResultCard(card.icon, sentence, card.note(output))


def count_note(output: JsonObject) -> str:
    """State the number of records found."""
    number = output["total"] if "total" in output else output.get("count") or 0
    return str(ngettext("%(num)d found", "%(num)d found", number))


def sum_note(output: JsonObject) -> str:
    """State the amount of the result, which is its price, total or amount; empty without one."""
    price = output.get("price") or {
        "amount": output.get("total_amount") or output.get("amount"),
        "currency": output.get("currency"),
    }
    return spoken(price["amount"], price["currency"]) if price["amount"] else ""


def day(value: str | date) -> str:
    """Format a date, or its ISO text, in the reader's language: `10 Dec 2026`."""
    return str(
        format_date(date.fromisoformat(value) if isinstance(value, str) else value, "d MMM y")
    )
