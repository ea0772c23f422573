"""The conversation about one act: propose a card, ask, correct, refer, confirm, drop.

Nothing here reads or writes records. A write is a card until the person confirms it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from voyagent.capabilities import slots
from voyagent.capabilities.capability import Capability, Choice, JsonObject
from voyagent.capabilities.matching import Decision, Matcher, Thresholds, corpus_of, decide, mask
from voyagent.capabilities.slots import Context, Filled
from voyagent.kernel.text import people

_CORRECTION = re.compile(
    r"^\s*(?:no+|nope|sorry|oops|wait|actually|correction|i mean|nahi+|नहीं)\b[\s,:-]*"
    r"(?:make it|it is|it's|change (?:it|that) to|i mean)?\s*"
    r"|^\s*(?:make|change) (?:it|that)(?: to)?\s+",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\s*(?:yes|yep|yeah|ok(?:ay)?|sure|confirm(?:ed)?|go ahead|do it|save(?: it)?|correct"
    r"|haan?|theek hai|हाँ|हां|ठीक है)[\s!.,]*$",
    re.IGNORECASE,
)
_DROP = re.compile(
    r"^\s*(?:cancel|stop|leave|forget|never ?mind|drop|no thanks?|rehne do|रहने दो)"
    r"(?:\s+(?:it|that|this))?[\s!.,]*$",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\b(?:(?P<word>first|second|third|fourth|fifth|last)"
    r"|(?<!on )(?<!by )(?<!due )(?P<digit>[1-9])(?:st|nd|rd|th)"
    r"|(?:option|number|no\.?)\s*(?P<number>[1-9]))\b"
    r"(?!\s+(?:(?:class|day|days|week|month|year|quarter|night|half)\b"
    r"|(?:of\s+)?(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)))"
    r"|^\s*(?P<bare>[1-9])\s*[.!]?\s*$",
    re.IGNORECASE,
)
_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_ONLY_REFERENCE = re.compile(
    r"^\W*(?:the\s+|no\.?\s*|number\s+|option\s+|invoice\s+|bill\s+)*"
    rf"(?:{'|'.join(_PLACES)}|[\w/-]*\d[\w/-]*)(?:\s+(?:one|option|please|pls|wal[aei]))*\W*$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:him|her|them|his|their|it|(?:this|that) (?:customer|one|invoice|bill|trip|booking))\b",
    re.IGNORECASE,
)
_PARTY_FIELDS = {"customer_name", "vendor_name"}
_SHORT_WORDS_MAX = 8
"""A longer message that fills a field of a complete card is a new request, not a correction."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An act in preparation: its fields, the words of each, and the choices that are open."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """The engine's answer.

    `run`: a read with every field it needs. `card`: a form to be confirmed; the first of
    `missing` is asked for. `choose`: `offered` are up to three capabilities, `draft` belongs to the
    first. `dropped`: the draft is given up. `unknown`: no capability is near.

    `confirmed` is set only by a person's yes to a complete card. `kept` is the open draft that
    another request has interrupted.
    """

    kind: Literal["run", "card", "choose", "dropped", "unknown"]
    draft: Draft | None = None
    missing: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    confirmed: bool = False
    kept: Draft | None = None


def missing_fields(capability: Capability[Any], draft: Draft) -> tuple[str, ...]:
    """Return the fields to ask for: required ones, and the party of a read if several fit."""
    empty: tuple[Any, ...] = (None, "", [])
    required = [one for one in capability.required_fields if draft.values.get(one) in empty]
    unclear = [
        name
        for name in draft.choices
        if not capability.writes
        and capability.slots[name].reader in slots.NAME_READERS
        and draft.values.get(name) in empty
        and name not in required
    ]
    return (*required, *unclear)


def card_block(reply: Reply) -> JsonObject:
    """Return the card of a draft as an assistant message stores it.

    Raises ValueError for a reply without a draft.
    """
    if reply.draft is None:
        raise ValueError(f"a reply of kind {reply.kind} has no card")
    return {
        "type": "card",
        "capability": reply.draft.name,
        "fields": dict(reply.draft.values),
        "missing": list(reply.missing),
    }


