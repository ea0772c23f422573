-- Answers kept for a request that is repeated with the same Idempotency-Key.
--
-- `kept` tells what a repeat gets: nothing yet, the answer, the place from which a stream is read
-- again, or only that the act was done, because the answer had a secret or was too large.

create table idempotency_keys (
  tenant_id uuid not null
    constraint fk_idempotency_keys_tenant_id references tenants(id) on delete cascade,
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
  constraint ck_idempotency_keys_kept
    check (kept in ('nothing', 'answer', 'place', 'secret', 'too_large')),
  constraint ck_idempotency_keys_answer
    check ((kept = 'answer') = (status is not null and headers is not null
      and body is not null)),
  constraint ck_idempotency_keys_place check ((kept = 'place') = (place is not null))
);
create index ix_idempotency_keys_created on idempotency_keys (created_at);
