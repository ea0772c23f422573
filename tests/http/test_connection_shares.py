"""Shares of the connections for writes: all agencies can save and sign in."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg_pool import PoolTimeout
from werkzeug.test import TestResponse

from tests.http.conftest import Variant
from tests.people import PASSWORD, ApiClient, Person
from voyagent.kernel import db_connections, tenancy
from voyagent.kernel.database.read_pool import ReadPool
from voyagent.kernel.database.session_pool import ConnectionShares, SessionPool, ShareInUse
from voyagent.kernel.db import db, next_act, pause
from voyagent.kernel.db_connections import Purpose
from voyagent.kernel.errors import Conflict
from voyagent.kernel.limits import Places
from voyagent.kernel.limits.callers import note_network
from voyagent.kernel.limits.places import QUEUE_MAX

POOL_SIZE, SHARE, CLIENTS = 4, 4, 20
WAIT_S = 0.3
ANSWERED_S_MAX = 1.0


@pytest.fixture
def app_of_shares(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An application with eight connections, of which one agency may hold four.

    This process is a web process, although a test of a command may have named it a command.
    """
    monkeypatch.setattr(db_connections._process, "purpose", Purpose.WEB)  # noqa: SLF001
    app = variant(db_pool_size=POOL_SIZE)
    pool_of(app)._timeout = WAIT_S  # noqa: SLF001 - or each refusal takes five seconds
    return app


def pool_of(app: Flask) -> SessionPool:
    with app.app_context():
        pool = db.engine.pool
    assert isinstance(pool, SessionPool)
    return pool


def of(person: Person, app: Flask) -> ApiClient:
    return ApiClient(app.test_client(), person.access_token)


def save(person: Person, app: Flask) -> TestResponse:
    return of(person, app).post("/enquiries", json={"customer_name": "Ravi"})


def sign_in(person: Person, app: Flask) -> TestResponse:
    return ApiClient(app.test_client(), None).post(
        "/auth/sign-in", json={"email": person.email, "password": PASSWORD}
    )


@contextmanager
def audit_log_locked(owners: sa.Engine, person: Person) -> Iterator[None]:
    """Lock the head of an agency's audit log, for which all its writes wait."""
    with owners.begin() as connection:
        connection.execute(
            sa.text("select 1 from audit_heads where tenant_id = :id for update"),
            {"id": person.actor.tenant_id},
        )
        yield


@contextmanager
def filled(places: Places) -> Iterator[None]:
    """Hold all places, as many callers do."""
    assert all(places.take(number, 0) for number in range(places.total))
    yield
    for number in range(places.total):
        places.release(number)


def assert_all_is_free(app: Flask) -> None:
    pool = pool_of(app)
    assert pool.checkedout() == 0
    for places in (pool.shares.of_agencies, pool.shares.of_nobody):
        with filled(places):
            pass


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_writes_of_one_agency_keep_no_other_from_saving_or_signing_in(
    app_of_shares: Flask, owners: sa.Engine, alice: Person, charlie: Person
) -> None:
    pool = pool_of(app_of_shares)
    with ThreadPoolExecutor(CLIENTS) as clients:
        with audit_log_locked(owners, alice):
            writes: list[Future[TestResponse]] = [
                clients.submit(save, alice, app_of_shares) for _ in range(CLIENTS)
            ]
            wait_until(lambda: pool.checkedout() >= SHARE)
            for _ in range(3):
                for act, status in ((save, 201), (sign_in, 200)):
                    began = time.monotonic()
                    assert act(charlie, app_of_shares).status_code == status
                    assert time.monotonic() - began < ANSWERED_S_MAX
            assert pool.checkedout() == SHARE
            wait_until(lambda: sum(write.done() for write in writes) == CLIENTS - SHARE)
        answers = [write.result() for write in writes]
    assert Counter(answer.status_code for answer in answers) == {
        201: SHARE,
        503: CLIENTS - SHARE,
    }
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json["detail"] == "database_unreachable"
            assert answer.headers["Retry-After"] == "5"
            assert "Nothing was changed" in answer.json["message"]
    saved = alice.api.get("/enquiries").json
    assert saved["total"] == SHARE
    assert_all_is_free(app_of_shares)


