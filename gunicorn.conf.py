"""How gunicorn serves Voyagent: `gunicorn wsgi:app` reads this by itself, and app.py reads it too."""

import os
import signal
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT', '5000')}"

# A stream of the assistant holds a thread for as long as it lasts, so there are more threads than the streams one process admits (200).
worker_class = "gthread"
threads = 256

# Streams end by themselves when told to stop; five seconds are for requests under way.
graceful_timeout = 5

# The program answers what is too long itself, as JSON or a page; gunicorn's own answer would be neither.
limit_request_line = 0
limit_request_field_size = 16380

# What a header says about the client is not gunicorn's to believe: it passes headers on and believes none.
forwarded_allow_ips = ""

# It would make a folder in the home of whoever starts the program.
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """When the web process is told to stop, its streams are told first: they wait for events, and would wait the grace out."""
    stop: Any = signal.getsignal(signal.SIGTERM)

    def tell_streams(number: int, frame: object) -> None:
        worker.wsgi.extensions["voyagent.doorbell"].close()
        stop(number, frame)

    signal.signal(signal.SIGTERM, tell_streams)
