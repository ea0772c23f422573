"""One refresh token presented by many at once: one successor, and it lives; a reuse afterwards ends everything."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask

from tests.faults.conftest import Events, Rounds
from tests.people import ApiClient, People

CALLERS = 16
ROUNDS = 100


def refresh(app: Flask, token: str) -> tuple[int, dict[str, Any]]:
    answer = ApiClient(app.test_client(), None).post("/auth/refresh", json={"refresh_token": token})
    return answer.status_code, answer.json


def me(app: Flask, access_token: str) -> int:
    return int(ApiClient(app.test_client(), access_token).get("/auth/me").status_code)


def all_at_once(app: Flask, token: str) -> list[tuple[int, dict[str, Any]]]:
    everybody = threading.Barrier(CALLERS)

    def call(_number: int) -> tuple[int, dict[str, Any]]:
        everybody.wait()
        return refresh(app, token)

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(call, range(CALLERS)))


def test_of_sixteen_callers_with_one_token_one_has_a_successor_that_lives_until_the_token_is_used_again(
    app: Flask, people: People, rounds: Rounds, events_of: Events
) -> None:
    for number in range(rounds(ROUNDS)):
        person = people.sign_up("Alice Owner", agency=f"Race {number} {secrets.token_hex(4)}")
        answers = all_at_once(app, person.refresh_token)
        assert sorted(status for status, _ in answers) == [200] + [401] * (CALLERS - 1), f"round {number}"
        assert {body["detail"] for status, body in answers if status == 401} == {"invalid_refresh_token"}
        (successor,) = (body for status, body in answers if status == 200)
        assert me(app, successor["access_token"]) == me(app, person.access_token) == 200
        assert events_of(person, "auth.refresh_reuse") == []
        status, newest = refresh(app, successor["refresh_token"])
        assert status == 200
        assert refresh(app, person.refresh_token)[0] == 401
        assert refresh(app, newest["refresh_token"])[0] == 401
        assert [me(app, token) for token in (person.access_token, successor["access_token"], newest["access_token"])] == [401] * 3
        (event,) = events_of(person, "auth.refresh_reuse")
        assert (event["status"], event["actor_id"]) == ("rejected", person.actor.user_id)
