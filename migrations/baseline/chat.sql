-- Conversations: sessions, turns with their steps, messages, and the events that clients stream.

create table chat_sessions (
  tenant_id uuid not null
    constraint fk_chat_sessions_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  title text,
  created_by_user_id uuid not null,
  created_at timestamptz not null default now(),
  deleted_at timestamptz,
  last_message_at timestamptz,
  message_count bigint not null default 0,
  turn_count bigint not null default 0,
  event_seq bigint not null default 0,
  search text generated always as (lower(title)) stored,
  constraint pk_chat_sessions primary key (tenant_id, id),
  constraint fk_chat_sessions_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint ck_chat_sessions_title check (length(title) between 1 and 200)
) with (fillfactor = 70);
create index ix_chat_sessions_created
  on chat_sessions (tenant_id, created_at desc, id desc) where deleted_at is null;
create index ix_chat_sessions_last_message
  on chat_sessions (last_message_at) where deleted_at is null;
create index ix_chat_sessions_search on chat_sessions using gin (tenant_id, search gin_trgm_ops);

-- A session has one active message turn. A turn may take the place of an earlier one (`replaces`).
create table chat_turns (
  tenant_id uuid not null
    constraint fk_chat_turns_tenant_id references tenants(id) on delete cascade,
  id text not null,
  session_id uuid not null,
  number bigint not null,
  user_id uuid not null,
  kind text not null,
  approval_id text,
  message text not null default '',
  status text not null default 'queued',
  attempt bigint not null default 0,
  first_event_seq bigint,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  stop_requested_at timestamptz,
  replaces text,
  superseded_at timestamptz,
  constraint pk_chat_turns primary key (tenant_id, id),
  constraint uq_chat_turns_number unique (tenant_id, session_id, number),
  constraint fk_chat_turns_session
    foreign key (tenant_id, session_id) references chat_sessions(tenant_id, id)
      on delete cascade,
  constraint fk_chat_turns_user foreign key (tenant_id, user_id) references users(tenant_id, id),
  constraint fk_chat_turns_replaces
    foreign key (tenant_id, replaces) references chat_turns(tenant_id, id),
  constraint ck_chat_turns_kind check (kind in ('message', 'continuation')),
  constraint ck_chat_turns_approval check ((kind = 'continuation') = (approval_id is not null)),
  constraint ck_chat_turns_status
    check (status in ('queued', 'running', 'done', 'failed', 'stopped', 'waiting')),
  constraint ck_chat_turns_finished check (
    (status in ('queued', 'running')) = (finished_at is null)
  ),
  constraint ck_chat_turns_replaces
    check (replaces is null or (kind = 'message' and replaces <> id)),
  constraint ck_chat_turns_superseded check (superseded_at is null or finished_at is not null)
);
create unique index uq_chat_turns_active_message
  on chat_turns (tenant_id, session_id) where kind = 'message' and status in ('queued', 'running');
create unique index uq_chat_turns_continuation
  on chat_turns (tenant_id, approval_id) where kind = 'continuation';
create index ix_chat_turns_unfinished on chat_turns (status) where status in ('queued', 'running');
create unique index uq_chat_turns_replaces
  on chat_turns (tenant_id, replaces) where replaces is not null;

create table chat_messages (
  tenant_id uuid not null
    constraint fk_chat_messages_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  session_id uuid not null,
  sequence bigint not null,
  role text not null,
  blocks jsonb not null,
  turn_id text,
  created_by_user_id uuid,
  created_at timestamptz not null default now(),
  search text not null generated always as (app.words_of(role, blocks)) stored,
  constraint pk_chat_messages primary key (tenant_id, id),
  constraint uq_chat_messages_sequence unique (tenant_id, session_id, sequence),
  constraint fk_chat_messages_session
    foreign key (tenant_id, session_id) references chat_sessions(tenant_id, id)
      on delete cascade,
  constraint fk_chat_messages_turn
    foreign key (tenant_id, turn_id) references chat_turns(tenant_id, id) on delete cascade,
  constraint fk_chat_messages_author
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint ck_chat_messages_role check (role in ('user', 'assistant', 'tool', 'system')),
  constraint ck_chat_messages_blocks check (jsonb_typeof(blocks) = 'array')
);
create index ix_chat_messages_turn on chat_messages (tenant_id, turn_id);
create index ix_chat_messages_search on chat_messages using gin (tenant_id, search gin_trgm_ops);

create table chat_turn_steps (
  tenant_id uuid not null
    constraint fk_chat_turn_steps_tenant_id references tenants(id) on delete cascade,
  turn_id text not null,
  number bigint not null,
  kind text not null,
  outcome jsonb not null,
  finished_at timestamptz not null default now(),
  constraint pk_chat_turn_steps primary key (tenant_id, turn_id, number),
  constraint fk_chat_turn_steps_turn
    foreign key (tenant_id, turn_id) references chat_turns(tenant_id, id) on delete cascade
);

create table chat_events (
  tenant_id uuid not null
    constraint fk_chat_events_tenant_id references tenants(id) on delete cascade,
  session_id uuid not null,
  seq bigint not null,
  turn_id text not null,
  kind text not null,
  data text not null,
  created_at timestamptz not null default now(),
  constraint pk_chat_events primary key (tenant_id, session_id, seq),
  constraint fk_chat_events_session
    foreign key (tenant_id, session_id) references chat_sessions(tenant_id, id)
      on delete cascade,
  constraint ck_chat_events_kind
    check (kind in ('text_delta', 'tool_use', 'tool_result', 'approval_request',
      'approval_granted', 'approval_denied', 'error', 'final'))
);
create unique index uq_chat_events_final on chat_events (tenant_id, turn_id) where kind = 'final';
