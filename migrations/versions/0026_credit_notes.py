"""Credit notes: what was credited of an issued invoice, line by line, numbered in a series of their own.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLES = [
    """
    create table credit_notes (
      tenant_id uuid not null constraint fk_credit_notes_tenant_id references tenants(id) on delete cascade,
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
      constraint pk_credit_notes primary key (tenant_id, id),
      constraint uq_credit_notes_number unique (tenant_id, number),
      constraint fk_credit_notes_invoice foreign key (tenant_id, invoice_id) references invoices(tenant_id, id),
      constraint fk_credit_notes_entry foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
      constraint fk_credit_notes_creator foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
      constraint ck_credit_notes_currency check (currency ~ '^[A-Z]{3}$'),
      constraint ck_credit_notes_date check (issue_date between '1900-01-01' and '2200-12-31'),
      constraint ck_credit_notes_total check (total_minor > 0),
      constraint ck_credit_notes_number check (length(number) <= 16)
    )
    """,
    "create index ix_credit_notes_issued on credit_notes (tenant_id, issue_date desc, id desc)",
    "create index ix_credit_notes_party on credit_notes (tenant_id, party_key, issue_date desc, id desc)",
    "create index ix_credit_notes_invoice on credit_notes (tenant_id, invoice_id, issue_date)",
    """
    create table credit_note_lines (
      tenant_id uuid not null constraint fk_credit_note_lines_tenant_id references tenants(id) on delete cascade,
      credit_note_id uuid not null,
      line_no bigint not null,
      description text not null,
      amount_minor bigint not null,
      constraint pk_credit_note_lines primary key (tenant_id, credit_note_id, line_no),
      constraint fk_credit_note_lines_note foreign key (tenant_id, credit_note_id) references credit_notes(tenant_id, id),
      constraint ck_credit_note_lines_amount check (amount_minor > 0)
    )
    """,
]

# The last wall behind the rules: of no line of an invoice more is credited than it is over. Whoever credits holds the invoice's row.
GUARD = """
create function app.guard_credit_line() returns trigger language plpgsql as $$
declare
  credited numeric;
  billed bigint;
begin
  select coalesce(sum(l.amount_minor), 0), max(i.amount_minor) into credited, billed
    from credit_notes n
    join credit_notes s on s.tenant_id = n.tenant_id and s.invoice_id = n.invoice_id
    join credit_note_lines l on l.tenant_id = s.tenant_id and l.credit_note_id = s.id and l.line_no = new.line_no
    join invoice_lines i on i.tenant_id = n.tenant_id and i.invoice_id = n.invoice_id and i.line_no = new.line_no
   where n.tenant_id = new.tenant_id and n.id = new.credit_note_id;
  if billed is null or credited > billed then
    raise exception 'more is credited than the line is over' using errcode = 'check_violation', constraint = 'ck_credit_note_lines_billed';
  end if;
  return null;
end $$
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    tenant_wall("credit_notes", grants="select, insert")
    tenant_wall("credit_note_lines", grants="select, insert")
    op.execute(GUARD)
    op.execute(
        "create trigger credit_note_lines_guarded after insert on credit_note_lines for each row execute function app.guard_credit_line()"
    )


def downgrade() -> None:
    op.execute("drop table credit_note_lines")
    op.execute("drop table credit_notes")
    op.execute("drop function app.guard_credit_line()")
