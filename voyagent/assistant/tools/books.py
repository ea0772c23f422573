"""Tools about the books: accounts, a balance, the trial balance, an entry that a person must grant,
and what no supplier of ours offers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated

from pydantic import Field

from voyagent.assistant.tools.proposals import what_is_asked
from voyagent.assistant.tools.registry import Desk, Tool, register
from voyagent.billing import postings
from voyagent.billing.schemas import PostJournalEntryIn
from voyagent.capabilities.capability import Invocation, JsonObject
from voyagent.capabilities.refusals import not_supported
from voyagent.kernel import clock
from voyagent.kernel.errors import N_, Conflict
from voyagent.kernel.fields import BusinessDate, Closed, Id
from voyagent.kernel.money import wire_amount
from voyagent.ledger.queries import accounts as ledger_accounts
from voyagent.ledger.queries.trial_balance import trial_balance_rows

ACCOUNTS_MAX = 200


class NoSettlementPlan(Conflict):
    """Nothing here reads the statements of a billing and settlement plan."""

    code = "capability_not_supported"
    message = N_("No billing and settlement plan is connected, so its statements cannot be read.")


class NothingIn(Closed):
    """No arguments."""


class ReadAccountBalanceIn(Closed):
    """An account, and the day on whose evening it is asked for; today in the agency's zone where
    none is named.
    """

    account_id: Annotated[str, Field(min_length=1, max_length=64)]
    as_of: BusinessDate | None = None


class TrialBalanceIn(Closed):
    """The day up to which postings count, and whether accounts without any are listed."""

    as_of: BusinessDate | None = None
    include_zero: bool = False


class FetchBspStatementIn(Closed):
    """Whose settlement plan, and for which days."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    period_start: BusinessDate
    period_end: BusinessDate


class ReconcileBspIn(Closed):
    """A statement that was fetched, and the tickets to hold against it."""

    report_id: Id
    ticket_ids: Annotated[list[Id], Field(max_length=500)] | None = None


def list_accounts(call: Invocation, _wanted: NothingIn) -> JsonObject:
    """The chart of accounts by code, without archived ones, which take nothing and on which nothing
    stands.
    """
    rows = [row for row in ledger_accounts.read_chart(call.reader) if row["is_active"]]
    return {
        "count": len(rows),
        "accounts": [
            {"id": str(row["id"]), "code": row["code"], "name": row["name"], "type": row["type"]}
            for row in rows[:ACCOUNTS_MAX]
        ],
    }


def read_balance(call: Invocation, wanted: ReadAccountBalanceIn) -> JsonObject:
    """What an account stands at, in each currency; debit less credit.

    Raises AccountNotFound, AccountAmbiguous.
    """
    as_of = wanted.as_of or clock.today(call.actor.timezone)
    found = ledger_accounts.account_balance(call.reader, wanted.account_id, as_of)
    balances = [
        {
            "amount": wire_amount(balance.balance_minor, balance.currency),
            "currency": balance.currency,
        }
        for balance in found.balances
    ]
    ours = next(
        (balance for balance in balances if balance["currency"] == call.actor.currency), None
    )
    nothing = {"amount": wire_amount(0, call.actor.currency), "currency": call.actor.currency}
    first = ours or (balances[0] if balances else nothing)
    return {
        "read": True,
        "account": {name: str(found.account[name]) for name in ("id", "code", "name", "type")},
        "as_of": as_of.isoformat(),
        "balance": first["amount"],
        "currency": first["currency"],
        "balances": balances or [nothing],
    }


def trial_balance(call: Invocation, wanted: TrialBalanceIn) -> JsonObject:
    """Debit and credit of each account, and the totals of each currency, which are never added."""
    as_of = wanted.as_of or clock.today(call.actor.timezone)
    rows = trial_balance_rows(call.reader, as_of, include_zero=wanted.include_zero)
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    accounts = []
    for row in rows:
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
                "currency": c,
                "debit": wire_amount(sums[c][0], c),
                "credit": wire_amount(sums[c][1], c),
                "in_balance": sums[c][0] == sums[c][1],
            }
            for c in ordered
        ],
    }


def fetch_bsp(_call: Invocation, _wanted: FetchBspStatementIn) -> JsonObject:
    """No driver reads statements of a billing and settlement plan, and the answer says so."""
    return not_supported("fetched", NoSettlementPlan())


def reconcile_bsp(_call: Invocation, _wanted: ReconcileBspIn) -> JsonObject:
    """The same for holding one against the tickets."""
    return not_supported("reconciled", NoSettlementPlan())


_OF_BALANCE = frozenset({"read", "account", "as_of", "balance", "currency", "balances"})
_OF_TRIAL = frozenset({"as_of", "count", "accounts", "totals"})
_DESK = Desk.ACCOUNTING
register(
    Tool(
        "list_ledger_accounts",
        "List the chart of accounts.",
        "ledger.read",
        NothingIn,
        run=list_accounts,
        desk=_DESK,
        gives=frozenset({"count", "accounts"}),
    )
)
register(
    Tool(
        "read_account_balance",
        "Read what an account stands at on a day.",
        "ledger.read",
        ReadAccountBalanceIn,
        run=read_balance,
        desk=_DESK,
        gives=_OF_BALANCE,
    )
)
register(
    Tool(
        "trial_balance",
        "Read the trial balance on a day.",
        "report.read",
        TrialBalanceIn,
        run=trial_balance,
        desk=_DESK,
        gives=_OF_TRIAL,
    )
)
register(
    Tool(
        "post_journal_entry",
        "Propose a journal entry: at least two lines, debits equal to credits in each currency.",
        "ledger.post",
        PostJournalEntryIn,
        summarise=what_is_asked(postings.POST),
        desk=_DESK,
        writes=True,
        reversible=False,
        gives=frozenset({"posted", "journal_id"}),
    )
)
register(
    Tool(
        "fetch_bsp_statement",
        "Fetch the statement of the airlines' billing and settlement plan.",
        "report.read",
        FetchBspStatementIn,
        run=fetch_bsp,
        desk=_DESK,
        gives=frozenset({"fetched", "reason", "detail"}),
    )
)
register(
    Tool(
        "reconcile_bsp",
        "Hold a statement of the settlement plan against the tickets.",
        "report.read",
        ReconcileBspIn,
        run=reconcile_bsp,
        desk=_DESK,
        gives=frozenset({"reconciled", "reason", "detail"}),
    )
)
