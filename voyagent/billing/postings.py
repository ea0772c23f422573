"""What "granted" means for bills, payments and entries made by hand; the journal lines that a
reviewer sees are the rehearsal's.
"""

from __future__ import annotations

from typing import Any, TypeVar

from flask_babel import gettext
from pydantic import BaseModel

from voyagent.approvals import effects
from voyagent.approvals.effects import (
    Description,
    DocumentShown,
    Effect,
    FactShown,
    Measured,
    MoneyShown,
    RowShown,
)
from voyagent.billing import queries, service
from voyagent.billing.capabilities.payments import (
    APPROVERS,
    party_balance,
    payment_preview,
    settled,
)
from voyagent.billing.names import check_name
from voyagent.billing.schemas import PayBillIn, PostJournalEntryIn, ReceiveBillIn
from voyagent.capabilities.cards import day
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.ledger import service as ledger
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.queries import accounts

Shape = TypeVar("Shape", bound=BaseModel)


def run_receive(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Enter the bill. Raises InvalidArguments and whatever `service.receive_bill` raises."""
    wanted = effects.read_arguments(ReceiveBillIn, arguments)
    bill = service.receive_bill(
        actor,
        vendor_name=wanted.vendor_name,
        vendor_reference=wanted.vendor_reference,
        issue_date=wanted.issue_date,
        due_date=wanted.due_date,
        line_items=[line.item() for line in wanted.line_items],
        notes=wanted.notes,
    )
    total = Money(bill.total_minor, bill.currency)
    return {
        "received": True,
        "bill_id": str(bill.id),
        "vendor_reference": bill.vendor_reference,
        "vendor_name": bill.party_name,
        "total_amount": total.wire,
        "currency": total.currency,
        "status": bill.status,
    }


def run_pay(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Note that a bill was paid. Raises InvalidArguments and whatever `service.pay_bill` raises."""
    wanted = effects.read_arguments(PayBillIn, arguments)
    amount = Money.parse(wanted.amount, wanted.currency)
    payment = service.pay_bill(
        actor,
        wanted.bill_id,
        amount,
        wanted.paid_on,
        reference=wanted.reference,
        account=wanted.account,
    )
    bill = queries.get_bill(wanted.bill_id)
    return {
        "paid": True,
        "payment_id": str(payment.id),
        "bill_id": str(bill.id),
        "vendor_reference": bill.vendor_reference,
    } | settled(bill, amount)


def run_post(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Post the entry. Raises InvalidArguments and whatever `ledger.post_requested` raises."""
    entry = effects.read_arguments(PostJournalEntryIn, arguments).entry
    posted = ledger.post_requested(
        actor,
        narration=(
            entry.narration
            if entry.source_event is None
            else f"{entry.narration} ({entry.source_event})"
        ),
        lines=[line.line() for line in entry.lines],
        entry_date=entry.entry_date,
    )
    return {"posted": True, "journal_id": str(posted.entry_id)}


def describe_receive(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """The bill as a document. Raises what the input alone is refused for."""
    wanted = effects.read_arguments(ReceiveBillIn, arguments)
    name = service.party(wanted.vendor_name)
    service.check_days(wanted.issue_date, wanted.due_date)
    priced = service.price([line.item() for line in wanted.line_items])
    rows = [
        RowShown(
            text=(
                line.description if line.quantity == 1 else f"{line.description}, {line.quantity} ×"
            ),
            amount=line.amount.wire,
        )
        for line in priced.lines
    ]
    document = DocumentShown(
        title=gettext("Bill"),
        number=wanted.vendor_reference,
        date=day(wanted.issue_date),
        day=wanted.issue_date.isoformat(),
        party=name,
        rows=rows,
        total=_money(priced.total),
    )
    return Description(
        title=gettext(
            "Enter bill %(reference)s of %(name)s", reference=wanted.vendor_reference, name=name
        ),
        undo=gettext("Reversible"),
        document=document,
        facts=[FactShown(label=gettext("Due"), value=day(wanted.due_date))],
        checks=check_name(SessionReader(db.session), name, "supplier"),
    )


def describe_pay(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """What is paid on which bill. Raises BillNotFound, InvalidAmount, UnknownCurrency."""
    wanted = effects.read_arguments(PayBillIn, arguments)
    bill = queries.get_bill(wanted.bill_id)
    title = gettext(
        "Record the payment of bill %(reference)s of %(name)s",
        reference=bill.vendor_reference,
        name=bill.party_name,
    )
    return payment_preview(title, bill, wanted)


def describe_post(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """The entry in words. Raises AccountNotFound, InvalidAmount, UnknownCurrency."""
    entry = effects.read_arguments(PostJournalEntryIn, arguments).entry
    found = accounts.find_accounts(line.account_id for line in entry.lines)
    if len(found) < len({line.account_id for line in entry.lines}):
        raise AccountNotFound
    for line in entry.lines:
        if not line.line().amount:
            raise InvalidAmount
    facts = (
        [FactShown(label=gettext("Book date"), value=day(entry.entry_date))]
        if entry.entry_date
        else []
    )
    return Description(
        title=gettext("Post a journal entry: %(narration)s", narration=entry.narration),
        undo=gettext("Reversible"),
        facts=facts,
    )


def measure_receive(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """What the agency owes the supplier.

    Raises InvalidArguments and what `service.price` raises.
    """
    wanted = effects.read_arguments(ReceiveBillIn, arguments)
    name = service.party(wanted.vendor_name)
    currency = service.price([line.item() for line in wanted.line_items]).total.currency
    return party_balance("payable", name, currency, gettext("Payable to %(name)s", name=name))


def measure_pay(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """What the agency owes the supplier."""
    bill = queries.get_bill(effects.read_arguments(PayBillIn, arguments).bill_id)
    return party_balance(
        "payable",
        bill.party_name,
        bill.currency,
        gettext("Payable to %(name)s", name=bill.party_name),
    )


def worth_of_bill(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """The total of the bill. Raises InvalidArguments and what `service.price` raises."""
    return service.price(
        [line.item() for line in effects.read_arguments(ReceiveBillIn, arguments).line_items]
    ).total


def worth_of_payment(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """What was paid. Raises InvalidArguments, InvalidAmount, UnknownCurrency."""
    wanted = effects.read_arguments(PayBillIn, arguments)
    return Money.parse(wanted.amount, wanted.currency)


def worth_of_entry(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """The debits in the currency that has most lines, the first of several.

    Raises InvalidArguments, InvalidAmount, UnknownCurrency.
    """
    totals = amounts_of_entry(arguments)
    currencies = [
        line.currency
        for line in effects.read_arguments(PostJournalEntryIn, arguments).entry.lines
        if line.debit_amount is not None
    ]
    return max(totals, key=lambda total: currencies.count(total.currency))


def amounts_of_entry(arguments: dict[str, Any]) -> list[Money]:
    """The debits of each currency, in the order of the lines.

    Raises InvalidArguments, InvalidAmount, UnknownCurrency.
    """
    totals: dict[str, Money] = {}
    for line in effects.read_arguments(PostJournalEntryIn, arguments).entry.lines:
        if line.debit_amount is not None:
            totals[line.currency] = totals.get(
                line.currency, Money(0, line.currency)
            ) + Money.parse(line.debit_amount, line.currency)
    if not totals:
        raise InvalidAmount
    return list(totals.values())


def _money(amount: Money) -> MoneyShown:
    return MoneyShown(amount=amount.wire, currency=amount.currency)


RECEIVE = effects.register(
    Effect(
        "receive_bill",
        APPROVERS,
        "Enter a bill",
        money=True,
        reversible=True,
        run=run_receive,
        permission="bill.receive",
        describe=describe_receive,
        measure=measure_receive,
        amount=worth_of_bill,
        schema=ReceiveBillIn,
    )
)
PAY = effects.register(
    Effect(
        "pay_bill",
        APPROVERS,
        "Record a payment",
        money=True,
        reversible=True,
        run=run_pay,
        permission="payment.record",
        describe=describe_pay,
        measure=measure_pay,
        amount=worth_of_payment,
        schema=PayBillIn,
    )
)
POST = effects.register(
    Effect(
        "post_journal_entry",
        APPROVERS,
        "Post a journal entry",
        money=True,
        reversible=False,
        run=run_post,
        permission="ledger.post",
        describe=describe_post,
        amount=worth_of_entry,
        amounts=amounts_of_entry,
        schema=PostJournalEntryIn,
    )
)
