"""Rules of journal entries: open the books, post and reverse.

A posted entry is never changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain, repeat, zip_longest
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, text

from voyagent.audit.service import recording as audit
from voyagent.identity.service import accounts as identity_accounts
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.dry_run import notes_of
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, Money, exponent, wire_amount
from voyagent.kernel.rates import Quote
from voyagent.kernel.tenancy import current_tenant
from voyagent.ledger.errors import AccountNotFound, EntryNotFound
from voyagent.ledger.models import Account, Posting
from voyagent.ledger.queries import accounts as ledger_accounts, entries
from voyagent.ledger.rules import CHART, DIFFERENCES, EXCHANGE
from voyagent.ledger.service.bases import BasedLine, complete, own_only, wanted_rates
from voyagent.ledger.service.errors import (
    AccountInactive,
    EntryAlreadyReversed,
    EntryTooShort,
    EntryUnbalanced,
    EntryUnbalancedInBase,
    EntryWithoutNarration,
    ExchangeOfEarlierEntry,
    InvalidBookDate,
    PeriodLocked,
    TooManyCurrencies,
)
from voyagent.ledger.service.months import (
    FIRST_DAY,
    LAST_DAY,
    PostingTerms,
    posting_terms,
)
from voyagent.rates.errors import RateMissing
from voyagent.rates.queries import find_rate

AMOUNT_MAX_MINOR = 10**14 - 1
NO_RATES: Mapping[str, Quote] = MappingProxyType({})
NOTHING_CARRIED: Mapping[str, int | None] = MappingProxyType({})
_ACCOUNTS = cast("Table", Account.__table__)
# Inserts an entry and its lines in one statement, whose text does not depend on the number of
# lines. The balance rows are locked from here to the commit, always in the same order.
_WRITE = text("""
    with entry as (
      insert into journal_entries
        (tenant_id, id, entry_date, narration, source_type, source_id, purpose, line_count,
         reverses_id, trip_id, created_by_user_id)
      values
        (:tenant_id, :id, :entry_date, :narration, :source_type, :source_id, :purpose,
         cardinality(cast(:account_id as uuid[])), :reverses_id, :trip_id, :created_by_user_id)
      on conflict do nothing
      returning tenant_id, id, entry_date, recorded_at
    ), lines as (
      insert into postings
        (tenant_id, entry_id, effective_date, account_id, currency, debit_minor, credit_minor,
         party_id, party_name, memo, base_debit_minor, base_credit_minor, base_basis,
         rate, is_rate_inverse, rate_on, rate_source, line_no)
      select entry.tenant_id, entry.id, entry.entry_date, line.*
        from entry,
             unnest(cast(:account_id as uuid[]), cast(:currency as text[]),
                    cast(:debit_minor as bigint[]), cast(:credit_minor as bigint[]),
                    cast(:party_id as uuid[]), cast(:party_name as text[]),
                    cast(:memo as text[]),
                    cast(:base_debit_minor as bigint[]), cast(:base_credit_minor as bigint[]),
                    cast(:base_basis as text[]), cast(:rate as numeric[]),
                    cast(:is_rate_inverse as boolean[]), cast(:rate_on as date[]),
                    cast(:rate_source as text[])) with ordinality as line
    )
    select recorded_at from entry
    """)
_OPEN = text("""
    insert into accounts (tenant_id, id, code, name, type, normal_side, purpose)
    select :tenant_id, account.*
      from unnest(cast(:id as uuid[]), cast(:code as text[]), cast(:name as text[]),
                  cast(:type as text[]), cast(:normal_side as text[]), cast(:purpose as text[]))
           as account
    on conflict do nothing
    returning id
    """)
_FOREIGN = frozenset({"rate", "given"})
"""Bases of lines that have an amount in another currency than that of the books."""
_OF_ACCOUNT = ("code", "name", "type", "normal_side", "purpose")
_OF_LINE = (
    *("account_id", "currency", "debit_minor", "credit_minor"),
    *("party_id", "party_name", "memo"),
    *("base_debit_minor", "base_credit_minor", "base_basis"),
    *("rate", "is_rate_inverse", "rate_on", "rate_source"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a journal entry to post.

    `account` is the id of an account or the purpose of an account, such as `receivable`. If a line
    has a `party_name` without a `party_id`, the database finds or makes the party. `base` is the
    amount in the base currency, of zero or more, if it is known and not converted.
    """

    account: UUID | str
    debit: Money | None = None
    credit: Money | None = None
    party_id: UUID | None = None
    party_name: str | None = None
    memo: str | None = None
    base: Money | None = None

    @property
    def amount(self) -> Money:
        """Return the debit or the credit of the line.

        Raises InvalidAmount unless the line has either a debit or a credit, and this amount is
        positive and not too large.
        """
        amount = self.credit if self.debit is None else self.debit
        if amount is None or None not in (self.debit, self.credit):
            raise InvalidAmount
        return amount.within(1, AMOUNT_MAX_MINOR)

    @property
    def signed_minor(self) -> int:
        """Return the amount in minor units; a credit is negative."""
        return self.amount.amount_minor if self.debit is not None else -self.amount.amount_minor


