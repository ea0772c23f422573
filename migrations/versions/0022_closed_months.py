"""Months that are closed: nothing is posted into them any more, whoever asks.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# Posting shares the agency's lock and closing has it alone, each until its transaction ends. The lock is its own statement, so the look after it is at what
# was committed before the lock was given.
REFUSE_CLOSED = """
create function app.refuse_closed_month() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('months of ' || new.tenant_id, 0));
  if exists (select 1 from closed_months where tenant_id = new.tenant_id and month >= date_trunc('month', new.entry_date::timestamp)::date) then
    raise exception 'the month of % is closed', new.entry_date using errcode = 'check_violation', constraint = 'ck_entry_month_open';
  end if;
  return new;
end $$
"""

CLOSE_ALONE = """
create function app.close_month_alone() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('months of ' || new.tenant_id, 0));
  return new;
end $$
"""


def upgrade() -> None:
    op.execute(
        """
        create table closed_months (
          tenant_id uuid not null constraint fk_closed_months_tenant_id references tenants(id) on delete cascade,
          month date not null,
          closed_at timestamptz not null default now(),
          closed_by_user_id uuid,
          constraint pk_closed_months primary key (tenant_id, month),
          constraint fk_closed_months_closer foreign key (tenant_id, closed_by_user_id) references users(tenant_id, id),
          constraint ck_closed_months_month check (extract(day from month) = 1 and month between '1900-01-01' and '2200-12-01')
        )
        """
    )
    tenant_wall("closed_months", grants="select, insert, delete")
    op.execute(REFUSE_CLOSED)
    op.execute(
        "create trigger journal_entries_month_open before insert on journal_entries for each row execute function app.refuse_closed_month()"
    )
    op.execute(CLOSE_ALONE)
    op.execute(
        "create trigger closed_months_alone before insert on closed_months for each row execute function app.close_month_alone()"
    )


def downgrade() -> None:
    op.execute("drop trigger journal_entries_month_open on journal_entries")
    op.execute("drop function app.refuse_closed_month()")
    op.execute("drop table closed_months")
    op.execute("drop function app.close_month_alone()")
