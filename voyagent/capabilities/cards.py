"""Results of calls as text: the heading of a card, and the assistant's answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask_babel import format_date, get_timezone, gettext, ngettext

from voyagent.capabilities.capability import Capability, Card, Choice
from voyagent.capabilities.refusals import UNSUPPORTED
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken
from voyagent.kernel.text.markdown import escaped_values

SHOWN_MAX = 8
"""Maximum number of records in an answer."""

_timezone: ContextVar[str] = ContextVar("timezone", default="")
_IDS = ("id", "fare_id", "rate_key")
_NUMBERS = ("number", "vendor_reference", "supplier_ref", "locator")
_AMOUNTS = ("open", "price", "total")


class ResultCard(NamedTuple):
    """Heading of a card; `failed` is true for an act that was not carried out."""

    icon: str
    sentence: str
    note: str
    failed: bool = False


def result_card(
    card: Card, given: JsonObject, output: JsonObject | None, *, writes: bool
) -> ResultCard:
    """Return the heading of a card before the call (`output` is None) or after it.

    `given` is the input as JSON, and `writes` is true for an act.
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


def answer(
    capability: Capability[Any], given: JsonObject, output: JsonObject, *, timezone: str = ""
) -> str:
    """Return the assistant's answer in Markdown, for a result or a refusal.

    All texts in `given` and `output` are escaped, so that Markdown in a name has no effect.
    `timezone` is the agency's time zone; the default is the time zone of the request.
    """
    token = _timezone.set(timezone)
    try:
        return _answer(capability, escaped_values(given), escaped_values(output))
    finally:
        _timezone.reset(token)


def records(capability: Capability[Any], output: JsonObject) -> Sequence[Choice]:
    """Return the records that the answer shows, in the order of the answer."""
    card = capability.card
    if "error" in output or output.get("reason") == UNSUPPORTED:
        return ()
    return tuple(
        record if record.fills else record._replace(fills=card.fills)
        for record in _records(card, output)
    )


def listing(
    heading: str,
    lines: Iterable[str],
    total: int | None = None,
    *,
    shown_max: int = SHOWN_MAX,
    numbered: bool = True,
) -> str:
    """Return a Markdown list with a heading, cut off after `shown_max` items.

    `total` is the number of all records, if `lines` has only some of them.
    """
    every = list(lines)
    shown = every[:shown_max]
    left_out = max(total or 0, len(every)) - len(shown)
    marks = (
        [f"{number}." for number in range(1, len(shown) + 1)] if numbered else ["-"] * len(shown)
    )
    listed = "\n".join(f"{mark} {line}" for mark, line in zip(marks, shown, strict=True))
    rest = gettext("and %(num)d more", num=left_out) if left_out else ""
    return paragraphs(heading, listed, rest)


def paragraphs(*parts: str) -> str:
    """Return the texts that are not empty, separated by blank lines."""
    return "\n\n".join(filter(None, parts))


def money(value: JsonObject) -> str:
    """Return an object with `amount` and `currency` as text: `INR 2,85,721.00`."""
    return spoken(value["amount"], value["currency"])


def amounts(values: Iterable[JsonObject]) -> str:
    """Return amounts as text, separated by commas; the amounts are not added."""
    return ", ".join(money(value) for value in values)


def sums(values: Iterable[JsonObject]) -> list[JsonObject]:
    """Return the sums of objects with `amount` and `currency`, one for each currency."""
    totals: dict[str, Money] = {}
    for value in values:
        one = Money.parse(value["amount"], value["currency"])
        totals[one.currency] = totals.get(one.currency, Money(0, one.currency)) + one
    return [{"amount": total.wire, "currency": total.currency} for total in totals.values()]


def total_due(values: Iterable[JsonObject]) -> str:
    """Return a sentence with the sum of the amounts due in each currency."""
    return str(gettext("Total amount due: %(totals)s.", totals=amounts(sums(values))))


def count_note(output: JsonObject) -> str:
    """Return a sentence with the number of records found."""
    number = output["total"] if "total" in output else output.get("count") or 0
    return str(ngettext("%(num)d found", "%(num)d found", number))


def sum_note(output: JsonObject) -> str:
    """Return the amount of a result as text, or an empty text if it has no amount.

    The amount is `price`, else `total_amount`, else `amount`.
    """
    price = output.get("price") or {
        "amount": output.get("total_amount") or output.get("amount"),
        "currency": output.get("currency"),
    }
    return spoken(price["amount"], price["currency"]) if price["amount"] else ""


def day(value: str | date) -> str:
    """Return a date, or its ISO text, in the reader's language: `10 Dec 2026`."""
    return str(
        format_date(date.fromisoformat(value) if isinstance(value, str) else value, "d MMM y")
    )


def moment(value: str) -> str:
    """Return a time as text.

    A time without a zone is a supplier's local time and is not converted. Any other time is shown
    in the agency's time zone.
    """
    read = datetime.fromisoformat(value)
    if read.tzinfo is not None:
        read = read.astimezone(ZoneInfo(_timezone.get()) if _timezone.get() else get_timezone())
    return f"{day(read.date())} {read:%H:%M}"


def _answer(capability: Capability[Any], given: JsonObject, output: JsonObject) -> str:
    card = capability.card
    if "error" in output:
        return _refusal(capability, output)
    if output.get("reason") == UNSUPPORTED:
        return str(output["detail"])
    if card.answer is not None:
        return card.answer(given, output)
    if card.row is not None:
        found = output[card.rows]
        heading = f"{card.sentence(given, output)}: {count_note(output)}."
        return listing(heading, map(card.row, found), _total(output, found))
    note = card.note(output)
    return f"{card.sentence(given, output)}{f' ({note})' if note else ''}."


def _refusal(capability: Capability[Any], output: JsonObject) -> str:
    message = str(output.get("message") or gettext("This action failed."))
    step = capability.card.next_steps.get(str(output["error"]), "")
    unchanged = capability.writes and not capability.external
    parts = (message, gettext("Nothing was changed.") if unchanged else "", step and gettext(step))
    return " ".join(filter(None, parts))


def _total(output: JsonObject, found: Sequence[JsonObject]) -> int:
    stated = output["total"] if "total" in output else output.get("count")
    return int(stated or len(found))


def _records(card: Card, output: JsonObject) -> Sequence[Choice]:
    if card.records is not None:
        return card.records(output)
    if card.row is None:
        return ()
    shown = output[card.rows][:SHOWN_MAX]
    return [_record(one, card.row(one)) for one in shown if any(key in one for key in _IDS)]


def _record(row: JsonObject, label: str) -> Choice:
    amount = next((row[key] for key in _AMOUNTS if row.get(key)), None)
    return Choice(
        next(str(row[key]) for key in _IDS if key in row),
        label,
        next((str(row[key]) for key in _NUMBERS if row.get(key)), ""),
        Money.parse(amount["amount"], amount["currency"]) if amount else None,
    )
