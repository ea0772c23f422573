"""Interpretation of a message: the capability that it means, with fields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from voyagent.assistant.rules import drafts
from voyagent.assistant.rules.moves import Context, EnquiryInView
from voyagent.billing.core.queries import names
from voyagent.billing.invoices.capabilities import draft_invoice
from voyagent.capabilities import cards, dialogue, registry, slots
from voyagent.capabilities.capability import Capability, Choice, Invocation
from voyagent.capabilities.dialogue import Draft, Engine, Reply, missing_fields
from voyagent.capabilities.unread import Unread
from voyagent.enquiries.capabilities import create_enquiry
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.fields import (
    readable,
)
from voyagent.kernel.json_values import (
    JsonObject,
)
from voyagent.kernel.money import Money
from voyagent.kernel.text import stations
from voyagent.kernel.text.passages import squeezed

READ_MAX = 4_000
"""Maximum number of characters of a message that are interpreted without a model.

A longer message is usually a pasted text that begins with the request, so only its beginning is
read. Without this limit, one message could delay the other users of the process.
"""
_MASKED_ON = date(2026, 1, 1)
"""Day with which relative dates in the example sentences are read; the choice does not matter."""


def interpret(
    reader: Reader,
    actor: Actor,
    session_id: UUID,
    turn_id: str,
    messages: Sequence[Row],
    about: Context,
) -> JsonObject:
    """Return the interpretation of a turn's message; empty if the turn has no message.

    `kind` is as in `dialogue.Reply`, or `stale` if an answer to a card cannot be used. `is_cut` is
    true if only the first `READ_MAX` characters of the message were read. `answers_card` is true if
    the message confirms or discards the open card, or chooses another action that a card offers; no
    model is needed then. The other members are as in `moves.Card`, `dialogue.Reply` and
    `drafts.origins`.
    """
    asked = next(
        (row for row in reversed(messages) if row["role"] == "user" and row["turn_id"] == turn_id),
        None,
    )
    if asked is None:
        return {}
    actor = actor.via(Channel.ASSISTANT)
    card = drafts.open_card(messages)
    if card is not None and not _may_answer(card, asked, about.usable):
        card = None
    text = _text_of(asked)
    context = _slots_context(reader, Invocation(actor, session_id), text, about)
    reply = _reply(_engine(tuple(about.usable)), asked, messages, context, card)
    if reply is None:
        return {"kind": "stale", "answers_card": True}
    reply = _told_apart(reply, Invocation(actor, session_id))
    has_answer = any(drafts.answered_card(asked, one) for one in drafts.ANSWERS)
    is_same = card is not None and reply.open_draft is None and reply.draft is not None
    draft_id = card["draft_id"] if card is not None and is_same else ""
    reading = _reading(_checked(reply))
    whole = _whole_text_of(asked)
    if text != whole:  # a field that stores the message stores all of it
        reading["fields"] = {
            name: whole.strip()[: slots.MESSAGE_MAX] if value == text.strip() else value
            for name, value in reading["fields"].items()
        }
    return reading | {
        "is_cut": len(squeezed(whole)) > READ_MAX,
        "answers_card": has_answer or reply.confirmed or reply.kind == "dropped",
        "draft_id": draft_id,
        "origins": drafts.origins(messages, turn_id, draft_id) if draft_id else [turn_id],
    }


def usable_by(actor: Actor) -> list[str]:
    """Return the names of the capabilities that a user may use, in a fixed order."""
    return [one.name for one in registry.every() if actor.can(one.permission)]


def _may_answer(card: drafts.Block, asked: Row, usable: Sequence[str]) -> bool:
    """Return True if a message can be about the open card.

    A user who has lost the permission for the act can only confirm a complete card. The capability
    then refuses the act, and the audit log records the attempt.
    """
    if card["capability"] in usable:
        return True
    confirms = drafts.answered_card(asked) is not None or dialogue.is_yes(_text_of(asked))
    return confirms and not card["missing"] and registry.find(card["capability"]) is not None


def _reply(
    engine: Engine,
    asked: Row,
    messages: Sequence[Row],
    context: slots.Context,
    card: drafts.Block | None,
) -> Reply | None:
    """Return the reply to a message, or None if it answers a card and cannot be used."""
    draft = _draft_of(card) if card is not None else None
    for kind in (drafts.CONFIRMED, drafts.DISCARDED):
        answered = drafts.answered_card(asked, kind)
        if answered is None:
            continue
        if draft is None or card is None or card["card_id"] != answered["card_id"]:
            return None
        if kind == drafts.DISCARDED:
            return Reply("dropped", draft)
        return dialogue.confirm(registry.get(draft.name), draft)
    chosen = drafts.answered_card(asked, drafts.CHOSEN)
    if chosen is None and draft is not None and not engine.knows(draft.name):
        return dialogue.confirm(registry.get(draft.name), draft)
    if chosen is None:
        return engine.reply(_text_of(asked), context, draft, _listed(messages))
    found = drafts.find_card(messages, chosen["card_id"])
    meant = next(
        (
            _text_of(row)
            for row in messages
            if found and row["role"] == "user" and row["turn_id"] == found[0]["turn_id"]
        ),
        "",
    )
    if not engine.knows(chosen["capability"]):
        return None
    return engine.start(chosen["capability"], meant, context, _listed(messages))


@lru_cache(maxsize=32)
def _engine(usable: tuple[str, ...]) -> Engine:
    return Engine(map(registry.get, usable), slots.Context(_MASKED_ON))


def _slots_context(reader: Reader, call: Invocation, text: str, about: Context) -> slots.Context:
    return slots.Context(
        today=about.today,
        currency=about.currency,
        names=names.read_names_in(reader, text),
        known=_known(about),
        look_up=lambda lookup, words: lookup(call, words),
    )


def _known(about: Context) -> dict[str, Any]:
    """Return the values that the conversation's enquiry, invoice and trip give.

    The keys are names of fields, and those of `_known_journey`.
    """
    known: dict[str, Any] = {}
    if about.enquiry is not None:
        known |= _known_journey(about.enquiry)
        # A new enquiry need not be of the customer whom the conversation is about.
        known |= {f"{create_enquiry.CAPABILITY.name}.customer_name": None}
    if about.draft is not None:
        known |= {"invoice_id": about.draft.invoice_id}
    if about.trip:
        known |= {"trip_id": about.trip["id"]}
        lines = f"{draft_invoice.CAPABILITY.name}.line_items"
        known |= {lines: about.trip["charges"]} if about.trip.get("charges") else {}
        held = about.trip["held"]
        known |= {"pnr_id": held[0]} if len(held) == 1 else {}
    return known


def _known_journey(enquiry: EnquiryInView) -> dict[str, Any]:
    """Return the facts of an enquiry that can fill fields of another act.

    A key is the name of a field, or of the function that reads such a field from a text.
    """
    facts = {
        "enquiry_id": enquiry.id,
        "customer_name": enquiry.customer_name,
        "origin_airport": stations.code_of(enquiry.origin),
        "destination_airport": stations.code_of(enquiry.destination),
        "city": enquiry.destination,
        "country": stations.country_of(enquiry.destination),
        "outbound_date": enquiry.depart_date,
        "return_date": enquiry.return_date,
        "check_in": enquiry.depart_date,
        "check_out": enquiry.return_date,
        "guests": enquiry.pax_count,
        "people_by_age": {"adult": enquiry.pax_count} if enquiry.pax_count else None,
    }
    return {name: value for name, value in facts.items() if value}


def _listed(messages: Sequence[Row]) -> Sequence[Choice]:
    """Return the records that a message such as "the second one" can refer to.

    These are the records of the newest list of invoices that the assistant showed, of the newest
    list of trips, and so on.
    """
    shown: list[Choice] = []
    kinds: set[tuple[str, ...]] = set()
    for row in reversed(messages):
        for block in reversed(row["blocks"] if row["role"] == "assistant" else ()):
            capability = registry.find(block["tool_name"]) if block["type"] == "tool" else None
            found = cards.records(capability, block["output"] or {}) if capability else ()
            shown += [one for one in found if one.fills not in kinds]
            kinds |= {one.fills for one in found}
    return shown


def _told_apart(reply: Reply, call: Invocation) -> Reply:
    """Return the reply with parties to choose from, if several have the name.

    A party that was chosen before stays if it has this name.
    """
    draft = reply.draft
    if draft is None or reply.kind == "dropped":
        return reply
    capability = registry.get(draft.name)
    readers: dict[str, str] = {slot.reader: name for name, slot in capability.slots.items()}
    which = readers.get("namesake")
    if which is None:
        return reply
    name = next((draft.values.get(readers[one]) for one in slots.NAME_READERS & set(readers)), None)
    rows = tuple(capability.choices[which](call, name)) if name else ()
    choices = {one: found for one, found in draft.choices.items() if one != which}
    if draft.values.get(which) in {row.id for row in rows}:
        return replace(reply, draft=replace(draft, choices=choices))
    return replace(
        reply,
        draft=replace(
            draft,
            values={one: value for one, value in draft.values.items() if one != which},
            words={one: words for one, words in draft.words.items() if one != which},
            choices=choices | ({which: rows} if rows else {}),
        ),
    )


def _checked(reply: Reply) -> Reply:
    """Return the reply without values that the capability's input refuses."""
    if reply.draft is None or reply.kind == "dropped":
        return reply
    capability = registry.get(reply.draft.name)
    values = _valid(capability, reply.draft)
    draft = Draft(
        reply.draft.name,
        values,
        {name: words for name, words in reply.draft.words.items() if name in values},
        {name: rows for name, rows in reply.draft.choices.items() if name not in values},
        reply.draft.unread,
    )
    missing = missing_fields(capability, draft)
    kind = reply.kind
    if kind in ("run", "card"):
        kind = "card" if capability.writes or missing else "run"
    return Reply(
        kind, draft, missing, reply.offered, reply.confirmed and not missing, reply.open_draft
    )


