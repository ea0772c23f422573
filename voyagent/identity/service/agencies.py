"""Rules for the operator: suspend and resume an agency, and ask for its deletion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from voyagent.audit.service import deletions, recording as audit
from voyagent.identity.models import Tenant, User
from voyagent.identity.rules.credentials import Act, Kind
from voyagent.identity.service.credentials import end_credentials
from voyagent.identity.service.errors import AgencyNotFound
from voyagent.kernel import clock, jobs
from voyagent.kernel.actor import system_actor
from voyagent.kernel.db import db

GRACE = timedelta(days=30)
"""Time between the request for a deletion and the deletion."""


@dataclass(frozen=True, slots=True)
class AskedDeletion:
    """An agency that waits for its deletion.

    `is_new` is true if this call asked for the deletion, and false if it was asked for before.
    """

    name: str
    asked_at: datetime
    is_new: bool

    @property
    def due_at(self) -> datetime:
        """Return the time from which on the agency can be deleted."""
        return self.asked_at + GRACE


def suspend_agency(tenant_id: UUID) -> str:
    """Suspend the current agency and return its name.

    `tenant_id` is the id of the current agency. All sessions and API keys of the agency are refused
    from the next request on; nothing is deleted. Suspending a suspended agency changes nothing.
    Raises AgencyNotFound.
    """
    return _set_active(tenant_id, "agency.suspended", is_active=False).display_name


def resume_agency(tenant_id: UUID) -> str:
    """Resume the current agency, which is suspended, and return its name.

    `tenant_id` is the id of the current agency. Sessions that have not expired work again. An
    agency that waits for its deletion is not deleted any more. Raises AgencyNotFound, also if the
    deletion has begun.
    """
    return _set_active(tenant_id, "agency.resumed", is_active=True).display_name


def ask_for_deletion(tenant_id: UUID) -> AskedDeletion:
    """Suspend the current agency, and let it be deleted 30 days later.

    `tenant_id` is the id of the current agency. The agency's waiting jobs are deleted. If the
    agency is resumed, periodic tasks make new jobs for its mails, approved acts and turns. Asking
    again changes nothing. Raises AgencyNotFound.
    """
    tenant = _set_active(tenant_id, "agency.suspended", is_active=False)
    if tenant.deletion_asked_at is not None:
        return AskedDeletion(tenant.display_name, tenant.deletion_asked_at, is_new=False)
    tenant.deletion_asked_at = clock.now()
    audit.record(
        system_actor(tenant_id), "agency.deletion_asked", entity_refs={"tenant_id": tenant_id}
    )
    jobs.drop_jobs(tenant_id, only_waiting=True)
    return AskedDeletion(tenant.display_name, tenant.deletion_asked_at, is_new=True)


def sign_everybody_out(tenant_id: UUID) -> int:
    """End credentials that a restored backup has brought back.

    The sessions, reset links and unfinished two-factor set-ups of all people of the current agency
    end. `tenant_id` is the id of this agency. Returns the number of sessions that ended.
    """
    by = system_actor(tenant_id)
    people = db.session.scalars(select(User.id).where(User.removed_at.is_(None))).all()
    return sum(end_credentials(Act.RESTORED, one, by=by)[Kind.SESSION] for one in people)


def _set_active(tenant_id: UUID, kind: str, *, is_active: bool) -> Tenant:
    tenant = db.session.get(Tenant, tenant_id, with_for_update={"key_share": True})
    if tenant is None or deletions.record_of(tenant_id) is not None:
        raise AgencyNotFound
    if is_active:
        tenant.deletion_asked_at = None
    if tenant.is_active != is_active:
        tenant.is_active, tenant.updated_at = is_active, clock.now()
        audit.record(system_actor(tenant_id), kind, entity_refs={"tenant_id": tenant_id})
    return tenant
