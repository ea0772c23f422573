"""The JSON door of mailed links: confirming an address, and a forgotten password."""

from __future__ import annotations

from voyagent.identity import service
from voyagent.identity.account_schemas import (
    PasswordReset,
    RequestPasswordResetRequest,
    RequestPasswordResetResponse,
    ResetPasswordRequest,
    Verified,
    VerifyEmailRequest,
)
from voyagent.identity.api.gate import gate
from voyagent.identity.doors import device, identity
from voyagent.identity.passwords import PasswordsBusy
from voyagent.kernel.actor import Channel
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import TooManyRequests


@gate.post("/auth/verify-email", answer=Verified, errors=(service.TokenInvalid, TooManyRequests))
def verify_email(body: VerifyEmailRequest) -> Row:
    """Confirm an address by the token that was mailed to it; good once."""
    service.verify_email(identity(), token=body.token, device=device(Channel.API))
    return {"verified": True}


@gate.post(
    "/auth/request-password-reset", answer=RequestPasswordResetResponse, errors=(TooManyRequests,)
)
def request_password_reset(body: RequestPasswordResetRequest) -> Row:
    """Have a link for a new password mailed.

    The answer is the same whether or not somebody has the address.
    """
    return {
        "queued": True,
        "debug_token": service.request_reset(
            identity(), email=body.email, device=device(Channel.API)
        ),
    }


@gate.post(
    "/auth/reset-password",
    answer=PasswordReset,
    errors=(
        service.PasswordBlank,
        service.PasswordTooCommon,
        service.TokenInvalid,
        TooManyRequests,
        PasswordsBusy,
    ),
)
def reset_password(body: ResetPasswordRequest) -> Row:
    """Choose a new password by the token that was mailed; good once.

    Every session of the person ends. Nobody is signed in by it, and two-factor stays as it is.
    """
    service.reset_password(
        identity(), token=body.token, new_password=body.new_password, device=device(Channel.API)
    )
    return {"reset": True}
