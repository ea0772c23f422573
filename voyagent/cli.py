"""The commands: each calls a service."""

from __future__ import annotations

import click
import flask_migrate
from flask import Flask

from voyagent.demo.service import fill
from voyagent.kernel import jobs
from voyagent.kernel.config import Settings
from voyagent.kernel.errors import VoyagentError


def register(app: Flask, settings: Settings) -> None:
    """Put the commands on the application's `flask`."""

    @app.cli.command("migrate-up")
    def migrate_up() -> None:
        """Bring the database's schema to the newest revision."""
        flask_migrate.upgrade()
        click.echo("The schema is at the newest revision.")

    @app.cli.command("worker")
    def worker() -> None:
        """Run the job worker until it is told to stop."""
        jobs.run_worker(app, settings)

    @app.cli.command("demo")
    def fill_demo() -> None:
        """Fill the demo agency, once; later runs only ask again for what ran out of time."""
        try:
            demo(app)
        except VoyagentError as error:
            raise click.ClickException(error.message) from None


def demo(app: Flask) -> None:
    """Fill the demo agency, and say what was done. Raises DemoNotAllowed in production."""
    with app.app_context():
        for sentence in fill(app.extensions["voyagent.identity"]):
            click.echo(sentence)


def migrate(app: Flask) -> None:
    """Bring the schema to the newest revision, from a program."""
    with app.app_context():
        flask_migrate.upgrade()
