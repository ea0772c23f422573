"""Keys of people, and encrypted columns for bank details and PANs.

A job encrypts what is in the columns in clear text, because this release and the one before may run
side by side. The next release drops those columns.

Never edit this file once it has landed.
"""

from collections.abc import Callable
from typing import Any

from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app
from row_security import protect
from sqlalchemy import Connection, RowMapping, text

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None

_TABLES = ("invoices", "person_keys", "tenant_settings", "trip_passengers")


def upgrade() -> None:
    op.execute("""
        create table person_keys (
          tenant_id uuid not null
            constraint fk_person_keys_tenant_id references tenants(id) on delete cascade,
          id uuid not null,
          sealed bytea not null,
          created_at timestamptz not null default now(),
          constraint pk_person_keys primary key (tenant_id, id)
        );
        alter table tenant_settings add column bank_details_sealed bytea;
        alter table invoices add column customer_pan_sealed bytea;
        alter table invoices add column customer_pan_digest bytea;
        alter table invoices add constraint ck_invoices_pan
          check ((customer_pan_sealed is null) = (customer_pan_digest is null)) not valid;
        alter table invoices validate constraint ck_invoices_pan;
        -- The column is new, so the index is empty: building it only reads the table once.
        create index ix_invoices_pan_digest
          on invoices (tenant_id, customer_pan_digest, issue_date)
          where customer_pan_digest is not null;
    """)
    protect("person_keys")


def downgrade() -> None:
    """Decrypt what is encrypted, because the release before reads clear text only."""
    for table in _TABLES:
        op.execute(f"alter table {table} no force row level security")
    connection, keyring = op.get_bind(), current_app.extensions["voyagent.keyring"]
    _write(
        connection,
        "select tenant_id, tenant_id as id, bank_details_sealed as sealed from tenant_settings"
        " where bank_details_sealed is not null",
        "update tenant_settings set bank_details = :value where tenant_id = :tenant_id",
        lambda row: keyring.open("bank_details", row["sealed"]).decode(),
    )
    op.execute("alter table invoices disable trigger user")
    _write(
        connection,
        "select tenant_id, id, customer_pan_sealed as sealed from invoices"
        " where customer_pan_sealed is not null",
        "update invoices set customer_pan = :value where tenant_id = :tenant_id and id = :id",
        lambda row: keyring.open("pan", row["sealed"]).decode(),
    )
    op.execute("alter table invoices enable trigger user")
    _write(
        connection,
        "select p.tenant_id, p.id, p.passport_sealed as sealed, k.sealed as key"
        " from trip_passengers p join person_keys k on k.tenant_id = p.tenant_id and k.id = p.id"
        " where substring(p.passport_sealed, 1, 1) = '\\x02'",
        "update trip_passengers set passport_sealed = :value"
        " where tenant_id = :tenant_id and id = :id",
        lambda row: _resealed(keyring, row),
    )
    for table in _TABLES:
        op.execute(f"alter table {table} force row level security")
    op.execute("""
        drop index ix_invoices_pan_digest;
        alter table invoices drop constraint ck_invoices_pan;
        alter table invoices drop column customer_pan_digest;
        alter table invoices drop column customer_pan_sealed;
        alter table tenant_settings drop column bank_details_sealed;
        drop table person_keys;
    """)


def _write(
    connection: Connection, found: str, change: str, value: Callable[[RowMapping], Any]
) -> None:
    """Run `change` for each row that `found` returns, with the value for that row."""
    rows = connection.execute(text(found)).mappings().all()
    for row in rows:
        connection.execute(
            text(change),
            {"tenant_id": row["tenant_id"], "id": row["id"], "value": value(row)},
        )


def _resealed(keyring: Any, row: RowMapping) -> bytes:
    """Encrypt a passport number with the installation's secret instead of the person's key."""
    key = keyring.open("person_key", row["key"], bound_to=f"person_keys:{row['id']}")
    nonce, rest = row["sealed"][1:13], row["sealed"][13:]
    plain = AESGCM(key).decrypt(nonce, rest, f"passport:{row['id']}".encode())
    return bytes(keyring.seal("passport", plain, bound_to=f"trip_passengers:{row['id']}"))
