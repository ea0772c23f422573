"""An effect happens exactly once if its worker is killed at any moment."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.approvals.conftest import Desk
from tests.approvals.test_kill import Keeper, finished
from tests.faults.conftest import Report, Rounds
from tests.people import Person
from tests.processes import end
from voyagent.approvals.service import deciding
from voyagent.kernel.config import Settings

ROUNDS = 25
LEASE_S = 60


@pytest.fixture
def keeper(settings: Settings, tmp_path: Path) -> Iterator[Keeper]:
    """Process that starts the workers, with the log `workers.log`."""
    keeper = Keeper(settings, tmp_path / "workers.log")
    yield keeper
    end(keeper.process, within_s=10)


@pytest.mark.usefixtures("no_jobs")
@pytest.mark.parametrize("point", ["before_claim", "before_effect", "after_effect", "after_commit"])
def test_an_effect_happens_once_if_its_worker_is_killed(
    owner_engine: sa.Engine,
    keeper: Keeper,
    alice: Person,
    rounds: Rounds,
    report: Report,
    tmp_path: Path,
    point: str,
) -> None:
    desk, slowest = Desk(owner_engine), 0.0
    for number in range(rounds(ROUNDS)):
        marker = tmp_path / f"died-{number}"
        approval_id = desk.propose(alice, "probe_deadly")
        alice.does(
            lambda actor, approval_id=approval_id: (
                deciding.resolve(actor, approval_id, granted=True).id
            )
        )
        with keeper.worker(point, marker):
            assert keeper.exit_code() == -signal.SIGKILL, keeper.log.read_text()[-3000:]
        since = time.monotonic()
        with keeper.worker(point, marker):
            assert finished(desk, approval_id, within_s=LEASE_S), keeper.log.read_text()[-3000:]
        slowest = max(slowest, time.monotonic() - since)
        row = desk.row(approval_id)
        assert (row["effect_status"], row["effect_error"]) == ("done", None)
        assert desk.notes(approval_id) == 1
        assert [event["kind"] for event in desk.events(approval_id)] == [
            "proposal.made",
            "approval.granted",
            "probe_deadly",
        ]
    kills = rounds(ROUNDS)
    report(
        f"{kills} kills: {kills} effects, each once, none left undone; finished {slowest:.1f} s"
        " after the next worker was started at the latest"
    )
