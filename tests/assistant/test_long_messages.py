"""Time to read the longest messages, and the sentence that only a part was read."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from tests.assistant.conftest import Talk, text
from tests.assistant.test_loop import LEAD
from tests.cpu_time import cpu_seconds
from tests.people import Person
from voyagent import catalogue
from voyagent.assistant.queries.interpretation import READ_MAX
from voyagent.assistant.schemas import MESSAGE_MAX
from voyagent.assistant.service import built_in
from voyagent.capabilities.dialogue import Engine
from voyagent.capabilities.matching import mask
from voyagent.capabilities.slots import Context
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.text.passages import squeezed

TODAY = date(2026, 11, 30)
CONTEXT = Context(TODAY, names=("Ravi Kumar", "Deepa Krishnan"))
MASK_S = 2.0
"""Limit for the longest message that may be sent, of which only a part is read."""
REPLY_S = 1.5
SHORT_S = 0.04
"""Times below this are not compared, because they are mostly noise."""
SHAPES = {
    "common words": "show ",
    "passports": "passport ",
    "short words": "to ",
    "numbers": "12 ",
    "digits": "1",
    "references": "ref-",
    "listed places": "Goa, ",
    "wishes": "best ",
    "units": "7K ",
    "glued units": "K 7",
    "numbers in words": "two ",
    "letters": "a",
    "letters and full stops": "max.",
    "commas": ", ",
    "names": "Ravi Kumar ",
    "lines": "paid 500 by Ravi\n",
    "empty lines": "\n",
    "lines that end late": "\n\n\n\n\n\n5 a",
    "addresses": "a@",
    "places": "from Dubai to ",
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(catalogue.CAPABILITIES, Context(TODAY))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_time_to_mask_a_message_grows_with_its_length(shape: str) -> None:
    message = (SHAPES[shape] * MESSAGE_MAX)[:MESSAGE_MAX]
    mask(message[:100], today=TODAY)  # the first call reads tables of words
    whole = cpu_seconds(lambda: mask(message, today=TODAY))
    assert whole < MASK_S
    if whole > 8 * SHORT_S:  # four times the length: linear is 4 times, quadratic 16 times
        quarter = cpu_seconds(lambda: mask(message[: MESSAGE_MAX // 4], today=TODAY), calls=2)
        assert whole < 8 * quarter


@pytest.mark.parametrize("shape", SHAPES)
def test_a_message_of_the_length_that_is_read_takes_little_time(engine: Engine, shape: str) -> None:
    for request in ("record a payment of", "new enquiry"):
        message = squeezed(f"{request} {SHAPES[shape] * MESSAGE_MAX}"[:MESSAGE_MAX])[:READ_MAX]
        assert cpu_seconds(lambda: engine.reply(message, CONTEXT)) < REPLY_S  # noqa: B023 - called at once


@pytest.mark.parametrize("is_cut", [True, False])
def test_an_answer_says_that_only_the_beginning_was_read(app: Flask, is_cut: bool) -> None:
    with app.test_request_context():
        move = built_in._opening({"kind": "unknown", "is_cut": is_cut})  # noqa: SLF001 - the first move depends on the reading alone
    assert ("Only the first 4,000 characters" in move.text) == is_cut  # type: ignore[union-attr]
    assert f"{READ_MAX:,}" == "4,000"


def test_a_longer_message_is_answered_from_its_beginning_and_stored_whole(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    message = LEAD + "\nThe family would like quiet beaches." * 150
    assert len(message) > READ_MAX
    assert "Only the first 4,000 characters" in text(talk.say(alice, session_id, message))
    talk.say(alice, session_id, "yes")
    with alice.reading() as reader:
        (found,) = enquiries.find_by_text(reader, "Ravi Menon")
    assert found["notes"] == message


@pytest.mark.parametrize("run", ["a", "1", "max.", "_"])
def test_a_long_run_of_word_characters_is_read_only_in_part(run: str) -> None:
    assert squeezed(f"Hotel {run * 1000}, Goa") == f"Hotel {(run * 200)[:200]}, Goa"
