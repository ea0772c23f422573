"""Background jobs that mail password reset links and audit statements."""

from __future__ import annotations

import structlog
from flask import current_app

from voyagent.identity.queries import people
from voyagent.identity.service import audit_mail, reset
from voyagent.identity.service.values import Identity
from voyagent.kernel.housekeeping import in_agencies
from voyagent.kernel.jobs import task
from voyagent.kernel.keyring import SealBroken

log = structlog.get_logger(__name__)


@task(reset.MAIL_TASK)
def mail_reset(asked: str) -> None:
    """Mail the reset link if the e-mail address of a queued request has an account.

    `asked` is the encrypted request, which `reset.request_reset` has queued. A request that
    none of the configured secrets can decrypt is too old and is dropped.
    """
    identity: Identity = current_app.extensions["voyagent.identity"]
    try:
        email, channel = reset.open_request(identity, asked)
    except SealBroken:
        log.warning("auth.reset_not_sent", reason="secret_gone")
        return
    reset.mail_reset(identity, email=email, channel=channel)


@task("identity.mail_audit_statements", own_transactions=True, every="37 5 * * *", is_outward=True)
def mail_audit_statements(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Mail the newest audit statement of each active agency to its recipients.

    The worker passes `timestamp`, which is not used.
    """
    identity: Identity = current_app.extensions["voyagent.identity"]
    in_agencies(people.tenant_ids, lambda: audit_mail.mail_statement(identity))
