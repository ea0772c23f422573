"""What the effects of trips share: the itinerary before and after, lines in words, what the rules
find, and who is asked.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import format_date, gettext

from voyagent.approvals.effects import CheckShown, Measured
from voyagent.drivers.suppliers import Suppliers
from voyagent.identity.permissions import TICKET_ROLES
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import Money, spoken
from voyagent.trips import queries
from voyagent.trips.enquiry_budget import budget_of, is_above
from voyagent.trips.lint import findings
from voyagent.trips.queries import Journey, Line
from voyagent.trips.words import STATE_WORDS, country_name, sentence_of

APPROVERS = frozenset(role.value for role in TICKET_ROLES)
OUTSIDE: dict[str, Any] = {"money": True, "external": True, "asks": True}
TRIED = "rehearsal"
"""Under which name a rehearsal puts a line on a trip; nothing of it stays."""


def measured(trip_id: UUID) -> Measured:
    """The lines that stand, by what they are and not by their row, which a rehearsal makes anew
    each time.
    """
    seen: dict[str, str] = {}
    for line in journey_of(trip_id).standing:
        key = f"{line.kind} {line.starts_on or ''} {line.name}"
        while key in seen:
            key += " +"
        seen[key] = in_words(line)
    return Measured(itinerary=seen)


def journey_of(trip_id: UUID) -> Journey:
    """A trip as it stands now. Raises TripNotFound."""
    return queries.read_trip(SessionReader(db.session), trip_id)


def in_words(line: Line) -> str:
    """A line as the itinerary's difference shows it: what, when, in which state, for how much."""
    name = country_name(line.name) if line.kind == "visa" else line.name
    days = " – ".join(
        day_in_words(day)
        for day in dict.fromkeys([line.starts_on, line.ends_on])
        if day is not None
    )
    return ", ".join(
        filter(
            None,
            (
                name,
                days,
                str(STATE_WORDS[line.state]),
                amount_in_words(line.cost) if line.cost else "",
            ),
        )
    )


def checks_of(journey: Journey) -> list[CheckShown]:
    """What the rules find wrong; the grave ones count, so that a grant is not given to a trip that
    has gone wrong meanwhile.
    """
    found = findings(journey.passengers, journey.lines)
    if not found:
        return [CheckShown(ok=True, text=gettext("No problems found with the trip"))]
    return [CheckShown(ok=False, text=sentence_of(finding)) for finding in found]


def budget_checks(
    session_id: UUID | None, enquiry_id: UUID | None, cost: Money
) -> list[CheckShown]:
    """A word where something costs more than the customer of the trip, by its conversation or its
    enquiry, wants to spend on all of it.
    """
    budget = budget_of(session_id, enquiry_id)
    if budget is None or not is_above(cost, budget):
        return []
    return [
        CheckShown(
            ok=False, text=gettext("Above the budget of %(amount)s", amount=amount_in_words(budget))
        )
    ]


def amount_in_words(amount: Money) -> str:
    """An amount as sentences say it."""
    return spoken(amount.wire, amount.currency)


def day_in_words(day: date) -> str:
    """A day with its year."""
    return str(format_date(day, "d MMM y"))


def clock_in_words(moment: datetime, actor: Actor) -> str:
    """The time of the agency's clock."""
    return moment.astimezone(ZoneInfo(actor.timezone)).strftime("%H:%M")


def moment_in_words(moment: datetime, actor: Actor) -> str:
    """A day and the time of the agency's clock."""
    local = moment.astimezone(ZoneInfo(actor.timezone))
    return f"{day_in_words(local.date())}, {local:%H:%M}"


def suppliers() -> Suppliers:
    """Whom this installation buys from."""
    found: Suppliers = current_app.extensions["voyagent.suppliers"]
    return found


def keyring() -> Keyring:
    """The installation's secrets."""
    found: Keyring = current_app.extensions["voyagent.keyring"]
    return found
