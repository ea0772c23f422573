"""Write all of an agency to one file."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Table, text

from voyagent.agencies import queries
from voyagent.agencies.errors import AgencyMissing
from voyagent.agencies.rules.manifest import (
    FORMAT,
    SECRET,
    STATEMENTS,
    AgencyManifest,
    member_of,
)
from voyagent.agencies.service import sealed
from voyagent.audit.queries.statements import stored_documents
from voyagent.audit.rules import verifier
from voyagent.audit.service import recording as audit
from voyagent.audit.service.statements import Anchors
from voyagent.backup.queries import installation_id, origin
from voyagent.backup.rules import sealing
from voyagent.backup.rules.manifest import KEYS, MANIFEST
from voyagent.backup.service.archive import Writer, writing
from voyagent.backup.service.secrets import check_passphrase
from voyagent.kernel.actor import system_actor
from voyagent.kernel.config import Settings
from voyagent.kernel.db import snapshot, transaction
from voyagent.kernel.keyring import Keyring
from voyagent.settings.queries import get_logo

_NO_LIMITS = text(
    "select set_config('statement_timeout', '0', true),"
    " set_config('idle_in_transaction_session_timeout', '0', true)"
)


def export_agency(
    settings: Settings, anchors: Anchors, tenant_id: UUID, file: Path, passphrase: str
) -> AgencyManifest:
    """Write an agency to a file and return the manifest.

    An existing file is replaced. All rows are from one snapshot. The export is the last event in
    the audit log of the file.

    Raises PassphraseTooShort, AgencyMissing, ValueUnreadable, BackupRunning, OSError.
    """
    check_passphrase(passphrase)
    with writing(file) as writer:
        with transaction(tenant_id):
            name = queries.name_of_agency()
            if name is None:
                raise AgencyMissing(tenant_id)
            references = {"tenant_id": tenant_id}
            audit.record(system_actor(tenant_id), "agency.exported", entity_refs=references)
        secret = sealed.new_secret()
        keyrings = Keyring(settings), sealed.keyring_of(settings, secret)
        with snapshot(tenant_id) as connection:
            connection.execute(_NO_LIMITS)
            counts = {
                table.name: _add_rows(connection, writer, table, *keyrings)
                for table in queries.exported_tables()
            }
            kids = _add_statements(writer)
            _add_logo(writer)
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            begun = origin(driver)
            manifest = AgencyManifest(
                format=FORMAT,
                agency=str(tenant_id),
                name=name,
                release=settings.version,
                revision=begun.revision,
                made_at=begun.made_at,
                installation=installation_id(driver),
                census=queries.census(connection, counts),
                left_out=dict(queries.LEFT_OUT),
                public_keys=[
                    key.hex() for kid, key in sorted(anchors.public_keys.items()) if kid in kids
                ],
                members=dict(writer.digests),
            )
        content = manifest.encode()
        writer.add(MANIFEST, content)
        writer.add(KEYS, sealing.seal({SECRET: secret}, passphrase, content))
    return manifest


def _add_rows(
    connection: Connection, writer: Writer, table: Table, own: Keyring, of_file: Keyring
) -> int:
    number = 0
    with writer.member(member_of(table.name)) as write:
        for plain, secret in queries.rows(connection, table, sealed.columns_of(table.name)):
            line = plain
            if secret is not None:
                values = sealed.resealed(table.name, json.loads(secret), own, of_file)
                line = sealed.with_values(plain, values)
            write(f"{line}\n".encode())
            number += 1
    return number


def _add_statements(writer: Writer) -> set[str]:
    """Add the signed statements; return the ids of the keys that signed them."""
    documents = stored_documents()
    if documents:
        writer.add(STATEMENTS, "".join(f"{one}\n" for one in documents).encode())
    return {verifier.parse_statement(one.encode()).kid for one in documents}


def _add_logo(writer: Writer) -> None:
    logo = get_logo()
    if logo is not None:
        writer.add(f"files/logo.{logo.media_type.removeprefix('image/')}", logo.content)
