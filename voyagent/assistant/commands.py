"""The assistant's command: play a stored turn again."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from voyagent.assistant.replay import Difference, Replay
from voyagent.chat import queries as chats
from voyagent.identity import queries as identity
from voyagent.kernel.db import db, transaction
from voyagent.kernel.errors import NotFound


@click.command("replay")
@click.argument("turn_id", metavar="TURN")
@with_appcontext
def replay(turn_id: str) -> None:
    """Play a stored turn again from its journal, offline: byte for byte the same, or the first
    difference.
    """
    for tenant_id in identity.tenant_ids():
        db.session.remove()
        with transaction(tenant_id):
            try:
                turn = chats.get_turn(turn_id)
            except NotFound:
                continue
            if turn.is_active:
                raise click.ClickException(f"{turn_id} still runs.")
            played = Replay(turn)
        try:
            count = played.compare()
        except Difference as difference:
            raise click.ClickException(f"{turn_id} differs. {difference}") from None
        click.echo(f"{turn_id}: {count} events, byte for byte the same.")
        return
    raise click.ClickException(f"No turn is called {turn_id}.")
