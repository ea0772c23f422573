"""Operator's commands `flask backup`, `restore`, `release` and `upgrade`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
import flask_migrate
from flask import current_app

from voyagent.audit.service.statements import Anchors
from voyagent.backup.errors import BackupError
from voyagent.backup.service import making, releasing, restoring, upgrading
from voyagent.backup.service.copies import Program, open_backup
from voyagent.backup.service.database import settings_of_owner
from voyagent.backup.service.secrets import write_secrets
from voyagent.http.commands import with_database
from voyagent.http.extensions import installed
from voyagent.kernel.config import Settings
from voyagent.kernel.database.start_checks import SCHEMA_FROM
from voyagent.kernel.last_runs import note_run

Given = ParamSpec("Given")
Result = TypeVar("Result")
FILE = click.Path(dir_okay=False, path_type=Path)
passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File whose first line is the passphrase of the secrets; asked for if absent.",
)


def with_refusals(command: Callable[Given, Result]) -> Callable[Given, Result]:
    """Return a command that prints BackupError and OSError as a sentence.

    The exit code is then 1.
    """

    @wraps(command)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except BackupError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            name = error.filename or kwargs.get("file")
            raise click.ClickException(f"{name}: {error.strerror}.") from None

    return run


@click.command("backup")
@click.argument("file", type=FILE)
@passphrase_option
@with_database
@with_refusals
def backup(file: Path, passphrase_file: Path | None) -> None:
    """Write a backup of the whole installation to FILE.

    The backup is one tar file. It has the database, the signed statements of the audit logs, and
    the secrets, which are encrypted with a passphrase. An existing file is replaced when the new
    one is complete.
    """
    settings = installed(Settings, "settings")
    made = making.make_backup(settings, file, read_passphrase(passphrase_file, confirms=True))
    for warning in made.warnings:
        click.echo(f"Warning: {warning}", err=True)
    found = made.manifest
    click.echo(
        f"{file}: {sum(found.census.tables.values())} rows of {len(found.census.heads)} agencies at"
        f" {found.made_at}, schema revision {found.revision}."
    )
    if found.revision >= SCHEMA_FROM:  # the backup before an upgrade has an older schema
        note_run("backup")


@click.command("restore")
@click.argument("file", type=FILE)
@passphrase_option
@click.option(
    "--secrets-to",
    type=FILE,
    help="Only write the secrets of the backup to this new file, as environment variables.",
)
@with_database
@with_refusals
def restore(file: Path, passphrase_file: Path | None, secrets_to: Path | None) -> None:
    """Replace the database by the backup in FILE, and put the installation on hold.

    Stop all processes of the installation first. The earlier database is kept under another name.
    All sessions end. Nothing is changed unless the whole backup is restored and verified. The hold
    ends with `flask release`.
    """
    settings = installed(Settings, "settings")
    anchors = installed(Anchors, "anchors")
    program = Program(over, flask_migrate.upgrade, anchors)
    with open_backup(file, read_passphrase(passphrase_file)) as opened:
        if secrets_to is not None:
            write_secrets(secrets_to, opened.secrets)
            click.echo(f"{secrets_to}: {', '.join(sorted(opened.secrets))}.")
            return
        done = restoring.restore(settings, opened, program, click.echo)
    warnings = restoring.prepare_logins(settings)
    # A pooler may be paused, or may have connections without the settings of the logins.
    with over(settings_of_owner(settings)):
        warnings += restoring.refill_statements(anchors)
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
    kept = "" if done.kept is None else f" The earlier database is kept as {done.kept}."
    click.echo(
        f"{done.name} is the state of {opened.manifest.made_at}: {done.agencies} agencies, and"
        f" {done.sessions} sessions have ended.{kept}"
    )
    click.echo("The installation is on hold. End the hold with `flask release`.")


@click.command("upgrade")
@click.argument("file", type=FILE)
@passphrase_option
@click.option("--rehearse-only", is_flag=True, help="Migrate and check only the copy.")
@with_database
@with_refusals
def upgrade(file: Path, passphrase_file: Path | None, *, rehearse_only: bool) -> None:
    """Migrate the database while the processes of the release before run.

    First a backup is written to FILE, a new file, and restored to a copy. The copy is migrated, and
    its books and audit logs are checked. Only then the database itself is migrated. If a migration
    fails there, the migrations before it stay; run the command again.
    """
    settings = installed(Settings, "settings")
    program = Program(over, flask_migrate.upgrade, installed(Anchors, "anchors"))
    passphrase = read_passphrase(passphrase_file, confirms=True)
    upgrading.upgrade(settings, file, passphrase, program, click.echo, only_rehearse=rehearse_only)
    if rehearse_only:
        click.echo("The database is unchanged.")
        return
    for warning in restoring.prepare_logins(settings):
        click.echo(f"Warning: {warning}", err=True)
    click.echo("The schema is at the newest revision. Restart the processes with this release.")


@click.command("release")
@click.option(
    "--drop-mail-before",
    "before",
    metavar="TIME",
    help="Do not send mails older than this time, such as 2026-12-01T09:30; in UTC by default.",
)
@click.option("--send-all", is_flag=True, help="Send all waiting mails.")
@with_database
@with_refusals
def release(before: str | None, *, send_all: bool) -> None:
    """End the hold of a restored installation, and say what will be sent and done."""
    if (before is None) is not send_all:
        raise click.UsageError("choose either --drop-mail-before TIME or --send-all")
    time = None if before is None else _time(before)
    settings, anchors = installed(Settings, "settings"), installed(Anchors, "anchors")
    releasing.require_hold()
    for warning in restoring.refill_statements(anchors):
        click.echo(f"Warning: {warning}", err=True)
    done = releasing.release(settings, time)
    click.echo(f"{done.dropped} mails were dropped, {done.kept} will be sent.")
    for task, number in done.jobs.items():
        click.echo(f"{number} waiting jobs of {task} will run.")
    click.echo("The hold has ended.")


@contextmanager
def over(settings: Settings) -> Iterator[None]:
    """Run a block in a context in which the application uses other settings."""
    with current_app.extensions["voyagent.create_app"](settings).app_context():
        yield


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            "write a time such as 2026-12-01T09:30", param_hint="--drop-mail-before"
        ) from None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def read_passphrase(file: Path | None, *, confirms: bool = False) -> str:
    """Return the first line of a file, or ask for the passphrase."""
    if file is not None:
        return (file.read_text().splitlines() or [""])[0]
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirms))
