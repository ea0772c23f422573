"""Restore a backup to a copy, verify it, and exchange the databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import psycopg

from voyagent.audit.queries import chain
from voyagent.audit.queries.statements import stored_documents
from voyagent.audit.rules.verifier import BrokenError
from voyagent.audit.service import statements
from voyagent.audit.service.statements import Anchors
from voyagent.backup.rules.manifest import Manifest
from voyagent.backup.service.copies import Program, require_readable, verified_copy
from voyagent.backup.service.database import restoring
from voyagent.backup.service.opening import Opened
from voyagent.identity.service import reset
from voyagent.identity.service.agencies import sign_everybody_out
from voyagent.kernel.config import Settings
from voyagent.kernel.database.logins import grant_app_role, store_session_settings
from voyagent.kernel.db import db, transaction
from voyagent.kernel.hold import RESTORED
from voyagent.kernel.ids import new_id

_HOLD = "update installation set id = %s, hold = %s, held_since = now()"
# The original installation has mailed the links of these requests. During the hold such a job would
# make a new mail.
_END_RESET_REQUESTS = "delete from procrastinate_jobs where task_name = %s and status = 'todo'"


@dataclass(frozen=True, slots=True)
class Restored:
    """A finished restore, with the numbers of its agencies and of ended sessions.

    `name` is the name of the restored database. `kept` is the new name of the earlier database, or
    None if there was none.
    """

    name: str
    kept: str | None
    agencies: int
    sessions: int


def restore(
    settings: Settings, backup: Opened[Manifest], program: Program, say: Callable[[str], object]
) -> Restored:
    """Replace the database by a backup, and put the installation on hold.

    The backup is restored to a new database, which takes the place of the present one only when
    everything in it is verified. Until then nothing is changed, whenever the process ends. `say`
    receives a sentence about each step.

    Raises BackupError, psycopg.Error.
    """
    require_readable(settings, backup)
    with restoring(settings) as databases:
        databases.require_unused()
        with verified_copy(databases, backup, program, say) as copy:
            sessions = sum(_sign_out(tenant_id) for tenant_id in copy.agencies)
        with databases.connect_to_copy() as owner:
            owner.execute(_END_RESET_REQUESTS, (reset.MAIL_TASK,))
            owner.execute(_HOLD, (new_id(), RESTORED))
        kept = databases.exchange()
    return Restored(databases.name, kept, len(copy.agencies), sessions)


def prepare_logins(settings: Settings) -> list[str]:
    """Give the program's logins their role and settings in the restored database.

    The settings are stored for each database. A pooler does not know the name of the copy, so this
    is done after the copy has the name of the database. Returns sentences about what failed.
    """
    try:
        grant_app_role(settings)
        store_session_settings(settings)
    except psycopg.Error as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        return [f"The logins of the program are not prepared ({reason}): run `flask migrate-up`."]
    return []


def refill_statements(anchors: Anchors) -> list[str]:
    """Write audit statements that the folder lacks to the folder; return warnings.

    A warning is a sentence about an agency. The folder may have statements that were signed after
    the backup was made.
    """
    warnings = []
    for tenant_id in chain.every_agency():
        try:
            statements.refill(anchors, tenant_id)
            with transaction(tenant_id):
                stored = len(stored_documents())
            db.session.remove()
            newer = len(anchors.folder.read(tenant_id)) - stored
        except (BrokenError, OSError) as error:
            warnings.append(f"The statements of the agency {tenant_id} do not fit: {error}.")
            continue
        if newer > 0:
            warnings.append(
                f"{newer} statements of the agency {tenant_id} were signed after the backup was"
                " made. If they are about newer events, `flask audit verify` reports these as"
                " missing."
            )
    return warnings


def _sign_out(tenant_id: UUID) -> int:
    db.session.remove()
    with transaction(tenant_id):
        return sign_everybody_out(tenant_id)
