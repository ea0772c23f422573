"""The audit as CSV: counted and streamed from one snapshot; and the event of everything else that
is exported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from voyagent.audit import queries, service
from voyagent.audit.queries import Search
from voyagent.audit.verifier import EXPORTED
from voyagent.kernel import clock, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.copy_export import Exports, Snapshot
from voyagent.kernel.db import db, when_undone
from voyagent.kernel.errors import N_, Invalid

ROWS_MAX = 100_000


class ExportTooLarge(Invalid):
    """More events than one file may have."""

    code = "export_too_large"
    message = N_(
        "That is more than 100,000 events. Narrow the filters, for example to one year, and export"
        " again."
    )


class Export:
    """One export under way: iterate it once for the bytes of the file, then close it."""

    def __init__(self, snapshot: Snapshot, search: Search) -> None:
        """Count what is to come. Raises ExportTooLarge."""
        ((counted,),) = snapshot.read(queries.count_statement(search, at_most=ROWS_MAX + 1))
        self.rows = int(counted["n"])
        if self.rows > ROWS_MAX:
            raise ExportTooLarge
        self.snapshot = snapshot
        self._search = search

    def __iter__(self) -> Iterator[bytes]:
        """The file, a piece at a time; raises psycopg.Error where the time is over."""
        try:
            yield from self.snapshot.copied(queries.export_statement(self._search), header=True)
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection and the place back."""
        self.snapshot.close()


def open_export(tenant_id: UUID, search: Search, exports: Exports) -> Export:
    """Stand ready to stream the rows that are counted. Raises ExportsBusy, ExportTooLarge."""
    snapshot = exports.open(tenant_id)
    try:
        return Export(snapshot, search)
    except BaseException:
        snapshot.close()
        raise


def export(actor: Actor, search: Search, exports: Exports) -> Export:
    """Open the export of what a search finds; it leaves its event, which the caller commits before
    the first byte goes out.

    Raises Forbidden, ExportTooLarge, ExportsBusy.
    """
    actor.require("audit.read")
    opened = open_export(actor.tenant_id, search, exports)
    when_undone(opened.close)  # no event, no file
    filters = {
        "actor_id": search.actor_id,
        "kind": list(search.kinds),
        "from": search.first,
        "to": search.last,
        "status": search.status,
        "tz": search.zone,
    }
    told = {name: value for name, value in filters.items() if value}
    service.record(
        actor, EXPORTED, inputs={"format": "csv", "filters": told}, outputs={"rows": opened.rows}
    )
    return opened


def note_export(actor: Actor, file: str, filters: Mapping[str, Any]) -> None:
    """Leave the event of a report or a list that goes out of the house as a file; `filters` are
    what it was narrowed to.
    """
    tenancy.bind(db.session(), actor.tenant_id)
    service.record(actor, "data.exported", inputs={"file": file, "filters": dict(filters)})


def file_name(tenant_id: UUID) -> str:
    """The name of the file, from the API contract."""
    return f"voyagent-audit-{str(tenant_id)[:8]}-{clock.today().isoformat()}.csv"
