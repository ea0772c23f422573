"""Background jobs of identity: mail the link for a forgotten password."""

from __future__ import annotations

import structlog
from flask import current_app

from voyagent.identity import service
from voyagent.kernel.jobs import task
from voyagent.kernel.keyring import SealBroken

log = structlog.get_logger(__name__)


@task(service.MAIL_TASK)
def mail_reset(asked: str) -> None:
    """Mail the reset link if the e-mail address of a queued request has an account.

    If none of the configured secrets can decrypt a request, the request is too old and is dropped.
    """
    identity: service.Identity = current_app.extensions["voyagent.identity"]
    try:
        email, channel = service.open_request(identity, asked)
    except SealBroken:
        log.warning("auth.reset_not_sent", reason="secret_gone")
        return
    service.mail_reset(identity, email=email, channel=channel)
