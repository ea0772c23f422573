"""Panels of the assistant on the settings page: model and usage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from flask import current_app, render_template

from voyagent.assistant.queries import spending
from voyagent.assistant.service.planner_factory import Configured
from voyagent.drivers.models.prices import Price, last_day_of, price_of
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader
from voyagent.settings import queries as settings
from voyagent.settings.forms import MODEL_WORDS
from voyagent.settings.views import under_the_limits, under_the_model


@dataclass(frozen=True, slots=True)
class AnsweringModel:
    """The model that responds for an agency.

    `name` is None for the built-in planner. `missed_at` is the time in the last day when the vendor
    did not offer the model, or None.
    """

    today: date
    name: str | None = None
    price: Price | None = None
    last_day: date | None = None
    missed_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """True if the last day on which the vendor offers the model is over."""
        return self.last_day is not None and self.last_day < self.today

    @property
    def label(self) -> str:
        """Name of the model for the page."""
        return str(MODEL_WORDS.get(self.name or "", self.name)) if self.name else ""


def answering(wanted: str | None, today: date) -> AnsweringModel:
    """Return the model that responds if the agency's setting is `wanted`."""
    chosen = Configured(current_app.extensions["voyagent.settings"]).choose(wanted)
    return (
        AnsweringModel(today)
        if chosen is None
        else AnsweringModel(
            today, chosen["model"], price_of(chosen["model"]), last_day_of(chosen["model"])
        )
    )


def read_answering_model(reader: Reader, actor: Actor) -> AnsweringModel:
    """Return the model that responds for the actor's agency, with its `missed_at`."""
    row = settings.read(reader)
    found = answering(
        settings.wanted_model(row) if row is not None else None, clock.today(actor.timezone)
    )
    return (
        found
        if found.name is None
        else replace(found, missed_at=spending.missed_at(reader, found.name))
    )


@under_the_model
def answering_model(reader: Reader, actor: Actor) -> str:
    """Show the model, and a warning if the vendor no longer offers it."""
    return render_template(
        "assistant/_answering_model.html", answering_model=read_answering_model(reader, actor)
    )


@under_the_limits
def used(reader: Reader, actor: Actor) -> str:
    """Show the usage of today and of this month, with a warning near the budget."""
    spent = spending.spending(reader, clock.today(actor.timezone))
    return (
        render_template("assistant/_budget.html", spending=spent)
        + render_template("assistant/_spending.html", spending=spent)
        if spent.is_shown
        else ""
    )
