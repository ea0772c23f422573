"""Queries of unused advances: by party, by age and one by one, as of any day.

A `party_key` identifies a party of an agency: its name in lower case, followed by its id if another
party has this name.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Select,
    Subquery,
    cast,
    func,
    select,
    union_all,
)

from voyagent.billing.core.models.counters import AdvancesByDay, AdvancesByParty
from voyagent.billing.core.models.payments import Allocation, Payment
from voyagent.billing.core.queries.open_documents import EVER, Kind
from voyagent.billing.core.queries.open_list import LISTED_MAX, age_on, oldest_day
from voyagent.billing.core.queries.refund_parts import parts_of_refunds
from voyagent.billing.core.queries.roots import by_root, is_one_of
from voyagent.kernel.database.statement_cache import cached_statement, inlined
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.party_lines import PartyRef, is_of

_ALLOCATIONS = Allocation.__table__.c
_PAYMENTS = Payment.__table__.c
_DAY = AdvancesByDay.__table__.c
_PARTY = AdvancesByParty.__table__.c
DIRECTION: dict[Kind, str] = {"receivable": "in", "payable": "out"}


def advances_by_party_statement(kind: Kind, first: date, last: date, as_of: date) -> Select[Any]:
    """Return an SQL statement for each party's advances at the end of `as_of`.

    Only payments from `first` to `last` count. Rows: currency, party_key, party_name, n (number of
    payments with an unused amount), unapplied_minor (sum of the unused amounts).
    """
    then = advances_of_parties(kind, first, last, as_of)
    n, unapplied_minor = _sums(then.c)
    return (
        select(
            then.c.currency,
            then.c.party_key,
            func.max(then.c.party_name).label("party_name"),
            n.label("n"),
            unapplied_minor.label("unapplied_minor"),
        )
        .group_by(then.c.currency, then.c.party_key)
        .having(n > inlined(0))
        .order_by(then.c.currency, then.c.party_key)
    )


def advances_of_parties(kind: Kind, first: date, last: date, as_of: date) -> Subquery:
    """Return a subquery of advances at the end of `as_of`, by party and currency.

    Only payments from `first` to `last` count. A party can have several rows in a currency, which
    the caller adds. Merged parties have the key and the name of their root. Rows: currency,
    party_key, party_name, n, unapplied_minor.
    """
    names = ("currency", "party_key", "party_name")
    now: Select[Any] | CompoundSelect[Any]
    if (first, last) == EVER:
        whole = select(*(_PARTY[name] for name in names), _PARTY.n, _PARTY.unapplied_minor)
        later = _counted(_left(kind, as_of + timedelta(days=1), last), names, sign=-1)
        now = union_all(
            whole.where(
                owned(AdvancesByParty),
                _PARTY.direction == inlined(DIRECTION[kind]),
                _PARTY.n > inlined(0),
            ),
            later,
        )
    else:
        now = _counted(_left(kind, first, min(last, as_of)), names)
    return by_root(_as_it_stood(now, kind, first, last, as_of, *names))


@cached_statement
def advances_by_age_statement(
    kind: Kind, first: date, last: date, *, today: date, as_of: date | None = None
) -> Select[Any]:
    """Return an SQL statement for the sums of advances by age.

    Only payments from `first` to `last` count. The age is counted in days from the payment date to
    `as_of`, or to `today` if `as_of` is None.
    Rows: currency, age, n (number of payments), unapplied_minor (sum of the unused amounts). Age 0
    is the day of payment, 1 is 1 to 30 days, 2 is 31 to 60, 3 is 61 to 90, and 4 is more.
    """
    names, day, until = ("currency", "paid_on"), as_of or today, min(last, as_of or last)
    found = (
        owned(AdvancesByDay)
        & (_DAY.direction == inlined(DIRECTION[kind]))
        & (_DAY.n > inlined(0))
        & (_DAY.paid_on <= until)
    )
    recent = select(*(_DAY[name] for name in names), _DAY.n, _DAY.unapplied_minor).where(
        found, _DAY.paid_on >= max(first, oldest_day(day))
    )
    old = select(_DAY.currency, func.max(_DAY.paid_on), *_sums(_DAY)).where(
        found, _DAY.paid_on >= first, _DAY.paid_on < oldest_day(day)
    )
    now = union_all(
        recent, old.group_by(_DAY.currency)
    )  # all days of the oldest age are equivalent, so its latest day represents them
    then = _as_it_stood(now, kind, first, last, as_of, *names)
    n, unapplied_minor = _sums(then.c)
    age = age_on(then.c.paid_on, day)
    return (
        select(
            then.c.currency,
            age.label("age"),
            n.label("n"),
            unapplied_minor.label("unapplied_minor"),
        )
        .group_by(then.c.currency, age)
        .having(n > inlined(0))
        .order_by(then.c.currency, age)
    )


def list_advances_statement(
    kind: Kind,
    first: date,
    last: date,
    as_of: date,
    *,
    party: PartyRef | None = None,
    keys: Collection[str] | None = None,
) -> Select[Any]:
    """Return an SQL statement for single advances, oldest first, at most a thousand.

    Only payments from `first` to `last` that are not used up at the end of `as_of` are returned.
    `party` restricts the result to one party name, `keys` to several party keys. Rows: id, number,
    paid_on, currency, party_key, party_name, unapplied_minor.
    """
    then = _unapplied(kind, first, last, as_of).subquery("then")
    statement = select(then).where(then.c.unapplied_minor > inlined(0))
    if party is not None:
        statement = statement.where(is_of(then.c.party_key, party))
    if keys is not None:
        statement = statement.where(is_one_of(then.c.party_key, keys))
    found = by_root(
        statement.order_by(then.c.paid_on, then.c.id).limit(LISTED_MAX).subquery("some")
    )
    return select(found).order_by(found.c.paid_on, found.c.id)


def _as_it_stood(
    now: Select[Any] | CompoundSelect[Any],
    kind: Kind,
    first: date,
    last: date,
    as_of: date | None,
    *names: str,
) -> Subquery:
    if as_of is None:
        return now.subquery("then")
    until, used = min(last, as_of), select(_moved(as_of).subquery("used").c.payment_id)
    parts = [
        now,
        _counted(_left(kind, first, until, used), names, sign=-1),
        _counted(_unapplied(kind, first, until, as_of, used), names),
    ]
    return union_all(*parts).subquery("then")


def _counted(payments: Select[Any], names: tuple[str, ...], *, sign: int = 1) -> Select[Any]:
    found = payments.subquery()
    return select(
        *(found.c[name] for name in names),
        inlined(sign).label("n"),
        (found.c.unapplied_minor * inlined(sign)).label("unapplied_minor"),
    ).where(found.c.unapplied_minor > inlined(0))


def _sums(found: Any) -> tuple[Any, Any]:
    return cast(func.sum(found.n), BigInteger), cast(func.sum(found.unapplied_minor), BigInteger)


def _left(kind: Kind, first: date, last: date, among: Select[Any] | None = None) -> Select[Any]:
    table = Payment.__table__
    left = table.c.allocated_minor + table.c.refunded_minor < table.c.amount_minor
    conditions = [
        owned(table),
        table.c.direction == inlined(DIRECTION[kind]),
        table.c.paid_on.between(first, last),
        left,
    ]
    return _shown(table, 0).where(*conditions, *([] if among is None else [table.c.id.in_(among)]))


def _moved(as_of: date) -> Any:
    refunds = parts_of_refunds().subquery("refunds").c
    return union_all(
        select(_ALLOCATIONS.payment_id, _ALLOCATIONS.amount_minor).where(
            owned(Allocation), _ALLOCATIONS.effective_on > as_of
        ),
        select(refunds.payment_id, refunds.amount_minor).where(refunds.refunded_on > as_of),
        select(refunds.payment_id, -refunds.amount_minor).where(refunds.reversed_on > as_of),
        select(_PAYMENTS.id, _PAYMENTS.amount_minor).where(
            owned(Payment), _PAYMENTS.reversed_on > as_of
        ),
    )


def _unapplied(
    kind: Kind, first: date, last: date, as_of: date, among: Select[Any] | None = None
) -> Select[Any]:
    """Return the SQL for payments with an unused amount at the end of `as_of`."""
    moved = _moved(as_of).subquery("moved")
    later = (
        select(moved.c.payment_id, cast(func.sum(moved.c.amount_minor), BigInteger).label("minor"))
        .group_by(moved.c.payment_id)
        .subquery("later")
    )
    still, since = Payment.__table__.alias("still"), Payment.__table__.alias("since")
    with_something_left = _shown(still, func.coalesce(later.c.minor, 0)).select_from(
        still.outerjoin(later, later.c.payment_id == still.c.id)
    )
    if among is not None:
        with_something_left = with_something_left.where(still.c.id.in_(among))
    used_since = _shown(since, later.c.minor).select_from(
        later.join(since, later.c.payment_id == since.c.id)
    )
    until = min(last, as_of)
    both = union_all(
        *(
            part.where(
                owned(table),
                table.c.direction == inlined(DIRECTION[kind]),
                table.c.paid_on.between(first, until),
                condition,
            )
            for part, table, condition in (
                (
                    with_something_left,
                    still,
                    still.c.allocated_minor + still.c.refunded_minor < still.c.amount_minor,
                ),
                (
                    used_since,
                    since,
                    since.c.allocated_minor + since.c.refunded_minor == since.c.amount_minor,
                ),
            )
        )
    )
    return select(both.subquery("both"))


def _shown(table: Any, later: Any) -> Select[Any]:
    unapplied = table.c.amount_minor - table.c.allocated_minor - table.c.refunded_minor + later
    names = ("id", "number", "paid_on", "currency", "party_key", "party_name")
    return select(
        *(table.c[name] for name in names), cast(unapplied, BigInteger).label("unapplied_minor")
    )


__all__ = [
    "DIRECTION",
    "advances_by_age_statement",
    "advances_by_party_statement",
    "list_advances_statement",
]
