"""Mail that waits to be sent, and the look-up that tells which agencies have some to see to.

Never edit this file once it has landed.
"""

from alembic import op
from walls import lookup_function, lookup_may_read, tenant_wall

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# `sealed` is recipient and values, there for as long as the mail is neither sent nor given up.
TABLE = """
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
  constraint ck_mails_wiped check ((sealed is null) = (sent_at is not null or failed_at is not null)),
  constraint ck_mails_error check (last_error ~ '^[A-Za-z0-9_]{1,64}$')
) with (fillfactor = 80)
"""
INDEXES = (
    "create index ix_mails_waiting on mails (due_at) where sent_at is null and failed_at is null",
    "create index ix_mails_created on mails (created_at)",
)
# A mail queued ten minutes ago that is still due has lost its job.
LOOK_UP = """
begin
  return query
    select distinct m.tenant_id from mails m
     where m.sent_at is null and m.failed_at is null
       and (m.useless_at <= at or (m.due_at <= at and (m.queued_at is null or m.queued_at <= at - interval '10 minutes')))
    union
    select distinct m.tenant_id from mails m where m.created_at <= at - interval '90 days';
end
"""


def upgrade() -> None:
    op.execute(TABLE)
    for statement in INDEXES:
        op.execute(statement)
    tenant_wall("mails")
    lookup_may_read(
        "mails", "tenant_id, created_at, due_at, queued_at, useless_at, sent_at, failed_at"
    )
    lookup_function("tenants_with_mail(at timestamptz) returns setof uuid", LOOK_UP)


def downgrade() -> None:
    op.execute("drop function app.tenants_with_mail(timestamptz)")
    op.execute("drop table mails")
