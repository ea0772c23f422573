"""Agencies, people, sign-ins, invitations, settings, and the audit chain.

Never edit this file once it has landed.
"""

from alembic import op
from walls import append_only, lookup_function, lookup_may_read, tenant_wall

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = [
    """
    create table tenants (
      id uuid constraint pk_tenants primary key,
      display_name text not null,
      default_currency text not null default 'USD',
      is_active boolean not null default true,
      is_demo boolean not null default false,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint ck_tenants_currency check (default_currency ~ '^[A-Z]{3}$')
    )
    """,
    """
    create table users (
      tenant_id uuid not null constraint fk_users_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      display_name text not null,
      email text not null,
      role text not null,
      password_hash text not null,
      email_verified boolean not null default false,
      is_active boolean not null default true,
      last_login_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint pk_users primary key (tenant_id, id),
      constraint uq_users_email unique (email),
      constraint ck_users_email check (email = lower(email)),
      constraint ck_users_role check (role in ('agency_admin', 'ticketing_lead', 'accounting_lead', 'agent', 'viewer'))
    )
    """,
    """
    create table auth_sessions (
      tenant_id uuid not null constraint fk_auth_sessions_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      user_id uuid not null,
      channel text not null,
      user_agent text not null default '',
      ip text not null default '',
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      ended_at timestamptz,
      ended_reason text,
      constraint pk_auth_sessions primary key (tenant_id, id),
      constraint fk_auth_sessions_user foreign key (tenant_id, user_id) references users(tenant_id, id) on delete cascade,
      constraint ck_auth_sessions_channel check (channel in ('browser', 'api'))
    )
    """,
    "create index ix_auth_sessions_user on auth_sessions (tenant_id, user_id, created_at)",
    """
    create table refresh_tokens (
      tenant_id uuid not null constraint fk_refresh_tokens_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      session_id uuid not null,
      token_hash bytea not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      spent_at timestamptz,
      revoked_at timestamptz,
      constraint pk_refresh_tokens primary key (tenant_id, id),
      constraint uq_refresh_tokens_token_hash unique (token_hash),
      constraint ck_refresh_tokens_hash check (length(token_hash) = 32),
      constraint fk_refresh_tokens_session foreign key (tenant_id, session_id) references auth_sessions(tenant_id, id) on delete cascade
    )
    """,
    "create index ix_refresh_tokens_session on refresh_tokens (tenant_id, session_id)",
    """
    create table revoked_tokens (
      tenant_id uuid not null constraint fk_revoked_tokens_tenant_id references tenants(id) on delete cascade,
      token_id text not null,
      expires_at timestamptz not null,
      constraint pk_revoked_tokens primary key (tenant_id, token_id)
    )
    """,
    """
    create table invites (
      tenant_id uuid not null constraint fk_invites_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      invited_by_user_id uuid not null,
      email text not null,
      role text not null,
      token_hash bytea not null,
      status text not null default 'pending',
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      accepted_at timestamptz,
      revoked_at timestamptz,
      constraint pk_invites primary key (tenant_id, id),
      constraint uq_invites_token_hash unique (token_hash),
      constraint fk_invites_inviter foreign key (tenant_id, invited_by_user_id) references users(tenant_id, id),
      constraint ck_invites_status check (status in ('pending', 'accepted', 'revoked', 'expired')),
      constraint ck_invites_role check (role in ('agency_admin', 'ticketing_lead', 'accounting_lead', 'agent', 'viewer'))
    )
    """,
    "create unique index uq_invites_pending on invites (tenant_id, email) where status = 'pending'",
    "create index ix_invites_created on invites (tenant_id, created_at desc, id desc)",
    """
    create table tenant_settings (
      tenant_id uuid not null constraint fk_tenant_settings_tenant_id references tenants(id) on delete cascade,
      model text,
      system_prompt_suffix text,
      rate_limit_per_minute bigint not null default 60,
      rate_limit_per_hour bigint not null default 1000,
      daily_token_budget bigint,
      locale text not null default 'en',
      timezone text not null default 'UTC',
      default_currency text not null default 'INR',
      four_eyes boolean not null default true,
      financial_year_start_month bigint not null default 4,
      constraint pk_tenant_settings primary key (tenant_id),
      constraint ck_tenant_settings_per_minute check (rate_limit_per_minute between 1 and 10000),
      constraint ck_tenant_settings_per_hour check (rate_limit_per_hour between 1 and 1000000),
      constraint ck_tenant_settings_budget check (daily_token_budget >= 1),
      constraint ck_tenant_settings_locale check (locale in ('en', 'hi')),
      constraint ck_tenant_settings_currency check (default_currency ~ '^[A-Z]{3}$'),
      constraint ck_tenant_settings_month check (financial_year_start_month between 1 and 12)
    )
    """,
    """
    create table audit_heads (
      tenant_id uuid not null constraint fk_audit_heads_tenant_id references tenants(id) on delete cascade,
      seq bigint not null default 0,
      hash bytea not null default sha256(''),
      constraint pk_audit_heads primary key (tenant_id)
    )
    """,
    """
    create table audit_events (
      tenant_id uuid not null constraint fk_audit_events_tenant_id references tenants(id) on delete restrict,
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
      constraint ck_audit_events_status check (status in ('started', 'succeeded', 'failed', 'rejected', 'cancelled'))
    )
    """,
    "create index ix_audit_events_started on audit_events (tenant_id, started_at desc, seq desc)",
    "create index ix_audit_events_kind on audit_events (tenant_id, kind, started_at desc)",
    "create index ix_audit_events_actor on audit_events (tenant_id, actor_id, started_at desc)",
]

