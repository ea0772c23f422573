"""Store where the record of a party comes from.

The release before inserts no value, so its parties are `person`.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0128"
down_revision = "0127"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table parties add column origin text not null default 'person';
        alter table parties add constraint ck_parties_origin
          check (origin in ('person', 'import', 'document', 'migration')) not valid;
    """)


def downgrade() -> None:
    op.execute("alter table parties drop column origin")
