"""The built-in planner answers with the capability's own sentence."""

from __future__ import annotations

from datetime import date

from flask import Flask

from voyagent.assistant.rules.moves import Call, Context, Conversation, Outcome, Played, Say
from voyagent.assistant.service.built_in import BuiltInPlanner

HELD = {
    "held": True,
    "pnr_id": "l1",
    "locator": "QX7RTA",
    "status": "held",
    "expires_at": "2026-12-01T18:45:00Z",
    "budget": None,
    "still_held": [],
}


def test_the_time_limit_of_a_hold_is_in_the_agencys_time_zone(app: Flask) -> None:
    context = Context(date(2026, 11, 30), timezone="Asia/Kolkata")
    held = Played(Call("hold_flight", {"fare_id": "f1"}), Outcome(HELD))
    with app.test_request_context():
        move = BuiltInPlanner().next_move(Conversation("hold it", context, (held,)))
    assert isinstance(move, Say)
    assert move.text.startswith("Held as QX7RTA, unpaid, until 2 Dec 2026 00:15.")
