-- Mail that is to be sent.
--
-- `sealed` has the recipient and the contents, encrypted, until the mail is sent or given up.

create table mails (
  tenant_id uuid not null constraint fk_mails_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  kind text not null,
  locale text not null,
  sealed bytea,
  created_at timestamptz not null,
  due_at timestamptz not null,
  queued_at timestamptz,
  useless_at timestamptz not null,
  attempts bigint not null default 0,
  sent_at timestamptz,
  failed_at timestamptz,
  last_error text,
  constraint pk_mails primary key (tenant_id, id),
  constraint ck_mails_attempts check (attempts >= 0),
  constraint ck_mails_one_end check (sent_at is null or failed_at is null),
  constraint ck_mails_wiped
    check ((sealed is null) = (sent_at is not null or failed_at is not null)),
  constraint ck_mails_error check (last_error ~ '^[A-Za-z0-9_]{1,64}$')
) with (fillfactor = 80);
create index ix_mails_waiting on mails (due_at) where sent_at is null and failed_at is null;
create index ix_mails_created on mails (created_at);
