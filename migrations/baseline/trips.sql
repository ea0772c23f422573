-- Trips with passengers and lines, and what suppliers offered and answered.

create table trips (
  tenant_id uuid not null constraint fk_trips_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  title text not null,
  currency text not null,
  notes text,
  session_id uuid,
  enquiry_id uuid,
  created_by_user_id uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  sent_at timestamptz,
  sent_to text,
  constraint pk_trips primary key (tenant_id, id),
  constraint fk_trips_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint fk_trips_session
    foreign key (tenant_id, session_id) references chat_sessions(tenant_id, id)
      on delete set null (session_id),
  constraint fk_trips_enquiry
    foreign key (tenant_id, enquiry_id) references enquiries(tenant_id, id)
      on delete set null (enquiry_id),
  constraint ck_trips_title check (length(title) between 1 and 200),
  constraint ck_trips_currency check (currency ~ '^[A-Z]{3}$'),
  constraint ck_trips_sent check ((sent_at is null) = (sent_to is null))
);
create index ix_trips_created on trips (tenant_id, created_at desc, id desc);
create unique index uq_trips_session on trips (tenant_id, session_id) where session_id is not null;
create index ix_trips_enquiry on trips (tenant_id, enquiry_id) where enquiry_id is not null;

-- `passport_sealed` is the passport number, encrypted; what a screen shows of it is beside it.
create table trip_passengers (
  tenant_id uuid not null
    constraint fk_trip_passengers_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  trip_id uuid not null,
  full_name text not null,
  kind text not null default 'adult',
  date_of_birth date,
  nationality text,
  passport_sealed bytea,
  passport_last4 text,
  passport_expiry date,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint pk_trip_passengers primary key (tenant_id, id),
  constraint fk_trip_passengers_trip
    foreign key (tenant_id, trip_id) references trips(tenant_id, id) on delete cascade,
  constraint ck_trip_passengers_kind check (kind in ('adult', 'child', 'infant', 'senior')),
  constraint ck_trip_passengers_nationality check (nationality ~ '^[A-Z]{2}$'),
  constraint ck_trip_passengers_passport
    check ((passport_sealed is null) = (passport_last4 is null)),
  constraint ck_trip_passengers_last4 check (passport_last4 ~ '^[A-Z0-9]{4}$')
);
create index ix_trip_passengers_trip on trip_passengers (tenant_id, trip_id, created_at, id);

create table supplier_offers (
  tenant_id uuid not null
    constraint fk_supplier_offers_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  kind text not null,
  supplier text not null,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint pk_supplier_offers primary key (tenant_id, id),
  constraint ck_supplier_offers_kind check (kind in ('flight', 'hotel'))
);
create index ix_supplier_offers_expires on supplier_offers (tenant_id, expires_at);
create index ix_supplier_offers_over on supplier_offers (expires_at);

-- `supplier_key` is what the supplier needs to find a booking; people know it as `supplier_ref`.
create table trip_lines (
  tenant_id uuid not null
    constraint fk_trip_lines_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  trip_id uuid not null,
  kind text not null,
  status text not null default 'planned',
  starts_on date,
  ends_on date,
  details jsonb not null,
  cost_minor bigint not null default 0,
  price_minor bigint not null default 0,
  currency text not null,
  supplier text,
  supplier_ref text,
  our_reference text,
  offer_id uuid,
  hold_expires_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  supplier_key text,
  constraint pk_trip_lines primary key (tenant_id, id),
  constraint fk_trip_lines_trip
    foreign key (tenant_id, trip_id) references trips(tenant_id, id) on delete cascade,
  constraint fk_trip_lines_offer
    foreign key (tenant_id, offer_id) references supplier_offers(tenant_id, id)
      on delete set null (offer_id),
  constraint ck_trip_lines_kind check (kind in ('flight', 'hotel', 'transfer', 'visa', 'other')),
  constraint ck_trip_lines_status
    check (status in ('planned', 'held', 'booked', 'ticketed', 'filed', 'cancelled', 'failed')),
  constraint ck_trip_lines_days check (ends_on >= starts_on),
  constraint ck_trip_lines_currency check (currency ~ '^[A-Z]{3}$'),
  constraint ck_trip_lines_details check (jsonb_typeof(details) = 'object')
);
create index ix_trip_lines_trip on trip_lines (tenant_id, trip_id);
create index ix_trip_lines_offer on trip_lines (tenant_id, offer_id) where offer_id is not null;
create index ix_trip_lines_reference
  on trip_lines (tenant_id, our_reference) where our_reference is not null;

-- Answers of suppliers that are given again for some minutes.
create table supplier_answers (
  tenant_id uuid not null
    constraint fk_supplier_answers_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  what text not null,
  question text not null,
  offer_ids uuid[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint pk_supplier_answers primary key (tenant_id, id),
  constraint ck_supplier_answers_what check (what in ('flights', 'hotels', 'rate'))
);
create index ix_supplier_answers_question
  on supplier_answers (tenant_id, question, created_at desc);
create index ix_supplier_answers_expires on supplier_answers (tenant_id, expires_at);
create index ix_supplier_answers_over on supplier_answers (expires_at);
