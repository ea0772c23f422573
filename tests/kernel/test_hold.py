"""During a hold no job with an effect outside runs, and no outbound call is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.mail.conftest import Post
from tests.people import Person
from voyagent.audit.service import checks
from voyagent.kernel import clock, jobs
from voyagent.kernel.config import Settings
from voyagent.kernel.database.start_checks import check_start
from voyagent.kernel.hold import OnHold
from voyagent.kernel.jobs import all_tasks, outward_tasks
from voyagent.kernel.outbound import OutboundCall, known

NOT_OUTWARD = {
    "audit.check",
    "audit.nightly",
    "approvals.housekeeping",
    "billing.keep_paper",
    "chat.housekeeping",
    "chat.wipe",
    "http.purge_idempotency_keys",
    "identity.mail_audit_statements",
    "identity.mail_reset",
    "mail.see_to",
    "privacy.delete_failed_jobs",
    "privacy.mask",
    "privacy.retention",
    "privacy.seal",
    "reports.make_file",
    "reports.sweep",
    "trips.seal_anew",
    "trips.sweep_offers",
}
"""Tasks whose jobs run during a hold. The periodic ones among them may do nothing then."""


@pytest.fixture
def hold(owner_engine: sa.Engine) -> Iterator[Callable[[], None]]:
    """Put the installation on hold; the returned function ends the hold."""

    def change(assignment: str) -> None:
        with owner_engine.begin() as connection:
            connection.execute(sa.text(f"update installation set {assignment}"))

    change("hold = 'restored', held_since = now()")
    yield lambda: change("hold = null, held_since = null")
    change("hold = null, held_since = null")


@pytest.fixture
def post(app: Flask, owner_engine: sa.Engine) -> Iterator[Post]:
    post = Post(app, owner_engine)
    before = post.outbox
    post.use(post.recording)
    yield post
    app.extensions["voyagent.outbox"] = before


def test_a_mail_waits_for_the_end_of_the_hold_and_is_sent_once(
    alice: Person, post: Post, hold: Callable[[], None], drain: Callable[[], None]
) -> None:
    mail_id = post.leave(alice)
    drain()
    assert post.recording.sent == []
    assert (post.row(mail_id)["sent_at"], post.row(mail_id)["attempts"]) == (None, 0)
    hold()
    drain()
    drain()
    assert [message["To"] for message in post.recording.sent] == [alice.email]


def test_a_job_without_an_outside_effect_runs_during_a_hold(
    alice: Person,
    post: Post,
    owner_engine: sa.Engine,
    hold: Callable[[], None],
    drain: Callable[[], None],
) -> None:
    post.leave(alice)
    check_id = alice.does(checks.ask)
    drain()
    with owner_engine.connect() as connection:
        found = sa.text("select ok from audit_checks where id = :id")
        assert connection.scalar(found, {"id": check_id}) is True
    assert post.recording.sent == []


def test_a_periodic_task_with_an_outside_effect_does_nothing_during_a_hold(
    app: Flask,
    settings: Settings,
    alice: Person,
    post: Post,
    owner_engine: sa.Engine,
    hold: Callable[[], None],
) -> None:
    mail_id = post.leave(alice)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update mails set queued_at = null, due_at = now() where id = :id"),
            {"id": mail_id},
        )
    see_to = jobs.worker_app(app, settings, repeats=False).tasks["mail.see_to"].func
    see_to(timestamp=0)
    assert post.row(mail_id)["queued_at"] is None
    hold()
    see_to(timestamp=0)
    assert post.row(mail_id)["queued_at"] is not None


def test_no_outbound_call_is_made_during_a_hold(app: Flask, hold: Callable[[], None]) -> None:
    asked: list[str] = []
    call = OutboundCall(str, lambda: asked.append("asked"), refused=lambda error: error.code)
    with app.app_context():
        with pytest.raises(OnHold):
            call.go()
        assert known(7).done() == 7
        assert asked == []
        hold()
        call.go()
        assert asked == ["asked"]


def test_people_can_work_during_a_hold(alice: Person, hold: Callable[[], None]) -> None:
    assert alice.api.post("/enquiries", json={"customer_name": "Deepa"}).status_code == 201
    answer = alice.api.post(
        "/capabilities/search_hotels",
        json={
            "country": "AE",
            "city": "Dubai",
            "check_in": f"{clock.now() + timedelta(days=30):%Y-%m-%d}",
            "check_out": f"{clock.now() + timedelta(days=32):%Y-%m-%d}",
            "guests": 2,
        },
    )
    assert (answer.status_code, answer.json["detail"]) == (503, "installation_on_hold")


def test_the_hold_costs_a_request_no_statement(
    alice: Person, statements: list[str], hold: Callable[[], None]
) -> None:
    alice.api.post("/enquiries", json={"customer_name": "Deepa"})
    assert statements
    assert [one for one in statements if "installation" in one] == []


def test_each_start_warns_of_the_hold(settings: Settings, hold: Callable[[], None]) -> None:
    (found,) = [one for one in check_start(settings) if one.name == "not on hold"]
    assert found.sentence.startswith("The installation was restored and is on hold since 20")
    assert not found.refuses
    hold()
    (found,) = [one for one in check_start(settings) if one.name == "not on hold"]
    assert found.sentence == ""


def test_the_application_cannot_end_a_hold(app_engine: sa.Engine, hold: Callable[[], None]) -> None:
    for statement in ("update installation set hold = null", "delete from installation"):
        with (
            app_engine.begin() as connection,
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        ):
            connection.execute(sa.text(statement))


def test_each_task_is_on_one_of_the_lists(app: Flask) -> None:
    assert set(outward_tasks()) == {
        "approvals.run_effect",
        "assistant.run_turn",
        "audit.check_agencies",
        "mail.deliver",
    }
    of_program = {one.name for one in all_tasks() if not one.name.startswith("tests.")}
    assert of_program - set(outward_tasks()) == NOT_OUTWARD
    quiet = {one.name for one in all_tasks() if one.is_outward and one.every}
    assert quiet == {
        "approvals.housekeeping",
        "audit.nightly",
        "identity.mail_audit_statements",
        "mail.see_to",
    }
