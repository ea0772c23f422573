"""Records of deleted agencies, each with a signed proof of the deletion.

An agency with signed statements may be missing in the database only if its deletion was signed with
a key that is not in the database either.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import ColumnElement, select

from voyagent.audit.models import AgencyDeletion
from voyagent.audit.rules.verifier import kid_of
from voyagent.audit.service.statements import Anchors
from voyagent.kernel import clock
from voyagent.kernel.canonical import canonical_json
from voyagent.kernel.db import db
from voyagent.kernel.fields import wire_instant
from voyagent.kernel.json_values import JsonObject

FORMAT = "voyagent-agency-deletion-1"
_RECORDS = AgencyDeletion.__table__


@dataclass(frozen=True, slots=True)
class Record:
    """The deletion of an agency; `document` is the proof, None until it is finished."""

    id: UUID
    facts: JsonObject
    finished_at: datetime | None
    document: str | None


def begin(tenant_id: UUID, facts: JsonObject) -> None:
    """Record that the deletion of the agency begins.

    `facts` are members of the proof, such as the head of the audit log (`seq`, `head`), the number
    of signed statements (`statements`), and the rows by table.
    """
    about = {"agency": str(tenant_id), "format": FORMAT}
    db.session.add(AgencyDeletion(id=tenant_id, facts=facts | about))
    db.session.flush()


def finish(anchors: Anchors, tenant_id: UUID) -> str:
    """Record that everything is deleted, and return the proof as one line of JSON."""
    record = db.session.get_one(AgencyDeletion, tenant_id, with_for_update=True)
    now, key = clock.now(), anchors.signing_key
    proof = record.facts | {"deleted_at": wire_instant(now), "installation": anchors.installation}
    if key is not None:
        proof["kid"] = kid_of(key.public_key().public_bytes_raw())
        proof["signature"] = key.sign(canonical_json(proof).encode()).hex()
    record.finished_at, record.document = now, canonical_json(proof)
    db.session.flush()
    return record.document


def record_of(tenant_id: UUID) -> Record | None:
    """Return the record of an agency whose deletion has begun, or None."""
    return next(iter(_records(_RECORDS.c.id == tenant_id)), None)


def finished() -> list[Record]:
    """Return the records of all deleted agencies, by id."""
    return _records(_RECORDS.c.finished_at.is_not(None))


def missing_reason(anchors: Anchors, tenant_id: UUID, statements: int) -> str:
    """Return an error message for an agency that is not in the database.

    The message is empty if there is a signed proof of the agency's deletion, and no statement was
    signed after it. `statements` is the number of its signed statements.
    """
    record = record_of(tenant_id)
    if record is None:
        return f"the agency has signed statements ({statements}), but is not in the database"
    if record.document is None:
        return "the deletion of the agency has begun and is not finished"
    proof: JsonObject = json.loads(record.document)
    about = (proof.get("format"), proof.get("agency"))
    if about != (FORMAT, str(tenant_id)) or not _is_signed(anchors, proof):
        return "the proof that the agency was deleted has no valid signature"
    if statements > proof["statements"]:
        return f"statement {proof['statements'] + 1} was signed after the agency was deleted"
    return ""


def _records(condition: ColumnElement[bool]) -> list[Record]:
    # A Core select, because no agency need be bound.
    columns = (_RECORDS.c.id, _RECORDS.c.facts, _RECORDS.c.finished_at, _RECORDS.c.document)
    rows = db.session.execute(select(*columns).where(condition).order_by(_RECORDS.c.id))
    return [Record(*row) for row in rows]


def _is_signed(anchors: Anchors, proof: JsonObject) -> bool:
    signed = {name: value for name, value in proof.items() if name != "signature"}
    key = anchors.public_keys.get(proof.get("kid", ""))
    if key is None or "signature" not in proof:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(
            bytes.fromhex(proof["signature"]), canonical_json(signed).encode()
        )
    except (InvalidSignature, ValueError):
        return False
    return True