@dataclass(frozen=True, slots=True)
class Posted:
    """The journal entry of a source, as `post` and `reverse` return it.

    `is_new` is False if the entry existed before the call. If `post` created the entry, `entry` and
    `lines` have the columns of `queries.read_entry` without created_by. Otherwise `entry` is None
    and `lines` is empty. `based` has the lines with their base amounts, if the base amounts of the
    agency are established.
    """

    entry_id: UUID
    is_new: bool
    entry: Row | None = None
    lines: tuple[Row, ...] = ()
    based: tuple[BasedLine, ...] = ()

    def base_minor(self, account: UUID | str) -> int | None:
        """Return the base amount of the foreign lines of an account, debit less credit.

        `account` is as the lines name it. The result is None if there is no such line, or if the
        base amounts of the agency are not established.
        """
        found = [
            line.base.amount_minor
            for line in self.based
            if line.account == account and line.base is not None and line.basis != "own"
        ]
        return sum(found) if found else None

    def quote(self, currency: str) -> Quote | None:
        """Return the rate at which a currency was converted, or None."""
        quotes = (line.quote for line in self.based if line.amount.currency == currency)
        return next((quote for quote in quotes if quote is not None), None)


@dataclass(frozen=True, slots=True)
class _Rates:
    """The exchange rates of an entry.

    `given` has rates by currency. For any other currency, the rate of the entry `booked_in` takes
    precedence over the reference rate of the day `on`.
    """

    given: Mapping[str, Quote]
    on: date
    booked_in: UUID | None = None

    def find(self, currency: str, base_currency: str) -> Quote:
        """Return the rate of a currency that is not in `given`. Raises RateMissing."""
        booked = self.booked_in and entries.find_rate_of(self.booked_in, currency, base_currency)
        return booked or find_rate(SessionReader(db.session), currency, self.on)


def debit(
    account: UUID | str,
    amount: Money,
    *,
    party_id: UUID | None = None,
    party_name: str | None = None,
    memo: str | None = None,
) -> Line:
    """Return a journal line that debits an account."""
    return Line(account, debit=amount, party_id=party_id, party_name=party_name, memo=memo)


def credit(
    account: UUID | str,
    amount: Money,
    *,
    party_id: UUID | None = None,
    party_name: str | None = None,
    memo: str | None = None,
) -> Line:
    """Return a journal line that credits an account."""
    return Line(account, credit=amount, party_id=party_id, party_name=party_name, memo=memo)


def lines_of(
    sides: Iterable[tuple[UUID | str, int, Money]],
    *,
    memo: str | None,
    party_id: UUID | None = None,
    party_name: str | None = None,
    named: Collection[str] | None = None,
    bases: Iterable[Money | None] = (),
) -> list[Line]:
    """Return journal lines from triples of account purpose or id, side and amount.

    The side is 1 for a debit and -1 for a credit. The party is written to the lines on accounts
    whose purpose is in `named`, or to all lines if `named` is None. `bases` are the base amounts of
    the lines, of zero or more, if they are known.
    """
    lines = []
    for (purpose, sign, amount), base in zip(sides, chain(bases, repeat(None))):  # noqa: B905
        line = replace((debit if sign > 0 else credit)(purpose, amount, memo=memo), base=base)
        if named is None or purpose in named:
            line = replace(line, party_id=party_id, party_name=party_name)
        lines.append(line)
    return lines


