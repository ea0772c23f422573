"""Queries of customers and suppliers: by id, by name, the list, and similar ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, cast
from uuid import UUID

from babel.core import Locale
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    Subquery,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    case,
    cast as sql_cast,
    exists,
    false as sql_false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from voyagent.kernel.database.read_pool import Reader, Row, SessionReader, first_row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db, load_one
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.keyring import current_keyring, opened_text
from voyagent.kernel.pages import CursorPage, NameCursor
from voyagent.kernel.patterns import contains, contains_any
from voyagent.kernel.tenancy import owned, owned_by_key
from voyagent.ledger.queries.party_lines import PartyRef, party_balances_statement
from voyagent.parties.models import (
    TAX_NUMBER,
    Party,
    PartyAddress,
    PartyContact,
    PartyMerge,
    PartyRoot,
    PartyTaxNumber,
    found_by,
    plain_number,
)
from voyagent.taxes.rules import numbers
from voyagent.taxes.rules.numbers import COUNTRY as INDIA
from voyagent.taxes.rules.tables import states

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
        "external_id",
        "credit_limit_minor",
        "credit_limit_currency",
        "is_on_hold",
        "notes",
    ),
    *("is_archived", "origin", "created_at", "updated_at"),
)
NAMES_MAX = 500
"""Largest number of names that a form suggests."""
Detail = TypeVar("Detail", PartyAddress, PartyContact, PartyTaxNumber)
"""An address, contact or further tax number of a party."""
AnyDetail = PartyAddress | PartyContact | PartyTaxNumber
SIGNS = {
    "receivable": 1,
    "customer_advances": -1,
    "customer_credits": -1,
    "payable": -1,
    "supplier_advances": 1,
    "supplier_claims": 1,
}
"""Purposes of accounts that have a balance per party, and the sign of a debit in each.

With this sign, the usual balance of each account is positive.
"""
SIMILAR_MAX = 5
CANDIDATES_MAX = 20
"""Largest number of parties with one name among which a user chooses."""
_LIKENESS = 0.6
"""Least similarity of two names, by their trigrams; one wrong letter in a name of two words."""
_PHONE_DIGITS = 10
"""Digits at the end of a phone number that are compared: those without the country code."""
AUTOMATIC = ("document", "migration")
"""Origins of parties that nobody has recorded or changed: they have a name and nothing else."""
WITH_PARTY = ("invoices", "bills", "credit_notes", "supplier_credits", "payments", "postings")
"""Tables whose rows have the id of a party and its name."""
KINDS = {"customer": _PARTIES.is_customer, "supplier": _PARTIES.is_supplier}


class PartyNotFound(NotFound):
    """The agency has no such customer or supplier."""

    code = "party_not_found"
    message = N_("We could not find that customer or supplier.")


class ContactNotFound(NotFound):
    """The party has no such contact."""

    code = "contact_not_found"
    message = N_("We could not find that contact.")


class AddressNotFound(NotFound):
    """The party has no such address."""

    code = "address_not_found"
    message = N_("We could not find that address.")


class TaxNumberNotFound(NotFound):
    """The party has no such further tax number."""

    code = "tax_number_not_found"
    message = N_("We could not find that tax number.")


@dataclass(frozen=True, slots=True)
class PartySearch:
    """Filters of the list of parties.

    `text` is part of a name, e-mail address or phone number, or a whole tax number or PAN.
    `external_id` is the whole id of a party in another program.
    """

    text: str | None = None
    kind: str | None = None
    external_id: str | None = None
    is_archived: bool = False


def get_party(party_id: UUID, *, lock: bool = False) -> Party:
    """Return a party of the agency; `lock` locks its row until the transaction ends.

    Raises PartyNotFound.
    """
    return load_one(select(Party).where(Party.id == party_id), PartyNotFound, lock=lock)


def name_of(party_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return an SQL subquery of the name of a party."""
    return (
        select(_PARTIES.name).where(owned_by_key(Party), _PARTIES.id == party_id).scalar_subquery()
    )


def find_named(name: str) -> Sequence[Party]:
    """Return the active parties with a name, ignoring case, at most CANDIDATES_MAX.

    If all parties with the name are archived, these are returned. Of parties that are merged with
    each other, only one is returned: the one into which the others are merged, if it has the name.
    """
    found = db.session.scalars(
        select(Party).where(has_name(name)).order_by(Party.party_key).limit(CANDIDATES_MAX)
    ).all()
    meant = [party for party in found if not party.is_archived] or found
    if len(meant) == 1:
        return meant
    one_each: dict[UUID, Party] = {}
    for party in meant:
        root_id = root_of(party.id)
        if root_id == party.id or root_id not in one_each:
            one_each[root_id] = party
    return list(one_each.values())


