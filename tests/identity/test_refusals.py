"""A wrong password is refused after equal time for every address.

The address may be known or unknown.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask

from tests.identity.test_sessions import fresh_address
from tests.identity.test_views import submit
from tests.people import ApiClient, Person

WRONG = "Harbour-lantern-43"
ATTEMPTS = {
    "sign-in": (
        lambda app, email: ApiClient(app.test_client(), None).post(
            "/auth/sign-in", json={"email": email, "password": WRONG}
        )
    ),
    "sign-in-totp": (
        lambda app, email: ApiClient(app.test_client(), None).post(
            "/auth/sign-in-totp", json={"email": email, "password": WRONG, "totp_code": "123456"}
        )
    ),
    "page": lambda app, email: submit(app.test_client(), "/sign-in", email=email, password=WRONG),
}


@pytest.mark.parametrize("attempt", list(ATTEMPTS))
def test_the_response_for_an_unknown_address_is_delayed(
    app: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch, attempt: str
) -> None:
    """An event is written only for a known address; `make faults` measures the times."""
    held: list[float] = []
    for module in ("errors", "forms"):
        monkeypatch.setattr(f"voyagent.http.{module}.answer_no_earlier_than", held.append)
    answers: list[Any] = []
    for email in (alice.email, fresh_address()):
        held.clear()
        began = time.perf_counter()
        answers.append(ATTEMPTS[attempt](app, email))
        assert len(held) == 1
        assert held[0] > began
    known, unknown = answers
    assert known.status_code == unknown.status_code
    assert sorted(known.headers.keys()) == sorted(unknown.headers.keys())
    if attempt != "page":
        assert {**known.json, "request_id": ""} == {**unknown.json, "request_id": ""}
