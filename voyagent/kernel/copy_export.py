"""Long files straight from the database: rows that PostgreSQL writes as CSV (COPY), from one
snapshot, in constant memory.

Few run at once in a process, each on a connection of its own and for a limited time, so that nobody
who reads slowly keeps pages from their connections.
"""

from __future__ import annotations

import contextlib
import os
import socket
import weakref
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from functools import cache
from itertools import islice
from threading import BoundedSemaphore, Lock, Timer
from typing import Any
from uuid import UUID

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from psycopg.rows import dict_row
from sqlalchemy import BigInteger, ColumnElement, Numeric, Select, case, func, literal_column, or_

from voyagent.kernel.config import Settings, psycopg_url
from voyagent.kernel.db import server_options
from voyagent.kernel.errors import N_, Unavailable
from voyagent.kernel.money import currency_codes, exponent
from voyagent.kernel.reading import Row, Statement, compiled_for

SLOTS = 2
WAIT_S = 2.0
TIME_LIMIT_S = 60.0
LINES_AT_ONCE = 500
# Several processes, or code compiled for the occasion, would end sooner and begin later: rows
# should leave in the order in which an index has them.
_ONE_BY_ONE = "-c max_parallel_workers_per_gather=0 -c jit=off"
# A hash of a whole table has to end before the first row leaves, and is made anew for each part of
# a file; so does a sort, which most merges ask for.
_IN_ORDER = (
    b"set local enable_hashjoin = off; set local enable_mergejoin = off; set local"
    b" enable_bitmapscan = on; set local enable_sort = on"
)
ABREAST = (
    b"set local enable_hashjoin = off; set local enable_mergejoin = on; set local enable_bitmapscan"
    b" = off; set local enable_sort = off"
)
"""How the planner reads what is `abreast`: by indexes of that order; what is sorted is sorted
behind one, a little at a time.
"""
_IS_ABREAST = "is_abreast"


def text_cell(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text as a cell that no spreadsheet takes for a formula; most begin with a letter or a
    figure or are missing, which is harmless and quickly seen.
    """
    begins = func.ascii(text)
    harmless = or_(begins.between(ord("A"), ord("z")), begins.between(ord("0"), ord("9")))
    return case((harmless, text), (text.is_(None), None), else_=func.app.csv_cell(text))


def amount_cell(minor: ColumnElement[Any], currency: ColumnElement[Any]) -> ColumnElement[Any]:
    """Minor units as a plain decimal number with the places that the API writes, as `Money.wire`
    has them.
    """
    return minor * unit_of(currency)


def running_total(
    minor: ColumnElement[int],
    order_by: Sequence[ColumnElement[Any]],
    *,
    of: ColumnElement[Any] | None = None,
) -> ColumnElement[int]:
    """Minor units of this row and all before it in an order, `of` those alone that are alike in
    something.
    """
    total: ColumnElement[int] = func.app.running_total(minor, type_=BigInteger).over(
        partition_by=of, order_by=order_by, rows=(None, 0)
    )
    return total


def unit_of(currency: ColumnElement[Any], among: Collection[str] = ()) -> ColumnElement[Any]:
    """One minor unit of a currency as a number, for rows with several amounts: minor units times
    this are an `amount_cell`.

    Most are hundredths, which takes one look; none where all that it can be are known to be so.
    """
    if among and {exponent(code) for code in among} == {2}:
        return _unit(2)
    others = _other_exponents()
    units = case(*[(currency.in_(codes), _unit(places)) for places, codes in others.items()])
    return case(
        (currency.in_([code for codes in others.values() for code in codes]), units), else_=_unit(2)
    )


def abreast(statement: Select[Any]) -> Select[Any]:
    """A select for a file whose sources are all in its order by themselves: they are read beside
    one another instead of one being searched for each row.
    """
    return statement.execution_options(**{_IS_ABREAST: True})


def _unit(places: int) -> ColumnElement[Any]:
    """One minor unit as a decimal that carries its places, at least two, into the product: a
    division would reckon many more and round them away.
    """
    return literal_column(f"{Decimal(1).scaleb(-places):.{max(2, places)}f}", Numeric)


@cache
def _other_exponents() -> dict[int, list[str]]:
    """The currencies whose exponent is not 2, by exponent."""
    codes: defaultdict[int, list[str]] = defaultdict(list)
    for code in currency_codes():
        codes[exponent(code)].append(code)
    return {places: found for places, found in sorted(codes.items()) if places != 2}


class ExportsBusy(Unavailable):
    """As many exports as may run at once are running."""

    code = "exports_busy"
    message = N_("Other exports are running just now. Please try again in a moment.")


class Snapshot:
    """What one agency has at one moment, for a file that is under way.

    Close it; one that nobody closes is closed when it is forgotten.
    """

    def __init__(self, connection: psycopg.Connection[Any], tenant_id: UUID, slot: _Slot) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._end = weakref.finalize(self, _end, connection, slot)

    def read(self, *statements: Statement) -> list[list[Row]]:
        """The rows of each select, in order; a Reader like others."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return [
                cursor.execute(self.bound(statement).encode()).fetchall()
                for statement in statements
            ]

    def snapshot(self) -> AbstractContextManager[None]:
        """It is one."""
        return nullcontext()

    def copied(self, statement: Select[Any], *, header: bool = False) -> Iterator[bytes]:
        """The rows of a select as CSV, in pieces, the first of them at once; raises psycopg.Error
        where the time is over.
        """
        command = (
            f"copy ({self.bound(statement)}) to stdout (format csv{', header' if header else ''})"
        )
        self._connection.execute(
            ABREAST if statement.get_execution_options().get(_IS_ABREAST) else _IN_ORDER
        )
        with self._connection.cursor() as cursor, cursor.copy(command.encode()) as copy:
            rows, wanted = (
                _rows(copy, self._connection.pgconn),
                1,
            )  # the first line goes out by itself, and a download begins when it is asked for
            while lines := list(islice(rows, wanted)):
                yield _ended(lines)
                wanted = LINES_AT_ONCE

    def bound(self, question: Statement) -> str:
        """A select as text with its values in place, quoted by the driver: COPY takes no
        parameters.
        """
        return psycopg.ClientCursor(self._connection).mogrify(
            *compiled_for(question, self._tenant_id)
        )

    def close(self) -> None:
        """Give the connection and the place back; once is enough."""
        self._end()


