"""Code of the release before, from the history of this clone."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.processes import ROOT, worker_environment
from voyagent.kernel.config import Settings

PREVIOUS_RELEASE = "c3be87579e06ae2246c3e958b1ecb972c8d76180"
"""Newest commit whose newest migration is `UPGRADE_FROM`; both are changed at a release."""


class ReleaseMissing(Exception):
    """This clone does not have the commit of the release before."""


def extract(folder: Path, commit: str = PREVIOUS_RELEASE) -> Path:
    """Write the code of the release before to a folder.

    The code runs with the installed libraries, which are those of the present release. Raises
    ReleaseMissing.
    """
    found = subprocess.run(
        ["git", "archive", commit],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if found.returncode:
        raise ReleaseMissing(
            f"this clone does not have {commit}, the release before: run `git fetch --depth 1"
            f" origin {commit}`"
        )
    with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def run_command(code: Path, settings: Settings, *arguments: str) -> None:
    """Run a `flask` command of the code in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=code,
        env=worker_environment(settings) | {"PYTHONPATH": str(code)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
