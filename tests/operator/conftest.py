"""The application with an operator's token, and a browser of an operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from tests.alone import app, owners, settings  # noqa: F401 - pages list all agencies
from tests.people import Person, csrf_token
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db

TOKEN = "operators-token-" + "0" * 32
SIGN_IN = "/operator/sign-in"
MakeJob = Callable[..., int]


@pytest.fixture(scope="module")
def site(settings: Settings) -> Iterator[Flask]:  # noqa: F811 - the fixture
    """The application over the file's database, with an operator's token."""
    made = create_app(settings.model_copy(update={"operator_token": SecretStr(TOKEN)}))
    yield made
    made.extensions["voyagent.auth_adapter"].lane.close()
    with made.app_context():
        db.engine.dispose()


def send(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form with its CSRF token."""
    return client.post(path, data={"csrf_token": csrf_token(client), **fields})


@pytest.fixture
def operator(site: Flask) -> FlaskClient:
    """A browser that is signed in with the token."""
    client = site.test_client()
    assert send(client, SIGN_IN, token=TOKEN).status_code == 303
    return client


@pytest.fixture
def failed_job(owner_engine: sa.Engine) -> Iterator[MakeJob]:
    """Create a job that failed for good, and return its id; the jobs go with the test."""

    def make(person: Person | None = None, task: str = "test.fails") -> int:
        arguments = f'{{"tenant_id": "{person.actor.tenant_id}"}}' if person else "{}"
        with owner_engine.begin() as connection:
            job_id = connection.scalar(
                sa.text(
                    "insert into procrastinate_jobs (queue_name, task_name, args, status, attempts)"
                    " values ('default', :task, cast(:arguments as jsonb), 'doing', 9)"
                    " returning id"
                ),
                {"task": task, "arguments": arguments},
            )
            connection.execute(
                sa.text("update procrastinate_jobs set status = 'failed' where id = :id"),
                {"id": job_id},
            )
        assert isinstance(job_id, int)
        return job_id

    yield make
    with owner_engine.begin() as connection:
        connection.execute(sa.text("delete from procrastinate_jobs where task_name like 'test.%'"))


def events(engine: sa.Engine, person: Person, kind: str = "%") -> int:
    """Return the number of events of a person's agency."""
    statement = "select count(*) from audit_events where tenant_id = :t and kind like :k"
    with engine.connect() as connection:
        values = {"t": person.actor.tenant_id, "k": kind}
        return int(connection.scalar(sa.text(statement), values) or 0)
