"""Tokens in mails, each for one user, e-mail address and purpose.

The tokens are random and are stored as hashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import text

from voyagent.identity.models import OneTimeToken, User
from voyagent.identity.queries import people
from voyagent.identity.rules.tokens import new_token, secret_digest
from voyagent.identity.service.errors import TokenInvalid
from voyagent.identity.service.values import Identity
from voyagent.kernel import clock, tenancy
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, rows_changed

log = structlog.get_logger(__name__)
# A token is valid only while its owner still has the e-mail address to which it was mailed, and
# while owner and agency are active.
_IS_VALID = (
    " o.tenant_id = :tenant_id and o.id = :id and o.purpose = :purpose and o.spent_at is null and"
    " o.expires_at > now() and u.tenant_id = o.tenant_id and u.id = o.user_id and u.email = o.email"
    " and u.is_active and t.id = o.tenant_id and t.is_active"
)


class Purpose(StrEnum):
    """Purpose of a mailed token; the token does not work for any other purpose."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True)
class Holder:
    """User and e-mail address for which a valid token was mailed."""

    token_id: UUID
    user_id: UUID
    purpose: Purpose
    email: str
    agency_name: str
    is_confirmed: bool
    """True if the address is confirmed already, by a mailed link."""


def issue(identity: Identity, *, user_id: UUID, email: str, purpose: Purpose) -> str:
    """Create a token for a user's e-mail address and return it.

    Earlier tokens of the user stay valid. The caller must have locked the user.
    """
    token = new_token(tenancy.current_tenant(db.session))
    expires_at = clock.now() + timedelta(seconds=lifetime_s(identity.settings, purpose))
    db.session.add(
        OneTimeToken(
            user_id=user_id,
            purpose=purpose.value,
            email=email,
            token_hash=secret_digest(token),
            expires_at=expires_at,
        )
    )
    db.session.flush()
    return token


def lifetime_s(settings: Settings, purpose: Purpose) -> int:
    """Return the lifetime in seconds of a token for a purpose."""
    return (
        settings.auth_verification_ttl_seconds
        if purpose is Purpose.VERIFY_EMAIL
        else settings.auth_password_reset_ttl_seconds
    )


def find(token: str, purpose: Purpose) -> Holder | None:
    """Return the owner of a valid token, and make the owner's agency the current one.

    The token can still be used afterwards. The result is None if the token is not valid.
    """
    found = people.find_one_time_token(token)
    if found is None:
        log.info("auth.token_refused", purpose=purpose.value, reason="unknown")
        return None
    tenant_id, token_id = found
    tenancy.bind(db.session(), tenant_id)
    statement = (
        "select o.user_id, o.email, t.display_name,"  # noqa: S608 - constants only
        " u.email_verified and u.email_proven as is_confirmed"
        f" from one_time_tokens o, users u, tenants t where{_IS_VALID}"
    )
    row = db.session.execute(
        text(statement), {"tenant_id": tenant_id, "id": token_id, "purpose": purpose.value}
    ).first()
    if row is None:
        log.info("auth.token_refused", purpose=purpose.value, reason="no_longer_good")
        return None
    return Holder(token_id, row.user_id, purpose, row.email, row.display_name, row.is_confirmed)


def look_up(token: str, purpose: Purpose) -> Holder:
    """Return the owner of a token that is about to be used. Raises TokenInvalid."""
    holder = find(token, purpose)
    if holder is None:
        raise TokenInvalid
    return holder


def spend(holder: Holder) -> User:
    """Mark a token as used and return its user, whose row is locked.

    The user's other tokens for the same purpose end. Of concurrent calls with the same token only
    one succeeds. Raises TokenInvalid.
    """
    # A change of the address locks the user first and then ends the tokens. The same order here
    # prevents a deadlock between the two.
    person = db.session.get(
        User,
        (tenancy.current_tenant(db.session), holder.user_id),
        with_for_update={"key_share": True},
        populate_existing=True,
    )
    spent = rows_changed(
        f"update one_time_tokens o set spent_at = now() from users u, tenants t where{_IS_VALID}",  # noqa: S608 - our own words
        id=holder.token_id,
        purpose=holder.purpose.value,
    )
    if person is None or not spent:
        log.info("auth.token_refused", purpose=holder.purpose.value, reason="no_longer_good")
        raise TokenInvalid
    end(person.id, holder.purpose)
    return person


def end(user_id: UUID, *purposes: Purpose) -> int:
    """End all of a user's unused tokens for some purposes; return their number."""
    return rows_changed(
        "update one_time_tokens set spent_at = now() where tenant_id = :tenant_id and user_id ="
        " :user_id and purpose = any(:purposes) and spent_at is null",
        user_id=user_id,
        purposes=[purpose.value for purpose in purposes],
    )
