"""Floods of attempts from many addresses at the same moment.

People at known places and other agencies can go on working. A minute later everybody is admitted.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.audit.conftest import Seed, seed
from tests.faults.conftest import Report, Rounds
from tests.faults.web import Web, wait, web_processes
from tests.faults.work import repeating
from tests.people import PASSWORD, People, Person
from voyagent.identity.rules.passwords import STRANGERS_WAITING_MAX
from voyagent.kernel import limits
from voyagent.kernel.config import Settings
from voyagent.kernel.limits.throttles import CEILINGS, MINUTE, Throttle

__all__ = ["seed"]
AT_ONCE = 64
WRONG, NEW = "Harbour-lantern-43", "Lantern-harbour-44"
HOME, STRANGER = "127.0.10.1", "127.0.11.1"
BUSY = [f"127.0.9.{number}" for number in range(1, 13)]
QUIET = [f"127.0.12.{number}" for number in range(1, 201)]
REFUSED, UNAVAILABLE = 429, 503
WINDOW_S = MINUTE + 2.0
SIGN_IN_S, TIMES_SLOWER = 2.0, 3.0
PAUSE_S, IDLE_S = 0.5, 5.0
EVENTS = 20_000
CHEAP_HASHES = {
    "VOYAGENT_AUTH_ARGON2_TIME_COST": "1",
    "VOYAGENT_AUTH_ARGON2_MEMORY_COST": "64",
    "VOYAGENT_AUTH_ARGON2_PARALLELISM": "1",
}


def new_email() -> str:
    return f"{secrets.token_hex(6)}@malabar.example"


def token() -> str:
    return secrets.token_urlsafe(32)


def unknown_key() -> dict[str, str]:
    return {"Authorization": f"Bearer vy_{secrets.token_hex(4)}_{secrets.token_hex(16)}"}


@dataclass(frozen=True)
class Attempt:
    """A kind of attempt by somebody unknown, or by a person of an agency."""

    throttle: Throttle
    path: str
    body: Callable[[str], dict[str, Any]] | None = None
    method: str = "POST"
    headers: Callable[[], dict[str, str]] = dict
    is_of_agency: bool = False

    def send(self, web: Web, source: str, person: Person, email: str | None = None) -> int:
        """Make the attempt from a client address, by default for a new e-mail address."""
        return web.answer(
            self.method,
            f"/api/auth/{self.path.format(token())}",
            self.body(email or new_email()) if self.body else None,
            person=person if self.is_of_agency else None,
            source=source,
            **self.headers(),
        ).status


SIGN_IN = Attempt(limits.SIGN_IN, "sign-in", lambda email: {"email": email, "password": WRONG})
SIGN_UP = {"password": PASSWORD, "full_name": "Neha", "agency_name": "Malabar"}
ATTEMPTS = [
    SIGN_IN,
    Attempt(limits.API_KEY, "me", method="GET", headers=unknown_key),
    Attempt(limits.INVITE_LOOKUP, "invites/lookup?token={}", method="GET"),
    Attempt(
        limits.ONE_TIME_TOKEN, "reset-password", lambda _: {"token": token(), "new_password": NEW}
    ),
    Attempt(limits.RESET_MAIL, "request-password-reset", lambda email: {"email": email}),
    Attempt(limits.SIGN_UP, "sign-up", lambda email: SIGN_UP | {"email": email}),
    Attempt(
        limits.INVITE_MAIL,
        "invites",
        lambda email: {"email": email, "role": "agent"},
        is_of_agency=True,
    ),
    Attempt(limits.VERIFICATION_MAIL, "send-verification-email", is_of_agency=True),
]


@pytest.fixture
def scale(rounds: Rounds) -> float:
    """The scale of the limits: that of production, or a fifth of it."""
    return rounds(5) / 5


@pytest.fixture
def web(settings: Settings, tmp_path: Path, scale: float) -> Iterator[Web]:
    variables = CHEAP_HASHES | {
        "VOYAGENT_LIMIT_SCALE": str(scale),
        "VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION": "false",
    }
    with web_processes(settings, tmp_path, processes=1, **variables) as running:
        yield running


def flood(web: Web, attempt: Attempt, people: list[Person], scale: float) -> Counter[int]:
    """Attempt from all addresses at once, more often than the limits allow."""
    [each], [overall] = attempt.throttle.address, attempt.throttle.overall
    sources = BUSY * (int(each.amount * scale) + 2)
    sources += QUIET * (int(overall.amount * scale) // len(QUIET) + 1)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(attempt.send, cycle([web]), sources, cycle(people)))


def sign_in(web: Web, person: Person, source: str) -> int:
    body = {"email": person.email, "password": PASSWORD}
    return web.answer("POST", "/api/auth/sign-in", body, source=source).status


def test_a_flood_of_attempts_stops_neither_known_places_nor_other_agencies(
    web: Web, people: People, alice: Person, charlie: Person, scale: float, report: Report
) -> None:
    crowd = [people.colleague(alice, f"Person {n}", role="agency_admin") for n in range(20)]

    def work() -> int:
        if attempt is SIGN_IN:
            return sign_in(web, charlie, HOME)
        return web.answer("GET", "/api/enquiries", person=charlie, source=HOME).status

    assert sign_in(web, charlie, HOME) == 200
    for attempt in ATTEMPTS:
        with repeating(work, PAUSE_S) as (statuses, _):
            counts = flood(web, attempt, crowd, scale)
        [overall] = attempt.throttle.overall
        most = round(overall.amount * scale * CEILINGS[False].quiet)
        admitted = counts.total() - counts[REFUSED] - counts[UNAVAILABLE]
        report(
            f"{attempt.throttle.name}: {counts.total()} attempts, {admitted} of at most {most}"
            f" admitted, {counts[REFUSED]} refused; a person at a known place meanwhile:"
            f" {dict(statuses)}"
        )
        assert set(statuses) == {200}
        assert 0 < admitted <= most
        assert counts[REFUSED] > 0
        assert counts[500] == 0
        assert attempt.send(web, STRANGER, crowd[0]) == REFUSED
        assert attempt.send(web, HOME, charlie, charlie.email) not in {REFUSED, UNAVAILABLE}
    time.sleep(WINDOW_S)
    again = {each.throttle.name: each.send(web, STRANGER, charlie) for each in ATTEMPTS}
    assert not set(again.values()) & {REFUSED, UNAVAILABLE}, again


def test_a_flood_of_exports_leaves_other_agencies_theirs(
    web: Web, alice: Person, charlie: Person, seed: Seed, report: Report
) -> None:
    seed(alice, EVENTS, kind="probe.many", inputs={"words": "lorem ipsum " * 20})

    def export(person: Person, source: str = HOME) -> int:
        return web.answer("GET", "/api/audit/export.csv", person=person, source=source).status

    with (
        repeating(lambda: export(charlie), PAUSE_S) as (statuses, took),
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        counts = Counter(pool.map(export, cycle([alice]), BUSY + QUIET))
    report(
        f"{counts.total()} exports of one agency: {dict(counts)}; those of another meanwhile:"
        f" {dict(statuses)}, within {max(took):.1f} s"
    )
    assert set(statuses) == {200}
    assert set(counts) == {200, UNAVAILABLE}
    wait(lambda: export(alice) == 200, web.log_end, 10)


def test_a_flood_of_password_hashes_leaves_a_known_place_its_turn(
    settings: Settings, tmp_path: Path, charlie: Person, rounds: Rounds, report: Report
) -> None:
    """Hashes cost as much as in production; more strangers try than may wait."""
    sources = BUSY * 10 + QUIET * rounds(10)
    with web_processes(settings, tmp_path, processes=1) as web:

        def at_home() -> int:
            assert web.answer("GET", "/health").status == 200
            return sign_in(web, charlie, HOME)

        for _ in range(3):  # other load on this machine is not that of the guesses
            with repeating(at_home, PAUSE_S) as (_, idle):
                time.sleep(IDLE_S)
            with (
                repeating(at_home, PAUSE_S) as (statuses, took),
                ThreadPoolExecutor(STRANGERS_WAITING_MAX + 16) as pool,
            ):
                counts = Counter(pool.map(SIGN_IN.send, cycle([web]), sources, cycle([charlie])))
            report(
                f"{counts.total()} guesses: {dict(counts)}; /health and a sign-in at a known"
                f" place: {dict(statuses)}, within {max(took):.1f} s, and {max(idle):.1f} s before"
            )
            assert set(statuses) == {200}
            is_fast = max(took) <= max(SIGN_IN_S, TIMES_SLOWER * max(idle))
            if is_fast:
                break
        assert is_fast
        assert sign_in(web, charlie, STRANGER) == 200
