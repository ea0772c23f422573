"""Export of an agency's books to a file, read in one database snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db, snapshot


def write(tenant_id: UUID, pieces: Callable[[Reader], Iterator[str]], path: Path) -> None:
    """Write the text that `pieces` yields to a file in UTF-8.

    Like `db.snapshot`, the call rolls back uncommitted work of the session. Raises OSError.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        with snapshot(tenant_id), unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces(SessionReader(db.session)))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
