"""Reading parties: one, by its id or by the name on a document, and a page of the list by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, literal, select

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.pages import NameCursor
from voyagent.kernel.patterns import contains, contains_any
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.party_lines import party_balances_statement
from voyagent.parties.models import Party

_PARTIES = Party.__table__.c
COLUMNS = (
    *(
        "id",
        "name",
        "is_customer",
        "is_supplier",
        "email",
        "phone",
        "address",
        "country",
        "state",
        "tax_number",
        "terms_days",
        "notes",
    ),
    *("is_archived", "created_at", "updated_at"),
)
NAMES_MAX = 500
"""How many names a form offers at most."""
STANDING = {"receivable": 1, "customer_advances": -1, "payable": -1, "supplier_advances": 1}
"""The accounts on which a party stands, and the sign of debits there."""
KINDS = {"customer": _PARTIES.is_customer, "supplier": _PARTIES.is_supplier}


class PartyNotFound(NotFound):
    """No such customer or supplier in the agency."""

    code = "party_not_found"
    message = N_("We could not find that customer or supplier.")


@dataclass(frozen=True, slots=True)
class PartySearch:
    """What the list is narrowed to: a part of name, e-mail, phone or tax number; customer or
    supplier; archived ones alone, or none of them.
    """

    text: str | None = None
    kind: str | None = None
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class PartiesListed:
    """A page of the list, by name; `next_cursor` is None where the list ends."""

    items: list[Row]
    next_cursor: str | None


def get_party(party_id: UUID, *, lock: bool = False) -> Party:
    """A party of the agency; `lock` holds its row until the transaction ends.

    Raises PartyNotFound.
    """
    statement = select(Party).where(Party.id == party_id)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    found = db.session.scalar(statement)
    if found is None:
        raise PartyNotFound
    return found


def read_party(reader: Reader, party_id: UUID) -> Row:
    """A party as a row. Raises PartyNotFound."""
    rows = reader.read(_columns().where(_PARTIES.id == party_id))[0]
    if not rows:
        raise PartyNotFound
    return rows[0]


def row_of(party: Party) -> Row:
    """A loaded party as a row."""
    return {name: getattr(party, name) for name in COLUMNS}


def terms_days(name: str) -> int | None:
    """Within how many days of issue the documents of a party are due, by its name; None where the
    party is not known or has no terms.
    """
    return db.session.scalar(select(Party.terms_days).where(Party.party_key == func.lower(name)))


def tax_standing(name: str) -> Row | None:
    """Where a party is taxed, by its name: country, state, tax_number; None where the party is not
    known.
    """
    found = (
        db.session.execute(
            select(Party.country, Party.state, Party.tax_number).where(
                Party.party_key == func.lower(name)
            )
        )
        .mappings()
        .first()
    )
    return None if found is None else dict(found)


def email_of(name: str) -> str | None:
    """The e-mail address of a party, by its name; None where the party is not known or has none."""
    return db.session.scalar(select(Party.email).where(Party.party_key == func.lower(name)))


def known_names(kind: str) -> list[str]:
    """The names of customers or suppliers that a form offers while one is typed; those that were
    put away are not offered.
    """
    statement = (
        select(Party.name)
        .where(KINDS[kind], Party.is_archived.is_(False))
        .order_by(Party.party_key)
        .limit(NAMES_MAX)
    )
    return list(db.session.scalars(statement))


def names_statement(kind: str, parts: Iterable[str]) -> Select[Any]:
    """The names of customers or suppliers that have any of these parts, which are in small letters:
    name.
    """
    return select(_PARTIES.name.label("name")).where(
        owned(Party), KINDS[kind], _PARTIES.party_key.like(contains_any(parts))
    )


def is_named(name: str) -> ColumnElement[bool]:
    """Whether a customer or supplier bears a name, whatever its case; a condition for any select."""
    return exists().where(owned(Party), _PARTIES.party_key == func.lower(literal(name)))


def list_parties(
    reader: Reader, search: PartySearch, *, limit: int = 50, cursor: NameCursor | None = None
) -> PartiesListed:
    """Parties by name, behind the row of a cursor.

    A part of a word is looked for in the agency's parties one by one: they are thousands at most.
    """
    rows = reader.read(_list_statement(search, limit + 1, cursor))[0]
    shown = rows[:limit]
    return PartiesListed(
        shown, NameCursor(shown[-1]["party_key"]).encode() if len(rows) > limit else None
    )


def read_standing(reader: Reader, name: str, until: date) -> list[Row]:
    """What the books say of a party on the evening of a day, for each account of documents and
    advances and each currency that is not even.

    Rows: purpose, currency, minor. Above zero is as the account usually stands: owed to us for
    receivable and supplier_advances, by us for the others.
    """
    rows = reader.read(party_balances_statement(tuple(STANDING), name, until))[0]
    told = [
        {
            "purpose": row["purpose"],
            "currency": row["currency"],
            "minor": STANDING[row["purpose"]] * (row["debit_minor"] - row["credit_minor"]),
        }
        for row in rows
    ]
    return [row for row in told if row["minor"]]


@cached_statement
def _list_statement(search: PartySearch, limit: int, cursor: NameCursor | None) -> Select[Any]:
    statement = _columns().where(*_conditions(search))
    if cursor is not None:
        statement = statement.where(_PARTIES.party_key > cursor.key)
    return statement.add_columns(_PARTIES.party_key).order_by(_PARTIES.party_key).limit(limit)


def _columns() -> Select[Any]:
    return select(*(_PARTIES[name] for name in COLUMNS)).where(owned(Party))


def _conditions(search: PartySearch) -> list[Any]:
    wanted: list[Any] = [_PARTIES.is_archived.is_(search.is_archived)]
    if search.kind is not None:
        wanted.append(KINDS[search.kind])
    if search.text and search.text.strip():
        wanted.append(_PARTIES.search.like(func.lower(contains(search.text.strip()))))
    return wanted