@identity_accounts.on_new_agency
def open_books(actor: Actor) -> None:
    """Create the agency's chart of accounts, unless it exists.

    Raises Forbidden.
    """
    actor.require("ledger.open")
    tenant_id = current_tenant(db.session)
    columns = {name: [getattr(account, name) for account in CHART] for name in _OF_ACCOUNT}
    ids = [new_id() for _ in CHART]
    opened = db.session.execute(_OPEN, {"tenant_id": tenant_id, "id": ids} | columns).all()
    if opened:
        audit.record(
            actor,
            "ledger.opened",
            entity_refs={"tenant_id": tenant_id},
            outputs={"accounts": len(opened)},
        )


def post(  # noqa: PLR0913 - each keyword is a fact of the entry, but the last
    actor: Actor,
    *,
    source_type: str,
    source_id: UUID,
    purpose: str,
    narration: str,
    lines: Sequence[Line],
    entry_date: date | None = None,
    trip_id: UUID | None = None,
    accounts: Mapping[UUID | str, Account] | None = None,
    rates: Mapping[str, Quote] = NO_RATES,
    rate_on: date | None = None,
    booked_in: UUID | None = None,
    differences: str | None = None,
) -> Posted:
    """Post a journal entry once for each source and purpose.

    `source_type` and `source_id` identify the source, such as an invoice, and `purpose` is a word
    such as `issue`. If the source already has an entry for the purpose, that entry is returned and
    nothing is posted. `entry_date` is the book date and defaults to today in the agency's time
    zone. The month of the book date must be open. Debits must equal credits in each currency.
    `accounts` are the accounts of the lines, if the caller has already locked them with
    `queries.find_accounts`.

    Each line gets its amount in the base currency (`bases.complete`). `rates` are rates to the base
    currency, by currency. For another currency the rate of the entry `booked_in` is used, such as
    that of the invoice that is credited, or else the reference rate of the day `rate_on`, which
    defaults to the book date. If the base amounts do not balance, the difference is posted to the
    account with the purpose `differences`. If `differences` is None, only a difference of rounding
    is posted, to the account of exchange differences; a larger one is refused. As long as the
    agency's base amounts are not established, a line whose base amount is not known is posted
    without one.

    Raises Forbidden, EntryWithoutNarration, EntryTooShort, InvalidAmount, UnknownCurrency,
    EntryUnbalanced, InvalidBookDate, PeriodLocked, AccountNotFound, AccountInactive; and if the
    base amounts are established, RateMissing, TooManyCurrencies, EntryUnbalancedInBase.
    """
    _require_authority(actor, "ledger.post")
    if not narration.strip():
        raise EntryWithoutNarration
    _check_lines(lines)
    day = _book_date(actor, entry_date)
    terms = posting_terms(day)
    if terms.is_closed:
        return _existing_entry(source_type, source_id, purpose)
    if accounts is None:
        accounts = ledger_accounts.find_accounts((line.account for line in lines), hold=True)
    _check_accounts(lines, accounts)
    known = _Rates(rates, rate_on or day, booked_in)
    based = _based(lines, accounts, terms, known, differences)
    rows = _rows(based, lines, accounts)
    values = {
        "entry_date": day,
        "narration": narration.strip(),
        "source_type": source_type,
        "source_id": source_id,
        "purpose": purpose,
        "reverses_id": None,
        "trip_id": trip_id,
        "created_by_user_id": actor.user_id,
    }
    entry_id = new_id()
    recorded_at = _write(entry_id, values, rows)
    if recorded_at is None:
        return Posted(entries.get_source_entry_id(source_type, source_id, purpose), is_new=False)
    _record(actor, "journal.posted", entry_id, values, _total(lines))
    established = terms.base_currency if terms.is_ready else None
    books = {"books": terms.base_currency, "base_currency": established}
    return Posted(
        entry_id,
        is_new=True,
        entry=values | {"id": entry_id, "recorded_at": recorded_at, "reversed_by_id": None},
        lines=tuple(row | books for row in rows),
        based=tuple(based) if terms.is_ready else (),
    )


def check_entry(
    actor: Actor,
    lines: Sequence[Line],
    entry_date: date | None,
    accounts: Mapping[UUID | str, Account],
) -> None:
    """Check that `post` would accept an entry of a new source; post nothing.

    Raises the errors of `post` about lines, book date, accounts and base amounts.
    """
    _check_lines(lines)
    day = _book_date(actor, entry_date)
    terms = posting_terms(day)
    if terms.is_closed:
        raise PeriodLocked
    _check_accounts(lines, accounts)
    _based(lines, accounts, terms, _Rates(NO_RATES, day), None)


