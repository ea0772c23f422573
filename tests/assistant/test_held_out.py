"""Measure the engine on held-out messages.

They are no examples of any capability. A floor is the share that the engine reaches, and a goal is
the share that it must reach. A floor may only be raised. To correct a failure, add an example or
improve a reader of values; never add a pattern for one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from pydantic_core import to_jsonable_python

from tests.assistant.test_held_out_file import LINES
from voyagent import catalogue
from voyagent.capabilities.dialogue import Engine, Reply
from voyagent.capabilities.slots import READERS, Context, Found
from voyagent.kernel.text.reading import read

CAPABILITIES = {capability.name: capability for capability in catalogue.CAPABILITIES}
PSEUDO_READERS = {
    "customer_name": ("party",),
    "party": ("supplier",),
    "number": ("document", "booking"),
    "account": ("account",),
}

_DECIMAL = re.compile(r"\d+\.\d+|[1-9]\d*")


class Gate(NamedTuple):
    """The required share and the goal. For errors the floor is an upper limit."""

    floor: float
    goal: float


TAKEN = Gate(floor=0.45, goal=0.45)
AMONG_OFFERED = Gate(floor=0.94, goal=0.90)
FIRST = Gate(floor=0.84, goal=0.84)
FIELDS = Gate(floor=0.85, goal=0.85)
WRONG_CARDS = Gate(floor=0.02, goal=0.03)


class Answer(NamedTuple):
    line: dict[str, Any]
    reply: Reply
    fields: dict[str, Any]


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    """Return the messages with a capability, and those without one."""
    engine = Engine(CAPABILITIES.values(), Context(date(2026, 11, 29)))
    return [
        Answer(line, engine.reply(line["text"], context), dict(_fields(engine, line, context)))
        for line in LINES
        if line["intent"] is None or line["intent"] in CAPABILITIES
        for context in [Context(date.fromisoformat(line["today"]))]
    ]


def test_messages_are_interpreted_in_parallel(answers: list[Answer]) -> None:
    meant = [answer for answer in answers if answer.line["intent"]]
    taken = [
        answer
        for answer in meant
        if answer.reply.kind in ("card", "run")
        and answer.reply.draft
        and answer.reply.draft.name in _right(answer.line)
    ]
    assert len(taken) / len(meant) >= TAKEN.floor


def test_the_right_capability_is_among_those_offered(answers: list[Answer]) -> None:
    meant = [answer for answer in answers if answer.line["intent"]]
    right = [answer for answer in meant if _right(answer.line) & _offered(answer.reply)]
    assert len(right) / len(meant) >= AMONG_OFFERED.floor


def test_the_card_or_the_form_offered_first_is_the_right_one(answers: list[Answer]) -> None:
    meant = [answer for answer in answers if answer.line["intent"]]
    right = [
        answer
        for answer in meant
        if answer.reply.draft and answer.reply.draft.name in _right(answer.line)
    ]
    assert len(right) / len(meant) >= FIRST.floor


def test_few_cards_and_reads_are_wrong(answers: list[Answer]) -> None:
    wrong = [
        answer
        for answer in answers
        if answer.reply.kind in ("card", "run")
        and answer.reply.draft
        and answer.reply.draft.name not in _right(answer.line)
    ]
    assert len(wrong) / len(answers) <= WRONG_CARDS.floor


def test_fields_are_read_correctly(answers: list[Answer]) -> None:
    compared = [
        _is_equal(name, value, answer.fields.get(name))
        for answer in answers
        for name, value in answer.line["fields"].items()
    ]
    assert sum(compared) / len(compared) >= FIELDS.floor


def test_no_message_changes_data_without_a_card(answers: list[Answer]) -> None:
    unseen = [
        answer.line["id"]
        for answer in answers
        if answer.reply.confirmed
        or (
            answer.reply.kind == "run"
            and answer.reply.draft
            and CAPABILITIES[answer.reply.draft.name].writes
        )
    ]
    assert unseen == []


def _right(line: dict[str, Any]) -> set[str]:
    return {line["intent"], *line["also"]}


def _offered(reply: Reply) -> set[str]:
    return {*reply.offered, reply.draft.name if reply.draft else ""}


def _fields(engine: Engine, line: dict[str, Any], context: Context) -> Iterator[tuple[str, Any]]:
    """Return the fields of the right capability; pseudo-fields are read from the text."""
    if line["intent"] is None:
        return
    yield from engine.draft(line["intent"], line["text"], context).values.items()
    reading = read(line["text"], today=context.today)
    slots = CAPABILITIES[line["intent"]].slots
    for name in line["fields"].keys() & PSEUDO_READERS.keys() - slots.keys():
        readers = PSEUDO_READERS[name]
        if name == "party" and line["intent"] == "file_visa":
            readers = ("passenger",)
        for reader in readers:
            found = READERS[reader](reading, context)
            if isinstance(found, Found):
                yield name, found.value
                break


def _is_equal(name: str, value: Any, found: Any) -> bool:
    """Compare the given members of a value.

    The notation of names and numbers is ignored.
    """
    found = to_jsonable_python(found)
    if isinstance(value, dict):
        return isinstance(found, dict) and all(
            _is_equal(member, one, found.get(member)) for member, one in value.items()
        )
    if isinstance(value, list):
        return (
            isinstance(found, list)
            and len(found) == len(value)
            and all(_is_equal(name, one, other) for one, other in zip(value, found, strict=True))
        )
    if isinstance(value, str) and isinstance(found, str):
        if name.endswith("phone"):
            return _digits(found).endswith(_digits(value).lstrip("0"))
        if _DECIMAL.fullmatch(value) and _DECIMAL.fullmatch(found):
            return Decimal(value) == Decimal(found)
        return _plain(value) == _plain(found)
    return bool(value == found)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _plain(text: str) -> str:
    words = re.sub(r"^(?:mr|mrs|ms|dr|shri|smt)\.?\s+", "", text.casefold().strip())
    return " ".join(re.sub(r"[.,#]", "", words).split())
