"""gunicorn's logs have the form of the program's log, and no query of a link."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog
from gunicorn.config import Config

from tests.processes import gunicorn_settings
from voyagent.http.server_log import ServerLog
from voyagent.kernel import logs
from voyagent.kernel.config import Settings

TOKEN = "5ec4e7c0ffee5ec4e7c0ffee5ec4e7c0"


@pytest.fixture
def log(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[ServerLog, Path]]:
    """gunicorn's logger as `gunicorn.conf.py` has it, and the file of both logs."""
    monkeypatch.setattr(logs, "take_over", lambda: None)
    monkeypatch.delenv("VOYAGENT_LOG_JSON", raising=False)
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", "x" * 40)
    file = tmp_path / "log"
    configuration = Config()
    configuration.set("logger_class", gunicorn_settings()["logger_class"])
    assert configuration.logger_class is ServerLog
    configuration.set("accesslog", str(file))
    configuration.set("errorlog", str(file))
    server_log = ServerLog(configuration)
    yield server_log, file
    for one in (server_log.error_log, server_log.access_log):
        for handler in list(one.handlers):
            one.removeHandler(handler)
            handler.close()
    logs.configure(as_json=settings.log_json)


def test_the_access_log_has_the_ids_of_the_request_and_no_query(
    log: tuple[ServerLog, Path],
) -> None:
    server_log, file = log
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": f"/reset-password?token={TOKEN}",
        "PATH_INFO": "/reset-password",
        "QUERY_STRING": f"token={TOKEN}",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_REFERER": f"http://127.0.0.1:5000/reset-password?token={TOKEN}",
    }
    response = SimpleNamespace(status="303 SEE OTHER", sent=7)
    with structlog.contextvars.bound_contextvars(request_id="r-1", route="/reset-password"):
        server_log.access(response, None, environ, dt.timedelta(milliseconds=5))
    line = json.loads(file.read_text())
    assert (
        line.items()
        >= {
            "event": "access",
            "address": "127.0.0.1",
            "method": "GET",
            "status": 303,
            "bytes": 7,
            "ms": 5.0,
            "request_id": "r-1",
            "route": "/reset-password",
        }.items()
    )
    assert TOKEN not in file.read_text()


def test_an_error_of_gunicorn_is_one_json_line_without_the_query(
    log: tuple[ServerLog, Path],
) -> None:
    server_log, file = log
    try:
        {}[TOKEN]
    except KeyError:
        server_log.exception("Error handling request %s", f"/reset-password?token={TOKEN}")
    line = json.loads(file.read_text())
    assert (line["event"], line["level"], line["error"]) == (
        "Error handling request /reset-password",
        "error",
        "KeyError",
    )
    assert line["logger"] == "gunicorn.error"
    assert TOKEN not in file.read_text()


def test_there_is_no_access_log_by_default(log: tuple[ServerLog, Path]) -> None:
    server_log, file = log
    server_log.setup(Config())
    server_log.access(SimpleNamespace(status="200 OK"), None, {}, dt.timedelta())
    assert file.read_text() == ""
