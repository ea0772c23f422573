"""${message}

Never edit this file once it has landed. The release before runs meanwhile: add columns first, drop
in a later release and declare `contracts` then (docs/extend.md). Steps on large tables are in
recipes.py.
A new table of an agency needs `row_security.protect`; a foreign key to such a table is composite,
`(tenant_id, …)`. Functions and triggers are in voyagent/*/sql/.
"""

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
