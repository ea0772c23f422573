"""Rules that create agencies and users."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from voyagent.audit.service import recording as audit
from voyagent.identity.models import Tenant, User
from voyagent.identity.queries import people
from voyagent.identity.rules.permissions import Role
from voyagent.identity.service.choosing import refuse_common
from voyagent.identity.service.errors import EmailAlreadyRegistered
from voyagent.identity.service.sessions import open_session
from voyagent.identity.service.values import Device, Identity, SignedInPerson
from voyagent.identity.service.verification import mail_verification
from voyagent.kernel import clock, limits, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db, pause
from voyagent.kernel.ids import new_id
from voyagent.settings.service import tenant_settings as settings

NewAgencyHook = Callable[[Actor], None]
_new_agency_hooks: list[NewAgencyHook] = []


def on_new_agency(hook: NewAgencyHook) -> NewAgencyHook:
    """Register a function that runs in the transaction that creates an agency."""
    if hook not in _new_agency_hooks:
        _new_agency_hooks.append(hook)
    return hook


def sign_up(  # noqa: PLR0913 - each keyword is a field of the form
    identity: Identity,
    *,
    email: str,
    password: str,
    full_name: str,
    agency_name: str,
    device: Device,
    default_currency: str = settings.DEFAULT_CURRENCY,
    timezone: str = settings.DEFAULT_TIMEZONE,
    locale: str = settings.DEFAULT_LOCALE,
    is_demo: bool = False,
) -> SignedInPerson:
    """Create an agency and its first administrator, and sign this user in.

    `email` must be in lower case.

    Raises TooManyRequests, PasswordBlank, PasswordTooCommon, EmailAlreadyRegistered, PasswordsBusy.
    """
    with identity.limiter.admit(limits.SIGN_UP, account=email, address=device.ip):
        refuse_common(password, agency_name=agency_name, email=email)
        if people.email_taken(email):
            raise EmailAlreadyRegistered
        pause()
        password_hash = identity.passwords.hash(password)
    is_verified = identity.settings.auth_skip_email_verification
    tenant = Tenant(
        id=new_id(),
        display_name=agency_name,
        is_demo=is_demo,
        verified_at=clock.now() if is_verified or is_demo else None,
    )
    tenancy.bind(db.session(), tenant.id)
    db.session.add(tenant)
    db.session.flush()
    settings.open_settings(default_currency=default_currency, timezone=timezone, locale=locale)
    audit.open_chain(tenant.id)
    user = add_person(
        identity,
        email=email,
        password_hash=password_hash,
        full_name=full_name,
        role=Role.AGENCY_ADMIN,
        verified=False,
    )
    actor = people.get_actor(user.id, tenant_name=agency_name).via(device.channel)
    audit.record(
        actor, "agency.signed_up", entity_refs={"tenant_id": tenant.id, "user_id": user.id}
    )
    if not user.email_verified:
        mail_verification(identity, actor, user_id=user.id, email=email)
    for hook in _new_agency_hooks:
        hook(actor)
    return open_session(identity, user, device)


def add_person(
    identity: Identity,
    *,
    email: str,
    password_hash: str,
    full_name: str,
    role: str,
    verified: bool,
    invited_by: UUID | None = None,
) -> User:
    """Add a user to the current agency.

    `verified` says whether the e-mail address counts as confirmed. Raises EmailAlreadyRegistered.
    """
    user = User(
        id=new_id(),
        email=email,
        display_name=full_name,
        role=role,
        password_hash=password_hash,
        email_verified=verified or identity.settings.auth_skip_email_verification,
        email_proven=identity.settings.auth_skip_email_verification,
        invited_by_user_id=invited_by,
    )
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError as error:
        if "uq_users_email" in str(error.orig):
            raise EmailAlreadyRegistered from None
        raise
    return user
