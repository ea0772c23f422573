"""What "granted" means for bills, payments and entries made by hand; the journal lines that a
reviewer sees are the rehearsal's.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from voyagent.approvals import effects
from voyagent.approvals.effects import (
    Description,
    Effect,
    FactShown,
)
from voyagent.billing.capabilities.payments import (
    APPROVERS,
)
from voyagent.billing.schemas import PostJournalEntryIn
from voyagent.capabilities.cards import day
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.ledger import service as ledger
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.queries import accounts


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
