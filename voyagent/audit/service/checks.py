"""Check an agency's chain: request a check, run it, store the result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select

from voyagent.audit.models import AuditCheck
from voyagent.audit.queries import chain
from voyagent.audit.queries.chain import Chain, snapshot
from voyagent.audit.rules import verifier
from voyagent.audit.rules.verifier import BrokenError, Head, Verdict
from voyagent.audit.service import deletions, recording, statements
from voyagent.audit.service.statements import Anchors, SigningKeyMissing
from voyagent.kernel import jobs
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db, transaction

log = structlog.get_logger(__name__)
CHECK_TASK = "audit.check"
CHECK_TIMEOUT = timedelta(minutes=2)
"""Time after which a check may be requested again although the earlier one has no result."""
CHECKS_STORED_MAX = 100
_COMPARED_MAX = 20


def ask(actor: Actor) -> UUID:
    """Request a check of the agency's chain and return the id of the check.

    If a check that was requested in the last two minutes has no result yet, its id is returned
    instead. Raises Forbidden.
    """
    actor.require("audit.read")
    running = db.session.scalar(
        select(AuditCheck.id)
        .where(
            AuditCheck.checked_at.is_(None),
            AuditCheck.asked_at > func.clock_timestamp() - CHECK_TIMEOUT,
        )
        .order_by(AuditCheck.id.desc())
    )
    if running is not None:
        return running
    check = AuditCheck()
    db.session.add(check)
    db.session.flush()
    jobs.defer(
        CHECK_TASK,
        lock=f"audit:{actor.tenant_id}",
        tenant_id=str(actor.tenant_id),
        check_id=str(check.id),
    )
    recording.record(actor, "audit.check_asked", entity_refs={"check_id": check.id})
    return check.id


def check(tenant_id: UUID, anchors: Anchors, check_id: UUID | None = None) -> Verdict:
    """Check an agency's chain and store the result.

    `check_id` is the id of a requested check; without it, a new check is stored. The head of the
    chain is also written to the log of the process. The chain is compared with the heads of earlier
    checks and with the signed statements.
    """
    verdict = walk_signed(tenant_id, anchors, found_before(tenant_id))
    with transaction(tenant_id):
        _store(verdict, check_id)
    db.session.remove()
    if (
        verdict.ok or verdict.bad_seq is not None
    ):  # else a statement is invalid, and no head was read
        log.info("audit.head", agency=str(tenant_id), seq=verdict.seq, hash=verdict.hash)
    if not verdict.ok:
        log.error(
            "audit.broken", agency=str(tenant_id), bad_seq=verdict.bad_seq, reason=verdict.reason
        )
    if verdict.gap:
        log.error("audit.signing_stopped", agency=str(tenant_id), reason=verdict.gap)
    return verdict


def check_and_sign(tenant_id: UUID, anchors: Anchors) -> Verdict:
    """Check an agency's chain and, if it is valid, sign its head.

    If the head cannot be signed, this is logged and no error is raised. A missing signing key is
    not logged here, because the nightly job logs it once for all agencies.
    """
    verdict = check(tenant_id, anchors)
    if verdict.ok:
        try:
            statements.sign(anchors, tenant_id, Head(verdict.seq, verdict.hash))
        except SigningKeyMissing:
            pass  # the nightly job reports this once for all agencies
        except (BrokenError, OSError) as error:
            log.error("audit.unsigned", agency=str(tenant_id), reason=str(error))  # noqa: TRY400 - no traceback needed
    return verdict


def walk_signed(
    tenant_id: UUID,
    anchors: Anchors,
    known: Iterable[Head] = (),
    given: Iterable[bytes] | None = None,
    *,
    whole: bool = True,
) -> Verdict:
    """Verify the signed statements of an agency, and its chain against their heads.

    `given` has lines of statements to check instead of those in the folder. If `whole` is true, all
    statements of the agency are checked. The result then also says whether signing has stopped.
    """
    try:
        signed = statements.checked(anchors, tenant_id, given, whole=whole)
        gap = statements.gap(anchors, tenant_id, signed) if whole else ""
    except BrokenError as broken:
        return Verdict(0, verifier.GENESIS, None, broken.reason)
    except OSError as error:
        reason = f"the folder of statements cannot be read: {error.strerror}"
        return Verdict(0, verifier.GENESIS, None, reason)
    verdict = walk(tenant_id, [*known, *(item.known for item in signed)])
    return verdict._replace(signed=len(signed), gap=gap if verdict.ok else "")


def walk(tenant_id: UUID, known: Iterable[Head] = ()) -> Verdict:
    """Verify a chain without storing the result.

    `known` are heads that were recorded elsewhere; the chain must still contain their events.
    """
    with snapshot(tenant_id) as events:
        return verify_chain(events, known)


def verify_chain(events: Chain, known: Iterable[Head] = ()) -> Verdict:
    """Verify a chain while its lines are read; `known` is as in `walk`."""
    if events.head is None:
        return Verdict(0, verifier.GENESIS, 1, "the head of the chain is missing")
    verdict = verifier.verify(events.lines, events.head, str(events.tenant_id), known)
    changed = events.changed_part
    if verdict.ok and changed is not None:
        reason = f"the personal text of event {changed} is not the one that was recorded"
        return verdict._replace(bad_seq=changed, reason=reason)
    return verdict


def walk_missing(
    anchors: Anchors, statements_of: Mapping[UUID, int]
) -> Iterator[tuple[UUID, Verdict]]:
    """Yield the id and a fault of each agency that is missing in the database.

    `statements_of` has the number of signed statements of each agency. Agencies without statements
    are left out, and so are those with a signed proof of their deletion.
    """
    for tenant_id, number in statements_of.items():
        found = not number or chain.exists(tenant_id)
        reason = "" if found else deletions.missing_reason(anchors, tenant_id, number)
        db.session.remove()
        if reason:
            yield tenant_id, Verdict(0, verifier.GENESIS, None, reason)


def report_missing(anchors: Anchors) -> int:
    """Log each agency that has statements in the folder but is not in the database.

    Returns the number of these agencies.
    """
    missing = list(walk_missing(anchors, statements.count_by_agency(anchors.folder)))
    for tenant_id, verdict in missing:
        log.error("audit.broken", agency=str(tenant_id), bad_seq=None, reason=verdict.reason)
    return len(missing)


def found_before(tenant_id: UUID) -> list[Head]:
    """Return the heads that recent successful checks recorded, oldest first.

    The result has at most 20 heads.
    """
    db.session.remove()
    newest = (
        select(AuditCheck)
        .where(AuditCheck.ok.is_(True))
        .order_by(AuditCheck.asked_at.desc(), AuditCheck.id.desc())
        .limit(_COMPARED_MAX)
    )
    with transaction(tenant_id):
        rows = db.session.scalars(newest).all()
        return [
            Head(check.through_seq or 0, (check.head_hash or b"").hex()) for check in reversed(rows)
        ]


def _store(verdict: Verdict, check_id: UUID | None) -> None:
    row = (
        db.session.scalar(select(AuditCheck).where(AuditCheck.id == check_id))
        if check_id is not None
        else None
    )
    if row is None:
        row = AuditCheck()
        db.session.add(row)
    row.checked_at = db.session.scalar(select(func.clock_timestamp()))
    row.ok, row.through_seq, row.head_hash = verdict.ok, verdict.seq, bytes.fromhex(verdict.hash)
    row.first_bad_seq, row.reason = verdict.bad_seq, verdict.reason or None
    db.session.flush()
    newest = (
        select(AuditCheck.id)
        .order_by(AuditCheck.asked_at.desc(), AuditCheck.id.desc())
        .limit(CHECKS_STORED_MAX)
    )
    kept_ids = list(db.session.scalars(newest))
    db.session.execute(
        delete(AuditCheck)
        .where(AuditCheck.id.not_in(kept_ids))
        .execution_options(synchronize_session=False)
    )
