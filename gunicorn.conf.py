"""Settings of gunicorn, read by `gunicorn wsgi:app` and by app.py."""

import math
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

if find_spec("voyagent") is None:  # gunicorn itself adds this folder later
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from voyagent.kernel import metrics, otlp
from voyagent.kernel.config import load_settings
from voyagent.kernel.database.start_checks import configured_or_exit

with configured_or_exit():
    _settings = load_settings()
    otlp.check()

bind = _settings.listen_address

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
graceful_timeout = 10 + math.ceil(_settings.drain_s)

# Gunicorn passes headers about the client on and trusts none; the program checks them.
forwarded_allow_ips = ""

logger_class = "voyagent.http.server_log.ServerLog"

# The control socket would create a folder in the home directory of the user.
control_socket_disable = True


def on_starting(_server: Any) -> None:
    """Set the folder in which the web processes of this server store metrics."""
    metrics.share(_settings.metrics_place, "web")


def child_exit(_server: Any, worker: Any) -> None:
    """Remove the gauges of an ended web process; its counters stay in the totals."""
    metrics.leave(worker.pid)


def post_worker_init(worker: Any) -> None:
    """Prepare a new web process: check the database, and adjust to its clock.

    From then on, the program takes the time from the clock of the database, and sends traces and
    metrics if the operator wants them. The function also sets the limits of an HTTP request, such
    as the seconds in which it must arrive. At a stop, the process accepts requests for some more
    seconds (the drain). The event streams are closed after the drain, because otherwise they would
    stay open until gunicorn ends the process by force.
    """
    from voyagent.http.buffering import Limits  # noqa: PLC0415
    from voyagent.http.metrics import start_sending  # noqa: PLC0415
    from voyagent.http.start import check_web_process, follow_clock, limit_heaps  # noqa: PLC0415 - the program is loaded now
    from voyagent.http.tracing import start_tracing  # noqa: PLC0415

    limit_heaps()
    check_web_process(worker.wsgi)
    follow_clock(worker.wsgi)
    start_tracing(worker.wsgi)
    start_sending(worker.wsgi, with_figures=False)
    parts = worker.wsgi.extensions
    parts["voyagent.sampler"].add(worker.sample)
    parts["voyagent.sampler"].start()
    worker.use(
        Limits.of(parts["voyagent.settings"]),
        on_drain=parts["voyagent.draining"].set,
        on_stop=parts["voyagent.listener"].close,
    )