def find_of_name(party_id: UUID, name: str) -> Row | None:
    """Return the party with an id and a name, ignoring case, as a row, or None."""
    found = db.session.scalar(select(Party).where(Party.id == party_id, has_name(name)))
    return row_of(found) if found else None


def read_namesakes(reader: Reader, name: str | None = None) -> list[Row]:
    """Return the active parties that have the name of another one, as rows.

    With a `name`, only parties of this name are returned. Of parties that are merged with each
    other, only one is returned. At most NAMES_MAX parties are read.
    """
    return told_apart(reader.read(namesakes_statement(name))[0])


def namesakes_statement(name: str | None, *, with_archived: bool = False) -> Select[Any]:
    """Select the parties with a name, for `told_apart`.

    Without a name, the parties that have the same name as another one are selected. Rows: the
    columns of a party, `key` (the name in lower case) and `root_id` (see `root_of`).
    """
    roots = cast("Table", PartyRoot.__table__)
    is_member = (roots.c.tenant_id == _PARTIES.tenant_id) & (roots.c.party_id == _PARTIES.id)
    twins = aliased(Party.__table__).c
    shared = select(twins.name_key).where(owned(twins.id.table), twins.name_key.is_not(None))
    of_several = or_(_PARTIES.name_key.is_not(None), _PARTIES.party_key.in_(shared))
    conditions = [of_several if name is None else has_name(name)]
    if not with_archived:
        conditions.append(_PARTIES.is_archived.is_(False))
    key = func.coalesce(_PARTIES.name_key, _PARTIES.party_key)
    return (
        _columns()
        .add_columns(key.label("key"), func.coalesce(roots.c.root_id, _PARTIES.id).label("root_id"))
        .select_from(Party.__table__.outerjoin(roots, is_member))
        .where(*conditions)
        .order_by(_PARTIES.party_key)
        .limit(NAMES_MAX)
    )


def told_apart(found: Sequence[Row]) -> list[Row]:
    """Return one row for each name and root, of the names that several roots share.

    `found` are rows of `namesakes_statement`. The root of a party is the result of `root_of`.
    """
    rows = list({(row["key"], row["root_id"]): row for row in found}.values())
    numbers_of = Counter(row["key"] for row in rows)
    return [with_tax_numbers(row) for row in rows if numbers_of[row["key"]] > 1]


def root_of(party_id: UUID) -> UUID:
    """Return the party under which a party is shown: itself, unless it is merged."""
    root = db.session.scalar(select(PartyRoot.root_id).where(PartyRoot.party_id == party_id))
    return root or party_id


def read_root(reader: Reader, party_id: UUID) -> UUID:
    """Return the root of a party, as `root_of` does."""
    roots = cast("Table", PartyRoot.__table__)
    rows = reader.read(select(roots.c.root_id).where(owned(roots), roots.c.party_id == party_id))[0]
    return rows[0]["root_id"] if rows else party_id


def ids_statement(keys: Collection[str]) -> Select[Any]:
    """Select id and party_key of the parties with these keys."""
    columns = (_PARTIES.id, _PARTIES.party_key)
    return select(*columns).where(owned(Party), _PARTIES.party_key.in_(keys))


def members_of(root_id: UUID) -> list[UUID]:
    """Return the ids of a party and of all parties merged into it, its own id first."""
    members = select(PartyRoot.party_id).where(PartyRoot.root_id == root_id)
    return [root_id, *db.session.scalars(members.order_by(PartyRoot.party_id))]


def group_of(party_id: UUID) -> CompoundSelect[Any]:
    """Select the ids of a party's root and of all parties merged into this root."""
    roots = cast("Table", PartyRoot.__table__)
    own = select(roots.c.root_id).where(owned(roots), roots.c.party_id == party_id)
    root = func.coalesce(own.scalar_subquery(), literal(party_id, Uuid()))
    members = select(roots.c.party_id).where(owned(roots), roots.c.root_id == root)
    return union_all(select(root), members)


