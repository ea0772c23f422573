"""The books as beancount reads them: accounts, each entry as a transaction, and at the end what
every account must stand at.

The language is that of https://beancount.github.io/docs/beancount_language_syntax.html: a
transaction balances in each of its currencies by itself, and an account is known by a name whose
first part is one of five types.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain, count

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts as ledger_accounts
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.ledger.service import FIRST_DAY, LAST_DAY
from voyagent.reports.queries.day_book import BookedEntry, every_entry
from voyagent.reports.queries.periods import Days
from voyagent.settings import queries as settings

_ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "revenue": "Income",
    "expense": "Expenses",
}


def pieces(reader: Reader) -> Iterator[str]:
    """All that was posted, in pieces of text: each account is opened, inactive ones too, then come
    the entries by book date, then what each account stands at.

    The balances are those of the trial balance, asserted without tolerance on the day after the
    last entry: `bean-check` finds every difference.
    """
    chosen = settings.read(reader)
    if chosen is not None:
        yield f"option {_quoted('operating_currency')} {_quoted(chosen['default_currency'])}\n"
    accounts = ledger_accounts.read_chart(reader)
    names = account_names(accounts)
    for account in accounts:
        yield f"\n{FIRST_DAY} open {names[account['code']]}\n" + _noted(
            "  ", code=account["code"], name=account["name"]
        )
    last = None
    for entry in every_entry(reader, Days(FIRST_DAY, LAST_DAY)):
        yield _transaction(entry, names)
        last = entry.day
    if last is not None:
        yield "\n"
        for row in trial_balance_rows(reader, LAST_DAY):
            balance = Money(row["debit_minor"] - row["credit_minor"], row["currency"])
            yield (
                f"{last + timedelta(days=1)} balance {names[row['code']]}  {balance.decimal:f} ~ 0"
                f" {balance.currency}\n"
            )


def account_names(accounts: Iterable[Row]) -> dict[str, str]:
    """The name of each account in beancount, by its code: `Assets:1200-Trade-receivables`.

    A name has letters, digits and hyphens and begins with a capital or a digit. Letters beyond
    ASCII are left out, which not every program around beancount takes; the whole name stands beside
    the account. Where two names come out the same, the later code gets a number behind.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for account in accounts:
        words = re.findall(
            r"[0-9A-Za-z]+",
            unicodedata.normalize("NFKD", account["name"]).encode("ascii", "ignore").decode(),
        )
        code = account["code"].replace(".", "-")
        wanted = f"{_ROOTS[account['type']]}:{'-'.join([code[0].upper() + code[1:], *words])}"
        name = next(
            name
            for name in chain([wanted], (f"{wanted}-{n}" for n in count(2)))
            if name not in taken
        )
        names[account["code"]] = name
        taken.add(name)
    return names


def _transaction(entry: BookedEntry, names: dict[str, str]) -> str:
    parties = {line.party_name for line in entry.lines if line.party_name}
    payee = f" {_quoted(parties.pop())}" if len(parties) == 1 else ""
    text = f"\n{entry.day} *{payee} {_quoted(entry.narration)}\n"
    text += _noted(
        "  ",
        entry=entry.id,
        source=entry.source_type,
        source_id=entry.source_id,
        purpose=entry.purpose,
        reverses=entry.reverses_id,
    )
    for line in entry.lines:
        amount = line.debit - line.credit
        text += f"  {names[line.code]}  {amount.decimal:f} {amount.currency}\n" + _noted(
            "    ", party=line.party_name, memo=line.memo
        )
    return text


def _noted(indent: str, **facts: object) -> str:
    return "".join(
        f"{indent}{key}: {_quoted(str(value))}\n"
        for key, value in facts.items()
        if value is not None
    )


def _quoted(text: str) -> str:
    r"""A string of the language: quotes and backslashes are escaped, and a line break is `\n`, so
    that every directive's lines are its own.
    """
    escaped = (
        text.replace("\\", "\\\\")
        .replace('"', '\\"')
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\n", "\\n")
    )
    return f'"{escaped}"'
