"""The audit as CSV: counted and streamed from one snapshot, in constant memory, by few connections of its own for a limited time."""

from __future__ import annotations

import contextlib
import os
import socket
import weakref
from collections.abc import Iterator
from threading import BoundedSemaphore, Lock, Timer
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Select, event
from sqlalchemy.dialects import postgresql

from voyagent.audit import queries, service
from voyagent.audit.queries import Search
from voyagent.audit.verifier import EXPORTED
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.config import Settings, psycopg_url
from voyagent.kernel.db import db, server_options
from voyagent.kernel.errors import N_, Invalid, Unavailable
from voyagent.kernel.tenancy import TENANT

ROWS_MAX = 100_000
SLOTS = 2
WAIT_S = 2.0
TIME_LIMIT_S = 60.0
CHUNK_BYTES = 64 * 1024
# Several processes, or code compiled for the occasion, would end sooner and begin later: rows should leave in the order in which an index has them.
_ONE_BY_ONE = "-c max_parallel_workers_per_gather=0 -c jit=off"
_dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]


class ExportTooLarge(Invalid):
    """More events than one file may have."""

    code = "export_too_large"
    message = N_("That is more than 100,000 events. Narrow the filters, for example to one year, and export again.")


class ExportsBusy(Unavailable):
    """As many exports as may run at once are running."""

    code = "exports_busy"
    message = N_("Other exports are running just now. Please try again in a moment.")


class Export:
    """One export under way: iterate it once for the bytes of the file, then close it. What nobody closes is closed when it is forgotten."""

    def __init__(self, connection: psycopg.Connection[Any], copy: str, rows: int, slot: _Slot) -> None:
        self.rows = rows
        self._connection = connection
        self._copy = copy
        self._end = weakref.finalize(self, _end, connection, slot)

    def __iter__(self) -> Iterator[bytes]:
        """The file, a piece at a time; raises psycopg.Error where the time is over."""
        try:
            pending, size = [], CHUNK_BYTES  # as if full, so that the head line goes out at once and a download begins when it is asked for
            with self._connection.cursor() as cursor, cursor.copy(self._copy) as rows:
                for row in rows:  # one row each; PostgreSQL ends it with a line feed alone, RFC 4180 with two characters
                    pending.append(bytes(row[:-1]))
                    size += len(row)
                    if size >= CHUNK_BYTES:
                        yield b"\r\n".join(pending) + b"\r\n"
                        pending, size = [], 0
            if pending:
                yield b"\r\n".join(pending) + b"\r\n"
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection and the place back."""
        self._end()


class _Slot:
    """A place among the exports that may run at once, and an end to the connection that holds it for too long."""

    def __init__(self, places: BoundedSemaphore) -> None:
        self._places = places
        self._lock = Lock()
        self._held = True
        self._timer: Timer | None = None
        self._wire: socket.socket | None = None

    def limit(self, connection: psycopg.Connection[Any]) -> None:
        """From now on the clock runs. A client who has stopped reading blocks server and program alike, so the wire itself is cut."""
        self._wire = socket.socket(fileno=os.dup(connection.fileno()))
        self._timer = Timer(TIME_LIMIT_S, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def release(self) -> None:
        """Let the next one in; once is enough."""
        with self._lock:
            held, self._held = self._held, False
            if not held:
                return
            if self._timer is not None:
                self._timer.cancel()
            if self._wire is not None:
                self._wire.close()
            self._places.release()

    def _cut(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._held and self._wire is not None:
                self._wire.shutdown(socket.SHUT_RDWR)
        self.release()


class Exports:
    """The exports of one process: a few at once, each with a connection of its own for as long as it lasts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._places = BoundedSemaphore(SLOTS)

    def open(self, tenant_id: UUID, search: Search) -> Export:
        """Count, and stand ready to stream the rows of that very snapshot. Raises ExportsBusy, ExportTooLarge."""
        if not self._places.acquire(timeout=WAIT_S):
            raise ExportsBusy
        slot = _Slot(self._places)
        try:
            connection = self._connect(tenant_id)
        except BaseException:
            slot.release()
            raise
        try:
            slot.limit(connection)
            rows = _count(connection, tenant_id, search)
            copy = f"copy ({_bound(connection, queries.export_statement(search), tenant_id)}) to stdout (format csv, header)"
            return Export(connection, copy, rows, slot)
        except BaseException:
            _end(connection, slot)
            raise

    def _connect(self, tenant_id: UUID) -> psycopg.Connection[Any]:
        limit_ms = int(TIME_LIMIT_S * 1000)
        limits = f"-c statement_timeout={limit_ms} -c idle_in_transaction_session_timeout={limit_ms}"
        options = f"{server_options(self._settings)} {limits} {_ONE_BY_ONE}"
        connection = psycopg.connect(psycopg_url(self._settings.db_url or ""), options=options, connect_timeout=5, cursor_factory=psycopg.ClientCursor)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("select set_config('app.tenant', %s, true)", (str(tenant_id),))
        return connection


def export(actor: Actor, search: Search, exports: Exports) -> Export:
    """Open the export of what a search finds; it leaves its event, which the caller commits before the first byte goes out.

    Raises Forbidden, ExportTooLarge, ExportsBusy.
    """
    actor.require("audit.read")
    opened = exports.open(actor.tenant_id, search)
    event.listen(db.session(), "after_rollback", lambda _session: opened.close(), once=True)  # no event, no file
    filters = {"actor_id": search.actor_id, "kind": list(search.kinds), "from": search.first, "to": search.last, "status": search.status, "tz": search.zone}
    told = {name: value for name, value in filters.items() if value}
    service.record(actor, EXPORTED, inputs={"format": "csv", "filters": told}, outputs={"rows": opened.rows})
    return opened


def file_name(tenant_id: UUID) -> str:
    """The name of the file, from the API contract."""
    return f"voyagent-audit-{str(tenant_id)[:8]}-{clock.today().isoformat()}.csv"


def _count(connection: psycopg.Connection[Any], tenant_id: UUID, search: Search) -> int:
    counted = connection.execute(_bound(connection, queries.count_statement(search, at_most=ROWS_MAX + 1), tenant_id)).fetchone()
    rows = int(counted[0]) if counted else 0
    if rows > ROWS_MAX:
        raise ExportTooLarge
    return rows


def _bound(connection: psycopg.Connection[Any], statement: Select[Any], tenant_id: UUID) -> str:
    """A select as text with its values in place, quoted by the driver: COPY takes no parameters."""
    form: Any = statement.compile(dialect=_dialect)
    expanded = form.construct_expanded_state(form.construct_params({TENANT: tenant_id}))  # the lists of IN, whose length is known only with their values
    return psycopg.ClientCursor(connection).mogrify(expanded.statement, expanded.parameters)


def _end(connection: psycopg.Connection[Any], slot: _Slot) -> None:
    connection.close()
    slot.release()
