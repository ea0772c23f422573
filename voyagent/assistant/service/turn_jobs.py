"""Jobs that run turns: one for each turn, and another for a turn that has lost its job."""

from __future__ import annotations

from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.sessions import Turn
from voyagent.chat.service import turns
from voyagent.kernel import jobs

TURN_TASK = "assistant.run_turn"


@turns.on_opened
def defer_turn(turn: Turn) -> None:
    """Run the turn by a worker once this transaction has committed."""
    jobs.defer(TURN_TASK, lock=str(turn.session_id), tenant_id=str(turn.tenant_id), turn_id=turn.id)


def resume() -> int:
    """Resume the bound agency's turns that are a minute old and have no job; return their number.

    Otherwise a turn whose job failed for good would stay running, and its conversation would be
    blocked.
    """
    lost = chats.turns_without_job(TURN_TASK)
    for turn in lost:
        defer_turn(turn)
    return len(lost)
