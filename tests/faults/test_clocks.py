"""Computers with wrong clocks, beside a database whose clock is right.

All processes follow the clock of the database, so tokens, codes, links, requests for approval and
limits mean the same in each of them.
"""

from __future__ import annotations

import http.cookies
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from tests import mailbox
from tests.enquiries.wire import WHOLE
from tests.faults.conftest import Report, Rounds
from tests.faults.load import check_books
from tests.faults.test_resolves import DRAFT
from tests.faults.web import Answer, Web, wait, web_processes, worker_process
from tests.identity.authenticators import STEP_S, switch_on
from tests.people import PASSWORD, People, Person
from tests.processes import ROOT, worker_environment
from tests.redis_server import redis_server
from voyagent.approvals.service import proposing
from voyagent.kernel.config import Settings
from voyagent.kernel.database.start_checks import CLOCK_REFUSES_S, EXIT_CODE

APP = "tests.faults.wrong_clock"
MINUTES_S, DAY_S = 600.0, 86_400.0
AHEAD, BEHIND, WORKER = "ahead", "behind", "worker"
EXACT_S = 2.0  # a token has whole seconds, and a busy computer answers late
LEEWAY_S = 60.0
WRONG, NEW = "Harbour-lantern-43", "Lantern-harbour-44"
GUESSES = 10
MAY_BE_LATER = {"expires_at", "due_at", "hold_expires_at"}
"""Columns of times that may be later than now."""
DURATIONS = [
    ("audit_events", "completed_at", "started_at"),
    ("audit_events", "recorded_at", "started_at"),
    ("chat_turns", "finished_at", "started_at"),
    ("chat_turns", "started_at", "created_at - interval '50 ms'"),
]
"""Table, end and beginning. Two processes agree about the time within 50 ms."""


@dataclass
class Site:
    """Two web processes and a worker, each on a computer with a clock of its own."""

    webs: dict[str, Web]
    folder: Path
    engine: sa.Engine
    settings: Settings

    def set_clocks(self, **ahead_s: float) -> None:
        """Set clocks ahead by seconds, and wait until they are set."""
        for name, seconds in ahead_s.items():
            set_clock(self.folder / name, seconds)
        wait(
            lambda: all(
                abs(self.error_s(name) - ahead_s.get(name, self.error_s(name))) <= EXACT_S
                for name in self.webs
            ),
            lambda: str({name: self.error_s(name) for name in self.webs}),
        )

    def error_s(self, name: str) -> float:
        """Return the seconds by which the computer of a web process is ahead."""
        date = self.webs[name].answer("GET", "/health").headers["Date"]
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()

    def now(self) -> datetime:
        """Return the time of the database."""
        with self.engine.connect() as connection:
            now = connection.scalar(sa.text("select clock_timestamp()"))
        assert isinstance(now, datetime)
        return now

    def each(self, method: str, path: str, **options: Any) -> list[int]:
        """Send a request to each web process and return the status codes."""
        return [web.answer(method, path, **options).status for web in self.webs.values()]


def set_clock(folder: Path, ahead_s: float) -> None:
    """Write the file of `wrong_clock`, which never reads half of it."""
    folder.mkdir(exist_ok=True)
    new = folder / "clock.new"
    new.write_text(str(ahead_s))
    new.replace(folder / "clock")


