"""Cards of a conversation: the open card and the answered cards.

A draft is an act that is being prepared in a conversation. Each correction shows a new card of the
draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voyagent.kernel.database.read_pool import Row

Block = dict[str, Any]
CONFIRMED, CHOSEN, DISCARDED = "card_confirmed", "card_chosen", "card_discarded"
"""Types of block in a user's message that answers a card.

The user confirms the card, chooses another action that the card offers, or discards the card.
"""
ANSWERS = (CONFIRMED, CHOSEN, DISCARDED)
DROPPED = "card_dropped"
"""Type of block in an assistant's message that gives up a draft."""


def open_card(rows: Sequence[Row]) -> Block | None:
    """Return the newest card of an act that is neither done nor given up, or None."""
    dropped: set[str] = set()
    done: set[str] = set()
    for row in reversed(rows):
        if row["role"] != "assistant":
            continue
        for block in reversed(row["blocks"]):
            if block["type"] == DROPPED:
                dropped.add(block["draft_id"])
            elif row["turn_kind"] == "message" and _is_done(block):
                done.add(block["tool_name"])
            elif block["type"] == "card" and not (
                block["draft_id"] in dropped or block["capability"] in done
            ):
                return dict(block)
    return None


def find_card(rows: Sequence[Row], card_id: str) -> tuple[Row, Block] | None:
    """Return the message with a card, and the card's block, or None if it is missing."""
    for row in rows:
        for block in row["blocks"]:
            if block["type"] == "card" and block["card_id"] == card_id:
                return row, block
    return None


def answered_card(row: Row, kind: str = CONFIRMED) -> Block | None:
    """Return the block of type `kind` with which a message answers a card, or None."""
    return next((block for block in row["blocks"] if block["type"] == kind), None)


def confirming_turn(rows: Sequence[Row], card_id: str) -> str | None:
    """Return the id of the newest turn whose message confirms a card, or None."""
    for row in reversed(rows):
        block = answered_card(row) if row["role"] == "user" else None
        if block is not None and block["card_id"] == card_id:
            return str(row["turn_id"])
    return None


def origins(rows: Sequence[Row], turn_id: str, draft_id: str) -> list[str]:
    """Return the ids of turns whose replaced turns may have done the act of a draft.

    These are `turn_id`, and each turn that has a card of the draft `draft_id` and has replaced
    another turn. Before the act is carried out, the caller searches the replaced turns for a result
    of the same act, so that it is not done twice.
    """
    before = [
        row["turn_id"]
        for row in rows
        if row["replaces"]
        and any(
            block["type"] == "card" and block["draft_id"] == draft_id for block in row["blocks"]
        )
    ]
    return list(dict.fromkeys([*before, turn_id]))


def _is_done(block: Block) -> bool:
    if block["type"] == "approval":
        return True
    return block["type"] == "tool" and bool(block["output"]) and "error" not in block["output"]
