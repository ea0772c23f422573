"""A primary and a streaming standby, with a database of the program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa

from tests.conftest import fresh_database
from tests.faults.server import Server, server_of
from tests.faults.web import wait
from voyagent.kernel.config import Settings


@dataclass
class Pair:
    """Two servers, and settings whose reads go to the standby."""

    primary: Server
    standby: Server
    settings: Settings

    @property
    def database(self) -> str:
        """Return the name of the program's database."""
        return sa.make_url(self.settings.db_url or "").database or ""

    def position(self) -> str:
        """Return the end of the last commit in the write-ahead log, such as `0/3000148`."""
        with self.primary.connect() as connection:
            row = connection.execute("select pg_current_wal_flush_lsn()::text").fetchone()
        assert row is not None
        return str(row[0])

    def catch_up(self) -> None:
        """Wait until the standby has replayed all commits of the primary."""
        position = self.position()
        with self.standby.connect() as connection:
            asked = "select pg_last_wal_replay_lsn() >= %s::pg_lsn"
            wait(
                lambda: connection.execute(asked, (position,)).fetchone() == (True,),
                lambda: "the standby does not follow",
            )

    def beat(self, *, ago_s: float = 0) -> None:
        """Store the time in the place of a worker, and wait until the standby has it."""
        with self.primary.connect(self.database) as connection:
            connection.execute(
                "update heartbeat set at = clock_timestamp() - make_interval(secs => %s)", (ago_s,)
            )
        self.catch_up()

    @contextmanager
    def paused(self) -> Iterator[psycopg.Connection]:
        """Let the standby replay nothing until the block ends."""
        with self.standby.connect() as connection:
            connection.execute("select pg_wal_replay_pause()")
            asked = "select pg_get_wal_replay_pause_state()"
            wait(
                lambda: connection.execute(asked).fetchone() == ("paused",),
                lambda: "replay goes on",
            )
            try:
                yield connection
            finally:
                connection.execute("select pg_wal_replay_resume()")


@contextmanager
def pair_of_servers(folder: Path, *, fast: bool = False) -> Iterator[Pair]:
    """Run a primary and a standby with a new, migrated database until the block ends."""
    standby = Server(folder / "standby", fast=fast)
    with server_of(folder / "primary", fast=fast) as primary:
        try:
            primary.copy_to(standby, "-R")
            standby.start()
            with fresh_database(primary.urls, folder) as made:
                name = sa.make_url(made.db_url or "").database or ""
                # A fast server would send a commit to the standby only later.
                primary.tell(f"alter database {name} set synchronous_commit = on")
                yield Pair(
                    primary, standby, made.model_copy(update={"db_read_url": at(standby, name)})
                )
        finally:
            standby.remove()


def at(server: Server, database: str, *, kind: str = "standby") -> str:
    """Return an address of reads on a server, with `target_session_attrs`."""
    url = sa.make_url(server.urls[1]).set(database=database)
    return url.update_query_dict({"target_session_attrs": kind}).render_as_string()