def test_a_page_says_that_nothing_was_saved_while_the_share_is_in_use(
    app_of_shares: Flask, alice: Person
) -> None:
    browser = alice.browser
    browser.application = app_of_shares
    with filled(pool_of(app_of_shares).shares.of_agencies):
        page = browser.get("/enquiries/new")
        assert page.status_code == 503
        assert "Nothing was changed" in page.text
    assert browser.get("/enquiries/new").status_code == 200


def test_people_without_an_agency_have_connections_that_agencies_cannot_use(
    app_of_shares: Flask, alice: Person
) -> None:
    client = ApiClient(app_of_shares.test_client(), None)
    unknown = {"email": "nobody@malabar.example", "password": PASSWORD}
    shares = pool_of(app_of_shares).shares
    with filled(shares.of_agencies):
        assert client.post("/auth/sign-in", json=unknown).status_code == 401
        assert sign_in(alice, app_of_shares).status_code == 200
        assert client.get("/ready").status_code == 200
        assert save(alice, app_of_shares).status_code == 503
    with filled(shares.of_nobody):
        assert save(alice, app_of_shares).status_code == 201
        assert client.post("/auth/sign-in", json=unknown).status_code == 503


NEAR, FAR = "192.0.2.7", "198.51.100.9"


def test_one_client_address_cannot_use_all_connections_without_an_agency(
    app_of_shares: Flask,
) -> None:
    nobody = pool_of(app_of_shares).shares.of_nobody
    unknown = {"email": "nobody@malabar.example", "password": PASSWORD}

    def status(address: str) -> int:
        client = app_of_shares.test_client()
        return client.post(
            "/api/auth/sign-in", json=unknown, environ_base={"REMOTE_ADDR": address}
        ).status_code

    assert nobody.share < nobody.total
    held = [nobody.take(NEAR, 0, address=NEAR) for _ in range(nobody.share)]
    assert all(held)
    assert status(NEAR) == 503
    assert status(FAR) == 401
    for _ in held:
        nobody.release(NEAR, NEAR)


AGENCY: ContextVar[UUID] = ContextVar("agency")


def read_by(app: Flask) -> tuple[Places, Callable[[], None]]:
    pool: ReadPool = app.extensions["voyagent.auth_adapter"].lane

    def read() -> None:
        with pool._connection(AGENCY.get()):  # noqa: SLF001 - without a query
            pass

    return pool._connections._places, read  # noqa: SLF001


def write_by(_app: Flask) -> tuple[Places, Callable[[], None]]:
    shares = ConnectionShares(8, AGENCY.get)

    def write() -> None:
        held = shares.take(5)
        assert held is not None
        held.release()

    return shares.of_agencies, write


@pytest.mark.parametrize("used_by", [read_by, write_by])
def test_many_agencies_of_one_address_do_not_refuse_an_agency_elsewhere(
    app_of_shares: Flask, used_by: Callable[[Flask], tuple[Places, Callable[[], None]]]
) -> None:
    places, use = used_by(app_of_shares)

    def use_from(address: str) -> bool:
        note_network(address)
        AGENCY.set(uuid4())
        try:
            use()
        except (PoolTimeout, ShareInUse):
            return False
        return True

    with ThreadPoolExecutor(QUEUE_MAX + 1) as threads:
        with filled(places):
            near = [threads.submit(use_from, NEAR) for _ in range(QUEUE_MAX)]
            wait_until(lambda: len(places._waiting) == QUEUE_MAX)  # noqa: SLF001
            far = threads.submit(use_from, FAR)
            wait_until(lambda: far.done() or any(one.done() for one in near))
        assert far.result(timeout=5)
        assert sum(not one.result(timeout=5) for one in near) == 1


