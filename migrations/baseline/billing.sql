-- Invoices, bills, payments, credit notes and write-offs, and the roll-ups of what is open.
--
-- Amounts are integers in minor units. Roll-up rows are updated all the time. Half-empty pages
-- (fillfactor) leave room to do so in place.

-- `credited_minor` includes `written_off_minor`. The instalment plan is two arrays of one length.
create table invoices (
  tenant_id uuid not null constraint fk_invoices_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  status text not null default 'draft',
  issue_date date not null,
  due_date date not null,
  currency text not null,
  total_minor bigint not null,
  paid_minor bigint not null default 0,
  party_name text not null,
  party_key text not null generated always as (lower(party_name)) stored,
  party_reference text,
  notes text,
  entry_id uuid,
  created_by_user_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  number text,
  issued_at timestamptz,
  issued_by_user_id uuid,
  enquiry_id uuid,
  session_id uuid,
  search text not null generated always as (
    lower(coalesce(number, '')
          || chr(31) || party_name
          || chr(31) || coalesce(party_reference, ''))
  ) stored,
  credited_minor bigint not null default 0,
  voided_on date,
  void_reason text,
  void_entry_id uuid,
  voided_by_user_id uuid,
  sent_at timestamptz,
  sent_to text,
  tax_minor bigint not null default 0,
  place_of_supply text,
  customer_tax_number text,
  customer_pan text,
  is_opening boolean not null default false,
  instalment_dues date[],
  instalment_minors bigint[],
  written_off_minor bigint not null default 0,
  rate_base text,
  rate_quote text,
  rate numeric(17,8),
  rate_on date,
  rate_source text,
  round_off_minor bigint not null default 0,
  trip_id uuid,
  constraint pk_invoices primary key (tenant_id, id),
  constraint uq_invoices_number unique (tenant_id, number),
  constraint fk_invoices_entry
    foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
  constraint fk_invoices_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint fk_invoices_issuer
    foreign key (tenant_id, issued_by_user_id) references users(tenant_id, id),
  constraint fk_invoices_enquiry
    foreign key (tenant_id, enquiry_id) references enquiries(tenant_id, id)
      on delete set null (enquiry_id),
  constraint fk_invoices_session
    foreign key (tenant_id, session_id) references chat_sessions(tenant_id, id)
      on delete set null (session_id),
  constraint fk_invoices_void_entry
    foreign key (tenant_id, void_entry_id) references journal_entries(tenant_id, id),
  constraint fk_invoices_voider
    foreign key (tenant_id, voided_by_user_id) references users(tenant_id, id),
  constraint fk_invoices_trip foreign key (tenant_id, trip_id) references trips(tenant_id, id),
  constraint ck_invoices_currency check (currency ~ '^[A-Z]{3}$'),
  constraint ck_invoices_dates check (
    issue_date between '1900-01-01' and '2200-12-31'
    and (due_date >= issue_date and due_date <= '2200-12-31')
  ),
  constraint ck_invoices_status
    check (status in ('draft', 'issued', 'partially_paid', 'paid', 'void')),
  constraint ck_invoices_number check (length(number) <= 16),
  constraint ck_invoices_issued check (
    case when status = 'draft' then number is null and entry_id is null
         when status = 'void' then true
         else number is not null and entry_id is not null end
  ),
  constraint ck_invoices_amounts
    check (total_minor > 0 and paid_minor >= 0 and credited_minor >= 0
      and (paid_minor + credited_minor) <= total_minor),
  constraint ck_invoices_paid check (
    case status
      when 'draft' then paid_minor = 0 and credited_minor = 0
      when 'issued' then paid_minor = 0 and paid_minor + credited_minor < total_minor
      when 'partially_paid' then paid_minor > 0 and paid_minor + credited_minor < total_minor
      when 'paid' then paid_minor + credited_minor = total_minor
      else true end
  ),
  constraint ck_invoices_voided check (
    case when status = 'void'
         then num_nonnulls(voided_on, void_reason, void_entry_id) = 3
              and num_nonnulls(number, entry_id) = 2 and voided_on >= issue_date
              and paid_minor = 0 and credited_minor = 0
         else num_nonnulls(voided_on, void_reason, void_entry_id, voided_by_user_id) = 0 end
  ),
  constraint ck_invoices_sent check ((sent_at is null) = (sent_to is null)),
  constraint ck_invoices_place check (place_of_supply ~ '^[A-Z0-9]{1,3}$'),
  constraint ck_invoices_opening check (not is_opening or party_reference is not null),
  constraint ck_invoices_instalments check (
    num_nonnulls(instalment_dues, instalment_minors) = 0
    or app.is_plan(instalment_dues, instalment_minors, issue_date)
  ),
  constraint ck_invoices_written_off
    check (written_off_minor >= 0 and written_off_minor <= credited_minor),
  constraint ck_invoices_rate check (
    num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 0
    or num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 5
       and rate > 0 and rate_base <> rate_quote
       and (currency = rate_base or currency = rate_quote)
       and rate_base ~ '^[A-Z]{3}$' and rate_quote ~ '^[A-Z]{3}$'
       and rate_on between '1900-01-01' and '2200-12-31'
       and length(rate_source) between 1 and 64
  ),
  constraint ck_invoices_round_off check (abs(round_off_minor) <= 5000),
  constraint ck_invoices_tax
    check (tax_minor >= 0 and tax_minor <= (total_minor - round_off_minor))
);
create index ix_invoices_issued on invoices (tenant_id, issue_date desc, id desc);
create index ix_invoices_status on invoices (tenant_id, status, issue_date desc, id desc);
create index ix_invoices_due on invoices (tenant_id, due_date, id);
create index ix_invoices_open_due
  on invoices (tenant_id, due_date, id) where status in ('issued', 'partially_paid');
