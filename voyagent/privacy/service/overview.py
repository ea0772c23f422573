"""Read the data held about a person, and the effect of an erasure."""

from __future__ import annotations

from uuid import UUID

from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.parties import queries as parties
from voyagent.privacy.models import Erasure
from voyagent.privacy.queries import person
from voyagent.privacy.service import erasure
from voyagent.privacy.service.searches import searching


def read(actor: Actor, party_id: UUID) -> Row:
    """Return an overview of the data held about a person.

    The result has the fields of `PersonOut` (`schemas.py`), and `confirmed`: the confirmed records.

    Raises Forbidden, PartyNotFound, SearchesBusy, SearchTimedOut.
    """
    actor.require("privacy.read")
    with searching(actor, "privacy.read"):
        return _read(actor, party_id)


def _read(actor: Actor, party_id: UUID) -> Row:
    found, done = person.links_of(party_id), person.erasure_of(party_id)
    plan = erasure.plan_of(found, actor)
    return {
        "party_id": party_id,
        "name": parties.get_party(party_id).name,
        "held": [
            {
                "table": holding.table,
                "label": holding.label,
                "rows": number,
                "erasure": holding.erasure,
                "retention": holding.retention,
                "why": holding.why or None,
            }
            for holding, number in person.counts(found)
        ],
        "candidates": [] if done else person.candidates(found),
        "confirmed": person.confirmed(party_id),
        "blocked_by": plan.blocked_by,
        "unreplaced": [] if done else plan.unreplaced,
        "identity_until": done.identity_until if done else plan.identity_until,
        "erased_at": done.erased_at if done else None,
    }


def erasure_row(done: Erasure) -> Row:
    """Return the columns of an erasure that the API shows, by name."""
    names = ("id", "party_id", "pseudonym", "reason", "erased_at", "counts", "identity_until")
    return {name: getattr(done, name) for name in names}
