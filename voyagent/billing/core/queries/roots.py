"""Rows of merged parties under the key and the name of their root.

The root is the party into which other parties, its members, were merged.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, Subquery, Text, any_, cast, func, select

from voyagent.parties import queries as parties


def by_root(rows: FromClause) -> Subquery:
    """Return rows in which merged parties have the key and name of their root."""
    merged = parties.merged_keys()
    of_root = {
        "party_key": func.coalesce(merged.c.root_key, rows.c.party_key),
        "party_name": func.coalesce(merged.c.root_name, rows.c.party_name),
    }
    columns = (of_root.get(one.name, one).label(one.name) for one in rows.c)
    joined = rows.outerjoin(merged, merged.c.key == rows.c.party_key)
    return select(*columns).select_from(joined).subquery("by_root")


def is_one_of(party_key: ColumnElement[Any], keys: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a key is that of one of these roots or their members.

    The keys are read once for each statement, so an index on the column finds its rows.
    """
    given, merged = cast(list(keys), ARRAY(Text)), parties.merged_keys()
    members = select(func.array_agg(merged.c.key)).where(merged.c.root_key == any_(given))
    both = select(func.array_cat(given, members.scalar_subquery()))
    return party_key == any_(cast(both.scalar_subquery(), ARRAY(Text)))
