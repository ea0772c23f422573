"""`flask upgrade`: a backup, a rehearsal, and the migration of a database in use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from click.testing import Result

from tests.backup.conftest import PASSPHRASE, Site
from tests.faults.catalogue import checksums, things
from tests.migration_folder import MigrationFolder
from voyagent.backup.service.copies import open_backup
from voyagent.factory import create_app
from voyagent.kernel.database.start_checks import SCHEMA_TO, UPGRADE_FROM

HARM = (
    "set session_replication_role = replica;"
    " update postings set debit_minor = debit_minor + 1,"
    " base_debit_minor = base_debit_minor + 1 where debit_minor > 0"
)
ONLY_THERE = (
    "do $$ begin if current_database() not like '%_restoring' then raise 'no space left'; end if;"
    " end $$"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MigrationFolder:
    return MigrationFolder(tmp_path, monkeypatch)


def state(site: Site) -> object:
    """Return schema and checksums of the database, and all databases."""
    engine = sa.create_engine(site.settings.db_admin_url or "", poolclass=sa.NullPool)
    revision = site.ask("select version_num from alembic_version")
    return revision, things(engine), checksums(engine), site.databases()


def upgrade(site: Site, file: Path, *options: str) -> Result:
    """Run `flask upgrade` in a new application, which has the migrations of the test."""
    return replace(site).run("upgrade", file, "--passphrase-file", site.passphrase_file, *options)


def refused(site: Site, file: Path, sentence: str) -> None:
    """Check that an upgrade prints one sentence at its end and changes nothing."""
    before = state(site)
    done = upgrade(site, file)
    assert done.exit_code == 1
    assert done.output.splitlines()[-1] == f"Error: {sentence}"
    assert state(site) == before


def downgrade(site: Site) -> None:
    """Give the database the schema of the release before."""
    with create_app(site.settings).app_context():
        flask_migrate.downgrade(revision=UPGRADE_FROM)


def test_a_database_in_use_is_backed_up_and_migrated(site: Site, tmp_path: Path) -> None:
    site.filled("Alice")
    charlie = site.people().sign_up("Charlie Owner", agency="Charlie Travels")
    downgrade(site)
    rows = site.ask("select count(*), sum(debit_minor) from postings")
    file = tmp_path / "before.tar"
    with site.owner() as user:
        user.execute("select from invoices limit 1")
        done = upgrade(site, file)
        assert user.execute("select count(*), sum(debit_minor) from postings").fetchall() == rows
    assert done.exit_code == 0, done.output
    assert f"{SCHEMA_TO}_" in done.output
    assert "The rehearsal succeeded. The migrations took " in done.output
    assert site.ask("select version_num from alembic_version") == [(SCHEMA_TO,)]
    assert site.ask("select hold from installation") == [(None,)]
    assert site.databases() == {site.name}
    with open_backup(file, PASSPHRASE) as backup:
        assert backup.manifest.revision == UPGRADE_FROM
    assert site.run("check").exit_code == 0
    assert charlie.api.get("/auth/me").status_code == 200, "sessions do not end"


def test_a_rehearsal_alone_changes_nothing(
    shared: Site, folder: MigrationFolder, tmp_path: Path
) -> None:
    folder.add("9001", "op.execute('create table extra (n int)')")
    before = state(shared)
    done = upgrade(shared, tmp_path / "before.tar", "--rehearse-only")
    assert done.exit_code == 0, done.output
    assert "To run: 9001_step." in done.output
    assert done.output.splitlines()[-1] == "The database is unchanged."
    assert state(shared) == before


def test_a_skipped_release_is_refused(shared: Site, tmp_path: Path) -> None:
    set_revision = "update alembic_version set version_num = '{}' returning 1".format
    shared.ask(set_revision("0064"))
    file = tmp_path / "before.tar"
    refused(
        shared,
        file,
        "The schema is at revision 0064, and this release upgrades a running installation from"
        f" {UPGRADE_FROM} on: upgrade to each release between first, or stop all processes, make a"
        " backup, and run `flask migrate-up`.",
    )
    shared.ask(set_revision("9999"))
    refused(
        shared,
        file,
        f"The schema is at revision 9999, and this release knows revisions up to {SCHEMA_TO}:"
        " upgrade with the release that belongs to the schema.",
    )
    shared.ask(set_revision(SCHEMA_TO))
    assert not file.exists()


def test_the_backup_of_an_earlier_upgrade_is_not_replaced(shared: Site, file: Path) -> None:
    content = file.read_bytes()
    refused(shared, file, f"{file} exists already: choose another name for the backup.")
    assert file.read_bytes() == content


def test_a_migration_that_fails_in_the_rehearsal_changes_nothing(
    shared: Site, folder: MigrationFolder, tmp_path: Path
) -> None:
    folder.add("9001", "op.execute('select 1 / 0')")
    refused(
        shared,
        tmp_path / "before.tar",
        f"The migration of the database {shared.name}_restoring from revision {SCHEMA_TO} failed:"
        " division by zero.",
    )


def test_a_migration_that_harms_the_books_is_refused(
    site: Site, folder: MigrationFolder, tmp_path: Path
) -> None:
    alice = site.filled("Alice")
    folder.add("9001", f"op.execute({HARM!r})")
    before = state(site)
    done = upgrade(site, tmp_path / "before.tar")
    assert done.exit_code == 1
    assert f"The restored copy is not sound: agency {alice.actor.tenant_id}: " in done.output
    assert state(site) == before


def test_an_upgrade_goes_on_after_a_failure(
    site: Site, folder: MigrationFolder, tmp_path: Path
) -> None:
    folder.add("9001", "op.execute('create table extra (n int)')")
    folder.add("9002", f"op.execute({ONLY_THERE!r})", before="9001")
    done = upgrade(site, tmp_path / "first.tar")
    assert done.exit_code == 1
    assert done.output.splitlines()[-1] == (
        f"Error: The migration of the database {site.name} from revision 9001 failed:"
        " no space left."
    )
    assert site.databases() == {site.name}
    folder.add("9002", "op.execute('alter table extra add m int')", before="9001")
    done = upgrade(site, tmp_path / "second.tar")
    assert done.exit_code == 0, done.output
    assert "To run: 9002_step." in done.output
    assert site.ask("select version_num from alembic_version") == [("9002",)]
