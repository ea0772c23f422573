"""What "granted" means for bills, payments and entries made by hand; the journal lines that a
reviewer sees are the rehearsal's.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from flask_babel import format_date, gettext
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
    Standing,
)
from voyagent.billing import queries, service
from voyagent.billing.effects import APPROVERS
from voyagent.billing.models import Bill, Invoice
from voyagent.billing.names import check_name
from voyagent.billing.schemas import PayBillIn, PostJournalEntryIn, ReceiveBillIn, RecordReceiptIn
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, Money, spoken, wire_amount
from voyagent.kernel.reading import SessionReader
from voyagent.ledger import queries as accounts, service as ledger

Shape = TypeVar("Shape", bound=BaseModel)
BY_HAND = "assistant"
"""The source of an entry that somebody asked the assistant for."""


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


def run_receipt(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Note a customer's payment.

    Raises InvalidArguments and whatever `service.record_receipt` raises.
    """
    wanted = effects.read_arguments(RecordReceiptIn, arguments)
    amount = Money.parse(wanted.amount, wanted.currency)
    payment = service.record_receipt(
        actor,
        wanted.invoice_id,
        amount,
        wanted.paid_on,
        reference=wanted.reference,
        account=wanted.account,
    )
    invoice = queries.get_invoice(wanted.invoice_id)
    return {
        "recorded": True,
        "payment_id": str(payment.id),
        "invoice_id": str(invoice.id),
        "number": invoice.number,
    } | _settled(invoice, amount)


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
    } | _settled(bill, amount)


