"""Health probes, the JSON schema of amounts, and errors of a missing database.

A probe reveals only its status.
"""

from __future__ import annotations

from typing import Any

import redis
import structlog
from flask import Flask, current_app, request

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.config import Settings
from voyagent.kernel.db import accepts_writes
from voyagent.kernel.errors import N_, Unavailable
from voyagent.kernel.money import SCHEMA

PROBE_TIMEOUT_S = 0.25
log = structlog.get_logger(__name__)
_OPEN_WITHOUT_DATABASE = frozenset({"static", "api_system.health", "api_system_root.health"})


class DatabaseNotConfigured(Unavailable):
    """VOYAGENT_DB_URL is not set; only the health probe of the program works."""

    code = "database_not_configured"
    message = N_("This installation has no database yet.")


class DatabaseUnreachable(Unavailable):
    """The database does not respond."""

    code = "database_unreachable"


class DatabaseReadOnly(DatabaseUnreachable):
    """The database responds but accepts no writes, for example as a standby."""

    message = N_("The database is read-only at the moment. Try again in a few seconds.")


class RedisNotConfigured(Unavailable):
    """VOYAGENT_REDIS_URL is not set; everything works without Redis."""

    code = "redis_not_configured"


class RedisUnreachable(Unavailable):
    """Redis does not respond in time."""

    code = "redis_unreachable"


class Draining(Unavailable):
    """The process is about to stop and should get no new work."""

    code = "draining"
    message = N_("This server is about to stop. Send the request again.")


def health() -> dict[str, str]:
    """Return `ok` if the program is running."""
    return {"status": "ok"}


def health_db() -> dict[str, object]:
    """Return `ok` if the database responds and accepts writes."""
    if not accepts_writes():
        raise DatabaseReadOnly
    return {"status": "ok", "select_1": 1}


def health_redis() -> dict[str, object]:
    """Return `ok` if Redis is configured and responds."""
    _ping(_settings().redis_url)
    return {"status": "ok", "ping": True}


def ready() -> dict[str, object]:
    """Return `ok` if the process accepts work and the database accepts writes.

    A process that is about to stop responds with status 503.
    """
    if current_app.extensions["voyagent.draining"].is_set():
        raise Draining
    return health_db()


def money_schema() -> dict[str, Any]:
    """Return the JSON schema of an amount, which responses contain as decimal string."""
    return SCHEMA


def _blueprint(name: str, prefix: str) -> ApiBlueprint:
    api = ApiBlueprint(name, __name__, tag="System", guard=Guard.PUBLIC, prefix=prefix)
    api.get("/health", answer=_constant(status="ok"))(health)
    api.get(
        "/health/db",
        answer=_constant(status="ok", select_1=1),
        errors=(DatabaseNotConfigured, DatabaseUnreachable),
    )(health_db)
    api.get(
        "/health/redis",
        answer=_constant(status="ok", ping=True),
        errors=(RedisNotConfigured, RedisUnreachable),
    )(health_redis)
    api.get(
        "/ready",
        answer=_constant(status="ok", select_1=1),
        errors=(DatabaseNotConfigured, DatabaseUnreachable, DatabaseReadOnly, Draining),
    )(ready)
    api.get("/schemas/money", answer={"type": "object", "additionalProperties": True})(money_schema)
    return api


def _constant(**values: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(values),
        "properties": {name: {"const": value} for name, value in values.items()},
    }


system_api = _blueprint("system", "/api")
system_root = _blueprint("system_root", "")


def install(app: Flask, settings: Settings) -> None:
    """Answer 503 if no database is configured, except for `/health` and static files."""
    if settings.db_url is not None:
        return
    log.error(
        "database.not_configured", advice="set VOYAGENT_DB_URL; until then only /health answers"
    )

    @app.before_request
    def refuse() -> None:
        if request.endpoint not in _OPEN_WITHOUT_DATABASE:
            raise DatabaseNotConfigured


def _ping(url: str | None) -> None:
    if url is None:
        raise RedisNotConfigured
    try:
        with redis.Redis.from_url(
            url, socket_timeout=PROBE_TIMEOUT_S, socket_connect_timeout=PROBE_TIMEOUT_S
        ) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        log.warning("redis.unreachable", error=type(error).__name__)
        raise RedisUnreachable from None


def _settings() -> Settings:
    settings: Settings = current_app.extensions["voyagent.settings"]
    return settings
