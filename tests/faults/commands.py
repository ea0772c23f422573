"""Commands of the program in processes of their own, which tests kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.backup.conftest import Site
from tests.processes import ROOT, worker_environment

PATIENCE_S = 120


class Command:
    """A running `flask` command in a process group of its own."""

    def __init__(self, site: Site, *arguments: str | Path) -> None:
        site.end_sessions()
        settings = site.settings
        self._log = (site.folder / "command.log").open("wb")
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", *(str(one) for one in arguments)],
            cwd=ROOT,
            env=worker_environment(settings)
            | {
                "VOYAGENT_DB_BACKUP_URL": settings.db_backup_url or "",
                "VOYAGENT_AUDIT_SIGNING_KEY": settings.audit_signing_key.get_secret_value(),
            },
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def log(self) -> str:
        """Return what the command has printed."""
        return Path(self._log.name).read_text()

    def finish(self) -> float:
        """Wait until the command has succeeded; return the seconds."""
        code = self._process.wait(PATIENCE_S)
        self._log.close()
        assert code == 0, self.log()
        return time.monotonic() - self.began

    def kill_after(self, seconds: float, *, with_children: bool) -> bool:
        """Kill the command; return True if it was still running."""
        try:
            self._process.wait(max(0.0, self.began + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            is_running = True
            if with_children:
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
            self._process.wait()
        else:
            is_running = False
        self._log.close()
        return is_running
