"""Cost of ordinary requests, such as sign-in and settings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import uuid4

from tools.bench import cast, probes
from tools.bench.figures import Figure, percentile
from tools.bench.ground import Ground, Installation, Web
from tools.bench.load import Call, Caller, always, as_json, drive, take_turns
from voyagent.identity.rules.passwords import Passwords

CONNECTIONS, SECONDS = 8, 3.0
HASHES, SIGN_INS = 12, 20
SIGN_IN_MAX_RATIO, SIGN_IN_STATEMENTS_MAX = 1.5, 10


@dataclass(frozen=True, slots=True)
class _Kind:
    """An operation with its requests and its limits.

    `call` makes the n-th request. `statements_max` is the limit for SQL statements, and
    `work_max_ms` the limit for CPU time.
    """

    name: str
    call: Caller
    statements_max: int
    work_max_ms: float


def measure(ground: Ground) -> Iterator[Figure]:
    """Measure each operation alone in one agency."""
    with ground.installation() as here:
        (person,) = cast.agencies(here, 1)
        key = cast.key_of(here, person)
        me, wish = (
            "/api/auth/me",
            {"customer_name": "Meera Nair", "destination": "SIN", "pax_count": 2},
        )

        def patch(n: int) -> Call:
            return as_json(
                "PATCH",
                "/api/tenant-settings",
                person.token,
                {"rate_limit_per_minute": 60 + n % 1000},
            )

        def log_once(_n: int) -> Call:
            return as_json(
                "POST",
                "/api/enquiries",
                person.token,
                wish,
                expects=201,
                Idempotency_Key=str(uuid4()),
            )

        with here.serve() as web:
            yield from _signing_in(here, web, person)
            for kind in (
                _Kind("auth/me with a bearer", always(as_json("GET", me, person.token)), 2, 2),
                _Kind("auth/me with an API key", always(as_json("GET", me, key)), 2, 2),
                _Kind("settings changed", patch, 4, 6),
                _Kind(
                    "enquiry logged",
                    always(as_json("POST", "/api/enquiries", person.token, wish, expects=201)),
                    4,
                    6,
                ),
                _Kind("enquiry logged with an Idempotency-Key", log_once, 5, 7),
            ):
                yield from _cost(here, web, kind)


def _signing_in(here: Installation, web: Web, person: cast.Person) -> Iterator[Figure]:
    """Measure sign-in.

    Nearly all the time is used for the password hash. The rest must stay small.
    """
    passwords, bare = Passwords(here.settings), []
    stored = passwords.hash(cast.PASSWORD)
    for _ in range(HASHES):
        began = time.perf_counter()
        passwords.verify(stored, cast.PASSWORD)
        bare.append(time.perf_counter() - began)
    sign_in = as_json(
        "POST", "/api/auth/sign-in", "", {"email": person.email, "password": cast.PASSWORD}
    )
    (alone,) = take_turns([(web.port, always(sign_in))], rounds=SIGN_INS)
    hashed_ms = percentile(bare, 0.5) * 1000
    yield Figure("password verified, nothing else, p50", hashed_ms, "ms")
    yield Figure("sign-in, one caller, p50", alone.ms(0.5), "ms")
    yield Figure(
        "… the second ÷ the first", alone.ms(0.5) / hashed_ms, "×", at_most=SIGN_IN_MAX_RATIO
    )
    yield Figure(
        "… statements", probes.statements(here, sign_in, sign_in), at_most=SIGN_IN_STATEMENTS_MAX
    )


def _cost(here: Installation, web: Web, kind: _Kind) -> Iterator[Figure]:
    with probes.working(lambda: web.pids) as worked_s:
        timings = drive(web.port, kind.call, connections=CONNECTIONS, seconds=SECONDS)
        timings = replace(timings, work_s=worked_s())
    yield Figure(f"{kind.name}, {CONNECTIONS} connections", timings.rate, "/s")
    yield Figure("… one request, p50", timings.ms(0.5), "ms")
    yield Figure("… one request, p99", timings.ms(0.99), "ms")
    yield Figure("… web processes at work", timings.work_ms, "ms", at_most=kind.work_max_ms)
    yield Figure(
        "… statements",
        probes.statements(here, kind.call(1), kind.call(2), kind.call(3)),
        at_most=kind.statements_max,
    )
