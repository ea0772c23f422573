"""The probes, the schema of money, and a program without a database."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import jsonschema
import pytest
from flask import Flask

from tests.http.conftest import Variant
from tests.http.operations import CALLS
from voyagent.http import system

PLACES = ("", "/api")


@pytest.mark.parametrize("place", PLACES)
def test_the_probes_are_public_at_both_paths(app: Flask, place: str) -> None:
    client = app.test_client()
    assert client.get(f"{place}/health").json == {"status": "ok"}
    assert client.get(f"{place}/health/db").json == {"status": "ok", "select_1": 1}
    away = client.get(f"{place}/health/redis")
    assert (away.status_code, away.json["detail"]) == (503, "redis_not_configured")


@pytest.mark.parametrize("place", PLACES)
def test_a_probe_reports_only_success_or_failure(variant: Variant, place: str) -> None:
    client = variant(
        db_url="postgresql://nobody:secret@127.0.0.1:9/nothing",
        redis_url="redis://:secret@127.0.0.1:9/0",
    ).test_client()
    assert client.get(f"{place}/health").status_code == 200
    for path, code in (
        ("/health/db", "database_unreachable"),
        ("/health/redis", "redis_unreachable"),
    ):
        answer = client.get(place + path)
        assert (answer.status_code, answer.json["detail"]) == (503, code)
        assert set(answer.json) == {"detail", "request_id", "message"}
        for inside in ("secret", "127.0.0.1", "refused", "nobody"):
            assert inside not in answer.text


@pytest.fixture
def redis_port() -> Iterator[int]:
    """A server with the part of Redis that a probe needs: the greeting and PING."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                while received := client.recv(4096):
                    for _ in range(received.count(b"*")):
                        client.sendall(b"+PONG\r\n" if b"PING" in received else b"+OK\r\n")

    Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def test_the_probe_succeeds_if_redis_responds(variant: Variant, redis_port: int) -> None:
    client = variant(redis_url=f"redis://127.0.0.1:{redis_port}/0?protocol=2").test_client()
    answer = client.get("/health/redis")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "ping": True})


def test_the_probe_fails_soon_if_redis_does_not_respond(variant: Variant) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = variant(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0").test_client()
        assert client.get("/health/redis").json["detail"] == "redis_unreachable"


@pytest.mark.parametrize("place", PLACES)
def test_the_schema_of_money_is_that_of_the_contract(app: Flask, place: str) -> None:
    schema = app.test_client().get(f"{place}/schemas/money").json
    assert (
        schema["title"],
        schema["type"],
        schema["additionalProperties"],
        schema["required"],
    ) == ("Money", "object", False, ["amount", "currency"])
    check = jsonschema.Draft202012Validator(schema)
    for good in (
        {"amount": "285721.00", "currency": "INR"},
        {"amount": "-0.05", "currency": "KWD"},
        {"amount": 7, "currency": "JPY"},
    ):
        assert check.is_valid(good)
    for bad in (
        {"amount": "1e3", "currency": "INR"},
        {"amount": "1", "currency": "inr"},
        {"amount": "1", "currency": "INRR"},
        {"amount": "1"},
        {"amount": "1", "currency": "INR", "x": 1},
        {"amount": True, "currency": "INR"},
    ):
        assert not check.is_valid(bad)


# Without a database
# --------------------------------------------------------------------------------


@pytest.fixture
def bare(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> tuple[Flask, list[str]]:
    """An installation without a database, and its output at the start."""
    logged: list[str] = []

    class Recorder:
        def error(self, event: str, **_values: object) -> None:
            logged.append(event)

    monkeypatch.setattr(system, "log", Recorder())
    return variant(db_url=None, db_admin_url=None), logged


def test_without_a_database_the_program_starts_and_reports_it(
    bare: tuple[Flask, list[str]],
) -> None:
    app, logged = bare
    assert logged == ["database.not_configured"]
    for place in PLACES:
        assert app.test_client().get(f"{place}/health").json == {"status": "ok"}
        answer = app.test_client().get(f"{place}/health/db")
        assert (answer.status_code, answer.json["detail"]) == (503, "database_not_configured")


def test_without_a_database_all_other_operations_are_503(bare: tuple[Flask, list[str]]) -> None:
    client = bare[0].test_client()
    for call in CALLS:
        if call.path in {"/health", "/api/health"}:
            continue
        answer = client.open(call.address(), method=call.operation.method)
        assert (answer.status_code, answer.json["detail"]) == (
            503,
            "database_not_configured",
        ), call.name
    for path in ("/", "/sign-in", "/team", "/nowhere"):
        page = client.get(path)
        assert (page.status_code, page.mimetype) == (503, "text/html"), path
    assert client.post("/sign-in").status_code == 503
    assert client.get("/static/css/voyagent.css").status_code == 200