class Engine:
    """Match, fill, correct and confirm. Built once from the installed capabilities."""

    def __init__(
        self,
        capabilities: Iterable[Capability[Any]],
        context: Context,
        thresholds: Thresholds | None = None,
    ) -> None:
        self._capabilities: Mapping[str, Capability[Any]] = {
            capability.name: capability for capability in capabilities
        }
        self._matcher = Matcher(corpus_of(self._capabilities.values(), today=context.today))
        self._thresholds = thresholds or Thresholds()

    def reply(
        self,
        text: str,
        context: Context,
        draft: Draft | None = None,
        listed: Sequence[Choice] = (),
    ) -> Reply:
        """Answer a message: about the open draft if it speaks of it, else about a new act.

        `listed` are the records shown last, for “the second one” and numbers.
        """
        if draft is not None and _DROP.match(text):
            return Reply("dropped", draft)
        if draft is not None and _YES.match(text):
            return self.confirm(draft)
        decision = self.decide(text, context)
        interrupts = decision.taken is not None and (
            draft is None or (decision.taken.name != draft.name and not _ONLY_REFERENCE.match(text))
        )
        if draft is not None and (not interrupts or _CORRECTION.match(text)):
            corrected = self._corrected(text, context, draft, listed)
            if corrected is not None:
                return self._next(corrected)
        return replace(self._propose(text, context, decision, listed), kept=draft)

    def knows(self, name: str) -> bool:
        """True for a capability that this engine may propose."""
        return name in self._capabilities

    def confirm(self, draft: Draft) -> Reply:
        """Confirm a draft for the person; an incomplete one asks for the next field."""
        following = self._next(draft)
        return replace(following, confirmed=not following.missing)

    def start(self, name: str, text: str, context: Context, listed: Sequence[Choice] = ()) -> Reply:
        """Start the capability that the person has picked."""
        return self._next(self.draft(name, text, context, listed))

    def decide(self, text: str, context: Context) -> Decision:
        """Decide which capability a message means."""
        masked = mask(text, today=context.today, region=context.region, names=context.names)
        return decide(self._matcher.rank(masked), self._thresholds)

    def draft(self, name: str, text: str, context: Context, listed: Sequence[Choice] = ()) -> Draft:
        """Start a draft of a capability from a message."""
        capability = self._capabilities[name]
        party = _party(text, listed)
        filled = slots.fill(capability, f"{text} {party.label}" if party else text, context)
        has_pronoun = _PRONOUN.search(text) is not None
        known = {
            one: value
            for one in capability.input.model_fields
            if (value := self._known(capability, one, context)) is not None
            and (has_pronoun or one in capability.required_fields)
            and (has_pronoun or one not in filled.choices)
        }
        draft = Draft(name, {**known, **filled.values}, filled.words, filled.choices)
        if party is not None and not set(party.fills) & set(capability.input.model_fields):
            return draft  # the name has narrowed the choices; “the second” is not one of them
        return self._referred(text, draft, listed) or draft

    def _known(self, capability: Capability[Any], name: str, context: Context) -> Any:
        """The value of a field in the subject of the conversation, None if it has none.

        It is known by the capability and the field, by the field, or by its reader.
        """
        slot = capability.slots.get(name)
        keys = (f"{capability.name}.{name}", name, slot.reader if slot else "")
        return next((context.known[key] for key in keys if key in context.known), None)

    def _propose(
        self, text: str, context: Context, decision: Decision, listed: Sequence[Choice]
    ) -> Reply:
        if not decision.offered:
            return Reply("unknown")
        first = decision.taken or decision.offered[0]
        draft = self.draft(first.name, text, context, listed)
        if decision.taken is not None:
            return self._next(draft)
        offered = tuple(match.name for match in decision.offered)
        return Reply("choose", draft, self._missing(draft), offered)

    def _next(self, draft: Draft) -> Reply:
        missing = self._missing(draft)
        is_read = not self._capabilities[draft.name].writes
        return Reply("run" if is_read and not missing else "card", draft, missing)

    def _missing(self, draft: Draft) -> tuple[str, ...]:
        return missing_fields(self._capabilities[draft.name], draft)

    def _corrected(
        self, text: str, context: Context, draft: Draft, listed: Sequence[Choice]
    ) -> Draft | None:
        """The draft with the fields that a message changes; None if it speaks of something else."""
        referred = self._referred(text, draft, listed)
        if referred is not None:
            return referred
        said = _CORRECTION.sub("", text)
        is_correction = said != text
        missing = self._missing(draft)
        if not (is_correction or missing or len(text.split()) <= _SHORT_WORDS_MAX):
            return None
        filled = slots.fill(self._capabilities[draft.name], said, context)
        changed = self._changes(draft, filled)
        if not changed and missing:
            changed = self._answer(missing[0], draft.name, said, context)
        if not changed:
            return None
        words = {name: filled.words.get(name, said) for name in changed}
        choices = {name: rows for name, rows in draft.choices.items() if name not in changed}
        return Draft(draft.name, {**draft.values, **changed}, {**draft.words, **words}, choices)

    def _changes(self, draft: Draft, filled: Filled) -> dict[str, Any]:
        """The fields that were read from words; what is only assumed changes nothing."""
        readers = {name: slot.reader for name, slot in self._capabilities[draft.name].slots.items()}
        changed = {
            name: value
            for name, value in filled.values.items()
            if draft.values.get(name) != value
            and (filled.words.get(name) or name not in draft.values)
            and readers[name] != "message"
            and (filled.words.get(name) or readers[name] not in ("currency", "date_or_today"))
        }
        for name in [one for one in changed if readers[one] == "lines"]:
            changed[name] = _repriced(draft.values.get(name) or [], changed[name])
        return changed

    def _answer(self, name: str, capability: str, said: str, context: Context) -> dict[str, Any]:
        """The answer to a question for a name or a date, which needs no words around it."""
        slot = self._capabilities[capability].slots.get(name)
        if slot is not None and slot.reader in ("date", "date_or_today"):
            day = slots.answered_date(self._capabilities[capability], name, said, context)
            return {name: day} if day else {}
        if slot is None or slot.reader not in ("party", "passenger", "supplier"):
            return {}
        answer = people.answered_name(said)
        return {name: answer} if answer else {}

    def _referred(self, text: str, draft: Draft, listed: Sequence[Choice]) -> Draft | None:
        """The draft with a record that the text picks from its choices or from the last list."""
        capability = self._capabilities[draft.name]
        for name in (*capability.required_fields, *capability.input.model_fields):
            slot = capability.slots.get(name)
            is_record = name in capability.lookups or (
                slot is not None and slot.reader in slots.FROM_RECORDS
            )
            chosen = _picked(text, draft.choices.get(name, ()))
            if chosen is None and not draft.choices.get(name) and name not in draft.values:
                fitting = [row for row in listed if (name in row.fills if row.fills else is_record)]
                chosen = _picked(text, fitting)
            if chosen is not None:
                choices = {one: left for one, left in draft.choices.items() if one != name}
                values = {**draft.values, name: chosen.id}
                return Draft(draft.name, values, {**draft.words, name: chosen.label}, choices)
        return None


def _party(text: str, listed: Sequence[Choice]) -> Choice | None:
    """The customer or supplier of the list that the text picks."""
    chosen = _picked(text, listed)
    return chosen if chosen is not None and _PARTY_FIELDS & set(chosen.fills) else None


def _picked(text: str, rows: Sequence[Choice]) -> Choice | None:
    """One of the rows: by the number that it shows, or by its place."""
    for row in rows:
        number = row.number.rsplit("/", 1)[-1].lstrip("0")
        if number and re.search(rf"(?<![\d.,])0*{re.escape(number)}(?!\d|[.,]\d)", text):
            return row
    match = _ORDINAL.search(text)
    if match is None or not rows:
        return None
    digit = match["digit"] or match["number"] or match["bare"]
    place = int(digit) - 1 if digit else _PLACES[match["word"].lower()]
    return rows[place] if -len(rows) <= place < len(rows) else None


def _repriced(lines: list[JsonObject], changed: list[JsonObject]) -> list[JsonObject]:
    """Reprice the last line if the new one has no description; else replace the lines."""
    if not lines or changed[-1]["description"]:
        return changed
    price = {name: changed[-1][name] for name in ("unit_price", "currency")}
    return [*lines[:-1], {**lines[-1], **price}]
