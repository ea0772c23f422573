"""Store the base currency of an agency, and whether all its postings have base amounts.

The release before ignores both.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0143"
down_revision = "0142"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table tenant_settings
          add column base_currency text,
          add column base_state text not null default 'asked',
          add constraint ck_tenant_settings_base_currency
            check (base_currency ~ '^[A-Z]{3}$') not valid,
          add constraint ck_tenant_settings_base_state
            check (base_state in ('asked', 'ready')
                   and (base_state = 'ready') = (base_currency is not null)) not valid
    """)


def downgrade() -> None:
    op.execute("""
        alter table tenant_settings drop column base_state, drop column base_currency;
        drop function app.posting_terms();
        delete from app.sql_files where path like '%/posting_terms.sql';
    """)
