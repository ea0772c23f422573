"""Values for the page on which a person reviews a proposal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from voyagent.approvals.service.effects import (
    Description,
    DocumentShown,
    LeavingShown,
    LineShown,
    MoneyShown,
)
from voyagent.approvals.words.arguments import AMOUNTS, ARGUMENTS
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.ids import parse_id
from voyagent.kernel.json_values import JsonMapping, JsonObject
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency, spoken
from voyagent.taxes.words import place_of_supply

_DEPTH_MAX = 6
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DayWord = Callable[[date], str]
_OPAQUE = 64
"""Length from which a value without spaces, such as a supplier's key, is shortened."""


@dataclass(frozen=True, slots=True)
class Line:
    """A journal line in a preview; balances are debit less credit.

    `debit` and `credit` are in the currency of the line. A line that is only a difference in the
    base currency has neither, but `base_debit` or `base_credit`.
    """

    code: str
    name: str
    party: str
    debit: Money | None
    credit: Money | None
    before: Money | None
    after: Money | None
    base_debit: Money | None = None
    base_credit: Money | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal lines of a preview in one currency."""

    currency: str
    lines: list[Line]

    @property
    def debit(self) -> Money:
        """Sum of the debits."""
        return sum(
            (line.debit for line in self.lines if line.debit is not None),
            start=Money(0, self.currency),
        )

    @property
    def credit(self) -> Money:
        """Sum of the credits."""
        return sum(
            (line.credit for line in self.lines if line.credit is not None),
            start=Money(0, self.currency),
        )

    @property
    def balances(self) -> bool:
        """True if debits equal credits."""
        return self.debit == self.credit


@dataclass(frozen=True, slots=True)
class Balance:
    """An amount before and after the act, such as a customer's balance."""

    label: str
    before: Money
    after: Money
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """A line of an itinerary that the act adds, removes or changes."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The preview of a proposal in the form that the page shows.

    `printed` has the label and the text of what issued documents print beside lines and amounts.
    """

    title: str = ""
    undo: str = ""
    warning: str = ""
    is_refused: bool = False
    journals: list[Journal] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    document: dict[str, Any] | None = None
    itinerary: list[Step] = field(default_factory=list)
    leaves: list[LeavingShown] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    printed: list[tuple[str, str]] = field(default_factory=list)
    checks: list[tuple[bool, str]] = field(default_factory=list)


def changes_of(shown: Description, say: Callable[[str], str], day: DayWord) -> Changes:
    """Return a preview for the page, with parsed amounts.

    `say` translates the warning, and `day` formats a date.
    """
    return Changes(
        title=shown.get("title", ""),
        undo=shown.get("undo", ""),
        warning=say(shown["warning"]) if shown.get("warning") else "",
        is_refused="refusal" in shown,
        journals=_journals(shown.get("lines", [])),
        balances=[
            Balance(b["label"], _money(b["before"]), _money(b["after"]), b.get("note", ""))
            for b in shown.get("balances", [])
        ],
        document=_document(shown["document"]) if "document" in shown else None,
        itinerary=[
            Step(step.get("before", ""), step.get("after", ""))
            for step in shown.get("itinerary", [])
        ],
        leaves=shown.get("leaves", []),
        facts=[(fact["label"], fact["value"]) for fact in shown.get("facts", [])],
        printed=[pair for paper in shown.get("papers", []) for pair in _printed(paper, day)],
        checks=[(check["ok"], check["text"]) for check in shown.get("checks", [])],
    )


def arguments_in_words(
    payload: JsonMapping, currency: str | None = None, day: DayWord = date.isoformat
) -> list[tuple[str, str]]:
    """Return the label and the text of every stored argument.

    `day` formats a date; amounts without a currency are in `currency`.
    """
    return (
        [
            (name, _short(_written(key, value, beside, day)))
            for name, key, value, beside in _flat(payload, "", 0, {"currency": currency})
        ]
        if payload
        else []
    )


def has_a_name(argument: str) -> bool:
    """Return True if there is a label for an argument."""
    return argument in ARGUMENTS


def results_in_words(
    result: JsonObject, state: Callable[[str], str], day: DayWord
) -> list[tuple[str, str]]:
    """Return the label and the text of each result of an act.

    Ids and true/false values are left out. `state` returns the label of a status; `day` formats a
    date.
    """
    texts = {
        name: state(value) if name == "status" else _in_words(name, value, result)
        for name, value in result.items()
        if not isinstance(value, bool) and parse_id(value) is None
    }
    return arguments_in_words(
        {name: value for name, value in texts.items() if value is not None}, day=day
    )


