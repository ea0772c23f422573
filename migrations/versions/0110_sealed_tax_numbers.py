"""Encrypted columns for the tax numbers of customers, suppliers and buyers.

A GSTIN contains the PAN of its holder. A job encrypts what is in the columns in clear text, because
this release and the one before may run side by side. The next release drops those columns.

Never edit this file once it has landed.
"""

from alembic import op
from flask import current_app
from sqlalchemy import text

revision = "0110"
down_revision = "0109"
branch_labels = None
depends_on = None

_COLUMNS = {"parties": "tax_number", "invoices": "customer_tax_number"}


def upgrade() -> None:
    op.execute("""
        alter table parties add column tax_number_sealed bytea;
        alter table parties add column tax_number_digests bytea[];
        alter table parties add constraint ck_parties_tax_number
          check ((tax_number_sealed is null) = (tax_number_digests is null)) not valid;
        alter table parties validate constraint ck_parties_tax_number;
        alter table invoices add column customer_tax_number_sealed bytea;
    """)


def downgrade() -> None:
    """Decrypt what is encrypted, because the release before reads clear text only."""
    connection, keyring = op.get_bind(), current_app.extensions["voyagent.keyring"]
    for table, column in _COLUMNS.items():
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"alter table {table} disable trigger user")
        rows = connection.execute(
            text(
                f"select tenant_id, id, {column}_sealed as sealed from {table}"
                f" where {column}_sealed is not null"
            )
        ).mappings()
        for row in rows.all():
            connection.execute(
                text(
                    f"update {table} set {column} = :value"
                    " where tenant_id = :tenant_id and id = :id"
                ),
                {
                    "tenant_id": row["tenant_id"],
                    "id": row["id"],
                    "value": keyring.open("tax_number", row["sealed"]).decode(),
                },
            )
        op.execute(f"alter table {table} enable trigger user")
        op.execute(f"alter table {table} force row level security")
    op.execute("""
        alter table invoices drop column customer_tax_number_sealed;
        alter table parties drop constraint ck_parties_tax_number;
        alter table parties drop column tax_number_digests;
        alter table parties drop column tax_number_sealed;
    """)
