"""Callers that send requests over open connections and measure the times.

A response with an unexpected status ends the benchmark.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from tools.bench.figures import Timings
from tools.bench.ground import BenchFailed

TIMEOUT_S = 60
IDLE_S = 1.0
WARM_UP = 12
_CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One request, and the status that its answer must have."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    expects: int = 200


Caller = Callable[[int], Call]
"""Function that returns the n-th request, counted from 0."""


def always(call: Call) -> Caller:
    """Return a caller that always sends the same request."""
    return lambda _n: call


def as_json(
    method: str, path: str, token: str, body: Any = None, *, expects: int = 200, **headers: str
) -> Call:
    """Return a call of the API with a JSON body and the bearer token `token`.

    If `token` is empty, the call has no `Authorization` header.
    """
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if body is None:
        return Call(method, path, sent, None, expects)
    return Call(
        method,
        path,
        {**sent, "Content-Type": "application/json"},
        json.dumps(body).encode(),
        expects,
    )


def drive(port: int, caller: Caller, *, connections: int, seconds: float) -> Timings:
    """Send a caller's requests for some seconds over several connections.

    Each connection sends one request after another. The first request of each connection is not
    counted.
    """
    parts = _together([(caller, n, connections) for n in range(connections)], port, seconds)
    return Timings(tuple(took for part in parts for took in part), seconds)


def drive_beside(
    port: int, ours: Caller, theirs: Caller, *, connections: tuple[int, int], seconds: float
) -> Timings:
    """Send `ours` over some connections while other connections send `theirs`.

    `connections` is the number of connections for `ours` and for `theirs`. The result has only the
    times of `ours`.
    """
    mine, others = connections
    plans = [(ours, n, mine) for n in range(mine)] + [(theirs, n, others) for n in range(others)]
    return Timings(
        tuple(took for part in _together(plans, port, seconds)[:mine] for took in part), seconds
    )


def take_turns(callers: Sequence[tuple[int, Caller]], *, rounds: int) -> list[Timings]:
    """Send one request of each caller in every round, each over its own connection.

    Each caller is given with the port to call. The result has one Timings for each caller, in the
    same order. Because all callers are called in turn, a slow moment of the machine affects all of
    them.
    """
    took: list[list[float]] = [[] for _ in callers]
    with ExitStack() as closing:
        connections = [closing.enter_context(connected(port)) for port, _ in callers]
        used = [time.monotonic()] * len(callers)
        for n in range(-WARM_UP, rounds):
            for place, (connection, (_, caller), seconds) in enumerate(
                zip(connections, callers, took, strict=True)
            ):
                if time.monotonic() - used[place] > IDLE_S:
                    # The server may have closed the idle connection; `HTTPConnection` opens it
                    # again by itself.
                    connection.close()
                seconds.append(_timed(connection, caller(n + WARM_UP)))
                used[place] = time.monotonic()
    return [Timings(tuple(seconds[WARM_UP:]), sum(seconds[WARM_UP:])) for seconds in took]


@contextmanager
def connected(port: int) -> Iterator[HTTPConnection]:
    """Yield a connection to a port of this computer; close it when the block ends."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        yield connection
    finally:
        connection.close()


def send(connection: HTTPConnection, call: Call) -> bytes:
    """Send a call and return the body of the response.

    Raises BenchFailed if the status is not the expected status.
    """
    connection.request(call.method, call.path, call.body, dict(call.headers))
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != call.expects:
        raise BenchFailed(
            f"{call.method} {call.path} was answered by {answer.status}:"
            f" {body[:300].decode(errors='replace')}"
        )
    return body


def browser_cookie(port: int, email: str, password: str) -> str:
    """Sign in by the form and return the session cookie. Raises BenchFailed."""
    with connected(port) as connection:
        connection.request("GET", "/sign-in")
        answer = connection.getresponse()
        found = _CSRF.search(answer.read().decode())
        form = urlencode(
            {"email": email, "password": password, "csrf_token": found.group(1) if found else ""}
        )
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": _cookie(answer.getheader("Set-Cookie")),
        }
        connection.request("POST", "/sign-in", form, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 303:
            raise BenchFailed(f"signing in by the form was answered by {answer.status}")
        return _cookie(answer.getheader("Set-Cookie"))


def _together(
    plans: Sequence[tuple[Caller, int, int]], port: int, seconds: float
) -> list[list[float]]:
    begin = time.monotonic() + 0.2
    with ThreadPoolExecutor(len(plans)) as threads:
        running = [
            threads.submit(_repeat, port, caller, first, step, begin, begin + seconds)
            for caller, first, step in plans
        ]
        return [one.result() for one in running]


def _repeat(
    port: int, caller: Caller, first: int, step: int, begin: float, end: float
) -> list[float]:
    took = []
    with connected(port) as connection:
        send(connection, caller(first))
        time.sleep(max(0.0, begin - time.monotonic()))
        n = first
        while time.monotonic() < end:
            n += step
            took.append(_timed(connection, caller(n)))
    return took


def _timed(connection: HTTPConnection, call: Call) -> float:
    began = time.perf_counter()
    send(connection, call)
    return time.perf_counter() - began


def _cookie(header: str | None) -> str:
    if header is None:
        raise BenchFailed("the sign-in page set no cookie")
    return header.split(";", 1)[0]
