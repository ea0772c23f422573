"""Fixtures of a database for one file of tests, without other agencies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import connections_of_owner, fresh_database
from voyagent.factory import create_app
from voyagent.kernel.config import Settings


@pytest.fixture(scope="module")
def settings(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of the file's own database."""
    with fresh_database(server_urls, tmp_path_factory.mktemp("alone")) as made:
        yield made


@pytest.fixture(scope="module")
def app(settings: Settings) -> Flask:
    """The application over the file's database."""
    return create_app(settings)


@pytest.fixture(scope="module")
def owners(settings: Settings) -> Iterator[sa.Engine]:
    """Connections as the owner of the file's database."""
    with connections_of_owner(settings) as engine:
        yield engine
