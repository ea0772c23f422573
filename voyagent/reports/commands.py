"""The command of the books: `flask books check` proves for every agency that documents, entries and roll-ups agree."""

from __future__ import annotations

from uuid import UUID

import click
from flask.cli import with_appcontext

from voyagent.audit import chain
from voyagent.reports import checks


@click.group("books")
def books() -> None:
    """Look after the books."""


@books.command("check")
@click.option("--tenant", type=click.UUID, help="One agency; all of them where it is absent.")
@with_appcontext
def check(tenant: UUID | None) -> None:
    """Say what does not hold in the books, with agency, currency and difference; ends with 1 where there is anything."""
    if tenant is not None and not chain.exists(tenant):
        raise click.ClickException(f"there is no agency {tenant}")
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
