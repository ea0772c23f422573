"""Capability `read_account_balance`: read an account's balance on a day."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.billing.core.capabilities.accounts import active_accounts
from voyagent.billing.core.capabilities.trial_balance import OPEN_TRIAL_BALANCE
from voyagent.capabilities.capability import Capability, Card, Choice, Invocation, Slot
from voyagent.capabilities.cards import day
from voyagent.capabilities.results import Column, Result
from voyagent.kernel import clock
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    Text,
)
from voyagent.kernel.json_values import (
    JsonObject,
)
from voyagent.kernel.money import spoken, wire_amount
from voyagent.ledger.queries import accounts


class ReadAccountBalanceInput(Closed):
    """A ledger account and a day."""

    account_id: Annotated[str, Text(64, min_length=1), Slot("account", N_("Which account?"))] = (
        Field(description="The id, code or name of the account, or its use: bank or cash.")
    )
    as_of: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Balance at the end of this day, YYYY-MM-DD; today if absent."
    )


def run(call: Invocation, inputs: ReadAccountBalanceInput) -> JsonObject:
    """Return the balance of an account in each currency: debits less credits.

    `balances` has all of them, or zero in the agency's currency if there are none. `balance` is the
    balance in the agency's currency, or else the first one. Raises AccountNotFound,
    AccountAmbiguous.
    """
    as_of = inputs.as_of or clock.today(call.actor.timezone)
    found = accounts.account_balance(call.reader, inputs.account_id, as_of)
    balances = [
        {
            "amount": wire_amount(balance.balance_minor, balance.currency),
            "currency": balance.currency,
        }
        for balance in found.balances
    ]
    own = next(
        (balance for balance in balances if balance["currency"] == call.actor.currency), None
    )
    zero = {"amount": wire_amount(0, call.actor.currency), "currency": call.actor.currency}
    first = own or (balances[0] if balances else zero)
    return {
        "read": True,
        "account": {name: str(found.account[name]) for name in ("id", "code", "name", "type")},
        "as_of": as_of.isoformat(),
        "balance": first["amount"],
        "currency": first["currency"],
        "balances": balances or [zero],
    }


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Return the text of the card, with the account once the balance is read."""
    account = output.get("account")
    if not account:
        return str(gettext("Viewed an account"))
    return str(
        gettext("Viewed account %(code)s %(name)s", code=account["code"], name=account["name"])
    )


def note(output: JsonObject) -> str:
    """Return the short note on the card: the date of the balance."""
    return day(output["as_of"])


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: the balance in each currency, marked as debit or credit."""
    account = output["account"]
    return str(
        gettext(
            "Balance of %(code)s %(name)s on %(day)s: %(balance)s.",
            code=account["code"],
            name=account["name"],
            day=day(output["as_of"]),
            balance=", ".join(map(_side, output["balances"])),
        )
    )


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the account as a choice, so that a later message can refer to it."""
    account = output["account"]
    label = f"{account['code']} {account['name']}"
    return (Choice(account["id"], label, account["code"]),)


def _side(balance: JsonObject) -> str:
    amount = spoken(balance["amount"].lstrip("-"), balance["currency"])
    if not Decimal(balance["amount"]):
        return amount
    side = gettext("credit") if balance["amount"].startswith("-") else gettext("debit")
    return f"{amount} {side}"


CAPABILITY = Capability(
    name="read_account_balance",
    title=N_("Account balance"),
    summary="Read the balance of an account at the end of a day.",
    area="accounting",
    input=ReadAccountBalanceInput,
    output=frozenset({"read", "account", "as_of", "balance", "currency", "balances"}),
    permission="ledger.read",
    approval="never",
    run=run,
    card=Card(
        icon="journal-text",
        sentence=sentence,
        note=note,
        fills=("account_id",),
        answer=answer,
        records=records,
        next_steps={
            "account_not_found": N_("Give the account’s code, or list the chart of accounts."),
        },
        results=(
            Result(
                columns=(Column(label=N_("Balance"), value="balances", kind="money"),),
                link=OPEN_TRIAL_BALANCE,
            ),
        ),
    ),
    audit=N_("Assistant: read a balance"),
    follow_ups=("trial_balance", "list_ledger_accounts"),
    choices={"account_id": active_accounts},
    examples={
        "en": (
            "bank balance",
            "balance of trade payables",
            "trade receivables balance at month end",
            "how much cash do we have",
            "balance of account 1100",
            "what is in the HDFC account today",
            "cash in hand as on 31 March",
            "balance of office rent a/c",
            "how much GST is payable right now",
            "what was our bank balance at the end of last month",
            "show balance of commission income",
            "closing balance of petty cash yesterday",
            "how much is lying in the BSP deposit account",
            "salary account bal pls",
            "how much money is in the bank",
            "cash in hand today",
            "what is the balance in ICICI",
            "balance in ledger 2100 as of 30 Sept",
            "how much have we spent on rent",
            "TDS payable balance",
            "current a/c balance as on yesterday",
            "what is lying in petty cash",
            "commission earned so far, account balance",
            "balance of suspense account",
        ),
        "hi": (
            "bank mein kitna paisa hai",
            "cash kitna bacha hai",
            "account 1100 ka balance batao",
            "31 March ko bank balance kitna tha",
            "office rent ke khaate mein kitna hai",
            "GST kitna dena banta hai abhi",
            "ICICI mein kitna paisa pada hai",
            "cash mein kitna hai aaj",
            "petty cash ka balance bolo",
            "2100 ka balance kitna hai",
            "बैंक में कितना पैसा है",
            "कैश कितना बचा है",
            "किराये के खाते में कितना है",
            "31 मार्च को बैंक बैलेंस कितना था",
        ),
    },
)
