"""Dialogue about one act: propose, ask for fields, correct, confirm, cancel.

This module reads and writes no records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from voyagent.capabilities import corrections, requests, slots
from voyagent.capabilities.capability import Capability, Choice
from voyagent.capabilities.matching import (
    OFFERED_MAX,
    Decision,
    Matcher,
    Thresholds,
    corpus_of,
    decide,
    mask,
)
from voyagent.capabilities.slots import Context, Filled
from voyagent.capabilities.unread import Unread
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.text import people
from voyagent.kernel.text.amounts import find_figures

_YES_WORDS = (
    r"yes|yep|yeah|yup|ok(?:ay)?|sure|confirm(?:ed)?|go ahead|do it|save(?: it)?|correct"
    r"|(?:send|submit)(?: it)?(?: for approval)?"
    r"|that(?:['’]s| is) (?:right|correct|fine)|looks (?:good|fine|right|ok)"
    r"|all (?:good|correct|fine)"
    r"|haan?|theek hai|thik hai|kar do|हाँ|हां|ठीक है|कर दो"
)
_FILLERS = (
    r"h+m+|um+|uh+|ah+|oh|well|so|then|now|please|pls|just|and|alright|fine|great|perfect|ji|जी"
)
_YES = re.compile(
    rf"^[\s.,!…]*(?:(?:{_FILLERS})[\s.,!…-]+)*(?:{_YES_WORDS})"
    rf"(?:[\s.,!…-]+(?:{_YES_WORDS}|{_FILLERS}))*[\s.,!…]*$",
    re.IGNORECASE,
)
_NO = r"(?:no+|nope|nahi+n?|नहीं)"
_DROP = re.compile(
    rf"^\s*(?:{_NO}|{_NO}[\s,.]+thanks?|(?:{_NO}[\s,.]+)?"
    r"(?:cancel|stop|leave|forget|discard|never ?mind|drop|not now|rehne do|रहने दो"
    r"|(?:do ?n['’]?t|do not|mat)\s+(?:save|send|do|karo))(?:\s+(?:it|that|this|the card))?)"
    r"[\s!.,]*$",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\b(?:(?P<word>first|second|third|fourth|fifth|last|pehl[aei]|pahl[aei]|d[ou]o?sr[aei]"
    r"|teesr[aei]|tisr[aei]|chauth[aei]|paanchv[aei]|aakhri|akhri)"
    r"|(?<!on )(?<!by )(?<!due )(?P<digit>[1-9])(?:st|nd|rd|th)"
    r"|(?:option|number|no\.?)\s*(?P<number>[1-9]))\b"
    r"(?!\s+(?:(?:class|day|days|week|month|year|quarter|night|half)\b"
    r"|(?:of\s+)?(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)))"
    r"|(?<![\u0900-\u0963])(?P<hindi>पहल[ाीे]|दूसर[ाीे]|तीसर[ाीे]|चौथ[ाीे]|आख़?िरी)"
    r"|^\s*(?P<bare>[1-9])\s*[.!]?\s*$",
    re.IGNORECASE,
)
_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_HINDI_PLACES = (
    ("पहल", 0), ("दूसर", 1), ("तीसर", 2), ("चौथ", 3), ("आ", -1),
    ("p", 0), ("d", 1), ("t", 2), ("c", 3), ("a", -1),
)  # fmt: skip
"""Beginnings of ordinal numbers in Hindi, with their positions."""
_ONLY_REFERENCE = re.compile(
    r"^\W*(?:the\s+|no\.?\s*|number\s+|option\s+|invoice\s+|bill\s+)*"
    rf"(?:{'|'.join(_PLACES)}|(?=[\w/-]*\d)[\w/-]++)(?:\s+(?:one|option|please|pls|wal[aei]))*\W*$",
    re.IGNORECASE,
)
_NO_FIGURE = r"(?!\d|[.,]\d|\s*(?:k|l|lakhs?|lacs?|cr|crores?|thousand|hazaa?r)\b)"
"""Pattern behind a document number: the digits are not the beginning of an amount."""
_PRONOUN = re.compile(
    r"\b(?:him|her|them|his|their|it|(?:this|that) (?:customer|one|invoice|bill|trip|booking))\b",
    re.IGNORECASE,
)
_NAME_MIN = 4
_PARTY_FIELDS = {"customer_name", "vendor_name"}
_LIKELY_MIN = 0.07
"""Minimum similarity for an offer, if no capability fits the message."""
_SHORT_WORDS_MAX = 8
"""Maximum number of words of a message that corrects a complete card.

