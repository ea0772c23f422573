"""No content of a mail is logged."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
import structlog
from flask import Flask

from tests.mail.conftest import Post
from tests.people import Person
from tests.worker import work_off
from voyagent.drivers.mail.driver import MailNotSent
from voyagent.drivers.mail.smtp import Smtp
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db

TOKEN = "5ec4e7c0ffee5ec4e7c0ffee5ec4e7c0"
LINK = f"http://127.0.0.1:5000/reset-password?token={TOKEN}"


@pytest.fixture
def lines(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """Record every log line of all levels, including SQL with its parameters."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    before, configuration = root.level, structlog.get_config()
    with app.app_context():
        engine = db.engine
    engine.hide_parameters = False
    noisy = [logging.getLogger(name) for name in ("procrastinate", "sqlalchemy.engine", "asyncio")]
    levels = [logger.level for logger in noisy]
    root.addHandler(handler)
    for logger in (root, *noisy):
        logger.setLevel(logging.DEBUG)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=repr),
        ],
        logger_factory=structlog.PrintLoggerFactory(written),
        cache_logger_on_first_use=False,
    )
    for name, module in list(sys.modules.items()):
        if name.startswith("voyagent.") and hasattr(module, "log"):
            monkeypatch.setattr(
                module, "log", structlog.get_logger(name)
            )  # those that there are have chosen where they write
    yield written.getvalue
    engine.hide_parameters = True
    structlog.configure(**configuration)
    root.removeHandler(handler)
    root.setLevel(before)
    for logger, level in zip(noisy, levels, strict=True):
        logger.setLevel(level)


class Blabbing:
    """A driver whose error message contains the whole mail."""

    def send(self, message: EmailMessage) -> None:
        """Fail."""
        raise RuntimeError(message.as_string())


def secrets_of(person: Person) -> tuple[str, ...]:
    return TOKEN, "/reset-password", person.email


def test_no_secret_of_a_sent_mail_is_logged(
    app: Flask, settings: Settings, alice: Person, post: Post, lines: Callable[[], str]
) -> None:
    mail_id = post.leave(alice, "reset_password", link=LINK, minutes=60)
    work_off(app, settings)
    assert TOKEN in post.recording.sent[-1].as_string()
    log = lines()
    assert str(mail_id) in log, "the log was really read"
    assert "insert into mails" in log.lower(), "statements were really read"
    assert str(alice.actor.tenant_id) in log, "and what they were given"
    assert "mail.sent" in log
    assert [secret for secret in secrets_of(alice) if secret in log] == []


@pytest.mark.parametrize("failing", ["not_sent", "blabbing", "no_server"])
def test_no_secret_of_a_failed_mail_is_logged(
    app: Flask,
    settings: Settings,
    alice: Person,
    post: Post,
    lines: Callable[[], str],
    failing: str,
) -> None:
    if failing == "not_sent":
        post.recording.failures = [MailNotSent("SMTPServerDisconnected")]
    elif failing == "blabbing":
        post.use(Blabbing())
    else:
        post.use(Smtp("127.0.0.1", 9, "none", user="postmaster", password=TOKEN))
    mail_id = post.leave(alice, "reset_password", link=LINK, minutes=60)
    work_off(app, settings)
    log = lines()
    assert "mail.not_sent" in log
    assert post.row(mail_id)["last_error"] in log
    assert [secret for secret in secrets_of(alice) if secret in log] == []


def test_printed_objects_show_no_secret(alice: Person, post: Post) -> None:
    assert TOKEN not in repr(Smtp("127.0.0.1", 25, "none", user="postmaster", password=TOKEN))
    with alice.acting(), pytest.raises(ValueError, match="not on this site") as refused:
        post.outbox.send(
            to=alice.email,
            kind="reset_password",
            locale="en",
            link=f"https://evil.example/?token={TOKEN}",
            minutes=60,
        )
    assert TOKEN not in str(refused.value)