def run_post(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Post the entry. Raises InvalidArguments and whatever `ledger.post` raises."""
    entry = effects.read_arguments(PostJournalEntryIn, arguments).entry
    posted = ledger.post(
        actor,
        source_type=BY_HAND,
        source_id=new_id(),
        purpose="entry",
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
        date=_day(wanted.issue_date),
        day=wanted.issue_date.isoformat(),
        party=name,
        rows=rows,
        total=_money(priced.total),
    )
    return Description(
        title=gettext(
            "Enter bill %(reference)s of %(name)s", reference=wanted.vendor_reference, name=name
        ),
        undo=gettext("a mistake is reversed by a further entry"),
        document=document,
        facts=[FactShown(label=gettext("Due"), value=_day(wanted.due_date))],
        checks=check_name(SessionReader(db.session), name, "supplier"),
    )


def describe_receipt(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """What is paid on which invoice. Raises InvoiceNotFound, InvalidAmount, UnknownCurrency."""
    wanted = effects.read_arguments(RecordReceiptIn, arguments)
    invoice = queries.get_invoice(wanted.invoice_id)
    title = gettext(
        "Record a payment of %(name)s for invoice %(number)s",
        name=invoice.party_name,
        number=invoice.number or gettext("a draft"),
    )
    return _payment(title, invoice, wanted)


def describe_pay(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """What is paid on which bill. Raises BillNotFound, InvalidAmount, UnknownCurrency."""
    wanted = effects.read_arguments(PayBillIn, arguments)
    bill = queries.get_bill(wanted.bill_id)
    title = gettext(
        "Record that bill %(reference)s of %(name)s was paid",
        reference=bill.vendor_reference,
        name=bill.party_name,
    )
    return _payment(title, bill, wanted)


def describe_post(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """The entry in words. Raises AccountNotFound, InvalidAmount, UnknownCurrency."""
    entry = effects.read_arguments(PostJournalEntryIn, arguments).entry
    found = accounts.find_accounts(line.account_id for line in entry.lines)
    if len(found) < len({line.account_id for line in entry.lines}):
        raise accounts.AccountNotFound
    for line in entry.lines:
        if not line.line().amount:
            raise InvalidAmount
    facts = (
        [FactShown(label=gettext("Book date"), value=_day(entry.entry_date))]
        if entry.entry_date
        else []
    )
    return Description(
        title=gettext("Post a journal entry: %(narration)s", narration=entry.narration),
        undo=gettext("a mistake is reversed by a further entry"),
        facts=facts,
    )


def measure_receive(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """What the agency owes the supplier.

    Raises InvalidArguments and what `service.price` raises.
    """
    wanted = effects.read_arguments(ReceiveBillIn, arguments)
    name = service.party(wanted.vendor_name)
    currency = service.price([line.item() for line in wanted.line_items]).total.currency
    return _owed("payable", name, currency, gettext("Owed to %(name)s", name=name))


def measure_receipt(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """What the customer owes."""
    invoice = queries.get_invoice(effects.read_arguments(RecordReceiptIn, arguments).invoice_id)
    return _owed(
        "receivable",
        invoice.party_name,
        invoice.currency,
        gettext("%(name)s owes", name=invoice.party_name),
    )


def measure_pay(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """What the agency owes the supplier."""
    bill = queries.get_bill(effects.read_arguments(PayBillIn, arguments).bill_id)
    return _owed(
        "payable", bill.party_name, bill.currency, gettext("Owed to %(name)s", name=bill.party_name)
    )


def worth_of_bill(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """The total of the bill. Raises InvalidArguments and what `service.price` raises."""
    return service.price(
        [line.item() for line in effects.read_arguments(ReceiveBillIn, arguments).line_items]
    ).total


def worth_of_receipt(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """What was received. Raises InvalidArguments, InvalidAmount, UnknownCurrency."""
    wanted = effects.read_arguments(RecordReceiptIn, arguments)
    return Money.parse(wanted.amount, wanted.currency)


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


def _payment(
    title: str, document: Invoice | Bill, wanted: RecordReceiptIn | PayBillIn
) -> Description:
    amount = Money.parse(wanted.amount, wanted.currency)
    facts = [
        FactShown(label=gettext("Amount"), value=spoken(amount.wire, amount.currency)),
        FactShown(label=gettext("Account"), value=_account(wanted.account)),
        FactShown(label=gettext("Paid on"), value=_day(wanted.paid_on)),
        *(
            [FactShown(label=gettext("Reference"), value=wanted.reference)]
            if wanted.reference
            else []
        ),
        FactShown(
            label=gettext("Open before"),
            value=spoken(wire_amount(document.open_minor, document.currency), document.currency),
        ),
    ]
    return Description(
        title=title, undo=gettext("a mistake is reversed by a further entry"), facts=facts
    )


def _account(purpose: str) -> str:
    """The account that money comes into or goes from.

    Raises AccountNotFound where the chart has none for it.
    """
    found = accounts.find_accounts([purpose]).get(purpose)
    if found is None:
        raise accounts.AccountNotFound
    return f"{found.code} {found.name}"


def _settled(document: Invoice | Bill, amount: Money) -> dict[str, Any]:
    return {
        "party_name": document.party_name,
        "amount": amount.wire,
        "currency": amount.currency,
        "open_amount": Money(document.open_minor, document.currency).wire,
        "status": document.status,
    }


def _owed(kind: queries.Kind, party: str, currency: str, label: str) -> Measured:
    owed = Money(queries.party_open(SessionReader(db.session), kind, party, currency), currency)
    return Measured(standings=[Standing(key=party, label=label, amount=_money(owed), note="")])


def _money(amount: Money) -> MoneyShown:
    return MoneyShown(amount=amount.wire, currency=amount.currency)


def _day(day: date) -> str:
    return str(format_date(day, "d MMM y"))


RECEIVE = effects.register(
    Effect(
        "receive_bill",
        APPROVERS,
        "Enter a bill",
        money=True,
        reversible=True,
        run=run_receive,
        describe=describe_receive,
        measure=measure_receive,
        amount=worth_of_bill,
        schema=ReceiveBillIn,
    )
)
RECEIPT = effects.register(
    Effect(
        "record_receipt",
        APPROVERS,
        "Record a receipt",
        money=True,
        reversible=True,
        run=run_receipt,
        describe=describe_receipt,
        measure=measure_receipt,
        amount=worth_of_receipt,
        schema=RecordReceiptIn,
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
        describe=describe_post,
        amount=worth_of_entry,
        amounts=amounts_of_entry,
        schema=PostJournalEntryIn,
    )
)
