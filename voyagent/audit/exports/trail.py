"""The audit trail as CSV from one snapshot, and the events of all exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from voyagent.audit.queries import events
from voyagent.audit.queries.events import Search
from voyagent.audit.rules.verifier import EXPORTED
from voyagent.audit.service import recording
from voyagent.kernel import clock, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.copy_export import Exports, Snapshot
from voyagent.kernel.db import db, when_undone
from voyagent.kernel.errors import N_, Invalid

ROWS_MAX = 100_000


class ExportTooLarge(Invalid):
    """The export has more events than one file may have."""

    code = "export_too_large"
    message = N_(
        "An export has at most 100,000 events. Narrow the filters, for example to one "
        "year, and export again."
    )


class Export:
    """An export in progress: iterate it once for the file, then close it."""

    def __init__(self, snapshot: Snapshot, search: Search) -> None:
        """Count the rows. Raises ExportTooLarge."""
        ((counted,),) = snapshot.read(events.count_statement(search, at_most=ROWS_MAX + 1))
        self.rows = int(counted["n"])
        if self.rows > ROWS_MAX:
            raise ExportTooLarge
        self.snapshot = snapshot
        self._search = search

    def __iter__(self) -> Iterator[bytes]:
        """Yield the file in pieces; raises psycopg.Error after the time limit."""
        try:
            yield from self.snapshot.copied(events.export_statement(self._search), header=True)
        finally:
            self.close()

    def close(self) -> None:
        """Release the connection and the slot."""
        self.snapshot.close()


def open_export(tenant_id: UUID, search: Search, exports: Exports) -> Export:
    """Prepare a stream of the counted rows. Raises ExportsBusy, ExportTooLarge."""
    snapshot = exports.open(tenant_id)
    try:
        return Export(snapshot, search)
    except BaseException:
        snapshot.close()
        raise


def export(actor: Actor, search: Search, exports: Exports) -> Export:
    """Open the export of a search and record its event.

    The caller commits the event before the first byte is sent. Raises Forbidden, ExportTooLarge,
    ExportsBusy.
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
    recording.record(
        actor, EXPORTED, inputs={"format": "csv", "filters": told}, outputs={"rows": opened.rows}
    )
    return opened


def note_export(actor: Actor, file: str, filters: Mapping[str, Any]) -> None:
    """Record that a report or a list was exported; `filters` are the filters in use."""
    tenancy.bind(db.session(), actor.tenant_id)
    recording.record(actor, "data.exported", inputs={"file": file, "filters": dict(filters)})


def file_name(tenant_id: UUID) -> str:
    """Return the file's name (API contract)."""
    return f"voyagent-audit-{str(tenant_id)[:8]}-{clock.today().isoformat()}.csv"
