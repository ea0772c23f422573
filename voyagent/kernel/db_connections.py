"""Parameters of every connection to the database, by the connection's purpose.

The role, the time limits and the isolation level are start options of a connection. With a
connection pooler, which refuses start options, the database stores these settings for the login.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg

from voyagent.kernel.config import Settings
from voyagent.kernel.db_address import connection_parameters, single_hosts

APP_ROLE = "voyagent_app"
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000


class Purpose(StrEnum):
    """The purpose of a connection.

    `pg_stat_activity` shows it as `application_name`, followed by the release of the process.
    """

    WEB = "voyagent-web"
    WORKER = "voyagent-worker"
    COMMAND = "voyagent-command"
    READ = "voyagent-read"
    STANDBY = "voyagent-standby"
    EXPORT = "voyagent-export"
    LISTEN = "voyagent-listen"
    MIGRATE = "voyagent-migrate"
    BACKUP = "voyagent-backup"


@dataclass
class _Process:
    """The purpose of the database sessions of this process, such as web or worker."""

    purpose: Purpose = Purpose.WEB


_process = _Process()
_pooled: dict[str, bool] = {}
_WITHOUT_ROLE = frozenset({Purpose.LISTEN, Purpose.MIGRATE, Purpose.BACKUP})


def name_process(purpose: Purpose) -> None:
    """Set the purpose of this process's database sessions.

    Call this function before the process connects to the database.
    """
    _process.purpose = purpose


def purpose_of_process() -> Purpose:
    """Return the purpose of this process's database sessions, such as web or worker."""
    return _process.purpose


def parameters_for(settings: Settings, purpose: Purpose | None = None) -> dict[str, Any]:
    """Return the parameters of `psycopg.connect` for a purpose.

    Without `purpose`, the parameters are for a database session of this process. The first call in
    a process may connect to the database. Raises psycopg.OperationalError if the database is
    unreachable.
    """
    purpose = purpose or _process.purpose
    parameters = plain_parameters(settings, purpose)
    if purpose in _WITHOUT_ROLE or is_pooled(settings, purpose):
        return parameters
    options = as_options(session_settings(settings, purpose))
    return parameters | {"options": f"{parameters.get('options', '')} {options}".strip()}


def plain_parameters(settings: Settings, purpose: Purpose) -> dict[str, Any]:
    """Return the parameters of a connection that does not apply `session_settings`."""
    # The login for reads may be read-only by its settings, also on a server that accepts writes.
    server = "primary" if purpose in (Purpose.READ, Purpose.BACKUP) else "read-write"
    name = f"{purpose} {release_of(settings)}"
    parameters = connection_parameters(address_of(settings, purpose), name, server=server)
    if purpose is Purpose.READ and settings.has_read_login:
        # A standby learns late that a session has ended.
        return {"target_session_attrs": "primary"} | parameters
    return parameters


def parameters_of_standbys(settings: Settings) -> dict[str, dict[str, str]]:
    """Return the parameters of a connection to each server that may be a standby.

    The keys are `host:port`. There must be no pooler before a standby.
    """
    options = as_options(session_settings(settings, Purpose.STANDBY))
    return {
        name: plain | {"options": f"{plain.get('options', '')} {options}".strip()}
        for name, plain in plain_parameters_of_standbys(settings).items()
    }


def plain_parameters_of_standbys(settings: Settings) -> dict[str, dict[str, str]]:
    """Return `parameters_of_standbys` for connections without `session_settings`."""
    return {
        name: own | {"application_name": f"{Purpose.STANDBY} {release_of(settings)}"}
        for name, own in single_hosts(settings.db_read_url or "").items()
    }


def release_of(settings: Settings) -> str:
    """Return the release of this process, such as `0.1.0+1a2b3c4d5e6f`."""
    commit = "" if settings.git_sha == "unknown" else f"+{settings.git_sha[:12]}"
    return f"{settings.version[:24]}{commit}"


def address_of(settings: Settings, purpose: Purpose) -> str:
    """Return the address of the database for a purpose; empty if none is configured."""
    special = {
        Purpose.MIGRATE: settings.db_admin_url,
        Purpose.READ: settings.db_read_url if settings.has_read_login else None,
        Purpose.LISTEN: settings.db_listen_url,
        Purpose.BACKUP: settings.db_backup_url or settings.db_admin_url,
    }
    return special.get(purpose) or settings.db_url or ""


def is_pooled(settings: Settings, purpose: Purpose | None = None) -> bool:
    """Return True if the database address of a purpose leads to a connection pooler.

    The first check of an address in a process connects to the database. Raises
    psycopg.OperationalError if the database is unreachable.
    """
    purpose = purpose or _process.purpose
    address = address_of(settings, purpose)
    if address not in _pooled:
        with psycopg.connect(**plain_parameters(settings, purpose), autocommit=True) as connection:
            note_pooler(address, connection)
    return _pooled[address]


def note_pooler(address: str, connection: psycopg.Connection[Any]) -> bool:
    """Return True if an open connection leads to a pooler.

    The result is stored for `address`, for later calls of `is_pooled`.
    """
    row = connection.execute("select pg_backend_pid()").fetchone()
    _pooled[address] = row is None or row[0] != connection.info.backend_pid
    return _pooled[address]


def is_known_pooler(address: str) -> bool:
    """Return True if `note_pooler` has found a pooler at an address."""
    return _pooled.get(address, False)


def is_notified(settings: Settings) -> bool:
    """Return True if a process can listen for notifications; otherwise it must poll.

    A connection pooler does not pass notifications on. Raises psycopg.OperationalError if the
    database is unreachable.
    """
    return settings.db_listen_url is not None or not is_pooled(settings)


def session_settings(settings: Settings, purpose: Purpose = Purpose.WEB) -> dict[str, str]:
    """Return the settings of a session, such as its role and time limits in ms."""
    limit = str(settings.db_statement_timeout_ms)
    own = {
        "role": APP_ROLE,
        "timezone": "UTC",
        "statement_timeout": limit,
        "lock_timeout": limit,
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
        # The start of parallel workers takes longer than most statements.
        "max_parallel_workers_per_gather": "0",
    }
    if purpose in (Purpose.READ, Purpose.STANDBY):
        own["default_transaction_isolation"] = "repeatable read"
    return own


def set_up(settings: Settings, purpose: Purpose) -> tuple[str, list[str]]:
    """Return the SQL that applies `session_settings` to a session, and its parameters."""
    own = session_settings(settings, purpose)
    calls = ", ".join(["set_config(%s, %s, false)"] * len(own))
    return f"select {calls}", [part for pair in own.items() for part in pair]


def as_options(values: dict[str, str]) -> str:
    """Return settings as start options of a connection, such as `-c timezone=UTC`."""
    return " ".join(
        f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in values.items()
    )