def merged_keys() -> Subquery:
    """Select each merged party: key, root_key, root_name."""
    member, root = (aliased(Party.__table__) for _ in range(2))
    roots = cast("Table", PartyRoot.__table__)
    return (
        select(
            member.c.party_key.label("key"),
            root.c.party_key.label("root_key"),
            root.c.name.label("root_name"),
        )
        .select_from(
            roots.join(
                member,
                (member.c.tenant_id == roots.c.tenant_id) & (member.c.id == roots.c.party_id),
            ).join(root, (root.c.tenant_id == roots.c.tenant_id) & (root.c.id == roots.c.root_id))
        )
        .where(owned(roots))
        .subquery("merged")
    )


def read_merges(reader: Reader, party_id: UUID) -> list[Row]:
    """Return the merges of a party and of all merged with it, the newest first.

    Merges that were undone are left out. Rows: id, from_id, from_name, is_on_hold, limit_minor and
    limit_currency (of the merged record), into_id, into_name, reason, merged_at, undone_at (always
    null).
    """
    merges, roots = (cast("Table", one.__table__) for one in (PartyMerge, PartyRoot))
    moved, into = (aliased(Party.__table__) for _ in range(2))
    root = func.coalesce(
        select(roots.c.root_id).where(owned(roots), roots.c.party_id == party_id).scalar_subquery(),
        literal(party_id, Uuid()),
    )
    members = select(roots.c.party_id).where(owned(roots), roots.c.root_id == root)
    return reader.read(
        select(
            merges.c.id,
            merges.c.from_id,
            moved.c.name.label("from_name"),
            moved.c.is_on_hold,
            moved.c.credit_limit_minor.label("limit_minor"),
            moved.c.credit_limit_currency.label("limit_currency"),
            merges.c.into_id,
            into.c.name.label("into_name"),
            merges.c.reason,
            merges.c.merged_at,
            merges.c.undone_at,
        )
        .select_from(
            merges.join(
                moved, (moved.c.tenant_id == merges.c.tenant_id) & (moved.c.id == merges.c.from_id)
            ).join(into, (into.c.tenant_id == merges.c.tenant_id) & (into.c.id == merges.c.into_id))
        )
        .where(owned(merges), merges.c.undone_at.is_(None), merges.c.from_id.in_(members))
        .order_by(merges.c.merged_at.desc(), merges.c.id.desc())
    )[0]


def merge_row(merge: PartyMerge) -> Row:
    """Return a loaded merge as a row."""
    return {column.name: getattr(merge, column.name) for column in PartyMerge.__table__.c}


def has_name(name: str) -> ColumnElement[bool]:
    """Return the condition that a party has a name, ignoring case."""
    key = func.lower(literal(name))
    return or_(_PARTIES.party_key == key, _PARTIES.name_key == key)


def is_key_taken(name: str, *, besides: UUID) -> bool:
    """Return True if another party than `besides` has a name as its key."""
    taken = select(Party.id).where(
        Party.party_key == func.lower(literal(name)), Party.id != besides
    )
    return db.session.scalar(taken) is not None


def find_automatic(name: str) -> Party | None:
    """Return the party of a name that was made automatically, and lock its row.

    Such a party was made for a document or by a migration. The result is None if there is no such
    party, or if a person has completed or archived it since.
    """
    made = select(Party).where(
        has_name(name),
        Party.origin.in_(AUTOMATIC),
        Party.is_archived.is_(False),
    )
    return db.session.scalar(
        made.with_for_update(key_share=True).execution_options(populate_existing=True)
    )


@cached_statement
def untied_statement(table: str) -> Select[Any]:
    """Count the rows of a table whose party id is missing or belongs to another name.

    `table` is one of WITH_PARTY. Selects one row: `untied` is the number of rows that name a party
    and have no `party_id`. `differing` is the number of rows whose name or key is not that of their
    party; only the case of a posted name may differ. If both are 0, sums by id equal sums by key.
    """
    rows = db.metadata.tables[table].c
    numbers: list[Any] = [
        func.count().filter(rows.party_id.is_(None)).label("untied"),
        func.count()
        .filter(
            or_(
                _PARTIES.party_key != rows.party_key,
                func.lower(_PARTIES.name) != func.lower(rows.party_name),
            )
        )
        .label("differing"),
    ]
    return (
        select(*numbers)
        .select_from(rows.party_id.table)
        .outerjoin(
            Party.__table__,
            (_PARTIES.tenant_id == rows.tenant_id) & (_PARTIES.id == rows.party_id),
        )
        .where(owned(rows.party_id.table), rows.party_name.is_not(None))
    )


