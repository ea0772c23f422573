"""Parallel use of one refresh token: one successor, and reuse ends the session."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from tests.faults.conftest import Events, Report, Rounds
from tests.people import ApiClient, People
from voyagent.identity.queries import people as people_queries

CALLERS = 16
ROUNDS = 100


def refresh(app: Flask, token: str) -> tuple[int, dict[str, Any]]:
    answer = ApiClient(app.test_client(), None).post("/auth/refresh", json={"refresh_token": token})
    return answer.status_code, answer.json


def me(app: Flask, access_token: str) -> int:
    return int(ApiClient(app.test_client(), access_token).get("/auth/me").status_code)


def at_once(app: Flask, token: str, begin: Callable[[], Any]) -> dict[str, Any]:
    """Return the tokens of the only successful request."""

    def call(_number: int) -> tuple[int, dict[str, Any]]:
        begin()
        return refresh(app, token)

    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(call, range(CALLERS)))
    losers = [body["detail"] for status, body in answers if status == 401]
    (winner,) = (body for status, body in answers if status == 200)
    assert losers == ["invalid_refresh_token"] * (CALLERS - 1)
    return winner


def test_one_of_sixteen_started_refreshes_gets_a_valid_successor(
    app: Flask,
    people: People,
    rounds: Rounds,
    events_of: Events,
    report: Report,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look, everybody = people_queries.find_refresh_token, threading.Barrier(CALLERS)

    def look_when_all_have_begun(token: str) -> Any:
        everybody.wait(timeout=10)
        return look(token)

    for number in range(rounds(ROUNDS)):
        person = people.sign_up("Alice Owner", agency=f"Race {number} {secrets.token_hex(4)}")
        with monkeypatch.context() as patched:
            patched.setattr(people_queries, "find_refresh_token", look_when_all_have_begun)
            successor = at_once(app, person.refresh_token, lambda: None)
        assert me(app, successor["access_token"]) == me(app, person.access_token) == 200, (
            f"round {number}"
        )
        assert events_of(person, "auth.refresh_reuse") == []
        status, newest = refresh(app, successor["refresh_token"])
        assert status == 200
        assert refresh(app, person.refresh_token)[0] == 401
        assert refresh(app, newest["refresh_token"])[0] == 401
        assert [
            me(app, token)
            for token in (person.access_token, successor["access_token"], newest["access_token"])
        ] == [401] * 3
        (event,) = events_of(person, "auth.refresh_reuse")
        assert (event["status"], event["actor_id"]) == ("rejected", person.actor.user_id)
    done = rounds(ROUNDS)
    report(
        f"{CALLERS} callers, {done} rounds: one successor in {done}, alive in {done}; after a reuse"
        f" the newest was dead in {done}"
    )


def test_one_of_sixteen_parallel_refreshes_succeeds(
    app: Flask, people: People, rounds: Rounds, events_of: Events, report: Report
) -> None:
    """A request that starts after the token was used is a reuse.

    That is its meaning in the API contract. It is recorded once.
    """
    everybody, ended = threading.Barrier(CALLERS), 0
    for number in range(rounds(ROUNDS)):
        person = people.sign_up("Alice Owner", agency=f"Race {number} {secrets.token_hex(4)}")
        successor = at_once(app, person.refresh_token, everybody.wait)
        reuses = events_of(person, "auth.refresh_reuse")
        assert (
            me(app, successor["access_token"])
            == me(app, person.access_token)
            == (401 if reuses else 200)
        ), f"round {number}"
        assert len(reuses) <= 1
        ended += len(reuses)
    done = rounds(ROUNDS)
    report(
        f"{CALLERS} callers, {done} rounds: one successor in {done}, alive in {done - ended}; ended"
        f" in {ended} by one who began after the token was spent"
    )
    assert ended <= done // 2, f"{ended} families ended, so honest twins are taken for thieves"
