"""Command `flask import`, which checks or imports a file in the name of a user."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from voyagent.http.commands import with_database
from voyagent.identity.queries import people as identity
from voyagent.imports.rules.csv_tables import decoded
from voyagent.imports.service import files
from voyagent.imports.service.files import Outcome
from voyagent.kernel.actor import Channel
from voyagent.kernel.db import transaction
from voyagent.kernel.errors import VoyagentError


@click.command("import")
@click.option(
    "--by",
    "address",
    required=True,
    help=(
        "E-mail address of the user who imports: the role of this user must permit the import, and"
        " the audit log names the user."
    ),
)
@click.option(
    "--on",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Date of opening balances, open documents and advances, YYYY-MM-DD.",
)
@click.option("--dry-run", is_flag=True, help="Check the file, list all errors, and save nothing.")
@click.argument("kind", type=click.Choice(tuple(files.KINDS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_database
def import_file(
    address: str, day: datetime | None, kind: str, file: Path, *, dry_run: bool
) -> None:
    """Check a CSV file from an agency's previous software, then import the whole file.

    If the file has errors, they are printed, nothing is imported, and the exit code is 1. A file
    that was imported before is not imported again.
    """
    try:
        text = decoded(file.read_bytes())
        found = _act(address, kind, text, day.date() if day else None, takes=False)
        if not (dry_run or found.findings or found.is_repeat):
            found = _act(address, kind, text, day.date() if day else None, takes=True)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None
    except VoyagentError as error:
        raise click.ClickException(error.message) from None
    for one in found.findings:
        click.echo(
            f"line {one.line}{f', {one.column}' if one.column else ''}: {one.sentence} ({one.code})"
        )
    if found.findings:
        raise click.exceptions.Exit(1)
    click.echo(_result_sentence(found))


def _act(address: str, kind: str, text: str, on: date | None, *, takes: bool) -> Outcome:
    """Import the text of a file, or only check the text if `takes` is false.

    The import has the permissions of the user with the e-mail address `address`. `on` is the date
    of the balances, open documents or advances in the file.

    Raises PersonNotFound if no active user has the e-mail address, and the errors of `dry_run` and
    `run`.
    """
    account = identity.find_account(address.strip().lower())
    if account is None:
        raise identity.PersonNotFound
    with transaction(account.tenant_id):
        actor = identity.get_actor(account.user_id).via(Channel.JOB)
        return (files.run if takes else files.dry_run)(actor, kind, text, on)


def _result_sentence(found: Outcome) -> str:
    lines = "1 line" if found.row_count == 1 else f"{found.row_count} lines"
    if found.is_repeat and found.imported_at:
        return f"This file was imported on {found.imported_at:%Y-%m-%d}. Nothing is imported twice."
    return f"{lines} imported." if found.import_id else f"{lines} valid. Nothing was saved."
