"""CSV exports of any length with PostgreSQL's COPY, in constant memory.

Each export reads one snapshot of the database. A process runs at most SLOTS exports at once. All
processes together run one export of an agency at once, because two exports and their database
processes would use all cores of a small server.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from functools import cache
from itertools import islice
from threading import Lock, RLock, Timer
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from psycopg.rows import dict_row
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
)

from voyagent.kernel.config import Settings
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.database.statement_cache import Statement, compiled_for
from voyagent.kernel.db_connections import Purpose, parameters_for
from voyagent.kernel.errors import N_, Unavailable
from voyagent.kernel.limits import Places
from voyagent.kernel.limits.long_work import holding
from voyagent.kernel.limits.running_requests import running_requests
from voyagent.kernel.money import currency_codes, exponent

SLOTS = 2
AGENCY_SLOTS, AGENCY_WAITING, EXPORTS_WAITING = 1, 1, 12
ADDRESS_SLOTS = SLOTS // 2
WAIT_S, LOCK_S = 5.0, 0.1
FILES_WAITING, ALL_FILES_WAITING, FILES_WAIT_S = 8, 24, 5.0
SMALL_ROWS = 200
TIME_LIMIT_S = 60.0
FLOOR_BYTES_PER_S, FLOOR_CHECK_S = 16 * 1024, 20.0
"""Slowest reading that is allowed, in bytes a second, and the seconds between two checks."""
AWAITED_BYTES_PER_S, AWAITED_OVER_S, AWAITED_CHECK_S = 256 * 1024, 4.0, 0.25
"""Slowest reading while another agency waits for the slot, in bytes a second.

The rate is measured over at least AWAITED_OVER_S seconds in which the program waited for the
client. AWAITED_CHECK_S is the time in seconds between two checks.
"""
PIECE_BYTES = 64 * 1024
"""Most bytes that are handed to a client at once; a smaller piece is measured more exactly."""
LINES_AT_ONCE = 500
# Parallel workers and JIT would finish sooner but send the first row later. The first rows should
# be sent at once, in the order of an index.
_START_EARLY = "set local max_parallel_workers_per_gather = 0; set local jit = off"
# A hash join and a sort must be complete before the first row is sent, and are repeated for each
# part of a file. Hash joins are therefore off, and sorts too for a select marked by `abreast`.
_IN_ORDER = (
    b"set local enable_hashjoin = off; set local enable_mergejoin = off; set local"
    b" enable_bitmapscan = on; set local enable_sort = on"
)
ABREAST = (
    b"set local enable_hashjoin = off; set local enable_mergejoin = on; set local enable_bitmapscan"
    b" = off; set local enable_sort = off"
)
"""Planner settings of a select marked by `abreast`: index scans and incremental sorts only."""
# This also works with a connection pooler, because the lock ends with the transaction.
_ONE_OF_AGENCY = (
    "select pg_advisory_xact_lock(hashtextextended('exports of ' ||"
    " current_setting('app.tenant'), 0))"
)
_IS_ABREAST = "is_abreast"
_ENDED = "the export took too long, or its client read slowly"
log = structlog.get_logger(__name__)


def text_cell(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the SQL expression of a text cell that no spreadsheet reads as a formula."""
    # Most texts begin with a letter or a digit and contain no separator; these checks are faster
    # than a call of the function.
    begins = func.ascii(text)
    harmless = and_(
        or_(begins.between(ord("A"), ord("z")), begins.between(ord("0"), ord("9"))),
        *(text.not_like(f"%{separator}%") for separator in ";\t\r\n"),
    )
    return case((harmless, text), (text.is_(None), None), else_=func.app.csv_cell(text))


