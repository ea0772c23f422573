"""SQL files of database functions and triggers, applied after the migrations.

`voyagent/<package>/sql/<function>.sql` is the source of one function, with its triggers, owner and
grants. A file can be applied again at any time, because it uses `create or replace`. PostgreSQL
cannot replace a constraint trigger, so the file first has `drop trigger if exists` for it. A file
may begin with two header lines, each with a list of names:

    -- requires: next_due         files that must be applied before this file
    -- drops: app.enter(uuid)     functions to drop first, such as an old signature

If a file is deleted, a migration must drop its function.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy import Connection, text

from voyagent.kernel.program_files import PACKAGE

TABLE = """
create table if not exists app.sql_files (
  path text constraint pk_sql_files primary key,
  sha256 text not null,
  applied_at timestamptz not null default now()
)
"""
RECORD = """
insert into app.sql_files (path, sha256) values (:path, :sha256)
on conflict (path) do update set sha256 = excluded.sha256, applied_at = now()
"""
_HEADER = re.compile(r"^-- (requires|drops): (.+)$", re.MULTILINE)
_SIGNATURE = re.compile(r"[\w.]+\([^)]*\)")

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


def apply_changed(connection: Connection, files: list[SqlFile] | None = None) -> list[str]:
    """Apply the new and changed files in the caller's transaction; return their paths."""
    files = read_files() if files is None else files
    connection.execute(text(TABLE))
    rows = connection.execute(text("select path, sha256 from app.sql_files"))
    applied = {row.path: row.sha256 for row in rows}
    changed = [file for file in files if applied.get(file.path) != file.sha256]
    cursor = connection.connection.cursor()
    for file in changed:
        for signature in file.drops:
            cursor.execute(f"drop function if exists {signature}")
        cursor.execute(file.source)  # without parameters, so several statements are allowed
    if changed:
        connection.execute(
            text(RECORD), [{"path": file.path, "sha256": file.sha256} for file in changed]
        )
        log.info("sql_files.applied", files=len(changed))
    if gone := sorted(applied.keys() - {file.path for file in files}):
        connection.execute(
            text("delete from app.sql_files where path = any(:paths)"), {"paths": gone}
        )
    return [file.path for file in changed]
