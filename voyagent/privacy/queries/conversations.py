"""Query about conversations: do they name a person?

The SQL statement has no tenant condition: row-level security limits it to the current agency.
"""

from __future__ import annotations

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


def names_person(session_id: UUID, values: Row) -> bool:
    """Return True if a conversation names a person.

    The result is also True if an invoice of the person refers to the conversation. `values` has
    `key`, which is the `party_key` of the party, and the search values `names` and `patterns` (see
    `mentions.candidates`).
    """
    return bool(db.session.scalar(_NAMES, values | {"id": session_id}))