def _in_words(name: str, value: Any, beside: JsonObject) -> Any:
    """Return a result's value; an amount is returned with its currency."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return spoken(value["amount"], value["currency"])
    if "currency" in beside and name == "currency":
        return None if any(one.endswith("amount") for one in beside) else value
    if name.endswith("amount") and "currency" in beside and value is not None:
        return spoken(value, beside["currency"])
    return value


def differences(
    first: JsonMapping, now: JsonMapping, currency: str | None, day: DayWord
) -> list[tuple[str, str, str]]:
    """Return label, first value and present value of each argument that was edited."""
    before, after = (dict(arguments_in_words(one, currency, day)) for one in (first, now))
    names = dict.fromkeys((*before, *after))
    return [
        (name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    ]


def failure_in_words(code: str | None) -> str:
    """Return the message for an error code; empty for None.

    A code without a message is returned with spaces in place of underscores.
    """
    if code is None:
        return ""
    kinds: list[type[VoyagentError]] = [VoyagentError]
    while kinds:
        kind = kinds.pop()
        if kind.__dict__.get("code") == code and "message" in kind.__dict__:
            return kind.message
        kinds += kind.__subclasses__()
    return code.replace("_", " ")


def _flat(
    value: Any, name: str, depth: int, beside: dict[str, Any], key: str = ""
) -> Iterator[tuple[str, str, Any, dict[str, Any]]]:
    """Yield label, key, value and enclosing object of each value in nested data."""
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        yield _capital(name), "amount", value["amount"], value
    elif isinstance(value, dict) and value and depth < _DEPTH_MAX:
        around = {"currency": beside.get("currency")} | value
        for part, item in value.items():
            yield from _flat(
                item,
                _joined(name, str(ARGUMENTS.get(part) or str(part).replace("_", " "))),
                depth + 1,
                around,
                part,
            )
    elif isinstance(value, list) and value and depth < _DEPTH_MAX:
        for number, item in enumerate(value, start=1):
            yield from _flat(item, _joined(name, str(number)), depth + 1, beside, key)
    else:
        yield _capital(name), key, value, beside


def _written(key: str, value: Any, beside: dict[str, Any], day: DayWord) -> Any:
    """Return a date or an amount as text, and any other value unchanged."""
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return day(date.fromisoformat(value))
        if key.endswith(AMOUNTS) and isinstance(value, str | int) and not isinstance(value, bool):
            found = Money.parse(value, str(beside.get("currency")))
            return spoken(found.wire, found.currency)
    except (ValueError, InvalidAmount, UnknownCurrency):
        return value
    return value


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _printed(paper: JsonMapping, day: DayWord) -> Iterator[tuple[str, str]]:
    """Yield the label and the whole text of each part of a document."""
    code = paper.get("place_of_supply")
    place = {"place_of_supply": place_of_supply(str(code) if code else None)}
    for name, key, value, beside in _flat({**paper, **place}, "", 0, {}):
        if value:
            yield name, _written(key, value, beside, day)


def _short(value: Any) -> str:
    text = "–" if value is None or value in ("", [], {}) else str(value)
    return (
        f"{text[:12]}…{text[-6:]}"
        if len(text) > _OPAQUE and not any(character.isspace() for character in text)
        else text
    )


def _joined(name: str, part: str) -> str:
    return f"{name}, {part}" if name else part


def _journals(lines: list[LineShown]) -> list[Journal]:
    by_currency: dict[str, list[Line]] = {}
    for line in lines:
        currency = line["currency"]
        by_currency.setdefault(currency, []).append(
            Line(
                line.get("code", ""),
                line.get("name", ""),
                line.get("party") or "",
                *(
                    _amount(line.get(side), currency)
                    for side in ("debit", "credit", "before", "after")
                ),
                *(
                    _amount(line.get(side), line.get("base_currency", currency))
                    for side in ("base_debit", "base_credit")
                ),
            )
        )
    return [Journal(currency, found) for currency, found in by_currency.items()]


def _document(shown: DocumentShown) -> dict[str, Any]:
    total = _money(shown["total"]) if "total" in shown else None
    rows = [
        (row["text"], _amount(row["amount"], total.currency) if total else None)
        for row in shown.get("rows", [])
    ]
    return {**shown, "rows": rows, "total": total}


def _money(shown: MoneyShown) -> Money:
    return Money.parse(shown["amount"], shown["currency"])


def _amount(text: Any, currency: str) -> Money | None:
    return Money.parse(text, currency) if isinstance(text, str) and text else None
