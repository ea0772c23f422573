"""Code that payment capabilities share, such as previews and choices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import (
    Description,
    FactShown,
    Measured,
    MeasuredBalance,
    MoneyShown,
)
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries import open_list
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.schemas.payments import MoneyAccount
from voyagent.capabilities.capability import Choice, Invocation, Policy, Slot
from voyagent.capabilities.cards import day
from voyagent.capabilities.lookups import of_party
from voyagent.capabilities.results import Column, Result
from voyagent.identity.rules.permissions import Role
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed, CurrencyCode, PlainAmount, Text
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken, wire_amount
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.queries import accounts

APPROVERS = frozenset({Role.ACCOUNTING_LEAD.value, Role.AGENCY_ADMIN.value})
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)
PAYMENT_OUTPUT = frozenset(
    {"payment_id", "party_name", "amount", "currency", "open_amount", "status"}
)
PAYMENT_FACTS = Result(
    columns=(
        Column(label=N_("Party"), value="party_name"),
        Column(
            label=N_("Document"),
            value=lambda done: done.get("number") or done.get("vendor_reference"),
        ),
        Column(label=N_("Amount"), value="amount", kind="money"),
        Column(label=N_("Amount due"), value="open_amount", kind="money"),
    ),
)
SHOWN_MAX = 50


class PaymentInput(Closed):
    """A payment that settles a document, or a part of the document.

    A subclass describes the fields that have no description here.
    """

    amount: PlainAmount
    currency: Annotated[CurrencyCode, Slot("currency")] = Field(
        description="ISO 4217 code, such as INR."
    )
    paid_on: BusinessDate
    account: MoneyAccount = "bank"
    reference: Annotated[Annotated[str, Text(128)] | None, Slot("payment_reference")] = Field(
        default=None, description="UTR, cheque number or other reference."
    )


def payment_preview(
    title: str,
    document: Invoice | Bill,
    inputs: PaymentInput,
    *,
    charged: Money | None = None,
    reason: str | None = None,
) -> Description:
    """Return the preview of a payment, with the amount due before the payment.

    `charged` is what the bank or gateway kept of a receipt, and `reason` confirms it.

    Raises AccountNotFound, InvalidAmount, UnknownCurrency.
    """
    amount = Money.parse(inputs.amount, inputs.currency)
    facts = [
        FactShown(label=gettext("Amount"), value=spoken(amount.wire, amount.currency)),
        *(
            [
                FactShown(
                    label=gettext("Charge of the bank or gateway"),
                    value=spoken(charged.wire, charged.currency),
                )
            ]
            if charged
            else []
        ),
        *(
            [FactShown(label=gettext("Reason for the unusual deduction"), value=reason)]
            if reason
            else []
        ),
        FactShown(label=gettext("Account"), value=_account(inputs.account)),
        FactShown(label=gettext("Paid on"), value=day(inputs.paid_on)),
        *(
            [FactShown(label=gettext("Reference"), value=inputs.reference)]
            if inputs.reference
            else []
        ),
        FactShown(
            label=gettext("Amount due before"),
            value=spoken(wire_amount(document.open_minor, document.currency), document.currency),
        ),
    ]
    return Description(title=title, undo=gettext("Reversible"), facts=facts)


def payment_policy(inputs: PaymentInput, charged: Money | None = None) -> Policy:
    """Return the amount of a payment, which is compared with the amount limits.

    `charged` is what the bank or gateway kept of a receipt; it is added to the amount. Raises
    InvalidAmount, UnknownCurrency.
    """
    amount = Money.parse(inputs.amount, inputs.currency)
    return Policy(amounts=(amount if charged is None else amount + charged,))


def settled(document: Invoice | Bill, amount: Money) -> JsonObject:
    """Return the capability's result after a payment settled `amount` of a document.

    The result has the document's party and status, `amount`, and the amount still open.
    """
    return {
        "party_name": document.party_name,
        "amount": amount.wire,
        "currency": amount.currency,
        "open_amount": Money(document.open_minor, document.currency).wire,
        "status": document.status,
    }


def amount_due(output: JsonObject) -> str:
    """Return a sentence with the amount still due after a payment or write-off."""
    if not Decimal(output["open_amount"]):
        return str(gettext("Nothing more is due."))
    left = spoken(output["open_amount"], output["currency"])
    return str(gettext("Amount due: %(amount)s.", amount=left))


def party_balance(
    kind: Kind, party: str, currency: str, note: str = "", *, party_id: UUID | None = None
) -> Measured:
    """Return a party's open balance in one currency, to show in a preview.

    The preview shows the balance before and after the act, with the text `note`. Without `party_id`
    it is that of all parties with the name.
    """
    label = (
        gettext("Balance of %(name)s", name=party)
        if kind == "receivable"
        else gettext("Payable to %(name)s", name=party)
    )
    minor = open_list.party_open(SessionReader(db.session), kind, party_id or party, currency)
    owed = Money(minor, currency)
    amount = MoneyShown(amount=owed.wire, currency=owed.currency)
    return Measured(balances=[MeasuredBalance(key=party, label=label, amount=amount, note=note)])


def open_documents(call: Invocation, kind: Kind, text: str) -> list[Choice]:
    """Return the open documents that match a text, earliest due date first.

    A document number in the text takes precedence over a party name. If the text has neither,
    documents of all parties are returned.
    """
    rows = open_list.list_open(
        call.reader, kind, FIRST_DAY, LAST_DAY, today=clock.today(call.actor.timezone)
    )
    return documents_meant(rows, text)


def due_record(output: JsonObject, key: str, number: str) -> tuple[Choice]:
    """Return a settled document, to which the user's next message can refer.

    `key` and `number` are the names of its id and its number in the output. The amount of the
    choice is the amount still due.
    """
    due = Money.parse(output["open_amount"], output["currency"])
    label = f"{output[number]}, {output['party_name']}"
    return (Choice(output[key], label, output[number], due),)


def documents_meant(rows: Sequence[Row], text: str) -> list[Choice]:
    """Return those documents that a text means, in the order of the rows.

    Rows: id, reference (the number), party_name, open_minor, currency. A number in the text takes
    precedence over a party name. If the text has neither, all documents are returned.
    """
    lowered = text.casefold()
    choices = [
        Choice(
            str(row["id"]),
            f"{row['reference']}, {row['party_name']}",
            row["reference"],
            Money(row["open_minor"], row["currency"]),
        )
        for row in rows
    ]
    numbered = [one for one in choices if _is_numbered(one.number.casefold(), lowered)]
    named = zip(choices, (row["party_name"] for row in rows), strict=True)
    return numbered or of_party(list(named), text, is_asked=True)


def open_invoices(call: Invocation, text: str) -> list[Choice]:
    """Return the open invoices that match a text, earliest due date first."""
    return open_documents(call, "receivable", text)


def row_amount(row: Row, minor: int) -> JsonObject:
    """Return `amount` (a decimal string of `minor`) and the row's `currency`."""
    return {"amount": wire_amount(minor, row["currency"]), "currency": row["currency"]}


def _is_numbered(reference: str, text: str) -> bool:
    """Return True if a text contains a document number or the end of the number.

    The end of the number `2026-27/000042` is `000042`.
    """
    end = reference.rsplit("/", 1)[-1]
    return any(
        re.search(rf"(?<![\w/]){re.escape(number)}(?![\w/])", text) for number in {reference, end}
    )


def _account(purpose: str) -> str:
    found = accounts.find_accounts([purpose]).get(purpose)
    if found is None:
        raise AccountNotFound
    return f"{found.code} {found.name}"
