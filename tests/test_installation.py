"""The wheel works outside the checkout, by the commands of the manual.

The blocks of docs/operations.md that are marked `tested` run in their order, in one shell, with
other paths and addresses. The other blocks need root, systemd, containers, a package index, or the
records of an agency.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from urllib.parse import quote
from zipfile import ZipFile

import pytest

from tests.processes import ROOT, end
from tools import set_up
from voyagent.drivers.postgres.launcher import DATABASE, OWNER, shared_server
from voyagent.drivers.postgres.place import find_location, find_programs
from voyagent.kernel.database.start_checks import SCHEMA_TO

BLOCK = re.compile(r"^```sh tested\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOLDERS = (
    *("/opt/voyagent", "/etc/voyagent", "/var/lib/voyagent", "/var/backups/voyagent"),
    "/mnt/audit-statements",
)
COMMAND = """
voyagent() {
  (
    set -a; . /etc/voyagent/environment; . /etc/voyagent/backup; set +a
    exec /opt/voyagent/bin/voyagent "$@"
  )
}
mkdir -p /var/lib/voyagent /var/backups/voyagent
"""
"""The test's form of `deploy/voyagent`, which runs a command as the user of the program."""
ANSWERS_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Site:
    """A folder that stands for the root of a server, and a database server for it."""

    folder: Path
    sockets: Path
    programs: Path

    def moved(self, text: str) -> str:
        """Return a text with the paths and addresses of this site."""
        for place in FOLDERS:
            text = text.replace(place, f"{self.folder}{place}")
        return text.replace("127.0.0.1/voyagent", f"/voyagent?host={quote(str(self.sockets))}")

    def environment(self) -> dict[str, str]:
        """Return the environment of a shell that has no settings, on this database server."""
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("VOYAGENT_", "PROMETHEUS_", "PYTHON")) and name != "PORT"
        }
        return own | {
            "PATH": f"{self.programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PGHOST": str(self.sockets),
            "PGUSER": OWNER,
            "PGDATABASE": "postgres",
            "PIP_NO_DEPS": "1",
            "PIP_NO_COMPILE": "1",
        }

    def run(self, script: str) -> str:
        """Run a shell script up to its first failure, and return its output."""
        done = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", self.moved(script)],  # noqa: S607
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def settings(self) -> dict[str, str]:
        """Return the variables of `/etc/voyagent/environment`, as systemd reads them."""
        lines = Path(self.moved("/etc/voyagent/environment")).read_text().splitlines()
        pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
        return {name: value.strip('"') for name, value in pairs}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    if not set_up.VENDOR.is_dir():
        pytest.skip("the browser's packages are not fetched: `make test` does that")
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A new database server, with the files that are copied to a server."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(wheel.parent, folder / "dist")
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    with shared_server(folder / "server", fast=True) as server:
        made = Site(folder, server.socket_dir, find_programs(find_location(folder / "server")))
        example = folder / "deploy" / "environment.example"
        example.write_text(made.moved(example.read_text()))
        made.run(f"psql -c 'drop database {DATABASE}'")  # the page creates it
        yield made
    shutil.rmtree(server.home)


@pytest.fixture(scope="module")
def printed(site: Site) -> str:
    """The output of all tested blocks of the page."""
    install, *others = BLOCK.findall((ROOT / "docs" / "operations.md").read_text())
    output = site.run(install)
    (packages,) = Path(site.moved("/opt/voyagent")).glob("lib/python*/site-packages")
    # Instead of the locked packages, which come from a package index.
    installed = [place for place in sys.path if place.endswith("site-packages")]
    (packages / "locked.pth").write_text("\n".join(installed))
    return output + site.run(COMMAND + "".join(others))


