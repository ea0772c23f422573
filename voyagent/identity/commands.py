"""Commands for the operator of the installation: `flask agency suspend` and `resume`."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import click

from voyagent.http.commands import with_database
from voyagent.identity import service
from voyagent.kernel.db import transaction
from voyagent.kernel.errors import VoyagentError


@click.group("agency")
def agency() -> None:
    """Suspend or resume an agency."""


@agency.command("suspend")
@click.argument("tenant_id", metavar="ID", type=click.UUID)
@with_database
def suspend(tenant_id: UUID) -> None:
    """Suspend an agency: refuse all its requests from now on. Nothing is deleted."""
    click.echo(
        f"{_carry_out(service.suspend_agency, tenant_id)} is suspended: from now on nobody of it is"
        " let in."
    )


@agency.command("resume")
@click.argument("tenant_id", metavar="ID", type=click.UUID)
@with_database
def resume(tenant_id: UUID) -> None:
    """Let a suspended agency use the product again."""
    click.echo(f"{_carry_out(service.resume_agency, tenant_id)} is let in again.")


def _carry_out(rule: Callable[[UUID], str], tenant_id: UUID) -> str:
    try:
        with transaction(tenant_id):
            return rule(tenant_id)
    except VoyagentError as error:
        raise click.ClickException(error.message) from None