class Exports:
    """The exports of one process: a few at once, each with a connection of its own for as long as
    it lasts.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._places = BoundedSemaphore(SLOTS)

    def open(self, tenant_id: UUID) -> Snapshot:
        """The agency as it is now. Raises ExportsBusy."""
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
            return Snapshot(connection, tenant_id, slot)
        except BaseException:
            _end(connection, slot)
            raise

    def _connect(self, tenant_id: UUID) -> psycopg.Connection[Any]:
        limit_ms = int(TIME_LIMIT_S * 1000)
        limits = (
            f"-c statement_timeout={limit_ms} -c idle_in_transaction_session_timeout={limit_ms}"
        )
        options = f"{server_options(self._settings)} {limits} {_ONE_BY_ONE}"
        connection = psycopg.connect(
            psycopg_url(self._settings.db_url or ""),
            options=options,
            connect_timeout=5,
            cursor_factory=psycopg.ClientCursor,
        )
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("select set_config('app.tenant', %s, true)", (str(tenant_id),))
        return connection


def _rows(copy: psycopg.Copy, wire: PGconn) -> Iterator[bytes | bytearray | memoryview]:
    """Rows of a COPY; those that have come already are taken as they are, since asking the driver
    for each whether it must wait takes twice as long.
    """
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
    """Rows of a COPY in one piece: PostgreSQL ends each with a line feed alone, RFC 4180 with two
    characters, and what a cell has within it stays as it is.

    Where there are as many line feeds as rows no cell has one, and they are changed all at once,
    which takes a fraction of the time.
    """
    piece = b"".join(rows)
    if piece.count(b"\n") == len(rows):
        return piece.replace(b"\n", b"\r\n")
    return b"".join(bytes(row[:-1]) + b"\r\n" for row in rows)


class _Slot:
    """A place among the exports that may run at once, and an end to the connection that holds it
    for too long.
    """

    def __init__(self, places: BoundedSemaphore) -> None:
        self._places = places
        self._lock = Lock()
        self._held = True
        self._timer: Timer | None = None
        self._wire: socket.socket | None = None

    def limit(self, connection: psycopg.Connection[Any]) -> None:
        """From now on the clock runs.

        A client who has stopped reading blocks server and program alike, so the wire itself is cut.
        """
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


def _end(connection: psycopg.Connection[Any], slot: _Slot) -> None:
    connection.close()
    slot.release()
