"""The commands of the books: `flask books check` proves that documents, entries and roll-ups agree, `flask books export` writes them for another program."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click
from flask.cli import with_appcontext

from voyagent.audit import chain
from voyagent.reports import checks, exports


@click.group("books")
def books() -> None:
    """Look after the books."""


@books.command("check")
@click.option("--tenant", type=click.UUID, help="One agency; all of them where it is absent.")
@with_appcontext
def check(tenant: UUID | None) -> None:
    """Say what does not hold in the books, with agency, currency and difference; ends with 1 where there is anything."""
    if tenant is not None:
        _must_exist(tenant)
    unsound = 0
    for tenant_id in [tenant] if tenant is not None else chain.every_agency():
        found = checks.run(tenant_id)
        unsound += bool(found)
        if not found:
            click.echo(f"{tenant_id}: OK, {len(checks.CHECKS)} checks")
        for finding in found:
            click.echo(f"{tenant_id}: {finding}")
    if unsound:
        raise click.exceptions.Exit(1)


@books.command("export")
@click.option("--tenant", type=click.UUID, required=True)
@click.option("--format", "form", type=click.Choice(sorted(exports.FORMATS)), required=True, help="The program that the file is for.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def export(tenant: UUID, form: str, file: Path) -> None:
    """Write all that an agency has posted, as of one instant, in the format of another program."""
    _must_exist(tenant)
    try:
        exports.write(tenant, form, file)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None


def _must_exist(tenant: UUID) -> None:
    if not chain.exists(tenant):
        raise click.ClickException(f"there is no agency {tenant}")
