-- What an agency sets for itself, and the logo on its documents.

create table tenant_settings (
  tenant_id uuid not null
    constraint fk_tenant_settings_tenant_id references tenants(id) on delete cascade,
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
  approval_limits jsonb not null default '{}',
  model_override text,
  address text,
  tax_number text,
  bank_details text,
  round_invoices boolean not null default false,
  constraint pk_tenant_settings primary key (tenant_id),
  constraint ck_tenant_settings_per_minute check (rate_limit_per_minute between 1 and 10000),
  constraint ck_tenant_settings_per_hour check (rate_limit_per_hour between 1 and 1000000),
  constraint ck_tenant_settings_budget check (daily_token_budget >= 1),
  constraint ck_tenant_settings_locale check (locale in ('en', 'hi')),
  constraint ck_tenant_settings_currency check (default_currency ~ '^[A-Z]{3}$'),
  constraint ck_tenant_settings_month check (financial_year_start_month between 1 and 12),
  constraint ck_tenant_settings_approval_limits check (jsonb_typeof(approval_limits) = 'object')
);

create table tenant_logos (
  tenant_id uuid not null
    constraint fk_tenant_logos_tenant_id references tenants(id) on delete cascade,
  media_type text not null,
  content bytea not null,
  digest text not null,
  width bigint not null,
  height bigint not null,
  constraint pk_tenant_logos primary key (tenant_id),
  constraint ck_tenant_logos_media_type check (media_type in ('image/png', 'image/jpeg')),
  constraint ck_tenant_logos_content check (octet_length(content) between 1 and 2000000),
  constraint ck_tenant_logos_digest check (digest ~ '^[0-9a-f]{64}$'),
  constraint ck_tenant_logos_size check (width between 1 and 800 and height between 1 and 400)
);