create index ix_invoices_currency on invoices (tenant_id, currency, issue_date desc, id desc);
create index ix_invoices_party on invoices (tenant_id, party_key, issue_date desc, id desc);
create index ix_invoices_enquiry on invoices (tenant_id, enquiry_id) where enquiry_id is not null;
create index ix_invoices_session on invoices (tenant_id, session_id) where session_id is not null;
create index ix_invoices_search on invoices using gin (tenant_id, search gin_trgm_ops);
create index ix_invoices_voided on invoices (tenant_id, voided_on) where status = 'void';
create index ix_invoices_pan
  on invoices (tenant_id, customer_pan, issue_date) where customer_pan is not null;
create unique index uq_invoices_opening on invoices (tenant_id, party_reference) where is_opening;
create index ix_invoices_open_party
  on invoices (tenant_id, party_key, due_date, id) where status in ('issued', 'partially_paid');
create index ix_invoices_trip on invoices (tenant_id, trip_id) where trip_id is not null;

create table invoice_lines (
  tenant_id uuid not null
    constraint fk_invoice_lines_tenant_id references tenants(id) on delete cascade,
  invoice_id uuid not null,
  line_no bigint not null,
  description text not null,
  quantity bigint not null,
  unit_price_minor bigint not null,
  amount_minor bigint not null,
  tax text,
  collection text,
  basic_fare_minor bigint,
  service_date date,
  sold_as text not null default 'principal',
  commission_minor bigint not null default 0,
  constraint pk_invoice_lines primary key (tenant_id, invoice_id, line_no),
  constraint fk_invoice_lines_invoice
    foreign key (tenant_id, invoice_id) references invoices(tenant_id, id) on delete cascade,
  constraint ck_invoice_lines_amount
    check (quantity >= 1 and unit_price_minor >= 0
      and amount_minor = quantity * unit_price_minor),
  constraint ck_invoice_lines_sold_as check (sold_as in ('principal', 'agent', 'fee')),
  constraint ck_invoice_lines_fare
    check (basic_fare_minor >= 0 and basic_fare_minor <= amount_minor),
  constraint ck_invoice_lines_commission
    check (commission_minor between 0 and amount_minor
      and (commission_minor = 0 or sold_as = 'agent'))
);

