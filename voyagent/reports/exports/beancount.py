"""Export of the books for beancount.

The format: https://beancount.github.io/docs/beancount_language_syntax.html.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import chain, count

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.kernel.rates import plain_rate
from voyagent.ledger.queries import accounts as ledger_accounts, trial_balance as trial_balances
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.ledger.rules import EXCHANGE
from voyagent.ledger.service.months import FIRST_DAY, LAST_DAY
from voyagent.reports.errors import BaseNotYet
from voyagent.reports.queries.day_book import BookedEntry, EntryLine, every_entry
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

    Each amount is in its own currency, and a difference in the base currency is left out. The
    assertions have no tolerance, so that `bean-check` reports every difference.
    """
    chosen = settings.read(reader)
    rows = [
        row
        for row in trial_balance_rows(reader, LAST_DAY)
        if row["debit_minor"] or row["credit_minor"]
    ]
    home_currency = None if chosen is None else chosen["default_currency"]
    return _written(reader, home_currency, rows, _in_its_currency)


def base_pieces(reader: Reader) -> Iterator[str]:
    """Yield all postings in the base currency, as `pieces` does.

    A line in another currency has its amount and its exchange rate as metadata. The account of
    exchange is left out, because it comes to zero in each entry. Raises BaseNotYet.
    """
    chosen = settings.read(reader)
    if chosen is None or chosen["base_currency"] is None:
        raise BaseNotYet
    base_currency = str(chosen["base_currency"])

    def in_base(line: EntryLine) -> str | None:
        if line.account_purpose == EXCHANGE:
            return None
        minor = (line.base_debit_minor or 0) - (line.base_credit_minor or 0)
        return f"{Money(minor, base_currency).decimal:f} {base_currency}\n" + _origin(
            line, base_currency
        )

    rows = trial_balances.in_base(trial_balance_rows(reader, LAST_DAY))
    return _written(reader, base_currency, rows, in_base)


def _written(
    reader: Reader,
    operating_currency: str | None,
    balances: Iterable[Row],
    amount_of: Callable[[EntryLine], str | None],
) -> Iterator[str]:
    """Yield accounts, entries and balance assertions.

    `amount_of` returns the amount of a line, with metadata, or None if the line is left out.
    """
    if operating_currency is not None:
        yield f"option {_quoted('operating_currency')} {_quoted(operating_currency)}\n"
    accounts = ledger_accounts.read_chart(reader)
    names = account_names(accounts)
    for account in accounts:
        yield f"\n{FIRST_DAY} open {names[account['code']]}\n" + _metadata(
            "  ", code=account["code"], name=account["name"]
        )
    last = None
    for entry in every_entry(reader, Days(FIRST_DAY, LAST_DAY)):
        if any(amount_of(line) is not None for line in entry.lines):
            yield _transaction(entry, names, amount_of)
            last = entry.day
    if last is not None:
        yield "\n"
        for row in balances:
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


def _in_its_currency(line: EntryLine) -> str | None:
    amount = line.debit - line.credit
    return None if line.is_difference else f"{amount.decimal:f} {amount.currency}\n"


def _origin(line: EntryLine, base_currency: str) -> str:
    """Return amount and exchange rate of a line in another currency as metadata."""
    if line.currency == base_currency or line.is_difference:
        return ""
    facts = [f"amount: {(line.debit - line.credit).decimal:f} {line.currency}"]
    if line.rate is not None:
        unit = line.currency if line.is_rate_inverse else base_currency
        facts += [f"rate: {plain_rate(line.rate)} {unit}", f"rate_on: {line.rate_on}"]
        facts.append(f"rate_source: {_quoted(line.rate_source or '')}")
    return "".join(f"    {fact}\n" for fact in facts)


def _transaction(
    entry: BookedEntry, names: dict[str, str], amount_of: Callable[[EntryLine], str | None]
) -> str:
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
        amount = amount_of(line)
        if amount is not None:
            text += f"  {names[line.code]}  {amount}" + _metadata(
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
