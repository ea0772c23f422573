"""Shared fixtures of the tests of pages and API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from tests.http.owned import Owner, owner_of
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db

Variant = Callable[..., Flask]


@pytest.fixture(scope="module")
def owned(app: Flask) -> Owner:
    """Return the agency with the records of a path; no test may change them."""
    return owner_of(app)


@pytest.fixture
def variant(settings: Settings) -> Iterator[Variant]:
    """Build the application over the same database with other settings or routes."""
    made: list[Flask] = []

    def make(routes: dict[str, Callable[..., Any]] | None = None, **changes: Any) -> Flask:
        app = create_app(settings.model_copy(update=changes))
        for path, view in (routes or {}).items():
            app.add_url_rule(path, endpoint=f"test{path}", view_func=view, methods=["GET"])
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["voyagent.auth_adapter"].lane.close()
        with app.app_context():
            db.engine.dispose()
