"""Answers kept for a repeat with the same Idempotency-Key, and the function by which a request takes its key.

Never edit this file once it has landed.
"""

from alembic import op
from walls import lookup_function, lookup_may_read, tenant_wall

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# `kept` says what stands for a repeat: nothing yet, the answer itself, a place from which a stream is told again, or only the fact that the act was done
# (its answer held a secret, or was too large).
TABLE = """
create table idempotency_keys (
  tenant_id uuid not null constraint fk_idempotency_keys_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  caller_id uuid not null,
  key text not null,
  request_hash bytea not null,
  created_at timestamptz not null default now(),
  kept text not null default 'nothing',
  status bigint,
  headers jsonb,
  body bytea,
  place jsonb,
  constraint pk_idempotency_keys primary key (tenant_id, id),
  constraint uq_idempotency_keys_caller unique (tenant_id, caller_id, key),
  constraint ck_idempotency_keys_key check (length(key) between 1 and 255),
  constraint ck_idempotency_keys_hash check (length(request_hash) = 32),
  constraint ck_idempotency_keys_kept check (kept in ('nothing', 'answer', 'place', 'secret', 'too_large')),
  constraint ck_idempotency_keys_answer check ((kept = 'answer') = (status is not null and headers is not null and body is not null)),
  constraint ck_idempotency_keys_place check ((kept = 'place') = (place is not null))
)
"""
INDEX = "create index ix_idempotency_keys_created on idempotency_keys (created_at)"

# One row: the caller's own, which is then hers to fill, or the one that was there before. None: a twin is at it, and was waited for as long as asked.
# Behind the unique index the insert waits for a twin that has not committed. What is older than a day is as good as gone.
CLAIM = """
create function app.claim_idempotency_key(given_id uuid, caller uuid, given_key text, request bytea, wait_ms bigint)
returns setof idempotency_keys language plpgsql set lock_timeout = 0 as $$
declare
  agency uuid := (select nullif(current_setting('app.tenant', true), '')::uuid);
  found_row idempotency_keys;
begin
  select k.* into found_row from idempotency_keys k
   where k.tenant_id = agency and k.caller_id = caller and k.key = given_key and k.created_at > now() - interval '24 hours';
  if not found then
    perform set_config('lock_timeout', wait_ms::text, true);
    insert into idempotency_keys as k (tenant_id, id, caller_id, key, request_hash) values (agency, given_id, caller, given_key, request)
    on conflict (tenant_id, caller_id, key) do update
       set id = excluded.id, request_hash = excluded.request_hash, created_at = now(), kept = 'nothing',
           status = null, headers = null, body = null, place = null
     where k.created_at <= now() - interval '24 hours'
    returning k.* into found_row;
  end if;
  if not found then
    select k.* into found_row from idempotency_keys k where k.tenant_id = agency and k.caller_id = caller and k.key = given_key;
  end if;
  if found then
    return next found_row;
  end if;
exception when lock_not_available then
  return;
end $$
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(INDEX)
    tenant_wall("idempotency_keys")
    op.execute(CLAIM)
    lookup_may_read("idempotency_keys", "tenant_id, created_at")
    lookup_function(
        "tenants_with_old_keys() returns setof uuid",
        "begin return query select distinct k.tenant_id from idempotency_keys k where k.created_at <= now() - interval '24 hours'; end",
    )


def downgrade() -> None:
    op.execute("drop function app.tenants_with_old_keys()")
    op.execute("drop function app.claim_idempotency_key(uuid, uuid, text, bytea, bigint)")
    op.execute("drop table idempotency_keys")