create table bills (
  tenant_id uuid not null constraint fk_bills_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  status text not null default 'draft',
  issue_date date not null,
  due_date date not null,
  currency text not null,
  total_minor bigint not null,
  paid_minor bigint not null default 0,
  party_name text not null,
  party_key text not null generated always as (lower(party_name)) stored,
  party_reference text,
  notes text,
  entry_id uuid,
  created_by_user_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  vendor_reference text not null,
  credited_minor bigint not null default 0,
  voided_on date,
  void_reason text,
  void_entry_id uuid,
  voided_by_user_id uuid,
  pay_on date,
  is_opening boolean not null default false,
  instalment_dues date[],
  instalment_minors bigint[],
  tax_minor bigint not null default 0,
  rate_base text,
  rate_quote text,
  rate numeric(17,8),
  rate_on date,
  rate_source text,
  trip_id uuid,
  constraint pk_bills primary key (tenant_id, id),
  constraint fk_bills_entry
    foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
  constraint fk_bills_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint fk_bills_void_entry
    foreign key (tenant_id, void_entry_id) references journal_entries(tenant_id, id),
  constraint fk_bills_voider
    foreign key (tenant_id, voided_by_user_id) references users(tenant_id, id),
  constraint fk_bills_trip foreign key (tenant_id, trip_id) references trips(tenant_id, id),
  constraint ck_bills_currency check (currency ~ '^[A-Z]{3}$'),
  constraint ck_bills_dates check (
    issue_date between '1900-01-01' and '2200-12-31'
    and (due_date >= issue_date and due_date <= '2200-12-31')
  ),
  constraint ck_bills_status check (status in ('draft', 'received', 'scheduled', 'paid', 'void')),
  constraint ck_bills_posted check (
    case when status = 'draft' then entry_id is null
         when status = 'void' then true
         else entry_id is not null end
  ),
  constraint ck_bills_amounts
    check (total_minor > 0 and paid_minor >= 0 and credited_minor >= 0
      and (paid_minor + credited_minor) <= total_minor),
  constraint ck_bills_paid check (
    case status
      when 'draft' then paid_minor = 0 and credited_minor = 0
      when 'paid' then paid_minor + credited_minor = total_minor
      when 'void' then true
      else paid_minor + credited_minor < total_minor end
  ),
  constraint ck_bills_voided check (
    case when status = 'void'
         then num_nonnulls(voided_on, void_reason, void_entry_id) = 3
              and entry_id is not null and voided_on >= issue_date
              and paid_minor = 0 and credited_minor = 0
         else num_nonnulls(voided_on, void_reason, void_entry_id, voided_by_user_id) = 0 end
  ),
  constraint ck_bills_pay_on check (
    case when status = 'scheduled' then pay_on is not null
         when status in ('draft', 'received') then pay_on is null
         else true end
    and (pay_on >= issue_date and pay_on <= '2200-12-31')
  ),
  constraint ck_bills_instalments check (
    num_nonnulls(instalment_dues, instalment_minors) = 0
    or app.is_plan(instalment_dues, instalment_minors, issue_date)
  ),
  constraint ck_bills_tax check (tax_minor >= 0 and tax_minor <= total_minor),
  constraint ck_bills_rate check (
    num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 0
    or num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 5
       and rate > 0 and rate_base <> rate_quote
       and (currency = rate_base or currency = rate_quote)
       and rate_base ~ '^[A-Z]{3}$' and rate_quote ~ '^[A-Z]{3}$'
       and rate_on between '1900-01-01' and '2200-12-31'
       and length(rate_source) between 1 and 64
  )
);
create index ix_bills_issued on bills (tenant_id, issue_date desc, id desc);
create index ix_bills_status on bills (tenant_id, status, issue_date desc, id desc);
create index ix_bills_open_due
  on bills (tenant_id, due_date, id) where status in ('received', 'scheduled');
create index ix_bills_party on bills (tenant_id, party_key, issue_date desc, id desc);
create index ix_bills_voided on bills (tenant_id, voided_on) where status = 'void';
create unique index uq_bills_vendor_reference
  on bills (tenant_id, vendor_reference) where status <> 'void';
create index ix_bills_open_party
  on bills (tenant_id, party_key, due_date, id) where status in ('received', 'scheduled');
create index ix_bills_trip on bills (tenant_id, trip_id) where trip_id is not null;

