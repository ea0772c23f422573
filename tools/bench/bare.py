"""Cost of a request's SQL alone, without the web.

The statements of a request are sent again over a plain database connection.
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
from voyagent.kernel.db_connections import as_options, session_settings

Sent = list[tuple[Any, Any]]
"""Statements with their values, in the order in which they were sent."""


def sent_by(here: Installation, call: Call) -> Sent:
    """Return the statements of a request, recorded at its second call.

    The first call fills the caches.
    """
    probes.answered(here, call)
    return probes.answered(here, call)


def take_turns(plans: Sequence[tuple[Installation, Sent]], *, rounds: int) -> list[Timings]:
    """Send each list of statements once per round and return its times.

    The result has one Timings for each list, in the order of `plans`. A list is sent as one
    message, in one transaction. The time ends when all rows have arrived.
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
    """Open a database connection with the role and the settings of the program.

    Each message is one transaction. The statements themselves set the agency.
    """
    options = as_options(session_settings(here.settings))
    return psycopg.connect(
        psycopg_url(here.settings.db_url or ""), autocommit=True, options=options
    )
