"""A data folder of the embedded server that an older version has made.

There is one version of the programs here. A file in a data folder stands for an older version.

    python -m tests.older_server FOLDER    start the program's database there, and print its state
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from unittest import mock

import psycopg

import app as start_script
from tests.people import People
from voyagent import cli
from voyagent.drivers.postgres import launcher
from voyagent.drivers.postgres.place import PACKAGE, Place, find_location
from voyagent.factory import create_app
from voyagent.kernel.db_address import psycopg_url

OF_17 = "of-17"
State = tuple[object, ...]
STATE = """
select (select string_agg(display_name, ',') from tenants),
       (select count(*) from auth_sessions where ended_at is null),
       (select id::text from installation),
       (select hold from installation)
"""
_version_of = launcher.version_of


def version_of(place: Place) -> str | None:
    """Return the version of a data folder, which is 17 if it has the file."""
    return "17" if (place.cluster / OF_17).exists() else _version_of(place)


class Computer:
    """A data folder, and the programs that the set-up has kept."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self.programs = folder / "var" / "postgres-17-programs"
        self.data_dir.mkdir(exist_ok=True)
        self.programs.parent.mkdir(exist_ok=True)
        found = importlib.util.find_spec(PACKAGE)
        assert found is not None
        assert found.origin is not None
        if not self.programs.exists():
            self.programs.symlink_to(Path(found.origin).parent.parent)

    @property
    def place(self) -> Place:
        """Return the folders of the server."""
        return find_location(self.data_dir)

    @property
    def folders(self) -> set[str]:
        """Return the names of the server's folders."""
        return {path.name for path in self.place.home.iterdir() if path.is_dir()}

    def become_older(self) -> None:
        """Make the data folder one of the version 17."""
        (self.place.cluster / OF_17).touch()

    def start(self) -> State:
        """Start the server like the program, and return the state of its database."""
        with mock.patch.dict(os.environ, self._environment(), clear=True):
            start_script.set_defaults()
            with start_script.database() as settings:
                return self._state(settings.db_admin_url or "")

    def fill(self) -> State:
        """Make a database with an agency; return its state."""
        launcher.ensure_server(self.data_dir, fast=True)
        with mock.patch.dict(os.environ, self._environment(), clear=True):
            start_script.set_defaults()
            with start_script.database() as settings:
                application = create_app(settings)
                cli.migrate(application)
                People(application).sign_up("Alice Owner", agency="Alice Travels")
                return self._state(settings.db_admin_url or "")

    def _environment(self) -> dict[str, str]:
        ours = {"VOYAGENT_DATA_DIR": str(self.data_dir)}
        return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | ours

    def _state(self, address: str) -> State:
        with psycopg.connect(psycopg_url(address)) as connection:
            if connection.execute("select to_regclass('tenants')").fetchone() == (None,):
                return ()
            return connection.execute(STATE).fetchone() or ()


if __name__ == "__main__":
    launcher.version_of = version_of
    start_script.ROOT = Path(sys.argv[1])
    sys.stdout.write(" ".join(map(str, Computer(Path(sys.argv[1])).start())))
