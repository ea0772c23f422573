"""Two parallel requests with one Idempotency-Key: one runs, the other waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from tests.chat.parallel import at_once
from tests.http.conftest import Variant
from tests.http.probing import Probe, count, held, logs, stored_keys, waiting
from tests.people import ApiClient, Person
from voyagent.http import idempotency
from voyagent.http.idempotency import REPLAYED
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import pause

Run = Callable[..., "Future[TestResponse]"]
CLAIM = "claim_idempotency_key"


@pytest.fixture
def probe(variant: Variant) -> Probe:
    return Probe(variant())


@pytest.fixture
def run() -> Iterator[Run]:
    """Send a request in a thread of its own."""
    with ThreadPoolExecutor(16) as pool:
        yield pool.submit


def log(person: Person, key: str = "a-key", **changes: Any) -> TestResponse:
    return person.api.post(
        "/enquiries",
        json={"customer_name": "Deepa Krishnan", **changes},
        headers={"Idempotency-Key": key},
    )


def until(
    engine: sa.Engine, wanted: Callable[[list[tuple[int, str]]], bool]
) -> list[tuple[int, str]]:
    """Wait until the waiting requests are as expected."""
    for _ in range(500):
        found = waiting(engine)
        if wanted(found):
            return found
        time.sleep(0.01)
    raise AssertionError(f"those who wait: {found}")


def twins(
    engine: sa.Engine, run: Run, send: Callable[[], TestResponse]
) -> tuple[Future[TestResponse], Future[TestResponse], int]:
    """Start two requests, the second of which waits for the first one's key.

    The first waits before its commit. Returns both, and the server process of the first.
    """
    first = run(send)
    pid = until(engine, lambda found: len(found) == 1)[0][0]
    second = run(send)
    until(engine, lambda found: any(CLAIM in query for _pid, query in found))
    return first, second, pid


def test_one_of_two_parallel_requests_runs_and_the_other_gets_its_response(
    alice: Person, owner_engine: sa.Engine, run: Run
) -> None:
    with held(owner_engine, alice):
        first, second, _pid = twins(owner_engine, run, lambda: log(alice))
    assert second.result().data == first.result().data
    assert (first.result().status_code, second.result().status_code) == (201, 201)
    assert REPLAYED not in first.result().headers
    assert second.result().headers[REPLAYED] == "true"
    assert count(owner_engine, alice, "enquiries") == 1


def test_the_waiting_request_runs_if_the_first_fails(
    alice: Person, owner_engine: sa.Engine, run: Run
) -> None:
    with held(owner_engine, alice) as connection:
        first, second, pid = twins(owner_engine, run, lambda: log(alice))
        assert connection.scalar(sa.text("select pg_cancel_backend(:pid)"), {"pid": pid})
        assert first.result().status_code == 503
    assert second.result().status_code == 201
    assert REPLAYED not in second.result().headers
    assert count(owner_engine, alice, "enquiries") == 1
    assert log(alice).data == second.result().data


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ("update auth_sessions set ended_at = now() where user_id = :u", (401, "unauthorized")),
        ("update users set is_active = false where id = :u", (401, "unauthorized")),
        ("update users set role = 'viewer' where id = :u", (409, "idempotency_in_progress")),
    ],
    ids=["session", "person", "role"],
)
@pytest.mark.parametrize("outcome", ["committed", "failed"])
def test_the_waiting_request_is_authenticated_again(
    bob: Person,
    alice: Person,
    owner_engine: sa.Engine,
    run: Run,
    change: str,
    answer: tuple[int, str],
    outcome: str,
) -> None:
    with held(owner_engine, bob) as connection:
        first, second, pid = twins(owner_engine, run, lambda: log(bob))
        time.sleep(idempotency.WAITED_S)
        with owner_engine.begin() as another:
            another.execute(sa.text(change), {"u": bob.actor.user_id})
        if outcome == "failed":
            assert connection.scalar(sa.text("select pg_cancel_backend(:pid)"), {"pid": pid})
            first.result()
    assert (second.result().status_code, second.result().json["detail"]) == answer
    assert count(owner_engine, alice, "enquiries") == (1 if outcome == "committed" else 0)


def test_a_parallel_request_with_another_body_gets_the_key_error(
    alice: Person, owner_engine: sa.Engine, run: Run
) -> None:
    with held(owner_engine, alice):
        first = run(log, alice)
        until(owner_engine, lambda found: len(found) == 1)
        second = run(log, alice, customer_name="Ravi Menon")
        until(owner_engine, lambda found: any(CLAIM in query for _pid, query in found))
    assert first.result().status_code == 201
    assert (second.result().status_code, second.result().json["detail"]) == (
        422,
        "idempotency_key_reused",
    )


def test_requests_with_other_keys_do_not_wait(
    alice: Person, charlie: Person, owner_engine: sa.Engine, run: Run
) -> None:
    with held(owner_engine, alice):
        first = run(log, alice)
        until(owner_engine, lambda found: len(found) == 1)
        assert log(charlie).status_code == 201
    assert first.result().status_code == 201


def test_a_request_that_waited_too_long_gets_409(
    alice: Person, owner_engine: sa.Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "WAIT_S", 0.6)
    monkeypatch.setattr(idempotency, "LOCK_TIMEOUT_MS", 200)
    with held(owner_engine, alice):
        first = run(log, alice)
        until(owner_engine, lambda found: len(found) == 1)
        began = time.monotonic()
        answer = log(alice)
        assert 0.5 < time.monotonic() - began < 3
        assert (answer.status_code, answer.json["detail"]) == (409, "idempotency_in_progress")
        assert answer.headers["Retry-After"] == "1"
    assert log(alice).data == first.result().data


def test_a_repeated_request_waits_at_most_ten_seconds() -> None:
    assert (
        idempotency.WAIT_S + idempotency.POLL_INTERVAL_S + idempotency.LAST_LOCK_TIMEOUT_MS / 1000
        <= 10
    )
    assert idempotency.LOCK_TIMEOUT_MS / 1000 < idempotency.WAIT_S


def test_waiting_repeats_do_not_block_the_database(
    variant: Variant,
    alice: Person,
    charlie: Person,
    owner_engine: sa.Engine,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There are two connections, one of which the first request uses.

    Four waiting repeats must not keep the other.
    """
    monkeypatch.setattr(idempotency, "LOCK_TIMEOUT_MS", 100)
    app = variant(db_pool_size=1)

    def send(person: Person, key: str) -> TestResponse:
        api = ApiClient(app.test_client(), person.access_token)
        return api.post(
            "/enquiries", json={"customer_name": "Deepa Krishnan"}, headers={"Idempotency-Key": key}
        )

    with held(owner_engine, alice):
        first = run(send, alice, "a-key")
        until(owner_engine, lambda found: len(found) == 1)
        others = [run(send, alice, "a-key") for _ in range(4)]
        until(owner_engine, lambda found: any(CLAIM in query for _pid, query in found))
        assert [send(charlie, str(n)).status_code for n in range(5)] == [201] * 5
    assert {other.result().data for other in others} == {first.result().data}