def read_party(reader: Reader, party_id: UUID) -> Row:
    """Return a party as a row. Raises PartyNotFound."""
    rows = reader.read(_columns().where(_PARTIES.id == party_id))[0]
    return with_tax_numbers(first_row(rows, PartyNotFound))


def get_address(party_id: UUID, address_id: UUID, *, lock: bool = False) -> PartyAddress:
    """Return a further address; `lock` locks the party's row. Raises AddressNotFound."""
    return _get_detail(PartyAddress, party_id, address_id, AddressNotFound, lock=lock)


def read_addresses(reader: Reader, party_id: UUID) -> list[Row]:
    """Return the further addresses of a party by kind, the default of each kind first.

    The rows have the columns of `PartyAddress`.
    """
    columns = PartyAddress.__table__.c
    return reader.read(
        select(*columns)
        .where(owned_by_key(PartyAddress), columns.party_id == party_id)
        .order_by(columns.kind, columns.is_default.desc(), columns.created_at, columns.id)
    )[0]


def get_contact(party_id: UUID, contact_id: UUID, *, lock: bool = False) -> PartyContact:
    """Return a contact; `lock` locks the party's row. Raises ContactNotFound."""
    return _get_detail(PartyContact, party_id, contact_id, ContactNotFound, lock=lock)


def read_contacts(reader: Reader, party_id: UUID) -> list[Row]:
    """Return the contacts of a party, the default first."""
    columns = PartyContact.__table__.c
    return reader.read(
        select(*columns)
        .where(owned_by_key(PartyContact), columns.party_id == party_id)
        .order_by(columns.is_default.desc(), columns.created_at, columns.id)
    )[0]


def get_tax_number(party_id: UUID, tax_number_id: UUID, *, lock: bool = False) -> PartyTaxNumber:
    """Return a further tax number; `lock` locks the party's row.

    Raises TaxNumberNotFound.
    """
    return _get_detail(PartyTaxNumber, party_id, tax_number_id, TaxNumberNotFound, lock=lock)


def read_tax_numbers(reader: Reader, party_id: UUID) -> list[Row]:
    """Return the further tax numbers of a party, by state and default first.

    The rows have the columns of `PartyTaxNumber`, and `number`.
    """
    columns = PartyTaxNumber.__table__.c
    rows = reader.read(
        select(*columns)
        .where(owned_by_key(PartyTaxNumber), columns.party_id == party_id)
        .order_by(
            columns.country,
            columns.state,
            columns.is_default.desc(),
            columns.created_at,
            columns.id,
        )
    )[0]
    return [with_number(row) for row in rows]


def read_all_numbers(reader: Reader, party_id: UUID) -> list[Row]:
    """Return the tax numbers of a party and of records merged with it.

    Rows: id (null for the main number of a record), party_id, country (null), state (null), number,
    is_default. Those of the party itself come first: the defaults, the main one, and the others by
    age.
    """
    further = PartyTaxNumber.__table__.c
    members = group_of(party_id)
    main = select(
        null().cast(Uuid()).label("id"),
        _PARTIES.id.label("party_id"),
        _PARTIES.country,
        _PARTIES.state,
        _PARTIES.tax_number_sealed.label("number_sealed"),
        _PARTIES.tax_number.label("number_clear"),
        sql_false().label("is_default"),
        _PARTIES.created_at,
    ).where(
        owned_by_key(Party),
        _PARTIES.id.in_(members),
        or_(_PARTIES.tax_number_sealed.is_not(None), _PARTIES.tax_number.is_not(None)),
    )
    others = select(
        further.id,
        further.party_id,
        further.country,
        further.state,
        further.number_sealed,
        null().cast(Text()),
        further.is_default,
        further.created_at,
    ).where(owned_by_key(PartyTaxNumber), further.party_id.in_(members))
    found = union_all(main, others).subquery("found")
    rows = reader.read(
        select(found).order_by(
            (found.c.party_id == party_id).desc(),
            found.c.is_default.desc(),
            found.c.id.is_(None).desc(),
            found.c.created_at,
            found.c.id,
        )
    )[0]
    return [with_number(row) for row in rows]


def get_tax_numbers(party_ids: Collection[UUID]) -> Sequence[PartyTaxNumber]:
    """Return the further tax numbers of parties."""
    of_parties = select(PartyTaxNumber).where(PartyTaxNumber.party_id.in_(party_ids))
    return db.session.scalars(of_parties).all()


