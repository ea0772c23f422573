"""The outbox in tests: a recording driver, the two jobs by hand, and stored rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from voyagent.drivers.mail.driver import MailDriver
from voyagent.drivers.mail.recording import Recording
from voyagent.mail import tasks
from voyagent.mail.service import Outbox

LINK = "http://127.0.0.1:5000/verify-email?token=0123456789abcdef0123456789abcdef"


class Post:
    """The mail of an installation, controlled by a test."""

    def __init__(self, app: Flask, engine: sa.Engine) -> None:
        self._app = app
        self._engine = engine
        self.recording = Recording()

    @property
    def outbox(self) -> Outbox:
        """Return the outbox that rules use."""
        return self._app.extensions["voyagent.outbox"]

    def use(self, driver: MailDriver | None) -> None:
        """Use this driver for all later mails."""
        self._app.extensions["voyagent.outbox"] = dataclasses.replace(self.outbox, driver=driver)

    def leave(
        self,
        person: Person,
        kind: str = "recovery_codes_changed",
        *,
        locale: str = "en",
        **values: Any,
    ) -> UUID:
        """Queue a mail to a person in an act of her own."""
        with person.acting():
            mail_id = self.outbox.send(to=person.email, kind=kind, locale=locale, **values)
        assert mail_id is not None
        return mail_id

    def deliver(self, person: Person, mail_id: UUID | None) -> None:
        """Run the job of one mail here and now."""
        with self._app.app_context():
            tasks.deliver.run(tenant_id=str(person.actor.tenant_id), mail_id=str(mail_id))

    def see_to(self) -> None:
        """Run the job that retries waiting mail."""
        with self._app.app_context():
            tasks.see_to.run(timestamp=0)

    def row(self, mail_id: UUID | None) -> Any:
        """Return the stored mail, without row-level security; None if there is none."""
        with self._engine.connect() as connection:
            return (
                connection.execute(sa.text("select * from mails where id = :id"), {"id": mail_id})
                .mappings()
                .first()
            )

    def queued(self, mail_id: UUID | None) -> int:
        """Return the number of waiting jobs of a mail."""
        with self._engine.connect() as connection:
            statement = (
                "select count(*) from procrastinate_jobs where task_name = 'mail.deliver' and"
                " status = 'todo' and args->>'mail_id' = :id"
            )
            return int(connection.scalar(sa.text(statement), {"id": str(mail_id)}) or 0)


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """The installation's outbox, which writes files."""
    return app.extensions["voyagent.outbox"]


@pytest.fixture
def post(app: Flask, owner_engine: sa.Engine, outbox: Outbox) -> Iterator[Post]:
    """The installation's mail with a recording driver."""
    post = Post(app, owner_engine)
    post.use(post.recording)
    yield post
    app.extensions["voyagent.outbox"] = outbox
