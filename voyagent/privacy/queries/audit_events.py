"""Audit events whose personal text is about a person.

The ids of records are read from each event once, and compared with all ids of the person together:
a person may have thousands of documents, and an agency tens of thousands of events. The SQL
statements have no tenant condition: row-level security limits them to the current agency.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import text

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.privacy.rules.spellings import Expressions

IDENTIFYING = (
    *("customer_name", "vendor_name", "party_name", "full_name", "traveller", "travellers"),
    *("customer_email", "customer_phone", "customer_pan", "customer_tax_number"),
    *("email", "phone", "tax_number"),
)
"""Members of the arguments of an act whose value identifies a customer, supplier or passenger.

The value of another member, such as a currency, a place or a reason, may be the name of a customer
by chance.
"""
# An id inside a longer text was typed by somebody, and is no reference to a record.
_IDS = """
(select e.seq, true as is_reference, value #>> '{}' as id
   from audit_private p join audit_events e on e.tenant_id = p.tenant_id and e.seq = p.seq
        cross join lateral jsonb_each(e.entity_refs) refs(name, value)
  where SEQS
 union all
 select p.seq, false, v #>> '{}'
   from audit_private p cross join lateral jsonb_path_query(p.parts, '$.**') v
  where SEQS and jsonb_typeof(v) = 'string' and length(v #>> '{}') = 36)
"""
_ALL_IDS = _IDS.replace("SEQS", "true")
_SOME_IDS = _IDS.replace("SEQS", "p.seq in (select unnest(cast(:seqs as bigint[])))")
_ABOUT = text(
    f"""
with own as materialized (select unnest(cast(:own as text[])) as id),
     their as materialized (select unnest(cast(:others as text[])) as id)
select seq, bool_or(id in (select id from own) and is_reference) as is_referred,
       bool_or(id in (select id from own)) as is_own
  from {_ALL_IDS} ids
 where id in (select id from own union all select id from their)
 group by seq
"""  # noqa: S608 - constants
)
_IDENTIFIED = text("""
select p.seq from audit_private p
 where p.parts::text ~* any(cast(:prefilters as text[]))
   and exists (
     select from unnest(cast(:members as text[])) member,
            lateral jsonb_path_query(p.parts, cast('$.**."' || member || '"[*]' as jsonpath)) v
      where v #>> '{}' ~* any(cast(:whole as text[]))
        and not exists (select from parties o
                         where o.id <> :party_id and lower(o.name) = lower(v #>> '{}')))
""")
_OF_OTHERS = text(
    f"""
with ids as materialized (
  select distinct seq, cast(id as uuid) as id from {_SOME_IDS} ids
   where id ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
     and id not in (select unnest(cast(:linked as text[])))
)
select distinct seq from ids
 where exists (select from parties t where t.id = ids.id)
    or exists (select from enquiries t where t.id = ids.id)
    or exists (select from trips t where t.id = ids.id)
    or exists (select from invoices t where t.id = ids.id and t.party_key <> :key)
    or exists (select from bills t where t.id = ids.id and t.party_key <> :key)
    or exists (select from payments t where t.id = ids.id and t.party_key <> :key)
    or exists (select from credit_notes t where t.id = ids.id and t.party_key <> :key)
    or exists (select from supplier_credits t where t.id = ids.id and t.party_key <> :key)
    or exists (select from journal_entries t where t.id = ids.id
                  and t.id not in (select id from app.entries_of_party(:key)))
"""  # noqa: S608 - constants
)
_ACTS = text(
    f"""
select p.seq from audit_private p
  join audit_events e on e.tenant_id = p.tenant_id and e.seq = p.seq
  join approvals a on a.tenant_id = e.tenant_id and a.id = e.entity_refs ->> 'approval_id'
 where p.seq = any(:seqs) and a.effect_status = 'done' and a.amount_minor is not null
except
select seq from {_SOME_IDS} ids
 where id in (select id::text from unnest(cast(:trips as uuid[])) own(id)
              union all select id::text from trip_lines where trip_id = any(:trips))
"""  # noqa: S608 - constants
)


def about(
    party_id: UUID,
    key: str,
    *,
    own: Collection[str],
    others: Collection[str],
    linked: Iterable[UUID],
    words: Expressions,
) -> tuple[set[int], set[int]]:
    """Return the sequence numbers of the events about a person, in two sets.

    The first set has these events:

    - events that refer to a record whose id is in `own`
    - events with such an id among their values, and events with a name or contact detail of the
      person in one of the members IDENTIFYING, unless the event is about a record of somebody else

    The name of another party does not count as a name of the person, even if an expression finds
    it.

    The second set has the other events with one of the ids in `others`. `key` is the `party_key` of
    the party. `linked` has the ids of enquiries, trips and records of others that are linked to the
    person. `words` are expressions for the names and contact details of the person.
    """
    ids: Row = {"own": [*own], "others": [*others]}
    found = db.session.execute(_ABOUT, ids).all()
    referred = {row.seq for row in found if row.is_referred}
    named = db.session.scalars(
        _IDENTIFIED,
        {
            "party_id": party_id,
            "members": [*IDENTIFYING],
            "prefilters": words.prefilters,
            "whole": [f"^(?:{pattern})$" for pattern in words.patterns],
        },
    )
    contained = {*named, *(row.seq for row in found if row.is_own)} - referred
    if contained:
        values = {"seqs": [*contained], "key": key, "linked": [*own, *others, *map(str, linked)]}
        contained -= {*db.session.scalars(_OF_OTHERS, values)}
    first = referred | contained
    return first, {row.seq for row in found if not row.is_own} - first


def acts_of_others(events: Iterable[int], trips: Iterable[UUID]) -> set[int]:
    """Return the events about executed acts that concern somebody else.

    Such an act has an approval with an amount, and its event refers to none of the person's trips
    and trip lines. `events` are the sequence numbers of events that do not name the person, and
    `trips` the ids of the person's trips. The result has sequence numbers, too.
    """
    values = {"seqs": list(events), "trips": list(trips)}
    return set(db.session.scalars(_ACTS, values))
