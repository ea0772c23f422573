"""Commands of the assistant: replay a turn, tune the matching of sentences."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from voyagent.assistant.service.replay import Difference, Replay
from voyagent.capabilities import matching, registry
from voyagent.chat.queries import sessions as chats
from voyagent.http.commands import with_database
from voyagent.identity.queries import people as identity
from voyagent.kernel import clock
from voyagent.kernel.db import db, transaction
from voyagent.kernel.errors import NotFound

examples = AppGroup("examples", help="Evaluate the example sentences of the capabilities.")


@click.command("replay")
@click.argument("turn_id", metavar="TURN")
@with_database
def replay(turn_id: str) -> None:
    """Replay a stored turn without a model and print the first event that differs."""
    for tenant_id in identity.tenant_ids():
        db.session.remove()
        with transaction(tenant_id):
            try:
                turn = chats.get_turn(turn_id)
            except NotFound:
                continue
            if turn.is_active:
                raise click.ClickException(f"Turn {turn_id} is still running.")
            played = Replay(turn)
        try:
            count = played.compare()
        except Difference as difference:
            raise click.ClickException(f"Turn {turn_id} differs. {difference}") from None
        click.echo(f"{turn_id}: {count} events, identical byte for byte.")
        return
    raise click.ClickException(f"There is no turn {turn_id}.")


@examples.command("tune")
def tune() -> None:
    """Print the best thresholds for the matching of a message to a capability.

    They are found by cross-validation on the example sentences. Nothing is changed.
    """
    corpus = matching.corpus_of(registry.every(), today=clock.today())
    tuning = matching.tune(corpus)
    best, used = tuning.thresholds, matching.Thresholds()
    click.echo(f"chosen: take {best.take}, offer {best.offer}")
    click.echo(f"in use: take {used.take}, offer {used.offer}")
    for label, share in (
        ("first capability is right", tuning.first),
        ("an offered capability is right", tuning.among_offered),
        ("taken and right", tuning.taken_rightly),
        ("taken and wrong", tuning.taken_wrongly),
        ("taken although no capability matches", tuning.foreign_taken),
    ):
        click.echo(f"{share:6.1%}  {label}")
