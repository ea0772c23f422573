"""Commands of the `flask` program; most of them are defined in the packages."""

from __future__ import annotations

import click
import flask_migrate
import psycopg
from flask import Flask
from sqlalchemy.exc import ProgrammingError

from voyagent.agencies.commands import (
    delete as delete_agency,
    export as export_agency,
    import_ as import_agency,
)
from voyagent.assistant.commands import examples, replay
from voyagent.audit.commands import audit
from voyagent.backup.commands import backup, release, restore, upgrade
from voyagent.capabilities.commands import do
from voyagent.demo.service.agency import fill
from voyagent.http.commands import with_database
from voyagent.http.metrics import start_sending
from voyagent.http.metrics_server import MetricsPortUnavailable, serve_metrics
from voyagent.http.start import check
from voyagent.http.tracing import start_tracing
from voyagent.identity.commands import agency
from voyagent.imports.commands import import_file
from voyagent.kernel import jobs, logs, metrics
from voyagent.kernel.config import Settings
from voyagent.kernel.database import start_checks
from voyagent.kernel.database.logins import grant_app_role, store_session_settings
from voyagent.kernel.db_address import without_password
from voyagent.kernel.db_connections import Purpose, name_process, plain_parameters
from voyagent.kernel.errors import VoyagentError
from voyagent.operator.commands import status
from voyagent.privacy.commands import mask_conversations
from voyagent.reports.commands import books

COMMANDS = (
    check,
    audit,
    *(backup, restore, release, upgrade),
    replay,
    agency,
    books,
    import_file,
    examples,
    mask_conversations,
    do,
    status,
)
for _command in (export_agency, import_agency, delete_agency):
    agency.add_command(_command)


_MISSING_RIGHT = (
    "The login of VOYAGENT_DB_ADMIN_URL lacks a right: {}. A migration that creates a role needs"
    " CREATEROLE. What was migrated so far stays; run the command again with the right."
)


class ServerUnreachable(Exception):
    """The database cannot be reached.

    The message has the reason, and the name of the environment variable with the database URL. The
    message never contains the password.
    """


def register(app: Flask, settings: Settings) -> None:
    """Add the commands to the `flask` program of the application."""

    @app.cli.command("migrate-up")
    def migrate_up() -> None:
        """Migrate the database to the newest revision."""
        name_process(Purpose.COMMAND)
        try:
            reach(settings)
        except ServerUnreachable as error:
            raise click.ClickException(str(error)) from None
        _migrate_as_owner(settings)
        click.echo("The schema is at the newest revision.")

    @app.cli.command("worker")
    def worker() -> None:
        """Run the job worker until it receives SIGTERM or SIGINT."""
        if not metrics.share(settings.metrics_place, "worker"):
            click.echo(
                f"{settings.metrics_place} is not writable, so the metrics of this worker are not"
                " collected.",
                err=True,
            )
        name_process(Purpose.WORKER)
        logs.take_over()
        app.extensions["voyagent.sampler"].start()
        start_tracing(app)
        start_sending(app, with_figures=True)
        try:
            if settings.metrics_port is not None:
                serve_metrics(app, settings.bind, settings.metrics_port)
            jobs.run_worker(app, settings)
        except (start_checks.StartRefused, MetricsPortUnavailable) as error:
            click.echo(f"Voyagent did not start: {error}", err=True)
            raise SystemExit(start_checks.EXIT_CODE) from None

    @app.cli.command("demo", with_appcontext=False)
    @with_database
    def fill_demo() -> None:
        """Create the data of the demo agency.

        If the demo agency exists, its expired approval requests are renewed.
        """
        try:
            demo(app)
        except VoyagentError as error:
            raise click.ClickException(error.message) from None

    for command in COMMANDS:
        app.cli.add_command(command)


def demo(app: Flask) -> None:
    """Create the data of the demo agency and print what was created.

    Raises DemoNotAllowed in production.
    """
    with app.app_context():
        for sentence in fill(app.extensions["voyagent.identity"]):
            click.echo(sentence)


def migrate(app: Flask) -> None:
    """Migrate the database to the newest revision, for use by programs."""
    with app.app_context():
        flask_migrate.upgrade()


def reach(settings: Settings) -> None:
    """Connect to each configured database URL, except that for backups.

    Raises ServerUnreachable.
    """
    if settings.db_url is None:
        raise ServerUnreachable(
            "VOYAGENT_DB_URL is missing: set it to the address of a PostgreSQL database"
        )
    for variable, address, purpose in (
        ("VOYAGENT_DB_URL", settings.db_url, Purpose.WEB),
        ("VOYAGENT_DB_ADMIN_URL", settings.db_admin_url, Purpose.MIGRATE),
        ("VOYAGENT_DB_READ_URL", settings.db_read_url, Purpose.READ),
        ("VOYAGENT_DB_LISTEN_URL", settings.db_listen_url, Purpose.LISTEN),
    ):
        if address is None:
            continue
        try:
            psycopg.connect(**plain_parameters(settings, purpose)).close()
        except psycopg.Error as error:
            reason = without_password((str(error).splitlines() or ["no reason given"])[0], address)
            raise ServerUnreachable(
                f"the database server of {variable} cannot be reached: {reason}"
            ) from None


def _migrate_as_owner(settings: Settings) -> None:
    try:
        flask_migrate.upgrade()
        grant_app_role(settings)
        store_session_settings(settings)
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise click.ClickException(_MISSING_RIGHT.format(error.orig)) from None
        raise
