"""Writing the books of an agency into a file: which formats there are, one snapshot, and a name that only a complete file bears."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from voyagent.kernel.db import db, snapshot
from voyagent.kernel.reading import Reader, SessionReader
from voyagent.reports.exports import beancount

FORMATS: dict[str, Callable[[Reader], Iterator[str]]] = {"beancount": beancount.pieces}


def write(tenant_id: UUID, form: str, path: Path) -> None:
    """Write all that an agency has posted, as of one instant, in one of `FORMATS`; UTF-8.

    Entries pass through some hundred at a time, so the size of the books does not matter. The file appears under its name when it is complete. Takes the
    session for itself, as `db.snapshot` does. Raises OSError.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        with snapshot(tenant_id), unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(FORMATS[form](SessionReader(db.session)))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
