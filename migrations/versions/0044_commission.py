"""The commission on a line that is sold as agent: the agency's own part of it, and what credit notes take back of that.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

COLUMNS = [
    "alter table invoice_lines add column commission_minor bigint not null default 0",
    "alter table invoice_lines add constraint ck_invoice_lines_commission"
    " check (commission_minor between 0 and amount_minor and (commission_minor = 0 or sold_as = 'agent'))",
    "alter table credit_note_lines add column commission_minor bigint not null default 0",
    "alter table credit_note_lines add constraint ck_credit_note_lines_commission check (commission_minor between 0 and amount_minor)",
]

# The last wall behind the rules: of a line no more commission is taken back than it bore.
GUARD = """
create function app.guard_credit_commission() returns trigger language plpgsql as $$
declare
  recalled numeric;
  borne bigint;
begin
  select coalesce(sum(l.commission_minor), 0), max(i.commission_minor) into recalled, borne
    from credit_notes n
    join credit_notes s on s.tenant_id = n.tenant_id and s.invoice_id = n.invoice_id
    join credit_note_lines l on l.tenant_id = s.tenant_id and l.credit_note_id = s.id and l.line_no = new.line_no
    join invoice_lines i on i.tenant_id = n.tenant_id and i.invoice_id = n.invoice_id and i.line_no = new.line_no
   where n.tenant_id = new.tenant_id and n.id = new.credit_note_id;
  if borne is null or recalled > borne then
    raise exception 'more commission is taken back than the line bore' using errcode = 'check_violation', constraint = 'ck_credit_note_lines_recalled';
  end if;
  return null;
end $$
"""
TRIGGER = (
    "create trigger credit_note_lines_recalled after insert on credit_note_lines"
    " for each row when (new.commission_minor > 0) execute function app.guard_credit_commission()"
)


def upgrade() -> None:
    for statement in [*COLUMNS, GUARD, TRIGGER]:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop trigger credit_note_lines_recalled on credit_note_lines")
    op.execute("drop function app.guard_credit_commission()")
    op.execute("alter table credit_note_lines drop column commission_minor")
    op.execute("alter table invoice_lines drop column commission_minor")
