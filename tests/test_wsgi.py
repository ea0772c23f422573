"""Production refuses an incomplete configuration and starts without a database."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from flask import url_for
from werkzeug.routing import Rule

from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.database.start_checks import EXIT_CODE

ROOT = Path(__file__).resolve().parent.parent
SECRET = "s" * 40
ASK = """
import wsgi
client = wsgi.app.test_client()
for path in ("/health", "/health/db", "/sign-in", "/api/enquiries", "/api/auth/me"):
    print(path, client.get(path).status_code)
"""


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "VOYAGENT_AUTH_SECRET is missing"),
        ({"VOYAGENT_AUTH_SECRET": "short"}, "VOYAGENT_AUTH_SECRET is too short"),
        *(
            (
                {"VOYAGENT_AUTH_SECRET": SECRET, switch: "true"},
                f"{switch} is a development switch and is refused in production",
            )
            for switch in ("VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION", "VOYAGENT_AUTH_DEBUG_TOKENS")
        ),
    ],
    ids=lambda given: "" if isinstance(given, dict) else given.split()[0],
)
def test_production_does_not_start_with_these_settings(
    capsys: pytest.CaptureFixture[str], variables: dict[str, str], sentence: str
) -> None:
    with (
        mock.patch.dict(os.environ, _environment(**variables), clear=True),
        pytest.raises(SystemExit) as ended,
    ):
        runpy.run_path(str(ROOT / "wsgi.py"))
    said = capsys.readouterr()
    assert ended.value.code == EXIT_CODE
    assert sentence in said.err
    assert SECRET not in said.out + said.err


def test_without_a_database_only_the_liveness_probe_works() -> None:
    done = _run(ASK, VOYAGENT_AUTH_SECRET=SECRET)
    assert done.returncode == 0, done.stderr
    assert "/health 200" in done.stdout
    for path in ("/health/db", "/sign-in", "/api/enquiries", "/api/auth/me"):
        assert f"{path} 503" in done.stdout
    assert "VOYAGENT_DB_URL" in done.stdout + done.stderr


def test_a_function_that_builds_addresses_is_compiled_at_its_first_use(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    compile_builder = Rule._compile_builder  # noqa: SLF001

    def note(rule: Rule, append_unknown: bool) -> Callable[..., tuple[str, str]]:
        compiled.append(rule.rule)
        return compile_builder(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", note)
    app = create_app(settings)
    assert compiled == []
    with app.test_request_context():
        for _ in range(2):
            assert url_for("identity.sign_in", next="/trips") == "/sign-in?next=/trips"
    assert compiled == ["/sign-in"]


def test_gunicorn_exits_at_once_if_settings_are_invalid() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "wsgi:app"],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr.count("VOYAGENT_AUTH_SECRET is missing") == 1, (
        "a worker that failed is not tried again"
    )
    assert "Traceback" not in done.stderr


def _run(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=_environment(**variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def _environment(**variables: str) -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith("VOYAGENT_")
    } | variables