# Nothing is left over
# --------------------------------------------------------------------------------


class Refused(Conflict):
    """An error of a service."""


def fail() -> str:
    raise RuntimeError


def refuse() -> str:
    raise Refused


def lose_connection() -> str:
    db.session.execute(sa.text("select pg_terminate_backend(pg_backend_pid())"))
    return "unreachable"


def break_statement() -> str:
    db.session.execute(sa.text("select 1/0"))
    return "unreachable"


def time_out() -> str:
    db.session.execute(sa.text("set local statement_timeout = 20"))
    db.session.execute(sa.text("select pg_sleep(5)"))
    return "unreachable"


def pause_and_go_on() -> str:
    pause()
    db.session.execute(sa.text("select 1"))
    next_act()
    db.session.execute(sa.text("select 1"))
    return "done"


def dispose() -> str:
    db.engine.dispose()
    return "done"


@pytest.mark.parametrize(
    "trouble",
    [fail, refuse, lose_connection, break_statement, time_out, pause_and_go_on, dispose],
    ids=lambda trouble: trouble.__name__,
)
def test_a_place_is_free_again_after_trouble(
    variant: Variant, alice: Person, trouble: Callable[[], str]
) -> None:
    def view() -> str:
        tenancy.bind(db.session(), alice.actor.tenant_id)
        db.session.execute(sa.text("select 1"))
        return trouble()

    app = variant({"/api/trouble": view}, db_pool_size=POOL_SIZE)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for _ in range(2 * SHARE):
        app.test_client().get("/api/trouble")
    assert save(alice, app).status_code == 201
    assert_all_is_free(app)


def test_a_place_is_free_again_after_the_database_could_not_be_reached(
    variant: Variant, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = variant(db_pool_size=POOL_SIZE)
    with monkeypatch.context() as away:
        away.setattr(pool_of(app), "_creator", fail)
        away.setattr(pool_of(app), "_invoke_creator", lambda _record: fail())
        app.config["PROPAGATE_EXCEPTIONS"] = False
        assert {save(alice, app).status_code for _ in range(2 * SHARE)} == {500}
    assert save(alice, app).status_code == 201
    assert_all_is_free(app)


# Threads
# --------------------------------------------------------------------------------


def test_a_thread_with_a_connection_waits_for_no_second_place() -> None:
    shares = ConnectionShares(2, lambda: None)
    first = shares.take(0)
    assert first is not None
    assert shares.take(0) is None
    with ThreadPoolExecutor(1) as thread, pytest.raises(ShareInUse):
        thread.submit(shares.take, 0).result(timeout=5)
    first.release()
    first.release()
    assert shares.of_nobody.take("other", 0)
    assert not shares.of_nobody.take("other", 0), "the place was given back once"


def test_a_place_that_another_thread_gives_back_is_free() -> None:
    shares = ConnectionShares(4, lambda: None)
    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(shares.take, 0).result(timeout=5)
        assert held is not None
        held.release()
        assert thread.submit(shares.take, 0).result(timeout=5) is not None


@pytest.mark.parametrize(
    ("total", "expected"),
    [(2, (2, 2, 1)), (4, (3, 2, 1)), (6, (5, 3, 1)), (16, (12, 8, 4))],
)
def test_an_agency_has_half_of_the_connections_and_at_least_two(
    total: int, expected: tuple[int, int, int]
) -> None:
    """Places of all agencies, of one agency, and of people without an agency."""
    shares = ConnectionShares(total, lambda: None)
    agencies, nobody = shares.of_agencies, shares.of_nobody
    assert (agencies.total, agencies.share, nobody.total) == expected


def test_a_worker_has_no_shares_of_connections(
    app_of_shares: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_connections._process, "purpose", Purpose.WORKER)  # noqa: SLF001
    with filled(pool_of(app_of_shares).shares.of_agencies):
        assert save(alice, app_of_shares).status_code == 201
