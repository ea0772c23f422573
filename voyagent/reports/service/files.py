"""Files that a worker makes: request, make, store and delete them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from voyagent.kernel import clock, jobs, queues, tenancy
from voyagent.kernel.actor import Actor, Channel, Credential
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.keyring import Keyring
from voyagent.reports.errors import ReportFilesBusy
from voyagent.reports.models import SEAL, ReportFile

MAKE_TASK = "reports.make_file"
KEPT_FOR = timedelta(hours=24)
OPEN_MAX = 5
"""Most files for which a person may wait at the same time."""
_FILES = cast("Table", ReportFile.__table__)
_OPEN = ReportFile.status.in_(("waiting", "running"))


@dataclass(frozen=True, slots=True)
class Order:
    """A file to be made.

    `address` is the path and query of the requested report, and `credential` the session or API key
    of the request.
    """

    address: str
    credential: Credential


def make_later(actor: Actor, address: str) -> UUID:
    """Have a worker make the large file that a report's URL returns.

    `address` is the path and query of the URL, such as `/reports/day-book?format=pdf`. Returns the
    id of the file. If the person already waits for a file with this path and query, the id of that
    file is returned.

    Raises Forbidden. Raises ReportFilesBusy if the person already waits for `OPEN_MAX` files.
    """
    actor.require("agency.read")
    tenancy.bind(db.session(), actor.tenant_id)
    mine = (ReportFile.user_id == actor.user_id, _OPEN)
    made = new_id()
    added = db.session.scalar(
        insert(_FILES)
        .values(
            tenant_id=actor.tenant_id,
            id=made,
            user_id=actor.user_id,
            address=address,
            credential=_ids(actor),
            expires_at=clock.now() + KEPT_FOR,
        )
        .on_conflict_do_nothing()
        .returning(_FILES.c.id)
    )
    if added is None:
        same = select(ReportFile.id).where(*mine, ReportFile.address == address)
        found = db.session.scalar(same)
        if found is None:  # it ended at this moment
            raise ReportFilesBusy
        return found
    if (db.session.scalar(select(func.count(ReportFile.id)).where(*mine)) or 0) > OPEN_MAX:
        raise ReportFilesBusy
    jobs.defer(
        MAKE_TASK,
        queue=queues.REPORTS,
        lock=f"report:{actor.tenant_id}",
        tenant_id=str(actor.tenant_id),
        file_id=str(made),
    )
    return made


def begin(file_id: UUID) -> Order | None:
    """Mark a file as being made, and return its order.

    Returns None if the file is done, failed, expired or deleted.
    """
    file = db.session.scalar(select(ReportFile).where(ReportFile.id == file_id, _OPEN))
    if file is None or file.expires_at <= clock.now():
        return None
    file.status = "running"
    return Order(file.address, _credential(file))


def finish(keyring: Keyring, file_id: UUID, *, name: str, media_type: str, content: bytes) -> None:
    """Store the content of a file, encrypted, for 24 hours from now.

    Nothing is stored if the row of the file no longer exists, for example because of an erasure.
    """
    order = select(ReportFile).where(ReportFile.id == file_id, _OPEN)
    file = db.session.scalar(order.with_for_update())
    if file is not None:
        file.content = keyring.seal(SEAL, content, bound_to=str(file_id))
        file.name, file.media_type = name, media_type
        file.status, file.expires_at = "done", clock.now() + KEPT_FOR


def fail(file_id: UUID) -> None:
    """Mark a file as failed, unless it is done."""
    file = db.session.scalar(select(ReportFile).where(ReportFile.id == file_id, _OPEN))
    if file is not None:
        file.status = "failed"


def sweep() -> None:
    """Delete the expired files of the current agency."""
    db.session.execute(delete(ReportFile).where(ReportFile.expires_at <= clock.now()))


def _ids(actor: Actor) -> dict[str, str | bool | None]:
    return {
        "session_id": str(actor.session_id) if actor.session_id else None,
        "token_id": actor.token_id,
        "key_id": str(actor.key_id) if actor.key_id else None,
        "channel": actor.channel.value,
    }


def _credential(file: ReportFile) -> Credential:
    ids = file.credential
    return Credential(
        tenant_id=file.tenant_id,
        user_id=file.user_id,
        session_id=UUID(str(ids["session_id"])) if ids["session_id"] else None,
        token_id=str(ids["token_id"]) if ids["token_id"] else None,
        channel=Channel(str(ids["channel"])),
        key_id=UUID(str(ids["key_id"])) if ids["key_id"] else None,
    )
