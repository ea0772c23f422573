"""Sign the heads of audit chains with a key outside the database; check them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select, text

from voyagent.audit.models import AgencyDeletion, AuditStatement
from voyagent.audit.queries import statements as queries
from voyagent.audit.rules import verifier
from voyagent.audit.rules.verifier import BrokenError, Head, Statement, kid_of
from voyagent.drivers.anchors.folder import StatementFolder
from voyagent.kernel import clock
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction
from voyagent.kernel.fields import wire_instant

# Signers of one agency take turns, so that a day has one statement and each number is given once.
_LOCK = text(
    "select pg_advisory_xact_lock(hashtextextended('statements of ' ||"
    " current_setting('app.tenant'), 0))"
)


class SigningKeyMissing(Exception):
    """The installation has no signing key, so it cannot sign."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """Keys of the installation, and its folder of signed audit statements.

    `signing_key` is None if none is configured. `public_keys` are the present key and earlier keys,
    by id. `is_default` is true if the folder is the default one.
    """

    signing_key: Ed25519PrivateKey | None = field(repr=False)
    public_keys: dict[str, bytes]
    folder: StatementFolder
    installation: str
    is_default: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Anchors:
        """Return the keys and the folder of statements that the settings name."""
        seed = settings.signing_seed
        signing_key = None if seed is None else Ed25519PrivateKey.from_private_bytes(seed)
        present = [] if signing_key is None else [signing_key.public_key().public_bytes_raw()]
        return cls(
            signing_key,
            {kid_of(key): key for key in [*present, *settings.previous_public_keys]},
            StatementFolder(settings.anchor_place),
            settings.public_url,
            settings.anchor_place == settings.data_dir / "audit-statements",
        )


def hold_signers() -> None:
    """Let nobody sign a head of the current agency until the transaction ends."""
    db.session.execute(_LOCK)


def sign(anchors: Anchors, tenant_id: UUID, head: Head) -> Statement:
    """Sign a verified head, append the statement to the folder, and return it.

    Nothing is signed if the newest statement is for a later event, or if it is for this head and
    was made today (UTC). Then the newest statement is returned.

    Raises SigningKeyMissing, OSError, and BrokenError if the existing statements are not valid or
    the deletion of the agency has begun.
    """
    if anchors.signing_key is None:
        raise SigningKeyMissing
    db.session.remove()
    with transaction(tenant_id):
        hold_signers()
        if db.session.get(AgencyDeletion, tenant_id) is not None:
            raise BrokenError(None, "the agency is being deleted")
        lines = anchors.folder.read(tenant_id)
        found = _read(anchors, tenant_id, lines)
        stored = queries.stored_documents()
        _compare(found, stored)
        now = clock.now()
        if not (found and _includes(found[-1], head, now)):
            document = _document(anchors, anchors.signing_key, tenant_id, head, found, now)
            lines = [*lines, document.encode()]
            found = _read(anchors, tenant_id, lines)
            anchors.folder.append(tenant_id, document)
        for statement, line in list(zip(found, lines, strict=True))[len(stored) :]:
            _store(statement, line.decode())
    db.session.remove()
    return found[-1]


def checked(
    anchors: Anchors, tenant_id: UUID, given: Iterable[bytes] | None = None, *, whole: bool = True
) -> list[Statement]:
    """Return the statements of an agency, oldest first, after checking them.

    The statements are read from the folder and compared with the copies in the database. `given`
    has lines of statements to check instead. If `whole` is false, `given` need not begin with
    statement 1.

    Raises OSError, and BrokenError with the first fault.
    """
    if given is not None:
        return _read(anchors, tenant_id, given, whole=whole)
    db.session.remove()
    with transaction(tenant_id):
        # first the database: a statement is in the folder before it is in the database
        stored = queries.stored_documents()
    db.session.remove()
    found = _read(anchors, tenant_id, anchors.folder.read(tenant_id))
    _compare(found, stored)
    return found


def gap(anchors: Anchors, tenant_id: UUID, signed: list[Statement]) -> str:
    """Return a sentence if an agency's heads are no longer signed, else an empty text.

    `signed` are all statements of the agency. The result is empty if there is neither a signing key
    nor a statement. Raises BrokenError.
    """
    now = wire_instant(clock.now())
    if signed:
        return verifier.signing_gap(signed[-1].time, now, now)
    if anchors.signing_key is None:
        return ""
    db.session.remove()
    with transaction(tenant_id):
        first = queries.first_event_at()
    db.session.remove()
    return "" if first is None else verifier.signing_gap(None, wire_instant(first), now)


def refill(anchors: Anchors, tenant_id: UUID) -> int:
    """Write statements that the folder lacks to the folder, and return their number.

    Copies from the database are written only if they continue the statements in the folder.

    Raises BrokenError, OSError.
    """
    db.session.remove()
    with transaction(tenant_id):
        db.session.execute(_LOCK)
        lines = anchors.folder.read(tenant_id)
        missing = queries.stored_documents()[len(lines) :]
        _read(anchors, tenant_id, [*lines, *(document.encode() for document in missing)])
        if missing:
            anchors.folder.append(tenant_id, *missing)
    db.session.remove()
    return len(missing)


def count_by_agency(folder: StatementFolder) -> dict[UUID, int]:
    """Return the number of statements of each agency in a folder. Raises OSError."""
    return {tenant_id: len(folder.read(tenant_id)) for tenant_id in folder.agencies()}


def take_for_mail() -> AuditStatement | None:
    """Return the newest statement of the current agency and mark it as mailed.

    Returns None if there is no statement, or if the newest was already mailed.
    """
    newest = db.session.scalar(
        select(AuditStatement).order_by(AuditStatement.number.desc()).limit(1).with_for_update()
    )
    if newest is None or newest.mailed_at is not None:
        return None
    newest.mailed_at = clock.now()
    return newest


def _read(
    anchors: Anchors, tenant_id: UUID, lines: Iterable[bytes], *, whole: bool = True
) -> list[Statement]:
    return verifier.read_statements(
        lines, str(tenant_id), anchors.public_keys, whole=whole, verifies=_verifies
    )


def _verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _compare(found: list[Statement], stored: list[str]) -> None:
    """Check that the folder has every statement of which the database has a copy.

    Raises BrokenError with the first difference.
    """
    for document in stored:
        copy = verifier.parse_statement(document.encode())
        if copy.number > len(found):
            raise BrokenError(
                None,
                f"statement {len(found) + 1} is missing in the folder of statements, but was signed"
                f" before {copy.time}",
            )
        if found[copy.number - 1].digest != copy.digest:
            raise BrokenError(
                None, f"statement {copy.number} in the folder differs from its copy in the database"
            )


def _includes(newest: Statement, head: Head, now: datetime) -> bool:
    is_of_today = newest.time[:10] == wire_instant(now)[:10]
    is_of_this_head = (newest.seq, newest.head) == (head.seq, head.hash)
    return newest.seq > head.seq or (is_of_this_head and is_of_today)


def _document(
    anchors: Anchors,
    key: Ed25519PrivateKey,
    tenant_id: UUID,
    head: Head,
    found: list[Statement],
    now: datetime,
) -> str:
    fields: dict[str, Any] = {
        "agency": str(tenant_id),
        "format": verifier.STATEMENT_FORMAT,
        "head": head.hash,
        "installation": anchors.installation,
        "kid": kid_of(key.public_key().public_bytes_raw()),
        "number": len(found) + 1,
        "previous": found[-1].digest if found else verifier.GENESIS,
        "seq": head.seq,
        "time": wire_instant(now),
    }
    return verifier.statement_line(fields, key.sign(verifier.signed_bytes(fields)))


def _store(statement: Statement, document: str) -> None:
    db.session.add(
        AuditStatement(
            number=statement.number,
            seq=statement.seq,
            head=bytes.fromhex(statement.head),
            kid=statement.kid,
            signed_at=datetime.fromisoformat(statement.time),
            document=document,
        )
    )
