"""An effect happens exactly once if its worker is killed at any moment."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.approvals.conftest import Desk
from tests.people import Person
from tests.processes import ROOT, end, worker_environment
from voyagent.approvals.service import deciding
from voyagent.kernel.config import Settings

PATIENCE_S = 30


class Keeper:
    """A process that has loaded the program and starts one worker at a time."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.log = log
        self._worker: int | None = None
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.approvals.crashing_worker"],
                cwd=ROOT,
                env=worker_environment(settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                bufsize=0,
            )

    @contextmanager
    def worker(self, point: str, marker: Path) -> Iterator[None]:
        """Run a worker that kills itself once at a point; stop it at the end of the block.

        The marker file exists after the worker has killed itself.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(f"{point} {marker}\n".encode())
        self._worker = self._answer()
        try:
            yield
        finally:
            if self._worker is not None:
                with suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(self._worker, signal.SIGTERM)
                self.exit_code()

    def exit_code(self) -> int:
        """Wait until the worker has ended and return its exit code."""
        code = self._answer()
        self._worker = None
        return code

    def _answer(self) -> int:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        assert ready, self.log.read_text()
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def keeper(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    keeper = Keeper(settings, tmp_path_factory.mktemp("workers") / "log")
    yield keeper
    end(keeper.process, within_s=10)


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
    keeper: Keeper,
    alice: Person,
    tmp_path: Path,
    point: str,
    notes_after_the_kill: int,
) -> None:
    marker = tmp_path / "died"
    approval_id = desk.propose(alice, "probe_deadly")
    alice.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    with keeper.worker(point, marker):
        assert keeper.exit_code() == -signal.SIGKILL, keeper.log.read_text()
    assert desk.notes(approval_id) == notes_after_the_kill
    with keeper.worker(point, marker):
        assert finished(desk, approval_id), keeper.log.read_text()
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
    desk: Desk, keeper: Keeper, alice: Person, tmp_path: Path
) -> None:
    approval_id = desk.propose(alice, "probe_deadly")
    alice.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    assert desk.row(approval_id)["effect_status"] == "waiting"
    with keeper.worker("never", tmp_path / "died"):
        assert finished(desk, approval_id), keeper.log.read_text()
    assert desk.notes(approval_id) == 1
