"""Create three conversations by running the assistant.

Each conversation ends with a proposal that waits for a decision.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from voyagent.approvals import queries as requests
from voyagent.approvals.service import deciding, execution as approval_execution, proposing
from voyagent.assistant.rules import arguments
from voyagent.assistant.service import loop
from voyagent.assistant.service.built_in import BuiltInPlanner
from voyagent.capabilities import execution, registry
from voyagent.capabilities.capability import Invocation
from voyagent.chat.queries import sessions as chats
from voyagent.chat.service import conversations as chat, turns
from voyagent.enquiries import service as enquiry_rules
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db, transaction
from voyagent.kernel.errors import VoyagentError

MONEY_TALK = "Who owes us what"
WORKER_TIMEOUT_S = 30
WORKER_CHECK_EVERY_S = 0.05


class Verdict(NamedTuple):
    """The accountant's decision on the last approval request."""

    granted: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation of a colleague with the assistant.

    `customer` is the customer whose enquiry the conversation is about, or None. `course` has, in
    order, the messages of the colleague and the accountant's decisions on proposals.
    """

    customer: str | None
    course: Sequence[str | Verdict]


YES = "yes"
"""The user's message that confirms the action card of the assistant's last answer."""
TALKS = {
    "Neha Kulkarni": (
        Talk(
            None,
            (
                "Who owes us money?",
                "Trial balance",
                "Draft an invoice for Zachariah Kurian: hotel in Doha 9,800, due in 7 days",
                YES,
                Verdict(granted=False, reason="Zachariah paid the hotel directly."),
                "Issue the draft for St. Mary’s Parish, Thrissur",
                YES,
            ),
        ),
        Talk(
            "Deepa Krishnan",
            ("Draft an invoice for Deepa Krishnan: visit visas 27,600, due in 10 days", YES),
        ),
    ),
    "Joseph Varghese": (
        Talk(
            "Harbinder Singh Gill",
            (
                "Summarise this enquiry",
                "Draft an invoice for Harbinder Singh Gill: city tour 36,400, due in 14 days",
                YES,
                Verdict(granted=True),
                YES,  # confirms the action card that issues the draft
            ),
        ),
    ),
}


def run_conversations(staff: dict[str, Actor], accountant: Actor) -> int:
    """Run the conversations of `TALKS` that have no turn yet, and return their number.

    `staff` has the colleagues by full name, and `accountant` decides on their proposals.
    """
    return sum(
        _run_conversation(staff[name], talk, accountant)
        for name, talks in TALKS.items()
        for talk in talks
    )


def renew_requests(staff: dict[str, Actor]) -> int:
    """Request approval again for the proposals of the demo that have expired.

    Returns the number of requests that wait for a decision.
    """
    tenant_id = next(iter(staff.values())).tenant_id
    with transaction(tenant_id):
        approval_execution.expire_overdue()
        for name, talks in TALKS.items():
            for talk in talks:
                _renew_request(staff[name], _conversation_of(staff[name], talk))
        return len(SessionReader(db.session).read(requests.waiting_statement())[0])


def _run_conversation(person: Actor, talk: Talk, accountant: Actor) -> bool:
    with transaction(person.tenant_id):
        session_id = _conversation_of(person, talk)
        if chats.newest_turn(session_id) is not None:
            return False
    for step in talk.course:
        if isinstance(step, Verdict):
            _decide(accountant, session_id, step)
        else:
            with transaction(person.tenant_id):
                turn = turns.start_turn(person, session_id, message=step)
            _run(person.tenant_id, session_id, turn.id)
    return True


def _conversation_of(person: Actor, talk: Talk) -> UUID:
    """Return the id of the conversation; create it if it is missing."""
    reader = SessionReader(db.session)
    if talk.customer is not None:
        enquiry = enquiries.find_by_text(reader, talk.customer, limit=1)[0]
        return enquiry_rules.promote(person, enquiry["id"])[1]
    known = next(
        (row["id"] for row in chats.list_sessions(reader)[0] if row["title"] == MONEY_TALK), None
    )
    return known or chat.create_session(person, title=MONEY_TALK).id


def _decide(accountant: Actor, session_id: UUID, verdict: Verdict) -> None:
    """Decide on the newest pending proposal and continue the conversation."""
    with transaction(accountant.tenant_id):
        waiting = requests.pending_of_session(SessionReader(db.session), session_id)
        approval_id = waiting[-1]["approval_id"]
        deciding.resolve(accountant, approval_id, granted=verdict.granted, reason=verdict.reason)
    if verdict.granted:
        with transaction(accountant.tenant_id):
            approval_execution.carry_out(approval_id)
    with transaction(accountant.tenant_id):
        continuation = chats.find_continuation(approval_id)
    if continuation is not None:
        _run(accountant.tenant_id, session_id, continuation.id)


def _run(tenant_id: UUID, session_id: UUID, turn_id: str) -> None:
    """Run a turn here; if a worker runs it already, wait until it has finished."""
    loop.run(tenant_id, turn_id, BuiltInPlanner())
    give_up_at = time.monotonic() + WORKER_TIMEOUT_S
    while time.monotonic() < give_up_at:
        with transaction(tenant_id):
            if chats.find_running_turn(session_id) is None:
                return
        time.sleep(WORKER_CHECK_EVERY_S)


def _renew_request(person: Actor, session_id: UUID) -> None:
    pending = SessionReader(db.session).read(requests.session_statement(session_id))[0]
    if not pending or pending[-1]["status"] != "expired":
        return
    try:
        summary = _summary(person, session_id, pending[-1])
    except VoyagentError:
        return  # the draft has been issued meanwhile
    proposing.propose(
        person.via(Channel.ASSISTANT),
        session_id=session_id,
        turn_id=None,
        tool_call_id=pending[-1]["tool_call_id"],
        tool_name=pending[-1]["tool_name"],
        arguments=pending[-1]["payload"],
        summary=summary,
    )


def _summary(person: Actor, session_id: UUID, request: Row) -> str:
    capability = registry.get(request["tool_name"])
    inputs = arguments.read(capability, request["payload"])
    return execution.summary_of(capability, Invocation(person, session_id), inputs)
