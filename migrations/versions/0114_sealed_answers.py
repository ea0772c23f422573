"""Let the stored answer of a repeated request be encrypted, or be erased with a person's data.

Rows of an earlier release stay as they are: a deleted key would let its request run again. The
hourly job deletes them within a day. The release before answers 409 to a repeat of a new row.

Never edit this file once it has landed.
"""

import json

from alembic import op
from flask import current_app
from sqlalchemy import text

revision = "0114"
down_revision = "0113"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table idempotency_keys drop constraint ck_idempotency_keys_kept;
        alter table idempotency_keys add constraint ck_idempotency_keys_kept
          check (kept in ('nothing', 'answer', 'sealed', 'place', 'secret', 'too_large', 'erased'))
          not valid;
        alter table idempotency_keys validate constraint ck_idempotency_keys_kept;
        alter table idempotency_keys add constraint ck_idempotency_keys_sealed
          check ((kept = 'sealed') = (status is not null and headers is null
            and body is not null)) not valid;
        alter table idempotency_keys validate constraint ck_idempotency_keys_sealed;
    """)


def downgrade() -> None:
    """Decrypt what is encrypted, because the release before reads clear text only."""
    connection, keyring = op.get_bind(), current_app.extensions["voyagent.keyring"]
    op.execute("alter table idempotency_keys no force row level security")
    op.execute("alter table idempotency_keys drop constraint ck_idempotency_keys_sealed")
    rows = connection.execute(
        text("select tenant_id, id, caller_id, key, body from idempotency_keys where kept='sealed'")
    ).mappings()
    for row in rows.all():
        bound_to = f"idempotency_keys:{row['tenant_id']}:{row['caller_id']}:{row['key']}"
        opened = keyring.open("idempotency_answer", bytes(row["body"]), bound_to=bound_to)
        headers, _, body = opened.partition(b"\n")
        connection.execute(
            text(
                "update idempotency_keys set kept = 'answer', headers = cast(:headers as jsonb),"
                " body = :body where tenant_id = :tenant_id and id = :id"
            ),
            {
                "tenant_id": row["tenant_id"],
                "id": row["id"],
                "headers": json.dumps(json.loads(headers)),
                "body": body,
            },
        )
    op.execute("update idempotency_keys set kept = 'too_large' where kept = 'erased'")
    op.execute("""
        alter table idempotency_keys drop constraint ck_idempotency_keys_kept;
        alter table idempotency_keys add constraint ck_idempotency_keys_kept
          check (kept in ('nothing', 'answer', 'place', 'secret', 'too_large'));
    """)
    op.execute("alter table idempotency_keys force row level security")
