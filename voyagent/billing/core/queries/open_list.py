"""Open documents and instalments one by one, with their age."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    case,
    cast,
    func,
    select,
)

from voyagent.billing.core.models.counters import AgeingByParty
from voyagent.billing.core.queries.open_documents import Kind, open_documents, open_instalments
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement, inlined
from voyagent.kernel.tenancy import owned

Basis = Literal["due_date", "document_date"]
"""The day from which what is open ages: that on which it is due, or that of its document."""
EDGES = (30, 60, 90)
AGES = len(EDGES) + 2
LISTED_MAX = 1000
_PARTY = AgeingByParty.__table__.c
_PLAN = ("instalment_dues", "instalment_minors")
_OF_INSTALMENT = ("place", "amount_minor", "document_open_minor", "is_next")


def list_open(
    reader: Reader,
    kind: Kind,
    first: date,
    last: date,
    *,
    today: date,
    as_of: date | None = None,
    party: str | None = None,
) -> list[Row]:
    """The open documents one by one, the longest due first, at most a thousand; of one party where
    its name is given.

    Rows: reference (the number, or the supplier's), pay_on (of a scheduled bill), id, status,
    party_key, party_name, issue_date, due_date, currency, total_minor, open_minor, age. One in
    instalments is due, and as old, as the first of them that is open.
    """
    return reader.read(
        list_open_statement(kind, first, last, today=today, as_of=as_of, party=party)
    )[0]


@cached_statement
def list_open_statement(
    kind: Kind,
    first: date,
    last: date,
    *,
    today: date,
    as_of: date | None = None,
    party: str | None = None,
) -> Select[Any]:
    """The same for whoever reads more in the same trip.

    A document of today carries the day on which the first open one of its instalments is due, so
    that the longest due are found by index.
    """
    if as_of is None:
        found = open_documents(kind, first, last).subquery("documents")
        documents = select(*(column for column in found.c if column.name not in _PLAN))
    else:
        plans = open_instalments(kind, first, last, as_of).subquery("plans")
        columns = [
            column
            for column in plans.c
            if column.name not in _OF_INSTALMENT and column.name != "open_minor"
        ]
        documents = select(*columns, plans.c.document_open_minor.label("open_minor")).where(
            plans.c.is_next
        )
    return _one_by_one(documents.subquery("found"), today=as_of or today, party=party)


def list_instalments_statement(  # noqa: PLR0913 - each keyword is one way in which the list is narrowed or aged
    kind: Kind,
    first: date,
    last: date,
    *,
    today: date,
    as_of: date | None = None,
    basis: Basis = "due_date",
    party: str | None = None,
    keys: Collection[str] | None = None,
) -> Select[Any]:
    """What is open instalment by instalment, as `list_open` has it of documents: due_date,
    open_minor and age are those of the instalment.

    Further place (of the instalment, counted from 1; None where the document has no plan),
    amount_minor (of the instalment, else of the document), document_open_minor. `keys` are the
    parties that are looked at.
    """
    found = open_instalments(kind, first, last, as_of).subquery("found")
    statement = _one_by_one(found, today=as_of or today, party=party, basis=basis)
    return statement if keys is None else statement.where(found.c.party_key.in_(keys))


def _one_by_one(
    found: Subquery, *, today: date, party: str | None, basis: Basis = "due_date"
) -> Select[Any]:
    statement = select(found, age_on(aged_from(found, basis), today).label("age"))
    if party is not None:
        statement = statement.where(found.c.party_key == func.lower(party))
    return statement.order_by(aged_from(found, basis), found.c.due_date, found.c.id).limit(
        LISTED_MAX
    )


def party_open(reader: Reader, kind: Kind, party: str, currency: str) -> int:
    """Return the open amount of a party in a currency, in minor units."""
    open_minor = cast(func.sum(func.coalesce(_PARTY.open_minor, 0)), BigInteger)
    statement = select(open_minor.label("open_minor")).where(
        owned(AgeingByParty),
        _PARTY.kind == inlined(kind),
        _PARTY.currency == currency,
        _PARTY.n > inlined(0),
        _PARTY.party_key == func.lower(party),
    )
    return reader.read(statement)[0][0]["open_minor"] or 0


def aged_from(found: Subquery, basis: Basis) -> ColumnElement[date]:
    """Return the day from which a document ages."""
    day: ColumnElement[date] = found.c.due_date if basis == "due_date" else found.c.issue_date
    return day


def age_on(due: ColumnElement[date], day: date) -> ColumnElement[int]:
    """How old what is due on a day is on another: 0 not past due, then 1 to 4 by every thirty days."""
    edges = [
        (due >= day, inlined(0)),
        *(
            (due >= day - timedelta(days=past), inlined(age))
            for age, past in enumerate(EDGES, start=1)
        ),
    ]
    return cast(case(*edges, else_=inlined(AGES - 1)), Integer)


def oldest_day(day: date) -> date:
    """The first day that is not of the last age; what lies before, and may be most of what is open,
    is summed without a look at each.
    """
    return day - timedelta(days=EDGES[-1])
