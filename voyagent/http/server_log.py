"""Log of gunicorn in the form of the program's own log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from voyagent.kernel import logs
from voyagent.kernel.config import load_settings


class ServerLog(Logger):
    """Logger of gunicorn's master and web processes.

    The access log is off by default. Its lines have the address of the client, the method, the
    status, the bytes and the time of a response, and the ids of the request. They do not have the
    path, because anybody can write anything into it.
    """

    def setup(self, cfg: Any) -> None:
        """Open the logs that gunicorn's options name, and set the form of their lines."""
        super().setup(cfg)
        as_json = load_settings().log_json
        logs.configure(as_json=as_json)
        logs.take_over()
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(logs.formatter(as_json=as_json))

    def access(
        self, resp: Any, _req: Any, environ: dict[str, Any], request_time: timedelta
    ) -> None:
        """Log a response, if the access log is on."""
        if not self.access_log_enabled:
            return
        values = (
            environ.get("REMOTE_ADDR"),
            environ.get("REQUEST_METHOD"),
            int(str(resp.status).split()[0]),
            getattr(resp, "sent", None),
            round(request_time / timedelta(milliseconds=1), 1),
        )
        self.access_log.info("access", extra=dict(zip(logs.ACCESS_FIELDS, values, strict=True)))