create table bill_lines (
  tenant_id uuid not null
    constraint fk_bill_lines_tenant_id references tenants(id) on delete cascade,
  bill_id uuid not null,
  line_no bigint not null,
  description text not null,
  quantity bigint not null,
  unit_price_minor bigint not null,
  amount_minor bigint not null,
  bought_as text not null default 'cost',
  input_credit boolean not null default false,
  constraint pk_bill_lines primary key (tenant_id, bill_id, line_no),
  constraint fk_bill_lines_bill
    foreign key (tenant_id, bill_id) references bills(tenant_id, id) on delete cascade,
  constraint ck_bill_lines_amount
    check (quantity >= 1 and unit_price_minor >= 0
      and amount_minor = quantity * unit_price_minor),
  constraint ck_bill_lines_bought_as check (bought_as in ('cost', 'agent'))
);

create table payments (
  tenant_id uuid not null constraint fk_payments_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  direction text not null,
  party_name text not null,
  party_key text not null generated always as (lower(party_name)) stored,
  currency text not null,
  amount_minor bigint not null,
  paid_on date not null,
  reference text,
  entry_id uuid not null,
  created_by_user_id uuid,
  created_at timestamptz not null default now(),
  number text not null,
  account text not null default 'bank',
  allocated_minor bigint not null default 0,
  refunded_minor bigint not null default 0,
  reversed_on date,
  reversal_reason text,
  reversal_entry_id uuid,
  reversed_by_user_id uuid,
  constraint pk_payments primary key (tenant_id, id),
  constraint uq_payments_number unique (tenant_id, number),
  constraint fk_payments_entry
    foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
  constraint fk_payments_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint fk_payments_reversal
    foreign key (tenant_id, reversal_entry_id) references journal_entries(tenant_id, id),
  constraint fk_payments_reverser
    foreign key (tenant_id, reversed_by_user_id) references users(tenant_id, id),
  constraint ck_payments_direction check (direction in ('in', 'out')),
  constraint ck_payments_currency check (currency ~ '^[A-Z]{3}$'),
  constraint ck_payments_amount check (amount_minor > 0),
  constraint ck_payments_date check (paid_on between '1900-01-01' and '2200-12-31'),
  constraint ck_payments_number check (length(number) <= 16),
  constraint ck_payments_used
    check (allocated_minor >= 0 and refunded_minor >= 0
      and (allocated_minor + refunded_minor) <= amount_minor),
  constraint ck_payments_account check (account in ('bank', 'cash', 'opening_balances')),
  constraint ck_payments_opening check (account <> 'opening_balances' or reference is not null),
  constraint ck_payments_reversed check (
    case when reversed_on is null
         then num_nonnulls(reversal_reason, reversal_entry_id, reversed_by_user_id) = 0
         else num_nonnulls(reversal_reason, reversal_entry_id) = 2
              and reversed_on >= paid_on and allocated_minor = 0
              and refunded_minor = amount_minor end
  )
);
create index ix_payments_paid on payments (tenant_id, paid_on desc, id desc);
create index ix_payments_direction on payments (tenant_id, direction, paid_on desc, id desc);
create index ix_payments_party on payments (tenant_id, party_key, paid_on desc, id desc);
create index ix_payments_unapplied
  on payments (tenant_id, direction, paid_on desc, id desc)
  where (allocated_minor + refunded_minor) < amount_minor;
create index ix_payments_reversed
  on payments (tenant_id, reversed_on) where reversed_on is not null;
create unique index uq_payments_opening
  on payments (tenant_id, direction, reference)
  where account = 'opening_balances' and reversed_on is null;

-- What of a payment settles a document. `settled_minor` and `booked_minor` are for documents in
-- another currency (app.check_allocation()).
create table allocations (
  tenant_id uuid not null
    constraint fk_allocations_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  payment_id uuid not null,
  invoice_id uuid,
  bill_id uuid,
  amount_minor bigint not null,
  effective_on date not null,
  created_at timestamptz not null default now(),
  entry_id uuid not null,
  reverses_id uuid,
  settled_minor bigint,
  booked_minor bigint,
  rate_base text,
  rate_quote text,
  rate numeric(17,8),
  rate_on date,
  rate_source text,
  constraint pk_allocations primary key (tenant_id, id),
  constraint uq_allocations_reverses_id unique (tenant_id, reverses_id),
  constraint fk_allocations_payment
    foreign key (tenant_id, payment_id) references payments(tenant_id, id),
  constraint fk_allocations_invoice
    foreign key (tenant_id, invoice_id) references invoices(tenant_id, id),
  constraint fk_allocations_bill foreign key (tenant_id, bill_id) references bills(tenant_id, id),
  constraint fk_allocations_entry
    foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
  constraint fk_allocations_reverses
    foreign key (tenant_id, reverses_id) references allocations(tenant_id, id),
  constraint ck_allocations_document check (num_nonnulls(invoice_id, bill_id) = 1),
  constraint ck_allocations_amount check (
    case when reverses_id is null then amount_minor > 0 else amount_minor < 0 end
  ),
  constraint ck_allocations_exchanged check (
    case when settled_minor is null
         then num_nonnulls(booked_minor, rate_base, rate_quote, rate, rate_on, rate_source) = 0
         else sign(settled_minor) = sign(amount_minor)
              and num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) in (0, 5)
              and (rate is null or rate > 0 and rate_base <> rate_quote) end
  )
);
create index ix_allocations_payment on allocations (tenant_id, payment_id);
create index ix_allocations_invoice
  on allocations (tenant_id, invoice_id, effective_on) where invoice_id is not null;
