"""Backups that are made while the books are written, restored on other servers."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.faults.conftest import Report, Rounds
from tests.faults.load import check_books
from tests.faults.server import Server, server_of
from tests.faults.test_books import CALLERS, OUTSIDE, WEIGHTS, Agency, open_agency
from tests.faults.web import wait, web_processes
from voyagent import cli
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db_address import libpq_parameters
from voyagent.kernel.db_connections import Purpose, parameters_for

ACTS, PATIENCE_S = 2000, 300
BACKUP = "voyagent_backup"
TABLES = {
    "journal": "journal_entries",
    "payment": "payments",
    "draft": "invoices",
    "bill_draft": "bills",
}
"""Acts, each with the table of the row whose id the response has."""
KINDS = {kind: weight for kind, weight in WEIGHTS.items() if kind != "unbalanced_raw"}
ROLES = ("voyagent_lookup", "voyagent_eraser", "voyagent_mover")
"""Roles that a restored database needs beside `voyagent_app`, as docs/operations.md says."""


@dataclass
class Bookkeeping:
    """Agencies whose books are written all the time."""

    agencies: list[Agency]

    def acts(self) -> int:
        """Return the number of acts that were acknowledged."""
        return sum(len(agency.log) for agency in self.agencies)

    def acknowledged(self) -> set[tuple[str, str]]:
        """Return table and id of the rows that responses have named until now."""
        return {
            (TABLES[act.kind], str(act.answer["id"]))
            for agency in self.agencies
            for act in list(agency.log)
            if act.kind in TABLES
        }


@contextmanager
def books_being_written(
    settings: Settings, folder: Path, dice: random.Random
) -> Iterator[Bookkeeping]:
    """Let sixteen clients do random acts until the block ends."""
    app, over = create_app(settings), threading.Event()
    application = sa.create_engine(sa.make_url(settings.db_url or ""))
    with (
        web_processes(settings, folder, processes=2) as web,
        psycopg.connect(
            **parameters_for(settings, Purpose.MIGRATE) | {"application_name": OUTSIDE},
            autocommit=True,
        ) as owner,
    ):
        agencies = [open_agency(app, web, application, owner) for _ in range(2)]
        luck = dice.random()

        def work(caller: int) -> None:
            own = random.Random(f"{luck}:{caller}")  # noqa: S311 - a test's dice, not a secret
            while not over.is_set():
                (kind,) = own.choices(list(KINDS), weights=list(KINDS.values()))
                agencies[caller % len(agencies)].act(kind, own)

        with ThreadPoolExecutor(CALLERS) as pool:
            working = [pool.submit(work, caller) for caller in range(CALLERS)]
            try:
                yield Bookkeeping(agencies)
            finally:
                over.set()
            for one in working:
                one.result()


def on(server: Server, settings: Settings) -> Settings:
    """Return the settings of the database of the same name on another server."""
    name = libpq_parameters(settings.db_url or "")["dbname"]
    admin, application = (
        sa.make_url(url).set(database=name).render_as_string(hide_password=False)
        for url in server.urls
    )
    return settings.model_copy(update={"db_url": application, "db_admin_url": admin})


def stored(settings: Settings) -> set[tuple[str, str]]:
    """Return table and id of all rows that acts create."""
    with psycopg.connect(**parameters_for(settings, Purpose.MIGRATE)) as owner:
        return {
            (table, id_)
            for table in TABLES.values()
            for (id_,) in owner.execute(f"select id::text from {table}").fetchall()
        }


@dataclass
class Targets:
    """Servers to which the backups are restored."""

    of_dump: Server
    """A running server with the roles that a dump needs."""
    of_copy: Server
    """A server without data, which does not run."""


@pytest.fixture
def targets(tmp_path: Path) -> Iterator[Targets]:
    copy = Server(tmp_path / "copy")
    with server_of(tmp_path / "elsewhere") as elsewhere:
        elsewhere.tell(*(f"create role {role} nologin noinherit" for role in ROLES))
        yield Targets(elsewhere, copy)
    copy.remove()


def test_backups_under_load_are_sound_on_other_servers(
    own_server: Server,
    own_database: Settings,
    targets: Targets,
    tmp_path: Path,
    seeded: random.Random,
    rounds: Rounds,
    report: Report,
) -> None:
    elsewhere, copy = targets.of_dump, targets.of_copy
    name = libpq_parameters(own_database.db_url or "")["dbname"]
    folder = elsewhere.place.home / "backup"
    elsewhere.own(folder)
    dump = folder / "voyagent.dump"
    with books_being_written(own_database, tmp_path, seeded) as books:
        wait(lambda: books.acts() >= rounds(ACTS), lambda: f"{books.acts()} acts", PATIENCE_S)
        with pytest.raises(AssertionError, match=r"permission denied|row-level security"):
            own_server.client("pg_dump", "-Fc", "-f", dump, name, user="voyagent_app")
        before_dump, acts = books.acknowledged(), [books.acts()]
        since = time.monotonic()
        own_server.client("pg_dump", "-Fc", "-f", dump, name, user=BACKUP)
        dump_s = time.monotonic() - since
        acts.append(books.acts())
        before_copy = books.acknowledged()
        since = time.monotonic()
        own_server.copy_to(copy)
        copy_s = time.monotonic() - since
        acts.append(books.acts())
    live = stored(own_database)
    elsewhere.tell(f"create database {name}")
    since = time.monotonic()
    elsewhere.client("pg_restore", "--exit-on-error", "-d", name, dump)
    restore_s = time.monotonic() - since
    copy.start()
    for server, before in ((elsewhere, before_dump), (copy, before_copy)):
        restored = on(server, own_database)
        app = create_app(restored)
        cli.migrate(app)
        check_books(app)
        found = stored(restored)
        assert before <= found, "a write from before the backup is missing"
        assert found < live, "the backup is not from the time of the writes"
    report(
        f"{acts[0]} acts, then {acts[1] - acts[0]} during pg_dump ({dump_s:.1f} s) and"
        f" {acts[2] - acts[1]} during pg_basebackup ({copy_s:.1f} s), by {CALLERS} clients;"
        f" pg_restore {restore_s:.1f} s; on both copies the books and audit logs are sound and"
        " every write from before the backup is there"
    )
    assert acts[0] < acts[1] < acts[2], "nothing was written during a backup"
