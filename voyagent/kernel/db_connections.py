"""Parameters of every connection to the database, by its purpose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from voyagent.kernel.config import Settings
from voyagent.kernel.db_address import connection_parameters

APP_ROLE = "voyagent_app"


class Purpose(StrEnum):
    """The purpose of a connection, and its `application_name` in `pg_stat_activity`."""

    WEB = "voyagent-web"
    WORKER = "voyagent-worker"
    COMMAND = "voyagent-command"
    READ = "voyagent-read"
    EXPORT = "voyagent-export"
    LISTEN = "voyagent-listen"
    MIGRATE = "voyagent-migrate"


@dataclass
class _Process:
    """The purpose of the sessions of this process."""

    purpose: Purpose = Purpose.WEB


_process = _Process()
_WITHOUT_ROLE = frozenset({Purpose.LISTEN, Purpose.MIGRATE})


def name_process(purpose: Purpose) -> None:
    """Set the purpose of the sessions of this process, before its first connection."""
    _process.purpose = purpose


def parameters_for(settings: Settings, purpose: Purpose | None = None) -> dict[str, Any]:
    """Return the parameters of `psycopg.connect` for a purpose; None is a session."""
    purpose = purpose or _process.purpose
    parameters: dict[str, Any] = connection_parameters(address_of(settings, purpose), purpose)
    if purpose in _WITHOUT_ROLE:
        return parameters
    own = session_settings(settings)
    if purpose is Purpose.READ:
        own["default_transaction_isolation"] = "repeatable read"
    return parameters | {"options": f"{parameters.get('options', '')} {as_options(own)}".strip()}


def address_of(settings: Settings, purpose: Purpose) -> str:
    """Return the address of the database for a purpose; empty if none is configured."""
    address = settings.migration_url if purpose is Purpose.MIGRATE else settings.db_url
    return address or ""


def session_settings(settings: Settings) -> dict[str, str]:
    """Return the settings of each session: unprivileged role, UTC, time limits in ms."""
    return {
        "role": APP_ROLE,
        "timezone": "UTC",
        "statement_timeout": str(settings.db_statement_timeout_ms),
        "lock_timeout": str(settings.db_statement_timeout_ms),
    }


def set_up(settings: Settings) -> tuple[str, list[str]]:
    """Return a statement with its values that gives any connection the settings of a session."""
    own = session_settings(settings)
    calls = ", ".join(["set_config(%s, %s, false)"] * len(own))
    return f"select {calls}", [part for pair in own.items() for part in pair]


def as_options(values: dict[str, str]) -> str:
    """Return settings as start options of a connection, such as `-c timezone=UTC`."""
    return " ".join(
        f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in values.items()
    )
