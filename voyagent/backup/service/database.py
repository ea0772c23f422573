"""Build a copy beside the present database, and exchange the two."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from voyagent.backup.errors import (
    BackupError,
    DatabaseInUse,
    NotPermitted,
    ProgramFailed,
    RestoreRunning,
)
from voyagent.drivers.postgres.clients import Clients, NoClients, ProgramError, Source
from voyagent.kernel import clock
from voyagent.kernel.config import Settings
from voyagent.kernel.db_connections import APP_ROLE, Purpose, parameters_for

MAINTENANCE = "postgres"
"""Database from which other databases are created and renamed."""
NAME_LENGTH_MAX = 63
EXCHANGE_WITHIN_S = 30.0
LIMIT_MS = 3_600_000
_LOCK = "select pg_try_advisory_lock(hashtextextended('voyagent restore ' || %s, 0))"
_OWNERS = ("voyagent_lookup", "voyagent_eraser")
"""Roles that own functions in the schema `app`, and may therefore create there."""
_ROLES = (APP_ROLE, *_OWNERS, "voyagent_mover")
# The extensions and the schema exist already: the owner may not set all of their properties.
_LEFT_OUT = re.compile(r"^\d+; \d+ \d+ (SCHEMA - (app|public) |EXTENSION - )")
# Of the sessions of other roles the owner sees only the name of the role. Processes of the server
# have no role.
_SESSIONS = """
select distinct coalesce(nullif(application_name, ''), usename, 'a session of the server')
  from pg_stat_activity
 where datname = %s and pid <> pg_backend_pid() and usename is not null order by 1
"""


def settings_of_owner(settings: Settings) -> Settings:
    """Return settings that connect as the owner of the schema, without a pooler.

    A session still uses the role of the program, unless a transaction sets another role. A
    statement may take an hour.
    """
    address = make_conninfo(**parameters_for(settings, Purpose.MIGRATE))
    return settings.model_copy(
        update={"db_url": address, "db_read_url": None, "db_statement_timeout_ms": LIMIT_MS}
    )


class NameTooLong(BackupError):
    """The names of the copy and of the earlier database would be too long."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The name of the database {name} is too long to add a date to it.")


