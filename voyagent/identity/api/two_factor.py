"""JSON API of two-factor authentication, recovery codes and reauthentication."""

from __future__ import annotations

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.identity.api.answers import session_answer
from voyagent.identity.api.gate import gate
from voyagent.identity.forms.request import device, identity
from voyagent.identity.rules.passwords import PasswordsBusy
from voyagent.identity.schemas.entry import AuthResponse
from voyagent.identity.schemas.two_factor import (
    FreshToken,
    PasswordAndCode,
    ReauthenticateRequest,
    RecoveryCodes,
    SignInTotpRequest,
    TotpSetup,
    TotpSetupRequest,
    TotpStatus,
    TotpVerifyRequest,
)
from voyagent.identity.service import confirming, signing_in, totp
from voyagent.identity.service.errors import (
    EmailNotVerified,
    InvalidCredentials,
    InvalidPassword,
    TotpAlreadyEnabled,
    TotpInvalid,
    TotpNotEnabled,
    TotpNotInitialized,
    TotpRefused,
)
from voyagent.kernel.actor import Actor, Channel, NotFresh
from voyagent.kernel.errors import TooManyRequests
from voyagent.kernel.serializers import Body

two_factor = ApiBlueprint("two_factor", __name__, tag="Two-factor", guard=Guard.BEARER)
_CONFIRMING = (TooManyRequests, InvalidPassword, TotpRefused, PasswordsBusy)


@gate.post(
    "/auth/sign-in-totp",
    answer=AuthResponse,
    errors=(
        InvalidCredentials,
        EmailNotVerified,
        TotpNotEnabled,
        TotpInvalid,
        TooManyRequests,
        PasswordsBusy,
    ),
)
def sign_in_totp(body: SignInTotpRequest) -> Body[AuthResponse]:
    """Sign in with e-mail address, password and a two-factor code.

    The code is a code from the authenticator app or a recovery code. Each code works once. If the
    password is wrong, the code is not used up.
    """
    return session_answer(
        signing_in.sign_in_totp(identity(), **body.model_dump(), device=device(Channel.API))
    )


@two_factor.post(
    "/auth/reauthenticate",
    answer=FreshToken,
    permission="account.update",
    errors=(NotFresh, *_CONFIRMING),
    secret_answer=True,
)
def reauthenticate(actor: Actor, body: ReauthenticateRequest) -> Body[FreshToken]:
    """Exchange the password for a fresh access token of the same session.

    A two-factor code is needed as well if two-factor authentication is on. A fresh token is
    required, for example, to change the e-mail address or to create an API key.
    """
    token = confirming.reauthenticate(
        identity(), actor, password=body.password, code=body.totp_code, device=device(Channel.API)
    )
    return FreshToken.of({"access_token": token, "expires_in": identity().tokens.lifetime_s})


@two_factor.post(
    "/auth/totp/setup",
    answer=TotpSetup,
    permission="account.update",
    errors=(NotFresh, TotpAlreadyEnabled, *_CONFIRMING),
    secret_answer=True,
)
def set_up_totp(actor: Actor, body: TotpSetupRequest | None) -> Body[TotpSetup]:
    """Create a new secret for two-factor authentication.

    The secret takes effect once `/auth/totp/verify` accepts a code that was made from it. The
    access token must be fresh. If two-factor authentication is already on, the password and a code
    are needed as well. The old secret then works until the new secret is verified.
    """
    given = body or TotpSetupRequest()
    setup = totp.set_up_totp(
        identity(), actor, password=given.password, code=given.code, device=device(Channel.API)
    )
    return TotpSetup.of({"secret": setup.secret, "otpauth_url": setup.otpauth_url})


@two_factor.post(
    "/auth/totp/verify",
    answer=TotpStatus,
    permission="account.update",
    errors=(NotFresh, TotpNotInitialized, TotpInvalid, TooManyRequests),
)
def verify_totp(actor: Actor, body: TotpVerifyRequest) -> Body[TotpStatus]:
    """Switch two-factor authentication on with a code made from the new secret.

    The new secret must be verified within 15 minutes, and before the password or the e-mail address
    changes. An API key is refused. All other sessions end. If two-factor authentication is already
    on and there is no new secret, the call changes nothing and does not check the code.
    """
    totp.verify_totp(identity(), actor, code=body.code, device=device(Channel.API))
    return TotpStatus.of({"totp_enabled": True})


@two_factor.post(
    "/auth/totp/disable", answer=TotpStatus, permission="account.update", errors=_CONFIRMING
)
def disable_totp(actor: Actor, body: PasswordAndCode) -> Body[TotpStatus]:
    """Switch two-factor authentication off; its secret and recovery codes are deleted.

    The password and a code are needed, and all other sessions end. If two-factor authentication is
    off already, the code is ignored.
    """
    totp.disable_totp(
        identity(), actor, password=body.password, code=body.code, device=device(Channel.API)
    )
    return TotpStatus.of({"totp_enabled": False})


@two_factor.post(
    "/auth/totp/recovery-codes",
    answer=RecoveryCodes,
    permission="account.update",
    errors=(NotFresh, TotpNotEnabled, *_CONFIRMING),
    secret_answer=True,
)
def make_recovery_codes(actor: Actor, body: PasswordAndCode) -> Body[RecoveryCodes]:
    """Create ten recovery codes, which replace all earlier recovery codes.

    The access token must be fresh, and the password and a two-factor code are needed. Each recovery
    code works once, wherever a code from the authenticator app is accepted.
    """
    codes = totp.make_recovery_codes(
        identity(), actor, password=body.password, code=body.code, device=device(Channel.API)
    )
    return RecoveryCodes.of({"codes": codes})