def pans_of(party_ids: Collection[UUID]) -> frozenset[str]:
    """Return the PANs of parties, also those in their GSTINs."""
    found = {
        party.pan or pan_in(party.tax_number)
        for party in db.session.scalars(select(Party).where(Party.id.in_(party_ids)))
    }
    return frozenset(pan for pan in found if pan) | further_pans(party_ids)


def further_pans(party_ids: Collection[UUID]) -> frozenset[str]:
    """Return the PANs in the further GSTINs of parties."""
    found = {pan_in(one.number) for one in get_tax_numbers(party_ids)}
    return frozenset(pan for pan in found if pan)


def pan_in(number: str | None) -> str | None:
    """Return the PAN in a tax number, or None if it is no GSTIN."""
    return numbers.pan_of(number) if number and numbers.country_of(number) == INDIA else None


def detail_row(detail: AnyDetail) -> Row:
    """Return the columns of an address, contact or further tax number, by name."""
    row = {column.name: getattr(detail, column.name) for column in detail.__table__.columns}
    return row | {"number": detail.number} if isinstance(detail, PartyTaxNumber) else row


def with_tax_numbers(row: Row) -> Row:
    """Return a party's row with tax number and PAN decrypted."""
    known = dict(row)
    tax_number, pan = known.pop("tax_number_sealed"), known.pop("pan_sealed")
    return known | {
        "tax_number": opened_text(TAX_NUMBER, tax_number, known["tax_number"]),
        "pan": opened_text(TAX_NUMBER, pan, None),
    }


def with_number(row: Row) -> Row:
    """Return the row of a tax number with the number decrypted."""
    known = dict(row)
    clear = known.pop("number_clear", None)
    return known | {"number": opened_text(TAX_NUMBER, known.pop("number_sealed"), clear)}


def row_of(party: Party) -> Row:
    """Return the columns of a party by name, with tax number and PAN decrypted."""
    return {name: getattr(party, name) for name in (*COLUMNS, "pan")}


