"""Shared fixtures of the fault tests: a reported seed and the number of rounds.

`make faults` runs a tenth of the rounds, `make faults FAULT_ROUNDS=full` all of them; FAULT_SEED
replays a failed run.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import fresh_database
from tests.faults.server import Server, server_of
from tests.people import Person
from voyagent.kernel.config import Settings

SEED = int(os.environ.get("FAULT_SEED") or secrets.randbelow(1_000_000_000))
Rounds = Callable[[int], int]
Report = Callable[[str], None]
Events = Callable[[Person, str], list[sa.RowMapping]]
_figures: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _figures:
        terminalreporter.write_line(line)
    terminalreporter.write_line(
        f"seed of the faults: FAULT_SEED={SEED}; rounds:"
        f" {os.environ.get('FAULT_ROUNDS') or 'a tenth'}"
    )


@pytest.fixture
def seeded(request: pytest.FixtureRequest) -> random.Random:
    """Reproducible randomness, with a stream of its own for each test."""
    return random.Random(f"{SEED}:{request.node.nodeid}")  # noqa: S311 - a test's dice, not a secret


@pytest.fixture
def rounds() -> Rounds:
    """Return the number of rounds of a fault: all, or a tenth and at least one."""

    def of(all_of_them: int) -> int:
        return (
            all_of_them if os.environ.get("FAULT_ROUNDS") == "full" else max(1, all_of_them // 10)
        )

    return of


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Report a measured figure at the end of the run."""

    def say(figure: str) -> None:
        _figures.append(f"{request.node.name}: {figure}")

    return say


@pytest.fixture
def events_of(owner_engine: sa.Engine) -> Iterator[Events]:
    """Events of one kind of an agency, oldest first, without row-level security."""
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:

        def read(person: Person, kind: str) -> list[sa.RowMapping]:
            statement = sa.text(
                "select * from audit_events where tenant_id = :t and kind = :kind order by seq"
            )
            return list(
                connection.execute(
                    statement, {"t": person.actor.tenant_id, "kind": kind}
                ).mappings()
            )

        yield read


@pytest.fixture
def doomed(server_urls: tuple[str, str], tmp_path: Path) -> Iterator[Settings]:
    """A database of its own, for faults inside the database (`doom`)."""
    with fresh_database(server_urls, tmp_path) as settings:
        yield settings


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A database server of its own, for faults of the server itself."""
    with server_of(tmp_path / "server") as running:
        yield running


@pytest.fixture
def own_database(own_server: Server, tmp_path: Path) -> Iterator[Settings]:
    """A database on the server of its own."""
    with fresh_database(own_server.urls, tmp_path) as settings:
        yield settings
