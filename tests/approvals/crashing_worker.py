"""Worker processes that kill themselves with SIGKILL once, around an effect.

Run as a program: `python -m tests.approvals.crashing_worker`; the settings come from the
environment. Each line of its input is the point at which a worker kills itself and the path of the
marker file that says that it has. For each line it starts a worker and prints its process id, and
prints its exit code when it has ended.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event

from tests.approvals import probes
from voyagent.approvals.service import effects, execution
from voyagent.factory import create_app
from voyagent.kernel import jobs
from voyagent.kernel.actor import Actor
from voyagent.kernel.config import load_settings
from voyagent.kernel.db import db


def work(app: Flask, point: str, marker: Path) -> None:
    """Run jobs until the worker is stopped or first reaches the point."""

    def die_here(reached: str) -> None:
        if reached == point and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def deadly(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
        die_here("before_effect")
        result = probes.note(actor, arguments)
        db.session.flush()
        die_here("after_effect")
        return result

    effects._effects["probe_deadly"] = replace(probes.DEADLY, run=deadly)  # noqa: SLF001

    carry_out = execution.carry_out

    def watched(approval_id: str, settle: Any = None) -> None:
        die_here("before_claim")
        carry_out(approval_id, settle)
        event.listen(db.session(), "after_commit", lambda _session: die_here("after_commit"))

    execution.carry_out = watched
    jobs.run_worker(app, app.extensions["voyagent.settings"])


def main() -> None:
    """Start a worker for each line of the input, without loading the program again."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what the workers print belongs in the log
        app = create_app(load_settings())  # once, because it connects to nothing
        for line in sys.stdin:
            point, marker = line.split(maxsplit=1)
            child = os.fork()
            if child == 0:
                work(app, point, Path(marker.strip()))
                os._exit(0)
            print(child, file=answers, flush=True)
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


if __name__ == "__main__":
    main()