create index ix_allocations_bill
  on allocations (tenant_id, bill_id, effective_on) where bill_id is not null;
create index ix_allocations_effective on allocations (tenant_id, effective_on);

-- The last number of each series and financial year: documents are numbered without gaps.
create table number_series (
  tenant_id uuid not null
    constraint fk_number_series_tenant_id references tenants(id) on delete cascade,
  series text not null,
  financial_year text not null,
  last_number bigint not null,
  constraint pk_number_series primary key (tenant_id, series, financial_year),
  constraint ck_number_series_last check (last_number between 1 and 99999999)
) with (fillfactor = 50);

-- The number of invoices of each status (app.count_invoices()).
create table invoice_counts (
  tenant_id uuid not null
    constraint fk_invoice_counts_tenant_id references tenants(id) on delete cascade,
  status text not null,
  n bigint not null default 0,
  constraint pk_invoice_counts primary key (tenant_id, status)
) with (fillfactor = 50);

-- Open amounts by due date (app.roll_up_documents()). Reports of age read the covering index only.
create table ageing_by_due (
  tenant_id uuid not null
    constraint fk_ageing_by_due_tenant_id references tenants(id) on delete cascade,
  kind text not null,
  currency text not null,
  issue_month date not null,
  due_date date not null,
  n bigint not null default 0,
  open_minor bigint not null default 0,
  documents bigint not null default 0,
  constraint pk_ageing_by_due primary key (tenant_id, kind, currency, issue_month, due_date)
) with (fillfactor = 50);
create index ix_ageing_by_due_open on ageing_by_due (tenant_id, kind, currency, due_date)
  include (issue_month, n, documents, open_minor) where n > 0;

-- Open amounts by party and month of issue (app.roll_up_documents()).
create table ageing_by_party (
  tenant_id uuid not null
    constraint fk_ageing_by_party_tenant_id references tenants(id) on delete cascade,
  kind text not null,
  currency text not null,
  issue_month date not null,
  party_key text not null,
  party_name text not null,
  n bigint not null default 0,
  open_minor bigint not null default 0,
  constraint pk_ageing_by_party primary key (tenant_id, kind, currency, issue_month, party_key)
) with (fillfactor = 50);
create index ix_ageing_by_party_open on ageing_by_party (tenant_id, kind, issue_month) where n > 0;

create table refunds (
  tenant_id uuid not null constraint fk_refunds_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  payment_id uuid not null,
  number text not null,
  amount_minor bigint not null,
  refunded_on date not null,
  account text not null,
  reference text,
  entry_id uuid not null,
  created_by_user_id uuid,
  created_at timestamptz not null default now(),
  reversed_on date,
  reversal_reason text,
  reversal_entry_id uuid,
  reversed_by_user_id uuid,
  constraint pk_refunds primary key (tenant_id, id),
  constraint uq_refunds_number unique (tenant_id, number),
  constraint fk_refunds_payment
    foreign key (tenant_id, payment_id) references payments(tenant_id, id),
  constraint fk_refunds_entry
    foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
  constraint fk_refunds_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint fk_refunds_reversal
    foreign key (tenant_id, reversal_entry_id) references journal_entries(tenant_id, id),
  constraint fk_refunds_reverser
    foreign key (tenant_id, reversed_by_user_id) references users(tenant_id, id),
  constraint ck_refunds_amount check (amount_minor > 0),
  constraint ck_refunds_account check (account in ('bank', 'cash')),
  constraint ck_refunds_number check (length(number) <= 16),
  constraint ck_refunds_date check (refunded_on between '1900-01-01' and '2200-12-31'),
  constraint ck_refunds_reversed check (
    case when reversed_on is null
         then num_nonnulls(reversal_reason, reversal_entry_id, reversed_by_user_id) = 0
         else num_nonnulls(reversal_reason, reversal_entry_id) = 2
              and reversed_on >= refunded_on end
  )
);
create index ix_refunds_payment on refunds (tenant_id, payment_id);
create index ix_refunds_refunded on refunds (tenant_id, refunded_on);
create index ix_refunds_reversed on refunds (tenant_id, reversed_on) where reversed_on is not null;

