"""Two-factor, recovery codes, one-time tokens, API keys; one account an address among active people.

Never edit this file once it has landed.
"""

from alembic import op
from walls import lookup_function, lookup_may_read, tenant_wall

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = [
    """
    alter table users
      add column totp_enabled boolean not null default false,
      add column totp_secret bytea,
      add column totp_pending_secret bytea,
      add column totp_last_step bigint not null default 0,
      add column removed_at timestamptz,
      add constraint ck_users_totp check (not totp_enabled or totp_secret is not null)
    """,
    "alter table auth_sessions add column last_seen_at timestamptz not null default now()",
    # Somebody who was removed may come back, or make an agency of her own: her address is hers.
    "alter table users drop constraint uq_users_email",
    "create unique index uq_users_email on users (email) where is_active",
]

TABLES = [
    """
    create table one_time_tokens (
      tenant_id uuid not null constraint fk_one_time_tokens_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      user_id uuid not null,
      purpose text not null,
      email text not null,
      token_hash bytea not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      spent_at timestamptz,
      constraint pk_one_time_tokens primary key (tenant_id, id),
      constraint uq_one_time_tokens_token_hash unique (token_hash),
      constraint ck_one_time_tokens_hash check (length(token_hash) = 32),
      constraint ck_one_time_tokens_purpose check (purpose in ('verify_email', 'reset_password')),
      constraint fk_one_time_tokens_user foreign key (tenant_id, user_id) references users(tenant_id, id) on delete cascade
    )
    """,
    "create index ix_one_time_tokens_user on one_time_tokens (tenant_id, user_id, purpose)",
    """
    create table recovery_codes (
      tenant_id uuid not null constraint fk_recovery_codes_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      user_id uuid not null,
      code_hash bytea not null,
      created_at timestamptz not null default now(),
      spent_at timestamptz,
      constraint pk_recovery_codes primary key (tenant_id, id),
      constraint uq_recovery_codes_code unique (tenant_id, user_id, code_hash),
      constraint ck_recovery_codes_hash check (length(code_hash) = 32),
      constraint fk_recovery_codes_user foreign key (tenant_id, user_id) references users(tenant_id, id) on delete cascade
    )
    """,
    """
    create table api_keys (
      tenant_id uuid not null constraint fk_api_keys_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      created_by_user_id uuid not null,
      name text not null,
      prefix text not null,
      key_hash bytea not null,
      scopes text[] not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz,
      revoked_at timestamptz,
      revoked_by_user_id uuid,
      last_used_at timestamptz,
      constraint pk_api_keys primary key (tenant_id, id),
      constraint uq_api_keys_prefix unique (prefix),
      constraint ck_api_keys_hash check (length(key_hash) = 32),
      constraint ck_api_keys_scopes check (cardinality(scopes) > 0),
      constraint fk_api_keys_maker foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
      constraint fk_api_keys_revoker foreign key (tenant_id, revoked_by_user_id) references users(tenant_id, id)
    )
    """,
    "create index ix_api_keys_created on api_keys (tenant_id, created_at desc, id desc)",
]

# As before, and by an API key, whose use is noted at most once a minute and never waited for.
ENTER = """
create function app.enter(t uuid, u uuid, s uuid, j text, k uuid)
returns table(user_id uuid, role text, email text, full_name text, tenant_name text, timezone text, locale text, currency text, scopes text[])
language plpgsql as $$
begin
  perform set_config('app.tenant', t::text, true);
  if k is null then
    return query
      select x.id, x.role, x.email, x.display_name, a.display_name,
             coalesce(c.timezone, 'UTC'), coalesce(c.locale, 'en'), coalesce(c.default_currency, 'INR'), null::text[]
        from users x
        join tenants a on a.id = x.tenant_id
        join auth_sessions z on z.tenant_id = x.tenant_id and z.id = s and z.user_id = x.id
        left join tenant_settings c on c.tenant_id = x.tenant_id
       where x.tenant_id = t and x.id = u and x.is_active and a.is_active
         and z.ended_at is null and z.expires_at > now()
         and not exists (select 1 from revoked_tokens r where r.tenant_id = t and r.token_id = j);
    return;
  end if;
  return query
    select x.id, x.role, x.email, x.display_name, a.display_name,
           coalesce(c.timezone, 'UTC'), coalesce(c.locale, 'en'), coalesce(c.default_currency, 'INR'), z.scopes
      from users x
      join tenants a on a.id = x.tenant_id
      join api_keys z on z.tenant_id = x.tenant_id and z.id = k and z.created_by_user_id = x.id
      left join tenant_settings c on c.tenant_id = x.tenant_id
     where x.tenant_id = t and x.id = u and x.is_active and a.is_active
       and z.revoked_at is null and (z.expires_at is null or z.expires_at > now());
  if found then
    update api_keys set last_used_at = now()
     where tenant_id = t and id = (
       select y.id from api_keys y
        where y.tenant_id = t and y.id = k and (y.last_used_at is null or y.last_used_at < now() - interval '1 minute')
          for update skip locked);
  end if;
end $$
"""

EMAIL_TAKEN = """
create or replace function app.email_taken(address text) returns boolean language plpgsql stable security definer set search_path = public, pg_temp as
$$ begin return exists (select 1 from users u where u.email = address{among}); end $$
"""


def upgrade() -> None:
    for statement in (*COLUMNS, *TABLES):
        op.execute(statement)
    for table in ("one_time_tokens", "recovery_codes", "api_keys"):
        tenant_wall(table)
    op.execute(ENTER)
    op.execute(EMAIL_TAKEN.format(among=" and u.is_active"))
    lookup_may_read("one_time_tokens", "tenant_id, id, token_hash")
    lookup_may_read("api_keys", "tenant_id, id, created_by_user_id, prefix, key_hash")
    lookup_function(
        "find_one_time_token(digest bytea) returns table(tenant_id uuid, id uuid)",
        "begin return query select o.tenant_id, o.id from one_time_tokens o where o.token_hash = digest; end",
    )
    lookup_function(
        "find_api_key(start text) returns table(tenant_id uuid, user_id uuid, id uuid, key_hash bytea)",
        "begin return query select k.tenant_id, k.created_by_user_id, k.id, k.key_hash from api_keys k where k.prefix = start; end",
    )


def downgrade() -> None:
    for function in (
        "find_api_key(text)",
        "find_one_time_token(bytea)",
        "enter(uuid, uuid, uuid, text, uuid)",
    ):
        op.execute(f"drop function app.{function}")
    op.execute(EMAIL_TAKEN.format(among=""))
    for table in ("api_keys", "recovery_codes", "one_time_tokens"):
        op.execute(f"drop table {table}")
    op.execute("alter table auth_sessions drop column last_seen_at")
    # An address that was given up and taken again stands twice; the older owner's row keeps a name that nobody can sign in with.
    op.execute(
        "update users u set email = 'removed-' || u.id || '@invalid'"
        " where not u.is_active and exists (select 1 from users o where o.email = u.email and (o.tenant_id, o.id) <> (u.tenant_id, u.id))"
    )
    op.execute("drop index uq_users_email")
    op.execute("alter table users add constraint uq_users_email unique (email)")
    op.execute(
        "alter table users drop constraint ck_users_totp, drop column removed_at, drop column totp_last_step, drop column totp_pending_secret,"
        " drop column totp_secret, drop column totp_enabled"
    )
