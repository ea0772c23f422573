"""What stands on an agency's documents beside its name; and when an invoice was last sent to the customer.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


_GUARDED = "'paid_minor', 'credited_minor',"
_WITH_SENT = f"'sent_at', 'sent_to', {_GUARDED}"
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


def upgrade() -> None:
    op.execute(_REPLACE.format(before=_GUARDED, after=_WITH_SENT))
    op.execute(
        "alter table tenant_settings add column address text, add column tax_number text, add column bank_details text"
    )
    op.execute("alter table invoices add column sent_at timestamptz, add column sent_to text")
    op.execute(
        "alter table invoices add constraint ck_invoices_sent check ((sent_at is null) = (sent_to is null))"
    )


def downgrade() -> None:
    op.execute(_REPLACE.format(before=_WITH_SENT, after=_GUARDED))
    op.execute("alter table invoices drop column sent_at, drop column sent_to")
    op.execute(
        "alter table tenant_settings drop column address, drop column tax_number, drop column bank_details"
    )
