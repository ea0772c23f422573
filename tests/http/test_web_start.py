"""A web process ends if the database is wrong, and waits for one that is down."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import psycopg
import pytest
from flask import Flask

from tests.http.conftest import Variant
from voyagent.http import start
from voyagent.kernel.config import Settings
from voyagent.kernel.database.start_checks import EXIT_CODE, StartRefused


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception | None]]:
    """Results of the checks, one for each call; a call without one passes."""
    results: list[Exception | None] = []

    def require(_settings: Settings) -> None:
        outcome = results.pop(0) if results else None
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(start, "require_start", require)
    monkeypatch.setattr(start, "RETRY_S", 0.01)
    yield results
    assert results == [], "each result was asked for"


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> tuple[Event, list[int]]:
    """Exit codes of the process, which does not really end."""
    event = Event()
    codes: list[int] = []

    def leave(code: int) -> None:
        codes.append(code)
        event.set()

    monkeypatch.setattr("voyagent.http.start.os._exit", leave)
    return event, codes


def test_a_wrong_database_ends_the_process(
    app: Flask, outcomes: list[Exception | None], capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes.append(StartRefused("It is wrong."))
    with pytest.raises(SystemExit) as ending:
        start.check_web_process(app)
    assert ending.value.code == EXIT_CODE
    assert capsys.readouterr().err == "Voyagent did not start: It is wrong.\n"


def test_an_unreachable_database_is_checked_as_soon_as_it_responds(
    app: Flask, outcomes: list[Exception | None], ended: tuple[Event, list[int]]
) -> None:
    away = psycopg.OperationalError("away")
    outcomes += [away, away, away, StartRefused("It is wrong.")]
    start.check_web_process(app)
    event, codes = ended
    assert event.wait(5)
    assert codes == [EXIT_CODE]


def test_without_a_database_nothing_is_checked(
    variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(start, "require_start")
    start.check_web_process(variant(db_url=None, db_admin_url=None))
