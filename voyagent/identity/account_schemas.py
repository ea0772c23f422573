"""The shapes of one's own account and of mailed links, on the wire and in forms."""

from __future__ import annotations

from typing import Annotated, Literal

from voyagent.identity.schemas import (
    NAME_MAX,
    SIGN_IN_PASSWORD_MAX,
    Email,
    NewPassword,
    PublicUser,
    Token,
)
from voyagent.kernel.fields import Answer, Closed, Open, Text, Trimmed

CODE_MIN, CODE_MAX = 6, 8
PresentPassword = Annotated[str, Text(SIGN_IN_PASSWORD_MAX, min_length=1)]
Code = Annotated[str, Text(CODE_MAX, min_length=CODE_MIN)]


class VerifyEmailRequest(Open):
    """The token of the link."""

    token: Token


class RequestPasswordResetRequest(Closed):
    """Whose password was forgotten."""

    email: Email


class ResetPasswordRequest(Closed):
    """The token of the link, and the new password."""

    token: Token
    new_password: NewPassword


class UpdateProfileRequest(Closed):
    """What of the profile is to change; absent or null keeps."""

    full_name: Annotated[str, Trimmed(NAME_MAX)] | None = None
    email: Email | None = None


class ChangePasswordRequest(Closed):
    """The present password, with a code where two-factor is on, and the new one."""

    current_password: PresentPassword
    new_password: NewPassword
    totp_code: Code | None = None


class ForgotPage(Open):
    """The same on a page."""

    email: Email


class ResetPage(Open):
    """What the page of a reset asks; the token is in the session."""

    new_password: NewPassword


class NamePage(Open):
    """A new name."""

    full_name: Annotated[str, Trimmed(NAME_MAX)]


class AddressPage(Open):
    """A new address, and who asks for it."""

    email: Email
    password: PresentPassword
    code: Annotated[str, Text(64)] | None = None


class PasswordPage(Open):
    """A new password, and who asks for it."""

    current_password: PresentPassword
    new_password: NewPassword
    code: Annotated[str, Text(64)] | None = None


class Queued(Answer):
    """A mail is on its way."""

    queued: Literal[True]


class Verified(Answer):
    """The address is confirmed."""

    verified: Literal[True]


class RequestPasswordResetResponse(Answer):
    """The same for every address.

    `debug_token` has a value only where an installation for tests shows tokens.
    """

    queued: Literal[True]
    debug_token: str | None


class PasswordReset(Answer):
    """The new password counts."""

    reset: Literal[True]


class UpdateProfileResponse(Answer):
    """The person as she is now, and whether her address has to be confirmed."""

    user: PublicUser
    email_verification_required: bool
