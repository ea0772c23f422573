"""Let an agency choose who gets the signed heads of its audit log by mail.

Nobody does by default. The release before ignores the columns.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0107"
down_revision = "0106"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "alter table tenant_settings"
        " add column audit_mail_administrators boolean not null default false,"
        " add column audit_mail_addresses text"
    )


def downgrade() -> None:
    op.execute(
        "alter table tenant_settings"
        " drop column audit_mail_administrators, drop column audit_mail_addresses"
    )
