"""Texts and checks that the approval previews of several trip acts share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext

from voyagent.approvals.service.effects import CheckShown, Measured
from voyagent.capabilities.capability import Invocation
from voyagent.capabilities.cards import day
from voyagent.identity.rules.permissions import TICKET_ROLES
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money, spoken
from voyagent.trips.queries import trips
from voyagent.trips.queries.enquiry_budget import budget_of, is_above
from voyagent.trips.rules.journey import Journey, Line
from voyagent.trips.rules.lint import findings
from voyagent.trips.words import STATE_WORDS, country_name, sentence_of

APPROVERS = frozenset(role.value for role in TICKET_ROLES)
DRY_RUN = "dry run"
"""The booking reference of lines that a dry run adds before it is rolled back."""


def itinerary_of(call: Invocation, trip_id: UUID) -> Measured:
    """Return the active lines of a trip as texts.

    The caller compares the texts before and after a dry run, to show its effect. Each text has a
    key: kind, first day and name of the line. Raises TripNotFound.
    """
    seen: dict[str, str] = {}
    for line in trips.read_trip(call.reader, trip_id).active_lines:
        key = f"{line.kind} {line.starts_on or ''} {line.name}"
        while key in seen:
            key += " +"
        seen[key] = in_words(line)
    return Measured(itinerary=seen)


def in_words(line: Line) -> str:
    """Describe a trip line in one text: name, days, status and cost."""
    cost = spoken(line.cost.wire, line.cost.currency) if line.cost else ""
    return joined(name_of(line), days_of(line), str(STATE_WORDS[line.state]), cost)


def name_of(line: Line) -> str:
    """Return the name of a trip line; for a visa the name of its country."""
    return country_name(line.name) if line.kind == "visa" else line.name


def days_of(line: Line) -> str:
    """Return the first and last day of a trip line, or its only day, as text."""
    days: Iterable[date | None] = dict.fromkeys([line.starts_on, line.ends_on])
    return " – ".join(day(one) for one in days if one is not None)


def joined(*parts: str | None) -> str:
    """Join the non-empty parts with commas."""
    return ", ".join(part for part in parts if part)


def trip_checks(journey: Journey) -> list[CheckShown]:
    """Return the warnings about a trip, or a confirmation that there are none."""
    found = findings(journey.passengers, journey.lines)
    if not found:
        return [CheckShown(ok=True, text=gettext("No problems found with the trip"))]
    return [CheckShown(ok=False, text=sentence_of(finding)) for finding in found]


def budget_checks(
    session_id: UUID | None, enquiry_id: UUID | None, cost: Money
) -> list[CheckShown]:
    """Return a warning if the cost is above the enquiry's budget, else an empty list.

    The enquiry is `enquiry_id`, or else the newest enquiry of the conversation.
    """
    budget = budget_of(session_id, enquiry_id)
    if budget is None or not is_above(cost, budget):
        return []
    amount = spoken(budget.wire, budget.currency)
    return [CheckShown(ok=False, text=gettext("Above the budget of %(amount)s", amount=amount))]


def local_time(moment: datetime, actor: Actor) -> str:
    """Return the time of day in the agency's time zone, as HH:MM."""
    return moment.astimezone(ZoneInfo(actor.timezone)).strftime("%H:%M")


def local_moment(moment: datetime, actor: Actor) -> str:
    """Return the day and time in the agency's time zone."""
    local = moment.astimezone(ZoneInfo(actor.timezone))
    return f"{day(local.date())}, {local:%H:%M}"
