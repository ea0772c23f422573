"""Processes that tests start: their settings, and their end by process id."""

from __future__ import annotations

import os
import runpy
import subprocess
from pathlib import Path
from typing import Any
from unittest import mock

from voyagent.kernel.config import Settings

ROOT = Path(__file__).resolve().parent.parent


def worker_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a worker on the tests' database, with short timeouts."""
    optional = {
        "VOYAGENT_DB_READ_URL": settings.db_read_url,
        "VOYAGENT_DB_LISTEN_URL": settings.db_listen_url,
    }
    given = {name: address for name, address in optional.items() if address is not None}
    return (
        os.environ
        | given
        | {
            "PYTHONPATH": str(ROOT),
            "VOYAGENT_ENV": "test",
            "VOYAGENT_DB_URL": settings.db_url or "",
            "VOYAGENT_DB_ADMIN_URL": settings.db_admin_url or "",
            "VOYAGENT_AUTH_SECRET": settings.auth_secret.get_secret_value(),
            "VOYAGENT_DATA_DIR": str(settings.data_dir),
            "VOYAGENT_DRAIN_S": "0",
            "VOYAGENT_WORKER_HEARTBEAT_S": "0.2",
            "VOYAGENT_WORKER_STALLED_S": "1.0",
        }
    )


def gunicorn_settings(**variables: str) -> dict[str, Any]:
    """Return the names in gunicorn.conf.py, read with only these variables."""
    others = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("VOYAGENT_") and name != "PORT"
    }
    given = others | {"VOYAGENT_AUTH_SECRET": "s" * 40} | variables
    with mock.patch.dict(os.environ, given, clear=True):
        return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


def end(process: subprocess.Popen[bytes], *, within_s: float) -> None:
    """Ask the process to end, and kill it after the timeout."""
    process.terminate()
    try:
        process.wait(timeout=within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
