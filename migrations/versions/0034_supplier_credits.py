"""Credit notes received from suppliers: what was taken back of a bill, line by line, by the supplier's own number.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLES = [
    """
    create table supplier_credits (
      tenant_id uuid not null constraint fk_supplier_credits_tenant_id references tenants(id) on delete cascade,
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
      constraint pk_supplier_credits primary key (tenant_id, id),
      constraint uq_supplier_credits_reference unique (tenant_id, party_key, vendor_reference),
      constraint fk_supplier_credits_bill foreign key (tenant_id, bill_id) references bills(tenant_id, id),
      constraint fk_supplier_credits_entry foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
      constraint fk_supplier_credits_creator foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
      constraint ck_supplier_credits_currency check (currency ~ '^[A-Z]{3}$'),
      constraint ck_supplier_credits_date check (issue_date between '1900-01-01' and '2200-12-31'),
      constraint ck_supplier_credits_total check (total_minor > 0)
    )
    """,
    "create index ix_supplier_credits_issued on supplier_credits (tenant_id, issue_date desc, id desc)",
    "create index ix_supplier_credits_party on supplier_credits (tenant_id, party_key, issue_date desc, id desc)",
    "create index ix_supplier_credits_bill on supplier_credits (tenant_id, bill_id, issue_date)",
    """
    create table supplier_credit_lines (
      tenant_id uuid not null constraint fk_supplier_credit_lines_tenant_id references tenants(id) on delete cascade,
      supplier_credit_id uuid not null,
      line_no bigint not null,
      description text not null,
      amount_minor bigint not null,
      constraint pk_supplier_credit_lines primary key (tenant_id, supplier_credit_id, line_no),
      constraint fk_supplier_credit_lines_credit foreign key (tenant_id, supplier_credit_id) references supplier_credits(tenant_id, id),
      constraint ck_supplier_credit_lines_amount check (amount_minor > 0)
    )
    """,
]

# The last wall behind the rules: of no line of a bill more is credited than it is over. Whoever credits holds the bill's row.
GUARD = """
create function app.guard_supplier_credit_line() returns trigger language plpgsql as $$
declare
  credited numeric;
  billed bigint;
begin
  select coalesce(sum(l.amount_minor), 0), max(i.amount_minor) into credited, billed
    from supplier_credits n
    join supplier_credits s on s.tenant_id = n.tenant_id and s.bill_id = n.bill_id
    join supplier_credit_lines l on l.tenant_id = s.tenant_id and l.supplier_credit_id = s.id and l.line_no = new.line_no
    join bill_lines i on i.tenant_id = n.tenant_id and i.bill_id = n.bill_id and i.line_no = new.line_no
   where n.tenant_id = new.tenant_id and n.id = new.supplier_credit_id;
  if billed is null or credited > billed then
    raise exception 'more is credited than the line is over' using errcode = 'check_violation', constraint = 'ck_supplier_credit_lines_billed';
  end if;
  return null;
end $$
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    tenant_wall("supplier_credits", grants="select, insert")
    tenant_wall("supplier_credit_lines", grants="select, insert")
    op.execute(GUARD)
    op.execute(
        "create trigger supplier_credit_lines_guarded after insert on supplier_credit_lines for each row execute function app.guard_supplier_credit_line()"
    )


def downgrade() -> None:
    op.execute("drop table supplier_credit_lines")
    op.execute("drop table supplier_credits")
    op.execute("drop function app.guard_supplier_credit_line()")
