"""Rule that limits provisional agencies until a confirmation.

They create no keys and send no invitations and no mail to customers. Anybody can sign up with an
address of somebody else, or move an account to it. Until a mailed link has shown that the address
belongs to the person, an agency can give nobody else access and writes to nobody in its name.
"""

from __future__ import annotations

from sqlalchemy import select

from voyagent.identity.queries import people
from voyagent.identity.service.errors import AgencyNotVerified
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db, rows_changed


def require_verified_agency() -> None:
    """Refuse an act of a provisional agency. Raises AgencyNotVerified.

    Call it after the check of the permission, so that a role without it learns nothing else.
    """
    if is_provisional():
        raise AgencyNotVerified


def is_provisional() -> bool:
    """Return True if the bound agency is provisional."""
    statement = select(people.is_provisional().label("provisional"))
    return bool(SessionReader(db.session).read(statement)[0][0]["provisional"])


def note_verified_agency() -> bool:
    """Mark the bound agency as confirmed; return True if it was provisional before."""
    return bool(
        rows_changed(
            "update tenants set verified_at = now(), updated_at = now() where id = :tenant_id and"
            " verified_at is null"
        )
    )
