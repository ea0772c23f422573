"""Settings of gunicorn, read by `gunicorn wsgi:app` and by app.py."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT', '5000')}"

# A stream of the assistant holds a thread for as long as it lasts, so there are more threads than
# the streams one process admits (200).
worker_class = "gthread"
threads = 256

# Streams end by themselves when told to stop; five seconds are for requests under way.
graceful_timeout = 5

# The program itself refuses too long requests, as JSON or a page. Gunicorn would answer with
# neither.
limit_request_line = 0
limit_request_field_size = 16380

# Gunicorn passes headers about the client on and trusts none; the program checks them.
forwarded_allow_ips = ""

# There is no access log by default. If it is switched on, it has the path without the query,
# because the query of a mailed link contains a token.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s %(L)s'

# The control socket would create a folder in the home directory of the user.
control_socket_disable = True


def on_starting(_server: Any) -> None:
    """Share one folder of metrics, without those of an earlier run."""
    metrics = _metrics()
    if metrics.share(_metrics_dir()):
        metrics.clear(_metrics_dir())


def child_exit(_server: Any, worker: Any) -> None:
    """Remove the gauges of an ended web process; its counters stay."""
    metrics = _metrics()
    metrics.leave(_metrics_dir(), worker.pid)


def post_worker_init(worker: Any) -> None:
    """Check the database, and stop the streams first when the web process stops.

    Streams would wait until the end of the grace period. Clients that read nothing are
    disconnected, which is not logged.
    """
    from voyagent.http.start import check_web_process  # noqa: PLC0415 - the program is loaded now

    check_web_process(worker.wsgi)
    worker.log.error_log.addFilter(
        lambda record: not (record.exc_info and isinstance(record.exc_info[1], TimeoutError))
    )
    stop: Any = signal.getsignal(signal.SIGTERM)

    def tell_streams(number: int, frame: object) -> None:
        worker.wsgi.extensions["voyagent.listener"].close()
        stop(number, frame)

    signal.signal(signal.SIGTERM, tell_streams)


def _metrics_dir() -> Path:
    """Return the folder of metrics as the program's settings have it."""
    return Path(
        os.environ.get("VOYAGENT_METRICS_DIR")
        or Path(os.environ.get("VOYAGENT_DATA_DIR") or "var") / "metrics"
    )


def _metrics() -> Any:
    """Return the program's metrics module, found beside this file."""
    here = str(Path(__file__).resolve().parent)
    if here not in sys.path:
        sys.path.insert(0, here)
    from voyagent.kernel import (  # noqa: PLC0415
        metrics,
    )

    return metrics