A longer message is a new request.
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """An act in preparation.

    `values` has the values of its fields by name. `words` has, by field, the part of the messages
    from which the value was read. `choices` has, by field, the records among which the user must
    still choose. `unread` has parts of the messages that no field takes.
    """

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The dialogue's answer to a message.

    `kind` is one of these:

    - `run`: `draft` is a query; no field must be asked for.
    - `card`: a form for the user to confirm; the first field of `missing` is asked for.
    - `choose`: several capabilities are possible. `offered` names at most three of them, and
      `draft` is a draft for the first of these.
    - `dropped`: the user has cancelled the draft.
    - `refund`: the message asks for a refund, which no capability does.
    - `unknown`: no capability fits the message. `offered` names similar ones, if there are any.

    `confirmed` is true only if the user has said yes to a complete card. `open_draft` is a draft
    that stays open while another request is answered.
    """

    kind: Literal["run", "card", "choose", "dropped", "refund", "unknown"]
    draft: Draft | None = None
    missing: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    confirmed: bool = False
    open_draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class _Message:
    """A message about an open card.

    `content` is the text without the words that begin a correction, such as “no, make it”, and
    without values that the text denies, such as “not 45000”. `filled` has the fields that were read
    from `content`. `has_lead` is true if the text begins as a correction.
    """

    text: str
    content: str
    filled: Filled
    has_lead: bool


def missing_fields(capability: Capability[Any], draft: Draft) -> tuple[str, ...]:
    """Return the names of the fields to ask for.

    These are the required fields without a value. The customer or supplier is also asked for if
    several have the name. For a query, a field for a name is asked for if the name in the message
    fits several names, and a trip if it fits several trips.
    """
    empty: tuple[Any, ...] = (None, "", [])
    required = [one for one in capability.required_fields if draft.values.get(one) in empty]
    unclear = [
        name
        for name in draft.choices
        if (slot := capability.slots.get(name)) is not None
        and (
            slot.reader == "namesake"
            or (not capability.writes and slot.reader in {*slots.NAME_READERS, "trip"})
        )
        and draft.values.get(name) in empty
        and name not in required
    ]
    return (*required, *unclear)


def is_yes(text: str) -> bool:
    """Return True if a message confirms the open card."""
    return _YES.match(text) is not None


def confirm(capability: Capability[Any], draft: Draft) -> Reply:
    """Return the reply to a user who has confirmed a draft.

    If the draft lacks fields, the reply is not `confirmed` and asks for the next field.
    """
    return replace(_following(capability, draft), confirmed=not missing_fields(capability, draft))


def choice_message(place: int, label: str) -> str:
    """Return the message that the button of a record sends, such as `2. Taj Goa`.

    The open card shows records to choose from. `place` is the position in this list, from 1.
    """
    return f"{place}. {label}"


class Engine:
    """Answers messages about the given capabilities; stores no conversation."""

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
        self._verbs = frozenset(name.partition("_")[0] for name in self._capabilities)
        self._thresholds = thresholds or Thresholds()

    def reply(
        self,
        text: str,
        context: Context,
        draft: Draft | None = None,
        listed: Sequence[Choice] = (),
    ) -> Reply:
        """Return the answer to a message.

        `listed` are the records that were shown last, to which the message can refer.
        """
        decided = self._decided(text, draft) if draft is not None else None
        if decided is not None:
            return decided
        if requests.is_refund(text):
            return Reply("refund", open_draft=draft)
        parts = self._split(text, context)
        if parts is not None:
            return _with_request(self.reply(parts[0], context, draft, listed), parts[1])
        decision = self._about_list(self.decide(text, context), text, listed)
        continued = (
            self._continued(text, context, draft, listed, decision) if draft is not None else None
        )
        if continued is not None:
            return continued
        if not decision.offered and draft is None:
            return self._guessed(text, context, listed)
        return replace(self._propose(text, context, decision, listed), open_draft=draft)

    def _decided(self, text: str, draft: Draft) -> Reply | None:
        """Return the answer to a yes, a no or a pressed button.

        The result is None for any other message.
        """
        if _DROP.match(text):
            return Reply("dropped", draft)
        if is_yes(text):
            return confirm(self._capabilities[draft.name], draft)
        pressed = self._pressed(text, draft)
        return None if pressed is None else self._next(pressed)

    def _continued(
        self,
        text: str,
        context: Context,
        draft: Draft,
        listed: Sequence[Choice],
        decision: Decision,
    ) -> Reply | None:
        """Return the card of the open draft after a message about this draft.

        The result is None if the message is about something else.
        """
        message = self._message_of(text, context, draft)
        is_about_draft = self._is_correction(message, draft, context)
        taken = decision.taken
        is_other = taken is not None and taken.name != draft.name
        if is_about_draft or not is_other or _ONLY_REFERENCE.match(text):
            is_request = bool(decision.offered) and not is_about_draft
            corrected = self._corrected(message, context, draft, listed, is_request=is_request)
            if corrected is not None:
                return self._next(corrected)
        return self._next(draft) if is_about_draft else None

    def knows(self, name: str) -> bool:
        """Return True if this engine may propose the capability."""
        return name in self._capabilities

    def start(self, name: str, text: str, context: Context, listed: Sequence[Choice] = ()) -> Reply:
        """Return the answer that starts a capability which the user has chosen."""
        parts = self._split(text, context)
        if parts is None:
            return self._next(self.draft(name, text, context, listed))
        first, other = parts
        if name not in self._names(first, context) and name in self._names(other, context):
            first, other = other, first
        return _with_request(self._next(self.draft(name, first, context, listed)), other)

    def decide(self, text: str, context: Context) -> Decision:
        """Return the capability that a message means, and the most similar ones."""
        masked = mask(text, today=context.today, region=context.region, names=context.names)
        return decide(self._matcher.rank(masked), self._thresholds)

    def _about_list(self, decision: Decision, text: str, listed: Sequence[Choice]) -> Decision:
        """Return the decision without the acts that do not accept the chosen record.

        The text can choose a record of `listed`, for example with “the second one”. An act is left
        out if it needs a record of another kind, such as `pay_bill` for the second invoice. If no
        act accepts the record, `decision` is returned unchanged.
        """
        newest = [row for row in listed if row.fills == listed[0].fills]
        picked = _picked(text, newest)
        if picked is None or not picked.fills:
            return decision
        fitting = [
            match
            for match in decision.offered
            if set(picked.fills) & set(self._capabilities[match.name].input.model_fields)
        ]
        needs_other = {
            match.name
            for match in decision.offered
            if match not in fitting
            and any(
                slot.reader in slots.FROM_RECORDS
                for name in self._capabilities[match.name].required_fields
                if (slot := self._capabilities[match.name].slots.get(name)) is not None
            )
        }
        if not fitting or not needs_other:
            return decision
        rest = [one for one in decision.offered if one.name not in needs_other]
        taken = None if decision.taken and decision.taken.name in needs_other else decision.taken
        return Decision(taken, tuple(rest))

    def draft(self, name: str, text: str, context: Context, listed: Sequence[Choice] = ()) -> Draft:
        """Return a draft of a capability with the fields that a message gives.

        Required fields that the message does not give are filled from `context.known`, and the
        other fields too if the message has a pronoun such as “her”. The message can also refer to a
        record of `listed`, such as “the second one”.
        """
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
        values = {**known, **filled.values}
        draft = Draft(name, values, filled.words, filled.choices, filled.unread)
        if party is not None and not set(party.fills) & set(capability.input.model_fields):
            return draft  # the text picked a party by its position in the list, not a record
        shown = self._referred(text, replace(draft, choices={}), listed)
        if shown is not None:  # the records on the screen win over those that were just looked up
            return replace(shown, choices=draft.choices)
        return self._referred(text, draft, listed) or draft

    def _split(self, text: str, context: Context) -> tuple[str, str] | None:
        """Return the two requests of a message; None if it is not clearly two requests."""
        for first, other in requests.splits(text):
            best = [self.decide(part, context) for part in (first, other)]
            if not all(decision.offered for decision in best):
                continue
            names = [(one.taken or one.offered[0]).name for one in best]
            has_amounts = all(find_figures(part) for part in (first, other))
            is_clear = names[0] != names[1] or has_amounts
            if is_clear and not any(self._stores_message(name) for name in names):
                return first, other
        return None

    def _stores_message(self, name: str) -> bool:
        slots_of = self._capabilities[name].slots.values()
        return any(slot.reader == "message" for slot in slots_of)

    def _names(self, text: str, context: Context) -> set[str]:
        return {match.name for match in self.decide(text, context).offered}

    def _known(self, capability: Capability[Any], name: str, context: Context) -> Any:
        """Return the value of a field in `context.known`, or None.

        `context.known` has values of the record that the conversation is about. It is searched for
        three keys in this order: the name of the capability and the field, such as
        `draft_invoice.line_items`; the name of the field; and the name of the field's reader.
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

    def _guessed(self, text: str, context: Context, listed: Sequence[Choice]) -> Reply:
        """Return the reply to a message that fits no capability: the most similar ones.

        Parts of words are compared too, so that a misspelt word can match.
        """
        masked = mask(text, today=context.today, region=context.region, names=context.names)
        ranked = self._matcher.rank(masked, by_letters=True)
        similar = sorted(ranked, key=lambda match: (-match.score, match.name))[:OFFERED_MAX]
        likely = [match.name for match in similar if match.score >= _LIKELY_MIN]
        if not likely:
            return Reply("unknown")
        draft = self.draft(likely[0], text, context, listed)
        return Reply("unknown", draft, self._missing(draft), tuple(likely))

    def _next(self, draft: Draft) -> Reply:
        return _following(self._capabilities[draft.name], draft)

    def _missing(self, draft: Draft) -> tuple[str, ...]:
        return missing_fields(self._capabilities[draft.name], draft)

    def _corrected(
        self,
        message: _Message,
        context: Context,
        draft: Draft,
        listed: Sequence[Choice],
        *,
        is_request: bool,
    ) -> Draft | None:
        """Return the draft with the changes that a message makes to its fields.

        The result is None if the message is about something else. `is_request` is true if some
        capability fits the message.
        """
        content, filled = message.content, message.filled
        is_correction = content != message.text
        if is_request and not is_correction and self._is_of_another(draft, filled):
            return None
        referred = self._referred(content, draft, listed)
        if referred is not None:
            return referred
        missing = self._missing(draft)
        if not (is_correction or missing or len(message.text.split()) <= _SHORT_WORDS_MAX):
            return None
        changed = self._changes(draft, filled)
        if not changed and missing:
            changed = self._answer(missing[0], draft.name, content, context)
        if not changed:
            return replace(draft, unread=filled.unread) if filled.unread else None
        words = {name: filled.words.get(name, content) for name in changed}
        stated = {
            name: filled.words[name]
            for name, value in filled.values.items()
            if value == draft.values.get(name) and not draft.words.get(name)
        }
        return replace(
            draft,
            values={**draft.values, **changed, **self._message(draft, words, content)},
            words={**draft.words, **stated, **words},
            choices={name: rows for name, rows in draft.choices.items() if name not in changed},
            unread=_still_unread(draft, filled),
        )

    def _message_of(self, text: str, context: Context, draft: Draft) -> _Message:
        """Return a message, read for the fields of the open card."""
        rest = corrections.without_lead(text)
        content = corrections.without_denied(rest, slots.reading_of(rest, context))
        filled = slots.fill(self._capabilities[draft.name], content, context)
        return _Message(text, content, filled, has_lead=rest != text)

    def _is_correction(self, message: _Message, draft: Draft, context: Context) -> bool:
        """Return True if a message can only be about the open card."""
        if message.has_lead:
            return True
        masked = mask(message.text, today=context.today, region=context.region, names=context.names)
        capability, words = self._capabilities[draft.name], message.filled.words
        return corrections.has_only_values(masked, capability, words, self._verbs)

    def _is_of_another(self, draft: Draft, filled: Filled) -> bool:
        """Return True if a message names another party or record and gives other values.

        Such a message is a new request: “Invoice Deepa 5000” while the draft is for Harbinder.
        """
        capability = self._capabilities[draft.name]
        subjects = {
            name
            for name, slot in capability.slots.items()
            if slot.reader in slots.NAME_READERS or name in capability.lookups
        }
        names_another = any(
            filled.values.get(name, draft.values[name]) != draft.values[name]
            or filled.choices.get(name)
            for name in subjects & set(draft.values)
        )
        return names_another and any(
            filled.words.get(name) for name in filled.values.keys() - subjects
        )

    def _changes(self, draft: Draft, filled: Filled) -> dict[str, Any]:
        """Return the fields that a message changes, with their new values.

        A default value that the message does not state, such as today, is left out.
        """
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

    def _message(self, draft: Draft, words: Mapping[str, str], content: str) -> dict[str, str]:
        """Return the corrected text of the field that stores the user's message.

        The result maps the name of the field to the text, or is empty if the draft has no message.
        """
        readers = self._capabilities[draft.name].slots.items()
        name = next((name for name, slot in readers if slot.reader == "message"), "")
        message = draft.values.get(name)
        if not message:
            return {}
        corrected = message
        for field_name, new in words.items():
            old = draft.words.get(field_name)
            places = [*re.finditer(rf"(?<!\w){re.escape(old)}(?!\w)", corrected)] if old else []
            if len(places) == 1:
                start, end = places[0].span()
                corrected = f"{corrected[:start]}{new}{corrected[end:]}"
        return {name: corrected if corrected != message else f"{message}\n{content.strip()}"}

    def _answer(self, name: str, capability: str, content: str, context: Context) -> dict[str, Any]:
        """Read a message that is only the value of a field, such as “20 Dec”.

        Only fields for dates and for names of people or firms are read. Returns a mapping of the
        field to its value, or an empty one for other fields and for messages that say more.
        """
        slot = self._capabilities[capability].slots.get(name)
        if slot is not None and slot.reader in slots.DATE_READERS:
            day = slots.answered_date(name, content, context)
            return {name: day} if day else {}
        if slot is None or slot.reader not in ("party", "passenger", "supplier"):
            return {}
        answer = people.answered_name(content)
        return {name: answer} if answer else {}

    def _referred(self, text: str, draft: Draft, listed: Sequence[Choice]) -> Draft | None:
        """Return the draft, filled with the record to which the text refers.

        The record is one of the choices of the draft or one of `listed`, the records that were
        shown last. The result is None if the text refers to none of them.
        """
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
                return _with_record(capability, draft, name, chosen)
        return None

    def _pressed(self, text: str, draft: Draft) -> Draft | None:
        """Return the draft, filled with the record whose button was pressed.

        The result is None if the text is not the message of such a button.
        """
        for name, rows in draft.choices.items():
            for place, row in enumerate(rows, 1):
                if text.strip() == choice_message(place, row.label):
                    return _with_record(self._capabilities[draft.name], draft, name, row)
        return None


