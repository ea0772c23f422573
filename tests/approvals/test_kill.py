"""An effect happens exactly once if its worker is killed at any moment."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.approvals.conftest import Desk
from tests.people import Person
from tests.processes import ROOT, end, worker_environment
from voyagent.approvals.service import deciding
from voyagent.kernel.config import Settings

PATIENCE_S = 30


@contextmanager
def worker(
    settings: Settings, point: str, marker: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a worker that kills itself once at a point; stop it after the test.

    The marker file exists after the worker has killed itself.
    """
    environment = worker_environment(settings)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.approvals.crashing_worker", point, str(marker)],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
        )
    try:
        yield process
    finally:
        end(process, within_s=10)


def finished(desk: Desk, approval_id: str, *, within_s: float = PATIENCE_S) -> bool:
    """Wait until the effect has ended and its job is deleted.

    Returns False after a timeout.
    """
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        with desk.engine.connect() as connection:
            jobs = connection.exec_driver_sql(
                "select count(*) from procrastinate_jobs where args->>'approval_id' = %s",
                (approval_id,),
            ).scalar()
        if jobs == 0 and desk.row(approval_id)["effect_status"] in {"done", "failed"}:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.usefixtures("no_jobs")
@pytest.mark.parametrize(
    ("point", "notes_after_the_kill"),
    [("before_claim", 0), ("before_effect", 0), ("after_effect", 0), ("after_commit", 1)],
    ids=str,
)
def test_the_act_happens_once_although_its_worker_is_killed(
    desk: Desk,
    settings: Settings,
    alice: Person,
    tmp_path: Path,
    point: str,
    notes_after_the_kill: int,
) -> None:
    marker, log = tmp_path / "died", tmp_path / "worker.log"
    approval_id = desk.propose(alice, "probe_deadly")
    alice.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    with worker(settings, point, marker, log) as first:
        assert first.wait(timeout=PATIENCE_S) == -signal.SIGKILL, log.read_text()
    assert desk.notes(approval_id) == notes_after_the_kill
    with worker(settings, point, marker, log):
        assert finished(desk, approval_id), log.read_text()
    row = desk.row(approval_id)
    assert (row["effect_status"], row["effect_error"]) == ("done", None)
    assert desk.notes(approval_id) == 1
    assert [e["kind"] for e in desk.events(approval_id)] == [
        "proposal.made",
        "approval.granted",
        "probe_deadly",
    ]


@pytest.mark.usefixtures("no_jobs")
def test_an_approved_act_waits_until_a_worker_starts(
    desk: Desk, settings: Settings, alice: Person, tmp_path: Path
) -> None:
    approval_id = desk.propose(alice, "probe_deadly")
    alice.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    assert desk.row(approval_id)["effect_status"] == "waiting"
    with worker(settings, "never", tmp_path / "died", tmp_path / "worker.log"):
        assert finished(desk, approval_id), (tmp_path / "worker.log").read_text()
    assert desk.notes(approval_id) == 1
