"""Capability `trial_balance`: read the trial balance on a day."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated

from flask_babel import gettext, ngettext
from pydantic import Field

from voyagent.billing.core.capabilities.list_ledger_accounts import ACCOUNTS_MAX
from voyagent.capabilities.capability import Capability, Card, Invocation, Slot
from voyagent.capabilities.cards import day, listing
from voyagent.capabilities.results import Column, Result, ResultLink
from voyagent.kernel import clock
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import spoken, wire_amount
from voyagent.ledger.queries.trial_balance import trial_balance_rows

OPEN_TRIAL_BALANCE = ResultLink(label=N_("Trial balance"), path="/reports/trial-balance")


class TrialBalanceInput(Closed):
    """The day of the trial balance, with an option for accounts without postings."""

    as_of: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Last day of the postings, YYYY-MM-DD; today if absent."
    )
    include_zero: Annotated[bool, Slot("flag")] = Field(
        default=False, description="True to list accounts without postings as well."
    )


def run(call: Invocation, inputs: TrialBalanceInput) -> JsonObject:
    """Return debit and credit of each account, and the totals of each currency.

    `accounts` has an item for each account and currency, and at most ACCOUNTS_MAX items. `count` is
    the number of accounts before this limit. `totals` has the agency's currency first. Amounts of
    different currencies are never added.
    """
    as_of = inputs.as_of or clock.today(call.actor.timezone)
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    accounts = []
    for row in trial_balance_rows(call.reader, as_of, include_zero=inputs.include_zero):
        currency = row["currency"] or call.actor.currency
        if row["currency"]:
            sums[currency][0] += row["debit_minor"]
            sums[currency][1] += row["credit_minor"]
        accounts.append(
            {
                "code": row["code"],
                "name": row["name"],
                "type": row["type"],
                "debit": wire_amount(row["debit_minor"], currency),
                "credit": wire_amount(row["credit_minor"], currency),
                "currency": currency,
            }
        )
    ordered = sorted(sums, key=lambda currency: (currency != call.actor.currency, currency))
    return {
        "as_of": as_of.isoformat(),
        "count": len({account["code"] for account in accounts}),
        "accounts": accounts[:ACCOUNTS_MAX],
        "totals": [
            {
                "currency": currency,
                "debit": wire_amount(sums[currency][0], currency),
                "credit": wire_amount(sums[currency][1], currency),
                "in_balance": sums[currency][0] == sums[currency][1],
            }
            for currency in ordered
        ],
    }


def sentence(_given: JsonObject, _output: JsonObject) -> str:
    """Return the text of the card."""
    return str(gettext("Viewed the trial balance"))


def note(output: JsonObject) -> str:
    """Return the short note on the card: the date of the trial balance."""
    return day(output["as_of"])


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: the totals of debits and credits in each currency.

    The text also says whether the two totals are equal.
    """
    when = day(output["as_of"])
    if not output["totals"]:
        return str(
            gettext(
                "Nothing has been posted up to %(day)s, so the trial balance is empty.", day=when
            )
        )
    heading = ngettext(
        "Trial balance as of %(day)s, one account.",
        "Trial balance as of %(day)s, %(num)d accounts.",
        output["count"],
        day=when,
    )
    return listing(str(heading), map(_total, output["totals"]), numbered=False)


def _total(total: JsonObject) -> str:
    return str(
        gettext(
            "%(currency)s: debits %(debit)s, credits %(credit)s, %(state)s.",
            currency=total["currency"],
            debit=spoken(total["debit"], total["currency"]),
            credit=spoken(total["credit"], total["currency"]),
            state=gettext("in balance") if total["in_balance"] else gettext("NOT in balance"),
        )
    )


CAPABILITY = Capability(
    name="trial_balance",
    title=N_("Trial balance"),
    summary="Read the trial balance at the end of a day.",
    area="accounting",
    input=TrialBalanceInput,
    output=frozenset({"as_of", "count", "accounts", "totals"}),
    permission="report.read",
    approval="never",
    run=run,
    card=Card(
        icon="table",
        sentence=sentence,
        note=note,
        answer=answer,
        results=(
            Result(
                title=N_("Trial balance"),
                rows="accounts",
                columns=(
                    Column(label=N_("Account"), value="name", kind="account", code="code"),
                    Column(label=N_("Debit"), value="debit", kind="money"),
                    Column(label=N_("Credit"), value="credit", kind="money"),
                ),
            ),
        ),
    ),
    audit=N_("Assistant: read the trial balance"),
    follow_ups=("read_account_balance", "list_ledger_accounts"),
    examples={
        "en": (
            "trial balance",
            "TB as on 31 March",
            "show the trial balance of last month",
            "do the books balance",
            "are debits and credits equal",
            "trial bal with zero accounts",
            "give me balances of all ledgers",
            "total debit and credit till 30 Nov",
            "closing trial balance for the year",
            "need the TB for the CA",
            "balances of every account as of yesterday",
            "is the trial balance tallying?",
            "give trial balance as on 30 Sept",
            "run TB",
            "total of all debits and credits",
            "trial balance including zero balances",
            "are our books in balance",
            "print trial balance for October",
            "TB for auditor till date",
            "summary of all ledger balances",
        ),
        "hi": (
            "trial balance dikhao",
            "31 March ka TB do",
            "books tally ho rahi hain kya",
            "sab khaaton ka balance dikhao",
            "debit credit barabar hai kya",
            "pichhle mahine ka trial balance chahiye",
            "TB nikaal do 30 September ka",
            "trial balance bana do",
            "debit credit match ho raha hai kya",
            "ट्रायल बैलेंस दिखाओ",
            "31 मार्च का ट्रायल बैलेंस दो",
            "सब खातों का बैलेंस दिखाओ",
            "क्या खाते मिल रहे हैं",
        ),
    },
)
