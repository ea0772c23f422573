"""JSON API of mailed links: confirmation of an address, password reset."""

from __future__ import annotations

from voyagent.identity import service
from voyagent.identity.api.gate import gate
from voyagent.identity.forms.request import device, identity
from voyagent.identity.rules.passwords import PasswordsBusy
from voyagent.identity.schemas.account import (
    PasswordReset,
    RequestPasswordResetRequest,
    RequestPasswordResetResponse,
    ResetPasswordRequest,
    Verified,
    VerifyEmailRequest,
)
from voyagent.kernel.actor import Channel
from voyagent.kernel.errors import TooManyRequests
from voyagent.kernel.serializers import Body


@gate.post("/auth/verify-email", answer=Verified, errors=(service.TokenInvalid, TooManyRequests))
def verify_email(body: VerifyEmailRequest) -> Body[Verified]:
    """Confirm an address with the mailed token, once."""
    service.verify_email(identity(), token=body.token, device=device(Channel.API))
    return Verified.of({"verified": True})


@gate.post(
    "/auth/request-password-reset", answer=RequestPasswordResetResponse, errors=(TooManyRequests,)
)
def request_password_reset(body: RequestPasswordResetRequest) -> Body[RequestPasswordResetResponse]:
    """Mail a link for a new password.

    The answer is the same for known and unknown addresses.
    """
    token = service.request_reset(identity(), email=body.email, device=device(Channel.API))
    return RequestPasswordResetResponse.of({"queued": True, "debug_token": token})


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
def reset_password(body: ResetPasswordRequest) -> Body[PasswordReset]:
    """Set a new password with the mailed token, once.

    All sessions of the person end. Nobody is signed in, and two-factor stays as it is.
    """
    service.reset_password(
        identity(), token=body.token, new_password=body.new_password, device=device(Channel.API)
    )
    return PasswordReset.of({"reset": True})