def test_one_of_many_parallel_requests_runs(alice: Person, owner_engine: sa.Engine) -> None:
    answers = at_once([lambda: log(alice)] * 12)
    assert {(answer.status_code, answer.data) for answer in answers} == {(201, answers[0].data)}
    assert sorted(answer.headers.get(REPLAYED, "") for answer in answers) == ["", *["true"] * 11]
    assert count(owner_engine, alice, "enquiries") == 1


def test_after_a_pause_one_of_two_equal_requests_is_rolled_back(
    probe: Probe, alice: Person, owner_engine: sa.Engine
) -> None:
    """Both run, because the pause releases the key.

    The second insertion of the key decides.
    """
    both = Barrier(2)

    def act(actor: Actor) -> dict[str, str]:
        pause()
        both.wait(timeout=10)
        return logs(actor)

    probe.act = act
    answers = at_once([lambda: probe.send(alice)] * 2)
    assert len(probe.runs) == 2
    assert answers[0].data == answers[1].data
    assert sorted(answer.headers.get(REPLAYED, "") for answer in answers) == ["", "true"]
    assert count(owner_engine, alice, "enquiries") == 1
    assert len(stored_keys(owner_engine, alice)) == 1


def test_after_a_pause_one_of_two_different_requests_is_refused(
    probe: Probe, alice: Person, owner_engine: sa.Engine
) -> None:
    both = Barrier(2)

    def act(actor: Actor) -> dict[str, str]:
        pause()
        both.wait(timeout=10)
        return logs(actor)

    probe.act = act
    answers = at_once([lambda: probe.send(alice, data=b"1"), lambda: probe.send(alice, data=b"2")])
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert count(owner_engine, alice, "enquiries") == 1


def test_a_request_that_lost_its_claim_to_a_running_one_gets_409(
    variant: Variant, alice: Person, owner_engine: sa.Engine, run: Run
) -> None:
    probe = Probe(variant(db_statement_timeout_ms=400))
    begun, go = Barrier(2), Barrier(2)

    def act(actor: Actor) -> dict[str, str]:
        pause()
        begun.wait(timeout=10)
        go.wait(timeout=10)
        return logs(actor)

    probe.act = act
    first = run(probe.send, alice)
    begun.wait(timeout=10)
    with owner_engine.connect() as connection, connection.begin():
        statement = (
            "insert into idempotency_keys (tenant_id, id, caller_id, key, request_hash) values (:t,"
            " gen_random_uuid(), :u, 'a-key', sha256('x'))"
        )
        connection.execute(
            sa.text(statement), {"t": alice.actor.tenant_id, "u": alice.actor.user_id}
        )
        go.wait(timeout=10)
        answer = first.result()
        connection.rollback()
    assert (answer.status_code, answer.json["detail"]) == (409, "idempotency_in_progress")
    assert count(owner_engine, alice, "enquiries") == 0
