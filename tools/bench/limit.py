"""Upper limit for a request: an application that only sends the request's SQL.

The application runs under the same gunicorn as Voyagent and returns the rows as JSON. It reads the
token, and its first statement is `app.authenticate`. For the first request of a path, Voyagent in
the same process handles the request, and its statements are recorded. Later requests of the path
only send these statements again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from types import SimpleNamespace
from typing import Any, cast

from flask import Flask
from flask.ctx import AppContext
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool
from pydantic_core import to_json

from tools.bench.bare import Sent, sent_by
from tools.bench.ground import Installation
from tools.bench.load import Call
from voyagent.factory import create_app
from voyagent.http.guards import AuthAdapter
from voyagent.kernel.config import load_settings
from voyagent.kernel.db_connections import parameters_for

Start = Callable[[str, list[tuple[str, str]]], object]


@dataclass(slots=True)
class Limit:
    """The WSGI application that sends recorded statements.

    `product` is the application of Voyagent. gunicorn.conf.py expects the attributes
    `extensions` and `app_context` of a Flask application.
    """

    product: Flask
    pool: ConnectionPool
    plans: dict[str, Sent] = field(default_factory=dict)
    learning: Lock = field(default_factory=Lock)

    @property
    def extensions(self) -> dict[str, Any]:
        """Return the Flask extensions of Voyagent."""
        return self.product.extensions

    def app_context(self) -> AppContext:
        """Return a Flask application context of Voyagent."""
        return self.product.app_context()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Send the recorded statements of the requested path; return the rows as JSON."""
        path = environ["PATH_INFO"] + (
            f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        )
        if path == "/health/db":
            return self._answer(start, b"{}")
        bearer = environ["HTTP_AUTHORIZATION"]
        cast("AuthAdapter", self.extensions["voyagent.auth_adapter"]).authenticate(
            bearer.removeprefix("Bearer ")
        )
        sent = self.plans.get(path) or self._learn(path, bearer)
        with self.pool.connection() as connection:
            with connection.pipeline():
                cursors = [
                    connection.cursor(row_factory=dict_row).execute(query, values)
                    for query, values in sent
                ]
            rows = [
                cursor.fetchall() for cursor in cursors if cursor.description is not None
            ]  # the rows have arrived only when the pipeline has ended
        return self._answer(start, to_json(rows))

    def _learn(self, path: str, bearer: str) -> Sent:
        here, call = (
            cast("Installation", SimpleNamespace(app=self.product)),
            Call("GET", path, {"Authorization": bearer}),
        )
        with self.learning:  # `sent_by` records every statement of the process
            if path not in self.plans:
                self.plans[path] = sent_by(here, call)
            return self.plans[path]

    def _answer(self, start: Start, body: bytes) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


def serve() -> Limit:
    """Return the application for gunicorn.

    Its pool has as many connections as Voyagent has for reads.
    """
    settings = load_settings()
    pool = ConnectionPool(
        min_size=1,
        max_size=settings.db_lane_pool_size,
        open=True,
        kwargs=parameters_for(settings) | {"autocommit": True},
    )
    return Limit(create_app(settings), pool)
