"""Figures of the operator's pages, and acts on failed jobs and waiting mails."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.mail.conftest import Post
from tests.operator.conftest import MakeJob, events, send
from tests.people import People, Person
from tests.reports.books import invoice
from voyagent.identity.service import agencies
from voyagent.kernel import clock
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction
from voyagent.kernel.db_connections import Purpose, parameters_for
from voyagent.kernel.last_runs import note_run
from voyagent.operator import queries

JOB = sa.text("select status::text, attempts from procrastinate_jobs where id = :id")


@pytest.fixture
def post(site: Flask, owner_engine: sa.Engine) -> Iterator[Post]:
    """The mail of the installation with a driver that records."""
    post = Post(site, owner_engine)
    before = post.outbox
    post.use(post.recording)
    yield post
    site.extensions["voyagent.outbox"] = before


@pytest.fixture
def owner_says(owner_engine: sa.Engine) -> Callable[..., None]:
    """Run a statement as the owner of the schema."""

    def run(statement: str, **values: object) -> None:
        with owner_engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    return run


def job(engine: sa.Engine, job_id: int) -> tuple[str, int] | None:
    with engine.connect() as connection:
        row = connection.execute(JOB, {"id": job_id}).one_or_none()
        return None if row is None else (row.status, row.attempts)


def row_of(text: str, name: str) -> list[str]:
    """Return the texts of the cells of a table's row."""
    (row,) = [row for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL) if name in row]
    cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]


def test_the_overview_shows_releases_queues_mails_and_runs(
    site: Flask, operator: FlaskClient, alice: Person, post: Post
) -> None:
    post.leave(alice)
    with site.app_context():
        note_run("backup")
        note_run("books", findings=3)
    text = operator.get("/operator").text
    assert row_of(text, ">mail.deliver<")[2:] == ["1", "0", "0"]
    assert row_of(text, str(alice.actor.tenant_id))[1] == "1"
    assert row_of(text, "Books")[2] == "3"
    assert "The last check of the books has findings: 3." in text
    assert "There is no backup of the last 26 hours." not in text
    assert "No worker runs." in text


