"""SQL files of database functions and triggers, applied after the migrations.

`voyagent/<package>/sql/<function>.sql` is the source of one function, with its triggers, owner and
grants. A file can be applied again at any time, because it uses `create or replace`. PostgreSQL
cannot replace a constraint trigger, so the file first has `drop trigger if exists` for it.

The triggers of each table are created in a separate transaction, so that no table is locked for
long while people work. Between these transactions, the database has functions and triggers of this
release and of the one before, so each must work together with both. A file may begin with two
header lines, each with a list of names:

    -- requires: next_due         files that must be applied before this file
    -- drops: app.enter(uuid)     functions to drop first, such as an old signature

If a file is deleted, a migration must drop its function.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from graphlib import TopologicalSorter
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import structlog
from sqlalchemy import Connection, text

from voyagent.kernel.database.lock_tries import until_granted
from voyagent.kernel.program_files import PACKAGE

NOT_APPLIED = ""
"""`sha256` of a file that has to be applied before processes may start."""
TABLE = """
create table if not exists app.sql_files (
  path text constraint pk_sql_files primary key,
  sha256 text not null,
  applied_at timestamptz not null default now()
);
grant select on app.sql_files to voyagent_app
"""
RECORD = """
insert into app.sql_files (path, sha256) values (:path, :sha256)
on conflict (path) do update set sha256 = excluded.sha256, applied_at = now()
"""
_HEADER = re.compile(r"^-- (requires|drops): (.+)$", re.MULTILINE)
_SIGNATURE = re.compile(r"[\w.]+\([^)]*\)")
_TRIGGER = re.compile(r"^(?=(?:create|drop) (?:or replace |constraint )?trigger )", re.MULTILINE)
_TABLE = re.compile(r" on (\w+)")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SqlFile:
    """The source of one database function.

    `path` is relative to the root folder of the program.
    """

    path: str
    source: bytes

    @property
    def name(self) -> str:
        """Return the name by which the `requires` headers of other files refer to it."""
        return Path(self.path).stem

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the text, which shows changes since the file was applied."""
        return sha256(self.source).hexdigest()

    @property
    def requires(self) -> list[str]:
        """Return the names of the files that must be applied before this file."""
        return [name.strip() for names in self._header("requires") for name in names.split(",")]

    @property
    def drops(self) -> list[str]:
        """Return the signatures of the functions to drop before this file is applied."""
        return [found for names in self._header("drops") for found in _SIGNATURE.findall(names)]

    @property
    def parts(self) -> list[str]:
        """Return the statements in parts that lock at most one table, in their order."""
        dropped = "".join(f"drop function if exists {signature};\n" for signature in self.drops)
        functions, *triggers = _TRIGGER.split(self.source.decode())
        by_table = ["".join(group) for _table, group in groupby(triggers, _table_of)]
        return [dropped + functions + "".join(by_table[:1]), *by_table[1:]]

    def _header(self, key: str) -> list[str]:
        return [value for found, value in _HEADER.findall(self.source.decode()) if found == key]


def read_files(package: Path = PACKAGE) -> list[SqlFile]:
    """Read all SQL files and return them in the order in which they must be applied.

    Raises:
        ValueError: two files have the same name, a required file is missing, or files require
            each other in a cycle.
    """
    files: dict[str, SqlFile] = {}
    for path in sorted(package.glob("**/sql/*.sql")):
        file = SqlFile(path.relative_to(package.parent).as_posix(), path.read_bytes())
        if file.name in files:
            raise ValueError(f"{file.path} and {files[file.name].path} have the same name")
        files[file.name] = file
    for file in files.values():
        if missing := set(file.requires) - files.keys():
            raise ValueError(f"{file.path} requires {', '.join(sorted(missing))}: no such file")
    order = TopologicalSorter({name: file.requires for name, file in files.items()})
    return [files[name] for name in order.static_order()]


def note_changed(connection: Connection, files: list[SqlFile] | None = None) -> list[SqlFile]:
    """Record that the new and changed files are not applied yet, and return them.

    `files` defaults to all SQL files of the program. The records of deleted files are removed. All
    this is part of the caller's transaction.
    """
    files = read_files() if files is None else files
    connection.execute(text(TABLE))
    rows = connection.execute(text("select path, sha256 from app.sql_files"))
    applied = {row.path: row.sha256 for row in rows}
    changed = [file for file in files if applied.get(file.path) != file.sha256]
    if changed:
        noted = [{"path": file.path, "sha256": NOT_APPLIED} for file in changed]
        connection.execute(text(RECORD), noted)
    if gone := sorted(applied.keys() - {file.path for file in files}):
        connection.execute(
            text("delete from app.sql_files where path = any(:paths)"), {"paths": gone}
        )
    return changed


def apply_changed(connection: Connection, files: list[SqlFile] | None = None) -> list[str]:
    """Apply the new and changed files, and return their paths.

    `files` defaults to all SQL files of the program. The connection must be in no transaction. If a
    call is interrupted, the next call applies the remaining files. Raises LockNotGranted.
    """
    with connection.begin():
        changed = note_changed(connection, files)
    for file in changed:
        for part in file.parts:
            _execute(connection, part)
        with connection.begin():
            connection.execute(text(RECORD), {"path": file.path, "sha256": file.sha256})
    if changed:
        log.info("sql_files.applied", files=len(changed))
    return [file.path for file in changed]


def _table_of(trigger: str) -> str:
    found = _TABLE.search(trigger)
    assert found is not None, trigger
    return found[1]


def _execute(connection: Connection, statements: str) -> None:
    """Run statements in a transaction that waits only briefly for the lock of a table."""

    def attempt(wait: str) -> None:
        with connection.begin():
            connection.execute(text(f"set local lock_timeout = '{wait}'"))
            # Without parameters, one call may have several statements.
            connection.connection.cursor().execute(statements.encode())

    until_granted(attempt)
