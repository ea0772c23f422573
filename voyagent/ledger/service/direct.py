"""Rules of manual journal entries and of their reversal.

A person posts a manual entry directly (`post_direct`). A person or the assistant can also request
an entry, which is posted after an approval (`post_requested`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.models import Account, JournalEntry, Posting
from voyagent.ledger.queries import accounts as ledger_accounts, entries
from voyagent.ledger.rules import CONTROL
from voyagent.ledger.service.entries import Line, Posted, check_entry, post, reverse
from voyagent.ledger.service.errors import (
    AccountInactive,
    AccountIsControl,
    EntryOfDocument,
    EntryTooLong,
)
from voyagent.settings.queries import check_limit

JOURNAL = "journal"
"""Source type of entries that a person writes on the journal page or sends to the API."""
ASSISTANT = "assistant"
"""Source type of entries requested through the assistant."""
WRITTEN = frozenset({JOURNAL, ASSISTANT})
"""Source types of manual entries."""
LINES_MAX = 200
Accounts = Mapping[UUID | str, Account]
"""Accounts of the lines of an entry, by id or purpose as the lines name them."""
WrittenCheck = Callable[[Sequence[Line], Accounts], None]
"""Check of the lines of a manual entry and of their accounts."""
_written_checks: list[WrittenCheck] = []


def on_written(check: WrittenCheck) -> WrittenCheck:
    """Register a function that refuses a manual entry by raising an error."""
    if check not in _written_checks:
        _written_checks.append(check)
    return check


def post_direct(
    actor: Actor, *, narration: str, lines: Sequence[Line], entry_date: date | None = None
) -> Posted:
    """Post a manual journal entry within the limit of the actor's role.

    The limit applies to the total debit in each currency.

    Raises Forbidden, AccountIsControl, AccountCurrency, EntryTooLong, AmountAboveLimit, and the
    errors of `post`.
    """
    actor.require_authority("ledger.post")
    accounts = _allowed(actor, lines, hold=True)
    return post(
        actor,
        source_type=JOURNAL,
        source_id=new_id(),
        purpose="entry",
        narration=narration,
        lines=lines,
        entry_date=entry_date,
        accounts=accounts,
    )


def post_requested(
    actor: Actor, *, narration: str, lines: Sequence[Line], entry_date: date | None = None
) -> Posted:
    """Post a journal entry after its request was approved.

    The lines may use control accounts, which `post_direct` refuses.

    Raises Forbidden, AccountCurrency, and the errors of `post`.
    """
    actor.require_authority("ledger.post")
    accounts = ledger_accounts.find_accounts((line.account for line in lines), hold=True)
    _check_written(lines, accounts)
    return post(
        actor,
        source_type=ASSISTANT,
        source_id=new_id(),
        purpose="entry",
        narration=narration,
        lines=lines,
        entry_date=entry_date,
        accounts=accounts,
    )


def check_direct(actor: Actor, lines: Sequence[Line], entry_date: date | None) -> None:
    """Check that `post_direct` would accept an entry; post nothing.

    Raises the errors of `post_direct` except EntryWithoutNarration.
    """
    actor.require_authority("ledger.post")
    check_entry(actor, lines, entry_date, _allowed(actor, lines, hold=False))


def _allowed(actor: Actor, lines: Sequence[Line], *, hold: bool) -> dict[UUID | str, Account]:
    """Check a manual entry and return its accounts by id or purpose.

    If `hold` is true, nobody can archive the accounts until this transaction ends.

    Raises EntryTooLong, AccountIsControl, AccountCurrency, AmountAboveLimit.
    """
    if len(lines) > LINES_MAX:
        raise EntryTooLong
    accounts = ledger_accounts.find_accounts((line.account for line in lines), hold=hold)
    if any(account.purpose in CONTROL for account in accounts.values()):
        raise AccountIsControl
    _check_written(lines, accounts)
    check_limit(
        actor,
        *_debits((line.amount.currency, line.debit.amount_minor) for line in lines if line.debit),
    )
    return accounts


def _check_written(lines: Sequence[Line], accounts: Accounts) -> None:
    """Run the registered checks. Raises their errors, such as AccountCurrency."""
    for check in _written_checks:
        check(lines, accounts)


def reverse_direct(
    actor: Actor, entry_id: UUID, *, reason: str, entry_date: date | None = None
) -> Posted:
    """Reverse a manual entry, or reverse the reversal of a manual entry.

    The total debit of the entry must be within the limit of the actor's role.

    Raises Forbidden, EntryOfDocument (the entry is not a manual one), AmountAboveLimit,
    AccountInactive, and the errors of `reverse`.
    """
    actor.require_authority("ledger.reverse")
    if not is_written(entries.get_entry(entry_id)):
        raise EntryOfDocument
    lines = entries.get_lines(entry_id)
    check_limit(actor, *_debits((line.currency, line.debit_minor) for line in lines))
    if not all(
        account.is_active
        for account in ledger_accounts.find_accounts(
            (line.account_id for line in lines), hold=True
        ).values()
    ):
        raise AccountInactive
    return reverse(actor, entry_id, reason=reason, entry_date=entry_date)


def opened_direct(narration: str) -> set[tuple[UUID, str]]:
    """Return the accounts in entries of `post_direct` with a given narration.

    Reversals and reversed entries do not count. The result has pairs of account id and currency.
    The import of opening balances uses this function to refuse an account that already has an
    opening balance.
    """
    reversals = aliased(JournalEntry)
    posted = (
        select(Posting.account_id, Posting.currency)
        .join(
            JournalEntry,
            (JournalEntry.tenant_id == Posting.tenant_id) & (JournalEntry.id == Posting.entry_id),
        )
        .outerjoin(
            reversals,
            (reversals.tenant_id == JournalEntry.tenant_id)
            & (reversals.reverses_id == JournalEntry.id),
        )
        .where(
            JournalEntry.source_type == JOURNAL,
            JournalEntry.narration == narration,
            JournalEntry.reverses_id.is_(None),
            reversals.id.is_(None),
        )
    )
    return {(account_id, currency) for account_id, currency in db.session.execute(posted)}


def is_written(entry: JournalEntry) -> bool:
    """Return True if an entry is a manual one.

    A reversal counts as manual if the reversed entry is.
    """
    while entry.reverses_id is not None:
        entry = entries.get_entry(entry.reverses_id)
    return entry.source_type in WRITTEN


def _debits(lines: Iterable[tuple[str, int]]) -> list[Money]:
    """Return the total debit of each currency."""
    totals: dict[str, int] = {}
    for currency, minor in lines:
        totals[currency] = totals.get(currency, 0) + minor
    return [Money(minor, currency) for currency, minor in totals.items()]
