"""Rules that create and revoke API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from voyagent.audit.service import recording as audit
from voyagent.identity.models import ApiKey
from voyagent.identity.rules.keys import MARK, NewKey, new_key
from voyagent.identity.rules.permissions import NAMING_SCOPES, SCOPES, is_within_reach
from voyagent.identity.service.credentials import lives_on
from voyagent.identity.service.errors import ScopeBeyondRole, TooManyKeys
from voyagent.identity.service.proving import lock_actor
from voyagent.identity.service.trust import require_verified_agency
from voyagent.identity.service.values import Identity
from voyagent.kernel import clock, limits, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.errors import Forbidden, NotFound
from voyagent.kernel.ids import new_id

FULL = ("full",)
PREFIX_TRIES_MAX = 3
LIVE_MAX = 20
"""Maximum number of a user's API keys that work at the same time."""


def make_key(
    identity: Identity,
    actor: Actor,
    *,
    name: str,
    scopes: Sequence[str] = FULL,
    expires_in_days: int | None = None,
) -> tuple[UUID, str]:
    """Create an API key that acts as the actor, and return its id and its full text.

    On each call the key has the role that the actor has at that time. The actor must be fresh:
    neither an access token from a refresh nor another API key can create a key. The actor is
    notified by mail. No later call can return the full text.

    Raises Unauthorized, Forbidden, AgencyNotVerified, NotFresh, ScopeBeyondRole, TooManyRequests,
    TooManyKeys.
    """
    actor.require("api_key.create")
    person, actor = lock_actor(actor, "api_key.create")
    require_verified_agency()
    actor.require_step_up("api_key.create")
    possible = {*FULL, *NAMING_SCOPES} if "full" in scopes else set(SCOPES)
    wanted = [scope for scope in SCOPES if scope in scopes and scope in possible]
    if not all(is_within_reach(scope, actor.role) for scope in wanted):
        raise ScopeBeyondRole
    identity.limiter.admit(limits.CREATE_KEY, account=str(person.id), agency=actor.tenant_id)
    if lives_on(person.id)["api_keys"] >= LIVE_MAX:
        raise TooManyKeys
    expires_at = None if expires_in_days is None else clock.now() + timedelta(days=expires_in_days)
    key_id, key = _store(
        created_by_user_id=actor.user_id, name=name, scopes=wanted, expires_at=expires_at
    )
    shown = {"name": name, "prefix": key.prefix, "scopes": wanted, "expires_at": expires_at}
    audit.record(actor, "api_key.created", entity_refs={"api_key_id": key_id}, inputs=shown)
    identity.outbox.send(
        to=actor.email,
        kind="api_key_created",
        locale=actor.locale,
        name=name,
        prefix=f"{MARK}{key.prefix}_",
    )
    return key_id, key.text


def revoke_key(actor: Actor, key_id: UUID) -> None:
    """Revoke an API key from the next request on.

    Only the key's creator or an administrator may revoke it. Revoking a revoked key changes
    nothing. Raises Forbidden, NotFound.
    """
    key = get_key_to_revoke(actor, key_id)
    revoked = rows_changed(
        "update api_keys k set revoked_at = now(), revoked_by_user_id = :by where k.tenant_id ="
        " :tenant_id and k.id = :id and k.revoked_at is null and exists (select 1 from users u"
        " where u.tenant_id = k.tenant_id and u.id = k.created_by_user_id and u.is_active)",
        id=key_id,
        by=actor.user_id,
    )
    if revoked:
        refs = {"api_key_id": key_id, "user_id": key.created_by_user_id}
        audit.record(
            actor,
            "api_key.revoked",
            entity_refs=refs,
            inputs={"name": key.name, "prefix": key.prefix},
        )


def get_key_to_revoke(actor: Actor, key_id: UUID) -> ApiKey:
    """Return an API key after checking that the actor may revoke it.

    Administrators may revoke every key, other users only their own. Raises NotFound, Forbidden.
    Forbidden reveals that the key exists, but every user can list all keys of the agency with the
    API.
    """
    actor.require("api_key.revoke")
    key = db.session.get(ApiKey, (tenancy.current_tenant(db.session), key_id))
    if key is None:
        raise NotFound
    if key.created_by_user_id != actor.user_id and not actor.can("api_key.revoke_any"):
        raise Forbidden
    return key


def _store(**about: Any) -> tuple[UUID, NewKey]:
    """Store a new API key; return the id of its row and the key.

    If the prefix of the key is already used, another key is tried.
    """
    for attempt in range(1, PREFIX_TRIES_MAX + 1):
        key = new_key()
        row = ApiKey(id=new_id(), prefix=key.prefix, key_hash=key.digest, **about)
        try:
            with audit.savepoint():
                db.session.add(row)
                db.session.flush()
        except IntegrityError as error:
            if "uq_api_keys_prefix" not in str(error.orig) or attempt == PREFIX_TRIES_MAX:
                raise
        else:
            return row.id, key
    raise AssertionError("unreachable")
