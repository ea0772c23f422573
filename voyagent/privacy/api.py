"""JSON API of personal data: overview, links, export, erasure and retention."""

from __future__ import annotations

from uuid import UUID

from voyagent.capabilities.ports import find_port
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor, NotFresh
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.serializers import Body
from voyagent.parties.queries import PartyNotFound
from voyagent.privacy.errors import (
    IdentityNotKept,
    NotAboutPerson,
    PeriodTooShort,
    PersonErased,
    PersonHasOpenRecords,
    RecordNotAboutPerson,
    RecordNotFound,
    SearchesBusy,
    SearchTimedOut,
)
from voyagent.privacy.queries import person
from voyagent.privacy.schemas import (
    EraseRequest,
    ErasureListOut,
    ErasureOut,
    IdentityOut,
    LinkRequest,
    PersonExportOut,
    PersonOut,
    RetentionOut,
    RetentionPatch,
)
from voyagent.privacy.service import erasure, exporting, links, overview, retention

api = ApiBlueprint("privacy", __name__, tag="Privacy", guard=Guard.BEARER)


@api.get(
    "/privacy/parties/<party_id>",
    answer=PersonOut,
    permission="privacy.read",
    missing=PartyNotFound,
    errors=(SearchesBusy, SearchTimedOut),
)
def get_person(actor: Actor, party_id: UUID) -> Body[PersonOut]:
    """Read an overview of the data that is held about a person.

    `held` has the number of rows by table. `candidates` has records that may be about the same
    person. `blocked_by` has the records that prevent an erasure.
    """
    return PersonOut.of(overview.read(actor, party_id))


@api.get(
    "/privacy/parties/<party_id>/export",
    answer=PersonExportOut,
    permission="privacy.export",
    missing=PartyNotFound,
    errors=(SearchesBusy, SearchTimedOut),
)
def export_person(actor: Actor, party_id: UUID) -> Body[PersonExportOut]:
    """Export everything that is held about a person; the audit log records it."""
    found = exporting.export(find_port(Keyring), actor, party_id, form="json")
    return PersonExportOut.of(found)


@api.post(
    "/privacy/parties/<party_id>/links",
    answer=PersonOut,
    permission="privacy.manage",
    missing=PartyNotFound,
    errors=(
        *(RecordNotFound, NotAboutPerson, RecordNotAboutPerson),
        *(PersonErased, SearchesBusy, SearchTimedOut),
    ),
)
def link_record(actor: Actor, party_id: UUID, body: LinkRequest) -> Body[PersonOut]:
    """Confirm that a record, such as a trip or an enquiry, is about a person."""
    links.confirm(actor, party_id, kind=body.kind, record_id=body.record_id)
    return PersonOut.of(overview.read(actor, party_id))


@api.post(
    "/privacy/parties/<party_id>/links/release",
    answer=PersonOut,
    permission="privacy.manage",
    missing=PartyNotFound,
    errors=(RecordNotFound, PersonErased, SearchesBusy, SearchTimedOut),
)
def release_record(actor: Actor, party_id: UUID, body: LinkRequest) -> Body[PersonOut]:
    """Take back the confirmation that a record is about a person."""
    links.release(actor, party_id, kind=body.kind, record_id=body.record_id)
    return PersonOut.of(overview.read(actor, party_id))


@api.post(
    "/privacy/parties/<party_id>/erase",
    answer=ErasureOut,
    permission="privacy.erase",
    missing=PartyNotFound,
    errors=(NotFresh, PersonHasOpenRecords, SearchesBusy, SearchTimedOut),
)
def erase_person(actor: Actor, party_id: UUID, body: EraseRequest) -> Body[ErasureOut]:
    """Erase the data of a person.

    The access token must be fresh: obtained with a password, not with a refresh token. Documents
    and entries stay with a pseudonym. An erasure cannot be undone. A repeated request returns the
    first erasure.
    """
    done = erasure.erase(find_port(Keyring), actor, party_id, reason=body.reason)
    return ErasureOut.of(overview.erasure_row(done))


@api.get(
    "/privacy/parties/<party_id>/identity",
    answer=IdentityOut,
    permission="privacy.export",
    missing=PartyNotFound,
    errors=(IdentityNotKept,),
)
def open_identity(actor: Actor, party_id: UUID) -> Body[IdentityOut]:
    """Read the identity of an erased person.

    The identity is the name, address, tax number and PAN, which the agency keeps for tax
    authorities.
    The audit log records each reading.
    """
    return IdentityOut.of(erasure.open_identity(find_port(Keyring), actor, party_id))


@api.get("/privacy/erasures", answer=ErasureListOut, permission="privacy.read")
def list_erasures(actor: Actor) -> Body[ErasureListOut]:  # noqa: ARG001 - binds the agency
    """List the newest 200 erasures.

    Keep a copy of the list outside the installation. A restored backup lacks the erasures that were
    made after it; repeat them from the copy.
    """
    return ErasureListOut.of(
        {"items": [overview.erasure_row(one) for one in person.list_erasures()]}
    )


@api.get("/privacy/retention", answer=RetentionOut, permission="privacy.read")
def get_retention(actor: Actor) -> Body[RetentionOut]:  # noqa: ARG001 - binds the agency
    """Read the retention periods."""
    return RetentionOut.of({"items": retention.read_periods()})


@api.patch(
    "/privacy/retention",
    answer=RetentionOut,
    permission="privacy.manage",
    errors=(NotFresh, PeriodTooShort),
)
def patch_retention(actor: Actor, body: RetentionPatch) -> Body[RetentionOut]:
    """Change retention periods; they apply from the next night.

    The access token must be fresh, and no API key can change a period.
    """
    chosen = retention.choose(actor, body.model_dump(exclude_unset=True))
    return RetentionOut.of({"items": chosen})
