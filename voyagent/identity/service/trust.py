"""Rule that limits provisional agencies.

An agency is provisional until one of its users confirms an e-mail address, and again while every
administrator has changed to an address that is not confirmed. A provisional agency creates no API
keys and sends no invitations and no mail to customers, because anybody can sign up with the e-mail
address of somebody else.
"""

from __future__ import annotations

from collections.abc import Hashable

from sqlalchemy import select

from voyagent.identity.queries import people
from voyagent.identity.service.errors import AgencyNotVerified
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db, rows_changed

PROVISIONAL = "provisional agencies"


def require_verified_agency() -> None:
    """Refuse an act of a provisional agency. Raises AgencyNotVerified.

    Call this function after the check of the permission, so that a role without the permission
    learns nothing about the agency.
    """
    if is_provisional():
        raise AgencyNotVerified


def is_provisional() -> bool:
    """Return True if the current agency is provisional."""
    statement = select(people.is_provisional().label("provisional"))
    return bool(SessionReader(db.session).read(statement)[0][0]["provisional"])


def party_of(actor: Actor) -> Hashable:
    """Return a key for the share of the limits on long work that a caller uses.

    The key is the id of the agency. All provisional agencies have the same key and thus one share,
    because a stranger can sign up many agencies.
    """
    return PROVISIONAL if is_provisional() else actor.tenant_id


def note_verified_agency() -> bool:
    """Record that the agency has a confirmed e-mail address.

    Returns True if this is the first one, and False if an address was confirmed before.
    """
    return bool(
        rows_changed(
            "update tenants set verified_at = now(), updated_at = now() where id = :tenant_id and"
            " verified_at is null"
        )
    )
