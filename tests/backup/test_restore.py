"""`flask restore`: the whole installation, verified, on hold, or nothing at all."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import flask_migrate
import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from pydantic import SecretStr

from tests.backup.conftest import PASSPHRASE, Site, site_of
from tests.conftest import template_of
from tests.faults.catalogue import checksums, differences, things
from tests.people import Person
from tests.settings.pictures import in_base64, picture
from voyagent.backup.rules import sealing
from voyagent.backup.rules.manifest import STATEMENTS
from voyagent.backup.service import database
from voyagent.backup.service.archive import Writer, reading, writing
from voyagent.backup.service.copies import open_backup
from voyagent.drivers.postgres.clients import Clients
from voyagent.factory import create_app
from voyagent.kernel.database.start_checks import SCHEMA_TO
from voyagent.kernel.db_address import psycopg_url

CHANGED_BY_A_RESTORE = {"auth_sessions", "audit_events", "audit_heads", "installation"}
"""Tables that a restore changes: sessions end, which leaves events, and the hold begins."""
SECOND_IN_DUMP = 13
"""Offset in bytes of the second at which a dump was made, which a restore does not use."""
CHANGED_BY_JOBS = {"one_time_tokens"}
OPEN_LINKS = (
    "select count(*) from one_time_tokens where purpose = 'reset_password' and spent_at is null"
)
REQUESTS = (
    "select count(*) from procrastinate_jobs where task_name = 'identity.mail_reset' and status"
    " = 'todo'"
)
TAX_NUMBER = "27AAPFU0939F1ZV"


def catalogue(site: Site) -> tuple[dict[str, str], dict[tuple[str, str], tuple[int, str]]]:
    engine = sa.create_engine(site.settings.db_admin_url or "", poolclass=sa.NullPool)
    return things(engine), checksums(engine)


def plain(found: dict[str, str]) -> dict[str, str]:
    """Return a catalogue without brackets and without an order of grants.

    A restore writes the same expressions with fewer brackets.
    """
    return {
        name: ",".join(sorted(definition.strip("{}").split(",")))
        if name.startswith("schema ")
        else definition.replace("(", "").replace(")", "")
        for name, definition in found.items()
    }


def rewritten(file: Path, to: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Write a backup again with other members and their digests."""
    with reading(file) as archive:
        members = {name: archive.read(name) for name in archive.members}
    values = sealing.unseal(members["keys.sealed"], PASSPHRASE, members["manifest.json"])
    change(members)
    with writing(to) as writer:
        _write(writer, members, values)
    return to


def _write(writer: Writer, members: dict[str, bytes], values: dict[str, str]) -> None:
    for name in members.keys() - {"manifest.json", "keys.sealed"}:
        writer.add(name, members[name])
    manifest = json.loads(members["manifest.json"])
    manifest["members"] = dict(writer.digests)
    content = json.dumps(manifest).encode()
    writer.add("manifest.json", content)
    writer.add("keys.sealed", sealing.seal(values, PASSPHRASE, content))


def refused(site: Site, sentence: str, file: Path, *options: str | Path, **changes: object) -> None:
    """Check that a restore prints one sentence and changes nothing."""
    site.end_sessions()
    before, databases = catalogue(site), site.databases()
    done = site.restore(file, *options, **changes)
    assert done.exit_code == 1
    *_, last = done.output.splitlines()
    assert last == f"Error: {sentence}"
    assert not isinstance(done.exception, Exception)
    assert catalogue(site) == before
    assert site.databases() == databases