create table credit_notes (
  tenant_id uuid not null
    constraint fk_credit_notes_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  invoice_id uuid not null,
  number text not null,
  issue_date date not null,
  currency text not null,
  total_minor bigint not null,
  party_name text not null,
  party_key text not null generated always as (lower(party_name)) stored,
  reason text not null,
  entry_id uuid not null,
  created_by_user_id uuid,
  created_at timestamptz not null default now(),
  tax_minor bigint not null default 0,
  reversed_on date,
  reversal_reason text,
  reversal_entry_id uuid,
  reversed_by_user_id uuid,
  round_off_minor bigint not null default 0,
  constraint pk_credit_notes primary key (tenant_id, id),
  constraint uq_credit_notes_number unique (tenant_id, number),
  constraint fk_credit_notes_invoice
    foreign key (tenant_id, invoice_id) references invoices(tenant_id, id),
  constraint fk_credit_notes_entry
    foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
  constraint fk_credit_notes_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint fk_credit_notes_reversal
    foreign key (tenant_id, reversal_entry_id) references journal_entries(tenant_id, id),
  constraint fk_credit_notes_reverser
    foreign key (tenant_id, reversed_by_user_id) references users(tenant_id, id),
  constraint ck_credit_notes_currency check (currency ~ '^[A-Z]{3}$'),
  constraint ck_credit_notes_date check (issue_date between '1900-01-01' and '2200-12-31'),
  constraint ck_credit_notes_total check (total_minor > 0),
  constraint ck_credit_notes_number check (length(number) <= 16),
  constraint ck_credit_notes_reversed check (
    case when reversed_on is null
         then num_nonnulls(reversal_reason, reversal_entry_id, reversed_by_user_id) = 0
         else num_nonnulls(reversal_reason, reversal_entry_id) = 2
              and reversed_on >= issue_date end
  ),
  constraint ck_credit_notes_round_off check (abs(round_off_minor) <= 5000),
  constraint ck_credit_notes_tax
    check (tax_minor >= 0 and tax_minor < (total_minor - round_off_minor))
);
create index ix_credit_notes_issued on credit_notes (tenant_id, issue_date desc, id desc);
create index ix_credit_notes_party on credit_notes (tenant_id, party_key, issue_date desc, id desc);
create index ix_credit_notes_invoice on credit_notes (tenant_id, invoice_id, issue_date);
create index ix_credit_notes_reversed
  on credit_notes (tenant_id, reversed_on) where reversed_on is not null;
create unique index uq_credit_notes_round_off
  on credit_notes (tenant_id, invoice_id) where round_off_minor <> 0 and reversed_on is null;

create table credit_note_lines (
  tenant_id uuid not null
    constraint fk_credit_note_lines_tenant_id references tenants(id) on delete cascade,
  credit_note_id uuid not null,
  line_no bigint not null,
  description text not null,
  amount_minor bigint not null,
  commission_minor bigint not null default 0,
  constraint pk_credit_note_lines primary key (tenant_id, credit_note_id, line_no),
  constraint fk_credit_note_lines_note
    foreign key (tenant_id, credit_note_id) references credit_notes(tenant_id, id),
  constraint ck_credit_note_lines_amount check (amount_minor > 0),
  constraint ck_credit_note_lines_commission
    check (commission_minor >= 0 and commission_minor <= amount_minor)
);

