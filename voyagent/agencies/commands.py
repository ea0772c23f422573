"""Operator's commands `flask agency export`, `import` and `delete`."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from voyagent.agencies.service import deleting, exporting, importing
from voyagent.audit.service.statements import Anchors
from voyagent.backup.commands import (
    FILE,
    over,
    passphrase_option,
    read_passphrase,
    with_refusals,
)
from voyagent.backup.service.database import settings_of_owner
from voyagent.http.commands import with_database
from voyagent.http.extensions import installed
from voyagent.kernel.config import Settings
from voyagent.kernel.errors import VoyagentError


@click.command("export")
@click.argument("tenant_id", metavar="ID", type=click.UUID)
@click.argument("file", type=FILE)
@passphrase_option
@with_database
@with_refusals
def export(tenant_id: UUID, file: Path, passphrase_file: Path | None) -> None:
    """Write all of an agency to FILE.

    The file has all rows, the logo, the audit log and its signed statements. It is one tar file,
    with one line of JSON for each row of a table. Secrets in it are encrypted with a
    passphrase. An existing file is replaced when the new one is complete.
    """
    settings, anchors = installed(Settings, "settings"), installed(Anchors, "anchors")
    passphrase = read_passphrase(passphrase_file, confirms=True)
    made = exporting.export_agency(settings, anchors, tenant_id, file, passphrase)
    click.echo(
        f"{file}: {made.name} with {sum(made.census.tables.values())} rows of"
        f" {len(made.census.tables)} tables at {made.made_at}, schema revision {made.revision}."
    )
    click.echo(f"Head of its audit log: {made.census.heads[made.agency]}")


@click.command("import")
@click.argument("file", type=FILE)
@passphrase_option
@with_database
@with_refusals
def import_(file: Path, passphrase_file: Path | None) -> None:
    """Read an agency from FILE, which `flask agency export` has written.

    Nothing is changed unless the whole agency is read and its books and audit log are verified. The
    agency is suspended until `flask agency resume`.
    """
    settings, anchors = installed(Settings, "settings"), installed(Anchors, "anchors")
    with (
        importing.open_export(file, read_passphrase(passphrase_file)) as opened,
        over(settings_of_owner(settings)),
    ):
        done = importing.import_agency(settings, anchors, opened)
    manifest = done.manifest
    click.echo(
        f"{manifest.name} ({manifest.agency}) is the state of {manifest.made_at}:"
        f" {sum(manifest.census.tables.values())} rows, books and audit log are verified, and"
        f" {done.statements} signed statements were written to the folder."
    )
    click.echo(f"Head of its audit log: {manifest.census.heads[manifest.agency]}")
    click.echo(
        f"It is suspended. Let its people sign in with `flask agency resume {manifest.agency}`."
    )


@click.command("delete")
@click.argument("tenant_id", metavar="ID", type=click.UUID)
@click.option(
    "--audit-to",
    "file",
    type=FILE,
    help="New file for the audit log, which the law asks to keep; needed after the 30 days.",
)
@with_database
@with_refusals
def delete(tenant_id: UUID, file: Path | None) -> None:
    """Ask for the deletion of an agency, or delete it after 30 days.

    The first call suspends the agency. `flask agency resume` ends the deletion. After 30 days the
    next call writes the audit log to a file, deletes all rows of the agency, and prints a signed
    proof. If it is interrupted, call it again.
    """
    settings, anchors = installed(Settings, "settings"), installed(Anchors, "anchors")
    try:
        asked = None if deleting.has_begun(tenant_id) else deleting.ask(tenant_id)
        if asked is not None and asked.is_new:
            click.echo(
                f"{asked.name} is suspended, and can be deleted from"
                f" {asked.due_at:%Y-%m-%d %H:%M} UTC on. End this with `flask agency resume"
                f" {tenant_id}`."
            )
            return
        with over(settings_of_owner(settings)):
            if asked is not None and not deleting.has_begun(tenant_id):
                deleting.begin(anchors, tenant_id, asked, file)
            click.echo(deleting.go_on(anchors, tenant_id))
    except VoyagentError as error:
        raise click.ClickException(error.message) from None