def test_a_restored_installation_is_the_one_that_was_backed_up(site: Site, tmp_path: Path) -> None:
    alice = site.filled("Alice")
    charlie = site.people().sign_up("Charlie Owner", agency="Charlie Travels")
    site.end_sessions()
    schema, rows = catalogue(site)
    file = tmp_path / "backup.tar"
    assert site.back_up(file).exit_code == 0
    site.people().sign_up("Later Owner", agency="Later Travels")
    installation = site.ask("select id from installation")
    done = site.restore(file)
    assert done.exit_code == 0, done.output
    found_schema, found_rows = catalogue(site)
    assert differences(plain(found_schema), plain(schema)) == []
    changed = {table for (table, _), value in rows.items() if found_rows[table, _] != value}
    assert changed <= CHANGED_BY_A_RESTORE | CHANGED_BY_JOBS
    assert found_rows.keys() == rows.keys()
    (kept,) = site.databases() - {site.name}
    assert f"The earlier database is kept as {kept}." in done.output
    with site.owner(kept) as before:
        names = before.execute("select display_name from tenants").fetchall()
    assert ("Later Travels",) in names
    assert site.ask("select id from installation") != installation
    assert site.ask("select hold from installation") == [("restored",)]
    for command in (("books", "check"), ("audit", "verify")):
        checked = site.run(*command)
        assert checked.exit_code == 0, checked.output
        assert str(alice.actor.tenant_id) in checked.output
        assert str(charlie.actor.tenant_id) in checked.output
    assert site.run("check").exit_code == 0


@dataclass(frozen=True)
class Restored:
    """An installation after a restore."""

    site: Site
    alice: Person
    sealed: dict[str, bytes]
    """Responses with sealed texts before the backup, by path."""
    output: str


@pytest.fixture(scope="module")
def restored(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Restored]:
    """A restored installation that had two links to reset the password."""
    with site_of(server_urls, tmp_path_factory.mktemp("restored")) as site:
        alice = site.people().sign_up("Alice Owner", agency="Alice Travels")
        sealed = {path: alice.api.get(path).data for path in _seal(alice)}
        alice.api.post("/auth/request-password-reset", json={"email": alice.email})
        site.drain()
        assert site.ask(OPEN_LINKS) == [(1,)]
        alice.api.post("/auth/request-password-reset", json={"email": alice.email})
        assert site.ask(REQUESTS) == [(1,)], "a link is requested that is not yet mailed"
        assert site.back_up(site.folder / "backup.tar").exit_code == 0
        assert site.run("audit", "sign").exit_code == 0
        done = site.restore(site.folder / "backup.tar")
        assert done.exit_code == 0, done.output
        yield Restored(site, alice, sealed, done.output)


def _seal(alice: Person) -> tuple[str, ...]:
    """Create records with sealed texts and return their paths."""
    party = alice.api.post(
        "/parties", json={"name": "Deepa", "is_customer": True, "tax_number": TAX_NUMBER}
    )
    logo = {"content": in_base64(picture())}
    assert alice.api.put("/tenant-settings/logo", json=logo).status_code in {200, 201, 204}
    conversation = alice.api.post("/chat/sessions").json["session_id"]
    return (
        f"/parties/{party.json['id']}",
        "/tenant-settings/logo",
        f"/chat/sessions/{conversation}",
    )


def test_the_program_reads_what_the_backup_has_sealed(restored: Restored) -> None:
    assert TAX_NUMBER.encode() in next(iter(restored.sealed.values()))
    again = restored.site.signed_in_again(restored.alice)
    assert {path: again.api.get(path).data for path in restored.sealed} == restored.sealed


def test_sessions_and_reset_links_end(restored: Restored) -> None:
    site, alice = restored.site, restored.alice
    assert "1 sessions have ended" in restored.output
    assert replace(alice, app=create_app(site.settings)).api.get("/auth/me").status_code == 401
    assert site.ask(OPEN_LINKS) == site.ask(REQUESTS) == [(0,)]
    assert site.signed_in_again(alice).api.get("/auth/me").status_code == 200


def test_statements_that_are_newer_than_the_backup_are_named(restored: Restored) -> None:
    agency = restored.alice.actor.tenant_id
    assert f"Warning: 1 statements of the agency {agency} were signed" in restored.output


