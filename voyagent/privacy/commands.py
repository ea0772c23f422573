"""Command `flask mask-conversations`, for data of an earlier release."""

from __future__ import annotations

import click

from voyagent.chat.service.masking import COLUMNS, Masking
from voyagent.http.commands import with_database
from voyagent.identity.queries.people import tenant_ids
from voyagent.kernel.housekeeping import in_agencies


@click.command("mask-conversations")
@with_database
def mask_conversations() -> None:
    """Mask PANs, tax numbers and bank accounts in stored conversations.

    New messages are masked before they are stored. Run this once after the upgrade from release
    0.1; a second run changes nothing.
    """
    changed = 0
    for column in COLUMNS:
        walk = Masking(column)
        in_agencies(tenant_ids, walk, more=bool)
        changed += walk.changed
    click.echo(f"{changed} texts were masked.")
