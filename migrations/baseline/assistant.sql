-- What language models cost, and which turns count for an agency's limits.

-- Costs outlive the conversation, so session and turn are names here and no foreign keys.
create table turn_costs (
  tenant_id uuid not null
    constraint fk_turn_costs_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  session_id uuid not null,
  turn_id text not null,
  number bigint not null,
  model text not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_tokens bigint not null,
  estimated boolean not null,
  cost_usd numeric(14,8) not null,
  day date not null,
  created_at timestamptz not null default now(),
  constraint pk_turn_costs primary key (tenant_id, id),
  constraint uq_turn_costs_number unique (tenant_id, turn_id, number),
  constraint ck_turn_costs_tokens
    check (least(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens) >= 0),
  constraint ck_turn_costs_cost check (cost_usd >= 0)
);
create index ix_turn_costs_session on turn_costs (tenant_id, session_id);

create table model_days (
  tenant_id uuid not null
    constraint fk_model_days_tenant_id references tenants(id) on delete cascade,
  day date not null,
  answers bigint not null,
  tokens bigint not null,
  cost_usd numeric(14,8) not null,
  unpriced bigint not null default 0,
  constraint pk_model_days primary key (tenant_id, day),
  constraint ck_model_days_unpriced check (unpriced >= 0)
);

-- The turns that count for the agency's limits per minute and per hour.
create table turn_admissions (
  tenant_id uuid not null
    constraint fk_turn_admissions_tenant_id references tenants(id) on delete cascade,
  turn_id text not null,
  admitted_at timestamptz not null,
  constraint pk_turn_admissions primary key (tenant_id, turn_id)
);
create index ix_turn_admissions_admitted on turn_admissions (tenant_id, admitted_at);

create table missing_models (
  tenant_id uuid not null
    constraint fk_missing_models_tenant_id references tenants(id) on delete cascade,
  model text not null,
  missed_at timestamptz not null default now(),
  constraint pk_missing_models primary key (tenant_id, model)
);

-- What model requests that are running now may take of the agency's budget of the day.
create table open_answers (
  tenant_id uuid not null
    constraint fk_open_answers_tenant_id references tenants(id) on delete cascade,
  turn_id text not null,
  tokens bigint not null,
  expires_at timestamptz not null,
  constraint pk_open_answers primary key (tenant_id, turn_id),
  constraint fk_open_answers_turn
    foreign key (tenant_id, turn_id) references chat_turns(tenant_id, id) on delete cascade,
  constraint ck_open_answers_tokens check (tokens > 0)
);
