"""Effects for tests: they write a message into a conversation, so that what happened, and how often, can be counted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from voyagent.approvals.effects import Description, Effect, on_settled, register
from voyagent.approvals.models import Approval
from voyagent.chat import service as chat
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import Conflict

LEADS = frozenset({"agency_admin", "accounting_lead"})
told: list[tuple[str, UUID | None, str, str, str | None, dict[str, Any] | None]] = []


class PeriodClosed(Conflict):
    """An expected failure of an effect."""

    code = "period_closed"


def note(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Write the text of the arguments down."""
    message = chat.append_message(actor, UUID(arguments["session_id"]), role="tool", blocks=[{"type": "text", "text": arguments["text"]}])
    return {"noted": message.sequence, "by": str(actor.user_id), "channel": actor.channel.value}


def note_and_refuse(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Write, leave an event, and then find that it may not be."""
    note(actor, arguments)
    chat.rename(actor, UUID(arguments["session_id"]), "renamed by an effect that failed")
    raise PeriodClosed


def note_and_crash(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Write and break."""
    note(actor, arguments)
    raise RuntimeError("a fault of ours")


def describe(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """What the note will change, as an invoice would say it."""
    return {
        "title": f"Note {arguments['text']}",
        "undo": "can be undone by a credit note",
        "lines": [
            {"code": "1200", "name": "Trade receivables", "currency": "INR", "debit": "285721.00", "credit": None, "before": "0.00", "after": "285721.00"},
            {"code": "4100", "name": "Sales", "currency": "INR", "debit": None, "credit": "285721.00", "before": "-9.00", "after": "-285730.00"},
        ],
        "balances": [
            {
                "label": "Deepa Krishnan owes",
                "before": {"amount": "0.00", "currency": "INR"},
                "after": {"amount": "285721.00", "currency": "INR"},
                "note": "Due Thu 10 Dec 2026",
            }
        ],
        "document": {
            "title": "Invoice",
            "number": "",
            "date": "24 Nov 2026",
            "party": "Deepa Krishnan",
            "rows": [{"text": "Flights, 2 adults", "amount": "285721.00"}],
            "total": {"amount": "285721.00", "currency": "INR"},
        },
        "facts": [{"label": "Place of supply", "value": "Kerala"}],
        "checks": [{"ok": True, "text": "Same as quote Q-0911"}, {"ok": False, "text": "TCS rate is unconfirmed"}],
    }


MONEY = register(Effect("probe_invoice", LEADS, "Draft invoice", money=True, reversible=True, run=note, describe=describe))
FINAL = register(Effect("probe_ticket", LEADS, "Issue ticket", money=True, reversible=False, run=note))
PLAIN = register(Effect("probe_note", LEADS | {"agent"}, "Write a note", money=False, reversible=True, run=note))
REFUSES = register(Effect("probe_refuses", LEADS, "Refuse", money=False, reversible=True, run=note_and_refuse))
CRASHES = register(Effect("probe_crashes", LEADS, "Crash", money=False, reversible=True, run=note_and_crash))


@on_settled
def remember(actor: Actor, approval: Approval) -> None:
    """Keep what a listener is told."""
    told.append((approval.id, actor.user_id, approval.status, approval.effect_status, approval.effect_error, approval.effect_result))
    if approval.summary == "break the listener":
        raise RuntimeError("a listener broke")


def told_of(approval_id: str) -> list[tuple[str, UUID | None, str, str, str | None, dict[str, Any] | None]]:
    """What listeners were told of one proposal."""
    return [entry for entry in told if entry[0] == approval_id]
