"""Reads on a standby: age of the data, own writes, sessions and faults."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask, Response
from psycopg_pool import PoolTimeout

from tests.people import People, Person, csrf_token
from tests.standby import Pair, at, pair_of_servers
from voyagent.factory import create_app
from voyagent.http import after
from voyagent.identity.models import User
from voyagent.kernel import clock, db_connections
from voyagent.kernel.config import ConfigurationError, Settings, load_settings
from voyagent.kernel.database import heartbeat, standbys, start_checks
from voyagent.kernel.database.read_pool import ReadPool, RequestReader
from voyagent.kernel.database.standbys import position_of
from voyagent.kernel.database.statement_cache import generic_plan
from voyagent.kernel.db import db
from voyagent.kernel.db_address import single_hosts
from voyagent.kernel.db_connections import Purpose
from voyagent.kernel.errors import Unauthorized
from voyagent.kernel.metrics import meters
from voyagent.kernel.tenancy import owned

USERS = User.__table__.c
WHERE = sa.select(sa.func.pg_is_in_recovery().label("standby"))
PEOPLE = sa.select(USERS.email).where(owned(User))
ON_STANDBY, ON_PRIMARY = [[{"standby": True}]], [[{"standby": False}]]
REASONS = ("none", "down", "stale", "not_replayed", "conflict", "error", "not_found")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_of_servers(tmp_path_factory.mktemp("pair"), fast=True) as made:
        yield made


@pytest.fixture(scope="module")
def two(pair: Pair) -> Iterator[Flask]:
    """The application on both servers."""
    app = create_app(pair.settings)
    yield app
    app.extensions["voyagent.auth_adapter"].lane.close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def lane(two: Flask, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> ReadPool:
    """The application's read pool, with a standby that may be an hour old."""
    monkeypatch.setattr(standbys, "STALENESS_MAX", timedelta(hours=1))
    lane: ReadPool = two.extensions["voyagent.auth_adapter"].lane
    pair.beat()
    forgive(lane)
    return lane


def forgive(lane: ReadPool) -> None:
    """Let every server be asked again."""
    assert lane.standbys is not None
    for one in lane.standbys._all:  # noqa: SLF001
        one._left_out_until_s = 0.0  # noqa: SLF001


@pytest.fixture
def asha(two: Flask, pair: Pair) -> Person:
    """The owner of an agency that both servers have."""
    person = People(two).sign_up("Asha Owner", agency="Asha Travels")
    pair.catch_up()
    return person


@pytest.fixture
def counted() -> Callable[[], dict[str, int]]:
    """Return a function that returns the fallbacks since the test began, by reason."""

    def read() -> dict[str, int]:
        found = meters().read_fallbacks
        return {reason: int(found.labels(reason)._value.get()) for reason in REASONS}  # noqa: SLF001

    before = read()
    return lambda: {
        reason: number - before[reason]
        for reason, number in read().items()
        if number != before[reason]
    }


def reader(lane: ReadPool, person: Person, position: int | None = 0) -> RequestReader:
    return RequestReader(lane, person.credential, "agency.read", after=position)


def enquire(person: Person, name: str) -> Any:
    answer = person.api.post("/enquiries", json={"customer_name": name})
    assert answer.status_code == 201, answer.text
    return answer


def names(person: Person, **headers: str) -> list[str]:
    """Return the customers of the first enquiries, as a program reads them."""
    answer = person.api.get("/enquiries?limit=5", headers=headers)
    assert answer.status_code == 200, answer.text
    return [one["customer_name"] for one in answer.json["items"]]


# Choice of the server
# --------------------------------------------------------------------------------


def test_a_read_uses_the_standby(lane: ReadPool, asha: Person, counted: Any) -> None:
    mine = reader(lane, asha)
    assert mine.read(WHERE, PEOPLE) == [*ON_STANDBY, [{"email": asha.email}]]
    assert mine.read(generic_plan(WHERE)) == ON_STANDBY
    assert mine.actor is not None
    assert mine.actor.tenant_name == "Asha Travels"
    assert counted() == {}


def test_row_security_applies_on_the_standby(two: Flask, pair: Pair, lane: ReadPool) -> None:
    asha, other = (People(two).sign_up(name, agency=name) for name in ("Asha", "Other"))
    pair.catch_up()
    assert lane.standbys is not None
    everybody = [("select email from users", dict[str, Any]())]
    for person in (asha, other):
        rows, _ = lane.standbys.read(person.actor.tenant_id, everybody, after=0, plans="auto")
        assert rows == [[{"email": person.email}]]


