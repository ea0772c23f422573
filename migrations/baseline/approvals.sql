-- Proposals with their decisions and effects, and the number of each status.

create table approvals (
  tenant_id uuid not null
    constraint fk_approvals_tenant_id references tenants(id) on delete cascade,
  id text not null,
  session_id uuid not null,
  turn_id text,
  tool_call_id text not null,
  tool_name text not null,
  summary text not null,
  payload jsonb not null,
  arguments_hash text not null,
  requested_by_user_id uuid,
  requested_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '15 minutes',
  status text not null default 'pending',
  resolved_at timestamptz,
  resolved_by_user_id uuid,
  reason text,
  effect_status text not null default 'none',
  effect_result jsonb,
  effect_error text,
  effect_finished_at timestamptz,
  hidden_at timestamptz,
  preview jsonb,
  preview_hash text,
  original_payload jsonb,
  edited_by_user_id uuid,
  edited_at timestamptz,
  superseded_by text,
  amount_minor bigint,
  currency text,
  constraint pk_approvals primary key (tenant_id, id),
  constraint fk_approvals_session
    foreign key (tenant_id, session_id) references chat_sessions(tenant_id, id)
      on delete cascade,
  constraint fk_approvals_requester
    foreign key (tenant_id, requested_by_user_id) references users(tenant_id, id),
  constraint fk_approvals_resolver
    foreign key (tenant_id, resolved_by_user_id) references users(tenant_id, id),
  constraint fk_approvals_editor
    foreign key (tenant_id, edited_by_user_id) references users(tenant_id, id),
  constraint fk_approvals_successor
    foreign key (tenant_id, superseded_by) references approvals(tenant_id,
      id) deferrable initially deferred,
  constraint ck_approvals_id check (id ~ '^ap-' and length(id) <= 128),
  constraint ck_approvals_summary check (length(summary) between 1 and 1024),
  constraint ck_approvals_hash check (arguments_hash ~ '^[0-9a-f]{64}$'),
  constraint ck_approvals_reason check (length(reason) <= 1024),
  constraint ck_approvals_status check (status in ('pending', 'granted', 'rejected', 'expired')),
  constraint ck_approvals_resolved check (
    (status in ('granted', 'rejected')) = (resolved_at is not null)
  ),
  constraint ck_approvals_effect_status
    check (effect_status in ('none', 'waiting', 'running', 'done', 'failed')),
  constraint ck_approvals_effect_of_grant check ((effect_status = 'none') = (status <> 'granted')),
  constraint ck_approvals_effect_finished check (
    (effect_status in ('done', 'failed')) = (effect_finished_at is not null)
  ),
  constraint ck_approvals_preview check ((preview is null) = (preview_hash is null)),
  constraint ck_approvals_preview_hash check (preview_hash ~ '^[0-9a-f]{64}$'),
  constraint ck_approvals_edited
    check ((original_payload is null) = (edited_at is null)
      and (original_payload is null) = (edited_by_user_id is null)),
  constraint ck_approvals_superseded
    check (superseded_by is null or (status = 'expired' and superseded_by <> id)),
  constraint ck_approvals_amount
    check ((amount_minor is null) = (currency is null) and amount_minor >= 0
      and currency ~ '^[A-Z]{3}$')
) with (fillfactor = 80);
create index ix_approvals_status
  on approvals (tenant_id, status, requested_at desc, id desc) where hidden_at is null;
create index ix_approvals_requested
  on approvals (tenant_id, requested_at desc, id desc) where hidden_at is null;
create index ix_approvals_session on approvals (tenant_id, session_id, requested_at desc, id desc);
create index ix_approvals_overdue on approvals (tenant_id, expires_at) where status = 'pending';
create index ix_approvals_waiting
  on approvals (tenant_id, resolved_at) where effect_status = 'waiting';
create index ix_approvals_undecided
  on approvals (expires_at) where status = 'pending' and hidden_at is null;
create unique index uq_approvals_proposal
  on approvals (tenant_id, session_id, turn_id, tool_call_id, arguments_hash)
  where superseded_by is null;
create index ix_approvals_successor
  on approvals (tenant_id, superseded_by) where superseded_by is not null;
create index ix_approvals_resolved on approvals (resolved_at) where effect_status = 'waiting';

-- The number of visible proposals of each status (app.count_approvals()).
create table approval_counts (
  tenant_id uuid not null
    constraint fk_approval_counts_tenant_id references tenants(id) on delete cascade,
  status text not null,
  n bigint not null default 0,
  constraint pk_approval_counts primary key (tenant_id, status)
) with (fillfactor = 50);
