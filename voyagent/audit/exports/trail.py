"""Export audit events as CSV, and record exports of any data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from voyagent.audit.queries import events
from voyagent.audit.queries.events import Search
from voyagent.audit.rules.verifier import EXPORTED
from voyagent.audit.service import recording
from voyagent.kernel import clock, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.copy_export import Snapshot
from voyagent.kernel.db import db, when_undone
from voyagent.kernel.errors import N_, Invalid

ROWS_MAX = 100_000


class ExportTooLarge(Invalid):
    """The filters match more events than one file may have."""

    code = "export_too_large"
    message = N_(
        "An export has at most 100,000 events. Narrow the filters, for example to one "
        "year, and export again."
    )


class Export:
    """A CSV export in progress: iterate over it once to get the file, then close it."""

    def __init__(self, snapshot: Snapshot, search: Search) -> None:
        """Count the matching events. Raises ExportTooLarge."""
        ((counted,),) = snapshot.read(events.count_statement(search, at_most=ROWS_MAX + 1))
        self.rows = int(counted["n"])
        if self.rows > ROWS_MAX:
            raise ExportTooLarge
        self.snapshot = snapshot
        self._search = search

    def __iter__(self) -> Iterator[bytes]:
        """Yield the file in pieces.

        Raises TimeoutError if the client reads too slowly or the export takes too long.
        """
        try:
            rows = self.snapshot.copied(events.export_statement(self._search), header=True)
            yield from self.snapshot.paced(rows)
        finally:
            self.close()

    def close(self) -> None:
        """Release the database connection and the export slot."""
        self.snapshot.close()


def open_export(
    tenant_id: UUID, search: Search, open_snapshot: Callable[[UUID], Snapshot]
) -> Export:
    """Open a snapshot, count the matching events, and return the export.

    Raises ExportsBusy, ExportTooLarge.
    """
    snapshot = open_snapshot(tenant_id)
    try:
        return Export(snapshot, search)
    except BaseException:
        snapshot.close()
        raise


def export(actor: Actor, search: Search, open_snapshot: Callable[[UUID], Snapshot]) -> Export:
    """Open an export of the matching events and record the export.

    `open_snapshot` may commit the transaction before it waits for other exports. The caller must
    commit before it sends the first byte. Raises Forbidden, ExportTooLarge, ExportsBusy.
    """
    actor.require("audit.read")
    opened = open_export(actor.tenant_id, search, open_snapshot)
    when_undone(opened.close)  # after a rollback the export is unrecorded
    filters = {
        "actor_id": search.actor_id,
        "kind": list(search.kinds),
        "from": search.first,
        "to": search.last,
        "status": search.status,
        "tz": search.zone,
    }
    used_filters = {name: value for name, value in filters.items() if value}
    recording.record(
        actor,
        EXPORTED,
        inputs={"format": "csv", "filters": used_filters},
        outputs={"rows": opened.rows},
    )
    return opened


def note_export(actor: Actor, file: str, filters: Mapping[str, Any]) -> None:
    """Record that a person exported a report or list with these filters.

    The filters are stored as personal text, which can be erased.
    """
    tenancy.bind(db.session(), actor.tenant_id)
    recording.record(
        actor,
        "data.exported",
        inputs={"file": file} | ({} if filters else {"filters": {}}),
        private={"filters": dict(filters)} if filters else None,
    )


def file_name(tenant_id: UUID) -> str:
    """Return the name of the CSV file: start of the agency's id, and today's date."""
    return f"voyagent-audit-{str(tenant_id)[:8]}-{clock.today().isoformat()}.csv"
