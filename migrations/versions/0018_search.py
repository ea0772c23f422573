"""What was said, searched by its trigrams; which mind an agency insists on; models that are gone, and answers of which nobody knows the price.

Never edit this file once it has landed.
"""

from alembic import op
from walls import LOOKUP, lookup_function, lookup_may_read, tenant_wall

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# What people and the assistant said, without tools and facts. Pieces are apart by a character that nobody types, so that no pattern reaches over two of them.
WORDS = """
create function app.words_of(role text, blocks jsonb) returns text language sql immutable parallel safe as $$
  select case when role in ('user', 'assistant') then lower(coalesce(string_agg(told.block->>'text', chr(31) order by told.place), '')) else '' end
    from jsonb_array_elements(blocks) with ordinality as told(block, place)
   where told.block->>'type' = 'text'
$$
"""
COLUMNS = [
    "alter table chat_sessions add column search text generated always as (lower(title)) stored",
    "alter table chat_messages add column search text not null generated always as (app.words_of(role, blocks)) stored",
    "create index ix_chat_sessions_search on chat_sessions using gin (tenant_id, search gin_trgm_ops)",
    "create index ix_chat_messages_search on chat_messages using gin (tenant_id, search gin_trgm_ops)",
    "alter table tenant_settings add column model_override text",
    "alter table model_days add column unpriced bigint not null default 0, add constraint ck_model_days_unpriced check (unpriced >= 0)",
    """
    create table missing_models (
      tenant_id uuid not null constraint fk_missing_models_tenant_id references tenants(id) on delete cascade,
      model text not null,
      missed_at timestamptz not null default now(),
      constraint pk_missing_models primary key (tenant_id, model)
    )
    """,
]

# Behind a policy LIKE cannot use the trigram index (see enquiries), so the look-up role finds the conversations and the rows are read behind the wall. The
# function takes no agency: that is what the transaction is bound to.
#   q: a pattern with % _ and \ escaped; the newest `n` conversations behind (beside_at, beside_id) that are named so or in which it was said.
#   met_max: up to so many messages the trigrams say which conversations there are. Beyond it the words are so common that walking along the newest
#     conversations meets enough of them soon; as for a pattern without three letters in a row, which has no trigram (is_blunt).
#   looked_max: so many conversations are looked at on such a walk. Where that was not enough, a last row without an id says that older ones were not.
FIND_SIGNATURE = (
    "find_sessions(q text, beside_at timestamptz, beside_id uuid, n int, met_max int, looked_max int, is_blunt boolean)"
    " returns table(id uuid) rows 50 set enable_seqscan = off"
)
FIND_BODY = r"""
declare
  met bigint := met_max + 1;
  sessions uuid[];
  wanted text := 'tenant_id = $1 and deleted_at is null';
  given int := 0;
  looked bigint;
begin
  if beside_at is not null then wanted := wanted || ' and (created_at, id) < ($4, $5)'; end if;
  if not is_blunt then
    execute 'select count(*), array_agg(distinct session_id) from (
               select session_id from chat_messages where tenant_id = $1 and search like lower($2) limit $3 + 1) said'
      into met, sessions using current_setting('app.tenant')::uuid, q, met_max;
  end if;
  if met <= met_max then
    return query execute 'select id from chat_sessions where ' || wanted || ' and (id = any($3) or search like lower($2))
        order by created_at desc, id desc limit $6'
      using current_setting('app.tenant')::uuid, q, sessions, beside_at, beside_id, n;
    return;
  end if;
  return query execute 'select id from (select tenant_id, id, search, created_at from chat_sessions
      where ' || wanted || ' order by created_at desc, id desc limit $3) newest
      where search like lower($2) or exists (select 1 from chat_messages m
        where m.tenant_id = newest.tenant_id and m.session_id = newest.id and m.search like lower($2) offset 0)
      order by created_at desc, id desc limit $6'
    using current_setting('app.tenant')::uuid, q, looked_max, beside_at, beside_id, n;
  get diagnostics given = row_count;
  if given < n then
    execute 'select count(*) from (select 1 from chat_sessions where ' || wanted || ' limit $3 + 1) newest'
      into looked using current_setting('app.tenant')::uuid, q, looked_max, beside_at, beside_id;
    if looked > looked_max then return query select null::uuid; end if;
  end if;
end
"""


def upgrade() -> None:
    op.execute(WORDS)
    for statement in COLUMNS:
        op.execute(statement)
    tenant_wall("missing_models")
    lookup_may_read("chat_messages", "tenant_id, session_id, search")
    op.execute(f"grant select (tenant_id, id, search, created_at) on chat_sessions to {LOOKUP}")
    lookup_function(FIND_SIGNATURE, FIND_BODY)


def downgrade() -> None:
    op.execute("drop function app.find_sessions(text, timestamptz, uuid, int, int, int, boolean)")
    op.execute(f"revoke select (tenant_id, id, search, created_at) on chat_sessions from {LOOKUP}")
    op.execute(f"revoke select (tenant_id, session_id, search) on chat_messages from {LOOKUP}")
    op.execute("drop policy chat_messages_lookup on chat_messages")
    op.execute("drop table missing_models")
    op.execute("alter table model_days drop column unpriced")
    op.execute("alter table tenant_settings drop column model_override")
    op.execute("alter table chat_messages drop column search")
    op.execute("alter table chat_sessions drop column search")
    op.execute("drop function app.words_of(text, jsonb)")