def test_an_agency_is_shown_with_its_size(
    operator: FlaskClient, alice: Person, bob: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    invoice(alice, "Deepa Krishnan", "45000", due=clock.today("UTC"), issued=clock.today("UTC"))
    path = f"/operator/agencies/{alice.actor.tenant_id}"
    text = operator.get(path).text
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", text))
    assert (figures["People"], figures["Invoices"]) == ("2", "1")
    assert int(figures["Audit events"]) == events(owner_engine, alice)
    assert operator.get(f"/operator/agencies/{bob.actor.user_id}").status_code == 404
    of_charlie = operator.get(f"/operator/agencies/{charlie.actor.tenant_id}").text
    assert dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", of_charlie))["Invoices"] == "0"


@pytest.mark.parametrize("bound", [True, False])
def test_sizes_of_agencies_leave_the_agency_of_the_transaction(
    site: Flask, alice: Person, charlie: Person, bound: bool
) -> None:
    own = alice.actor.tenant_id if bound else None
    with site.app_context(), transaction(own):
        asked = {"ids": [charlie.actor.tenant_id]}
        sizes = db.session.execute(sa.text("select people from app.agency_sizes(:ids)"), asked)
        assert sizes.scalar_one() == 1
        now = db.session.scalar(sa.text("select current_setting('app.tenant', true)"))
        assert now == str(own) if bound else now in ("", None)
        seen = db.session.scalars(sa.text("select distinct tenant_id from users")).all()
        assert seen == ([own] if bound else [])


def test_answers_of_models_count_since_yesterday(
    operator: FlaskClient, alice: Person, owner_says: Callable[..., None]
) -> None:
    for days, answers in ((0, 5), (1, 7), (2, 100)):
        owner_says(
            "insert into model_daily_usage (tenant_id, day, answers, tokens, cost_usd) values (:t,"
            " current_date - cast(:d as integer), :a, 0, 0)",
            t=alice.actor.tenant_id,
            d=days,
            a=answers,
        )
    text = operator.get(f"/operator/agencies/{alice.actor.tenant_id}").text
    assert "<dt>Model answers since yesterday</dt><dd>12</dd>" in text


def test_no_page_has_a_text_of_a_customer(
    operator: FlaskClient, alice: Person, post: Post, failed_job: MakeJob
) -> None:
    invoice(alice, "Deepa Krishnan", "45000", due=clock.today("UTC"), issued=clock.today("UTC"))
    alice.api.post("/enquiries", json={"customer_name": "Harbinder Gill", "notes": "window seat"})
    post.leave(alice)
    failed_job(alice)
    for path in ("", "/agencies", "/jobs", f"/agencies/{alice.actor.tenant_id}"):
        body = operator.get(f"/operator{path}").get_data(as_text=True)
        for secret in ("Deepa", "Krishnan", "Harbinder", "window seat", alice.email, "Owner"):
            assert secret not in body, (path, secret)


def test_suspended_agencies_and_requested_deletions_are_marked(
    site: Flask, operator: FlaskClient, alice: Person, charlie: Person
) -> None:
    with site.app_context(), transaction(alice.actor.tenant_id):
        agencies.suspend_agency(alice.actor.tenant_id)
    with site.app_context(), transaction(charlie.actor.tenant_id):
        agencies.ask_for_deletion(charlie.actor.tenant_id)
    assert "Suspended" in operator.get(f"/operator/agencies/{alice.actor.tenant_id}").text
    text = operator.get(f"/operator/agencies/{charlie.actor.tenant_id}").text
    assert "Deletion requested" in text
    assert "Suspended" not in text


def test_the_list_of_agencies_leads_to_every_agency_and_back(
    site: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        people.sign_up(f"Person{number} Last", agency=f"Agency {number}")
    monkeypatch.setattr(queries, "PAGE_ROWS", 3)
    with site.app_context(), transaction():
        shown = queries.read_agencies(before=None, after=None)
        assert shown.before is None
        ids = [one.id for one in shown.items]
        pages = [ids]
        while shown.after is not None:
            shown = queries.read_agencies(before=None, after=shown.after)
            pages.append([one.id for one in shown.items])
        everything = [one for page in pages for one in page]
        assert everything == sorted(set(everything))
        assert len(everything) >= 5
        back = []
        while shown.before is not None:
            shown = queries.read_agencies(before=shown.before, after=None)
            assert shown.after is not None
            back = [one.id for one in shown.items] + back
        assert back == everything[: len(back)] == everything[: -len(pages[-1])]


def test_failed_jobs_are_listed_with_their_agency_newest_first(
    site: Flask,
    operator: FlaskClient,
    alice: Person,
    failed_job: MakeJob,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    older, newer = failed_job(), failed_job(alice, "test.later")
    text = operator.get("/operator/jobs").text
    assert text.index("test.later") < text.index(f'<td class="v-num">{older}</td>')
    assert row_of(text, "test.later")[:4] == [str(newer), "test.later", "Alice Travels", "9"]
    monkeypatch.setattr(queries, "PAGE_ROWS", 1)
    with site.app_context(), transaction():
        page = queries.read_failed_jobs(None)
        assert [one.id for one in page.items] == [newer]
        assert [one.id for one in queries.read_failed_jobs(page.before).items] == [older]


@pytest.mark.parametrize("given", ["nonsense", "-1", "9" * 40, "%C2%B2", "\u0663" * 19])
def test_a_place_in_a_list_that_is_none_shows_the_first_page(
    operator: FlaskClient, failed_job: MakeJob, given: str
) -> None:
    job_id = failed_job()
    text = operator.get(f"/operator/jobs?before={given}").text
    assert f'<td class="v-num">{job_id}</td>' in text
    for name in ("before", "after"):
        assert operator.get(f"/operator/agencies?{name}={given}").status_code == 200


def test_processes_are_shown_with_their_release_also_of_an_earlier_one(
    operator: FlaskClient, settings: Settings
) -> None:
    with (
        psycopg.connect(**parameters_for(settings, Purpose.WEB)),
        psycopg.connect(**parameters_for(settings) | {"application_name": "voyagent-worker"}),
    ):
        text = operator.get("/operator").text
    shown = [
        row_of(row, "<td")
        for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL)[1:]
        if ">Worker<" in row or ">Web server<" in row
    ]
    assert ["Worker", "?", "1"] in shown
    assert [kind for kind, release, _number in shown if release == "0.1.0"][:1] == ["Web server"]
    assert "Processes of different releases run: 0.1.0, ?." in text


def test_a_job_is_run_again_once(
    operator: FlaskClient, alice: Person, failed_job: MakeJob, owner_engine: sa.Engine
) -> None:
    job_id = failed_job(alice)
    for _ in range(2):
        answer = send(operator, f"/operator/jobs/{job_id}/retry")
        assert answer.headers["Location"] == "/operator/jobs"
    assert job(owner_engine, job_id) == ("todo", 10)
    assert events(owner_engine, alice, "job.retried") == 1
    assert "no longer among the failed ones" in operator.get("/operator/jobs").text


def test_a_second_click_waits_for_the_first_and_does_nothing(
    site: Flask, operator: FlaskClient, alice: Person, failed_job: MakeJob, owner_engine: sa.Engine
) -> None:
    job_id = failed_job(alice)
    cookie = operator.get_cookie("voyagent_operator", path="/operator")
    assert cookie is not None

    def click() -> int:
        client = site.test_client()
        client.set_cookie("voyagent_operator", cookie.value, path="/operator")
        return send(client, f"/operator/jobs/{job_id}/retry").status_code

    with ThreadPoolExecutor(1) as thread:
        with owner_engine.begin() as first:
            first.execute(
                sa.text("update procrastinate_jobs set status = 'todo' where id = :id"),
                {"id": job_id},
            )
            second = thread.submit(click)
            wait_until_somebody_waits(owner_engine)
        assert second.result() == 303
    assert job(owner_engine, job_id) == ("todo", 9)
    assert events(owner_engine, alice, "job.retried") == 0


def test_a_job_is_discarded_after_a_question(
    operator: FlaskClient, alice: Person, failed_job: MakeJob, owner_engine: sa.Engine
) -> None:
    job_id, own = failed_job(alice), failed_job()
    path = f"/operator/jobs/{job_id}/discard"
    assert f"Discard job {job_id}, test.fails?" in operator.get(path).text
    assert job(owner_engine, job_id) == ("failed", 9)
    for _ in range(2):
        assert send(operator, path).status_code == 303
    assert send(operator, f"/operator/jobs/{own}/discard").status_code == 303
    assert (job(owner_engine, job_id), job(owner_engine, own)) == (None, None)
    assert events(owner_engine, alice, "job.discarded") == 1
    assert operator.get(path).status_code == 404


def test_a_job_that_has_not_failed_is_neither_run_again_nor_discarded(
    operator: FlaskClient, alice: Person, failed_job: MakeJob, owner_engine: sa.Engine
) -> None:
    job_id = failed_job(alice)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update procrastinate_jobs set status = 'doing' where id = :id"),
            {"id": job_id},
        )
    for act in ("retry", "discard"):
        send(operator, f"/operator/jobs/{job_id}/{act}")
    assert job(owner_engine, job_id) == ("doing", 9)


def test_no_work_is_started_for_a_suspended_agency(
    site: Flask, operator: FlaskClient, alice: Person, failed_job: MakeJob, owner_engine: sa.Engine
) -> None:
    job_id = failed_job(alice)
    with site.app_context(), transaction(alice.actor.tenant_id):
        agencies.suspend_agency(alice.actor.tenant_id)
    assert send(operator, f"/operator/jobs/{job_id}/retry").status_code == 409
    mails = f"/operator/agencies/{alice.actor.tenant_id}/mails"
    assert send(operator, mails).status_code == 409
    assert job(owner_engine, job_id) == ("failed", 9)


def test_delayed_mails_are_sent_again_once(
    operator: FlaskClient, alice: Person, charlie: Person, post: Post, owner_engine: sa.Engine
) -> None:
    mine, other = post.leave(alice), post.leave(charlie)
    path = f"/operator/agencies/{alice.actor.tenant_id}/mails"
    assert "No mail waits for another attempt." in told(operator, path)
    assert post.queued(mine) == 1
    delay(owner_engine, mine, other)
    assert "1 mail is sent again." in told(operator, path)
    assert "No mail waits for another attempt." in told(operator, path)
    assert (post.queued(mine), post.queued(other)) == (2, 1)
    assert post.row(mine)["due_at"] <= clock.now()
    assert post.row(other)["due_at"] > clock.now()
    assert events(owner_engine, alice, "mail.tried_again") == 1
    post.deliver(alice, mine)
    post.deliver(alice, mine)
    assert len(post.recording.sent) == 1
    assert "No mail waits for another attempt." in told(operator, path)


def test_mails_are_shown_without_recipient_and_given_up_ones_apart(
    operator: FlaskClient, alice: Person, post: Post, owner_says: Callable[..., None]
) -> None:
    mine = post.leave(alice)
    path = f"/operator/agencies/{alice.actor.tenant_id}"
    assert "Send now" in operator.get(path).text
    owner_says(
        "update mails set failed_at = now(), sealed = null, last_error = 'MailRefused' where id ="
        " :id",
        id=mine,
    )
    text = operator.get(path).text
    assert "Send now" not in text
    assert row_of(text, "MailRefused")[:1] == ["recovery_codes_changed"]
    assert row_of(operator.get("/operator").text, str(alice.actor.tenant_id))[1:] == [
        "0",
        "–",
        "1",
    ]
    owner_says("update mails set failed_at = now() - interval '25 hours' where id = :id", id=mine)
    assert str(alice.actor.tenant_id) not in operator.get("/operator").text


def told(operator: FlaskClient, path: str) -> str:
    """Send a form and return the page that it leads to."""
    return operator.get(send(operator, path).headers["Location"]).text


def delay(engine: sa.Engine, *mails: object) -> None:
    """Let mails wait for another attempt."""
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "update mails set due_at = now() + interval '2 hours', queued_at = null, attempts ="
                " 1 where id = any(:ids)"
            ),
            {"ids": list(mails)},
        )


def wait_until_somebody_waits(engine: sa.Engine) -> None:
    """Wait until a transaction of the database waits for a lock of another one."""
    statement = sa.text(
        "select count(*) from pg_stat_activity where datname = current_database() and"
        " wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + 30
    with engine.connect() as connection:
        while not connection.scalar(statement) and time.monotonic() < deadline:
            connection.rollback()
            time.sleep(0.02)
