"""Queries that list open documents and instalments, with their age."""

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
from voyagent.billing.core.queries.roots import by_root, is_one_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement, inlined
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.party_lines import PartyRef, is_of

Basis = Literal["due_date", "document_date"]
"""The date from which the age of an open amount is counted."""
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
    party: PartyRef | None = None,
) -> list[Row]:
    """Return open documents, earliest due date first, at most a thousand.

    `party` restricts the list to one party, or to all with a name. Rows: id, reference (the invoice
    number or the supplier's reference), status, party_key, party_name, issue_date, due_date, pay_on
    (payment date of a scheduled bill), currency, total_minor, open_minor, age (0 to 4, as in
    `age_on`). For a document with instalments, due_date and age belong to the first open
    instalment.
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
    party: PartyRef | None = None,
) -> Select[Any]:
    """Return the SQL statement of `list_open`."""
    if as_of is None:  # an index finds the documents with the earliest stored due dates
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


def list_instalments_statement(  # noqa: PLR0913 - each keyword is a filter or an option of the ageing
    kind: Kind,
    first: date,
    last: date,
    *,
    today: date,
    as_of: date | None = None,
    basis: Basis = "due_date",
    party: PartyRef | None = None,
    keys: Collection[str] | None = None,
) -> Select[Any]:
    """Select open instalments, earliest first, at most a thousand.

    A document without instalments is one row. The rows have the columns of `list_open`, but
    due_date, open_minor and age belong to the instalment. Further columns: place (number of the
    instalment from 1, or null if the document has no instalments), amount_minor (the amount of the
    instalment, or of a document without instalments), document_open_minor, and is_next (true for
    the first open instalment of a document).

    `basis` is the date from which the age is counted and by which the rows are ordered. `keys`
    restricts the rows to parties with these keys.
    """
    found = open_instalments(kind, first, last, as_of).subquery("found")
    statement = _one_by_one(found, today=as_of or today, party=party, basis=basis)
    if keys is not None:
        statement = statement.where(is_one_of(found.c.party_key, keys))
    shown = by_root(statement.subquery("some"))
    return select(shown).order_by(aged_from(shown, basis), shown.c.due_date, shown.c.id)


def _one_by_one(
    found: Subquery, *, today: date, party: PartyRef | None, basis: Basis = "due_date"
) -> Select[Any]:
    statement = select(found, age_on(aged_from(found, basis), today).label("age"))
    if party is not None:
        statement = statement.where(is_of(found.c.party_key, party))
    return statement.order_by(aged_from(found, basis), found.c.due_date, found.c.id).limit(
        LISTED_MAX
    )


def party_open(reader: Reader, kind: Kind, party: PartyRef, currency: str) -> int:
    """Return the open amount of a party in one currency, in minor units."""
    open_minor = cast(func.sum(func.coalesce(_PARTY.open_minor, 0)), BigInteger)
    statement = select(open_minor.label("open_minor")).where(
        owned(AgeingByParty),
        _PARTY.kind == inlined(kind),
        _PARTY.currency == currency,
        _PARTY.n > inlined(0),
        is_of(_PARTY.party_key, party),
    )
    return reader.read(statement)[0][0]["open_minor"] or 0


def aged_from(found: Subquery, basis: Basis) -> ColumnElement[date]:
    """Return the column from which the age is counted: due date or issue date."""
    day: ColumnElement[date] = found.c.due_date if basis == "due_date" else found.c.issue_date
    return day


def age_on(due: ColumnElement[date], day: date) -> ColumnElement[int]:
    """Return the SQL expression for the age of a due date on a day.

    Age 0 is not past due, 1 is 1 to 30 days past due, 2 is 31 to 60, 3 is 61 to 90, and 4 is more.
    """
    edges = [
        (due >= day, inlined(0)),
        *(
            (due >= day - timedelta(days=past), inlined(age))
            for age, past in enumerate(EDGES, start=1)
        ),
    ]
    return cast(case(*edges, else_=inlined(AGES - 1)), Integer)


def oldest_day(day: date) -> date:
    """Return the earliest due date whose age on a day is below 4, the highest age."""
    return day - timedelta(days=EDGES[-1])