@dataclass(frozen=True, slots=True)
class Databases:
    """The database to replace, and the server connection of one restore.

    `name` is the name of the database to replace, which need not exist. `copy` is the name of the
    new database, which takes its place.
    """

    settings: Settings
    server: psycopg.Connection[TupleRow]
    name: str

    @property
    def copy(self) -> str:
        """Return the name of the new database."""
        return f"{self.name}_restoring"

    @property
    def settings_of_copy(self) -> Settings:
        """Return settings that connect to the copy as its owner, without a pooler.

        The time limits of statements are an hour, because checks read whole tables.
        """
        owner, backup = (
            make_conninfo(**parameters_for(self.settings, purpose) | {"dbname": self.copy})
            for purpose in (Purpose.MIGRATE, Purpose.BACKUP)
        )
        return self.settings.model_copy(
            update={
                "db_url": owner,
                "db_admin_url": owner,
                "db_backup_url": backup,
                "db_read_url": None,
                "db_listen_url": None,
                "redis_url": None,
                "db_statement_timeout_ms": LIMIT_MS,
            }
        )

    def exists(self) -> bool:
        """Return True if there is a database to replace."""
        found = self.server.execute("select from pg_database where datname = %s", (self.name,))
        return found.fetchone() is not None

    def require_unused(self) -> None:
        """Check that no session uses the present database. Raises DatabaseInUse."""
        used_by = [name for (name,) in self.server.execute(_SESSIONS, (self.name,))]
        if used_by:
            raise DatabaseInUse(self.name, used_by)

    def create_copy(self) -> None:
        """Create an empty copy with roles, extensions and schema. Raises NotPermitted."""
        self.drop_copy()
        try:
            for role in _ROLES:
                self._ensure_role(role)
            self.server.execute(_named("create database {} template template0", self.copy))
            with self.connect_to_copy() as owner:
                owner.execute("create extension pg_trgm; create extension btree_gin")
                owner.execute("create schema app")
                for role in _OWNERS:
                    owner.execute(_named("grant usage, create on schema app to {}", role))
        except psycopg.errors.InsufficientPrivilege as error:
            raise NotPermitted(error.diag.message_primary or "") from None

    def fill_copy(self, dump: Source) -> None:
        """Restore a dump into the copy, as its owner. Raises ProgramFailed."""
        parameters = parameters_for(self.settings, Purpose.MIGRATE) | {"dbname": self.copy}
        try:
            clients = Clients.find(
                self.settings.db_programs_dir, self.server.info.server_version // 10000
            )
            entries = clients.list_entries(dump)
            clients.restore(parameters, dump, [one for one in entries if not _LEFT_OUT.match(one)])
        except NoClients as error:
            raise ProgramFailed("pg_restore", str(error)) from None
        except ProgramError as error:
            raise ProgramFailed(error.program, str(error)) from None

    def connect_to_copy(self) -> psycopg.Connection[TupleRow]:
        """Connect to the copy as its owner, with autocommit."""
        parameters = parameters_for(self.settings, Purpose.MIGRATE) | {"dbname": self.copy}
        return psycopg.connect(**parameters, autocommit=True)

    def exchange(self) -> str | None:
        """Rename the present database, and give its name to the copy.

        Both are renamed in one transaction. For up to EXCHANGE_WITHIN_S seconds the call waits for
        open sessions to end. Returns the new name of the present database, or None if there was
        none. Raises DatabaseInUse.
        """
        kept = f"{self.name}_before_{clock.now():%Y%m%dt%H%M%S}" if self.exists() else None
        give_up_at = time.monotonic() + EXCHANGE_WITHIN_S
        while True:
            try:
                with self.server.transaction():
                    if kept is not None:
                        self.server.execute(
                            _named("alter database {} rename to {}", self.name, kept)
                        )
                    self.server.execute(
                        _named("alter database {} rename to {}", self.copy, self.name)
                    )
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > give_up_at:
                    self.require_unused()
                    raise DatabaseInUse(self.name, ["a session of the server"]) from None
            else:
                return kept

    def drop_copy(self) -> None:
        """Drop the copy, with the sessions that use it."""
        self.drop(self.copy)

    def drop(self, name: str) -> None:
        """Drop a database if it exists, with the sessions that use it."""
        self.server.execute(_named("drop database if exists {} with (force)", name))

    def _ensure_role(self, role: str) -> None:
        found = self.server.execute(
            "select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = %s",
            (role,),
        ).fetchone()
        if found is None:
            self.server.execute(_named("create role {} nologin noinherit", role))
            # As in the first migration: searches of this role are cheaper without policies.
            row = self.server.execute("select current_setting('is_superuser')::boolean").fetchone()
            if role == "voyagent_lookup" and row and row[0]:
                self.server.execute(_named("alter role {} bypassrls", role))
        if not (found and found[0]):
            self.server.execute(_named("grant {} to current_user", role))


@contextmanager
def restoring(settings: Settings) -> Iterator[Databases]:
    """Yield the databases of a restore; drop the copy if it was not exchanged.

    Raises RestoreRunning, NameTooLong, psycopg.Error.
    """
    parameters = parameters_for(settings, Purpose.MIGRATE)
    name = str(parameters["dbname"])
    if len(f"{name}_before_20261201t120000".encode()) > NAME_LENGTH_MAX:
        raise NameTooLong(name)
    with psycopg.connect(**parameters | {"dbname": MAINTENANCE}, autocommit=True) as server:
        row = server.execute(_LOCK, (name,)).fetchone()
        if not (row and row[0]):
            raise RestoreRunning(name)
        databases = Databases(settings, server, name)
        try:
            yield databases
        finally:
            databases.drop_copy()


def _named(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
