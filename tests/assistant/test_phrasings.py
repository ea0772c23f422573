"""Every phrasing comes to its tool with its arguments, and the tool takes them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assistant.phrasings import DIALOGUES, LOOKED_UP, PHRASINGS, PLAIN, TODAY
from voyagent.assistant import tasks
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.assistant.planner.moves import Ask, Call, Context, Conversation, Outcome, Played
from voyagent.assistant.tools import registry

# Needs what the agency has set up or what nothing connects, or is the orchestrator's own.
NOT_SAID = {"reconcile_bsp", "clarify", "handoff", "read_account_balance", "book_hotel", "check_hotel_rate", "read_hotel_booking"}


@pytest.mark.parametrize(("said", "context", "tool", "arguments"), PHRASINGS, ids=[row[0] for row in PHRASINGS])
def test_a_phrasing_comes_to_a_tool_that_takes_its_arguments(said: str, context: Context, tool: str, arguments: dict[str, Any]) -> None:
    move = understand(said, context)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)
    registry.get(tool).read(move.arguments)


@pytest.mark.parametrize(("said", "found", "tool", "arguments"), LOOKED_UP, ids=[row[0] for row in LOOKED_UP])
def test_what_was_looked_up_completes_the_wish(said: str, found: dict[str, Any], tool: str, arguments: dict[str, Any]) -> None:
    first = understand(said, PLAIN)
    assert isinstance(first, Call), first
    move = BuiltInPlanner().next_move(Conversation(said, PLAIN, (Played(first, Outcome(found)),)))
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)
    registry.get(tool).read(move.arguments)


@pytest.mark.parametrize(("turns", "tool", "arguments"), DIALOGUES, ids=[row[0][0][0] for row in DIALOGUES])
def test_one_thing_is_asked_at_a_time_and_what_is_known_is_kept(turns: list[tuple[str, str]], tool: str, arguments: dict[str, Any]) -> None:
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
    said, found = next((row[0], row[1]) for row in LOOKED_UP if row[2] == "record_receipt")
    first = understand(said, PLAIN)
    two = {"count": 2, "invoices": [*found["invoices"], {**found["invoices"][0], "number": "2026-27/000013"}]}
    move = BuiltInPlanner().next_move(Conversation(said, PLAIN, (Played(first, Outcome(two)),)))
    assert move.kind == "say"
    assert "000013" in move.text


def test_there_are_enough_of_them_and_every_tool_is_among_them() -> None:
    assert tasks.TOOLS
    assert len({row[0] for row in PHRASINGS} | {row[0] for row in LOOKED_UP}) + len(DIALOGUES) >= 150
    reached = {row[2] for row in PHRASINGS} | {row[2] for row in LOOKED_UP}
    ours = {tool.name for tool in registry.every() if not tool.name.startswith("probe_")}
    assert ours - reached == NOT_SAID
