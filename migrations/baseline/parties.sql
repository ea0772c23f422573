-- Customers and suppliers, known by the name on their documents.
--
-- `party_key`, here and in other tables, is a column and not an index on an expression: behind a
-- policy an index is used only with leakproof functions, and lower() is not one.

create table parties (
  tenant_id uuid not null constraint fk_parties_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  name text not null,
  party_key text not null generated always as (lower(name)) stored,
  is_customer boolean not null default false,
  is_supplier boolean not null default false,
  email text,
  phone text,
  address text,
  country text,
  state text,
  tax_number text,
  terms_days bigint,
  notes text,
  is_archived boolean not null default false,
  search text not null generated always as (
    lower(name
          || chr(31) || coalesce(email, '')
          || chr(31) || coalesce(phone, '')
          || chr(31) || coalesce(tax_number, ''))
  ) stored,
  created_by_user_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint pk_parties primary key (tenant_id, id),
  constraint uq_parties_party_key unique (tenant_id, party_key),
  constraint fk_parties_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint ck_parties_kind check (is_customer or is_supplier),
  constraint ck_parties_country check (country ~ '^[A-Z]{2}$'),
  constraint ck_parties_state check (state is null or country is not null),
  constraint ck_parties_terms check (terms_days between 0 and 365)
);
