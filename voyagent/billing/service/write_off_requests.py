"""Requests to write off the open balance of an invoice."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask_babel import gettext

from voyagent.approvals import queries as approvals
from voyagent.approvals.service import propose
from voyagent.approvals.service.effects import Approval
from voyagent.billing import queries
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.service.errors import WriteOffRequested
from voyagent.billing.service.write_offs import checked
from voyagent.chat.service import conversations as chat
from voyagent.kernel.actor import Actor
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money, spoken


def ask_for_write_off(
    actor: Actor,
    invoice_id: UUID,
    *,
    reason: str,
    amount: Money | None = None,
    on: date | None = None,
) -> Approval:
    """Propose to write off an amount of an invoice, or all that is open.

    The request starts a conversation of its own. One request for an invoice waits at a time.

    Raises Forbidden, InvoiceNotFound, WriteOffRequested, and the errors of `checked`:
    DocumentNotOpen, ReasonRequired, TextTooLong, MixedCurrencies, InvalidAmount,
    WriteOffExceedsOpen, InvalidDate, PeriodLocked.
    """
    actor.require("invoice.write_off")
    # The lock makes the second of two simultaneous requests find the first.
    invoice = queries.get_invoice(invoice_id, lock=True)
    wanted, why, day = checked(actor, invoice, amount, reason, on)
    if approvals.find_unfinished(queries.WRITE_OFF, "invoice_id", str(invoice_id)) is not None:
        raise WriteOffRequested
    session = chat.create_session(
        actor, title=gettext("Write-off of %(number)s", number=invoice.number)
    )
    approval = propose(
        actor,
        session_id=session.id,
        turn_id=None,
        tool_call_id=f"{approvals.PAGE_CALL}{new_id()}",
        tool_name=queries.WRITE_OFF,
        arguments={
            "invoice_id": str(invoice_id),
            "amount": wanted.wire,
            "currency": wanted.currency,
            "reason": why,
            "written_off_on": day.isoformat(),
        },
        summary=f"{write_off_title(invoice)}, {spoken(wanted.wire, wanted.currency)}",
    )
    request = {
        "type": "approval",
        "approval_id": approval.id,
        "tool_name": approval.tool_name,
        "summary": approval.summary,
    }
    source = {
        "type": "text",
        "text": gettext("Requested on invoice %(number)s.", number=invoice.number),
    }
    chat.append_message(actor, session.id, role="system", blocks=[source, request])
    return approval


def write_off_title(invoice: Invoice) -> str:
    """Name the customer and the invoice of a write-off."""
    return str(
        gettext(
            "Write off the balance of %(name)s on invoice %(number)s",
            name=invoice.party_name,
            number=invoice.number or gettext("a draft"),
        )
    )
