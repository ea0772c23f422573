"""Proposals with their decisions and effects, and their counts kept by triggers.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = [
    """
    create table approvals (
      tenant_id uuid not null constraint fk_approvals_tenant_id references tenants(id) on delete cascade,
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
      constraint pk_approvals primary key (tenant_id, id),
      constraint fk_approvals_session foreign key (tenant_id, session_id) references chat_sessions(tenant_id, id) on delete cascade,
      constraint fk_approvals_requester foreign key (tenant_id, requested_by_user_id) references users(tenant_id, id),
      constraint fk_approvals_resolver foreign key (tenant_id, resolved_by_user_id) references users(tenant_id, id),
      constraint ck_approvals_id check (id ~ '^ap-' and length(id) <= 128),
      constraint ck_approvals_summary check (length(summary) between 1 and 1024),
      constraint ck_approvals_hash check (arguments_hash ~ '^[0-9a-f]{64}$'),
      constraint ck_approvals_reason check (length(reason) <= 1024),
      constraint ck_approvals_status check (status in ('pending', 'granted', 'rejected', 'expired')),
      constraint ck_approvals_resolved check ((status in ('granted', 'rejected')) = (resolved_at is not null)),
      constraint ck_approvals_effect_status check (effect_status in ('none', 'waiting', 'running', 'done', 'failed')),
      constraint ck_approvals_effect_of_grant check ((effect_status = 'none') = (status <> 'granted')),
      constraint ck_approvals_effect_finished check ((effect_status in ('done', 'failed')) = (effect_finished_at is not null))
    ) with (fillfactor = 80)
    """,
    "create unique index uq_approvals_proposal on approvals (tenant_id, session_id, turn_id, tool_call_id, arguments_hash)",
    "create index ix_approvals_status on approvals (tenant_id, status, requested_at desc, id desc) where hidden_at is null",
    "create index ix_approvals_requested on approvals (tenant_id, requested_at desc, id desc) where hidden_at is null",
    "create index ix_approvals_session on approvals (tenant_id, session_id, requested_at desc, id desc)",
    "create index ix_approvals_overdue on approvals (tenant_id, expires_at) where status = 'pending'",
    "create index ix_approvals_waiting on approvals (tenant_id, resolved_at) where effect_status = 'waiting'",
    """
    create table approval_counts (
      tenant_id uuid not null constraint fk_approval_counts_tenant_id references tenants(id) on delete cascade,
      status text not null,
      n bigint not null default 0,
      constraint pk_approval_counts primary key (tenant_id, status)
    ) with (fillfactor = 50)
    """,
]

# Statement triggers touch the counters in the order of their keys, whatever the order of the rows, so that two of them never wait for each other crosswise.
COUNT = """
create function app.count_approvals() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into approval_counts (tenant_id, status, n)
    select tenant_id, status, count(*) from new_rows where hidden_at is null group by 1, 2 order by 1, 2
    on conflict (tenant_id, status) do update set n = approval_counts.n + excluded.n;
  elsif tg_op = 'DELETE' then
    insert into approval_counts (tenant_id, status, n)
    select o.tenant_id, o.status, -count(*) from old_rows o join tenants t on t.id = o.tenant_id where o.hidden_at is null group by 1, 2 order by 1, 2
    on conflict (tenant_id, status) do update set n = approval_counts.n + excluded.n;
  else
    insert into approval_counts (tenant_id, status, n)
    select tenant_id, status, sum(change) from (
      select tenant_id, status, 1 as change from new_rows where hidden_at is null
      union all
      select tenant_id, status, -1 from old_rows where hidden_at is null
    ) moved group by 1, 2 having sum(change) <> 0 order by 1, 2
    on conflict (tenant_id, status) do update set n = approval_counts.n + excluded.n;
  end if;
  return null;
end $$
"""

# What was proposed never changes: a changed argument is a new proposal. A decision and its end are final.
FIXED = """
create function app.guard_approval() returns trigger language plpgsql as $$
begin
  if (new.session_id, new.tool_call_id, new.tool_name, new.payload, new.arguments_hash, new.requested_at)
     is distinct from (old.session_id, old.tool_call_id, old.tool_name, old.payload, old.arguments_hash, old.requested_at)
     or new.requested_by_user_id is distinct from old.requested_by_user_id then
    raise exception 'a proposal does not change' using errcode = 'restrict_violation';
  end if;
  if old.status <> 'pending' and (new.status is distinct from old.status or new.resolved_by_user_id is distinct from old.resolved_by_user_id) then
    raise exception 'a decision is final' using errcode = 'restrict_violation';
  end if;
  if old.effect_status in ('done', 'failed') and new.effect_status is distinct from old.effect_status then
    raise exception 'an effect happens once' using errcode = 'restrict_violation';
  end if;
  return new;
end $$
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    op.execute(COUNT)
    op.execute(FIXED)
    for event, rows in (
        ("insert", "new table as new_rows"),
        ("update", "old table as old_rows new table as new_rows"),
        ("delete", "old table as old_rows"),
    ):
        op.execute(
            f"create trigger approvals_counted_{event} after {event} on approvals referencing {rows} for each statement execute function app.count_approvals()"
        )
    op.execute(
        "create trigger approvals_guarded before update on approvals for each row execute function app.guard_approval()"
    )
    tenant_wall("approvals")
    tenant_wall("approval_counts", grants="select, insert, update")


def downgrade() -> None:
    op.execute("drop table approval_counts")
    op.execute("drop table approvals")
    op.execute("drop function app.guard_approval()")
    op.execute("drop function app.count_approvals()")
