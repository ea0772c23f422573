-- The audit chain of each agency: its head, its events, and the results of its verifications.
--
-- See app.audit() for how an event joins the chain.

create table audit_heads (
  tenant_id uuid not null
    constraint fk_audit_heads_tenant_id references tenants(id) on delete cascade,
  seq bigint not null default 0,
  hash bytea not null default sha256(''),
  constraint pk_audit_heads primary key (tenant_id)
);

create table audit_events (
  tenant_id uuid not null
    constraint fk_audit_events_tenant_id references tenants(id) on delete restrict,
  seq bigint not null,
  id uuid not null,
  actor_kind text not null,
  actor_id uuid,
  actor_email text not null default '',
  channel text not null default '',
  kind text not null,
  driver text,
  status text not null,
  error text,
  entity_refs jsonb not null default '{}',
  inputs jsonb not null default '{}',
  outputs jsonb not null default '{}',
  approval_required boolean not null default false,
  approved_by uuid,
  approved_at timestamptz,
  started_at timestamptz not null,
  completed_at timestamptz,
  recorded_at timestamptz not null,
  prev_hash bytea not null,
  hash bytea not null,
  constraint pk_audit_events primary key (tenant_id, seq),
  constraint uq_audit_events_id unique (tenant_id, id),
  constraint ck_audit_events_actor check (actor_kind in ('human', 'agent', 'system')),
  constraint ck_audit_events_status
    check (status in ('started', 'succeeded', 'failed', 'rejected', 'cancelled'))
);
create index ix_audit_events_started on audit_events (tenant_id, started_at desc, seq desc);
create index ix_audit_events_kind on audit_events (tenant_id, kind, started_at desc);
create index ix_audit_events_actor on audit_events (tenant_id, actor_id, started_at desc);
create index ix_audit_events_entities
  on audit_events using gin (tenant_id, entity_refs jsonb_path_ops);
create index ix_audit_events_failed
  on audit_events (tenant_id, started_at desc, seq desc) where status in ('failed', 'rejected');

create table audit_checks (
  tenant_id uuid not null
    constraint fk_audit_checks_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  asked_at timestamptz not null default clock_timestamp(),
  checked_at timestamptz,
  ok boolean,
  through_seq bigint,
  head_hash bytea,
  first_bad_seq bigint,
  reason text,
  constraint pk_audit_checks primary key (tenant_id, id),
  constraint ck_audit_checks_ended
    check ((checked_at is null) = (ok is null) and (ok is null) = (through_seq is null)),
  constraint ck_audit_checks_reason check (ok is not false or reason is not null)
);
create index ix_audit_checks_asked on audit_checks (tenant_id, asked_at desc, id desc);
