"""A worker that is killed with SIGKILL and replaced, as often as a test needs.

Run as a program: `python -m tests.assistant.dying_worker FOLDER`; settings come from the
environment. The file `plan` in the folder says where the present process kills itself: `before 2`
or `after 4` is around the event of that number. The file is then removed. The file `pid` has the
process id. With the plan `slow` the process sends its text slowly, so that a test can kill it.

With `--prepared` after the folder, the examples that messages of an administrator are compared with
are read once and not by each worker, which takes a second or two.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import event

from voyagent import catalogue
from voyagent.assistant.queries import interpretation
from voyagent.assistant.service import loop
from voyagent.capabilities import registry
from voyagent.chat.queries import sessions
from voyagent.chat.service import turns
from voyagent.factory import create_app
from voyagent.kernel import jobs
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.config import load_settings
from voyagent.kernel.db import db

PLAN, PID = Path(sys.argv[1]) / "plan", Path(sys.argv[1]) / "pid"


def die(*_: object) -> None:
    """SIGKILL."""
    PLAN.unlink()
    os.kill(os.getpid(), signal.SIGKILL)


def work(app: Flask) -> None:
    """Run jobs until the worker is stopped, or until the event of the plan."""
    emit = turns.append_event

    def watched(turn: sessions.Turn, kind: str, **fields: Any) -> int:
        seq = emit(turn, kind, **fields)
        plan = PLAN.read_text() if PLAN.exists() else ""
        loop.PACE_S = 0.05 if plan == "slow" else 0.0
        if plan == f"before {seq}":
            die()
        if plan == f"after {seq}":
            event.listen(db.session(), "after_commit", die)
        return seq

    loop.turns.append_event = watched
    jobs.run_worker(app, app.extensions["voyagent.settings"])


def main() -> None:
    """Start the worker, and another one each time it is killed."""
    stopped: list[int] = []

    def stop(*_: object) -> None:
        stopped.append(1)
        os.kill(int(PID.read_text()), signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    if "--prepared" in sys.argv:
        registry.install(catalogue.CAPABILITIES)
        administrator = Actor(uuid4(), None, "agency_admin", Channel.ASSISTANT)
        interpretation._engine(tuple(interpretation.usable_by(administrator)))  # noqa: SLF001 - it is cached
    app = create_app(load_settings())  # once, because it connects to nothing
    while not stopped:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            work(app)
            os._exit(0)
        PID.write_text(str(child))
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
