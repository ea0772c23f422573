"""Kills of a start that moves the database to a newer PostgreSQL."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Report, Rounds
from tests.older_server import Computer, State, version_of
from tests.processes import ROOT
from voyagent.drivers.postgres.launcher import stop_server

KILLS = 30
PATIENCE_S = 300


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    made = Computer(tmp_path)
    yield made
    stop_server(made.data_dir)
    shutil.rmtree(made.place.home)


def start(folder: Path) -> subprocess.Popen[str]:
    """Start a process that moves the database, in a group of its own."""
    command = [sys.executable, "-m", "tests.older_server", str(folder)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def finish(folder: Path) -> str:
    """Start the database, and return its state in a line."""
    process = start(folder)
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, output
    return output.splitlines()[-1]


def in_line(state: State) -> str:
    return " ".join(map(str, state))


def test_a_killed_move_leaves_the_old_or_the_new_state_and_goes_on(
    computer: Computer, tmp_path: Path, seeded: random.Random, rounds: Rounds, report: Report
) -> None:
    wanted = in_line(computer.fill())
    computer.become_older()
    began = time.monotonic()
    assert finish(tmp_path) == wanted
    whole_s, moves, ends = time.monotonic() - began, 1, Counter[str]()
    for _ in range(rounds(KILLS)):
        if version_of(computer.place) != "17" and not computer.place.verified.exists():
            stop_server(computer.data_dir)
            computer.become_older()
            moves += 1
        process = start(tmp_path)
        try:
            # The first third is the start of Python.
            process.wait(seeded.uniform(whole_s / 3, whole_s * 1.05))
        except subprocess.TimeoutExpired:
            if seeded.random() < 0.5:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.communicate()
        is_old = version_of(computer.place) == "17"
        ends["old" if is_old else "new"] += 1
    assert finish(tmp_path) == wanted
    kept = [f"data-17{end}" for end in ("", *(f"-{number}" for number in range(2, moves + 1)))]
    assert computer.folders == {"data", *kept}
    assert list(computer.data_dir.glob("*.tar*")) == []
    report(f"move {whole_s:.1f} s; states after kills: {dict(sorted(ends.items()))}")
