"""The front desk of the built-in planner: what is missing it asks for itself, and a wish it hands
to the desk that does it (API contract, section 17).
"""

from __future__ import annotations

from dataclasses import replace

from voyagent.assistant import prompt
from voyagent.assistant.moves import Call, Conversation, Move, Played, Tell, silently
from voyagent.assistant.planner.builtin import BuiltInPlanner
from voyagent.assistant.tools import registry
from voyagent.assistant.tools.registry import Desk

GOAL_MAX = 500


class FrontDesk:
    """The built-in planner with the hand-over before the first tool of a desk; what every desk has
    at hand is done where the wish came in.

    The hand-over is a move like any other, so it is journalled, told and played again with the rest
    of the turn.
    """

    name = BuiltInPlanner.name

    def __init__(self, planner: BuiltInPlanner | None = None) -> None:
        self._planner = planner or BuiltInPlanner()

    def next_move(self, conversation: Conversation, tell: Tell = silently) -> Move:
        """See Planner."""
        done = tuple(one for one in conversation.played if not _hands_over(one))
        move = self._planner.next_move(replace(conversation, played=done), tell)
        if not isinstance(move, Call) or (
            conversation.played and _hands_over(conversation.played[-1])
        ):
            return move
        tool = registry.get(move.tool if done else self._planner.aim(conversation, move))
        if tool.shared or tool.desk in (Desk.ORCHESTRATOR, prompt.desk_of(conversation)):
            return move
        return Call("handoff", {"domain": tool.desk.value, "goal": _goal(conversation, tool)})


def _hands_over(played: Played) -> bool:
    return isinstance(played.move, Call) and played.move.tool == "handoff"


def _goal(conversation: Conversation, tool: registry.Tool) -> str:
    """The wish in the person's words; what goes on from a decision or from an answer to a question
    has the tool's purpose instead.
    """
    said = " ".join(conversation.message.split())
    return (
        tool.purpose if not said or conversation.context.question is not None else said[:GOAL_MAX]
    )