def _with_record(capability: Capability[Any], draft: Draft, name: str, chosen: Choice) -> Draft:
    """Return the draft with a record in the field `name`."""
    value = [chosen.id] if name in slots.list_fields(capability) else chosen.id
    currency = _currency_of(chosen, draft, capability)
    return replace(
        draft,
        values={**draft.values, name: value, **currency},
        words={**draft.words, name: chosen.label},
        choices={one: left for one, left in draft.choices.items() if one != name},
    )


def _with_request(reply: Reply, other: str) -> Reply:
    """Return the reply; its card tells the user to send a second request separately.

    `other` is the second request in the message.
    """
    if reply.draft is None:
        return reply
    unread = (*reply.draft.unread, Unread("request", other))
    return replace(reply, draft=replace(reply.draft, unread=unread))


def _currency_of(chosen: Choice, draft: Draft, capability: Capability[Any]) -> dict[str, str]:
    """Return the draft's currency fields, filled with the chosen record's currency.

    Fields that were filled from a message are left out. The result is empty if the record has no
    amount.
    """
    if chosen.amount is None:
        return {}
    return {
        name: chosen.amount.currency
        for name, slot in capability.slots.items()
        if slot.reader == "currency" and not draft.words.get(name)
    }


def _still_unread(draft: Draft, filled: Filled) -> tuple[Unread, ...]:
    """Return the unread words of a draft after a correction.

    Unread amounts and dates of earlier messages are dropped. The unread words of the correction are
    added.
    """
    unread = (one for one in draft.unread if one.kind not in ("amount", "date"))
    return tuple(dict.fromkeys((*unread, *filled.unread)))


