"""What was paid ahead and settles nothing yet, as it stood on any day, by party and one by one; aged from the day on which it came."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Select, cast, func, select, union_all

from voyagent.billing.models import Allocation, Payment, Refund
from voyagent.billing.queries.ages import LISTED_MAX, Kind, age_on
from voyagent.kernel.tenancy import owned

_ALLOCATIONS = Allocation.__table__.c
_REFUNDS = Refund.__table__.c
DIRECTION: dict[Kind, str] = {"receivable": "in", "payable": "out"}


def advances_by_party_statement(kind: Kind, first: date, last: date, as_of: date) -> Select[Any]:
    """Advances of customers (or to suppliers) that came from `first` to `last`, as they stood on the evening of a day, by party.

    Rows: currency, party_key, party_name, n, unapplied_minor.
    """
    then = _unapplied(kind, first, last, as_of).subquery("then")
    return (
        select(
            then.c.currency,
            then.c.party_key,
            func.max(then.c.party_name).label("party_name"),
            func.count().label("n"),
            cast(func.sum(then.c.unapplied_minor), BigInteger).label("unapplied_minor"),
        )
        .where(then.c.unapplied_minor > 0)
        .group_by(then.c.currency, then.c.party_key)
        .order_by(then.c.currency, then.c.party_key)
    )


def advances_by_age_statement(kind: Kind, first: date, last: date, *, today: date, as_of: date | None = None) -> Select[Any]:
    """The same by age, counted from the day on which each came to today, or to `as_of`; without it, as they stand now: currency, age, n, unapplied_minor.

    `age` is 0 for one that came on that day, then 1 to 30 days old, and so on as for documents.
    """
    then = _unapplied(kind, first, last, as_of or date.max).subquery("then")
    age = age_on(then.c.paid_on, as_of or today)
    unapplied_minor = cast(func.sum(then.c.unapplied_minor), BigInteger).label("unapplied_minor")
    return (
        select(then.c.currency, age.label("age"), cast(func.count(), BigInteger).label("n"), unapplied_minor)
        .where(then.c.unapplied_minor > 0)
        .group_by(then.c.currency, age)
        .order_by(then.c.currency, age)
    )


def list_advances_statement(kind: Kind, first: date, last: date, as_of: date, *, party: str | None = None) -> Select[Any]:
    """The same one by one, the oldest first, at most a thousand; of one party where its name is given: id, number, paid_on, currency, party_key, and so on."""
    then = _unapplied(kind, first, last, as_of).subquery("then")
    statement = select(then).where(then.c.unapplied_minor > 0)
    if party is not None:
        statement = statement.where(then.c.party_key == func.lower(party))
    return statement.order_by(then.c.paid_on, then.c.id).limit(LISTED_MAX)


def _unapplied(kind: Kind, first: date, last: date, as_of: date) -> Select[Any]:
    """Payments that have something left, and those of which something was used since; the cost is that of both, not of all that was ever paid."""
    moved = union_all(
        select(_ALLOCATIONS.payment_id, _ALLOCATIONS.amount_minor).where(owned(Allocation), _ALLOCATIONS.effective_on > as_of),
        select(_REFUNDS.payment_id, _REFUNDS.amount_minor).where(owned(Refund), _REFUNDS.refunded_on > as_of),
    ).subquery("moved")
    later = select(moved.c.payment_id, cast(func.sum(moved.c.amount_minor), BigInteger).label("minor")).group_by(moved.c.payment_id).subquery("later")
    still, since = Payment.__table__.alias("still"), Payment.__table__.alias("since")
    with_something_left = _shown(still, func.coalesce(later.c.minor, 0)).select_from(still.outerjoin(later, later.c.payment_id == still.c.id))
    used_since = _shown(since, later.c.minor).select_from(later.join(since, later.c.payment_id == since.c.id))
    until = min(last, as_of)
    both = union_all(
        *(
            part.where(owned(table), table.c.direction == DIRECTION[kind], table.c.paid_on.between(first, until), condition)
            for part, table, condition in (
                (with_something_left, still, still.c.allocated_minor + still.c.refunded_minor < still.c.amount_minor),
                (used_since, since, since.c.allocated_minor + since.c.refunded_minor == since.c.amount_minor),
            )
        )
    )
    return select(both.subquery("both"))


def _shown(table: Any, later: Any) -> Select[Any]:
    unapplied = table.c.amount_minor - table.c.allocated_minor - table.c.refunded_minor + later
    names = ("id", "number", "paid_on", "currency", "party_key", "party_name")
    return select(*(table.c[name] for name in names), cast(unapplied, BigInteger).label("unapplied_minor"))


__all__ = ["DIRECTION", "advances_by_age_statement", "advances_by_party_statement", "list_advances_statement"]
