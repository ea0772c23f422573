"""Measure the engine on labelled messages, with the act and fields of each.

A floor is the share that the engine reaches. It may only be raised. To correct a failure, add an
example or improve a reader of values.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from pydantic_core import to_jsonable_python

from tests.assistant.clerks import CLERKS
from tests.assistant.phrasings import LISTED, LOOKED_UP, PHRASINGS, PLAIN, TODAY
from voyagent import catalogue
from voyagent.capabilities.dialogue import Engine, Reply
from voyagent.capabilities.slots import Context
from voyagent.kernel.ids import parse_id

FIRST_FLOOR, AMONG_FLOOR, FIELDS_FLOOR = 0.86, 0.95, 0.88
WRONG_CEILING = 0.015
"""Share of messages that start another act than the one meant."""
MESSAGES = [
    *((message, context, name, fields) for message, context, name, fields in (*PHRASINGS, *CLERKS)),
    *((message, PLAIN, name, fields) for message, _, name, fields in LOOKED_UP),
]


class Answer(NamedTuple):
    name: str
    fields: dict[str, Any]
    reply: Reply
    found: dict[str, Any]


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    engine = Engine(catalogue.CAPABILITIES, Context(TODAY))
    return [
        Answer(
            name,
            fields,
            engine.reply(message, context, None, LISTED),
            to_jsonable_python(engine.draft(name, message, context, LISTED).values),
        )
        for message, context, name, fields in MESSAGES
    ]


def offered(answer: Answer) -> list[str]:
    draft = answer.reply.draft
    return list(dict.fromkeys([*([draft.name] if draft else []), *answer.reply.offered]))


def test_the_set_has_enough_messages() -> None:
    assert len(MESSAGES) >= 300


def test_the_intended_act_comes_first(answers: list[Answer]) -> None:
    right = [answer for answer in answers if offered(answer)[:1] == [answer.name]]
    assert len(right) / len(answers) >= FIRST_FLOOR


def test_the_intended_act_is_among_those_offered(answers: list[Answer]) -> None:
    right = [answer for answer in answers if answer.name in offered(answer)]
    assert len(right) / len(answers) >= AMONG_FLOOR


def test_few_messages_start_a_wrong_act(answers: list[Answer]) -> None:
    wrong = [
        answer
        for answer in answers
        if answer.reply.kind in ("card", "run") and offered(answer)[0] != answer.name
    ]
    assert len(wrong) / len(answers) <= WRONG_CEILING


def test_fields_are_read_from_the_message(answers: list[Answer]) -> None:
    compared = [
        answer.found.get(name) == value
        for answer in answers
        for name, value in answer.fields.items()
        if not is_record(value)
    ]
    assert sum(compared) / len(compared) >= FIELDS_FLOOR


def test_no_message_changes_data_without_a_confirmed_card(answers: list[Answer]) -> None:
    writes = {one.name for one in catalogue.CAPABILITIES if one.writes}
    assert not [answer for answer in answers if answer.reply.confirmed]
    assert not [
        answer for answer in answers if answer.reply.kind == "run" and offered(answer)[0] in writes
    ]


def is_record(value: Any) -> bool:
    """Return True for a field with the id of a record."""
    return parse_id(value) is not None or (
        isinstance(value, list) and bool(value) and all(parse_id(one) for one in value)
    )
