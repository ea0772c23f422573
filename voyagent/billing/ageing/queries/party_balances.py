"""Query of parties by open amount, with their advances, as of the end of any day.

A `party_key` identifies a party of an agency: its name in lower case, followed by its id if another
party has this name.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from voyagent.billing.ageing.queries.advances import advances_of_parties
from voyagent.billing.ageing.queries.open_items import open_by_party
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.ledger.queries.party_lines import PartyRef, is_of


@cached_statement
def balances_statement(
    kind: Kind,
    first: date,
    last: date,
    as_of: date,
    *,
    skip: int,
    limit: int,
    party: PartyRef | None = None,
) -> Select[Any]:
    """Select a page of parties in each currency, largest open amount first.

    `skip` is the number of parties before the page. If a currency has no more than `skip` parties,
    its first page is returned. The party named by `party` is always included. Documents and
    payments outside the period are left out.

    Rows: currency, party_key, party_name, open_minor, unapplied_minor (the party's advances), place
    (rank from 1), parties (number of parties in the currency).
    """
    documents, payments = (
        open_by_party(kind, first, last, as_of).c,
        advances_of_parties(kind, first, last, as_of).c,
    )
    columns = ("currency", "party_key", "party_name", "n")
    both = union_all(
        select(
            *(documents[name] for name in columns),
            documents.open_minor,
            literal(0, BigInteger()).label("unapplied_minor"),
        ),
        select(
            *(payments[name] for name in columns),
            literal(0, BigInteger()),
            payments.unapplied_minor,
        ),
    ).subquery("both")
    open_minor, unapplied_minor = (
        cast(func.sum(both.c[name]), BigInteger) for name in ("open_minor", "unapplied_minor")
    )
    order = (open_minor.desc(), unapplied_minor.desc(), both.c.party_key)
    placed = (
        select(
            both.c.currency,
            both.c.party_key,
            func.max(both.c.party_name).label("party_name"),
            open_minor.label("open_minor"),
            unapplied_minor.label("unapplied_minor"),
            func.row_number().over(partition_by=both.c.currency, order_by=order).label("place"),
            func.count().over(partition_by=both.c.currency).label("parties"),
        )
        .group_by(both.c.currency, both.c.party_key)
        .having(func.sum(both.c.n) > 0)
        .subquery("placed")
    )
    offset = case((placed.c.parties > skip, skip), else_=0)
    shown: ColumnElement[bool] = placed.c.place.between(offset + 1, offset + limit)
    if party is not None:
        shown = or_(shown, is_of(placed.c.party_key, party))
    return select(placed).where(shown).order_by(placed.c.currency, placed.c.place)
