-- The names of two constraints are those of the clusters' own keys, so the services, which know
-- them, refuse a value that another cluster has with the same sentences.

create table clusters (
  name text primary key,
  address text not null
);

create table placements (
  tenant_id uuid primary key,
  cluster text not null references clusters,
  is_moving boolean not null default false,
  version bigint not null default 1
);

create table logins (
  email_hmac bytea constraint uq_users_email primary key check (length(email_hmac) = 32),
  tenant_id uuid not null references placements on delete cascade,
  reservation uuid not null unique,
  state text not null default 'pending' check (state in ('pending', 'active')),
  reserved_at timestamptz not null default now()
);

create table keys (
  prefix text constraint uq_api_keys_prefix primary key,
  tenant_id uuid not null references placements on delete cascade
);