def test_an_ended_session_is_refused_before_the_standby_knows(
    pair: Pair, lane: ReadPool, asha: Person
) -> None:
    assert reader(lane, asha).read(WHERE) == ON_STANDBY
    with pair.paused():
        ended = asha.api.post("/auth/sign-out", json={"refresh_token": asha.refresh_token})
        assert ended.status_code < 300, ended.text
        open_ones = "select count(*) from auth_sessions where ended_at is null and user_id = %s"
        with pair.standby.connect(pair.database) as behind:
            assert behind.execute(open_ones, (asha.actor.user_id,)).fetchone() == (1,)
        assert asha.api.get("/enquiries").status_code == 401
    with pytest.raises(Unauthorized):
        reader(lane, asha).read(WHERE)


@pytest.mark.parametrize("purpose", [Purpose.WORKER, Purpose.COMMAND])
def test_jobs_read_the_primary(
    two: Flask, purpose: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    with two.test_request_context("/enquiries"):
        assert after.position_to_read() == 0
        monkeypatch.setattr(after, "purpose_of_process", lambda: purpose)
        assert after.position_to_read() is None


def test_a_request_that_may_write_reads_the_primary(two: Flask) -> None:
    with two.test_request_context("/enquiries", method="POST"):
        assert after.position_to_read() is None


def test_a_request_that_has_used_a_session_reads_the_primary(
    two: Flask, lane: ReadPool, asha: Person
) -> None:
    with two.app_context():
        mine = reader(lane, asha)
        assert mine.read(WHERE) == ON_STANDBY
        db.session.execute(sa.text("select 1"))
        assert mine.read(WHERE) == ON_PRIMARY


def test_a_snapshot_is_one_of_the_primary(lane: ReadPool, asha: Person) -> None:
    mine = reader(lane, asha)
    assert mine.read(WHERE) == ON_STANDBY
    with mine.snapshot():
        assert mine.read(WHERE) == ON_PRIMARY
    assert mine.read(WHERE) == ON_PRIMARY


def test_reads_of_one_request_never_go_back(
    pair: Pair, lane: ReadPool, asha: Person, counted: Any
) -> None:
    mine = reader(lane, asha, position_of(pair.position()) + 2**30)
    assert mine.read(WHERE) == ON_PRIMARY
    assert counted() == {"not_replayed": 1}
    assert mine.read(WHERE) == ON_PRIMARY, "the standby may be behind the primary's answer"
    assert counted() == {"not_replayed": 1}
    mine = reader(lane, asha)
    assert mine.read(WHERE) == ON_STANDBY
    assert mine._after is not None  # noqa: SLF001
    assert mine._after >= position_of("0/1000000"), "the next read includes this one"  # noqa: SLF001


def test_a_server_that_is_no_standby_is_passed_over(
    pair: Pair, lane: ReadPool, asha: Person, counted: Any
) -> None:
    both = at(pair.standby, pair.database, kind="prefer-standby")
    both += "&host=" + str(pair.primary.place.sockets)
    own = ReadPool(pair.settings.model_copy(update={"db_read_url": both}))
    try:
        for _ in range(8):
            pair.beat()
            forgive(own)
            assert reader(own, asha).read(WHERE) == ON_STANDBY
        assert counted() == {}
    finally:
        own.close()


# Faults of a standby
# --------------------------------------------------------------------------------


def test_stale_data_is_not_shown(pair: Pair, lane: ReadPool, asha: Person, counted: Any) -> None:
    pair.beat(ago_s=3000)
    assert reader(lane, asha).read(WHERE) == ON_STANDBY
    pair.beat(ago_s=4000)
    assert reader(lane, asha).read(WHERE) == ON_PRIMARY
    assert counted() == {"stale": 1}
    pair.beat()
    assert reader(lane, asha).read(WHERE) == ON_PRIMARY, "it is left out for a while"
    assert counted() == {"stale": 1, "none": 1}
    forgive(lane)
    assert reader(lane, asha).read(WHERE) == ON_STANDBY


def test_the_age_is_that_of_the_primarys_clock(
    pair: Pair, lane: ReadPool, asha: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of the standby's computer plays no part."""
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(standbys, "clock", SimpleNamespace(now=lambda: later))
    assert reader(lane, asha).read(WHERE) == ON_PRIMARY


def test_a_standby_is_left_out_for_five_seconds(
    pair: Pair, lane: ReadPool, asha: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.beat(ago_s=4000)
    for passed_s, rows in ((100, ON_PRIMARY), (104.9, ON_PRIMARY), (105.1, ON_STANDBY)):
        fake = SimpleNamespace(monotonic=lambda passed_s=passed_s: passed_s)
        monkeypatch.setattr(standbys, "time", fake)
        assert reader(lane, asha).read(WHERE) == rows
        pair.beat()


@pytest.mark.parametrize(
    ("failure", "reason", "is_left_out"),
    [
        (psycopg.errors.SerializationFailure, "conflict", True),
        (psycopg.errors.DeadlockDetected, "conflict", True),
        (psycopg.errors.AdminShutdown, "down", True),
        (psycopg.OperationalError, "down", True),
        (psycopg.errors.UndefinedColumn, "error", False),
    ],
)
def test_a_failed_read_is_repeated_on_the_primary(
    lane: ReadPool,
    asha: Person,
    counted: Any,
    monkeypatch: pytest.MonkeyPatch,
    failure: type[psycopg.Error],
    reason: str,
    is_left_out: bool,
) -> None:
    def fail(*_: object) -> None:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(standbys, "_read", fail)
        assert reader(lane, asha).read(WHERE) == ON_PRIMARY
    assert counted() == {reason: 1}
    assert reader(lane, asha).read(WHERE) == (ON_PRIMARY if is_left_out else ON_STANDBY)


def test_a_killed_connection_loses_no_read(pair: Pair, lane: ReadPool, asha: Person) -> None:
    reader(lane, asha).read(WHERE)
    pair.standby.tell(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where application_name like 'voyagent-standby%'"
    )
    assert reader(lane, asha).read(WHERE) == ON_PRIMARY
    forgive(lane)
    assert reader(lane, asha).read(WHERE) == ON_STANDBY


def test_a_slow_query_is_not_repeated(
    pair: Pair, lane: ReadPool, asha: Person, counted: Any
) -> None:
    slow = pair.settings.model_copy(update={"db_statement_timeout_ms": 300})
    own = ReadPool(slow)
    try:
        with pytest.raises(psycopg.errors.QueryCanceled):
            reader(own, asha).read(sa.select(sa.func.pg_sleep(2)))
        assert counted() == {}
        assert reader(own, asha).read(WHERE) == ON_STANDBY
    finally:
        own.close()


def test_a_query_that_fails_everywhere_fails_once_more(
    lane: ReadPool, asha: Person, counted: Any
) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        reader(lane, asha).read(sa.select(sa.literal(1) / sa.func.length("")))
    assert counted() == {"error": 1}
    assert reader(lane, asha).read(WHERE) == ON_STANDBY


# Own writes
# --------------------------------------------------------------------------------


def test_a_person_sees_an_own_write_at_once(
    pair: Pair, lane: ReadPool, two: Flask, asha: Person, counted: Any
) -> None:
    bina = People(two).colleague(asha, "Bina Colleague", role="agent")
    pair.beat()
    with pair.paused():
        written = enquire(asha, "Deepa Krishnan")
        position = written.headers[after.HEADER]
        assert names(asha, **{after.HEADER: position}) == ["Deepa Krishnan"]
        assert counted() == {"not_replayed": 1}
        assert names(bina) == [], "the standby is asked for others, and is behind"
    pair.beat()
    forgive(lane)
    assert names(asha, **{after.HEADER: position}) == ["Deepa Krishnan"]
    assert counted() == {"not_replayed": 1}, "the standby has the write now"


def test_a_browser_sees_an_own_write_at_once(
    pair: Pair, lane: ReadPool, asha: Person, counted: Any
) -> None:
    browser, other = asha.browser, asha.browser
    browser.get("/enquiries")
    pair.beat()
    with pair.paused():
        sent = {"csrf_token": csrf_token(browser), "customer_name": "Deepa Krishnan"}
        answer = browser.post("/enquiries/new", data=sent)
        assert answer.status_code == 303, answer.text
        cookie = browser.get_cookie(after.COOKIE)
        assert cookie is not None
        assert (cookie.http_only, cookie.same_site) == (True, "Lax")
        assert "Deepa Krishnan" in browser.get("/enquiries").text
        assert counted()["not_replayed"] >= 1
        assert "Deepa Krishnan" not in other.get("/enquiries").text


def test_a_page_is_not_older_than_the_last_one(pair: Pair, lane: ReadPool, asha: Person) -> None:
    """A page of the primary sets a cookie, which does not replace that of a write."""
    browser = asha.browser
    browser.get("/enquiries/new")
    assert browser.get_cookie(after.SEEN_COOKIE) is not None
    assert browser.get_cookie(after.COOKIE) is None
    browser.get("/enquiries")
    assert browser.get_cookie(after.COOKIE) is None


def test_a_file_sets_no_cookie(two: Flask, asha: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache may keep it."""
    browser = asha.browser
    monkeypatch.setattr(after, "FILES", {"enquiries.new"})
    browser.get("/enquiries/new")
    assert browser.get_cookie(after.SEEN_COOKIE) is None


def test_the_primary_answers_after_a_commit_in_doubt(
    two: Flask, lane: ReadPool, asha: Person
) -> None:
    with two.test_request_context("/api/enquiries", method="POST"):
        after._note_use()  # noqa: SLF001
        headers = after._carry_position(Response(status=503)).headers  # noqa: SLF001
    with two.test_request_context("/enquiries"):
        after._note_use()  # noqa: SLF001
        assert not after._carry_position(Response(status=503)).headers.get("Set-Cookie")  # noqa: SLF001
    with two.test_request_context("/api/enquiries", headers=dict(headers)):
        position = after.position_to_read()
    assert reader(lane, asha, position).read(WHERE) == ON_PRIMARY


def test_a_position_is_good_for_thirty_seconds(
    two: Flask, asha: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = enquire(asha, "Deepa Krishnan").headers[after.HEADER]

    def read(sent: str) -> int | None:
        with two.test_request_context("/api/enquiries", headers={after.HEADER: sent}):
            return after.position_to_read()

    assert read(position) == position_of(position.partition(".")[0])
    assert read(position.replace("0/", "F/")) == 0, "it is signed"
    assert read("FFFFFFFF/FFFFFFFF") == 0
    late = clock.now() + timedelta(seconds=31)
    monkeypatch.setattr(after, "clock", SimpleNamespace(now=lambda: late))
    assert read(position) == 0


def test_without_a_position_the_primary_answers(
    two: Flask, lane: ReadPool, asha: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a commit of which nobody knows, or whose position cannot be asked."""
    monkeypatch.setattr(after, "_POSITION", sa.text("select no_such_function()"))
    written = enquire(asha, "Deepa Krishnan")
    with two.test_request_context("/api/enquiries", headers=dict(written.headers)):
        position = after.position_to_read()
    assert reader(lane, asha, position).read(WHERE) == ON_PRIMARY


def test_a_snapshot_is_taken_after_the_position_is_compared(
    pair: Pair, lane: ReadPool, two: Flask, asha: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that is replayed between snapshot and comparison would be missing."""
    compare = standbys._position  # noqa: SLF001
    reader(lane, asha).read(WHERE)
    with pair.paused() as standby:
        People(two).colleague(asha, "Bina Colleague", role="agent")
        position = position_of(pair.position())

        def late(cursor: psycopg.Cursor[Any]) -> int:
            compare(cursor)
            standby.execute("select pg_wal_replay_resume()")
            pair.catch_up()
            return position

        monkeypatch.setattr(standbys, "_position", late)
        mine = reader(lane, asha, position)
        where, people = mine.read(WHERE, PEOPLE)
    assert [where] == ON_STANDBY
    assert len(people) == 2


def test_a_record_that_the_standby_lacks_is_found(
    pair: Pair, lane: ReadPool, two: Flask, asha: Person, counted: Any
) -> None:
    """A program may know its id from an event."""
    bina = People(two).colleague(asha, "Bina Colleague", role="agent")
    pair.beat()
    with pair.paused():
        made = enquire(asha, "Deepa Krishnan").json["id"]
        assert bina.api.get(f"/enquiries/{made}").status_code == 200
        assert counted() == {"not_found": 1}
        unknown = "00000000-0000-7000-8000-000000000000"
        assert bina.api.get(f"/enquiries/{unknown}").status_code == 404


# Without standbys, and wrong settings
# --------------------------------------------------------------------------------


def test_without_standbys_nothing_is_added(
    app: Flask, alice: Person, statements: list[str]
) -> None:
    answer = enquire(alice, "Deepa Krishnan")
    assert after.HEADER not in answer.headers
    browser = alice.browser
    browser.get("/enquiries/new")
    assert browser.get_cookie(after.SEEN_COOKIE) is None
    assert not [one for one in statements if "lsn" in one or "heartbeat" in one]
    with app.test_request_context("/enquiries"):
        assert after.position_to_read() is None


def test_a_standby_is_never_read_by_accident(pair: Pair, asha: Person) -> None:
    """A standby as the second login would accept ended sessions."""
    plain = at(pair.standby, pair.database).partition("&target")[0]
    settings = pair.settings.model_copy(update={"db_read_url": plain})
    assert not settings.reads_standbys
    lane = ReadPool(settings)
    try:
        with pytest.raises(PoolTimeout):
            reader(lane, asha, None).read(WHERE)
    finally:
        lane.close()


@pytest.mark.parametrize("kind", ["any", "read-only"])
def test_a_kind_of_server_without_protection_is_refused(kind: str) -> None:
    with pytest.raises(ConfigurationError, match="VOYAGENT_DB_READ_URL may have"):
        load_settings(
            env="test",
            auth_secret="x" * 40,
            db_url="postgresql://db1/voyagent",
            db_read_url=f"postgresql://db2/voyagent?target_session_attrs={kind}",
        )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgresql://u@a:1,b:2/d", {"a:1": ("a", "1"), "b:2": ("b", "2")}),
        ("postgresql://u@a,b/d", {"a:5432": ("a", "5432"), "b:5432": ("b", "5432")}),
        ("host=a,b port=7 dbname=d", {"a:7": ("a", "7"), "b:7": ("b", "7")}),
        ("host=/run/pg dbname=d", {"/run/pg:5432": ("/run/pg", "5432")}),
    ],
)
def test_each_host_gets_its_own_address(address: str, expected: dict[str, tuple[str, str]]) -> None:
    found = single_hosts(address)
    assert {name: (one["host"], one["port"]) for name, one in found.items()} == expected
    assert all(one["dbname"] == "d" for one in found.values())


def test_the_start_needs_no_standby(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def of_standbys(settings: Settings) -> dict[str, tuple[str, bool]]:
        return {
            result.name: (result.sentence, result.refuses)
            for result in start_checks.check_start(settings)
            if "standby" in result.name
        }

    assert {sentence for sentence, _ in of_standbys(pair.settings).values()} == {""}
    away = pair.settings.model_copy(
        update={"db_read_url": "postgresql://u@127.0.0.1:9/d?target_session_attrs=standby"}
    )
    assert of_standbys(away)["answers (standby 127.0.0.1:9)"] == (
        "The server of VOYAGENT_DB_READ_URL at 127.0.0.1:9 does not answer: other servers answer"
        " its reads.",
        False,
    )
    monkeypatch.setattr(db_connections, "is_known_pooler", lambda _: True)
    assert any(refuses for _, refuses in of_standbys(pair.settings).values())


# Heartbeat and metrics
# --------------------------------------------------------------------------------


def test_one_of_several_workers_stores_the_time(two: Flask, pair: Pair) -> None:
    pair.beat(ago_s=1)
    with two.app_context(), db.engine.begin() as connection:
        beats = [connection.execute(heartbeat._BEAT).rowcount for _ in range(2)]  # noqa: SLF001
    assert beats == [1, 0]


def test_the_metrics_show_the_age_of_each_standby(
    two: Flask, pair: Pair, lane: ReadPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.beat(ago_s=7)
    name = f"{pair.standby.place.sockets}:5432"
    line = f'voyagent_db_replica_lag_seconds{{replica="{name}"}} '
    shown = two.test_client().get("/internal/metrics").text
    (lag,) = [one.removeprefix(line) for one in shown.splitlines() if one.startswith(line)]
    assert 7 <= float(lag) < 600
    away = ReadPool(
        pair.settings.model_copy(
            update={"db_read_url": "postgresql://u@127.0.0.1:9/d?target_session_attrs=standby"}
        )
    )
    try:
        assert away.standbys is not None
        assert list(away.standbys.lags()) == [("127.0.0.1:9", math.inf)]
    finally:
        away.close()
