"""Read an agency from a file into this installation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from voyagent.agencies import queries
from voyagent.agencies.errors import (
    AddressesTaken,
    AgencyDeleted,
    AgencyExists,
    KeysTaken,
    NotImported,
    OtherRevision,
    UnknownSigningKey,
)
from voyagent.agencies.rules.manifest import SECRET, STATEMENTS, AgencyManifest, member_of
from voyagent.agencies.service import sealed
from voyagent.agencies.service.moving import be_program, moving
from voyagent.audit.queries import chain
from voyagent.audit.queries.statements import stored_documents
from voyagent.audit.rules.verifier import BrokenError, parse_head
from voyagent.audit.service import (
    checks as audit_checks,
    deletions,
    recording as audit,
    statements,
)
from voyagent.audit.service.statements import Anchors
from voyagent.backup.queries import origin
from voyagent.backup.rules.manifest import differences
from voyagent.backup.service.archive import Archive
from voyagent.backup.service.opening import Opened, open_file
from voyagent.kernel.actor import system_actor
from voyagent.kernel.config import Settings
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db, transaction
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.keyring import Keyring
from voyagent.reports.queries import checks as book_checks

# The table belongs to the owner of the schema, because the mover may create none.
_STAGE = """
set local role none;
create temporary table import_lines (line jsonb not null) on commit drop;
grant select, insert, truncate on import_lines to voyagent_mover;
set local role voyagent_mover
"""
_REFUSALS = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.InsufficientPrivilege)
_SUSPENDED: JsonObject = {"is_active": False, "deletion_asked_at": None}


@dataclass(frozen=True, slots=True)
class Imported:
    """The manifest of an imported agency.

    `statements` is the number of its signed statements that were written to the folder.
    """

    manifest: AgencyManifest
    statements: int


def open_export(file: Path, passphrase: str) -> AbstractContextManager[Opened[AgencyManifest]]:
    """Check the file of an agency and decrypt its secret; keep it open in the block.

    Raises WrongFile, WrongPassphrase.
    """
    return open_file(file, passphrase, AgencyManifest.decode)


def require_no_conflict(export: Opened[AgencyManifest], anchors: Anchors) -> None:
    """Check that the agency can be imported here. Nothing is written.

    Raises OtherRevision, AgencyExists, AgencyDeleted, AddressesTaken, KeysTaken, UnknownSigningKey.
    """
    manifest = export.manifest
    with transaction():
        revision = origin(_driver()).revision
    if revision != manifest.revision:
        raise OtherRevision(manifest.revision, revision)
    if chain.exists(UUID(manifest.agency)):
        raise AgencyExists(manifest.name, manifest.agency)
    if deletions.record_of(UUID(manifest.agency)) is not None:
        raise AgencyDeleted(manifest.agency)
    addresses = (row["email"] for row in _rows(export.archive, "users") if row["is_active"])
    if taken := _found("select app.email_taken(:text)", addresses):
        raise AddressesTaken(taken)
    prefixes = (row["prefix"] for row in _rows(export.archive, "api_keys"))
    if taken := _found("select true from app.find_api_key(:text)", prefixes):
        raise KeysTaken(taken)
    own = {key.hex() for key in anchors.public_keys.values()}
    if unknown := [key for key in manifest.public_keys if key not in own]:
        raise UnknownSigningKey(unknown)


def import_agency(settings: Settings, anchors: Anchors, export: Opened[AgencyManifest]) -> Imported:
    """Import an agency, which is suspended until `agency resume`.

    All is done in one transaction, which is committed only if rows, books and audit log are those
    of the manifest. Connect as the owner of the schema (`settings_of_owner`).

    Raises the errors of `require_no_conflict`, CannotMove, ValueUnreadable, NotImported,
    WrongFile.
    """
    require_no_conflict(export, anchors)
    manifest, tenant_id = export.manifest, UUID(export.manifest.agency)
    keyrings = sealed.keyring_of(settings, export.secrets[SECRET]), Keyring(settings)
    try:
        with moving(tenant_id):
            _driver().execute(_STAGE)
            counts = {
                table.name: _insert(export.archive, table, *keyrings)
                for table in queries.exported_tables()
            }
            db.session.execute(text("set constraints all immediate"))
            be_program()
            if faults := _faults(export, anchors, counts):
                raise NotImported(faults)
            references = {"tenant_id": tenant_id}
            audit.record(system_actor(tenant_id), "agency.imported", entity_refs=references)
    except DBAPIError as error:
        if not isinstance(error.orig, _REFUSALS):
            raise
        raise NotImported([error.orig.diag.message_primary or str(error.orig)]) from None
    return Imported(manifest, statements.refill(anchors, tenant_id))


def _insert(archive: Archive, table: Table, of_file: Keyring, own: Keyring) -> int:
    changes_rows = sealed.columns_of(table.name)
    with _driver().cursor() as cursor, cursor.copy("copy import_lines from stdin") as copy:
        for content in archive.lines(member_of(table.name)):
            line = content.decode().rstrip("\n")
            if table.name == queries.AGENCIES:
                line = sealed.with_values(line, _SUSPENDED)
            elif changes_rows:
                changes = sealed.resealed(table.name, json.loads(line), of_file, own)
                line = sealed.with_values(line, changes)
            copy.write_row((line,))
    names = queries.stored_columns(table)
    values = ", ".join(_value_of(table, name) for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    # One statement for each table, because rows may refer to later rows of the same table.
    inserted = db.session.execute(
        text(
            f"insert into {table.name} ({columns}) select {values} from import_lines,"  # noqa: S608 - names of the models
            f" jsonb_populate_record(null::{table.name}, line) r"
        )
    )
    db.session.execute(text("truncate import_lines"))
    return int(inserted.rowcount)  # type: ignore[attr-defined]


def _value_of(table: Table, name: str) -> str:
    column = table.c[name]
    if isinstance(column.type, JSONB) and not column.nullable:
        return f"coalesce(r.\"{name}\", 'null')"  # a JSON null is read as no value
    return f'r."{name}"'


def _faults(export: Opened[AgencyManifest], anchors: Anchors, counts: dict[str, int]) -> list[str]:
    """Return a sentence for each fault of the imported rows in the open transaction.

    Faults are differences from the manifest, and errors in the books or in the audit log.
    """
    tenant_id, connection = UUID(export.manifest.agency), db.session.connection()
    faults = differences(queries.census(connection, counts), export.manifest.census)
    found = book_checks.findings(SessionReader(db.session))
    faults += [str(one) for one in book_checks.damages(found)]
    archive = export.archive
    lines = (
        [one.rstrip(b"\n") for one in archive.lines(STATEMENTS)]
        if STATEMENTS in archive.members
        else []
    )
    if [one.encode() for one in stored_documents()] != lines:
        faults.append("the statements in the table are not those of the file")
    try:
        signed = statements.checked(anchors, tenant_id, lines)
    except BrokenError as error:
        return [*faults, error.reason]
    known = [parse_head(one) for one in export.manifest.census.heads.values()]
    verdict = audit_checks.verify_chain(
        chain.read_chain(connection, tenant_id), [*known, *(one.known for one in signed)]
    )
    return faults if verdict.ok else [*faults, verdict.reason]


def _rows(archive: Archive, table: str) -> Iterator[JsonObject]:
    return (json.loads(line) for line in archive.lines(member_of(table)))


def _found(statement: str, texts: Iterable[str]) -> list[str]:
    with transaction():
        found = [one for one in texts if db.session.scalar(text(statement), {"text": one})]
    db.session.remove()
    return found


def _driver() -> psycopg.Connection[tuple[object, ...]]:
    driver = db.session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver
