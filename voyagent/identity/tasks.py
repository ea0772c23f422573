"""Background jobs of identity: mail the link for a forgotten password."""

from __future__ import annotations

import structlog
from flask import current_app

from voyagent.identity.service import reset
from voyagent.identity.service.values import Identity
from voyagent.kernel.jobs import task
from voyagent.kernel.keyring import SealBroken

log = structlog.get_logger(__name__)


@task(reset.MAIL_TASK)
def mail_reset(asked: str) -> None:
    """Mail the reset link if the e-mail address of a queued request has an account.

    If none of the configured secrets can decrypt a request, the request is too old and is dropped.
    """
    identity: Identity = current_app.extensions["voyagent.identity"]
    try:
        email, channel = reset.open_request(identity, asked)
    except SealBroken:
        log.warning("auth.reset_not_sent", reason="secret_gone")
        return
    reset.mail_reset(identity, email=email, channel=channel)
