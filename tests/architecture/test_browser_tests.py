"""Browser tests are skipped with the reason if there is no browser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_PLAYWRIGHT = """
import sys
import pytest
sys.modules["playwright"] = sys.modules["playwright.sync_api"] = None
sys.exit(pytest.main(["-q", "-rs", "-n0", "-p", "no:cacheprovider", "tests/e2e"]))
"""


def test_without_playwright_the_browser_tests_are_skipped_with_the_reason() -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_PLAYWRIGHT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "no Chromium on this machine" in run.stdout, run.stdout + run.stderr
    assert "error" not in run.stdout.lower(), run.stdout
