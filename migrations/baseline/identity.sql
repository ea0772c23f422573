-- Agencies, people, and all that proves who somebody is.
--
-- An address is unique among active people of the whole installation. Tokens, keys and recovery
-- codes are stored as SHA-256 digests only.

create table tenants (
  id uuid constraint pk_tenants primary key,
  display_name text not null,
  default_currency text not null default 'USD',
  is_active boolean not null default true,
  is_demo boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint ck_tenants_currency check (default_currency ~ '^[A-Z]{3}$')
);

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
  totp_enabled boolean not null default false,
  totp_secret bytea,
  totp_pending_secret bytea,
  totp_last_step bigint not null default 0,
  removed_at timestamptz,
  constraint pk_users primary key (tenant_id, id),
  constraint ck_users_email check (email = lower(email)),
  constraint ck_users_role
    check (role in ('agency_admin', 'ticketing_lead', 'accounting_lead', 'agent', 'viewer')),
  constraint ck_users_totp check (not totp_enabled or totp_secret is not null)
);
create unique index uq_users_email on users (email) where is_active;

create table auth_sessions (
  tenant_id uuid not null
    constraint fk_auth_sessions_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  user_id uuid not null,
  channel text not null,
  user_agent text not null default '',
  ip text not null default '',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_reason text,
  last_seen_at timestamptz not null default now(),
  constraint pk_auth_sessions primary key (tenant_id, id),
  constraint fk_auth_sessions_user
    foreign key (tenant_id, user_id) references users(tenant_id, id) on delete cascade,
  constraint ck_auth_sessions_channel check (channel in ('browser', 'api'))
);
create index ix_auth_sessions_user on auth_sessions (tenant_id, user_id, created_at);

create table refresh_tokens (
  tenant_id uuid not null
    constraint fk_refresh_tokens_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  session_id uuid not null,
  token_hash bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  spent_at timestamptz,
  revoked_at timestamptz,
  constraint pk_refresh_tokens primary key (tenant_id, id),
  constraint uq_refresh_tokens_token_hash unique (token_hash),
  constraint fk_refresh_tokens_session
    foreign key (tenant_id, session_id) references auth_sessions(tenant_id, id)
      on delete cascade,
  constraint ck_refresh_tokens_hash check (length(token_hash) = 32)
);
create index ix_refresh_tokens_session on refresh_tokens (tenant_id, session_id);

create table revoked_tokens (
  tenant_id uuid not null
    constraint fk_revoked_tokens_tenant_id references tenants(id) on delete cascade,
  token_id text not null,
  expires_at timestamptz not null,
  constraint pk_revoked_tokens primary key (tenant_id, token_id)
);

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
  constraint fk_invites_inviter
    foreign key (tenant_id, invited_by_user_id) references users(tenant_id, id),
  constraint ck_invites_status check (status in ('pending', 'accepted', 'revoked', 'expired')),
  constraint ck_invites_role
    check (role in ('agency_admin', 'ticketing_lead', 'accounting_lead', 'agent', 'viewer'))
);
create unique index uq_invites_pending on invites (tenant_id, email) where status = 'pending';
create index ix_invites_created on invites (tenant_id, created_at desc, id desc);

create table one_time_tokens (
  tenant_id uuid not null
    constraint fk_one_time_tokens_tenant_id references tenants(id) on delete cascade,
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
  constraint fk_one_time_tokens_user
    foreign key (tenant_id, user_id) references users(tenant_id, id) on delete cascade,
  constraint ck_one_time_tokens_hash check (length(token_hash) = 32),
  constraint ck_one_time_tokens_purpose check (purpose in ('verify_email', 'reset_password'))
);
create index ix_one_time_tokens_user on one_time_tokens (tenant_id, user_id, purpose);

create table recovery_codes (
  tenant_id uuid not null
    constraint fk_recovery_codes_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  user_id uuid not null,
  code_hash bytea not null,
  created_at timestamptz not null default now(),
  spent_at timestamptz,
  constraint pk_recovery_codes primary key (tenant_id, id),
  constraint uq_recovery_codes_code unique (tenant_id, user_id, code_hash),
  constraint fk_recovery_codes_user
    foreign key (tenant_id, user_id) references users(tenant_id, id) on delete cascade,
  constraint ck_recovery_codes_hash check (length(code_hash) = 32)
);

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
  constraint fk_api_keys_maker
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint fk_api_keys_revoker
    foreign key (tenant_id, revoked_by_user_id) references users(tenant_id, id),
  constraint ck_api_keys_hash check (length(key_hash) = 32),
  constraint ck_api_keys_scopes check (cardinality(scopes) > 0)
);
create index ix_api_keys_created on api_keys (tenant_id, created_at desc, id desc);
