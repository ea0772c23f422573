-- The books: accounts, journal entries with postings, closed months, and the roll-ups of postings.
--
-- Roll-up rows are updated all the time. Half-empty pages (fillfactor) leave room to do so in
-- place.

create table accounts (
  tenant_id uuid not null constraint fk_accounts_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  code text not null,
  name text not null,
  type text not null,
  normal_side text not null,
  purpose text,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  constraint pk_accounts primary key (tenant_id, id),
  constraint uq_accounts_code unique (tenant_id, code),
  constraint uq_accounts_purpose unique (tenant_id, purpose),
  constraint ck_accounts_code check (code ~ '^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$'),
  constraint ck_accounts_type
    check (type in ('asset', 'liability', 'equity', 'revenue', 'expense')),
  constraint ck_accounts_normal_side check (normal_side in ('debit', 'credit'))
);

create table journal_entries (
  tenant_id uuid not null
    constraint fk_journal_entries_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  entry_date date not null,
  narration text not null,
  source_type text not null,
  source_id uuid not null,
  purpose text not null,
  line_count bigint not null,
  reverses_id uuid,
  created_by_user_id uuid,
  recorded_at timestamptz not null default now(),
  trip_id uuid,
  constraint pk_journal_entries primary key (tenant_id, id),
  constraint uq_journal_entries_source unique (tenant_id, source_type, source_id, purpose),
  constraint uq_journal_entries_reverses_id unique (tenant_id, reverses_id),
  constraint fk_journal_entries_reverses
    foreign key (tenant_id, reverses_id) references journal_entries(tenant_id, id),
  constraint fk_journal_entries_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint fk_journal_entries_trip
    foreign key (tenant_id, trip_id) references trips(tenant_id, id),
  constraint ck_journal_entries_date check (entry_date between '1900-01-01' and '2200-12-31'),
  constraint ck_journal_entries_lines check (line_count >= 2),
  constraint ck_journal_entries_reverses check (reverses_id <> id)
);
create index ix_journal_entries_date on journal_entries (tenant_id, entry_date desc, id desc);
create index ix_journal_entries_trip
  on journal_entries (tenant_id, trip_id, entry_date) where trip_id is not null;

-- `ix_postings_party` has all columns that a customer's or supplier's statement sums up.
create table postings (
  tenant_id uuid not null constraint fk_postings_tenant_id references tenants(id) on delete cascade,
  entry_id uuid not null,
  line_no bigint not null,
  account_id uuid not null,
  currency text not null,
  debit_minor bigint not null default 0,
  credit_minor bigint not null default 0,
  effective_date date not null,
  party_name text,
  memo text,
  party_key text generated always as (lower(party_name)) stored,
  constraint pk_postings primary key (tenant_id, entry_id, line_no),
  constraint fk_postings_entry
    foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
  constraint fk_postings_account
    foreign key (tenant_id, account_id) references accounts(tenant_id, id),
  constraint ck_postings_line_no check (line_no >= 1),
  constraint ck_postings_currency check (currency ~ '^[A-Z]{3}$'),
  constraint ck_postings_sides
    check (debit_minor >= 0 and credit_minor >= 0 and (debit_minor > 0) <> (credit_minor > 0))
);
create index ix_postings_date on postings (tenant_id, effective_date, account_id);
create index ix_postings_account on postings (tenant_id, account_id, effective_date);
create index ix_postings_party
  on postings (tenant_id, party_key, account_id, effective_date, entry_id)
  include (currency, debit_minor, credit_minor) where party_key is not null;

-- Account balances by month (app.roll_up_postings()).
create table balances_month (
  tenant_id uuid not null
    constraint fk_balances_month_tenant_id references tenants(id) on delete cascade,
  account_id uuid not null,
  currency text not null,
  month date not null,
  debit_minor bigint not null default 0,
  credit_minor bigint not null default 0,
  constraint pk_balances_month primary key (tenant_id, account_id, currency, month),
  constraint fk_balances_month_account
    foreign key (tenant_id, account_id) references accounts(tenant_id, id)
) with (fillfactor = 50);

create table closed_months (
  tenant_id uuid not null
    constraint fk_closed_months_tenant_id references tenants(id) on delete cascade,
  month date not null,
  closed_at timestamptz not null default now(),
  closed_by_user_id uuid,
  constraint pk_closed_months primary key (tenant_id, month),
  constraint fk_closed_months_closer
    foreign key (tenant_id, closed_by_user_id) references users(tenant_id, id),
  constraint ck_closed_months_month check (
    extract(day from month) = 1 and month between '1900-01-01' and '2200-12-01'
  )
);

-- Account balances by day (app.roll_up_postings()).
create table balances_day (
  tenant_id uuid not null
    constraint fk_balances_day_tenant_id references tenants(id) on delete cascade,
  day date not null,
  account_id uuid not null,
  currency text not null,
  debit_minor bigint not null default 0,
  credit_minor bigint not null default 0,
  constraint pk_balances_day primary key (tenant_id, day, account_id, currency),
  constraint fk_balances_day_account
    foreign key (tenant_id, account_id) references accounts(tenant_id, id)
) with (fillfactor = 50);

-- What each trip earned and cost on each day (app.roll_up_postings()).
create table trip_earnings (
  tenant_id uuid not null
    constraint fk_trip_earnings_tenant_id references tenants(id) on delete cascade,
  day date not null,
  trip_id uuid not null,
  currency text not null,
  revenue_minor bigint not null default 0,
  cost_minor bigint not null default 0,
  constraint pk_trip_earnings primary key (tenant_id, day, trip_id, currency)
) with (fillfactor = 80);
