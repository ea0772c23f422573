"""`flask agency export`: one file with all of an agency, from one snapshot."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import LargeBinary, Table

from tests.agencies.archives import manifest_of, opened, rows_of
from tests.agencies.conftest import export, exported
from tests.backup.conftest import Site
from tests.people import Person
from voyagent.agencies import queries
from voyagent.agencies.service.sealed import EMPTIED, SEALED
from voyagent.kernel.database.start_checks import SCHEMA_TO

HASHES_AND_CONTENTS = {
    *(("audit_events", name) for name in ("hash", "prev_hash")),
    ("audit_heads", "hash"),
    ("audit_checks", "head_hash"),
    ("audit_private", "salt"),
    ("audit_statements", "head"),
    ("api_keys", "key_hash"),
    ("invites", "token_hash"),
    ("tenant_logos", "content"),
    ("kept_papers", "sha256"),
    ("erasures", "identity_sealed"),  # with the key of the person
}
"""Columns with bytes that do not depend on the secret of the installation."""


def bytes_of(table: Table) -> set[tuple[str, str]]:
    return {
        (table.name, column.name)
        for column in table.c
        if column.computed is None
        and isinstance(getattr(column.type, "item_type", column.type), LargeBinary)
    }


def test_every_table_of_agencies_is_exported_or_left_out_with_a_reason(
    owner_engine: sa.Engine,
) -> None:
    with owner_engine.connect() as connection:
        owned = connection.scalars(
            sa.text(
                "select table_name from information_schema.columns join information_schema.tables"
                " using (table_schema, table_name) where table_schema = 'public' and column_name ="
                " 'tenant_id' and table_type = 'BASE TABLE'"
            )
        ).all()
    named = {one.name for one in queries.exported_tables()}
    assert named | queries.LEFT_OUT.keys() == {"tenants", *owned}
    assert named & queries.LEFT_OUT.keys() == set()


def test_every_column_with_bytes_is_encrypted_for_the_file_or_independent_of_the_secret() -> None:
    found = set().union(*map(bytes_of, queries.exported_tables()))
    sealed = {(one.table, name) for one in SEALED for name in one.columns}
    emptied = {(table, name) for table, names in EMPTIED.items() for name in names}
    assert found <= sealed | emptied | HASHES_AND_CONTENTS
    assert found >= HASHES_AND_CONTENTS


def test_an_export_has_every_row_and_no_row_of_another_agency(
    source: Site, alice: Person, file: Path
) -> None:
    source.people().sign_up("Charlie Owner", agency="Charlie Travels")
    tenant_id = str(alice.actor.tenant_id)
    found, manifest = rows_of(source, file), manifest_of(file)
    for table in queries.exported_tables():
        column = "id" if table.name == "tenants" else "tenant_id"
        stored = source.ask(f"select count(*) from {table.name} where {column} = '{tenant_id}'")
        rows = found[table.name]
        assert stored[0][0] == len(rows) == manifest.census.tables[table.name] > 0, table.name
        assert {row[column] for row in rows} == {tenant_id}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (manifest.agency, manifest.name) == (tenant_id, "Alice Travels")
    assert manifest.revision == SCHEMA_TO
    assert list(manifest.census.heads) == list(manifest.census.balances) == [tenant_id]
    assert found["audit_events"][-1]["kind"] == "agency.exported"


def test_documents_and_statements_are_files(source: Site, alice: Person, file: Path) -> None:
    with opened(file) as export:
        logo = export.archive.read("files/logo.png")
        signed = export.archive.read("files/audit-statements.jsonl")
    assert logo.startswith(b"\x89PNG")
    stored = source.ask(
        "select document from audit_statements where tenant_id ="
        f" '{alice.actor.tenant_id}' order by number"
    )
    assert signed.decode().splitlines() == [document for (document,) in stored]
    assert manifest_of(file).public_keys == [source.run("audit", "keys").output.split()[1]]


def test_secrets_are_encrypted_with_a_key_of_the_file(
    source: Site, alice: Person, file: Path
) -> None:
    found = rows_of(source, file)
    assert bytes.fromhex(found["tenant_settings"][0]["bank_details_sealed"]).startswith(b"HDFC")
    assert bytes.fromhex(found["parties"][0]["tax_number_sealed"]) == b"27AAPFU0939F1ZV"
    content = file.read_bytes()
    for clear in (b"Z1234567", b"27AAPFU0939F1ZV", b"50100012345678"):
        assert clear not in content
    stored = source.ask("select encode(sealed, 'hex') from person_keys")
    assert stored
    assert all(sealed.encode() not in content for (sealed,) in stored)


def test_all_rows_are_of_one_snapshot(
    source: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that is written during the export is not in the file."""
    person = source.people().sign_up("Dora Owner", agency="Dora Travels")
    tables = queries.exported_tables()

    def slowly() -> Iterator[Table]:
        yield tables[0]
        source.ask(
            "insert into enquiry_counts (tenant_id, status, n) values"
            f" ('{person.actor.tenant_id}', 'booked', 7) returning n"
        )
        yield from tables[1:]

    monkeypatch.setattr(queries, "exported_tables", slowly)
    file = exported(source, person, tmp_path / "dora.tar")
    assert rows_of(source, file)["enquiry_counts"] == []


def test_an_unknown_agency_and_a_short_passphrase_are_refused(
    source: Site, alice: Person, tmp_path: Path
) -> None:
    file, unknown = tmp_path / "x.tar", uuid4()
    done = source.run(
        "agency", "export", str(unknown), file, "--passphrase-file", source.passphrase_file
    )
    assert (done.exit_code, done.output) == (1, f"Error: There is no agency {unknown}.\n")
    (tmp_path / "short").write_text("eleven char\n")
    done = source.run(
        "agency", "export", str(unknown), file, "--passphrase-file", tmp_path / "short"
    )
    assert "Error: The passphrase is too short" in done.output
    assert list(tmp_path.glob("x.tar*")) == []


def test_a_value_of_a_lost_secret_is_named(source: Site, tmp_path: Path) -> None:
    person = source.filled("Eva")
    changed = {"auth_secret": source.settings.auth_secret.__class__("a-new-secret-" + "2" * 40)}
    lost = Site(source.settings.model_copy(update=changed), source.app, source.folder)
    done = export(lost, person, tmp_path / "eva.tar")
    assert done.exit_code == 1
    assert done.output.startswith("Error: A value of ")
    assert "VOYAGENT_AUTH_SECRETS_PREVIOUS" in done.output
    assert list(tmp_path.glob("eva.tar*")) == []
