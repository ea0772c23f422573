"""Queries about conversations: do they name a person, and which acts are in them?

The SQL statements have no tenant condition: row-level security limits them to the current agency.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db

_NAMES = text("""
select exists (
  select from chat_sessions s
   where s.id = :id
     and (s.search like all(cast(:names as text[]))
          or exists (select from invoices i where i.session_id = s.id and i.party_key = :key))
) or exists (
  select from (
    select title as words from chat_sessions where id = :id
    union all select blocks::text from chat_messages where session_id = :id
    union all select message from chat_turns where session_id = :id
    union all select data::text from chat_events where session_id = :id
    union all select o.outcome::text from chat_turn_steps o
                join chat_turns t on t.tenant_id = o.tenant_id and t.id = o.turn_id
               where t.session_id = :id
    union all select concat_ws(' ', payload, original_payload, preview, summary, reason)
                from approvals where session_id = :id
  ) t where words ~* any(cast(:patterns as text[]))
)
""")
_ACTS = text("""
select p.seq from audit_private p
  join audit_events e on e.tenant_id = p.tenant_id and e.seq = p.seq
  join approvals a on a.tenant_id = e.tenant_id and a.id = e.entity_refs ->> 'approval_id'
 where p.seq = any(:seqs) and a.effect_status = 'done' and a.amount_minor is not null
   and not exists (
     select from (select unnest(cast(:trips as uuid[])) as id
                  union all select id from trip_lines where trip_id = any(:trips)) own
      where strpos(p.parts::text, own.id::text) > 0 or e.entity_refs ->> 'trip_id' = own.id::text)
""")


def names_person(session_id: UUID, values: Row) -> bool:
    """Return True if a conversation names a person.

    It also does if an invoice of the person refers to it. `values` has `key`, the name of the party
    in lower case, and the search values `names` and `patterns` (see `mentions.candidates`).
    """
    return bool(db.session.scalar(_NAMES, values | {"id": session_id}))


def acts_of_others(events: Iterable[int], trips: Iterable[UUID]) -> set[int]:
    """Return the events about executed acts that concern somebody else.

    These acts have an amount. `events` are the sequence numbers of events that do not name the
    person, and `trips` the ids of trips of the person.
    """
    values = {"seqs": list(events), "trips": list(trips)}
    return set(db.session.scalars(_ACTS, values))
