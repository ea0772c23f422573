"""Delivery of mails: outside transactions, with retries for most of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
import time_machine

from tests.mail.conftest import LINK, Post
from tests.people import Person
from voyagent.drivers.mail.driver import MailNotSent, MailRefused
from voyagent.drivers.mail.recording import Recording
from voyagent.kernel.db import db
from voyagent.mail.service import DELAYS_S
from voyagent.privacy.service import retention

START = datetime(2031, 5, 1, 9, 0, tzinfo=UTC)
Clock = time_machine.Traveller


@pytest.fixture
def clock(alice: Person, charlie: Person) -> Iterator[Clock]:
    """A stopped clock that the test moves; users are created before it."""
    with time_machine.travel(START, tick=False) as travel:
        yield travel


def away() -> MailNotSent:
    return MailNotSent("ConnectionRefusedError")


def test_no_connection_is_held_while_a_mail_is_sent(alice: Person, post: Post) -> None:
    mail_id, held = post.leave(alice), []

    class Looking:
        def send(self, _message: EmailMessage) -> None:
            held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]

    post.use(Looking())
    post.deliver(alice, mail_id)
    assert held == [0]


def test_a_failed_mail_is_retried_after_a_delay(alice: Person, clock: Clock, post: Post) -> None:
    mail_id = post.leave(alice)
    jobs = post.queued(mail_id)
    post.recording.failures = [away()]
    post.deliver(alice, mail_id)
    failed = post.row(mail_id)
    assert (failed["attempts"], failed["last_error"], failed["sealed"] is None) == (
        1,
        "ConnectionRefusedError",
        False,
    )
    assert failed["due_at"] == START + timedelta(seconds=10)
    clock.shift(9)
    post.deliver(alice, mail_id)
    post.see_to()
    assert post.row(mail_id)["attempts"] == 1, "it is not due yet"
    assert post.queued(mail_id) == jobs
    clock.shift(1)
    post.see_to()
    post.see_to()
    assert post.queued(mail_id) == jobs + 1, "it is queued once, however often one looks"
    post.deliver(alice, mail_id)
    assert len(post.recording.sent) == 1
    assert post.row(mail_id)["last_error"] is None


def test_a_mail_is_retried_for_most_of_a_day_and_then_fails(
    alice: Person, clock: Clock, post: Post
) -> None:
    mail_id = post.leave(alice)
    waits = []
    for _ in range(len(DELAYS_S)):
        post.recording.failures = [away()]
        post.deliver(alice, mail_id)
        assert post.row(mail_id)["failed_at"] is None
        waits.append(post.row(mail_id)["due_at"] - datetime.now(UTC))
        clock.move_to(post.row(mail_id)["due_at"])
    assert waits[:5] == [
        timedelta(seconds=10),
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
    ]
    assert timedelta(hours=22) < sum(waits, timedelta()) < timedelta(hours=24)
    post.recording.failures = [away()]
    post.deliver(alice, mail_id)
    given_up = post.row(mail_id)
    assert (given_up["failed_at"], given_up["sealed"], given_up["sent_at"]) == (
        datetime.now(UTC),
        None,
        None,
    )
    assert (given_up["attempts"], given_up["last_error"]) == (
        len(DELAYS_S) + 1,
        "ConnectionRefusedError",
    )
    clock.shift(timedelta(hours=3))
    jobs = post.queued(mail_id)
    post.see_to()
    post.deliver(alice, mail_id)
    assert post.recording.sent == []
    assert post.queued(mail_id) == jobs


def test_a_permanently_refused_mail_is_not_retried(alice: Person, post: Post) -> None:
    mail_id = post.leave(alice)
    post.recording.failures = [MailRefused("SMTPRecipientsRefused")]
    post.deliver(alice, mail_id)
    refused = post.row(mail_id)
    assert refused["failed_at"] is not None
    assert (refused["sealed"], refused["last_error"], refused["attempts"]) == (
        None,
        "SMTPRecipientsRefused",
        1,
    )


def test_a_mail_is_sent_later_if_its_worker_is_killed(
    alice: Person, clock: Clock, post: Post
) -> None:
    class Dying(Recording):
        def send(self, message: EmailMessage) -> None:
            super().send(message)
            raise SystemExit

    mail_id = post.leave(alice)
    dying = Dying()
    post.use(dying)
    with pytest.raises(SystemExit):
        post.deliver(alice, mail_id)
    post.use(post.recording)
    jobs = post.queued(mail_id)
    clock.shift(10)
    post.see_to()
    assert post.queued(mail_id) == jobs + 1
    post.deliver(alice, mail_id)
    assert [message["Message-ID"] for message in post.recording.sent] == [
        dying.sent[0]["Message-ID"]
    ], "the second one is known as the same mail"


def test_a_mail_whose_job_was_lost_gets_a_new_one(
    alice: Person, clock: Clock, owner_engine: sa.Engine, post: Post
) -> None:
    mail_id = post.leave(alice)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from procrastinate_jobs where args->>'mail_id' = :id"),
            {"id": str(mail_id)},
        )
    clock.shift(timedelta(minutes=9))
    post.see_to()
    assert post.queued(mail_id) == 0, "a job may well have to wait behind others"
    clock.shift(timedelta(minutes=1))
    post.see_to()
    assert post.queued(mail_id) == 1


def test_attempts_without_a_mail_server_are_not_counted(
    alice: Person, clock: Clock, post: Post
) -> None:
    mail_id = post.leave(alice)
    post.use(None)
    for _ in range(3):
        post.deliver(alice, mail_id)
        post.see_to()
        clock.shift(timedelta(days=1))
    assert (post.row(mail_id)["attempts"], post.row(mail_id)["failed_at"]) == (0, None)
    post.use(post.recording)
    post.deliver(alice, mail_id)
    assert len(post.recording.sent) == 1


def test_a_mail_with_an_expired_link_is_not_sent_and_is_deleted(
    alice: Person, charlie: Person, clock: Clock, post: Post
) -> None:
    mail_id = post.leave(alice, "reset_password", link=LINK, minutes=60)
    others = post.leave(charlie)
    clock.shift(timedelta(minutes=60))
    post.deliver(alice, mail_id)
    assert post.recording.sent == []
    post.see_to()
    assert (post.row(mail_id)["sealed"], post.row(mail_id)["failed_at"]) == (
        None,
        START + timedelta(minutes=60),
    )
    assert post.row(others)["sealed"] is not None
    clock.shift(timedelta(days=7))
    post.see_to()
    assert post.row(others)["sealed"] is None, "older news serve nobody"


def test_a_mail_record_is_deleted_after_ninety_days(
    alice: Person, clock: Clock, post: Post
) -> None:
    mail_id = post.leave(alice)

    def see_to() -> None:
        post.see_to()
        with alice.acting():
            retention.apply(("mails",))

    clock.shift(timedelta(days=89))
    see_to()
    assert post.row(mail_id) is not None
    clock.shift(timedelta(days=1, seconds=1))
    see_to()
    assert post.row(mail_id) is None


def test_a_mail_that_cannot_be_decrypted_is_dropped(
    alice: Person, owner_engine: sa.Engine, post: Post
) -> None:
    mail_id = post.leave(alice)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update mails set sealed = '\\x01' where id = :id"), {"id": mail_id}
        )
    post.deliver(alice, mail_id)
    assert (post.row(mail_id)["last_error"], post.row(mail_id)["sealed"]) == ("SealBroken", None)
    assert post.recording.sent == []
