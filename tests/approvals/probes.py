"""Effects for tests, which write a message so that runs can be counted."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from flask import current_app
from pydantic import Field

from voyagent.approvals.models import Approval
from voyagent.approvals.service.effects import Description, Effect, Measured, on_settled, register
from voyagent.chat.queries import sessions as chats
from voyagent.chat.service import conversations as chat
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.dry_run import refuse_outside
from voyagent.kernel.errors import Conflict
from voyagent.kernel.fields import BusinessDate, Closed, Open, Trimmed
from voyagent.kernel.money import Money

LEADS = frozenset({"agency_admin", "accounting_lead"})
calls: list[str] = []
callbacks: list[tuple[str, UUID | None, str, str, str | None, dict[str, Any] | None]] = []


class PeriodClosed(Conflict):
    """An expected failure of an effect."""

    code = "period_closed"


def note(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Write the text of the arguments."""
    message = chat.append_message(
        actor,
        UUID(arguments["session_id"]),
        role="tool",
        blocks=[{"type": "text", "text": arguments["text"]}],
    )
    return {"noted": message.sequence, "by": str(actor.user_id), "channel": actor.channel.value}


def note_and_refuse(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Write, record an event, and then refuse."""
    note(actor, arguments)
    chat.rename(actor, UUID(arguments["session_id"]), "renamed by an effect that failed")
    raise PeriodClosed


def note_and_crash(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Write, then raise an unexpected error."""
    note(actor, arguments)
    raise RuntimeError("a fault of ours")


def describe(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """Describe the note as an invoice would be described."""
    return {
        "title": f"Note {arguments['text']}",
        "undo": "can be undone by a credit note",
        "lines": [
            {
                "code": "1200",
                "name": "Trade receivables",
                "currency": "INR",
                "debit": "285721.00",
                "credit": None,
                "before": "0.00",
                "after": "285721.00",
            },
            {
                "code": "4100",
                "name": "Sales",
                "currency": "INR",
                "debit": None,
                "credit": "285721.00",
                "before": "-9.00",
                "after": "-285730.00",
            },
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
        "checks": [
            {"ok": True, "text": "Same as quote Q-0911"},
            {"ok": False, "text": "TCS rate is unconfirmed"},
        ],
    }


def outside(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a supplier; a dry run must not."""
    refuse_outside(db.session)
    calls.append(arguments["text"])
    return note(actor, arguments)


def mail(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Send a mail, as an approved act may."""
    outbox = current_app.extensions["voyagent.identity"].outbox
    outbox.send(to=arguments["text"], kind="recovery_codes_changed", locale=actor.locale)
    return {"mailed": True}


def steps(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """The conversation read as an itinerary: a line for each note."""
    rows = chats.messages(
        SessionReader(db.session), UUID(arguments["session_id"]), after=0, limit=None
    )
    return {
        "itinerary": {
            str(row["sequence"]): row["blocks"][0]["text"] for row in rows if row["role"] == "tool"
        }
    }


def worth(_actor: Actor, arguments: dict[str, Any]) -> Money | None:
    """Return the amount in the arguments."""
    return (
        Money.parse(arguments["amount"], arguments["currency"]) if "amount" in arguments else None
    )


class LineIn(Closed):
    """A line of a probe's text."""

    description: Annotated[str, Trimmed(100)]
    quantity: Annotated[int, Field(ge=1)]


class NoteIn(Closed):
    """The input of a probe after an edit."""

    session_id: str
    text: Annotated[str, Trimmed(100)]
    day: BusinessDate | None = None
    amount: Annotated[str, Field(pattern=r"^\d+(\.\d\d)?$")] | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    lines: list[LineIn] | None = None


class LooseIn(Open):
    """Arguments of which only one matters."""

    text: str = "hello"


def nothing(_actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Do nothing."""
    return {"said": arguments.get("text", "")}


MONEY = register(
    Effect(
        "probe_invoice",
        LEADS,
        "Draft invoice",
        money=True,
        reversible=True,
        run=note,
        permission="tool.propose",
        describe=describe,
        amount=worth,
        schema=NoteIn,
    )
)
FINAL = register(
    Effect(
        "probe_ticket",
        LEADS,
        "Issue ticket",
        money=True,
        reversible=False,
        run=note,
        permission="tool.propose",
    )
)
PLAIN = register(
    Effect(
        "probe_note",
        LEADS | {"agent"},
        "Write a note",
        money=False,
        reversible=True,
        run=note,
        permission="tool.propose",
    )
)
LOOSE = register(
    Effect(
        "probe_loose",
        LEADS | {"agent"},
        "Do nothing",
        money=False,
        reversible=True,
        run=nothing,
        permission="tool.propose",
        schema=LooseIn,
    )
)
REFUSES = register(
    Effect(
        "probe_refuses",
        LEADS,
        "Refuse",
        money=False,
        reversible=True,
        run=note_and_refuse,
        permission="tool.propose",
    )
)
OUTSIDE = register(
    Effect(
        "probe_outside",
        LEADS,
        "Reach out",
        money=True,
        reversible=False,
        run=outside,
        permission="tool.propose",
        external=True,
        dry_run=note,
        measure=steps,
    )
)
UNTRIED = register(
    Effect(
        "probe_untried",
        LEADS,
        "Reach out unseen",
        money=True,
        reversible=False,
        run=outside,
        permission="tool.propose",
        external=True,
    )
)
MAIL = register(
    Effect(
        "probe_mail",
        LEADS,
        "Write a mail",
        money=False,
        reversible=False,
        run=mail,
        permission="tool.propose",
    )
)
CRASHES = register(
    Effect(
        "probe_crashes",
        LEADS,
        "Crash",
        money=False,
        reversible=True,
        run=note_and_crash,
        permission="tool.propose",
        dry_run=nothing,
    )
)
BROKEN = register(
    Effect(
        "probe_broken",
        LEADS,
        "Crash in the dry run",
        money=False,
        reversible=True,
        run=note_and_crash,
        permission="tool.propose",
    )
)
DEADLY = register(
    Effect(
        "probe_deadly",
        LEADS,
        "Deadly",
        money=False,
        reversible=True,
        run=note,
        permission="tool.propose",
    )
)


@on_settled
def remember(actor: Actor, approval: Approval) -> None:
    """Record the call of a listener."""
    callbacks.append(
        (
            approval.id,
            actor.user_id,
            approval.status,
            approval.effect_status,
            approval.effect_error,
            approval.effect_result,
        )
    )
    if approval.summary == "break the listener":
        raise RuntimeError("a listener broke")


def callbacks_of(
    approval_id: str,
) -> list[tuple[str, UUID | None, str, str, str | None, dict[str, Any] | None]]:
    """Return the calls of listeners for one proposal."""
    return [entry for entry in callbacks if entry[0] == approval_id]
