"""Parts that the previews of trips share: the itinerary, lines in words, checks."""

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
"""The reference of lines that a dry run adds; they are rolled back."""


def itinerary_of(call: Invocation, trip_id: UUID) -> Measured:
    """Measure the lines that are not over, by kind, day and name.

    A dry run gives a line another id each time, so the id is no key. Raises TripNotFound.
    """
    seen: dict[str, str] = {}
    for line in trips.read_trip(call.reader, trip_id).active_lines:
        key = f"{line.kind} {line.starts_on or ''} {line.name}"
        while key in seen:
            key += " +"
        seen[key] = in_words(line)
    return Measured(itinerary=seen)


def in_words(line: Line) -> str:
    """Return name, days, state and cost of a line."""
    cost = spoken(line.cost.wire, line.cost.currency) if line.cost else ""
    return joined(name_of(line), days_of(line), str(STATE_WORDS[line.state]), cost)


def name_of(line: Line) -> str:
    """Return the name of a line; a visa has that of its country."""
    return country_name(line.name) if line.kind == "visa" else line.name


def days_of(line: Line) -> str:
    """Return the first and the last day, or the only one."""
    days: Iterable[date | None] = dict.fromkeys([line.starts_on, line.ends_on])
    return " – ".join(day(one) for one in days if one is not None)


def joined(*parts: str | None) -> str:
    """Join the parts that are not empty."""
    return ", ".join(part for part in parts if part)


def trip_checks(journey: Journey) -> list[CheckShown]:
    """Return what the rules find wrong with a trip."""
    found = findings(journey.passengers, journey.lines)
    if not found:
        return [CheckShown(ok=True, text=gettext("No problems found with the trip"))]
    return [CheckShown(ok=False, text=sentence_of(finding)) for finding in found]


def budget_checks(
    session_id: UUID | None, enquiry_id: UUID | None, cost: Money
) -> list[CheckShown]:
    """Return a warning if the cost is above the budget of the conversation's or the enquiry's trip.

    The budget is for the whole trip.
    """
    budget = budget_of(session_id, enquiry_id)
    if budget is None or not is_above(cost, budget):
        return []
    amount = spoken(budget.wire, budget.currency)
    return [CheckShown(ok=False, text=gettext("Above the budget of %(amount)s", amount=amount))]


def local_time(moment: datetime, actor: Actor) -> str:
    """Return the time of day in the agency's zone, HH:MM."""
    return moment.astimezone(ZoneInfo(actor.timezone)).strftime("%H:%M")


def local_moment(moment: datetime, actor: Actor) -> str:
    """Return day and time in the agency's zone."""
    local = moment.astimezone(ZoneInfo(actor.timezone))
    return f"{day(local.date())}, {local:%H:%M}"
