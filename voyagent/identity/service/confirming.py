"""Reauthentication of a signed-in user: password, and a code if two-factor is on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from voyagent.audit.service import recording as audit
from voyagent.identity.models import User
from voyagent.identity.rules.tokens import Subject
from voyagent.identity.service.errors import InvalidPassword, TotpRefused
from voyagent.identity.service.proving import check_password
from voyagent.identity.service.second_factor import check_code
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel import limits
from voyagent.kernel.actor import Actor, Channel, NotFresh
from voyagent.kernel.db import db
from voyagent.kernel.errors import Unauthorized

AT = "reauthenticate"


def confirm(
    identity: Identity, actor: Actor, *, password: str, code: str | None, device: Device
) -> Actor:
    """Check password and code, and return the actor marked as freshly authenticated.

    Call this function before the service writes anything, because the function rolls the
    transaction back before it checks the password. If the password or the code is refused, the
    audit event of the refusal is committed. The code is used up only if the transaction commits.
    The user's row is locked until the transaction ends. Source: ASVS 7.5.1.

    Raises Unauthorized, Forbidden, TooManyRequests, PasswordsBusy, InvalidPassword, TotpRefused.
    """
    actor.require("account.update")
    known = db.session.get(User, (actor.tenant_id, actor.user_id)) if actor.user_id else None
    if known is None:
        raise Unauthorized
    with identity.limiter.admit(
        limits.REAUTHENTICATE,
        account=actor.email,
        address=device.ip,
        agency=actor.tenant_id,
    ) as attempt:
        person, is_right = check_password(
            identity, known.tenant_id, known.id, stored=known.password_hash, password=password
        )
        if not is_right:
            about = {"user_id": person.id}
            audit.record(
                actor,
                "auth.reauthentication_failed",
                status="rejected",
                error=InvalidPassword.code,
                entity_refs=about,
            )
            raise InvalidPassword
        # The password is checked first, so that a wrong password does not use up a code.
        if person.totp_enabled:
            check_code(identity, actor, person, code or "", refusal=TotpRefused, at=AT)
        attempt.succeeded()
    return replace(actor, fresh=True)


def confirm_in_browser(
    identity: Identity,
    client_address: Callable[[], str],
    actor: Actor,
    password: str,
    code: str,
) -> Actor:
    """Call `confirm` with the password and the code that a user entered on a page.

    An empty `code` means that the user entered none. A success is recorded in the audit log.
    Returns the actor with `fresh` set. Raises the errors of `confirm`.
    """
    device = Device(Channel.BROWSER, ip=client_address())
    fresh = confirm(identity, actor, password=password, code=code, device=device)
    audit.record(actor, "auth.reauthenticated", entity_refs={"auth_session_id": actor.session_id})
    return fresh


def reauthenticate(
    identity: Identity, actor: Actor, *, password: str, code: str | None, device: Device
) -> str:
    """Check password and code, and return a fresh access token of the actor's session.

    Raises NotFresh for an API key, which has no session, and the errors of `confirm`.
    """
    actor.require("account.update")
    if actor.user_id is None or actor.session_id is None:
        raise NotFresh
    confirm(identity, actor, password=password, code=code, device=device)
    audit.record(actor, "auth.reauthenticated", entity_refs={"auth_session_id": actor.session_id})
    return identity.tokens.issue(
        Subject(actor.tenant_id, actor.user_id, actor.session_id, actor.role, actor.email),
        fresh=True,
    )
