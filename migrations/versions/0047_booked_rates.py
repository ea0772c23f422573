"""The rate of exchange at which an invoice or a bill in another currency than the books was booked: as it was quoted, of which day, by whom.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0047"
down_revision = "0044"
branch_labels = None
depends_on = None

NEW = ("rate_base", "rate_quote", "rate", "rate_on", "rate_source")
# Once a document is posted these are as fixed as all that app.guard_document() does not leave free.
COLUMNS = """
alter table {table}
  add column rate_base text,
  add column rate_quote text,
  add column rate numeric(17, 8),
  add column rate_on date,
  add column rate_source text,
  add constraint ck_{table}_rate check (
    num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 0
    or num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 5 and rate > 0 and rate_base <> rate_quote
      and currency in (rate_base, rate_quote) and rate_base ~ '^[A-Z]{{3}}$' and rate_quote ~ '^[A-Z]{{3}}$'
      and rate_on between '1900-01-01' and '2200-12-31' and length(rate_source) between 1 and 64)
"""


def upgrade() -> None:
    for table in ("invoices", "bills"):
        op.execute(COLUMNS.format(table=table))


def downgrade() -> None:
    for table in ("bills", "invoices"):
        op.execute(
            f"alter table {table} drop constraint ck_{table}_rate, "
            + ", ".join(f"drop column {name}" for name in NEW)
        )
