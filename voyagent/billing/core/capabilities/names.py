"""Names of customers and suppliers: similar ones, and choice among equal ones."""

from __future__ import annotations

from flask_babel import gettext

from voyagent.approvals.service.effects import CheckShown
from voyagent.billing.core.queries import names as namesakes_queries
from voyagent.billing.core.queries.names import Side
from voyagent.capabilities.capability import Choice, Invocation
from voyagent.capabilities.cards import day
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.parties import queries as parties
from voyagent.taxes.rules.tables import states

_PHONE_SHOWN = 4
"""Digits of a phone number that tell parties apart; a conversation stores no more of it."""


def check_name(reader: Reader, name: str, side: Side) -> list[CheckShown]:
    """Return a warning if a name is unknown and similar to the name of a known party.

    In all other cases the list is empty.
    """
    found = namesakes_queries.read_namesakes(reader, name, side)
    if not found.is_doubtful:
        return []
    near = ", ".join(found.near)
    words = (
        gettext("New customer. Similar names: %(near)s", near=near)
        if side == "customer"
        else gettext("New supplier. Similar names: %(near)s", near=near)
    )
    return [CheckShown(ok=False, text=words)]


def namesakes(call: Invocation, name: str) -> list[Choice]:
    """Return the customers and suppliers that share a name.

    The list is empty if only one has the name. Without a name, all parties that share their name
    with another one are returned.
    """
    rows = parties.read_namesakes(call.reader, name or None)
    return [Choice(str(row["id"]), _label(row)) for row in rows]


def _label(row: Row) -> str:
    """Return a name with state, end of the phone number and day of the record."""
    state = states(row["country"] or "").get(row["state"] or "")
    phone = (row["phone"] or "")[-_PHONE_SHOWN:]
    facts = (
        row["name"],
        state and gettext(state),
        phone and gettext("phone number ending in %(digits)s", digits=phone),
        gettext("added on %(day)s", day=day(row["created_at"].date().isoformat())),
    )
    return ", ".join(str(fact) for fact in facts if fact)
