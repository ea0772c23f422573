"""Capability `list_ledger_accounts`: list the active ledger accounts."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext, ngettext

from voyagent.capabilities.capability import Capability, Card, Choice, Invocation
from voyagent.capabilities.cards import count_note, listing
from voyagent.capabilities.results import Column, Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed
from voyagent.kernel.json_values import JsonObject
from voyagent.ledger.queries import accounts

ACCOUNTS_MAX = 200


class ListLedgerAccountsInput(Closed):
    """The input of the capability, which has no fields."""


def run(call: Invocation, _wanted: ListLedgerAccountsInput) -> JsonObject:
    """Return the active accounts in `accounts`, ordered by code, and their number.

    `count` is the number of active accounts; at most ACCOUNTS_MAX are in `accounts`.
    """
    rows = [row for row in accounts.read_chart(call.reader) if row["is_active"]]
    return {
        "count": len(rows),
        "accounts": [
            {"id": str(row["id"]), "code": row["code"], "name": row["name"], "type": row["type"]}
            for row in rows[:ACCOUNTS_MAX]
        ],
    }


def sentence(_given: JsonObject, _output: JsonObject) -> str:
    """Return the text of the card."""
    return str(gettext("Viewed the chart of accounts"))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the answer text with all accounts."""
    if not output["accounts"]:
        return str(gettext("There are no accounts in the chart yet."))
    heading = ngettext("One account.", "%(num)d accounts.", output["count"])
    rows = map(row, output["accounts"])
    return listing(str(heading), rows, output["count"], shown_max=ACCOUNTS_MAX)


def row(account: JsonObject) -> str:
    """Return code, name and type of an account as one text."""
    types = {
        "asset": gettext("asset"),
        "liability": gettext("liability"),
        "equity": gettext("equity"),
        "revenue": gettext("revenue"),
        "expense": gettext("expense"),
    }
    return f"{account['code']} {account['name']} ({types[account['type']]})"


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the accounts as choices, so that a later message can refer to one."""
    return tuple(
        Choice(one["id"], f"{one['code']} {one['name']}", one["code"]) for one in output["accounts"]
    )


CAPABILITY = Capability(
    name="list_ledger_accounts",
    title=N_("Chart of accounts"),
    summary="List the chart of accounts.",
    area="accounting",
    input=ListLedgerAccountsInput,
    output=frozenset({"count", "accounts"}),
    permission="ledger.read",
    approval="never",
    run=run,
    card=Card(
        icon="journal-text",
        sentence=sentence,
        note=count_note,
        fills=("account_id",),
        answer=answer,
        records=records,
        results=(
            Result(
                title=N_("Chart of accounts"),
                rows="accounts",
                columns=(
                    Column(value="code", kind="code"),
                    Column(value="name", kind="account"),
                ),
            ),
        ),
    ),
    audit=N_("Assistant: list the accounts"),
    follow_ups=("read_account_balance", "trial_balance"),
    examples={
        "en": (
            "chart of accounts",
            "list all ledger accounts",
            "which accounts do we have in the books",
            "show ledger heads",
            "what account codes are there",
            "is there an account for bank charges",
            "list of income heads",
            "all a/c names with codes pls",
            "which ledger should I use for office rent",
            "show me the expense accounts",
            "do we have separate accounts for GST input",
            "account list for the auditor",
            "show me all account heads",
            "which expense ledgers exist",
            "what is the code for the bank account",
            "list of ledgers",
            "find the account for travel expenses",
            "give me codes of income accounts",
            "do we have a ledger for commission",
        ),
        "hi": (
            "saare khaate dikhao",
            "ledger heads ki list do",
            "kaun kaun se account hain books mein",
            "bank charges ka khaata hai kya",
            "account codes batao",
            "kharche ke kaun se khaate bane hain",
            "ledger ki list dikhao",
            "commission ka khaata kaunsa hai",
            "saare account head batao",
            "income wale account dikhao",
            "सारे खाते दिखाओ",
            "खातों की सूची दो",
            "कौन कौन से लेजर हैं",
            "खर्च के खाते बताओ",
        ),
    },
)
