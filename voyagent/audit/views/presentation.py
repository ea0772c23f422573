"""Present an event on a page: its subject, its changes, and links to its records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask import url_for
from flask_babel import format_time

from voyagent.audit import words
from voyagent.http.template_filters import role_word
from voyagent.kernel.database.read_pool import Row

# The page that shows a record, and the name of its id parameter.
_PAGES = {
    "enquiry_id": ("enquiries.detail", "enquiry_id"),
    "session_id": ("assistant.conversation", "session_id"),
    "approval_id": ("approvals.detail", "approval_id"),
    "invoice_id": ("billing.invoice", "invoice_id"),
    "party_id": ("parties.detail", "party_id"),
    "into_id": ("parties.detail", "party_id"),
    "journal_entry_id": ("journal.entry", "entry_id"),
    "user_id": ("identity.team", None),
    "invite_id": ("identity.team", None),
    "settings_id": ("settings.index", None),
}
ROLE_CHANGED = "person.role_changed"
_VALUE_MAX = 400
_LIST_MAX = 50


class EntityLink(NamedTuple):
    """The label of a record that an event refers to, and the link to its page if any."""

    word: str
    href: str | None


class Change(NamedTuple):
    """The old and new value of a changed field.

    Both values are None if the event records only that the field was changed.
    """

    name: str
    before: str | None
    after: str | None


class Value(NamedTuple):
    """The label and text of an input or output that is not a changed field."""

    name: str
    value: str


def about(event: Row, people: Iterable[Row] = ()) -> str:
    """Describe the record that an event is about, such as an invoice number.

    For some kinds of event, the text has the person or the changed fields instead.

    `people` are rows with `id` and `full_name`.
    """
    text = _own_words(event)
    whose = _somebody_else(event, people)
    if whose and text:
        return f"{whose}: {text}"
    return (
        whose
        or text
        or ", ".join(thing.word for thing in things(event, people, but=event["actor_id"]))
    )


def things(event: Row, people: Iterable[Row] = (), *, but: UUID | None = None) -> list[EntityLink]:
    """Return the records that an event refers to, with links.

    `but` is the id of a person who is left out, such as the actor.
    """
    named = {
        name: str(value)
        for name, value in event["entity_refs"].items()
        if value and name in words.THINGS
    }
    return [
        _thing(name, value, people)
        for name, value in named.items()
        if (name, value) != ("user_id", str(but))
    ]


def changes(event: Row) -> list[Change]:
    """Return the changed fields with old and new values; empty if the event has none."""
    inputs = event["inputs"]
    if isinstance(inputs.get("fields"), list):
        return [_change(field) for field in inputs["fields"][:_LIST_MAX] if isinstance(field, dict)]
    if "before" in inputs and "after" in inputs:
        name = "role" if event["kind"] == ROLE_CHANGED else ""
        before, after = (
            _value(name, value) if isinstance(value, str) else value
            for value in (inputs["before"], inputs["after"])
        )
        return [Change(event["kind"].rpartition(".")[2], _words(before), _words(after))]
    return []


def values(event: Row) -> list[Value]:
    """Return the inputs and outputs that are not in `changes`, as labels and texts."""
    shown = {"fields", "before", "after"} if changes(event) else set()
    given = {name: value for name, value in event["inputs"].items() if name not in shown}
    return list(_flat({**given, **event["outputs"]}))[:_LIST_MAX]


def time_of_day(instant: datetime) -> str:
    """Format the time of an instant with seconds, in the user's time zone."""
    return str(format_time(instant, "HH:mm:ss"))


def short_hash(digest: bytes | str) -> str:
    """Return the first eight bytes of a hash as hex digits in groups of four."""
    figures = (digest if isinstance(digest, str) else bytes(digest).hex())[:16]
    return " ".join(figures[at : at + 4] for at in range(0, 16, 4))


def _own_words(event: Row) -> str:
    values = {**event["inputs"], **event["outputs"]}
    for name in (
        "summary",
        "number",
        "customer_name",
        "vendor_name",
        "title",
        "name",
        "email",
        "tool_name",
        "role",
        "format",
        "reason",
    ):
        if isinstance(values.get(name), str) and values[name]:
            return _value(name, values[name])
    if event["kind"] == ROLE_CHANGED and isinstance(values.get("after"), str):
        return _value("role", values["after"])
    return ", ".join(dict.fromkeys(words.field(change.name) for change in changes(event)))


def _value(name: str, value: str) -> str:
    if name == "role":
        return role_word(value)
    if name == "tool_name":
        return words.kind(value)
    if name == "format":
        return value.upper()
    return words.reason(value) if name == "reason" else value


def _somebody_else(event: Row, people: Iterable[Row]) -> str | None:
    """Return the name of the person that an event is about, or None for its own actor."""
    person_id = event["entity_refs"].get("user_id")
    return (
        _name(person_id, people) if person_id and str(person_id) != str(event["actor_id"]) else None
    )


def _name(person_id: object, people: Iterable[Row]) -> str | None:
    return next(
        (str(person["full_name"]) for person in people if str(person["id"]) == str(person_id)), None
    )


def _thing(name: str, value: str, people: Iterable[Row]) -> EntityLink:
    word = (_name(value, people) if name == "user_id" else None) or str(words.THINGS[name])
    if name not in _PAGES:
        return EntityLink(word, None)
    endpoint, argument = _PAGES[name]
    ids: dict[str, Any] = {argument: value} if argument else {}
    return EntityLink(word, url_for(endpoint, **ids))


def _change(field: Mapping[str, Any]) -> Change:
    return Change(
        str(field.get("field", "")), _words(field.get("before")), _words(field.get("after"))
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[Value]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None and value not in ("", [], {}):
            yield Value(f"{prefix}{name}", _words(value) or "")


def _words(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_MAX else text[: _VALUE_MAX - 1] + "…"
