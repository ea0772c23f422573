"""Balances and journal entries of one party on accounts with given purposes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    Uuid,
    any_,
    cast,
    false,
    func,
    literal,
    not_,
    select,
    tuple_,
)

from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, JournalEntry, Posting
from voyagent.ledger.queries.account_lines import LineCursor
from voyagent.ledger.queries.narrations import without_reason

_ACCOUNTS = Account.__table__.c
_ENTRIES = JournalEntry.__table__.c
_OF_ENTRY = ("id", "entry_date", "narration", "source_type", "source_id", "reverses_id")
_POSTINGS = Posting.__table__.c
_ENTRY_ORDER = (_POSTINGS.effective_date, _POSTINGS.entry_id)
CHANGES_BALANCE = func.sum(_POSTINGS.debit_minor) != func.sum(_POSTINGS.credit_minor)
"""Condition on a group of postings of one entry and currency."""


PartyRef = str | UUID
"""A party by its id, or all parties with a name, ignoring case."""


def keys_of(party: PartyRef) -> ColumnElement[Sequence[str]]:
    """Return an SQL array with the keys of a party; a name means all with this name.

    The keys of all parties that are merged with it are among them.
    """
    name, party_id = (None, party) if isinstance(party, UUID) else (party, None)
    keys = select(func.app.party_keys(literal(name, Text()), literal(party_id, Uuid())))
    return cast(keys.scalar_subquery(), ARRAY(Text))


def is_of(
    party_key: SQLColumnExpression[str] | SQLColumnExpression[str | None], party: PartyRef
) -> ColumnElement[bool]:
    """Return the condition that a column has the key of a party.

    The keys are read once for each statement, and an index on the column finds its rows.
    """
    return party_key == any_(keys_of(party))


def has_postings(party_key: str) -> bool:
    """Return True if any posting has the key of a party."""
    return (
        db.session.scalar(
            select(Posting.entry_id)
            .where(Posting.party_key == party_key, Posting.party_key.is_not(None))
            .limit(1)
        )
        is not None
    )


@cached_statement
def party_balances_statement(
    purposes: tuple[str, ...], party: PartyRef, until: date, *, earlier: date | None = None
) -> Select[Any]:
    """Select the balances of a party at the end of the day `until`.

    Only postings to accounts with the given purposes are included. Rows: purpose, currency,
    debit_minor, credit_minor, earlier_minor, party_name. earlier_minor is debit less credit at the
    end of the day `earlier`, or 0 if `earlier` is None. If the party's name was written in several
    ways, party_name is the alphabetically last one.
    """
    was = _POSTINGS.effective_date <= earlier if earlier else false()
    earlier_minor = cast(
        func.coalesce(func.sum(_POSTINGS.debit_minor - _POSTINGS.credit_minor).filter(was), 0),
        BigInteger,
    ).label("earlier_minor")
    return (
        select(
            _ACCOUNTS.purpose,
            _POSTINGS.currency,
            *_sides(),
            earlier_minor,
            func.max(_POSTINGS.party_name).label("party_name"),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
        )
        .where(
            owned(Account), *party_conditions(purposes, party), _POSTINGS.effective_date <= until
        )
        .group_by(_ACCOUNTS.purpose, _POSTINGS.currency)
        .order_by(_POSTINGS.currency, _ACCOUNTS.purpose)
    )


@cached_statement
def party_entries_statement(
    purposes: tuple[str, ...],
    party: PartyRef,
    first: date,
    last: date,
    *,
    after: LineCursor | None,
    limit: int,
) -> Select[Any]:
    """Select the entries that change a party's balance in a period, oldest first.

    Only postings to accounts with the given purposes are included. An entry that moves an amount
    from one of these accounts to another, such as an advance that is used for an invoice, changes
    no balance and is left out. If `after` is given, only entries after that cursor are selected.
    `limit` counts entries, not rows. There is one row for each entry and currency: id, entry_date,
    narration without its reason (`without_reason`), source_type, source_id, currency, debit_minor,
    credit_minor. The two amounts are sums of the party's journal lines in the entry.
    """
    conditions = [*party_conditions(purposes, party), _POSTINGS.effective_date.between(first, last)]
    page = select(*_ENTRY_ORDER).where(*conditions)
    if after is not None:
        page = page.where(_POSTINGS.effective_date >= after.day, _is_after(after))
    changing = page.group_by(*_ENTRY_ORDER, _POSTINGS.currency).having(CHANGES_BALANCE)
    found = changing.distinct().order_by(*_ENTRY_ORDER).limit(limit).subquery("page")
    return (
        select(
            _ENTRIES.id,
            _ENTRIES.entry_date,
            without_reason(func.max(_POSTINGS.party_name)).label("narration"),
            _ENTRIES.source_type,
            _ENTRIES.source_id,
            _POSTINGS.currency,
            *_sides(),
        )
        .select_from(found)
        .join(Posting.__table__, _POSTINGS.entry_id == found.c.entry_id)
        .join(JournalEntry.__table__, _ENTRIES.id == found.c.entry_id)
        .where(owned(JournalEntry), *conditions)
        .group_by(*(_ENTRIES[name] for name in _OF_ENTRY), _POSTINGS.currency)
        .having(CHANGES_BALANCE)
        .order_by(_ENTRIES.entry_date, _ENTRIES.id, _POSTINGS.currency)
    )


@cached_statement
def party_balances_at_statement(
    purposes: tuple[str, ...], party: PartyRef, cursor: LineCursor
) -> Select[Any]:
    """Select the balances of a party up to and including the entry at a cursor.

    Only postings to accounts with the given purposes are included. Rows: currency, debit_minor,
    credit_minor.
    """
    return (
        select(_POSTINGS.currency, *_sides())
        .where(
            *party_conditions(purposes, party),
            _POSTINGS.effective_date <= cursor.day,
            not_(_is_after(cursor)),
        )
        .group_by(_POSTINGS.currency)
        .order_by(_POSTINGS.currency)
    )


def party_conditions(purposes: Sequence[str], party: PartyRef) -> list[ColumnElement[bool]]:
    """Return SQL conditions that select a party's postings to accounts by purpose.

    The conditions are written so that PostgreSQL can use the index on party keys.
    """
    accounts = select(_ACCOUNTS.id).where(owned(Account), _ACCOUNTS.purpose.in_(purposes))
    return [
        owned(Posting),
        is_of(_POSTINGS.party_key, party),
        _POSTINGS.party_key.is_not(None),
        _POSTINGS.account_id.in_(accounts),
    ]


def _sides() -> list[ColumnElement[int]]:
    return [
        cast(func.sum(side), BigInteger).label(name)
        for name, side in (
            ("debit_minor", _POSTINGS.debit_minor),
            ("credit_minor", _POSTINGS.credit_minor),
        )
    ]


def _is_after(cursor: LineCursor) -> ColumnElement[bool]:
    position = tuple_(
        literal(cursor.day, _POSTINGS.effective_date.type),
        literal(cursor.entry_id, _POSTINGS.entry_id.type),
    )
    return tuple_(*_ENTRY_ORDER) > position