def post_difference(  # noqa: PLR0913 - each keyword is a fact of the entry
    actor: Actor,
    account_id: UUID,
    against_id: UUID,
    base: Money,
    *,
    currency: str,
    source_type: str,
    source_id: UUID,
    narration: str,
    entry_date: date,
) -> UUID:
    """Post a difference in the base currency alone, and return the id of the entry.

    Both lines are in `currency` and have no amount. A positive `base` is debited to the account
    `account_id` and credited to `against_id`, a negative one the other way round. The caller gives
    a source that has no entry for the purpose `difference`. Accounts may be archived.

    Raises Forbidden, PeriodLocked.
    """
    _require_authority(actor, "ledger.post")
    if posting_terms(entry_date).is_closed:
        raise PeriodLocked
    sides = ((account_id, base), (against_id, -base))
    lines = [_difference(account, amount, currency) for account, amount in sides]
    values = {
        "entry_date": entry_date,
        "narration": narration,
        "source_type": source_type,
        "source_id": source_id,
        "purpose": "difference",
        "reverses_id": None,
        "trip_id": None,
        "created_by_user_id": actor.user_id,
    }
    entry_id = new_id()
    _write(entry_id, values, lines)
    _record(actor, "journal.posted", entry_id, values, None)
    return entry_id


def check_rates(
    sides: Iterable[tuple[UUID | str, int, Money | None]],
    *,
    on: date,
    rates: Mapping[str, Quote] = NO_RATES,
    booked_in: UUID | None = None,
) -> None:
    """Check that `post` would find each rate that an entry needs; post nothing.

    A side is an account or purpose, its sign, and its amount, or None if it is not known yet. `on`
    is the day of the rates; `rates` and `booked_in` are those of `post`. Nothing is refused before
    the base amounts are established.

    Raises RateMissing.
    """
    terms = posting_terms(on)
    if not terms.is_ready:
        return
    lines = [
        BasedLine(account, amount if sign > 0 else -amount, is_exchange=account == EXCHANGE)
        for account, sign, amount in sides
        if amount is not None
    ]
    known = _to_base(rates, terms.base_currency)
    for wanted in wanted_rates(lines, terms.base_currency, known):
        _Rates(known, on, booked_in).find(wanted, terms.base_currency)


def reverse(
    actor: Actor,
    entry_id: UUID,
    *,
    reason: str,
    entry_date: date | None = None,
    carried: Mapping[str, int | None] = NOTHING_CARRIED,
) -> Posted:
    """Reverse a journal entry: post an entry with debits and credits swapped.

    An entry can be reversed once. `entry_date` is the book date of the new entry and must not be
    before the book date of the reversed entry. `entry_date` defaults to today in the agency's time
    zone, or to the book date of the reversed entry if that date is after today. Lines on archived
    accounts can be reversed too.

    `carried` has base amounts by purpose of the account. The foreign lines of the new entry on this
    account give this amount back to documents and advances. It is debit less credit in minor units,
    or None if it is not known. It differs from the base amounts of the reversed lines only if
    `establish_base` translated the entry: the document then received another base amount than the
    line, and a correction posted the difference. The new entry posts this difference to the account
    of exchange differences. It does the same with a base amount that a translated entry has left on
    the currency exchange account, because that amount was corrected too.

    Raises Forbidden, EntryWithoutNarration, EntryNotFound, InvalidBookDate, PeriodLocked,
    EntryAlreadyReversed. Raises ExchangeOfEarlierEntry if a base amount is left on the currency
    exchange account, but the entry has no foreign line on it.
    """
    _require_authority(actor, "ledger.reverse")
    if not reason.strip():
        raise EntryWithoutNarration
    entry = entries.get_entry(entry_id)
    day = (
        _book_date(actor, entry_date)
        if entry_date
        else max(_book_date(actor, None), entry.entry_date)
    )
    if day < entry.entry_date:
        raise InvalidBookDate
    terms = posting_terms(day)
    if terms.is_closed:
        raise PeriodLocked
    lines = [_reversed(line, terms.base_currency) for line in entries.get_lines(entry_id)]
    lines += _give_back(lines, carried, terms.base_currency)
    if terms.is_ready:
        lines += _drain_exchange(lines, terms.base_currency)
    values = {
        "entry_date": day,
        "narration": reason.strip(),
        "source_type": "journal_entry",
        "source_id": entry_id,
        "purpose": "reversal",
        "reverses_id": entry_id,
        "trip_id": entry.trip_id,
        "created_by_user_id": actor.user_id,
    }
    reversal_id = new_id()
    if _write(reversal_id, values, lines) is None:
        raise EntryAlreadyReversed
    _record(actor, "journal.reversed", reversal_id, values, None)
    return Posted(reversal_id, is_new=True)


