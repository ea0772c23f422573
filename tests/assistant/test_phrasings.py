"""Every phrasing comes to its tool with its arguments, and the tool takes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.clerks import CLERKS, PAGES
from tests.assistant.phrasings import DIALOGUES, LOOKED_UP, MOVES, PHRASINGS, PLAIN, TODAY
from voyagent.assistant import tasks
from voyagent.assistant.moves import Ask, Call, Context, Conversation, Outcome, Played, Say
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.assistant.planner.shorthand import written_out
from voyagent.assistant.tools import registry

# Needs a report that nothing connected can fetch; or is the front desk's own, which nobody asks
# for.
NOT_SAID = {"reconcile_bsp", "clarify", "handoff"}
KINDS_MIN = 40


@pytest.mark.parametrize(
    ("said", "context", "tool", "arguments"),
    [*PHRASINGS, *CLERKS],
    ids=[row[0] for row in (*PHRASINGS, *CLERKS)],
)
def test_a_phrasing_comes_to_a_tool_that_takes_its_arguments(
    said: str, context: Context, tool: str, arguments: dict[str, Any]
) -> None:
    move = understand(said, context)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)
    registry.get(tool).read(move.arguments)


@pytest.mark.parametrize(
    ("said", "found", "tool", "arguments"), LOOKED_UP, ids=[row[0] for row in LOOKED_UP]
)
def test_what_was_looked_up_completes_the_wish(
    said: str, found: dict[str, Any] | list[dict[str, Any]], tool: str, arguments: dict[str, Any]
) -> None:
    conversation, move = Conversation(said, PLAIN), understand(said, PLAIN)
    for output in found if isinstance(found, list) else [found]:
        assert isinstance(move, Call), move
        registry.get(move.tool).read(move.arguments)
        conversation = replace(
            conversation, played=(*conversation.played, Played(move, Outcome(output)))
        )
        move = BuiltInPlanner().next_move(conversation)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)
    registry.get(tool).read(move.arguments)


@pytest.mark.parametrize(
    ("turns", "tool", "arguments"), DIALOGUES, ids=[row[0][0][0] for row in DIALOGUES]
)
def test_one_thing_is_asked_at_a_time_and_what_is_known_is_kept(
    turns: list[tuple[str, str]], tool: str, arguments: dict[str, Any]
) -> None:
    context = PLAIN
    for said, missing in turns:
        move = understand(said, context)
        if missing:
            assert isinstance(move, Ask), (said, move)
            assert move.missing == missing
            context = Context(TODAY, question=move)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)


def test_several_that_fit_are_listed_and_none_is_chosen() -> None:
    said, found = next(
        (row[0], row[1])
        for row in LOOKED_UP
        if row[2] == "record_receipt" and isinstance(row[1], dict)
    )
    first = understand(said, PLAIN)
    two = {
        "count": 2,
        "invoices": [*found["invoices"], {**found["invoices"][0], "number": "2026-27/000013"}],
    }
    move = BuiltInPlanner().next_move(Conversation(said, PLAIN, (Played(first, Outcome(two)),)))
    assert isinstance(move, Ask), move
    assert "000013" in move.text


def test_there_are_enough_of_them_and_every_tool_is_among_them() -> None:
    assert tasks.TOOLS
    assert (
        len({row[0] for row in PHRASINGS} | {row[0] for row in LOOKED_UP}) + len(DIALOGUES) >= 150
    )
    said_of: dict[str, set[str]] = {
        tool.name: set() for tool in registry.every() if not tool.name.startswith("probe_")
    }
    for row in (*PHRASINGS, *LOOKED_UP):
        said_of[row[2]].add(row[0])
    assert {name for name, said in said_of.items() if len(said) < 2} == NOT_SAID
    kinds = (
        {name for name, said in said_of.items() if said}
        | {row[0] for row in MOVES}
        | {"a question back"}
    )
    assert len(kinds) >= KINDS_MIN, len(kinds)


@pytest.mark.parametrize(
    ("said", "context", "words"), [row[1:] for row in MOVES], ids=[row[1] for row in MOVES]
)
def test_what_is_no_wish_is_answered_in_words(said: str, context: Context, words: str) -> None:
    move = understand(said, context)
    assert isinstance(move, Say), move
    assert words in move.text


def test_of_offers_none_is_taken_that_was_not_meant() -> None:
    said = "book the Grand Imaginary in Dubai 12–18 Dec"
    trip, rates = next(row[1] for row in LOOKED_UP if row[2] == "book_hotel")
    first = understand(said, PLAIN)
    second = BuiltInPlanner().next_move(Conversation(said, PLAIN, (Played(first, Outcome(trip)),)))
    third = BuiltInPlanner().next_move(
        Conversation(said, PLAIN, (Played(first, Outcome(trip)), Played(second, Outcome(rates))))
    )
    assert isinstance(third, Say), third
    assert "None of those" in third.text
    nobody = BuiltInPlanner().next_move(
        Conversation(said, PLAIN, (Played(first, Outcome({**trip, "passengers": []})),))
    )
    assert isinstance(nobody, Ask), nobody
    assert (nobody.tool, nobody.text) == ("search_hotels", "I search first. For how many guests?")


@pytest.mark.parametrize(("said", "address"), PAGES)
def test_what_no_tool_reads_out_is_led_to_its_page(said: str, address: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Say), move
    assert f"[{address}]({address})" in move.text


@pytest.mark.parametrize(
    "said",
    [
        "who owes us",
        "flights from Mumbai to Dubai on 12 Dec for 2 adults",
        "Dear team,\nneed 2 tkts frm mumbai",
        "x " * 200,
    ],
)
def test_what_reads_well_or_is_long_is_not_written_out(said: str) -> None:
    assert written_out(said) == said.strip() or written_out(said) == said
