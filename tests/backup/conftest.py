"""An installation of its own with two agencies, and a backup of it."""

from __future__ import annotations

import base64
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from psycopg import sql
from pydantic import SecretStr

from tests.conftest import fresh_database
from tests.kernel.filling import fill
from tests.people import PASSWORD, People, Person
from tests.worker import work_off
from voyagent.backup.rules import sealing
from voyagent.drivers.postgres.launcher import BACKUP_ROLE
from voyagent.factory import create_app
from voyagent.identity.service import signing_in
from voyagent.identity.service.values import Device
from voyagent.kernel.actor import Channel
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction
from voyagent.kernel.db_address import libpq_parameters
from voyagent.kernel.db_connections import Purpose, parameters_for

PASSPHRASE = "nine wooden spoons"


@dataclass
class Site:
    """An installation on a database of its own."""

    settings: Settings
    app: Flask
    folder: Path
    _commands: Flask | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """Return the name of the database."""
        return libpq_parameters(self.settings.db_admin_url or "")["dbname"]

    @property
    def passphrase_file(self) -> Path:
        """Return a file with the passphrase."""
        file = self.folder / "passphrase"
        file.write_text(f"{PASSPHRASE}\n")
        return file

    def run(self, *arguments: str | Path, **changes: Any) -> Result:
        """Run a command of an application that has no open connection.

        Commands with the same settings run in one application, because it takes longer to create
        than most of them to run.
        """
        if changes or self._commands is None:
            app = create_app(self.settings.model_copy(update=changes))
        else:
            app = self._commands
        if not changes:
            self._commands = app
        try:
            return app.test_cli_runner().invoke(args=[str(one) for one in arguments])
        finally:
            with app.app_context():
                db.engine.dispose()

    def back_up(self, file: Path, **changes: Any) -> Result:
        """Run `flask backup`."""
        return self.run("backup", file, "--passphrase-file", self.passphrase_file, **changes)

    def restore(self, file: Path, *options: str | Path, **changes: Any) -> Result:
        """Run `flask restore` after all sessions of the database have ended."""
        self.end_sessions()
        secret = ("--passphrase-file", self.passphrase_file)
        return self.run("restore", file, *(options or secret), **changes)

    def owner(self, database: str | None = None) -> psycopg.Connection[Any]:
        """Connect as the owner of the schema, by default to the installation's database."""
        parameters = parameters_for(self.settings, Purpose.MIGRATE)
        return psycopg.connect(
            **parameters | {"dbname": database or self.name, "application_name": "test"},
            autocommit=True,
        )

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement, read by the owner."""
        with self.owner() as connection:
            return connection.execute(statement).fetchall()

    def end_sessions(self) -> None:
        """End all sessions of the database."""
        with self.owner("postgres") as connection:
            connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s",
                (self.name,),
            )

    def databases(self) -> set[str]:
        """Return the names of this installation's databases: the present and others."""
        with self.owner("postgres") as connection:
            found = connection.execute(
                "select datname from pg_database where starts_with(datname, %s)", (self.name,)
            )
            return {name for (name,) in found}

    def copied(self, folder: Path) -> Site:
        """Return an installation with a copy of the database, dropped with the original."""
        self.end_sessions()
        name = f"{self.name}_{secrets.token_hex(4)}"
        with self.owner("postgres") as connection:
            connection.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(name), sql.Identifier(self.name)
                )
            )
        urls = {
            variable: sa.make_url(url).set(database=name).render_as_string(hide_password=False)
            for variable in ("db_url", "db_admin_url", "db_backup_url")
            if (url := getattr(self.settings, variable))
        }
        settings = self.settings.model_copy(update=urls)
        return Site(settings, create_app(settings), folder)

    def people(self) -> People:
        """Return the factory of people, in an application with new connections."""
        self.app = create_app(self.settings)
        return People(self.app)

    def drain(self) -> None:
        """Run the jobs that are due."""
        work_off(self.app, self.settings)

    def signed_in_again(self, person: Person) -> Person:
        """Return a person with a new session, in an application with new connections."""
        self.app = create_app(self.settings)
        with self.app.app_context(), transaction():
            signed_in = signing_in.sign_in(
                self.app.extensions["voyagent.identity"],
                email=person.email,
                password=PASSWORD,
                device=Device(Channel.API),
            )
        return replace(
            person,
            app=self.app,
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
        )

    def filled(self, name: str) -> Person:
        """Return the administrator of a new agency with a row in every table."""
        person = self.people().sign_up(f"{name} Owner", agency=f"{name} Travels")
        fill(person, partial(work_off, self.app, self.settings))
        return person


@contextmanager
def quick_passphrases() -> Iterator[int]:
    """Derive keys from passphrases with little work; yield the cost of the program."""
    with pytest.MonkeyPatch.context() as patch:
        costly = sealing.SCRYPT_N
        patch.setattr(sealing, "SCRYPT_N", 2**4)
        yield costly


@pytest.fixture(scope="package", autouse=True)
def costly_n() -> Iterator[int]:
    """The cost of a key of the program, which the tests do not have to pay."""
    with quick_passphrases() as costly:
        yield costly


@contextmanager
def site_of(server_urls: tuple[str, str], folder: Path) -> Iterator[Site]:
    """Yield an installation without agencies; its databases are dropped at the end."""
    with fresh_database(server_urls, folder / "data") as made:
        backup_url = sa.make_url(made.db_admin_url or "").set(username=BACKUP_ROLE)
        settings = made.model_copy(
            update={
                "db_backup_url": backup_url.render_as_string(hide_password=False),
                "audit_signing_key": SecretStr(base64.b64encode(bytes(32)).decode()),
            }
        )
        site = Site(settings, create_app(settings), folder)
        yield site
        with site.owner("postgres") as connection:
            for name in site.databases() - {site.name}:
                connection.execute(
                    sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
                )


@pytest.fixture
def site(server_urls: tuple[str, str], tmp_path: Path) -> Iterator[Site]:
    """An installation without agencies."""
    with site_of(server_urls, tmp_path) as made:
        yield made


@pytest.fixture(scope="package")
def shared(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An installation with a small agency and a backup, which tests leave as it is."""
    with site_of(server_urls, tmp_path_factory.mktemp("shared")) as made:
        made.people().sign_up("Alice Owner", agency="Alice Travels")
        done = made.back_up(made.folder / "backup.tar")
        assert done.exit_code == 0, done.output
        yield made


@pytest.fixture
def file(shared: Site, tmp_path: Path) -> Path:
    """A copy of the backup of the shared installation."""
    return Path(shutil.copy(shared.folder / "backup.tar", tmp_path / "backup.tar"))
