"""Export of the books for beancount.

The format: https://beancount.github.io/docs/beancount_language_syntax.html.
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
from voyagent.ledger.service.months import FIRST_DAY, LAST_DAY
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
    """Yield all postings as text: accounts, entries by book date, balance assertions.

    Lines that only have a base amount are left out, because the amounts are by currency.

    The assertions have no tolerance, so that `bean-check` reports every difference.
    """
    chosen = settings.read(reader)
    if chosen is not None:
        yield f"option {_quoted('operating_currency')} {_quoted(chosen['default_currency'])}\n"
    accounts = ledger_accounts.read_chart(reader)
    names = account_names(accounts)
    for account in accounts:
        yield f"\n{FIRST_DAY} open {names[account['code']]}\n" + _metadata(
            "  ", code=account["code"], name=account["name"]
        )
    last = None
    for entry in every_entry(reader, Days(FIRST_DAY, LAST_DAY)):
        if any(line.debit or line.credit for line in entry.lines):
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
    """Return the beancount name of each account by account code.

    Example: `Assets:1200-Trade-receivables`. After the colon, a name has only ASCII letters, digits
    and hyphens.
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
    text += _metadata(
        "  ",
        entry=entry.id,
        source=entry.source_type,
        source_id=entry.source_id,
        purpose=entry.purpose,
        reverses=entry.reverses_id,
    )
    for line in entry.lines:
        amount = line.debit - line.credit
        if not amount:
            continue
        text += f"  {names[line.code]}  {amount.decimal:f} {amount.currency}\n" + _metadata(
            "    ", party=line.party_name, memo=line.memo
        )
    return text


def _metadata(indent: str, **facts: object) -> str:
    return "".join(
        f"{indent}{key}: {_quoted(str(value))}\n"
        for key, value in facts.items()
        if value is not None
    )


def _quoted(text: str) -> str:
    r"""Return a text as a beancount string in quotation marks.

    Quotation marks and backslashes are escaped, and a line break becomes `\n`.
    """
    escaped = (
        text.replace("\\", "\\\\")
        .replace('"', '\\"')
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\n", "\\n")
    )
    return f'"{escaped}"'
