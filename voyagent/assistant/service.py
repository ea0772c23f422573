"""The rules of talking with the assistant: what a message starts, joins or repeats, and how a turn
goes on after a decision.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from voyagent.approvals import effects, service as approvals
from voyagent.approvals.effects import Approval
from voyagent.assistant import queries
from voyagent.chat import branches, queries as chats, service as chat, turns
from voyagent.chat.queries import Turn
from voyagent.chat.service import ChatSession, TurnInProgress
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.ids import new_turn_id
from voyagent.trips.passports import hidden_in

_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_PLACE = re.compile(r"[0-9]{1,18}", re.ASCII)
REPLAY_FAILED = "replay_failed: that event is not one of this conversation"


class InvalidLastEventId(Unprocessable):
    """A stream is to go on behind an event that the conversation does not have."""

    code = "invalid_last_event_id"
    message = N_(
        "This event is not part of this conversation. Reload its messages and continue from there."
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """What a stream shows: the events behind a number, up to the end of a turn; `awaits` are
    granted proposals whose continuation is still to begin.

    Without a turn and without anything awaited, what is stored is shown and that is all.
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
    """Say something, decide something, or ask for what was missed; at most one new turn.

    Her own repeat of what runs joins it; a blank message picks up what goes on by itself. Raises
    Forbidden, SessionNotFound, TurnInProgress, and for decisions what `approvals.check_all` raises,
    in which case nothing is decided and nothing is said. The number of a passport is masked before
    anything is kept. From the API contract.
    """
    actor.require("chat.write")
    message = hidden_in(message)
    session = chats.get_session(session_id, lock=True)
    chosen = dict(decisions or {})
    place = None if last_event_id is None else _place(last_event_id, session.event_seq)
    running = chats.find_running_turn(session_id)
    if place is not None:
        told = _pick_up(session, place, running, has_body=bool(message.strip() or chosen))
        if told is not None:
            return told
    lost = last_event_id is not None and place is None
    after_seq = session.event_seq if place is None else place
    if lost:
        after_seq = (
            turns.tell(_outside(actor, session, turns.REPLAY), "error", error_message=REPLAY_FAILED)
            - 1
        )
    if not message.strip() and not chosen:
        return _go_along(actor, session, running, after_seq, lost=lost)
    wishes = approvals.check_all(actor, session_id, chosen) if chosen else []
    started = _start(actor, session_id, message, running) if message.strip() else None
    if started is not None and started is running:
        after_seq = min(after_seq, _before_first(started, after_seq))
    if not chosen:
        return Reply(after_seq, started.id if started is not None else None)
    return _decide(
        actor, wishes, chosen, Reply(after_seq, started.id if started is not None else None)
    )


def resume(
    actor: Actor, session_id: UUID, reply: Reply, *, last_event_id: str | None = None
) -> Reply:
    """What an earlier message set in motion, told again from its first event, or from behind the
    last one that was seen: nothing is said a second time.

    Raises Forbidden, and SessionNotFound once the conversation has been deleted.
    """
    actor.require("chat.write")
    session = chats.get_session(session_id)
    place = None if last_event_id is None else _place(last_event_id, session.event_seq)
    return reply if place is None else replace(reply, after_seq=max(reply.after_seq, place))


def ask_again(actor: Actor, session_id: UUID, turn_id: str, *, message: str | None = None) -> Reply:
    """Have a message answered anew, in other words where some are given, in the place of its turn
    and of all behind it.

    What was granted there stays done and is named behind the message. Raises Forbidden,
    SessionNotFound, TurnNotFound, TurnInProgress, TurnSuperseded, TurnNotReplaceable.
    """
    if message is None:
        turn = branches.regenerate(actor, session_id, turn_id)
    else:
        turn = branches.edit_and_resend(actor, session_id, turn_id, hidden_in(message))
    kept = queries.still_done(session_id, turn.id)
    if kept:
        told = [
            {
                "type": "kept",
                "approval_id": row["id"],
                "tool_name": row["tool_name"],
                "summary": row["summary"],
            }
            for row in kept
        ]
        chat.append_message(actor, session_id, role="system", blocks=told, turn_id=turn.id)
    return Reply(chats.last_seq(session_id), turn.id)


