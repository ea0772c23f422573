"""Confirm and release links between records and people."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from voyagent.audit.service import recording as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import current_tenant
from voyagent.parties import queries as parties
from voyagent.privacy.errors import (
    NotAboutPerson,
    PersonErased,
    RecordNotAboutPerson,
    RecordNotFound,
)
from voyagent.privacy.models import PersonLink
from voyagent.privacy.queries import person
from voyagent.privacy.service.searches import searching


def confirm(actor: Actor, party_id: UUID, *, kind: str, record_id: UUID) -> bool:
    """Confirm that a record is about a party.

    Returns False if the record was already confirmed for this party. The record must name the
    person, because an erasure changes its texts, and deletes a conversation whole. An enquiry or a
    trip to which an invoice of the person refers, and a passenger of a trip of the person, need not
    name the person.

    Raises Forbidden, PartyNotFound, PersonErased, RecordNotFound, NotAboutPerson,
    RecordNotAboutPerson, SearchesBusy, SearchTimedOut.
    """
    actor.require("privacy.manage")
    with searching(actor, "privacy.manage"):
        return _confirm(actor, party_id, kind, record_id)


def _confirm(actor: Actor, party_id: UUID, kind: str, record_id: UUID) -> bool:
    _load(party_id)
    if record_id == party_id or not person.is_record(kind, record_id):
        raise RecordNotFound
    if not person.is_about(party_id, kind, record_id):
        raise NotAboutPerson if kind == "conversation" else RecordNotAboutPerson
    added = db.session.execute(
        insert(PersonLink.__table__)  # type: ignore[arg-type]
        .values(
            tenant_id=current_tenant(db.session),
            party_id=party_id,
            kind=kind,
            record_id=record_id,
            confirmed_by_user_id=actor.user_id,
        )
        .on_conflict_do_nothing()
        .returning(PersonLink.record_id)
    ).first()
    if added is not None:
        audit.record(actor, "privacy.linked", entity_refs=_refs(party_id, record_id, kind))
    return added is not None


def release(actor: Actor, party_id: UUID, *, kind: str, record_id: UUID) -> None:
    """Take back the confirmation of a record; do nothing if it is not confirmed.

    Raises Forbidden, PartyNotFound, PersonErased, RecordNotFound.
    """
    actor.require("privacy.manage")
    _load(party_id)
    if not person.is_record(kind, record_id):
        raise RecordNotFound
    gone = db.session.execute(
        delete(PersonLink)
        .where(
            PersonLink.party_id == party_id,
            PersonLink.kind == kind,
            PersonLink.record_id == record_id,
        )
        .returning(PersonLink.record_id)
        .execution_options(synchronize_session=False)
    ).first()
    if gone is not None:
        audit.record(actor, "privacy.unlinked", entity_refs=_refs(party_id, record_id, kind))


def _load(party_id: UUID) -> None:
    parties.get_party(party_id, lock=True)
    if person.erasure_of(party_id) is not None:
        raise PersonErased


def _refs(party_id: UUID, record_id: UUID, kind: str) -> dict[str, UUID]:
    names = {"conversation": "session_id", "party": "named_in_party_id", "audit_event": "event_id"}
    return {"party_id": party_id, names.get(kind, f"{kind}_id"): record_id}