def _valid(capability: Capability[Any], draft: Draft) -> dict[str, Any]:
    values: dict[str, Any] = to_jsonable_python(draft.values)
    try:
        capability.input.model_validate_json(json.dumps(values))
    except ValidationError as error:
        wrong = {one["loc"][0] for one in error.errors() if one["loc"] and one["type"] != "missing"}
        nested = {one["loc"][0] for one in error.errors() if len(one["loc"]) > 1}
        return {name: value for name, value in values.items() if name not in wrong | nested}
    return values


def _reading(reply: Reply) -> JsonObject:
    draft = reply.draft or Draft("")
    return {
        "kind": reply.kind,
        "capability": draft.name,
        "fields": to_jsonable_python(draft.values),
        "missing": list(reply.missing),
        "words": {name: words for name, words in draft.words.items() if words},
        "choices": {name: [_stored(row) for row in rows] for name, rows in draft.choices.items()},
        "offered": list(reply.offered),
        "unread": [one._asdict() for one in draft.unread],
        "assumed": _assumed(draft),
        "confirmed": reply.confirmed,
    }


def _assumed(draft: Draft) -> list[str]:
    """Return names of fields whose value no message states, such as the current date."""
    known = registry.get(draft.name).slots if draft.name else {}
    return [
        name
        for name in draft.values
        if name in known
        and known[name].reader in ("currency", "date_or_today")
        and not draft.words.get(name)
    ]


def _stored(row: Choice) -> JsonObject:
    amount = {"amount": row.amount.wire, "currency": row.amount.currency} if row.amount else None
    return {"id": row.id, "label": row.label, "number": row.number, "amount": amount}


def _draft_of(card: drafts.Block) -> Draft:
    return Draft(
        card["capability"],
        dict(card["fields"]),
        dict(card["words"]),
        {name: tuple(map(_choice, rows)) for name, rows in card["choices"].items()},
        tuple(Unread(**one) for one in card.get("unread", ())),
    )


def _choice(row: Mapping[str, Any]) -> Choice:
    amount = row["amount"]
    parsed = Money.parse(amount["amount"], amount["currency"]) if amount else None
    return Choice(row["id"], row["label"], row["number"], parsed)


def _text_of(row: Row) -> str:
    return squeezed(_whole_text_of(row))[:READ_MAX]


def _whole_text_of(row: Row) -> str:
    return readable("\n".join(block["text"] for block in row["blocks"] if block["type"] == "text"))