def postal_address(
    party_id: UUID | None, *, address_id: UUID | None = None, state: str | None = None
) -> str | None:
    """Return the address that documents print, as lines, or None if there is none.

    It is the further address with `address_id`. If none is given or it was removed, it is an
    address for billing in the Indian state `state`, else the default address for billing, else the
    main address. An Indian state is printed with its code, another country with its English name.
    """
    is_chosen = func.coalesce(PartyAddress.id == literal(address_id, Uuid()), sql_false())
    is_there = func.coalesce(
        and_(PartyAddress.country == INDIA, PartyAddress.state == literal(state, Text())),
        sql_false(),
    )
    is_billing = and_(PartyAddress.kind == "billing", or_(is_there, PartyAddress.is_default))
    row = db.session.execute(
        select(Party, PartyAddress)
        .outerjoin(
            PartyAddress, and_(PartyAddress.party_id == Party.id, or_(is_chosen, is_billing))
        )
        .where(Party.id == party_id)
        .order_by(
            is_chosen.desc(),
            is_there.desc(),
            PartyAddress.is_default.desc(),
            PartyAddress.created_at,
            PartyAddress.id,
        )
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    party: Party = row[0]
    address: PartyAddress | None = row[1]
    main = {name: getattr(party, name) for name in ("address", "country", "state")}
    names = ("lines", "city", "postcode", "country", "state")
    billed = {name: getattr(address, name) for name in names} if address else None
    return _printed(main, billed)


def read_recipient(reader: Reader, party_id: UUID) -> tuple[str | None, str | None]:
    """Return what documents print of a party: its postal address and its tax number.

    The address is the default one for billing, else the main address, or None. The tax number is
    the main one, or None. Raises PartyNotFound.
    """
    party = read_party(reader, party_id)
    billed = (one for one in read_addresses(reader, party_id) if one["kind"] == "billing")
    address = _printed(party, next((one for one in billed if one["is_default"]), None))
    return address, party["tax_number"]


def terms_days(party: PartyRef) -> int | None:
    """Return the payment terms of a party, in days.

    The result is None if there is no such party, if several have the name, or if the party has no
    terms.
    """
    found = db.session.scalars(select(Party.terms_days).where(_is(party)).limit(2)).all()
    return found[0] if len(found) == 1 else None


def tax_status(party: PartyRef, *, state: str | None = None) -> Row | None:
    """Return country, state, tax number and PAN of a party.

    With `state`, the tax number is the GSTIN of the party in this Indian state, or None. Without
    it, the tax number is the main one, else the GSTIN in the party's own state. The result is None
    if there is no such party, or if several have the name.
    """
    found = (
        db.session.execute(
            select(
                Party.id,
                Party.country,
                Party.state,
                Party.tax_number_clear.label("tax_number"),
                Party.tax_number_sealed,
                Party.pan_sealed,
            )
            .where(_is(party))
            .limit(2)
        )
        .mappings()
        .all()
    )
    if len(found) != 1:
        return None
    row = with_tax_numbers(dict(found[0]))
    if state is None and (row["tax_number"] or row["country"] != INDIA):
        return row
    return _in_state(row, state or row["state"])


def _in_state(row: Row, state: str | None) -> Row:
    """Return a tax status with the GSTIN of the party in a state, or with none.

    It is the default one of the state, else the main one, else the oldest one, and those of the
    party come before those of records merged with it. A GSTIN with another PAN than the party's is
    that of another firm.
    """
    pan = row["pan"] or pan_in(row["tax_number"])
    there = [
        one["number"]
        for one in read_all_numbers(SessionReader(db.session), row["id"])
        if (one["country"], one["state"]) == (INDIA, state) and pan in (None, pan_in(one["number"]))
    ]
    return row | {
        "country": INDIA if there else row["country"],
        "state": state,
        "tax_number": there[0] if there else None,
    }


def credit_terms(
    party_id: SQLColumnExpression[UUID | None], key: SQLColumnExpression[str], *, lock: bool
) -> LateralFromClause:
    """Select credit limits and holds of a party and those merged with it.

    The statement is for a lateral join. `key` finds the party of a draft that has no `party_id`
    yet. There is a row for each record that has a limit or is on hold, ordered by id. With `lock`,
    these rows are locked until the transaction ends. Columns: party_id, limit_minor, currency,
    is_on_hold (true if nothing may be sold to the party).
    """
    roots = select(PartyRoot.root_id).where(PartyRoot.party_id == party_id)
    named, merged = aliased(Party), aliased(PartyRoot)
    of_key = select(named.id).where(named.party_key == key).correlate_except(named)
    root = func.coalesce(
        roots.correlate_except(PartyRoot).scalar_subquery(), party_id, of_key.scalar_subquery()
    )
    members = select(merged.party_id).where(merged.root_id == root).correlate_except(merged)
    statement = (
        select(
            Party.id.label("party_id"),
            Party.credit_limit_minor.label("limit_minor"),
            Party.credit_limit_currency.label("currency"),
            Party.is_on_hold,
        )
        .where(
            Party.id.in_(union_all(select(root).correlate_except(None), members)),
            or_(Party.credit_limit_minor.is_not(None), Party.is_on_hold),
        )
        .order_by(Party.id)
    )
    return (statement.with_for_update(key_share=True) if lock else statement).lateral("terms")


def emails_of(party: PartyRef) -> tuple[str | None, str | None]:
    """Return the e-mail addresses of a party's default contact and of the party.

    Each is None if there is none, or if several parties have the name.
    """
    contact = and_(PartyContact.party_id == Party.id, PartyContact.is_default)
    found = db.session.execute(
        select(PartyContact.email, Party.email)
        .select_from(Party)
        .outerjoin(PartyContact, contact)
        .where(_is(party))
        .limit(2)
    ).all()
    return (found[0][0], found[0][1]) if len(found) == 1 else (None, None)


def known_names(kind: str) -> list[str]:
    """Return the first NAMES_MAX names of customers or suppliers, in order.

    `kind` is `customer` or `supplier`. The names of archived and of merged parties are left out. A
    form suggests these names while a user types.
    """
    merged = exists().where(PartyRoot.party_id == Party.id)
    statement = (
        select(Party.name)
        .where(KINDS[kind], Party.is_archived.is_(False), ~merged)
        .order_by(Party.party_key)
        .limit(NAMES_MAX)
    )
    return list(dict.fromkeys(db.session.scalars(statement)))


def similar(row: Row) -> list[Row]:
    """Return at most SIMILAR_MAX other parties that may be the same as a party.

    `row` has the values of the party. Rows: id, name, reason. The reason is the first that is true
    of `tax_number`, `pan`, `phone`, `email` (each is equal) and `name` (nearly equal). Archived
    parties count too, and so do namesakes: their names are equal. A party with the id of `row` is
    left out, and so is one that `create` would complete.
    """
    key = func.lower(literal(row["name"]))
    likeness = func.similarity(func.lower(Party.name), key)
    conditions = _equal_facts(row) | {"name": likeness >= _LIKENESS}
    is_completed = has_name(row["name"]) & Party.origin.in_(AUTOMATIC) & ~Party.is_archived
    itself = Party.id == row["id"] if "id" in row else is_completed
    found = (
        select(
            Party.id,
            Party.name,
            case(*((one, literal(name)) for name, one in conditions.items())).label("reason"),
        )
        .where(~itself, or_(*conditions.values()))
        .order_by(
            case(*((one, place) for place, one in enumerate(conditions.values()))),
            likeness.desc(),
            Party.party_key,
        )
        .limit(SIMILAR_MAX)
    )
    return SessionReader(db.session).read(found)[0]


def _is(party: PartyRef) -> ColumnElement[bool]:
    return Party.id == party if isinstance(party, UUID) else has_name(party)


def _printed(party: Row, billed: Row | None) -> str | None:
    """Return the printed address of a party.

    `billed` is its default address for billing, if there is one.
    """
    if billed is not None:
        town = " ".join(filter(None, (billed["city"], billed["postcode"])))
        return _lines_of(billed["lines"], town, billed["country"], billed["state"])
    if not party["address"]:
        return None
    return _lines_of(party["address"], "", party["country"], party["state"])


def _lines_of(lines: str, town: str, country: str | None, state: str | None) -> str:
    if country == INDIA:
        name = states(country).get(state or "")
        place = f"{name} ({state})" if name else ""
    else:
        place = Locale("en").territories.get(country or "", "")
    return "\n".join(filter(None, (lines, town, place)))


def _equal_facts(row: Row) -> dict[str, ColumnElement[bool]]:
    """Return the conditions for the values in `row` that another party may have, too.

    The keys are those of `tax_number`, `pan`, `phone` and `email` for which `row` has a value. The
    PAN can be that in the tax number.
    """
    found: dict[str, ColumnElement[bool]] = {}
    keyring = current_keyring()
    number, pan = (plain_number(row.get(name) or "") for name in ("tax_number", "pan"))
    if number:
        digests = keyring.digests(TAX_NUMBER, number)
        found["tax_number"] = _has_digest(Party, digests)
    pan = pan or next(iter(found_by(number)[1:]), "")
    if pan:
        digests = keyring.digests(TAX_NUMBER, pan)
        found["pan"] = or_(Party.pan_digest.in_(digests), _has_digest(Party, digests))
    digits = re.sub(r"\D", "", row.get("phone") or "")[-_PHONE_DIGITS:]
    if digits:
        plain = func.regexp_replace(Party.phone, r"\D", "", "g")
        found["phone"] = func.right(plain, _PHONE_DIGITS) == digits
    if row.get("email"):
        found["email"] = func.lower(Party.email) == func.lower(literal(row["email"]))
    return found


def _has_digest(columns: Any, digests: Sequence[bytes]) -> ColumnElement[bool]:
    """Return the condition that a tax number of a party has a keyed hash.

    `columns` are those of the party.
    """
    further = PartyTaxNumber.__table__.c
    of_further = select(further.party_id).where(
        owned_by_key(PartyTaxNumber), further.number_digests.overlap(list(digests))
    )
    return or_(columns.tax_number_digests.overlap(list(digests)), columns.id.in_(of_further))


def names_statement(kind: str, parts: Iterable[str]) -> Select[Any]:
    """Select names of customers or suppliers that contain any of the texts `parts`.

    `kind` is `customer` or `supplier`. The texts in `parts` are in lower case.
    """
    return select(_PARTIES.name.label("name")).where(
        owned(Party), KINDS[kind], _PARTIES.party_key.like(contains_any(parts))
    )


def is_named(name: str) -> ColumnElement[bool]:
    """Return the condition that a party has a name, ignoring case."""
    return exists().where(owned(Party), has_name(name))


def list_parties(
    reader: Reader, search: PartySearch, *, limit: int = 50, cursor: NameCursor | None = None
) -> CursorPage[Row]:
    """Return a page of parties, ordered by name, that begins after the cursor's party.

    A merged party is not listed: its root is, if the root or any party merged into it matches the
    search. An `external_id` finds just the party that has it, also a merged one. `merged_names` in
    a row has the names of the parties that are merged into its party.
    """
    typed = plain_number(search.text or "")
    digests = tuple(current_keyring().digests(TAX_NUMBER, typed)) if typed else ()
    rows = reader.read(_list_statement(search, digests, limit + 1, cursor))[0]
    shown = [with_tax_numbers(row) for row in rows[:limit]]
    return CursorPage(
        shown, limit, NameCursor(shown[-1]["party_key"]).encode() if len(rows) > limit else None
    )


def read_balances(reader: Reader, party_id: UUID, until: date) -> list[Row]:
    """Return a party's balances at the end of a day; zero balances are left out.

    Each row has `purpose` (the purpose of the account), `currency` and `minor`, the balance in
    minor units. The party owes a positive balance to the agency if the purpose is `receivable` or
    `supplier_advances`. With any other purpose, the agency owes a positive balance to the party.
    """
    rows = reader.read(party_balances_statement(tuple(SIGNS), party_id, until))[0]
    balances = [
        {
            "purpose": row["purpose"],
            "currency": row["currency"],
            "minor": SIGNS[row["purpose"]] * (row["debit_minor"] - row["credit_minor"]),
        }
        for row in rows
    ]
    return [row for row in balances if row["minor"]]


@cached_statement
def _list_statement(
    search: PartySearch, digests: tuple[bytes, ...], limit: int, cursor: NameCursor | None
) -> Select[Any]:
    statement = _columns().where(*_conditions(search, digests))
    if cursor is not None:
        statement = statement.where(_PARTIES.party_key > cursor.key)
    return (
        statement.add_columns(_PARTIES.party_key, _merged_names())
        .order_by(_PARTIES.party_key)
        .limit(limit)
    )


def _merged_names() -> ColumnElement[Any]:
    """Return the names of the parties that are merged into a party, as a column."""
    roots, member = cast("Table", PartyRoot.__table__), aliased(Party.__table__)
    return (
        select(func.array_agg(aggregate_order_by(member.c.name, member.c.party_key)))
        .select_from(
            roots.join(
                member,
                (member.c.tenant_id == roots.c.tenant_id) & (member.c.id == roots.c.party_id),
            )
        )
        .where(owned_by_key(roots), roots.c.root_id == _PARTIES.id)
        .correlate(Party.__table__)
        .scalar_subquery()
        .label("merged_names")
    )


def _columns() -> Select[Any]:
    return select(
        *(_PARTIES[name] for name in COLUMNS), _PARTIES.tax_number_sealed, _PARTIES.pan_sealed
    ).where(owned(Party))


def _conditions(search: PartySearch, digests: tuple[bytes, ...]) -> list[ColumnElement[bool]]:
    """Return the conditions of the list.

    The merged parties that match are found by one subquery for the whole statement, so that indexes
    can be used for the parties themselves.
    """
    is_archived = _PARTIES.is_archived.is_(search.is_archived)
    if search.external_id is not None:
        return [is_archived, *_matches(search, digests, _PARTIES)]
    roots, member = cast("Table", PartyRoot.__table__), aliased(Party.__table__)
    merged = exists().where(owned_by_key(roots), roots.c.party_id == _PARTIES.id)
    conditions = [is_archived, ~merged]
    own = _matches(search, digests, _PARTIES)
    if own:
        found = (
            select(func.array_agg(roots.c.root_id))
            .select_from(
                roots.join(
                    member,
                    (member.c.tenant_id == roots.c.tenant_id) & (member.c.id == roots.c.party_id),
                )
            )
            .where(owned(roots), *_matches(search, digests, member.c))
        )
        of_members = _PARTIES.id == any_(sql_cast(found.scalar_subquery(), ARRAY(Uuid())))
        conditions.append(or_(and_(*own), of_members))
    return conditions


def _matches(
    search: PartySearch, digests: tuple[bytes, ...], columns: Any
) -> list[ColumnElement[bool]]:
    """Return the conditions that a party matches; `columns` are those of the party."""
    wanted: list[ColumnElement[bool]] = []
    if search.kind is not None:
        wanted.append(columns[f"is_{search.kind}"])
    if search.external_id is not None:
        wanted.append(columns.external_id == search.external_id)
    if search.text and search.text.strip():
        wanted.append(
            or_(
                columns.search.like(func.lower(contains(search.text.strip()))),
                _has_digest(columns, digests),
                columns.pan_digest.in_(digests),
            )
        )
    return wanted


def _get_detail(
    model: type[Detail], party_id: UUID, detail_id: UUID, missing: type[NotFound], *, lock: bool
) -> Detail:
    if lock:
        db.session.execute(select(Party.id).where(Party.id == party_id).with_for_update())
    statement = select(model).where(model.id == detail_id, model.party_id == party_id)
    return load_one(statement.execution_options(populate_existing=lock), missing)
