"""Rules for the operator of the installation: suspend and resume an agency."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from voyagent.audit.service import recording as audit
from voyagent.identity.models import Tenant, User
from voyagent.identity.rules.credentials import Act, Kind
from voyagent.identity.service.credentials import end_credentials
from voyagent.identity.service.errors import AgencyNotFound
from voyagent.kernel import clock
from voyagent.kernel.actor import system_actor
from voyagent.kernel.db import db


def suspend_agency(tenant_id: UUID) -> str:
    """Suspend the current agency and return its name.

    `tenant_id` is the id of the current agency. All sessions and API keys of the agency are refused
    from the next request on; nothing is deleted. Suspending a suspended agency changes nothing.
    Raises AgencyNotFound.
    """
    return _set_active(tenant_id, "agency.suspended", is_active=False)


def resume_agency(tenant_id: UUID) -> str:
    """Resume the current agency, which is suspended, and return its name.

    `tenant_id` is the id of the current agency. Sessions that have not expired work again. Raises
    AgencyNotFound.
    """
    return _set_active(tenant_id, "agency.resumed", is_active=True)


def sign_everybody_out(tenant_id: UUID) -> int:
    """End credentials that a backup brings back; return the number of sessions.

    The sessions, reset links and unfinished two-factor set-ups of all people of the current agency
    end. `tenant_id` is its id.
    """
    by = system_actor(tenant_id)
    people = db.session.scalars(select(User.id).where(User.removed_at.is_(None))).all()
    return sum(end_credentials(Act.RESTORED, one, by=by)[Kind.SESSION] for one in people)


def _set_active(tenant_id: UUID, kind: str, *, is_active: bool) -> str:
    tenant = db.session.get(Tenant, tenant_id, with_for_update={"key_share": True})
    if tenant is None:
        raise AgencyNotFound
    if tenant.is_active != is_active:
        tenant.is_active, tenant.updated_at = is_active, clock.now()
        audit.record(system_actor(tenant_id), kind, entity_refs={"tenant_id": tenant_id})
    return tenant.display_name
