"""A database with the demo agency, filled once for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import fresh_database
from voyagent.demo.service.agency import fill
from voyagent.factory import create_app
from voyagent.kernel.config import Settings


@pytest.fixture(scope="module")
def demo_settings(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of a second new, migrated database."""
    with fresh_database(server_urls, tmp_path_factory.mktemp("demo")) as made:
        yield made


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