def _following(capability: Capability[Any], draft: Draft) -> Reply:
    missing = missing_fields(capability, draft)
    return Reply("card" if capability.writes or missing else "run", draft, missing)


def _party(text: str, listed: Sequence[Choice]) -> Choice | None:
    """Return the customer or supplier in the list to which the text refers, or None."""
    chosen = _picked(text, listed)
    return chosen if chosen is not None and _PARTY_FIELDS & set(chosen.fills) else None


def _picked(text: str, rows: Sequence[Choice]) -> Choice | None:
    """Return the record that a text names by number, name or position, or None."""
    for row in rows:
        number = row.number.rsplit("/", 1)[-1].lstrip("0")
        if number and re.search(
            rf"(?<![\d.,])0*{re.escape(number)}{_NO_FIGURE}", text, re.IGNORECASE
        ):
            return row
    named = [row for row in rows if _is_named(row, text)]
    if len(named) == 1:
        return named[0]
    match = _ORDINAL.search(text)
    if match is None or not rows:
        return None
    digit = match["digit"] or match["number"] or match["bare"]
    place = int(digit) - 1 if digit else _place_of_word(match["word"] or match["hindi"])
    return rows[place] if -len(rows) <= place < len(rows) else None


def _is_named(row: Choice, text: str) -> bool:
    """Return True if the text contains the name at the start of the record's label.

    In the label `Taj Goa, …` the name is `Taj Goa`.
    """
    name = row.label.partition(",")[0].strip()
    is_name = len(name) >= _NAME_MIN and not any(letter.isdigit() for letter in name)
    return (
        is_name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None
    )


