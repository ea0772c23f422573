"""What was credited of a document beside what was paid, and what voiding one leaves: on which day, by which entry, by whom and why.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_VOID_OF = "num_nonnulls(voided_on, void_reason, void_entry_id) = 3 and {posted} and voided_on >= issue_date and paid_minor = 0 and credited_minor = 0"
_COLUMNS = """
alter table {table}
  add column credited_minor bigint not null default 0,
  add column voided_on date,
  add column void_reason text,
  add column void_entry_id uuid,
  add column voided_by_user_id uuid,
  add constraint fk_{table}_void_entry foreign key (tenant_id, void_entry_id) references journal_entries(tenant_id, id),
  add constraint fk_{table}_voider foreign key (tenant_id, voided_by_user_id) references users(tenant_id, id),
  drop constraint ck_{table}_amounts,
  drop constraint ck_{table}_paid,
  add constraint ck_{table}_amounts check (total_minor > 0 and paid_minor >= 0 and credited_minor >= 0 and paid_minor + credited_minor <= total_minor),
  add constraint ck_{table}_paid check ({paid}),
  add constraint ck_{table}_voided check (
    case when status = 'void' then {void} else num_nonnulls(voided_on, void_reason, void_entry_id, voided_by_user_id) = 0 end)
"""
_OPEN = "paid_minor + credited_minor < total_minor"
PAID = {
    "invoices": f"case status when 'draft' then paid_minor = 0 and credited_minor = 0 when 'issued' then paid_minor = 0 and {_OPEN}"
    f" when 'partially_paid' then paid_minor > 0 and {_OPEN} when 'paid' then paid_minor + credited_minor = total_minor else true end",
    "bills": "case status when 'draft' then paid_minor = 0 and credited_minor = 0 when 'paid' then paid_minor + credited_minor = total_minor"
    f" when 'void' then true else {_OPEN} end",
}
_PAID_BEFORE = {
    "invoices": "case status when 'partially_paid' then paid_minor > 0 and paid_minor < total_minor"
    " when 'paid' then paid_minor = total_minor when 'void' then true else paid_minor = 0 end",
    "bills": "case status when 'draft' then paid_minor = 0 when 'paid' then paid_minor = total_minor when 'void' then true else paid_minor < total_minor end",
}
POSTED = {"invoices": "num_nonnulls(number, entry_id) = 2", "bills": "entry_id is not null"}

# What a function of an earlier migration says, and what it says from here on: the triggers that call it stay as they are.
CHANGED = (
    (
        "app.roll_up_documents()",
        "total_minor - paid_minor as",
        "total_minor - paid_minor - credited_minor as",
    ),
    (
        "app.guard_document()",
        "'paid_minor', 'notes',",
        "'paid_minor', 'credited_minor', 'voided_on', 'void_reason', 'void_entry_id', 'voided_by_user_id', 'notes',",
    ),
    (
        "app.guard_document()",
        "(new.status = 'draft' or",
        "(new.status = 'draft' or old.status = 'void' and (new.status, new.voided_on, new.void_reason, new.void_entry_id)"
        " is distinct from (old.status, old.voided_on, old.void_reason, old.void_entry_id) or",
    ),
)
_REPLACE = """
do $do$
declare
  body text := pg_get_functiondef('{function}'::regprocedure);
begin
  if position($from${before}$from$ in body) = 0 then
    raise exception '{function} is not as it was';
  end if;
  execute replace(body, $from${before}$from$, $to${after}$to$);
end $do$
"""


def upgrade() -> None:
    for table in ("invoices", "bills"):
        op.execute(
            _COLUMNS.format(
                table=table, paid=PAID[table], void=_VOID_OF.format(posted=POSTED[table])
            )
        )
        op.execute(
            f"create index ix_{table}_voided on {table} (tenant_id, voided_on) where status = 'void'"
        )
    for function, before, after in CHANGED:
        op.execute(_REPLACE.format(function=function, before=before, after=after))


def downgrade() -> None:
    for function, before, after in reversed(CHANGED):
        op.execute(_REPLACE.format(function=function, before=after, after=before))
    for table in ("invoices", "bills"):
        op.execute(
            f"alter table {table} drop constraint ck_{table}_amounts, drop constraint ck_{table}_paid, drop constraint ck_{table}_voided,"
            " drop column credited_minor, drop column voided_on, drop column void_reason, drop column void_entry_id, drop column voided_by_user_id,"
            f" add constraint ck_{table}_amounts check (total_minor > 0 and paid_minor between 0 and total_minor),"
            f" add constraint ck_{table}_paid check ({_PAID_BEFORE[table]})"
        )