ENTER = """
create function app.enter(t uuid, u uuid, s uuid, j text)
returns table(user_id uuid, role text, email text, full_name text, tenant_name text, timezone text, locale text, currency text)
language plpgsql as $$
begin
  perform set_config('app.tenant', t::text, true);
  return query
    select x.id, x.role, x.email, x.display_name, a.display_name,
           coalesce(c.timezone, 'UTC'), coalesce(c.locale, 'en'), coalesce(c.default_currency, 'INR')
      from users x
      join tenants a on a.id = x.tenant_id
      join auth_sessions z on z.tenant_id = x.tenant_id and z.id = s and z.user_id = x.id
      left join tenant_settings c on c.tenant_id = x.tenant_id
     where x.tenant_id = t and x.id = u and x.is_active and a.is_active
       and z.ended_at is null and z.expires_at > now()
       and not exists (select 1 from revoked_tokens r where r.tenant_id = t and r.token_id = j);
end $$
"""

# A field as `<bytes>:<text>`, an absent one as `-`: no two events share a spelling.
PART = """
create function app.part(value text) returns text language sql immutable parallel safe as
$$ select case when value is null then '-' else octet_length(value)::text || ':' || value end $$
"""

INSTANT = """
create function app.instant(value timestamptz) returns text language sql immutable parallel safe as
$$ select to_char(value at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$
"""

CANONICAL = """
create function app.audit_canonical(e audit_events) returns text language sql immutable as $$
  select app.part(e.tenant_id::text) || app.part(e.seq::text) || app.part(e.id::text) || app.part(e.actor_kind) || app.part(e.actor_id::text)
      || app.part(e.actor_email) || app.part(e.channel) || app.part(e.kind) || app.part(e.driver) || app.part(e.status) || app.part(e.error)
      || app.part(e.entity_refs::text) || app.part(e.inputs::text) || app.part(e.outputs::text) || app.part(e.approval_required::text)
      || app.part(e.approved_by::text) || app.part(app.instant(e.approved_at)) || app.part(app.instant(e.started_at))
      || app.part(app.instant(e.completed_at)) || app.part(app.instant(e.recorded_at))
$$
"""