def place_to_follow(session_id: UUID, last_event_id: str | None) -> int:
    """The number behind which a stream of a whole conversation begins: the last event that was
    seen, else the newest.

    Raises SessionNotFound, and InvalidLastEventId for what is no number of the conversation's.
    """
    last = chats.last_seq(session_id)
    if last_event_id is None:
        return last
    if not _PLACE.fullmatch(last_event_id.strip()) or int(last_event_id) > last:
        raise InvalidLastEventId
    return int(last_event_id)


def _place(said: str, last_seq: int) -> int | None:
    """The number of the last event that a client saw, or None where it is none of this
    conversation's.
    """
    number = int(said) if _NUMBER.fullmatch(said.strip()) else None
    return number if number is not None and number <= last_seq else None


def _pick_up(
    session: ChatSession, place: int, running: Turn | None, *, has_body: bool
) -> Reply | None:
    """What was missed, and the rest of what runs; None where all was seen and the body is new."""
    if running is not None:
        return Reply(place, running.id)
    newest = chats.events_after(session.id, max(place, session.event_seq - 1), limit=1)
    if newest and newest[0]["kind"] == "final":
        return Reply(place)
    if has_body:
        return None
    return Reply(place, awaits=tuple(queries.expected_continuations(session.id)))


def _go_along(
    actor: Actor, session: ChatSession, running: Turn | None, after_seq: int, *, lost: bool
) -> Reply:
    """A blank message: the turn that runs, or is about to go on after a grant, or went on last;
    else a `final` alone.

    A failed replay is told first where nothing was before it; behind a turn that has ended it
    stands with a `final` of its own, so that numbers only rise.
    """
    if running is not None:
        return Reply(min(after_seq, _before_first(running, after_seq)), running.id)
    awaited = queries.expected_continuations(session.id)
    if awaited:
        return Reply(after_seq, awaits=tuple(awaited))
    newest = chats.newest_turn(session.id)
    if newest is not None and newest.kind == "continuation":
        after_seq = min(after_seq, _before_first(newest, after_seq))
        if not lost:
            return Reply(after_seq, newest.id)
    alone = _outside(actor, session, new_turn_id())
    turns.tell(alone, "final")
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
    return chat.start_turn(actor, session_id, message=message)


def _decide(
    actor: Actor, wishes: Sequence[approvals.Wish], decisions: Mapping[str, bool], reply: Reply
) -> Reply:
    """Make the decisions of the body; the stream goes on until the assistant has gone on after
    each. A repeat shows again what followed.
    """
    approvals.decide_all(actor, wishes)
    known = [turn for turn in map(chats.find_continuation, decisions) if turn is not None]
    after_seq = min([reply.after_seq, *(_before_first(turn, reply.after_seq) for turn in known)])
    return replace(reply, after_seq=after_seq, awaits=tuple(decisions))


def _before_first(turn: Turn, otherwise: int) -> int:
    """The number before a turn's first event."""
    return turn.first_event_seq - 1 if turn.first_event_seq is not None else otherwise


def _outside(actor: Actor, session: ChatSession, turn_id: str) -> Turn:
    """The bearer of an event that is of no stored turn."""
    assert actor.user_id is not None
    return Turn(
        id=turn_id,
        tenant_id=actor.tenant_id,
        session_id=session.id,
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
    """Once a decision has been carried out, the assistant goes on by itself, for the person who
    asked.
    """
    chat.start_continuation(actor, approval.session_id, approval_id=approval.id)


@approvals.on_asked_anew
def tell_anew(requester: Actor, approval: Approval) -> None:
    """Where a fresh request has taken an old one's place, a turn of its own shows it in the
    conversation, behind whatever runs there now.
    """
    chat.start_continuation(requester, approval.session_id, approval_id=approval.id)
