"""Writing the books of an agency into a file: from one snapshot, under a name that only a complete
file bears.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db, snapshot


def write(tenant_id: UUID, pieces: Callable[[Reader], Iterator[str]], path: Path) -> None:
    """Write what a format makes of an agency's books as of one instant, piece by piece, in UTF-8.

    The file appears under its name when it is complete. Takes the session for itself, as
    `db.snapshot` does. Raises OSError.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        with snapshot(tenant_id), unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces(SessionReader(db.session)))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
