"""${message}

Never edit this file once it has landed. Add columns first, fill them, drop in a later release. Lock
and statement timeouts stay on (env.py).
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