def json_cell(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the SQL expression of a JSON cell that no separator can split.

    A spreadsheet may read a semicolon or a tab as the separator.
    """
    return func.replace(cast(value, Text), ";", r"\u003b")


def amount_cell(minor: ColumnElement[Any], currency: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return an amount in minor units as an SQL decimal, as the JSON API writes it.

    The decimal has as many decimal places as the result of `Money.wire`.
    """
    return minor * unit_of(currency)


def running_total(
    minor: ColumnElement[int],
    order_by: Sequence[ColumnElement[Any]],
    *,
    of: ColumnElement[Any] | None = None,
) -> ColumnElement[int]:
    """Return the running total of an SQL column in minor units.

    The total in a row includes the amount of this row. Each value of `of`, such as an account, has
    a separate total, which begins at zero.
    """
    total: ColumnElement[int] = func.app.running_total(minor, type_=BigInteger).over(
        partition_by=of, order_by=order_by, rows=(None, 0)
    )
    return total


def unit_of(currency: ColumnElement[Any], among: Collection[str] = ()) -> ColumnElement[Any]:
    """Return one minor unit of a currency as an SQL decimal, such as 0.01 for INR.

    Multiply an amount in minor units by the result to get the amount. `among` are the currencies
    that can occur, if they are known.
    """
    if among and {exponent(code) for code in among} == {2}:
        return _unit(2)
    others = _other_exponents()
    units = case(*[(currency.in_(codes), _unit(places)) for places, codes in others.items()])
    return case(
        (currency.in_([code for codes in others.values() for code in codes]), units), else_=_unit(2)
    )


def abreast(statement: Select[Any]) -> Select[Any]:
    """Mark an export's select to be read in index order, without sorting all rows.

    Every table of the select needs an index in the sort order of the select.
    """
    return statement.execution_options(**{_IS_ABREAST: True})


def _unit(places: int) -> ColumnElement[Any]:
    # A product has the decimals of this constant; a quotient would have many more.
    return literal_column(f"{Decimal(1).scaleb(-places):.{max(2, places)}f}", Numeric)


@cache
def _other_exponents() -> dict[int, list[str]]:
    codes: defaultdict[int, list[str]] = defaultdict(list)
    for code in currency_codes():
        codes[exponent(code)].append(code)
    return {places: found for places, found in sorted(codes.items()) if places != 2}


class ExportsBusy(Unavailable):
    """Too many exports run at once, or too many files are being made."""

    code = "exports_busy"
    message = N_("Other exports are running. Try again in a moment.")


class Snapshot:
    """A Reader for one export, whose reads all see one snapshot of an agency's data.

    The caller must call `close`.
    """

    def __init__(self, connection: psycopg.Connection[Any], tenant_id: UUID, slot: _Slot) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._slot = slot
        self._end = weakref.finalize(self, _end, connection, slot)

    def paced(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks in pieces and measure how fast the client takes them.

        If the client reads too slowly, or after TIME_LIMIT_S seconds, the database connection is
        shut down, and TimeoutError is raised instead of yielding the next piece. The web server
        then resets the client's connection. A plain close would not show a client of HTTP/1.0 that
        the file is incomplete.
        """
        try:
            for chunk in chunks:
                for start in range(0, len(chunk), PIECE_BYTES):
                    if self._slot.is_cut:
                        raise TimeoutError(_ENDED)
                    piece = chunk[start : start + PIECE_BYTES]
                    self._slot.pace.sending(len(piece))
                    yield piece
                    self._slot.pace.sent()
        except psycopg.Error as error:
            if not self._slot.is_cut:
                raise
            raise TimeoutError(_ENDED) from error

    def read(self, *statements: Statement) -> list[list[Row]]:
        """Return the rows of each statement, in the order of the statements."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return [
                cursor.execute(self.bound(statement).encode()).fetchall()
                for statement in statements
            ]

    def snapshot(self) -> AbstractContextManager[None]:
        """Return a context manager that does nothing: all reads share one snapshot anyway."""
        return nullcontext()

    def copied(self, statement: Select[Any], *, header: bool = False) -> Iterator[bytes]:
        """Yield the rows of a select as CSV in chunks; the first row is sent at once.

        Raises psycopg.Error if the connection is lost.
        """
        command = (
            f"copy ({self.bound(statement)}) to stdout (format csv{', header' if header else ''})"
        )
        self._connection.execute(
            ABREAST if statement.get_execution_options().get(_IS_ABREAST) else _IN_ORDER
        )
        with self._connection.cursor() as cursor, cursor.copy(command.encode()) as copy:
            # The first row is sent alone, so that the download begins immediately.
            rows, wanted = _rows(copy, self._connection.pgconn), 1
            while lines := list(islice(rows, wanted)):
                yield _ended(lines)
                wanted = LINES_AT_ONCE
                running_requests.give_way()

    def bound(self, statement: Statement) -> str:
        """Return a statement as SQL text with its values, as COPY takes no parameters."""
        return psycopg.ClientCursor(self._connection).mogrify(
            *compiled_for(statement, self._tenant_id)
        )

    def close(self) -> None:
        """Close the connection and release its slot; a second call does nothing."""
        self._end()


class Exports:
    """The exports of one process: at most SLOTS at a time, each on its own connection.

    AGENCY_SLOTS exports of one agency run at a time, and AGENCY_WAITING more may wait. An export
    also waits for an export of the same agency in another process. At most ADDRESS_SLOTS exports
    run for one client IP address, even if the exports are of several agencies.

    Workbooks and PDF files have separate limits: SLOTS files are made at a time, AGENCY_SLOTS of
    them for one agency, and FILES_WAITING callers of an agency may wait.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._places = Places(
            SLOTS,
            AGENCY_SLOTS,
            waiting_max=AGENCY_WAITING,
            queue_max=EXPORTS_WAITING,
            address_share=ADDRESS_SLOTS,
        )
        # With this lock, one waiting caller ends one slow export and not all of them.
        self._ending = Lock()
        self._large_files = Places(
            SLOTS - 1, AGENCY_SLOTS, waiting_max=FILES_WAITING, queue_max=ALL_FILES_WAITING
        )
        self._files = Places(
            SLOTS, AGENCY_SLOTS, waiting_max=FILES_WAITING, queue_max=ALL_FILES_WAITING
        )

    def making_file(self, tenant_id: UUID, *, rows: int = 1) -> AbstractContextManager[None]:
        """Count a file as being made while the block runs; first wait for the limits.

        `rows` is the number of rows of the file. At most SLOTS - 1 of the files that are made at
        once may have more than SMALL_ROWS rows, so that small files need not wait for long reports.
        Raises ExportsBusy.
        """
        queues = [self._large_files, self._files] if rows > SMALL_ROWS else [self._files]
        return holding(queues, tenant_id, FILES_WAIT_S, ExportsBusy)

    def open(self, tenant_id: UUID, address: str | None = None) -> Snapshot:
        """Open a snapshot of an agency; the caller closes it.

        The caller may wait for WAIT_S seconds and should hold no database connection meanwhile.
        `address` is the client's IP address, or None if many clients share it.

        Raises ExportsBusy.
        """
        until = time.monotonic() + WAIT_S
        if not self._places.take(tenant_id, WAIT_S, address=address):
            raise ExportsBusy
        slot = _Slot(self._places, self._ending, tenant_id, address)
        try:
            connection = self._connect(tenant_id, max(until - time.monotonic(), LOCK_S))
        except BaseException:
            slot.release()
            raise
        try:
            slot.limit(connection)
            return Snapshot(connection, tenant_id, slot)
        except BaseException:
            _end(connection, slot)
            raise

    def _connect(self, tenant_id: UUID, wait_s: float) -> psycopg.Connection[Any]:
        limit_ms = int(TIME_LIMIT_S * 1000)
        connection = psycopg.connect(
            **parameters_for(self._settings, Purpose.EXPORT), cursor_factory=psycopg.ClientCursor
        )
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        of_transaction = {
            "app.tenant": str(tenant_id),
            "statement_timeout": limit_ms,
            "idle_in_transaction_session_timeout": limit_ms,
            "lock_timeout": int(wait_s * 1000),
        }
        calls = ", ".join(["set_config(%s, %s, true)"] * len(of_transaction))
        values = [str(part) for pair in of_transaction.items() for part in pair]
        try:
            connection.execute(f"{_START_EARLY}; select {calls}; {_ONE_OF_AGENCY}", values)
        except psycopg.errors.LockNotAvailable as error:
            connection.close()
            raise ExportsBusy from error
        except BaseException:
            connection.close()
            raise
        return connection


def _rows(copy: psycopg.Copy, wire: PGconn) -> Iterator[bytes | bytearray | memoryview]:
    # Rows that have arrived are read from libpq directly: psycopg checks before each row if it must
    # wait, which takes twice as long.
    while row := copy.read():
        yield row
        size, row = wire.get_copy_data(1)
        while size > 0:
            yield row
            size, row = wire.get_copy_data(1)
        if size < 0:
            while (result := wire.get_result()) is not None:
                if result.status != ExecStatus.COMMAND_OK:
                    raise psycopg.errors.error_from_result(result)
            return


def _ended(rows: Sequence[bytes | bytearray | memoryview]) -> bytes:
    """Join CSV rows, each ended by CR LF as RFC 4180 requires; PostgreSQL writes LF."""
    piece = b"".join(rows)
    # With as many line feeds as rows, no cell contains one, and a single replacement is faster.
    if piece.count(b"\n") == len(rows):
        return piece.replace(b"\n", b"\r\n")
    return b"".join(bytes(row[:-1]) + b"\r\n" for row in rows)


class _Pace:
    """Bytes that a client took, and the time that the program waited for the client."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._handed = self._taken = 0
        self._waited_s = 0.0
        self._since: float | None = None
        self._checked = (0, 0.0)
        # Bytes and seconds at the calls of `is_slow_beside_others`, the oldest first.
        self._marks = deque([(0, 0.0)])

    def sending(self, size: int) -> None:
        """Record that a piece is handed to the client."""
        with self._lock:
            self._handed += size
            self._since = time.monotonic()

    def sent(self) -> None:
        """Record that the client has taken the piece that `sending` announced."""
        with self._lock:
            self._taken = self._handed
            self._waited_s = self._waited()
            self._since = None

    def is_too_slow(self) -> bool:
        """Return True if the client read too slowly; begin a new measurement.

        Since the last call, the program must have waited for the client at least half of
        FLOOR_CHECK_S, and the client must have taken fewer than FLOOR_BYTES_PER_S bytes per second
        of this wait.
        """
        with self._lock:
            handed_before, waited_before_s = self._checked
            handed, waited_s = self._handed, self._waited()
            self._checked = (handed, waited_s)
        waited_s -= waited_before_s
        return (
            waited_s >= FLOOR_CHECK_S / 2 and handed - handed_before < FLOOR_BYTES_PER_S * waited_s
        )

    def is_slow_beside_others(self) -> bool:
        """Return True if the client reads too slowly for a slot that others wait for.

        The measurement covers the latest period in which the program waited for the client for
        AWAITED_OVER_S seconds or more. The client reads too slowly if it took fewer than
        AWAITED_BYTES_PER_S bytes for each second of the wait. If there was no such period, the
        result is False.
        """
        with self._lock:
            waited_s = self._waited()
            marks = self._marks
            while len(marks) > 1 and marks[1][1] <= waited_s - AWAITED_OVER_S:
                marks.popleft()
            taken_before, waited_before_s = marks[0]
            marks.append((self._taken, waited_s))
            handed = self._handed
        waited_s -= waited_before_s
        return waited_s >= AWAITED_OVER_S and handed - taken_before < AWAITED_BYTES_PER_S * waited_s

    def _waited(self) -> float:
        return self._waited_s + (0.0 if self._since is None else time.monotonic() - self._since)


class _Slot:
    """One of the SLOTS for exports, with timers for the limits of its connection.

    `ending` is one lock for all slots of a process. A slot holds the lock while it decides if its
    slow export must end, so that one waiting caller ends only one export.
    """

    def __init__(self, places: Places, ending: Lock, tenant_id: UUID, address: str | None) -> None:
        self.pace = _Pace()
        self.is_cut = False
        self._places = places
        self._ending = ending
        self._tenant_id = tenant_id
        self._address = address
        # Reentrant, because a garbage collection inside a method may release the slot.
        self._lock = RLock()
        self._held = True
        self._timers: dict[str, Timer] = {}
        self._wire: socket.socket | None = None

    def limit(self, connection: psycopg.Connection[Any]) -> None:
        """Start the timers for the time limit and for the checks of the client's speed.

        The timers shut down the socket of the connection. A statement time limit would not end the
        export of a client that does not read: PostgreSQL and this program both wait for the client.
        """
        self._wire = socket.socket(fileno=os.dup(connection.fileno()))
        self._start("time limit", TIME_LIMIT_S, self._end_late)
        self._start("floor", FLOOR_CHECK_S, self._check)
        self._start("awaited", AWAITED_CHECK_S, self._check_awaited)

    def release(self, *, is_cut: bool = False) -> None:
        """Stop the timers and release the slot; a second call does nothing.

        `is_cut` is true if the export was ended because of the time limit or because its client
        read too slowly. Waiting exports of other agencies then come before the next export of this
        agency.
        """
        with self._lock:
            held, self._held = self._held, False
            if not held:
                return
            for timer in self._timers.values():
                timer.cancel()
            if self._wire is not None:
                self._wire.close()
            self._places.release(self._tenant_id, self._address, comes_last=is_cut)

    def _check(self) -> None:
        if self.pace.is_too_slow():
            self._end_slow(is_awaited=False)
        self._start("floor", FLOOR_CHECK_S, self._check)

    def _check_awaited(self) -> None:
        if self.pace.is_slow_beside_others():
            with self._ending:
                if self._held and self._places.is_awaited(self._tenant_id, self._address):
                    self._end_slow(is_awaited=True)
        self._start("awaited", AWAITED_CHECK_S, self._check_awaited)

    def _end_late(self) -> None:
        log.info("export.time_limit", agency=str(self._tenant_id))
        self._cut()

    def _end_slow(self, *, is_awaited: bool) -> None:
        log.info("export.client_too_slow", agency=str(self._tenant_id), is_awaited=is_awaited)
        self._cut()

    def _cut(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._held and self._wire is not None:
                self.is_cut = True
                self._wire.shutdown(socket.SHUT_RDWR)
        self.release(is_cut=True)

    def _start(self, name: str, after_s: float, act: Callable[[], None]) -> None:
        with self._lock:
            if self._held:
                self._timers[name] = self._timer(after_s, act)

    @staticmethod
    def _timer(after_s: float, act: Callable[[], None]) -> Timer:
        timer = Timer(after_s, act)
        timer.daemon = True
        timer.start()
        return timer


def _end(connection: psycopg.Connection[Any], slot: _Slot) -> None:
    connection.close()
    slot.release()
