"""A worker process that kills itself with SIGKILL once, around an effect.

Run as a program: `python -m tests.approvals.crashing_worker POINT MARKER`; the settings come from
the environment.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from voyagent.approvals.service import execution
from voyagent.approvals.service.effects import Effect, register
from voyagent.factory import create_app
from voyagent.kernel import jobs
from voyagent.kernel.actor import Actor
from voyagent.kernel.config import load_settings
from voyagent.kernel.db import db

POINT, MARKER = sys.argv[1], Path(sys.argv[2])


def die_here(point: str) -> None:
    """Kill the process with SIGKILL when this point is reached for the first time."""
    if point == POINT and not MARKER.exists():
        MARKER.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run jobs until the worker is stopped."""
    from tests.approvals import probes  # noqa: PLC0415 - the probes register themselves

    app = create_app(load_settings())

    def deadly(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
        die_here("before_effect")
        result = probes.note(actor, arguments)
        db.session.flush()
        die_here("after_effect")
        return result

    register(
        Effect(
            "probe_deadly",
            probes.LEADS,
            "Deadly",
            money=False,
            reversible=True,
            run=deadly,
            permission="tool.propose",
        )
    )

    carry_out = execution.carry_out

    def watched(approval_id: str, settle: Any = None) -> None:
        die_here("before_claim")
        carry_out(approval_id, settle)
        event.listen(db.session(), "after_commit", lambda _session: die_here("after_commit"))

    execution.carry_out = watched
    settings = app.extensions["voyagent.settings"]
    jobs.run_worker(app, settings)


if __name__ == "__main__":
    main()