def test_the_wheel_has_everything_that_a_server_needs(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        described = Parser().parsestr(archive.read(metadata).decode())
    tracked = subprocess.run(
        ["git", "ls-files", "gunicorn.conf.py", "migrations", "static", "templates"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    made = [path.relative_to(ROOT) for path in set_up.VENDOR.rglob("*") if path.is_file()]
    made += [path.relative_to(ROOT) for path in ROOT.glob("translations/*/LC_MESSAGES/*.mo")]
    assert any(path.suffix == ".mo" for path in made)
    assert [path for path in (*tracked, *made) if f"voyagent/{path}" not in names] == []
    assert {name.split("/")[0] for name in names} == {"voyagent", metadata.split("/")[0]}
    assert {Path(name).suffix for name in names if "/sql/" in name} == {".sql"}
    needed = described.get_all("Requires-Dist") or []
    assert "gunicorn" in " ".join(needed)
    assert all("extra == 'checkout'" in one for one in needed if "postgres" in one or "node" in one)


def test_the_program_finds_its_files_in_the_package(site: Site, printed: str) -> None:
    assert printed
    ask = "from voyagent.kernel.program_files import FILES; print(FILES)"
    found = site.run(f"/opt/voyagent/bin/python -c '{ask}'").strip()
    assert Path(found).is_relative_to(Path(site.moved("/opt/voyagent/lib")).resolve())


def test_the_program_knows_the_commit_of_its_wheel(site: Site, printed: str) -> None:
    assert printed
    ask = (
        "from voyagent.kernel import config; print(config.PACKAGE, config.load_settings().git_sha)"
    )
    command = (
        f"VOYAGENT_ENV=test VOYAGENT_AUTH_SECRET={'x' * 40} /opt/voyagent/bin/python -c '{ask}'"
    )
    package, commit = site.run(command).split()
    assert commit == "unknown"
    Path(package, "commit").write_text("1a2b3c\n")  # as `make wheel` does
    assert site.run(command).split() == [package, "1a2b3c"]


def test_the_commands_of_the_page_do_what_it_says(site: Site, printed: str) -> None:
    assert "The schema is at the newest revision." in printed
    results = re.findall(r"^(ok|warning|REFUSED) +(.*)$", printed, re.MULTILINE)
    assert [state for state, name in results if name == "revision of the schema"] == ["ok"] * 3
    assert [name for state, name in results if state != "ok"] == []
    assert f"schema revision {SCHEMA_TO}." in printed
    assert "The installation is on hold." in printed
    assert "The hold has ended." in printed
    secret, previous = (
        site.settings()[f"VOYAGENT_AUTH_{name}"] for name in ("SECRET", "SECRETS_PREVIOUS")
    )
    assert len(secret) == len(previous) == 64
    assert secret != previous


def test_the_command_of_the_page_is_a_script() -> None:
    script = ROOT / "deploy" / "voyagent"
    subprocess.run(["sh", "-n", str(script)], check=True)  # noqa: S607
    assert os.access(script, os.X_OK)


def test_the_installed_web_server_answers(site: Site, printed: str) -> None:
    assert printed
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [site.moved("/opt/voyagent/bin/voyagent"), "web", "--threads", "8"],
        cwd=site.folder,
        env=site.environment()
        | site.settings()
        | {"VOYAGENT_PORT": str(port), "VOYAGENT_DRAIN_S": "0"},
    )
    try:
        give_up_at = time.monotonic() + ANSWERS_WITHIN_S
        while _get(port, "/ready")[0] != 200 and time.monotonic() < give_up_at:
            assert process.poll() is None
            time.sleep(0.1)
        assert _get(port, "/health")[0] == 200
        status, page = _get(port, "/sign-in")
        sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
        assert status == 200
        assert any("/vendor/" in sheet for sheet in sheets)
        assert [sheet for sheet in sheets if _get(port, sheet)[0] != 200] == []
    finally:
        end(process, within_s=20)
    assert process.returncode == 0


def _get(port: int, path: str) -> tuple[int, str]:
    """Return the status and text of a page; 0 if nothing answers yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (ConnectionError, TimeoutError):
        return 0, ""
    finally:
        connection.close()
