"""Settings of gunicorn, read by `gunicorn wsgi:app` and by app.py."""

import math
import os
import sys
from pathlib import Path
from typing import Any

_host = os.environ.get("VOYAGENT_BIND") or "127.0.0.1"
_port = os.environ.get("VOYAGENT_PORT") or os.environ.get("PORT") or "5000"
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"

# There are more threads than all that may wait at the same time (docs/limits.md): 200 streams of
# the assistant, 128 slow readers, and the callers that wait for connections, files and passwords.
# So some threads are always free. A request that is not complete holds none.
worker_class = "voyagent.http.buffering.BufferingWorker"
threads = 768
worker_connections = 2000

# Longer than proxies keep a connection open (60 seconds is usual), so that the proxy closes it.
keepalive = 75

# The program itself refuses too long requests, as JSON or a page. Gunicorn would answer with
# neither.
limit_request_line = 0
limit_request_field_size = 16380

# After SIGTERM the drain, then ten seconds for requests under way.
try:
    graceful_timeout = 10 + math.ceil(float(os.environ.get("VOYAGENT_DRAIN_S") or 3))
except (ValueError, OverflowError):  # the program refuses the value with a sentence
    graceful_timeout = 10

# Gunicorn passes headers about the client on and trusts none; the program checks them.
forwarded_allow_ips = ""

# There is no access log by default. If it is switched on, it has the path without the query,
# because the query of a mailed link contains a token.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s %(L)s'

# The control socket would create a folder in the home directory of the user.
control_socket_disable = True


_here = str(Path(__file__).resolve().parent)
if _here not in sys.path:  # where gunicorn finds the worker and the program
    sys.path.insert(0, _here)


def on_starting(_server: Any) -> None:
    """Set the folder in which all web processes store metrics, and delete old files."""
    metrics = _metrics()
    if metrics.share(_metrics_dir()):
        metrics.clear(_metrics_dir())


def child_exit(_server: Any, worker: Any) -> None:
    """Remove the gauges of an ended web process; its counters stay in the totals."""
    metrics = _metrics()
    metrics.leave(_metrics_dir(), worker.pid)


def post_worker_init(worker: Any) -> None:
    """Prepare a new web process: check the database, and adjust to its clock.

    From then on, the program takes the time from the clock of the database. The function also sets
    the limits of an HTTP request, such as the seconds in which it must arrive. At a stop, the
    process accepts requests for some more seconds (the drain). The event streams are closed after
    the drain, because otherwise they would stay open until gunicorn ends the process by force.
    """
    from voyagent.http.buffering import Limits  # noqa: PLC0415
    from voyagent.http.start import check_web_process, follow_clock, limit_heaps  # noqa: PLC0415 - the program is loaded now

    limit_heaps()
    check_web_process(worker.wsgi)
    follow_clock(worker.wsgi)
    parts = worker.wsgi.extensions
    worker.use(
        Limits.of(parts["voyagent.settings"]),
        on_drain=parts["voyagent.draining"].set,
        on_stop=parts["voyagent.listener"].close,
    )


def _metrics_dir() -> Path:
    """Return VOYAGENT_METRICS_DIR, or the folder `metrics` in the data folder."""
    return Path(
        os.environ.get("VOYAGENT_METRICS_DIR")
        or Path(os.environ.get("VOYAGENT_DATA_DIR") or "var") / "metrics"
    )


def _metrics() -> Any:
    """Return the program's metrics module."""
    from voyagent.kernel import metrics  # noqa: PLC0415

    return metrics
