"""The tour names what there is: a room or a top-level entry cannot appear unnoticed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOUR = (ROOT / "docs" / "tour.md").read_text()
KNOWN_TO_EVERYBODY = {"README.md", "CHANGELOG.md", "docs", "pyproject.toml", "package.json", "package-lock.json", "babel.cfg", "voyagent"}


def _tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607 - git is wherever it is
    return listing.stdout.split()


@pytest.mark.parametrize("room", sorted(path.name for path in (ROOT / "voyagent").iterdir() if (path / "__init__.py").exists()))
def test_the_tour_names_every_room(room: str) -> None:
    assert f"`voyagent/{room}/`" in TOUR


def test_the_tour_names_every_top_level_entry() -> None:
    top = {name.split("/")[0] for name in _tracked()}
    hidden_or_known = {name for name in top if name.startswith((".", "requirements")) or name in KNOWN_TO_EVERYBODY}
    missing = {name for name in top - hidden_or_known if f"`{name}`" not in TOUR and f"`{name}/`" not in TOUR}
    assert not missing


def test_every_room_opens_with_what_it_is_for() -> None:
    silent = [str(path.relative_to(ROOT)) for path in (ROOT / "voyagent").rglob("*.py") if not path.read_text().lstrip().startswith('"""')]
    assert silent == []