def _place_of_word(word: str) -> int:
    lowered = word.lower()
    if lowered in _PLACES:
        return _PLACES[lowered]
    if lowered.startswith("paanch"):
        return _PLACES["fifth"]
    return next(place for begin, place in _HINDI_PLACES if lowered.startswith(begin))


def _repriced(lines: list[JsonObject], changed: list[JsonObject]) -> list[JsonObject]:
    """Return the invoice lines of a draft after a correction.

    `lines` are the lines of the draft. `changed` are the lines that were read from the correction.
    """
    if not lines or (len(changed) >= len(lines) and changed[-1]["description"]):
        return changed
    result = list(lines)
    for line in changed:
        place = _place_of(line, lines)
        price = {name: line[name] for name in ("unit_price", "currency")}
        if place is None:
            result.append(line)
        else:
            result[place] = {**lines[place], **price}
    return result


def _place_of(line: JsonObject, lines: list[JsonObject]) -> int | None:
    """Return the position of the invoice line that a correction changes, or None.

    `line` is the corrected line. Without a description it changes the last of `lines`.
    """
    words = set(line["description"].casefold().split())
    if not words:
        return len(lines) - 1
    shared = [bool(words & set(one["description"].casefold().split())) for one in lines]
    return shared.index(True) if shared.count(True) == 1 else None
