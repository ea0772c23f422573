"""Capability `post_journal_entry`: post a journal entry."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import Description, FactShown
from voyagent.billing.core.capabilities.accounts import active_accounts
from voyagent.billing.core.capabilities.payments import APPROVERS
from voyagent.billing.core.capabilities.trial_balance import OPEN_TRIAL_BALANCE
from voyagent.capabilities import cards
from voyagent.capabilities.capability import Capability, Card, Invocation, Policy, Slot
from voyagent.capabilities.cards import day
from voyagent.capabilities.results import Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed, Text, Trimmed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.queries import accounts
from voyagent.ledger.schemas.journal import EntryLines
from voyagent.ledger.service import direct


class EntryIn(Closed):
    """A journal entry: its date, narration and lines."""

    narration: Annotated[str, Trimmed(500)] = Field(
        description="Reason for the entry, for the books."
    )
    entry_date: BusinessDate | None = Field(
        default=None, description="The day of the posting, YYYY-MM-DD; today if absent."
    )
    source_event: Annotated[str, Text(128)] | None = Field(
        default=None, description="The event or document that the entry records."
    )
    lines: EntryLines = Field(
        description="At least two lines; debits equal credits in each currency."
    )


class PostJournalEntryInput(Closed):
    """The journal entry to post."""

    entry: Annotated[EntryIn, Slot("lines", N_("Which accounts, and how much on each side?"))] = (
        Field(description="The entry with its lines.")
    )


def run(call: Invocation, inputs: PostJournalEntryInput) -> JsonObject:
    """Post the journal entry and return its id as `journal_id`.

    Raises the errors of `direct.post_requested`.
    """
    entry = inputs.entry
    posted = direct.post_requested(
        call.actor,
        narration=(
            entry.narration
            if entry.source_event is None
            else f"{entry.narration} ({entry.source_event})"
        ),
        lines=[line.line() for line in entry.lines],
        entry_date=entry.entry_date,
    )
    return {"posted": True, "journal_id": str(posted.entry_id)}


def preview(_call: Invocation, inputs: PostJournalEntryInput) -> Description:
    """Return the preview of the entry, with narration and date.

    Raises the errors of `policy`.
    """
    entry = inputs.entry
    _check(entry)
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


def policy(_call: Invocation, inputs: PostJournalEntryInput) -> Policy:
    """Return the sum of debits in each currency, to which the amount limits apply.

    The currency with the most debit lines comes first. Raises AccountNotFound, InvalidAmount,
    UnknownCurrency.
    """
    _check(inputs.entry)
    totals = amounts(inputs)
    currencies = [line.currency for line in inputs.entry.lines if line.debit_amount is not None]
    totals.sort(key=lambda total: -currencies.count(total.currency))
    return Policy(amounts=tuple(totals))


def amounts(inputs: PostJournalEntryInput) -> list[Money]:
    """Return the sum of debits in each currency, in the order of the lines.

    Raises InvalidAmount, UnknownCurrency.
    """
    totals: dict[str, Money] = {}
    for line in inputs.entry.lines:
        if line.debit_amount is not None:
            before = totals.get(line.currency, Money(0, line.currency))
            totals[line.currency] = before + Money.parse(line.debit_amount, line.currency)
    if not totals:
        raise InvalidAmount
    return list(totals.values())


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Return the text of the card, with the narration once the entry is posted."""
    narration = (given.get("entry") or {}).get("narration")
    if not output.get("posted"):
        return str(gettext("Post a journal entry"))
    if not narration:
        return str(gettext("Posted a journal entry"))
    return str(gettext("Posted a journal entry: %(what)s", what=narration))


def _check(entry: EntryIn) -> None:
    account_ids = {line.account_id for line in entry.lines}
    if len(accounts.find_accounts(account_ids)) < len(account_ids):
        raise AccountNotFound
    for line in entry.lines:
        if not line.line().amount:
            raise InvalidAmount


def answer(given: JsonObject, _output: JsonObject) -> str:
    """Return the answer text: the narration and the debits of each currency."""
    entry = given["entry"]
    debits = [
        {"amount": line["debit_amount"], "currency": line["currency"]}
        for line in entry["lines"]
        if line.get("debit_amount") is not None
    ]
    return str(
        gettext(
            "The journal entry is posted: %(narration)s, %(amount)s.",
            narration=entry["narration"],
            amount=cards.amounts(cards.sums(debits)),
        )
    )


CAPABILITY = Capability(
    name="post_journal_entry",
    title=N_("Post a journal entry"),
    summary=("Post a journal entry of at least two lines; debits equal credits in each currency."),
    area="accounting",
    input=PostJournalEntryInput,
    output=frozenset({"posted", "journal_id"}),
    permission="ledger.post",
    approval="required",
    approvers=APPROVERS,
    undoable=False,
    four_eyes=True,
    policy=policy,
    amounts=amounts,
    run=run,
    preview=preview,
    card=Card(
        icon="journal-plus",
        sentence=sentence,
        answer=answer,
        next_steps={
            "account_not_found": N_("Give the account’s code, or list the chart of accounts."),
        },
        results=(Result(link=OPEN_TRIAL_BALANCE),),
    ),
    book_date="entry.entry_date",
    audit=N_("Assistant: post a journal entry"),
    follow_ups=("trial_balance", "read_account_balance"),
    choices={"entry.lines.account_id": active_accounts},
    examples={
        "en": (
            "post a journal entry: debit office rent 20,000 credit bank",
            "JV for salaries 1.8 lakh from bank",
            "debit bank charges 590 and credit bank",
            "book depreciation of 12,000 on computers",
            "paid electricity bill 4,300 cash, pass an entry",
            "journal: dr travel expenses 2500 cr cash",
            "enter bank interest of 1,240 received",
            "owner put 5 lakh into the business, book it as capital",
            "transfer 50,000 from bank to cash in the books",
            "adjustment entry for prepaid insurance, 6,000 each month",
            "pass jv to move 3,000 from misc expenses to stationery",
            "provision for audit fees 25k as on 31 March",
            "journal voucher: dr staff welfare 1,500 cr petty cash",
            "pass entry for commission receivable 18,000",
            "book salary of November 2.4 lakh, debit salaries credit bank",
            "record depreciation furniture 5,000",
            "debit TDS receivable 2,000 credit Zenith Pharma",
            "post an adjustment: move 700 from postage to courier",
            "rent for December 25,000 paid by bank, make the JV",
            "dr bank 10,000 cr capital",
            "bank deducted charges 236, pass entry",
            "contra entry cash deposited in bank 60,000",
            "year end entry for outstanding electricity 3,100",
        ),
        "hi": (
            "journal entry karo office rent 20 hazaar bank se",
            "bank charges 590 ki entry daal do",
            "salary ka JV pass karo 1.8 lakh",
            "bijli ka bill 4300 cash diya, entry karo",
            "bank se cash mein 50 hazaar transfer ki entry",
            "byaj ke 1240 rupaye aaye hain, books mein likho",
            "JV daalo staff welfare debit 1500 petty cash credit",
            "bank ne 236 charges kaate, entry daal do",
            "kiraya 25 hazaar bank se, JV pass karo",
            "जर्नल एंट्री करो किराया 20 हज़ार बैंक से",
            "बैंक चार्ज 590 की एंट्री डाल दो",
            "वेतन का जेवी पास करो 1.8 लाख",
            "बिजली का बिल 4300 नकद दिया, एंट्री करो",
        ),
    },
)