def _require_authority(actor: Actor, permission: str) -> None:
    # Under a grant the approved act is another one, such as a payment, and the service of that act
    # has already checked its permission. All other callers need the direct right.
    actor.require(permission)
    if actor.grant is None:
        actor.require_authority(permission)


def _check_lines(lines: Sequence[Line]) -> None:
    if len(lines) < 2:
        raise EntryTooShort
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        exponent(line.amount.currency)
        sums[line.amount.currency] += line.signed_minor
    if any(sums.values()):
        raise EntryUnbalanced


def _check_accounts(lines: Iterable[Line], accounts: Mapping[UUID | str, Account]) -> None:
    for line in lines:
        if line.account not in accounts:
            raise AccountNotFound
        if not accounts[line.account].is_active:
            raise AccountInactive


def _book_date(actor: Actor, given: date | None) -> date:
    day = given or clock.today(actor.timezone)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidBookDate
    return day


def _existing_entry(source_type: str, source_id: UUID, purpose: str) -> Posted:
    """Return the existing entry of a source for a purpose.

    `post` calls this function if the month is closed. Raises PeriodLocked if there is no such
    entry, because a closed month takes no new entry.
    """
    try:
        return Posted(entries.get_source_entry_id(source_type, source_id, purpose), is_new=False)
    except EntryNotFound:
        raise PeriodLocked from None


def _based(
    lines: Sequence[Line],
    accounts: Mapping[UUID | str, Account],
    terms: PostingTerms,
    rates: _Rates,
    differences: str | None,
) -> list[BasedLine]:
    """Return the lines of an entry with base amounts, as far as they are known.

    Raises RateMissing, TooManyCurrencies and EntryUnbalancedInBase only if the agency's base
    amounts are established.
    """
    base_currency = terms.base_currency
    sides = [
        BasedLine(
            line.account,
            Money(line.signed_minor, line.amount.currency),
            is_exchange=accounts[line.account].purpose == EXCHANGE,
            base=line.base if line.base is None or line.debit is not None else -line.base,
        )
        for line in lines
    ]
    known = _to_base(rates.given, base_currency)
    try:
        for wanted in wanted_rates(sides, base_currency, known):
            with suppress(*(() if terms.is_ready else (RateMissing,))):
                known[wanted] = rates.find(wanted, base_currency)
        return complete(sides, base_currency, known, differences)
    except (TooManyCurrencies, EntryUnbalancedInBase, InvalidAmount):
        if terms.is_ready:
            raise
        return own_only(sides, base_currency)


def _rows(
    based: Sequence[BasedLine], lines: Sequence[Line], accounts: Mapping[UUID | str, Account]
) -> list[Row]:
    """Return the rows of an entry; `based` may have further lines for differences."""
    further = [side.account for side in based[len(lines) :]]
    if further:
        accounts = {**accounts, **ledger_accounts.find_accounts(further, hold=True)}
    return [
        {
            "line_no": number,
            "account_id": accounts[side.account].id,
            "code": accounts[side.account].code,
            "name": accounts[side.account].name,
            "party_id": line and line.party_id,
            "party_name": line and line.party_name,
            "memo": line and line.memo,
            **side.columns,
        }
        for number, (side, line) in enumerate(zip_longest(based, lines), start=1)
    ]


def _to_base(rates: Mapping[str, Quote], base_currency: str) -> dict[str, Quote]:
    """Return the rates that convert their currency to the base currency or back."""
    return {
        currency: quote
        for currency, quote in rates.items()
        if {quote.base, quote.quote} == {currency, base_currency}
    }


