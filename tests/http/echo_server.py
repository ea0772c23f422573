"""A WSGI program that describes its request, and its settings for gunicorn.

It is served by the worker of the product and, to compare, by gunicorn's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from voyagent.http.buffering import Limits

THREADS = 4
LARGE_BYTES, BUFFERED_BYTES = 30_000_000, 900_000
SIZES = {"/large": LARGE_BYTES, "/buffered": BUFFERED_BYTES}
worker_class = os.environ.get("ECHO_WORKER")
threads = THREADS
worker_connections = 400
keepalive = 3
graceful_timeout = 10
limit_request_line = 0
limit_request_field_size = 16380
forwarded_allow_ips = ""
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Set short limits, so that a test need not wait."""
    if not hasattr(worker, "use"):
        return
    values = json.loads(os.environ["ECHO_LIMITS"])
    worker.use(
        Limits(**values),
        on_drain=lambda: worker.log.info("drain begins"),
        on_stop=lambda: worker.log.info("streams end"),
    )


def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Return the request as JSON; the path chooses another behaviour."""
    path = environ["PATH_INFO"]
    if path in SIZES:
        start("200 OK", [("Content-Length", str(SIZES[path])), ("X-Path", path)])
        return [b"x" * SIZES[path]]
    if path == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    body = b"" if path == "/unread" else environ["wsgi.input"].read()
    described = json.dumps(
        {
            "method": environ["REQUEST_METHOD"],
            "path": path,
            "bytes": len(body),
            "digest": hashlib.sha256(body).hexdigest(),
        }
    ).encode()
    start("200 OK", [("Content-Length", str(len(described))), ("X-Path", path)])
    return [described]
