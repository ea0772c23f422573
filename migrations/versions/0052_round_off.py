"""What invoices are rounded by to whole units, where an agency wants that, and what the last credit note on one gives back of it.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0052"
down_revision = "0048"
branch_labels = None
depends_on = None

COLUMNS = [
    "alter table tenant_settings add column round_invoices boolean not null default false",
    *(
        f"""
        alter table {table}
          add column round_off_minor bigint not null default 0,
          add constraint ck_{table}_round_off check (abs(round_off_minor) <= 5000),
          drop constraint ck_{table}_tax,
          add constraint ck_{table}_tax check (tax_minor >= 0 and tax_minor {less} total_minor - round_off_minor)
        """
        for table, less in (("invoices", "<="), ("credit_notes", "<"))
    ),
    # It is given back once, by a note that stands.
    "create unique index uq_credit_notes_round_off on credit_notes (tenant_id, invoice_id) where round_off_minor <> 0 and reversed_on is null",
]
_REPLACE = """
do $do$
declare
  body text := pg_get_functiondef('app.guard_document()'::regprocedure);
begin
  if position($from${before}$from$ in body) = 0 then
    raise exception 'app.guard_document() is not as it was';
  end if;
  execute replace(body, $from${before}$from$, $to${after}$to$);
end $do$
"""
_TAXED = (
    "if lines_minor + coalesce((to_jsonb(new)->>'tax_minor')::numeric, 0) <> new.total_minor then"
)
_ROUNDED = "if lines_minor + coalesce((to_jsonb(new)->>'tax_minor')::numeric, 0) + coalesce((to_jsonb(new)->>'round_off_minor')::numeric, 0) <> new.total_minor then"


def upgrade() -> None:
    for statement in COLUMNS:
        op.execute(statement)
    op.execute(_REPLACE.format(before=_TAXED, after=_ROUNDED))


def downgrade() -> None:
    # Drafts lose what they are rounded by; what is posted stays as it is, though its lines do not come to its total any more. Where what is before tax of
    # one is less than what it was rounded down by, there is no way down.
    op.execute(
        "update invoices set total_minor = total_minor - round_off_minor where status = 'draft' and round_off_minor <> 0"
    )
    op.execute(_REPLACE.format(before=_ROUNDED, after=_TAXED))
    for table, less in (("credit_notes", "<"), ("invoices", "<=")):
        op.execute(
            f"alter table {table} drop constraint ck_{table}_tax, drop column round_off_minor"
        )
        op.execute(
            f"alter table {table} add constraint ck_{table}_tax check (tax_minor >= 0 and tax_minor {less} total_minor)"
        )
    op.execute("alter table tenant_settings drop column round_invoices")
