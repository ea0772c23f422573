"""Asking for a write-off, what the reviewer sees of it beforehand, and what "granted" means for it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import format_date, gettext

from voyagent.approvals import effects, queries as approvals
from voyagent.approvals.effects import (
    Approval,
    Description,
    Effect,
    FactShown,
    Measured,
    MoneyShown,
    Standing,
)
from voyagent.approvals.service import propose
from voyagent.billing import queries, service
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.effects import APPROVERS
from voyagent.billing.models import Invoice
from voyagent.billing.schemas import WriteOffInvoiceIn
from voyagent.chat import service as chat
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
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
    """Ask for what is open of an invoice, or a part of it, to be given up; it is once somebody has
    granted it. The request begins a conversation of its own.

    One request for an invoice waits at a time. Raises Forbidden, InvoiceNotFound, and what it would
    be refused for now: DocumentNotOpen, ReasonRequired, TextTooLong, MixedCurrencies,
    InvalidAmount, WriteOffExceedsOpen, InvalidDate, PeriodLocked; WriteOffRequested.
    """
    actor.require("invoice.write_off")
    invoice = queries.get_invoice(
        invoice_id, lock=True
    )  # of two that ask at the same moment the second finds what the first has asked for
    wanted, why, day = service.checked(actor, invoice, amount, reason, on)
    if approvals.find_unfinished(queries.WRITE_OFF, "invoice_id", str(invoice_id)) is not None:
        raise service.WriteOffRequested
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
        summary=f"{_title(invoice)}, {spoken(wanted.wire, wanted.currency)}",
    )
    told = {
        "type": "approval",
        "approval_id": approval.id,
        "tool_name": approval.tool_name,
        "summary": approval.summary,
    }
    where = {
        "type": "text",
        "text": gettext("Requested on invoice %(number)s.", number=invoice.number),
    }
    chat.append_message(actor, session.id, role="system", blocks=[where, told])
    return approval


def run(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Give it up. Raises InvalidArguments and whatever `service.write_off_invoice` raises."""
    wanted = effects.read_arguments(WriteOffInvoiceIn, arguments)
    amount = wanted.money(queries.get_invoice(wanted.invoice_id).currency)
    written = service.write_off_invoice(
        actor, wanted.invoice_id, reason=wanted.reason, amount=amount, on=wanted.written_off_on
    )
    invoice = queries.get_invoice(wanted.invoice_id)
    return {
        "written_off": True,
        "write_off_id": str(written.id),
        "invoice_id": str(invoice.id),
        "number": invoice.number,
        "party_name": invoice.party_name,
        "amount": Money(written.amount_minor, invoice.currency).wire,
        "currency": invoice.currency,
        "open_amount": Money(invoice.open_minor, invoice.currency).wire,
        "status": invoice.status,
    }


def describe(actor: Actor, arguments: dict[str, Any]) -> Description:
    """How much of which invoice is given up, and why.

    Raises what `run` would, so that a proposal that cannot be carried out says so.
    """
    wanted = effects.read_arguments(WriteOffInvoiceIn, arguments)
    invoice = queries.get_invoice(wanted.invoice_id)
    amount, why, day = service.checked(
        actor, invoice, wanted.money(invoice.currency), wanted.reason, wanted.written_off_on
    )
    facts = [
        FactShown(label=gettext("Amount"), value=spoken(amount.wire, amount.currency)),
        FactShown(
            label=gettext("Amount due before"),
            value=spoken(Money(invoice.open_minor, invoice.currency).wire, invoice.currency),
        ),
        FactShown(label=gettext("Date"), value=str(format_date(day, "d MMM y"))),
        FactShown(label=gettext("Reason"), value=why),
    ]
    return Description(title=_title(invoice), undo=gettext("Reversible once"), facts=facts)


def measure(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """What the customer owes."""
    invoice = queries.get_invoice(effects.read_arguments(WriteOffInvoiceIn, arguments).invoice_id)
    owed = Money(
        open_items.party_open(
            SessionReader(db.session), "receivable", invoice.party_name, invoice.currency
        ),
        invoice.currency,
    )
    shown = MoneyShown(amount=owed.wire, currency=owed.currency)
    label = gettext("Balance of %(name)s", name=invoice.party_name)
    return Measured(
        standings=[Standing(key=invoice.party_name, label=label, amount=shown, note="")]
    )


def worth(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """What is given up.

    Raises InvalidArguments, InvoiceNotFound, InvalidAmount, UnknownCurrency.
    """
    wanted = effects.read_arguments(WriteOffInvoiceIn, arguments)
    invoice = queries.get_invoice(wanted.invoice_id)
    return wanted.money(invoice.currency) or Money(invoice.open_minor, invoice.currency)


def _title(invoice: Invoice) -> str:
    return str(
        gettext(
            "Write off the balance of %(name)s on invoice %(number)s",
            name=invoice.party_name,
            number=invoice.number or gettext("a draft"),
        )
    )


EFFECT = effects.register(
    Effect(
        queries.WRITE_OFF,
        APPROVERS,
        "Write off an invoice",
        money=True,
        reversible=True,
        run=run,
        permission="invoice.write_off",
        describe=describe,
        measure=measure,
        amount=worth,
        schema=WriteOffInvoiceIn,
    )
)
