"""Kills of `flask backup`, `restore` and `upgrade` at random moments."""

from __future__ import annotations

import itertools
import random
import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa

from tests.backup.conftest import PASSPHRASE, Site, site_of
from tests.faults.catalogue import checksums
from tests.faults.commands import PATIENCE_S, Command
from tests.faults.conftest import Report, Rounds
from tests.faults.web import wait
from voyagent.backup.rules.manifest import Manifest
from voyagent.backup.service.copies import open_backup
from voyagent.factory import create_app
from voyagent.kernel.database.start_checks import SCHEMA_TO, UPGRADE_FROM

KILLS = 50
TABLES_THAT_CHANGE = {"public.audit_events", "public.procrastinate_workers"}
"""Tables whose number of rows a restore changes, by the end of sessions."""


def start(site: Site, name: str, file: Path) -> Command:
    """Start a command with a file and the passphrase."""
    return Command(site, name, file, "--passphrase-file", site.passphrase_file)


class Ground:
    """An installation and its backup, and the states after a killed command."""

    def __init__(self, site: Site, file: Path) -> None:
        self.site, self.file, self._later = site, file, ""
        self._engine = sa.create_engine(site.settings.db_admin_url or "", poolclass=sa.NullPool)

    def add_later(self) -> None:
        """Add an agency after the backup, which a restored database does not have."""
        self._later = f"Later {secrets.token_hex(4)}"
        self.site.people().sign_up("Later Owner", agency=self._later)
        self.site.end_sessions()

    def rows(self) -> dict[tuple[str, str], tuple[int, str]]:
        """Return number and checksum of the values of each column, but not the last runs."""
        found = checksums(self._engine)
        return {name: values for name, values in found.items() if name[0] != "last_runs"}

    def is_restored(self) -> bool:
        """Return True if the database is the restored one."""
        names = {name for (name,) in self.site.ask("select display_name from tenants")}
        return self._later not in names

    def manifest(self) -> Manifest:
        """Return the manifest of the checked backup."""
        with open_backup(self.file, PASSPHRASE) as backup:
            return backup.manifest

    def check_restored(self) -> None:
        """Check that the restored database is complete, sound and on hold."""
        assert self.site.ask("select hold from installation") == [("restored",)]
        assert self.site.ask(
            "select count(*) from auth_sessions where ended_at is null and expires_at > now()"
        ) == [(0,)]
        for table, wanted in self.manifest().census.tables.items():
            if table not in TABLES_THAT_CHANGE:
                assert self.site.ask(f"select count(*) from {table}") == [(wanted,)], table
        for command in ("books", "check"), ("audit", "verify"):
            done = self.site.run(*command)
            assert done.exit_code == 0, done.output

    def drop_earlier(self) -> None:
        """Drop the databases that restores have kept."""
        with self.site.owner("postgres") as owner:
            for name in self.site.databases():
                if "_before_" in name:
                    owner.execute(f"drop database {name} with (force)")  # type: ignore[call-overload]


@pytest.fixture
def ground(server_urls: tuple[str, str], tmp_path: Path) -> Iterator[Ground]:
    with site_of(server_urls, tmp_path) as site:
        site.filled("Alice")
        site.filled("Charlie")
        yield Ground(site, tmp_path / "backup.tar")


def test_a_killed_command_leaves_the_old_or_the_new_state(
    ground: Ground, seeded: random.Random, rounds: Rounds, report: Report
) -> None:
    site, file = ground.site, ground.file
    backup_s = start(site, "backup", file).finish()
    ground.add_later()
    restore_s = start(site, "restore", file).finish()
    ground.check_restored()
    ends: Counter[str] = Counter()
    for number in range(rounds(KILLS)):
        name, whole_s = (("backup", backup_s), ("restore", restore_s))[number % 2]
        with_children = seeded.random() < 0.5
        if name == "backup":
            before, content = ground.rows(), file.read_bytes()
            command = start(site, name, file)
        else:
            ground.drop_earlier()
            ground.add_later()
            before = ground.rows()
            command = start(site, name, file)
        # The first third is the start of Python.
        was_running = command.kill_after(
            seeded.uniform(whole_s / 3, whole_s * 1.05), with_children=with_children
        )
        if name == "backup":
            is_new = file.read_bytes() != content
            ground.manifest()
            assert ground.rows() == before
        else:
            is_new = ground.is_restored()
            if is_new:
                ground.check_restored()
            else:
                assert ground.rows() == before
        assert was_running or is_new, "a command that ended has done nothing"
        ends[f"{name} {'new' if is_new else 'old'}"] += 1
    start(site, "backup", file).finish()
    ground.add_later()
    start(site, "restore", file).finish()
    ground.check_restored()
    report(
        f"backup {backup_s:.1f} s, restore {restore_s:.1f} s; states after kills:"
        f" {dict(sorted(ends.items()))}; the next run of both commands succeeds"
    )


def test_a_kill_between_the_two_renames_leaves_the_old_state(ground: Ground) -> None:
    """A session that uses the copy makes the second rename wait."""
    site, file = ground.site, ground.file
    start(site, "backup", file).finish()
    ground.add_later()
    before = ground.rows()
    command = start(site, "restore", file)
    wait(lambda: "Migrating" in command.log(), command.log, PATIENCE_S)
    copy = f"{site.name}_restoring"
    with site.owner(copy), site.owner("postgres") as server:
        renaming = (
            "select count(*) from pg_stat_activity where state = 'active' and pid <>"
            " pg_backend_pid() and starts_with(query, %s)"
        )
        second = f'alter database "{copy}" rename'
        wait(
            lambda: server.execute(renaming, (second,)).fetchone() == (1,),
            command.log,
            PATIENCE_S,
        )
        assert command.kill_after(0, with_children=True)
    assert not ground.is_restored()
    assert ground.rows() == before
    start(site, "restore", file).finish()
    assert ground.is_restored()
    ground.check_restored()


def test_a_killed_upgrade_loses_nothing_and_can_be_run_again(
    ground: Ground, seeded: random.Random, rounds: Rounds, report: Report
) -> None:
    site, ends = ground.site, Counter[str]()
    files = (site.folder / f"before{number}.tar" for number in itertools.count())

    def to_release_before() -> None:
        with create_app(site.settings).app_context():
            flask_migrate.downgrade(revision=UPGRADE_FROM)

    to_release_before()
    before = ground.rows()
    whole_s = start(site, "upgrade", next(files)).finish()
    for _ in range(rounds(KILLS)):
        to_release_before()
        start(site, "upgrade", next(files)).kill_after(
            seeded.uniform(whole_s / 3, whole_s * 1.05), with_children=seeded.random() < 0.5
        )
        ((revision,),) = site.ask("select version_num from alembic_version")
        after = ground.rows()
        assert {column: after[column] for column in before} == before
        ends[revision] += 1
        if site.run("check").exit_code:
            start(site, "upgrade", next(files)).finish()
        assert site.ask("select version_num from alembic_version") == [(SCHEMA_TO,)]
        assert site.databases() == {site.name}
        assert site.run("check").exit_code == 0
    report(f"{whole_s:.1f} s; revisions after kills: {dict(sorted(ends.items()))}")