create table invoice_taxes (
  tenant_id uuid not null
    constraint fk_invoice_taxes_tenant_id references tenants(id) on delete cascade,
  invoice_id uuid not null,
  line_no bigint not null,
  component text not null,
  percent numeric(6,3) not null,
  taxable_minor bigint not null,
  amount_minor bigint not null,
  source text not null,
  confirmed boolean not null,
  constraint pk_invoice_taxes primary key (tenant_id, invoice_id, line_no, component),
  constraint fk_invoice_taxes_line
    foreign key (tenant_id, invoice_id, line_no) references invoice_lines(tenant_id, invoice_id,
      line_no) on delete cascade,
  constraint ck_invoice_taxes_amount
    check (percent > 0 and taxable_minor >= 0 and (amount_minor >= 0
      and amount_minor <= taxable_minor))
);

create table credit_note_taxes (
  tenant_id uuid not null
    constraint fk_credit_note_taxes_tenant_id references tenants(id) on delete cascade,
  credit_note_id uuid not null,
  line_no bigint not null,
  component text not null,
  amount_minor bigint not null,
  constraint pk_credit_note_taxes primary key (tenant_id, credit_note_id, line_no, component),
  constraint fk_credit_note_taxes_line
    foreign key (tenant_id, credit_note_id, line_no) references credit_note_lines(tenant_id,
      credit_note_id, line_no),
  constraint ck_credit_note_taxes_amount check (amount_minor > 0)
);

create table supplier_credits (
  tenant_id uuid not null
    constraint fk_supplier_credits_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  bill_id uuid not null,
  vendor_reference text not null,
  issue_date date not null,
  currency text not null,
  total_minor bigint not null,
  party_name text not null,
  party_key text not null generated always as (lower(party_name)) stored,
  reason text not null,
  entry_id uuid not null,
  created_by_user_id uuid,
  created_at timestamptz not null default now(),
  tax_minor bigint not null default 0,
  reversed_on date,
  reversal_reason text,
  reversal_entry_id uuid,
  reversed_by_user_id uuid,
  constraint pk_supplier_credits primary key (tenant_id, id),
  constraint fk_supplier_credits_bill
    foreign key (tenant_id, bill_id) references bills(tenant_id, id),
  constraint fk_supplier_credits_entry
    foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
  constraint fk_supplier_credits_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint fk_supplier_credits_reversal
    foreign key (tenant_id, reversal_entry_id) references journal_entries(tenant_id, id),
  constraint fk_supplier_credits_reverser
    foreign key (tenant_id, reversed_by_user_id) references users(tenant_id, id),
  constraint ck_supplier_credits_currency check (currency ~ '^[A-Z]{3}$'),
  constraint ck_supplier_credits_date check (issue_date between '1900-01-01' and '2200-12-31'),
  constraint ck_supplier_credits_total check (total_minor > 0),
  constraint ck_supplier_credits_tax check (tax_minor >= 0 and tax_minor < total_minor),
  constraint ck_supplier_credits_reversed check (
    case when reversed_on is null
         then num_nonnulls(reversal_reason, reversal_entry_id, reversed_by_user_id) = 0
         else num_nonnulls(reversal_reason, reversal_entry_id) = 2
              and reversed_on >= issue_date end
  )
);
create index ix_supplier_credits_issued on supplier_credits (tenant_id, issue_date desc, id desc);
create index ix_supplier_credits_party
  on supplier_credits (tenant_id, party_key, issue_date desc, id desc);
create index ix_supplier_credits_bill on supplier_credits (tenant_id, bill_id, issue_date);
create index ix_supplier_credits_reversed
  on supplier_credits (tenant_id, reversed_on) where reversed_on is not null;
create unique index uq_supplier_credits_reference
  on supplier_credits (tenant_id, party_key, vendor_reference) where reversed_on is null;

create table supplier_credit_lines (
  tenant_id uuid not null
    constraint fk_supplier_credit_lines_tenant_id references tenants(id) on delete cascade,
  supplier_credit_id uuid not null,
  line_no bigint not null,
  description text not null,
  amount_minor bigint not null,
  constraint pk_supplier_credit_lines primary key (tenant_id, supplier_credit_id, line_no),
  constraint fk_supplier_credit_lines_credit
    foreign key (tenant_id, supplier_credit_id) references supplier_credits(tenant_id, id),
  constraint ck_supplier_credit_lines_amount check (amount_minor > 0)
);

