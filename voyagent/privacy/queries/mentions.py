"""Records of other customers and suppliers that name a person in a free text.

`rules/register.py` lists the columns that are searched. The SQL statements have no tenant
condition: row-level security limits them to the current agency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import text

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.privacy.rules.register import MENTIONS, RECORDS, Holding, Mention
from voyagent.privacy.rules.spellings import Expressions

KINDS = (*RECORDS, "audit_event")
PRIVATE_TEXTS = """
(select '"' || string_agg(v #>> '{}', '"') || '"'
   from jsonb_path_query(p.parts, '$.**') v where jsonb_typeof(v) = 'string')
"""
"""The texts in the private part `p` of an audit event, without the names of their members."""
_CONFIRMED = text("""
select kind, array_agg(record_id) as ids from person_links
 where party_id = :party_id and kind = any(:kinds) group by kind
""")
# An entry has the texts of its document, and a reversal those of the entry that it reverses.
_ENTRIES = text("""
with recursive source as (
  select unnest(cast(:documents as uuid[])) as id
  union select id from write_offs where invoice_id = any(:documents)
  union select id from refunds where payment_id = any(:documents)
), entry as (
  select id from journal_entries
   where id = any(:entries) or source_id in (select id from source)
      or purpose like 'cancellation %' and source_id in (
        select coalesce(invoice_id, bill_id) from cancellation_lines
         where cancellation_id = any(:documents))
  union select e.id from journal_entries e join entry on e.reverses_id = entry.id
)
select array(select id from entry)
""")
# The entries of accrued cost name the service or the trip, and the supplier. That of a bill which
# takes over the cost is an entry of the bill.
_ACCRUALS = text("""
with recursive expected as (
  select id from expected_bills where trip_id = any(:trips) or party_id = :party_id
  union select a.expected_bill_id
          from accruals a join bills b on b.tenant_id = a.tenant_id and b.id = a.bill_id
         where b.party_key = :key
), entry as (
  select entry_id as id from accruals
   where kind <> 'billed' and expected_bill_id in (select id from expected)
  union select e.id from journal_entries e join entry on e.reverses_id = entry.id
)
select array(select id from entry)
""")
_EVENTS = text(
    """
select array(
  select p.seq from audit_private p join audit_events e
      on e.tenant_id = p.tenant_id and e.seq = p.seq
   where p.parts::text ~* any(cast(:prefilters as text[]))
     and PRIVATE_TEXTS ~* any(cast(:patterns as text[]))
     and (e.id::text = any(cast(:ids as text[]))
          or exists (select from jsonb_each(e.entity_refs) refs(name, value)
                      where value #>> '{}' = any(cast(:ids as text[]))))
)
""".replace("PRIVATE_TEXTS", PRIVATE_TEXTS)
)
# The other events are found by the record to which they refer.
_EVENT_CANDIDATES = text(
    """
select 'audit_event' as kind, e.id as record_id, e.recorded_at as at, 'mentioned' as reason,
       concat_ws(', ', e.kind, p.parts #>> '{inputs,reason}', p.parts #>> '{inputs,name}') as title
  from audit_private p join audit_events e on e.tenant_id = p.tenant_id and e.seq = p.seq
 where not e.entity_refs ?| array['party_id', 'enquiry_id', 'trip_id', 'session_id', 'invoice_id',
         'bill_id', 'payment_id', 'credit_note_id', 'supplier_credit_id', 'journal_entry_id']
   and (lower(p.parts::text) like all(cast(:names as text[]))
        or p.parts::text ~* any(cast(:patterns as text[])))
   and (lower(PRIVATE_TEXTS) like all(cast(:names as text[]))
        or PRIVATE_TEXTS ~* any(cast(:patterns as text[])))
   and e.id <> all(:linked_audit_event)
 order by e.seq desc limit :most
""".replace("PRIVATE_TEXTS", PRIVATE_TEXTS)
)
_TRIP = "concat_ws(' ', t.title, t.notes, t.sent_to)"
_SERVICE = "concat_ws(' ', t.details, t.supplier, t.supplier_ref)"
_ENQUIRY = "concat_ws(' ', t.notes, t.origin, t.destination)"
_TEXTS = {
    "enquiry": (("enquiries", "id", _ENQUIRY),),
    "trip": (("trips", "id", _TRIP), ("trip_lines", "trip_id", _SERVICE)),
}
"""Tables, columns with the id of the record, and texts of records that have no `Mention`."""
_OWN = {
    kind: f"in (select t.id from {holding.table} t where {holding.linked})"  # noqa: S608 - of the register
    for kind, (holding, mention) in RECORDS.items()
    if mention.posted
} | {"trip": "= any(:trips)"}
"""Conditions for ids of the records whose texts an erasure keeps with a pseudonym, by kind."""
_TRIP_TITLES = text("select id, title from trips where id = any(:ids)")
_EVENTS_UNREPLACED = text(
    """
select e.id from audit_events e join audit_private p
    on p.tenant_id = e.tenant_id and p.seq = e.seq
 where e.id = any(:ids) and (PRIVATE_TEXTS ~* any(cast(:patterns as text[]))) is not true
""".replace("PRIVATE_TEXTS", PRIVATE_TEXTS)
)
_EVENT_NAMES = text(
    """
select exists (
  select from audit_events e join audit_private p on p.tenant_id = e.tenant_id and p.seq = e.seq
   where e.id = :id and (lower(PRIVATE_TEXTS) like all(cast(:names as text[]))
                         or PRIVATE_TEXTS ~* any(cast(:patterns as text[]))))
""".replace("PRIVATE_TEXTS", PRIVATE_TEXTS)
)
_EVENT_TITLES = text("select id, kind as title from audit_events where id = any(:ids)")


def linked(party_id: UUID, key: str, trips: Sequence[UUID]) -> dict[str, list[UUID]]:
    """Return the ids of records of somebody else that are linked to a party, by kind.

    The journal entries of a linked document are linked too, and those of cost that is accrued for
    one of the `trips` or for the party as supplier. `key` is the `party_key` of the party.
    """
    found = db.session.execute(_CONFIRMED, {"party_id": party_id, "kinds": [*KINDS]})
    confirmed: dict[str, list[UUID]] = {row.kind: list(row.ids) for row in found}
    records = {kind: confirmed.get(kind, []) for kind in KINDS}
    if any(records.values()):
        documents = [one for kind in RECORDS for one in records[kind]]
        entries = {"documents": documents, "entries": records["journal_entry"]}
        records["journal_entry"] = list(db.session.scalar(_ENTRIES, entries) or ())
    values = {"party_id": party_id, "key": key, "trips": list(trips)}
    accrued = db.session.scalar(_ACCRUALS, values) or ()
    records["journal_entry"] = [*dict.fromkeys((*records["journal_entry"], *accrued))]
    return records


def events(ids: Iterable[UUID], words: Expressions) -> list[int]:
    """Return the sequence numbers of audit events whose personal text names a person.

    `words` has expressions for the names and contact details. An event is searched only if its own
    id or the id of a record to which it refers is in `ids`.
    """
    values = {
        "ids": [str(one) for one in ids],
        "patterns": words.patterns,
        "prefilters": words.prefilters,
    }
    found = db.session.scalar(_EVENTS, values)
    return list(found or ())


def candidates(kind: str, values: Row) -> list[Row]:
    """Return unlinked records of one kind that name a person, newest first.

    `values` has the keys of `Links.parameters` and three more:

    - `most`: the largest number of rows.
    - `names`: LIKE patterns. A text that matches all of them names the person.
    - `patterns`: regular expressions. A text that matches one of them names the person.

    An audit event is returned only if it refers to no party, enquiry, trip, conversation, document
    or journal entry.
    """
    if kind not in RECORDS:
        return [dict(row) for row in db.session.execute(_EVENT_CANDIDATES, values).mappings()]
    holding, record = RECORDS[kind]
    named = " union ".join(
        f"select t.{mention.record} from {one.table} t where {mention.offered}"  # noqa: S608 - of the register
        f" and (lower({_text(mention)}) like all(cast(:names as text[]))"
        f" or {_text(mention)} ~* any(cast(:patterns as text[])))"
        for one, mention in MENTIONS
        if mention.kind == kind
    )
    statement = (
        f"select '{kind}' as kind, t.id as record_id, {record.title} as title, t.{record.at} as at,"  # noqa: S608
        f" 'mentioned' as reason from {holding.table} t where t.id in ({named})"
        f" and t.id <> all(:linked_{kind}) and ({holding.linked}) is not true"
        f" order by t.{record.at} desc limit :most"
    )
    return [dict(row) for row in db.session.execute(text(statement), values).mappings()]


def rows_of(holding: Holding, values: Row) -> list[Row]:
    """Return the rows of one table that name a person but belong to somebody else.

    Such a row is, for example, a line of another customer's invoice. Only rows of records that are
    linked to the person are returned. Each text in these rows that does not name the person is
    replaced by None, unless the whole row is about the person. `values` has the keys of
    `Links.parameters`, and `patterns`: regular expressions for the names and contact details of the
    person.
    """
    mention = holding.mention
    if mention is None:
        return []
    texts = (
        f"t.{one}"
        if mention.is_whole
        else f"case when t.{one} ~* any(cast(:patterns as text[])) then t.{one} end as {one}"
        for one in mention.texts
    )
    columns = ", ".join((*(f"t.{one}" for one in mention.shown), *texts))
    statement = f"select {columns} from {holding.table} t where {_named(holding, mention)}"  # noqa: S608 - of the register
    return [dict(row) for row in db.session.execute(text(statement), values).mappings()]


def count_of(holding: Holding, values: Row) -> int:
    """Return the number of rows that `rows_of` returns."""
    if holding.mention is None:
        return 0
    statement = f"select count(*) from {holding.table} t where {_named(holding, holding.mention)}"  # noqa: S608 - of the register
    return int(db.session.scalar(text(statement), values) or 0)


def unreplaced(kind: str, ids: list[UUID], searched: Row) -> list[UUID]:
    """Return the ids of the records in which an erasure would not replace all names.

    Such a record names the person in a way that no pattern finds, such as a nickname. `ids` are
    confirmed records of the kind `kind`. `searched` has `patterns`, regular expressions for the
    names and contact details, and `names`, LIKE patterns of the words of the name.
    """
    if kind == "audit_event":
        statement = _EVENTS_UNREPLACED
    else:
        texts = _TEXTS.get(kind) or [
            (one.table, mention.record, _text(mention))
            for one, mention in MENTIONS
            if mention.kind == kind
        ]
        rows = " union all ".join(
            f"select t.{record} as id, {words} as words from {table} t where t.{record} = any(:ids)"  # noqa: S608 - of the register
            for table, record, words in texts
        )
        statement = text(
            f"select id from ({rows}) t group by id"  # noqa: S608 - of the register
            " having bool_or(words ~* any(cast(:patterns as text[]))) is not true"
            " or bool_or(lower(app.without_words(words, cast(:patterns as text[]), '')) like"
            " all(cast(:names as text[])))"
        )
    return list(db.session.scalars(statement, searched | {"ids": ids}))


def own_unreplaced(values: Row, most: int) -> list[Row]:
    """Return records of the person in which an erasure would leave the name.

    `values` has the keys of `Links.parameters`, `patterns` as in `unreplaced`, and `words`: regular
    expressions for the words of the name. Rows: kind, record_id, title. There are at most `most`
    rows of each kind.
    """
    found = []
    for kind, own in _OWN.items():
        texts = [
            (one.table, mention.record, _text(mention))
            for one, mention in MENTIONS
            if mention.kind == kind
        ] or [("trips", "id", "t.title"), ("trip_lines", "trip_id", _SERVICE)]
        rows = " union all ".join(
            f"select t.{record} as id, normalize({words}, NFKC) as words from {table} t"  # noqa: S608 - of the register
            f" where t.{record} {own}"
            for table, record, words in texts
        )
        # The first condition is the cheap one; most texts of documents have no name.
        statement = text(
            f"select distinct id from ({rows}) t where words ~* all(cast(:words as text[]))"  # noqa: S608 - of the register
            " and app.without_words(words, cast(:patterns as text[]), '') ~*"
            " all(cast(:words as text[])) order by id desc limit :most"
        )
        ids = list(db.session.scalars(statement, values | {"most": most}))
        titles = titles_of(kind, ids) if ids else {}
        found += [{"kind": kind, "record_id": one, "title": titles.get(one)} for one in ids]
    return found


def names_person(kind: str, record_id: UUID, values: Row) -> bool:
    """Return True if a record names a person, or belongs to the person.

    `values` has `key`, which is the `party_key` of the party, `party_id`, and the search values
    `names` and `patterns` (see `candidates`).
    """
    if kind == "audit_event":
        return bool(db.session.scalar(_EVENT_NAMES, values | {"id": record_id}))
    holding, _record = RECORDS[kind]
    named = "".join(
        f" or exists (select from {one.table} t where t.{mention.record} = :id"
        f" and (lower({_text(mention)}) like all(cast(:names as text[]))"
        f" or {_text(mention)} ~* any(cast(:patterns as text[]))))"
        for one, mention in MENTIONS
        if mention.kind == kind
    )
    statement = (
        f"select exists (select from {holding.table} t where t.id = :id and ({holding.linked}))"  # noqa: S608 - of the register
        f"{named}"
    )
    return bool(db.session.scalar(text(statement), values | {"id": record_id}))


def titles_of(kind: str, ids: list[UUID]) -> dict[UUID, str]:
    """Return the titles of records of one kind by id; deleted records are left out."""
    if kind not in RECORDS:
        statement = _TRIP_TITLES if kind == "trip" else _EVENT_TITLES
        return {row.id: row.title for row in db.session.execute(statement, {"ids": ids})}
    holding, record = RECORDS[kind]
    statement = text(
        f"select t.id, {record.title} as title from {holding.table} t where t.id = any(:ids)"  # noqa: S608 - of the register
    )
    return {row.id: row.title for row in db.session.execute(statement, {"ids": ids})}


def exists(kind: str, record_id: UUID) -> bool:
    """Return True if the agency has a record of this kind and id."""
    return bool(titles_of(kind, [record_id]))


def _named(holding: Holding, mention: Mention) -> str:
    """Return the SQL condition for linked rows of others whose text names the person."""
    return (
        f"t.{mention.record} = any(:linked_{mention.kind}) and ({holding.linked}) is not true"
        f" and {_text(mention)} ~* any(cast(:patterns as text[]))"
    )


def _text(mention: Mention) -> str:
    return f"concat_ws(' ', {', '.join(f't.{one}' for one in mention.texts)})"
