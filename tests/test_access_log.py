"""gunicorn's access log has no query of a mailed link."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

from gunicorn.config import Config
from gunicorn.glogging import Logger

from tests.processes import gunicorn_settings

TOKEN = "5ec4e7c0ffee5ec4e7c0ffee5ec4e7c0"


def test_the_access_log_has_the_path_without_query_and_referrer() -> None:
    configuration = Config()
    configuration.set("access_log_format", gunicorn_settings()["access_log_format"])
    log = Logger(configuration)
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": f"/reset-password?token={TOKEN}",
        "PATH_INFO": "/reset-password",
        "QUERY_STRING": f"token={TOKEN}",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_REFERER": f"http://127.0.0.1:5000/reset-password?token={TOKEN}",
    }
    request = SimpleNamespace(headers=[("REFERER", environ["HTTP_REFERER"])])
    response = SimpleNamespace(
        status="303 SEE OTHER", sent=7, headers=[("Location", "/reset-password")]
    )
    atoms = log.atoms_wrapper_class(
        log.atoms(response, request, environ, dt.timedelta(milliseconds=5))
    )
    line = configuration.access_log_format % atoms
    assert '"GET /reset-password HTTP/1.1" 303' in line
    assert TOKEN not in line
