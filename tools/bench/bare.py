"""Cost of a request without the web.

A plain connection sends its statements again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tools.bench import probes
from tools.bench.figures import Timings
from tools.bench.ground import Installation
from tools.bench.load import WARM_UP, Call
from voyagent.kernel.db_address import psycopg_url

Sent = list[tuple[Any, Any]]
"""Statements with their values, in the order in which they were sent."""


def sent_by(here: Installation, call: Call) -> Sent:
    """Return the statements of a request, recorded at its second call.

    The caches are warm then.
    """
    probes.answered(here, call)
    return probes.answered(here, call)


def take_turns(plans: Sequence[tuple[Installation, Sent]], *, rounds: int) -> list[Timings]:
    """Time each list of statements once per round.

    A list is sent in one message and one transaction, until all rows are there.
    """
    took: list[list[float]] = [[] for _ in plans]
    with ExitStack() as closing:
        connections = [closing.enter_context(connected(here)) for here, _ in plans]
        for _ in range(WARM_UP + rounds):
            for connection, (_, statements), seconds in zip(connections, plans, took, strict=True):
                began = time.perf_counter()
                with connection.pipeline():
                    cursors = [
                        connection.cursor(row_factory=dict_row).execute(query, values)
                        for query, values in statements
                    ]
                for cursor in cursors:
                    if cursor.description is not None:
                        cursor.fetchall()
                seconds.append(time.perf_counter() - began)
    return [Timings(tuple(seconds[WARM_UP:]), sum(seconds[WARM_UP:])) for seconds in took]


def connected(here: Installation) -> psycopg.Connection[Any]:
    """Open a connection as the program's own role.

    Each message is a transaction; its statements name the agency.
    """
    return psycopg.connect(
        psycopg_url(here.settings.db_url or ""), autocommit=True, options="-c role=voyagent_app"
    )
