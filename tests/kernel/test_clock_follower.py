"""A process follows the clock of the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import structlog
import time_machine

from voyagent.kernel import clock
from voyagent.kernel.database.clock_follower import _Follower

EXACT = timedelta(milliseconds=200)
UNREACHABLE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=1"


@pytest.fixture(autouse=True)
def own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the test this process has the clock of its computer again."""
    monkeypatch.setattr(clock, "_process", clock._Process())  # noqa: SLF001


@pytest.fixture
def wrong() -> Iterator[time_machine.Traveller]:
    """The clock of the computer, two hours ahead."""
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2), tick=True) as traveller:
        yield traveller


def database_now(engine: sa.Engine) -> datetime:
    with engine.connect() as connection:
        now = connection.scalar(sa.text("select clock_timestamp()"))
    assert isinstance(now, datetime)
    return now


def test_the_time_is_that_of_the_database(
    owner_engine: sa.Engine, wrong: time_machine.Traveller
) -> None:
    assert clock.now() - database_now(owner_engine) > timedelta(hours=1)
    _Follower(owner_engine).measure()
    assert abs(clock.now() - database_now(owner_engine)) < EXACT
    wrong.shift(timedelta(days=1))
    assert abs(clock.now() - database_now(owner_engine)) < EXACT, "also before it is measured again"


def test_without_a_database_the_last_measurement_continues(
    owner_engine: sa.Engine, wrong: time_machine.Traveller
) -> None:
    away = _Follower(sa.create_engine(UNREACHABLE))
    away.measure()
    assert abs(clock.now() - clock.own()) < EXACT, "it has never been measured"
    _Follower(owner_engine).measure()
    away.measure()
    assert abs(clock.now() - database_now(owner_engine)) < EXACT
    assert clock.own() - clock.now() > timedelta(hours=1)


def test_a_wrong_clock_is_logged_once_and_a_corrected_one_too(
    owner_engine: sa.Engine, wrong: time_machine.Traveller
) -> None:
    follower = _Follower(owner_engine)
    with structlog.testing.capture_logs() as lines:
        follower.measure()
        follower.measure()
        wrong.shift(timedelta(hours=-2))
        follower.measure()
        follower.measure()
    assert [(line["event"], line["seconds"]) for line in lines] == [
        ("clock.differs", 7200),
        ("clock.agrees", 0),
    ]
