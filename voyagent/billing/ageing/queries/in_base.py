"""Query of the base amounts that open documents in other currencies carry, by age."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Select, cast, func, select

from voyagent.billing.core.queries.open_documents import EVER, Kind, open_instalments
from voyagent.billing.core.queries.open_list import Basis, age_on, aged_from
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.rates.queries import base_currency


@cached_statement
def carried_by_age_statement(kind: Kind, as_of: date, basis: Basis = "due_date") -> Select[Any]:
    """Select the open base amounts of documents in other currencies, by age.

    Documents and payments after `as_of` are left out. Each instalment has an age of its own.

    Rows: currency, age, base_minor, unknown (the number of instalments of documents without a base
    amount, which count as zero).
    """
    found = open_instalments(kind, *EVER, as_of).subquery("found")
    age = age_on(aged_from(found, basis), as_of)
    return (
        select(
            found.c.currency,
            age.label("age"),
            cast(func.coalesce(func.sum(found.c.open_base_minor), 0), BigInteger).label(
                "base_minor"
            ),
            func.count().filter(found.c.open_base_minor.is_(None)).label("unknown"),
        )
        .where(found.c.currency != base_currency())
        .group_by(found.c.currency, age)
        .order_by(found.c.currency, age)
    )