AUDIT = """
create function app.audit(events jsonb) returns bigint language plpgsql as $$
declare
  head audit_heads;
  item jsonb;
  e audit_events;
begin
  select * into strict head from audit_heads
   where tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid) for update;
  for item in select value from jsonb_array_elements(events) loop
    e := null;
    e.tenant_id := head.tenant_id;
    e.seq := head.seq + 1;
    e.id := (item->>'id')::uuid;
    e.actor_kind := item->>'actor_kind';
    e.actor_id := (item->>'actor_id')::uuid;
    e.actor_email := coalesce(item->>'actor_email', '');
    e.channel := coalesce(item->>'channel', '');
    e.kind := item->>'kind';
    e.driver := item->>'driver';
    e.status := item->>'status';
    e.error := item->>'error';
    e.entity_refs := coalesce(item->'entity_refs', '{}');
    e.inputs := coalesce(item->'inputs', '{}');
    e.outputs := coalesce(item->'outputs', '{}');
    e.approval_required := coalesce((item->>'approval_required')::boolean, false);
    e.approved_by := (item->>'approved_by')::uuid;
    e.approved_at := (item->>'approved_at')::timestamptz;
    e.started_at := coalesce((item->>'started_at')::timestamptz, clock_timestamp());
    e.completed_at := coalesce((item->>'completed_at')::timestamptz, e.started_at);
    e.recorded_at := clock_timestamp();
    e.prev_hash := head.hash;
    e.hash := sha256(head.hash || convert_to(app.audit_canonical(e), 'UTF8'));
    insert into audit_events select e.*;
    head.seq := e.seq;
    head.hash := e.hash;
  end loop;
  update audit_heads set seq = head.seq, hash = head.hash where tenant_id = head.tenant_id;
  return head.seq;
end $$
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    tenant_wall("tenants", column="id", grants="select, insert, update")
    tenant_wall("users")
    tenant_wall("auth_sessions")
    tenant_wall("refresh_tokens")
    tenant_wall("revoked_tokens")
    tenant_wall("invites")
    tenant_wall("tenant_settings", grants="select, insert, update")
    tenant_wall("audit_heads", grants="select, insert, update")
    tenant_wall("audit_events", grants="select, insert")
    append_only("audit_events")
    for statement in (ENTER, PART, INSTANT, CANONICAL, AUDIT):
        op.execute(statement)
    lookup_may_read("tenants", "id, is_active, is_demo, display_name")
    lookup_may_read("users", "tenant_id, id, email, role, password_hash, email_verified, is_active")
    lookup_may_read("refresh_tokens", "tenant_id, id, session_id, token_hash")
    lookup_may_read("invites", "tenant_id, id, token_hash")
    lookup_function(
        "find_account(address text) returns table(tenant_id uuid, user_id uuid, role text, password_hash text, email_verified boolean)",
        "begin return query select u.tenant_id, u.id, u.role, u.password_hash, u.email_verified"
        " from users u join tenants t on t.id = u.tenant_id where u.email = address and u.is_active and t.is_active; end",
    )
    lookup_function(
        "email_taken(address text) returns boolean",
        "begin return exists (select 1 from users u where u.email = address); end",
    )
    lookup_function(
        "find_refresh_token(digest bytea) returns table(tenant_id uuid, id uuid)",
        "begin return query select r.tenant_id, r.id from refresh_tokens r where r.token_hash = digest; end",
    )
    lookup_function(
        "find_invite(digest bytea) returns table(tenant_id uuid, id uuid)",
        "begin return query select i.tenant_id, i.id from invites i where i.token_hash = digest; end",
    )
    lookup_function(
        "tenant_ids() returns setof uuid",
        "begin return query select t.id from tenants t where t.is_active order by t.id; end",
    )


def downgrade() -> None:
    for function in (
        "tenant_ids()",
        "find_invite(bytea)",
        "find_refresh_token(bytea)",
        "email_taken(text)",
        "find_account(text)",
        "audit(jsonb)",
        "audit_canonical(audit_events)",
        "instant(timestamptz)",
        "part(text)",
        "enter(uuid, uuid, uuid, text)",
    ):
        op.execute(f"drop function app.{function}")
    for table in (
        "audit_events",
        "audit_heads",
        "tenant_settings",
        "invites",
        "revoked_tokens",
        "refresh_tokens",
        "auth_sessions",
        "users",
        "tenants",
    ):
        op.execute(f"drop table {table}")
