"""What the assistant's room shows on pages of lower rooms: on the settings, who answers and what is
used of the limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from flask import current_app, render_template

from voyagent.assistant import costs
from voyagent.assistant.planner_factory import Configured
from voyagent.drivers.models.prices import Price, last_day_of, price_of
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader
from voyagent.settings import queries as settings
from voyagent.settings.forms import MODEL_WORDS
from voyagent.settings.views import under_the_limits, under_the_model


@dataclass(frozen=True, slots=True)
class Mind:
    """Who answers an agency now: a model with its price and its last day as far as they are known,
    or without a name the built-in planner.
    """

    today: date
    name: str | None = None
    price: Price | None = None
    last_day: date | None = None
    missed_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the model's last day is over."""
        return self.last_day is not None and self.last_day < self.today

    @property
    def label(self) -> str:
        """The model as people call it, or the built-in planner."""
        return str(MODEL_WORDS.get(self.name or "", self.name)) if self.name else ""


def answering(wanted: str | None, today: date) -> Mind:
    """Who answers an agency that has chosen `wanted`."""
    chosen = Configured(current_app.extensions["voyagent.settings"]).choose(wanted)
    return (
        Mind(today)
        if chosen is None
        else Mind(today, chosen["model"], price_of(chosen["model"]), last_day_of(chosen["model"]))
    )


def read_mind(reader: Reader, actor: Actor) -> Mind:
    """Who answers the agency now, and whether its vendor had it when it was asked last."""
    row = settings.read(reader)
    found = answering(
        settings.wanted_model(row) if row is not None else None, clock.today(actor.timezone)
    )
    return (
        found
        if found.name is None
        else replace(found, missed_at=costs.missed_at(reader, found.name))
    )


@under_the_model
def mind(reader: Reader, actor: Actor) -> str:
    """Who answers now, and that an administrator should choose another where that one is not to be
    had.
    """
    return render_template("assistant/_mind.html", mind=read_mind(reader, actor))


@under_the_limits
def used(reader: Reader, actor: Actor) -> str:
    """Today and this month, with a warning where today's budget runs out."""
    spending = costs.spending(reader, clock.today(actor.timezone))
    return (
        render_template("assistant/_budget.html", spending=spending)
        + render_template("assistant/_spending.html", spending=spending)
        if spending.is_shown
        else ""
    )