def test_a_wrong_passphrase_is_refused(shared: Site, file: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("nine wooden forks\n")
    sentence = f"The passphrase is not that of {file}."
    refused(shared, sentence, file, "--passphrase-file", tmp_path / "wrong")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 1.0])
def test_a_cut_file_is_refused(shared: Site, file: Path, share: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int((len(content) - 1) * share)])
    refused(shared, f"{file} cannot be restored: its end is missing.", file)


def test_a_changed_byte_is_refused_wherever_it_is(shared: Site, file: Path) -> None:
    content = file.read_bytes()
    with reading(file) as archive:
        members = archive.members
    places = [one.offset + one.size // 2 for one in members.values()]
    places += [one.offset + one.size for one in members.values() if one.size % 512]
    places += [members["manifest.json"].offset - 400, len(content) - 1]
    for place in places:
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        done = shared.restore(file)
        reason = "it was changed after it was made"
        assert done.output == f"Error: {file} cannot be restored: {reason}.\n", place


@pytest.mark.parametrize("step", ["list_entries", "restore"])
def test_a_dump_that_is_changed_after_the_check_is_refused(
    shared: Site, file: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The change leaves a dump that can be restored."""
    with reading(file) as archive:
        second = archive.members["database.dump"].offset + SECOND_IN_DUMP
    run = getattr(Clients, step)

    def after_a_change(*arguments: object) -> object:
        with file.open("r+b") as other:
            other.seek(second)
            changed = other.read(1)[0] ^ 1
            other.seek(second)
            other.write(bytes([changed]))
        return run(*arguments)

    monkeypatch.setattr(Clients, step, after_a_change)
    refused(shared, f"{file} cannot be restored: it was changed after it was checked.", file)


def test_a_file_that_is_exchanged_after_the_check_is_not_read(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = tmp_path / "backup.tar", tmp_path / "other.tar"
    site.people().sign_up("Alice Owner", agency="Alice Travels")
    assert site.back_up(file).exit_code == 0
    site.people().sign_up("Charlie Owner", agency="Charlie Travels")
    assert site.back_up(other).exit_code == 0
    create = database.Databases.create_copy

    def exchanged(databases: database.Databases) -> None:
        other.replace(file)
        create(databases)

    monkeypatch.setattr(database.Databases, "create_copy", exchanged)
    done = site.restore(file)
    assert done.exit_code == 0, done.output
    assert site.ask("select display_name from tenants") == [("Alice Travels",)]


def test_another_file_is_refused(shared: Site, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"x" * 2048)
    refused(shared, f"{other} cannot be restored: it is not a backup.", other)


@pytest.mark.parametrize("revision", ["9999", "0064"])
def test_an_unknown_revision_is_refused(
    shared: Site, file: Path, tmp_path: Path, revision: str
) -> None:
    def change(members: dict[str, bytes]) -> None:
        manifest = json.loads(members["manifest.json"]) | {"revision": revision, "release": "9.9"}
        members["manifest.json"] = json.dumps(manifest).encode()

    sentence = (
        f"The backup has the schema revision {revision} of release 9.9, and this release knows"
        f" revisions up to {SCHEMA_TO}: restore it with the release that made it."
    )
    refused(shared, sentence, rewritten(file, tmp_path / "newer.tar", change))


def test_a_backup_whose_figures_differ_is_refused(shared: Site, file: Path, tmp_path: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        manifest = json.loads(members["manifest.json"])
        manifest["census"]["tables"]["public.users"] += 1
        members["manifest.json"] = json.dumps(manifest).encode()

    sentence = (
        "The restored copy is not sound: the number of rows of public.users differs from the"
        " manifest."
    )
    refused(shared, sentence, rewritten(file, tmp_path / "other.tar", change))


def test_a_copy_with_a_broken_audit_log_is_refused(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    site.people().sign_up("Alice Owner", agency="Alice Travels")
    with site.owner() as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute("update audit_events set kind = 'changed.by_hand' where seq = 2")
    assert site.back_up(file).exit_code == 0
    done = site.restore(file)
    assert done.exit_code == 1
    assert "Error: The restored copy is not sound: agency " in done.output
    assert site.databases() == {site.name}


def test_a_copy_with_unsound_books_is_refused(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    alice = site.filled("Alice")
    with site.owner() as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute(
            "update postings set debit_minor = debit_minor + 1,"
            " base_debit_minor = base_debit_minor + 1 where debit_minor > 0"
        )
    assert site.back_up(file).exit_code == 0
    done = site.restore(file)
    assert done.exit_code == 1
    assert f"not sound: agency {alice.actor.tenant_id}: entries: INR 0.01" in done.output
    assert site.databases() == {site.name}


def test_other_secrets_are_refused_and_can_be_written_to_a_file(
    shared: Site, file: Path, tmp_path: Path
) -> None:
    new = SecretStr("another-secret-" + "1" * 40)
    sentence = (
        "The backup was made with another value of VOYAGENT_AUTH_SECRET: write its secrets to a"
        " file with --secrets-to, set these variables to them, and restore again."
    )
    refused(shared, sentence, file, auth_secret=new)
    target = tmp_path / "secrets"
    options = ("--passphrase-file", shared.passphrase_file, "--secrets-to", target)
    assert shared.restore(file, *options, auth_secret=new).exit_code == 0
    secret, key = (
        value.get_secret_value()
        for value in (shared.settings.auth_secret, shared.settings.audit_signing_key)
    )
    assert target.read_text() == (
        f"VOYAGENT_AUDIT_SIGNING_KEY={key}\nVOYAGENT_AUTH_SECRET={secret}\n"
    )
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_database_in_use_is_refused(shared: Site, file: Path) -> None:
    shared.end_sessions()
    with shared.owner():
        done = shared.run("restore", file, "--passphrase-file", shared.passphrase_file)
    assert done.output == (
        f"Error: The database {shared.name} is in use by test: stop all processes of the"
        " installation, and restore again.\n"
    )


def test_a_database_that_is_used_at_the_end_is_left_alone(
    shared: Site, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "EXCHANGE_WITHIN_S", 0.0)
    monkeypatch.setattr(database.Databases, "require_unused", lambda _: None)
    shared.end_sessions()
    with shared.owner() as owner:
        done = shared.run("restore", file, "--passphrase-file", shared.passphrase_file)
        assert owner.execute("select count(*) from tenants").fetchone() == (1,)
    assert done.exit_code == 1
    assert shared.databases() == {shared.name}


def test_only_one_restore_runs_at_a_time(shared: Site, file: Path) -> None:
    with database.restoring(shared.settings):
        refused(
            shared, f"Another restore or upgrade of the database {shared.name} is running.", file
        )


def test_a_lost_database_is_restored_with_the_earlier_secret(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    site.people().sign_up("Alice Owner", agency="Alice Travels")
    assert site.back_up(file).exit_code == 0
    site.end_sessions()
    with site.owner("postgres") as owner:
        owner.execute(sql.SQL("drop database {}").format(sql.Identifier(site.name)))
    new, old = SecretStr("another-secret-" + "1" * 40), site.settings.auth_secret
    done = site.restore(file, auth_secret=new, auth_secrets_previous=old)
    assert done.exit_code == 0, done.output
    assert site.databases() == {site.name}
    assert "is kept" not in done.output
    assert site.ask("select display_name from tenants") == [("Alice Travels",)]


def test_the_folder_of_statements_is_completed(site: Site, tmp_path: Path) -> None:
    alice = site.people().sign_up("Alice Owner", agency="Alice Travels")
    file, statements = tmp_path / "backup.tar", site.settings.anchor_place
    assert site.run("audit", "sign").exit_code == 0
    assert site.back_up(file).exit_code == 0
    of_alice = statements / f"{alice.actor.tenant_id}.jsonl"
    before = of_alice.read_bytes()
    with reading(file) as archive:
        signed = archive.read(f"{STATEMENTS}{of_alice.name}")
    assert before.count(b"\n") == signed.count(b"\n") > 0
    shutil.rmtree(statements)
    assert site.restore(file).exit_code == 0
    assert of_alice.read_bytes() == before
    assert site.run("audit", "verify").exit_code == 0


def test_a_restore_needs_no_pooler(site: Site, tmp_path: Path) -> None:
    """It may be paused, or have connections without the settings of the logins."""
    file = tmp_path / "backup.tar"
    site.people().sign_up("Alice Owner", agency="Alice Travels")
    assert site.back_up(file).exit_code == 0
    done = site.restore(file, db_url="postgresql://voyagent_web@127.0.0.1:1/voyagent")
    assert done.exit_code == 0, done.output
    assert "Warning: The logins of the program are not prepared (" in done.output
    assert "1 agencies, and 1 sessions have ended." in done.output


def test_the_owner_needs_no_rights_of_a_superuser(
    server_urls: tuple[str, str], tmp_path: Path
) -> None:
    name = f"owner_{secrets.token_hex(4)}"
    administrator, application = server_urls
    as_owner = sa.make_url(administrator).set(username=name)
    urls = (as_owner.render_as_string(hide_password=False), application)
    with psycopg.connect(psycopg_url(administrator), autocommit=True) as server:
        server.execute(f"create role {name} login createdb createrole")
        try:
            server.execute(
                "grant voyagent_app, voyagent_lookup, voyagent_eraser, voyagent_mover"
                f" to {name} with admin option"
            )
            with site_of(urls, tmp_path) as site:
                site.filled("Alice")
                site.end_sessions()
                schema, _ = catalogue(site)
                file = tmp_path / "backup.tar"
                done = site.back_up(file, db_backup_url=None)
                assert f"Error: The role {name} does not see all rows of " in done.output
                done = site.back_up(file)
                assert done.exit_code == 0, done.output
                site.end_sessions()
                with psycopg.connect(psycopg_url(site.settings.db_url or "")) as other:
                    user = other.execute("select session_user").fetchone()[0]
                    done = site.run("restore", file, "--passphrase-file", site.passphrase_file)
                assert f"is in use by {user}: stop all processes" in done.output
                done = site.restore(file)
                assert done.exit_code == 0, done.output
                found, _ = catalogue(site)
                assert differences(plain(found), plain(schema)) == []
                for command in (("books", "check"), ("audit", "verify")):
                    assert site.run(*command).exit_code == 0
                server.execute(f"alter role {name} nocreatedb")
                done = site.restore(file)
                assert done.output.splitlines()[-1].startswith(
                    "Error: The server does not permit a copy of the database (permission denied"
                )
        finally:
            server.execute(f"alter role {name} createdb")
            server.execute(f"drop database {template_of(urls)}")
            server.execute(f"reassign owned by {name} to current_user; drop role {name}")


def test_a_backup_of_an_older_revision_is_migrated(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    site.people().sign_up("Alice Owner", agency="Alice Travels")
    site.end_sessions()
    with create_app(site.settings).app_context():
        flask_migrate.downgrade(revision="0117")
    assert site.back_up(file).exit_code == 0
    with open_backup(file, PASSPHRASE) as backup:
        manifest = backup.manifest
    assert (manifest.revision, manifest.installation) == ("0117", "")
    with create_app(site.settings).app_context():
        flask_migrate.upgrade()
    schema, _ = catalogue(site)
    done = site.restore(file)
    assert done.exit_code == 0, done.output
    found, _ = catalogue(site)
    assert differences(plain(found), plain(schema)) == []
    assert site.ask("select version_num from alembic_version") == [(SCHEMA_TO,)]
    assert site.ask("select hold from installation") == [("restored",)]
