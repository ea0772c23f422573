"""What the assistant's room shows on pages of lower rooms: on the settings, what is used of the limits."""

from __future__ import annotations

from flask import render_template

from voyagent.assistant import costs
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.reading import Reader
from voyagent.settings.views import under_the_limits


@under_the_limits
def used(reader: Reader, actor: Actor) -> str:
    """Today and this month, with a warning where today's budget runs out."""
    spending = costs.spending(reader, clock.today(actor.timezone))
    return render_template("assistant/_spending.html", spending=spending) if spending.is_shown else ""