create table write_offs (
  tenant_id uuid not null
    constraint fk_write_offs_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  invoice_id uuid not null,
  amount_minor bigint not null,
  effective_on date not null,
  reason text not null,
  entry_id uuid not null,
  reverses_id uuid,
  created_by_user_id uuid,
  created_at timestamptz not null default now(),
  constraint pk_write_offs primary key (tenant_id, id),
  constraint uq_write_offs_reverses_id unique (tenant_id, reverses_id),
  constraint fk_write_offs_invoice
    foreign key (tenant_id, invoice_id) references invoices(tenant_id, id),
  constraint fk_write_offs_entry
    foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
  constraint fk_write_offs_reverses
    foreign key (tenant_id, reverses_id) references write_offs(tenant_id, id),
  constraint fk_write_offs_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint ck_write_offs_amount check (
    case when reverses_id is null then amount_minor > 0 else amount_minor < 0 end
  ),
  constraint ck_write_offs_date check (effective_on between '1900-01-01' and '2200-12-31')
);
create index ix_write_offs_invoice on write_offs (tenant_id, invoice_id, effective_on);
create index ix_write_offs_effective on write_offs (tenant_id, effective_on);

-- Open amounts by party (app.sum_up_parties()).
create table open_by_party (
  tenant_id uuid not null
    constraint fk_open_by_party_tenant_id references tenants(id) on delete cascade,
  kind text not null,
  currency text not null,
  party_key text not null,
  party_name text not null,
  n bigint not null default 0,
  open_minor bigint not null default 0,
  constraint pk_open_by_party primary key (tenant_id, kind, currency, party_key)
) with (fillfactor = 50);
create index ix_open_by_party_largest
  on open_by_party (tenant_id, kind, currency, open_minor desc, party_key) where n > 0;

-- Payments in advance by day (app.roll_up_payments()).
create table advances_by_day (
  tenant_id uuid not null
    constraint fk_advances_by_day_tenant_id references tenants(id) on delete cascade,
  direction text not null,
  currency text not null,
  paid_on date not null,
  n bigint not null default 0,
  unapplied_minor bigint not null default 0,
  constraint pk_advances_by_day primary key (tenant_id, direction, currency, paid_on)
) with (fillfactor = 50);
create index ix_advances_by_day_left on advances_by_day (tenant_id, direction, currency, paid_on)
  include (n, unapplied_minor) where n > 0;

-- Payments in advance by party (app.roll_up_payments()).
create table advances_by_party (
  tenant_id uuid not null
    constraint fk_advances_by_party_tenant_id references tenants(id) on delete cascade,
  direction text not null,
  currency text not null,
  party_key text not null,
  party_name text not null,
  n bigint not null default 0,
  unapplied_minor bigint not null default 0,
  constraint pk_advances_by_party primary key (tenant_id, direction, currency, party_key)
) with (fillfactor = 50);
create index ix_advances_by_party_left on advances_by_party (tenant_id, direction) where n > 0;

create table bill_taxes (
  tenant_id uuid not null
    constraint fk_bill_taxes_tenant_id references tenants(id) on delete cascade,
  bill_id uuid not null,
  line_no bigint not null,
  component text not null,
  amount_minor bigint not null,
  constraint pk_bill_taxes primary key (tenant_id, bill_id, line_no, component),
  constraint fk_bill_taxes_line
    foreign key (tenant_id, bill_id, line_no) references bill_lines(tenant_id, bill_id, line_no)
      on delete cascade,
  constraint ck_bill_taxes_amount check (amount_minor > 0)
);

create table supplier_credit_taxes (
  tenant_id uuid not null
    constraint fk_supplier_credit_taxes_tenant_id references tenants(id) on delete cascade,
  supplier_credit_id uuid not null,
  line_no bigint not null,
  component text not null,
  amount_minor bigint not null,
  constraint pk_supplier_credit_taxes
    primary key (tenant_id, supplier_credit_id, line_no, component),
  constraint fk_supplier_credit_taxes_line
    foreign key (tenant_id, supplier_credit_id, line_no)
      references supplier_credit_lines(tenant_id, supplier_credit_id, line_no),
  constraint ck_supplier_credit_taxes_amount check (amount_minor > 0)
);
