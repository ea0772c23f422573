"""A database with the demo agency, filled once for all tests."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from voyagent import cli
from voyagent.demo.service.agency import fill
from voyagent.factory import create_app
from voyagent.kernel.config import Settings


@pytest.fixture(scope="module")
def demo_settings(settings: Settings) -> Iterator[Settings]:
    """Settings of a second new, migrated database."""
    admin_url, app_url = (
        sa.make_url(settings.db_admin_url or ""),
        sa.make_url(settings.db_url or ""),
    )
    name = f"demo_{secrets.token_hex(6)}"
    owner = sa.create_engine(admin_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    made = settings.model_copy(
        update={
            "db_url": app_url.set(database=name).render_as_string(hide_password=False),
            "db_admin_url": admin_url.set(database=name).render_as_string(hide_password=False),
        }
    )
    cli.migrate(create_app(made))
    yield made
    with owner.connect() as connection:
        connection.execute(sa.text(f"drop database if exists {name} with (force)"))
    owner.dispose()


@pytest.fixture(scope="module")
def demo_app(demo_settings: Settings) -> Flask:
    """The application over the demo database."""
    return create_app(demo_settings)


@pytest.fixture(scope="module")
def fill_output(demo_app: Flask) -> list[str]:
    """The output of the first fill."""
    with demo_app.app_context():
        return fill(demo_app.extensions["voyagent.identity"])


@pytest.fixture
def owner(demo_settings: Settings) -> Iterator[sa.Connection]:
    """The demo database as its owner, without row-level security."""
    engine = sa.create_engine(
        sa.make_url(demo_settings.db_admin_url or ""), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        yield connection
    engine.dispose()
