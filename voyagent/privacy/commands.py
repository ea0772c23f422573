"""Command `flask mask-conversations`, for data of an earlier release."""

from __future__ import annotations

import math

import click

from voyagent.approvals.service import masking as proposals
from voyagent.chat.service import masking as conversations
from voyagent.http.commands import with_database
from voyagent.identity.queries.people import tenant_ids
from voyagent.kernel.housekeeping import in_agencies


@click.command("mask-conversations")
@with_database
def mask_conversations() -> None:
    """Mask PANs, tax numbers and bank accounts in stored conversations.

    The arguments of finished requests for approval are masked too. Run this command once after the
    upgrade from release 0.1; a second run changes nothing. New messages are masked before they are
    stored. The arguments of a new request are masked in the night after the request is finished.
    """
    walks = (*conversations.maskings(), *proposals.maskings())
    try:
        in_agencies(tenant_ids, *walks, more=bool, agency_max_s=math.inf)
    finally:
        click.echo(f"{sum(walk.changed for walk in walks)} texts were masked.")