@pytest.fixture(scope="module")
def site(
    settings: Settings, owners: sa.Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Processes that start with the right time and then get wrong clocks."""
    folder = tmp_path_factory.mktemp("clocks")
    with ExitStack() as held:
        redis = held.enter_context(redis_server(folder / "redis"))
        shared = {"VOYAGENT_REDIS_URL": redis.url}
        webs = {}
        for name in (AHEAD, BEHIND, WORKER):
            set_clock(folder / name, 0)
            own = shared | {"WRONG_CLOCK": str(folder / name / "clock")}
            if name == WORKER:
                held.enter_context(worker_process(settings, folder / name, app=APP, **own))
            else:
                webs[name] = held.enter_context(
                    web_processes(settings, folder / name, processes=1, app=f"{APP}:app", **own)
                )
        wait(lambda: has_worker(owners), (folder / WORKER / "worker.log").read_text)
        made = Site(webs, folder, owners, settings)
        made.set_clocks(ahead=MINUTES_S, behind=-MINUTES_S, worker=DAY_S)
        yield made


def has_worker(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        return bool(
            connection.scalar(
                sa.text(
                    "select count(*) from procrastinate_workers where last_heartbeat > now() -"
                    " interval '1 second'"
                )
            )
        )


def sign_in(web: Web, person: Person, password: str = PASSWORD, **code: str) -> Answer:
    path = "/api/auth/sign-in-totp" if code else "/api/auth/sign-in"
    return web.answer("POST", path, {"email": person.email, "password": password} | code)


def with_token(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("jump_s", [0.0, DAY_S, -DAY_S])
def test_an_access_token_begins_and_ends_by_the_time_of_the_database(
    site: Site, alice: Person, report: Report, jump_s: float
) -> None:
    site.set_clocks(ahead=MINUTES_S + jump_s)
    secret = alice.app.extensions["voyagent.identity"].keyring.present
    life = timedelta(seconds=site.settings.auth_access_ttl_seconds)
    for web in site.webs.values():
        before, answer, after = site.now(), sign_in(web, alice), site.now()
        assert answer.status == 200, answer.content
        token = answer.json["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        issued, ends = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
        assert before - timedelta(seconds=EXACT_S) <= issued <= after, "not in the future"
        assert ends - issued == life
        assert site.each("GET", "/api/auth/me", **with_token(token)) == [200, 200]
    ends_s = site.now().timestamp() + 2
    short = jwt.encode(claims | {"exp": int(ends_s)}, secret.secret, headers={"kid": secret.kid})
    assert site.each("GET", "/api/auth/me", **with_token(short)) == [200, 200]
    refused: dict[str, float] = {}
    while len(refused) < len(site.webs):
        for name, web in site.webs.items():
            is_refused = web.answer("GET", "/api/auth/me", **with_token(short)).status == 401
            if name not in refused and is_refused:
                refused[name] = site.now().timestamp() - int(ends_s)
        assert site.now().timestamp() - ends_s < LEEWAY_S, f"refused so far: {refused}"
    report(f"a token was refused {refused} s after its end")
    assert all(-EXACT_S <= late_s <= LEEWAY_S for late_s in refused.values())
    site.set_clocks(ahead=MINUTES_S)


def test_a_refreshed_and_a_signed_out_session_mean_the_same_everywhere(
    site: Site, alice: Person
) -> None:
    first, second = site.webs.values()
    for here, there in ((first, second), (second, first)):
        opened = sign_in(here, alice).json
        renewed = there.answer(
            "POST", "/api/auth/refresh", {"refresh_token": opened["refresh_token"]}
        )
        assert renewed.status == 200, renewed.content
        token = renewed.json["access_token"]
        assert site.each("GET", "/api/auth/me", **with_token(token)) == [200, 200]
        there.answer("POST", "/api/auth/sign-out", {}, **with_token(token))
        assert site.each("GET", "/api/auth/me", **with_token(token)) == [401, 401]
        with site.engine.connect() as connection:
            life = connection.scalar(
                sa.text(
                    "select expires_at - created_at from auth_sessions where user_id = :u"
                    " order by created_at desc limit 1"
                ),
                {"u": alice.actor.user_id},
            )
        assert isinstance(life, timedelta)
        ttl_s = site.settings.auth_refresh_ttl_seconds
        assert abs(life.total_seconds() - ttl_s) <= EXACT_S


def test_a_browser_stays_signed_in_across_processes(site: Site, alice: Person) -> None:
    first, second = site.webs.values()
    for here, there in ((first, second), (second, first)):
        page = here.answer("GET", "/sign-in")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.content.decode())
        assert found
        fields = {"email": alice.email, "password": PASSWORD, "csrf_token": found.group(1)}
        entered = there.form("/sign-in", fields, Cookie=cookie_of(page))
        assert entered.status == 303, entered.content
        cookie = cookie_of(entered)
        for web in (here, there):
            assert web.answer("GET", "/team", Cookie=cookie).status == 200


def cookie_of(answer: Answer) -> str:
    """Return the session cookie that a response sets, as a request sends it."""
    jar = http.cookies.SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie") or []))
    return f"voyagent_session={jar['voyagent_session'].value}"


def test_a_code_is_valid_for_one_step_around_the_right_time_and_once(
    site: Site, people: People, alice: Person, report: Report
) -> None:
    first, second = site.webs.values()
    refused = 0
    for here, there, steps_wrong in (
        (first, second, int(MINUTES_S) // STEP_S),
        (second, first, -int(MINUTES_S) // STEP_S),
    ):
        person = people.colleague(alice, "Tara Totp", role="agent")
        authenticator = switch_on(person)
        early_in_a_step()
        for web in (here, there):
            for steps in (steps_wrong, -3, 3):
                code = authenticator.code(steps)
                assert sign_in(web, person, totp_code=code).status == 401
                refused += 1
        present, following = authenticator.code(), authenticator.code(1)
        assert sign_in(here, person, totp_code=present).status == 200
        assert sign_in(there, person, totp_code=present).status == 401, "used"
        assert sign_in(there, person, totp_code=following).status == 200
        assert sign_in(here, person, totp_code=following).status == 401, "used"
        refused += 2
    report(f"{refused} codes of other steps or used ones refused, 4 accepted")


def early_in_a_step() -> None:
    """Wait until a step of the codes has just begun, if the present one ends soon."""
    left_s = STEP_S - time.time() % STEP_S
    if left_s < STEP_S / 2:
        time.sleep(left_s)


def test_a_mailed_link_ends_by_the_time_of_the_database(site: Site, people: People) -> None:
    ttl_s = site.settings.auth_password_reset_ttl_seconds
    first, second = site.webs.values()
    for here, there in ((first, second), (second, first)):
        person = people.sign_up("Lena Link", agency="Link Travels")
        asked = here.answer("POST", "/api/auth/request-password-reset", {"email": person.email})
        assert asked.status == 200, asked.content
        token = mailed(site, person)
        with site.engine.begin() as connection:
            of = {"u": person.actor.user_id}
            life = connection.scalar(
                sa.text(
                    "select expires_at - created_at from one_time_tokens where user_id = :u and"
                    " purpose = 'reset_password'"
                ),
                of,
            )
        assert isinstance(life, timedelta)
        assert abs(life.total_seconds() - ttl_s) <= EXACT_S
        reset = {"token": token, "new_password": NEW}
        assert there.answer("POST", "/api/auth/reset-password", reset).status == 200
        assert site.each("POST", "/api/auth/reset-password", body=reset) == [400, 400]
        assert sign_in(here, person, NEW).status == 200


def mailed(site: Site, person: Person) -> str:
    """Return the token of the link that the worker has mailed to a person."""
    folder = site.settings.data_dir / "mail"
    wait(
        lambda: bool(mailbox.received_in(folder, to=person.email, kind="reset_password")),
        lambda: (site.folder / WORKER / "worker.log").read_text()[-3000:],
    )
    return mailbox.received_in(folder, to=person.email, kind="reset_password")[-1].token


def test_a_request_for_approval_expires_by_the_time_of_the_database(
    site: Site, people: People, alice: Person, report: Report
) -> None:
    bob = people.colleague(alice, "Bob Colleague", role="agent")
    leila = people.colleague(alice, "Leila Lead", role="accounting_lead")
    outcomes = []
    for web in site.webs.values():
        for left_s, expected in ((30, 200), (0, 409)):
            approval_id = proposed(bob)
            with site.engine.begin() as connection:
                connection.execute(
                    sa.text(
                        "update approvals set expires_at = clock_timestamp() + make_interval(secs"
                        " => :left) where id = :id"
                    ),
                    {"left": left_s, "id": approval_id},
                )
            decided = web.answer(
                "POST", f"/api/approvals/{approval_id}/resolve", {"granted": False}, person=leila
            )
            assert decided.status == expected, decided.content
            outcomes.append(decided.status)
    report(f"decisions with half a minute left, and after the end, at both clocks: {outcomes}")


def proposed(person: Person) -> str:
    """Store a request for approval and return its id."""
    with person.acting() as actor:
        return proposing.propose(
            actor,
            session_id=None,
            turn_id=None,
            tool_call_id="c1",
            tool_name="draft_invoice",
            arguments=DRAFT,
            summary="Draft it",
        ).id


def test_a_repeat_at_another_clock_gets_the_stored_response(site: Site, alice: Person) -> None:
    first, second = site.webs.values()
    for number, (here, there) in enumerate(((first, second), (second, first))):
        key = {"Idempotency-Key": f"clock-{number}"}
        made = here.answer("POST", "/api/enquiries", WHOLE, person=alice, **key)
        again = there.answer("POST", "/api/enquiries", WHOLE, person=alice, **key)
        assert (made.status, again.status) == (201, 201)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json == made.json
    assert first.answer("GET", "/api/enquiries", person=alice).json["total"] == 2


def test_guesses_at_all_clocks_are_counted_together(
    site: Site, alice: Person, report: Report
) -> None:
    webs = list(site.webs.values())
    checked = [sign_in(webs[number % 2], alice, WRONG).status for number in range(GUESSES + 6)]
    waits = [int(sign_in(web, alice, WRONG).headers["Retry-After"]) for web in webs]
    report(f"{checked.count(401)} guesses checked, then {waits} s to wait")
    assert checked == [401] * GUESSES + [429] * 6
    assert all(0 < wait_s <= 60 for wait_s in waits)


def test_a_worker_runs_periodic_jobs_by_the_time_of_the_database(
    site: Site, rounds: Rounds, report: Report
) -> None:
    """It runs neither the jobs of a whole day at once, nor none for a day."""
    statement = sa.text(
        "select count(*) filter (where at between :since and now()), count(*) filter (where at >"
        " now()) from (select to_timestamp(defer_timestamp) as at from"
        " procrastinate_periodic_defers) d"
    )
    for ahead_s in (2 * DAY_S, -DAY_S, DAY_S):
        since = site.now()
        site.set_clocks(worker=ahead_s)
        time.sleep(max(5, rounds(60)))
        with site.engine.connect() as connection:
            due, later = connection.execute(statement, {"since": since}).one()
        report(f"clock of the worker {ahead_s:+.0f} s: {due} jobs deferred, {later} too early")
        assert later == 0
        assert due > 0


def test_no_row_is_dated_before_or_after_the_work(
    site: Site, people: People, rounds: Rounds, report: Report
) -> None:
    """Rows of both web processes and of the worker, whose clock is a day ahead."""
    person = people.sign_up("Dora Dated", agency="Dated Travels")
    began = site.now()
    for _ in range(rounds(20)):
        for web in site.webs.values():
            assert web.answer("POST", "/api/enquiries", WHOLE, person=person).status == 201
            assert sign_in(web, person).status == 200
            web.turn(person)
    ended = site.now()
    dated = times_of(site.engine, person)
    wrong = {
        column: times
        for column, times in dated.items()
        if min(times) < began - timedelta(minutes=1) or max(times) > ended
    }
    assert wrong == {}
    report(f"{sum(map(len, dated.values()))} times in {len(dated)} columns, none outside the test")
    with site.engine.connect() as connection:
        for table, end, start in DURATIONS:
            statement = f"select count(*) from {table} where tenant_id = :t and {end} < {start}"
            values = {"t": person.actor.tenant_id}
            assert connection.scalar(sa.text(statement), values) == 0, statement
    check_books(person.app)


def times_of(engine: sa.Engine, person: Person) -> dict[str, list[datetime]]:
    """Return the times in an agency's rows by column, without those of the future."""
    found = {}
    with engine.connect() as connection:
        columns = connection.execute(
            sa.text(
                "select c.table_name, c.column_name from information_schema.columns c join"
                " information_schema.columns t using (table_schema, table_name) where"
                " c.table_schema = 'public' and t.column_name = 'tenant_id' and c.data_type ="
                " 'timestamp with time zone' and c.column_name like '%\\_at' order by 1, 2"
            )
        ).all()
        for table, column in columns:
            statement = (
                f"select {column} from {table} where tenant_id = :t and {column} is not null"
            )
            times = connection.scalars(sa.text(statement), {"t": person.actor.tenant_id}).all()
            if times and column not in MAY_BE_LATER:
                found[f"{table}.{column}"] = list(times)
    return found


@pytest.mark.parametrize(("ahead_s", "starts"), [(50, True), (-50, True), (90, False)])
def test_a_start_with_a_wrong_clock_is_refused_above_a_minute(
    settings: Settings, site: Site, alice: Person, tmp_path: Path, ahead_s: int, starts: bool
) -> None:
    assert starts == (abs(ahead_s) < CLOCK_REFUSES_S)
    set_clock(tmp_path, ahead_s)
    wrong = {"WRONG_CLOCK": str(tmp_path / "clock")}
    if not starts:
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", APP, "worker"],
            cwd=ROOT,
            env=worker_environment(settings) | wrong,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == EXIT_CODE
        assert "The clock of the database differs by -90 s" in done.stderr
        return
    with web_processes(settings, tmp_path, processes=1, app=f"{APP}:app", **wrong) as web:
        token = sign_in(web, alice).json["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        assert abs(claims["iat"] - site.now().timestamp()) <= EXACT_S
        assert "clock.differs" in web.log.read_text()
