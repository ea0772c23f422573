"""Let an agency require that tax rates are confirmed before their first use.

The release before ignores the column, and nothing is required until an administrator says so.

Never edit this file once it has landed.
"""

import recipes

revision = "0176"
down_revision = "0175"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change(
        "alter table tenant_settings"
        " add column if not exists confirm_treatments boolean not null default false"
    )


def downgrade() -> None:
    recipes.change("alter table tenant_settings drop column if exists confirm_treatments")
