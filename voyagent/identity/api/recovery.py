"""JSON API for links in mails: confirm an e-mail address, reset a password."""

from __future__ import annotations

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
from voyagent.identity.service import reset, verification
from voyagent.identity.service.errors import PasswordBlank, PasswordTooCommon, TokenInvalid
from voyagent.kernel.actor import Channel
from voyagent.kernel.errors import TooManyRequests
from voyagent.kernel.serializers import Body


@gate.post("/auth/verify-email", answer=Verified, errors=(TokenInvalid, TooManyRequests))
def verify_email(body: VerifyEmailRequest) -> Body[Verified]:
    """Confirm an e-mail address with the token from the mail; each token works once."""
    verification.verify_email(identity(), token=body.token, device=device(Channel.API))
    return Verified.of({"verified": True})


@gate.post(
    "/auth/request-password-reset", answer=RequestPasswordResetResponse, errors=(TooManyRequests,)
)
def request_password_reset(body: RequestPasswordResetRequest) -> Body[RequestPasswordResetResponse]:
    """Mail a link to set a new password.

    The response does not reveal whether an account has the address.
    """
    token = reset.request_reset(identity(), email=body.email, device=device(Channel.API))
    return RequestPasswordResetResponse.of({"queued": True, "debug_token": token})


@gate.post(
    "/auth/reset-password",
    answer=PasswordReset,
    errors=(
        PasswordBlank,
        PasswordTooCommon,
        TokenInvalid,
        TooManyRequests,
        PasswordsBusy,
    ),
)
def reset_password(body: ResetPasswordRequest) -> Body[PasswordReset]:
    """Set a new password with the token from the mail; each token works once.

    All sessions of the user end. The caller is not signed in, and two-factor authentication does
    not change.
    """
    reset.reset_password(
        identity(), token=body.token, new_password=body.new_password, device=device(Channel.API)
    )
    return PasswordReset.of({"reset": True})
