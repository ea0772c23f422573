"""Known and unknown addresses have equal responses and times at sign-in."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.faults.conftest import Report, Rounds
from tests.identity.test_sessions import fresh_address
from tests.people import ApiClient, People
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db

PAIRS = 600
WINDOWS_MAX = 3


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application with the hash parameters of production.

    The limit per account is high.
    """
    fields = {
        name: Settings.model_fields[name].default
        for name in Settings.model_fields
        if name.startswith("auth_argon2")
    }
    made = create_app(settings.model_copy(update=fields))
    yield made
    made.extensions["voyagent.auth_adapter"].lane.close()
    with made.app_context():
        db.engine.dispose()


def seconds(app: Flask, email: str) -> float:
    client = ApiClient(app.test_client(), None)
    began = time.perf_counter()
    answer = client.post("/auth/sign-in", json={"email": email, "password": "Harbour-lantern-43"})
    took_s = time.perf_counter() - began
    assert (answer.status_code, answer.json["detail"]) == (401, "invalid_credentials")
    return took_s


def test_a_wrong_password_takes_the_same_time_for_an_unknown_address(
    app: Flask, rounds: Rounds, seeded: random.Random, report: Report
) -> None:
    people = People(app)
    known = [
        people.sign_up("Alice Owner", agency="Alice Travels").email
        for _ in range(max(8, rounds(PAIRS) // 8))
    ]
    for _ in range(WINDOWS_MAX):  # somebody else's load is no tell-tale
        ours, nobodys = [], []
        for number in range(rounds(PAIRS)):
            pair = [(ours, known[number % len(known)]), (nobodys, fresh_address())]
            seeded.shuffle(pair)
            for times, email in pair:
                times.append(seconds(app, email))
        known_s, unknown_s = statistics.median(ours), statistics.median(nobodys)
        measured = (
            f"median of {len(ours)}: known {known_s * 1000:.1f} ms, unknown"
            f" {unknown_s * 1000:.1f} ms"
        )
        report(measured)
        if abs(known_s - unknown_s) <= 0.1 * unknown_s:
            return
    pytest.fail(measured)
