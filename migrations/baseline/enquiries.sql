-- Enquiries, and two roll-ups of them (app.count_enquiries()).

create table enquiries (
  tenant_id uuid not null
    constraint fk_enquiries_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  created_by_user_id uuid not null,
  customer_name text not null,
  customer_email text,
  customer_phone text,
  origin text,
  destination text,
  depart_date date,
  return_date date,
  pax_count bigint not null default 1,
  budget_hundredths bigint,
  budget_currency text,
  status text not null default 'new',
  notes text,
  session_id uuid,
  search text not null generated always as (
    lower(customer_name
          || chr(31) || coalesce(customer_email, '')
          || chr(31) || coalesce(customer_phone, '')
          || chr(31) || coalesce(origin, '')
          || chr(31) || coalesce(destination, ''))
  ) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint pk_enquiries primary key (tenant_id, id),
  constraint fk_enquiries_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint fk_enquiries_session
    foreign key (tenant_id, session_id) references chat_sessions(tenant_id, id)
      on delete set null (session_id),
  constraint ck_enquiries_status check (status in ('new', 'quoted', 'booked', 'cancelled')),
  constraint ck_enquiries_pax check (pax_count between 1 and 2147483647),
  constraint ck_enquiries_dates check (return_date >= depart_date),
  constraint ck_enquiries_budget check (budget_hundredths between 0 and 99999999999999),
  constraint ck_enquiries_budget_currency
    check (budget_hundredths is null or budget_currency is not null),
  constraint ck_enquiries_currency check (budget_currency ~ '^[A-Z]{3}$')
);
create index ix_enquiries_created on enquiries (tenant_id, created_at desc, id desc);
create index ix_enquiries_status on enquiries (tenant_id, status, created_at desc, id desc);
create index ix_enquiries_depart on enquiries (tenant_id, depart_date);
create index ix_enquiries_session on enquiries (tenant_id, session_id) where session_id is not null;
create index ix_enquiries_search on enquiries using gin (tenant_id, search gin_trgm_ops);

create table enquiry_counts (
  tenant_id uuid not null
    constraint fk_enquiry_counts_tenant_id references tenants(id) on delete cascade,
  status text not null,
  n bigint not null default 0,
  constraint pk_enquiry_counts primary key (tenant_id, status)
) with (fillfactor = 50);

create table enquiries_by_hour (
  tenant_id uuid not null
    constraint fk_enquiries_by_hour_tenant_id references tenants(id) on delete cascade,
  hour timestamptz not null,
  received bigint not null default 0,
  booked bigint not null default 0,
  constraint pk_enquiries_by_hour primary key (tenant_id, hour)
) with (fillfactor = 50);
