"""Rules of messages to the assistant: start, join, repeat or continue a turn."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from flask_babel import gettext

from voyagent.approvals.service import deciding, effects, proposing
from voyagent.approvals.service.effects import Approval
from voyagent.approvals.service.time_limits import TimeLimit, decision
from voyagent.assistant.queries import turn_context
from voyagent.assistant.rules import drafts
from voyagent.assistant.rules.drafts import Block
from voyagent.capabilities import registry
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.sessions import Turn
from voyagent.chat.service import turns
from voyagent.chat.service.turns import TurnInProgress
from voyagent.kernel import clock, financial_numbers, passport_numbers
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Conflict, Unprocessable
from voyagent.kernel.ids import new_turn_id

_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_PLACE = re.compile(r"[0-9]{1,18}", re.ASCII)
REPLAY_FAILED = "replay_failed: that event is not one of this conversation"


class InvalidLastEventId(Unprocessable):
    """The conversation has no event with this id."""

    code = "invalid_last_event_id"
    message = N_(
        "This event is not part of this conversation. Reload its messages and continue from there."
    )


class CardNotOpen(Conflict):
    """The card was confirmed or discarded, or a newer card has replaced it."""

    code = "card_not_open"
    message = N_("This card is no longer open. Use the newest card of the conversation.")


@dataclass(frozen=True, slots=True)
class Reply:
    """The events that a stream sends, up to the end of a turn.

    The first event is the event after number `after_seq`. `awaits` are ids of decided proposals;
    the stream waits for the turns that continue after these decisions. Without `turn_id` and
    `awaits` only stored events are sent.
    """

    after_seq: int
    turn_id: str | None = None
    awaits: tuple[str, ...] = ()


def send(
    actor: Actor,
    session_id: UUID,
    *,
    message: str = "",
    decisions: Mapping[str, bool] | None = None,
    last_event_id: str | None = None,
) -> Reply:
    """Send a message, decide proposals or continue a stream.

    If the same user sends the message of the running turn again, the stream follows that turn. With
    an empty message the stream follows the running turn, or the turn that continues after a
    decision. Passport numbers, PANs, tax numbers and bank accounts are masked before anything is
    stored.

    Raises Forbidden, SessionNotFound, TurnInProgress, and the errors of `time_limits.decision` and
    `deciding.check_all`.

    Source: API contract.
    """
    actor.require("chat.write")
    message, chosen = _masked(message), dict(decisions or {})
    with decision(actor, "chat.write", len(chosen)) as (present, limit):
        return _send(present, session_id, message, chosen, last_event_id, limit)


def resume(
    actor: Actor, session_id: UUID, reply: Reply, *, last_event_id: str | None = None
) -> Reply:
    """Return the stream for a repeated request.

    The stream begins with the first event of `reply`, or after `last_event_id` if that is later.
    Raises Forbidden, and SessionNotFound for a deleted conversation.
    """
    actor.require("chat.write")
    session = chats.get_session(session_id)
    place = None if last_event_id is None else _place(last_event_id, session.event_seq)
    return reply if place is None else replace(reply, after_seq=max(reply.after_seq, place))


def ask_again(actor: Actor, session_id: UUID, turn_id: str, *, message: str | None = None) -> Reply:
    """Start a turn that responds to a message again.

    The turn `turn_id` and all later turns are replaced. `message`, if given, replaces the text of
    the message. Approved acts are not undone. Raises Forbidden, SessionNotFound, TurnNotFound,
    TurnInProgress, TurnSuperseded, TurnNotReplaceable.
    """
    if message is None:
        turn = turns.regenerate(actor, session_id, turn_id)
    else:
        turn = turns.edit_and_resend(actor, session_id, turn_id, _masked(message))
    still_done = turn_context.still_done(session_id, turn.id)
    if still_done:
        blocks = [
            {
                "type": "kept",
                "approval_id": row["id"],
                "tool_name": row["tool_name"],
                "summary": row["summary"],
            }
            for row in still_done
        ]
        turns.append_note(actor, turn, blocks)
    return Reply(chats.last_seq(session_id), turn.id)


def save_card(actor: Actor, session_id: UUID, card_id: str) -> None:
    """Confirm the fields of the open card.

    A second confirmation changes nothing, unless the act has failed and the card is still open.
    Raises Forbidden, SessionNotFound,
    TurnInProgress, CardNotOpen.
    """
    actor.require("chat.write")
    chats.get_session(session_id, lock=True)
    recent = turn_context.recent_messages(session_id)
    known = drafts.confirming_turn(recent, card_id)
    running = chats.find_running_turn(session_id)
    if known is not None and running is not None and running.id == known:
        return
    card = drafts.open_card(recent)
    is_open = card is not None and card["card_id"] == card_id
    if known is not None and not is_open:
        return
    _answer_card(actor, session_id, is_open=is_open, text=gettext("Save"), block=_block(card_id))


def choose_action(actor: Actor, session_id: UUID, card_id: str, name: str) -> None:
    """Replace the open card by the card of another capability that it offers.

    `name` is the capability. Raises Forbidden, SessionNotFound, TurnInProgress, CardNotOpen.
    """
    actor.require("chat.write")
    chats.get_session(session_id, lock=True)
    card = drafts.open_card(turn_context.recent_messages(session_id))
    is_open = card is not None and card["card_id"] == card_id and name in card["offered"]
    title = gettext(registry.get(name).title) if is_open else ""
    block = _block(card_id, drafts.CHOSEN) | {"capability": name}
    _answer_card(actor, session_id, is_open=is_open, text=title, block=block)


def discard_card(actor: Actor, session_id: UUID, card_id: str) -> None:
    """Discard the draft of the open card.

    Raises Forbidden, SessionNotFound, TurnInProgress, CardNotOpen.
    """
    actor.require("chat.write")
    chats.get_session(session_id, lock=True)
    card = drafts.open_card(turn_context.recent_messages(session_id))
    is_open = card is not None and card["card_id"] == card_id
    block = _block(card_id, drafts.DISCARDED)
    _answer_card(actor, session_id, is_open=is_open, text=gettext("Discard"), block=block)


def _send(
    actor: Actor,
    session_id: UUID,
    message: str,
    chosen: Mapping[str, bool],
    last_event_id: str | None,
    limit: TimeLimit,
) -> Reply:
    last_seq = chats.get_session(session_id, lock=True).event_seq
    place = None if last_event_id is None else _place(last_event_id, last_seq)
    running = chats.find_running_turn(session_id)
    if place is not None:
        reply = _pick_up(
            session_id, last_seq, place, running, has_body=bool(message.strip() or chosen)
        )
        if reply is not None:
            return reply
    lost = last_event_id is not None and place is None
    after_seq = last_seq if place is None else place
    if lost:
        after_seq = (
            turns.append_loose_event(
                _outside(actor, session_id, turns.REPLAY), "error", error_message=REPLAY_FAILED
            )
            - 1
        )
    if not message.strip() and not chosen:
        return _go_along(actor, session_id, running, after_seq, lost=lost)
    chosen_decisions = deciding.check_all(actor, session_id, chosen, limit) if chosen else []
    started = _start(actor, session_id, message, running) if message.strip() else None
    if started is not None and started is running:
        after_seq = min(after_seq, _before_first(started, after_seq))
    if not chosen:
        return Reply(after_seq, started.id if started is not None else None)
    deciding.decide_all(actor, chosen_decisions, limit)
    return _reply_to_decisions(
        chosen, Reply(after_seq, started.id if started is not None else None)
    )


def _block(card_id: str, kind: str = drafts.CONFIRMED) -> Block:
    return {"type": kind, "card_id": card_id}


def _masked(message: str) -> str:
    return financial_numbers.hidden_in(passport_numbers.hidden_in(message))


def _answer_card(actor: Actor, session_id: UUID, *, is_open: bool, text: str, block: Block) -> None:
    if not is_open:
        raise CardNotOpen
    turns.start_turn(actor, session_id, message=text, block=block)


def place_to_follow(session_id: UUID, last_event_id: str | None) -> int:
    """Return the number of the event after which a conversation's stream begins.

    The number is `last_event_id`, or the number of the newest event if `last_event_id` is None.
    Raises SessionNotFound, InvalidLastEventId.
    """
    last = chats.last_seq(session_id)
    if last_event_id is None:
        return last
    if not _PLACE.fullmatch(last_event_id.strip()) or int(last_event_id) > last:
        raise InvalidLastEventId
    return int(last_event_id)


def _place(last_event_id: str, last_seq: int) -> int | None:
    """Return `last_event_id` as a number, or None if there is no such event."""
    number = int(last_event_id) if _NUMBER.fullmatch(last_event_id.strip()) else None
    return number if number is not None and number <= last_seq else None


def _pick_up(
    session_id: UUID, last_seq: int, place: int, running: Turn | None, *, has_body: bool
) -> Reply | None:
    """Return the stream of a client that reconnects, or None for a new request."""
    if running is not None:
        return Reply(place, running.id)
    newest = chats.events_after(session_id, max(place, last_seq - 1), limit=1)
    if newest and newest[0]["kind"] == "final":
        return Reply(place)
    if has_body:
        return None
    return Reply(place, awaits=tuple(turn_context.expected_continuations(session_id)))


def _go_along(
    actor: Actor, session_id: UUID, running: Turn | None, after_seq: int, *, lost: bool
) -> Reply:
    """Return the stream that answers an empty message.

    `lost` is true if the client sent a last event id that the conversation does not have.
    """
    if running is not None:
        return Reply(min(after_seq, _before_first(running, after_seq)), running.id)
    awaited = turn_context.expected_continuations(session_id)
    if awaited:
        return Reply(after_seq, awaits=tuple(awaited))
    newest = chats.newest_turn(session_id)
    if newest is not None and newest.kind == "continuation":
        after_seq = min(after_seq, _before_first(newest, after_seq))
        if not lost:
            return Reply(after_seq, newest.id)
    alone = _outside(actor, session_id, new_turn_id())
    turns.append_loose_event(alone, "final")
    return Reply(after_seq, alone.id)


def _start(actor: Actor, session_id: UUID, message: str, running: Turn | None) -> Turn:
    if running is not None:
        if (
            running.kind == "message"
            and running.message == message
            and running.user_id == actor.user_id
        ):
            return running
        raise TurnInProgress
    return turns.start_turn(actor, session_id, message=message)


def _reply_to_decisions(decisions: Collection[str], reply: Reply) -> Reply:
    """Return the stream that ends with the turns that continue after the decisions."""
    known = [turn for turn in map(chats.find_continuation, decisions) if turn is not None]
    after_seq = min([reply.after_seq, *(_before_first(turn, reply.after_seq) for turn in known)])
    return replace(reply, after_seq=after_seq, awaits=tuple(decisions))


def _before_first(turn: Turn, otherwise: int) -> int:
    """Return the number of the event before a turn's first event.

    If the turn has no event yet, `otherwise` is returned.
    """
    return turn.first_event_seq - 1 if turn.first_event_seq is not None else otherwise


def _outside(actor: Actor, session_id: UUID, turn_id: str) -> Turn:
    """Return a Turn that is not stored, for an event that belongs to no stored turn."""
    assert actor.user_id is not None
    return Turn(
        id=turn_id,
        tenant_id=actor.tenant_id,
        session_id=session_id,
        user_id=actor.user_id,
        kind="message",
        approval_id=None,
        message="",
        status="done",
        attempt=0,
        first_event_seq=None,
        created_at=clock.now(),
    )


@effects.on_settled
def go_on(actor: Actor, approval: Approval) -> None:
    """Start the turn that continues after a decision, on behalf of `actor`."""
    turns.start_continuation(actor, approval.session_id, approval_id=approval.id)


@proposing.on_renewed
def tell_anew(requester: Actor, approval: Approval) -> None:
    """Start a turn that shows the replacement of the outdated proposal `approval`."""
    turns.start_continuation(requester, approval.session_id, approval_id=approval.id)