def _reversed(line: Posting, base_currency: str) -> Row:
    """Return the row that reverses a line, with the base amount of the line."""
    row = {name: getattr(line, name) for name in _OF_LINE}
    if line.base_basis is None and line.currency == base_currency:
        row |= {
            "base_debit_minor": line.debit_minor,
            "base_credit_minor": line.credit_minor,
            "base_basis": "own",
        }
    for side in ("", "base_"):
        row[f"{side}debit_minor"], row[f"{side}credit_minor"] = (
            row[f"{side}credit_minor"],
            row[f"{side}debit_minor"],
        )
    return row


def _give_back(
    lines: list[Row], carried: Mapping[str, int | None], base_currency: str
) -> list[Row]:
    """Give lines the carried base amounts; return lines with the differences.

    The largest line of each account takes the difference.
    """
    wanted = {purpose: minor for purpose, minor in carried.items() if minor is not None}
    if not wanted:
        return []
    accounts = ledger_accounts.find_accounts((*wanted, DIFFERENCES))
    further = []
    for purpose, minor in wanted.items():
        found = [
            line
            for line in lines
            if line["account_id"] == accounts[purpose].id and line["base_basis"] in _FOREIGN
        ]
        rest = minor - sum(line["base_debit_minor"] - line["base_credit_minor"] for line in found)
        if not found or not rest:
            continue
        line = max(found, key=lambda one: one["debit_minor"] + one["credit_minor"])
        base = Money(line["base_debit_minor"] - line["base_credit_minor"] + rest, base_currency)
        line |= {
            "base_debit_minor": max(base.amount_minor, 0),
            "base_credit_minor": max(-base.amount_minor, 0),
            "base_basis": "given",
            **dict.fromkeys(("rate", "is_rate_inverse", "rate_on", "rate_source")),
        }
        further.append(
            _difference(accounts[DIFFERENCES].id, Money(-rest, base_currency), line["currency"])
        )
    return further


def _drain_exchange(lines: Sequence[Row], base_currency: str) -> list[Row]:
    """Return lines that bring the account of exchange to zero in the base currency.

    The result is empty if the account has no base amount. Raises ExchangeOfEarlierEntry if it has
    one but no foreign line.
    """
    accounts = ledger_accounts.find_accounts((EXCHANGE, DIFFERENCES))
    found = [line for line in lines if line["account_id"] == accounts[EXCHANGE].id]
    rest = sum(line["base_debit_minor"] - line["base_credit_minor"] for line in found)
    if not rest:
        return []
    foreign = [line["currency"] for line in found if line["currency"] != base_currency]
    if not foreign:
        raise ExchangeOfEarlierEntry
    return [
        _difference(accounts[purpose].id, Money(minor, base_currency), foreign[0])
        for purpose, minor in ((EXCHANGE, -rest), (DIFFERENCES, rest))
    ]


def _difference(account_id: UUID, base: Money, currency: str) -> Row:
    """Return the row of a base amount alone; a negative one is a credit."""
    line = BasedLine(account_id, Money(0, currency), base=base, basis="difference")
    nobody = dict.fromkeys(("party_id", "party_name", "memo"))
    return {"account_id": account_id, **nobody, **line.columns}


def _write(
    entry_id: UUID, entry: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> datetime | None:
    """Insert an entry with its lines and return the time of recording.

    The result is None if nothing was inserted, because the source already has an entry for this
    purpose.
    """
    columns = {name: [line[name] for line in lines] for name in _OF_LINE}
    recorded_at: datetime | None = db.session.scalar(
        _WRITE, {"tenant_id": current_tenant(db.session), "id": entry_id, **entry, **columns}
    )
    if recorded_at is not None and (notes := notes_of(db.session)) is not None:
        notes.entries.append(entry_id)
    return recorded_at


def _total(lines: Iterable[Line]) -> dict[str, str]:
    debits: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.debit is not None:
            debits[line.debit.currency] += line.debit.amount_minor
    return {currency: wire_amount(minor, currency) for currency, minor in sorted(debits.items())}


def _record(
    actor: Actor, kind: str, entry_id: UUID, entry: Mapping[str, Any], total: dict[str, str] | None
) -> None:
    refs = {
        "journal_entry_id": entry_id,
        "source_type": entry["source_type"],
        "source_id": entry["source_id"],
    }
    audit.record(
        actor,
        kind,
        entity_refs=refs,
        inputs={"entry_date": entry["entry_date"], "purpose": entry["purpose"]},
        outputs={"total": total} if total else {},
    )
