"""Operator's commands `flask agency suspend` and `flask agency resume`."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import click

from voyagent.http.commands import with_database
from voyagent.identity.service import agencies
from voyagent.kernel.db import transaction
from voyagent.kernel.errors import VoyagentError


@click.group("agency")
def agency() -> None:
    """Suspend, resume, export, import and delete an agency."""


@agency.command("suspend")
@click.argument("tenant_id", metavar="ID", type=click.UUID)
@with_database
def suspend(tenant_id: UUID) -> None:
    """Suspend an agency: refuse all its requests from now on. Nothing is deleted."""
    click.echo(
        f"{_carry_out(agencies.suspend_agency, tenant_id)} is suspended. All requests of its users"
        " are refused."
    )


@agency.command("resume")
@click.argument("tenant_id", metavar="ID", type=click.UUID)
@with_database
def resume(tenant_id: UUID) -> None:
    """Resume a suspended agency: accept the requests of its users again."""
    click.echo(f"{_carry_out(agencies.resume_agency, tenant_id)} is active again.")


def _carry_out(rule: Callable[[UUID], str], tenant_id: UUID) -> str:
    try:
        with transaction(tenant_id):
            return rule(tenant_id)
    except VoyagentError as error:
        raise click.ClickException(error.message) from None
