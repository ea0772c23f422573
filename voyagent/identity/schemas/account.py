"""Shapes of the own account and of mailed links, for API and forms."""

from __future__ import annotations

from typing import Annotated, Literal

from voyagent.identity.schemas.entry import (
    NAME_MAX,
    SIGN_IN_PASSWORD_MAX,
    Email,
    NewPassword,
    PublicUser,
    Token,
)
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Closed, Open, Text, Trimmed
from voyagent.kernel.serializers import AnswerOf

CODE_MIN, CODE_MAX = 6, 8
PresentPassword = Annotated[str, Text(SIGN_IN_PASSWORD_MAX, min_length=1)]
Code = Annotated[str, Text(CODE_MAX, min_length=CODE_MIN)]


class VerifyEmailRequest(Open):
    """The token of a link."""

    token: Token


class RequestPasswordResetRequest(Closed):
    """The address whose password was forgotten."""

    email: Email


class ResetPasswordRequest(Closed):
    """The token of a link and the new password."""

    token: Token
    new_password: NewPassword


class UpdateProfileRequest(Closed):
    """Changes of the profile; an absent or null member is kept."""

    full_name: Annotated[str, Trimmed(NAME_MAX)] | None = None
    email: Email | None = None


class ChangePasswordRequest(Closed):
    """The current password, a code if two-factor is on, and the new password."""

    current_password: PresentPassword
    new_password: NewPassword
    totp_code: Code | None = None


class ForgotPage(Open):
    """Request of a password reset on a page."""

    email: Email


class ResetPage(Open):
    """A new password on a page; the token is in the session."""

    new_password: NewPassword


class NamePage(Open):
    """A new name."""

    full_name: Annotated[str, Trimmed(NAME_MAX)]


class AddressPage(Open):
    """A new address, confirmed by password and code."""

    email: Email
    password: PresentPassword
    code: Annotated[str, Text(64)] | None = None


class PasswordPage(Open):
    """A new password, confirmed by password and code."""

    current_password: PresentPassword
    new_password: NewPassword
    code: Annotated[str, Text(64)] | None = None


class Queued(AnswerOf[Row]):
    """A mail is queued."""

    queued: Literal[True]


class Verified(AnswerOf[Row]):
    """The address is confirmed."""

    verified: Literal[True]


class RequestPasswordResetResponse(AnswerOf[Row]):
    """The response is equal for every address.

    `debug_token` has a value only in a test installation that shows tokens.
    """

    queued: Literal[True]
    debug_token: str | None


class PasswordReset(AnswerOf[Row]):
    """The new password is set."""

    reset: Literal[True]


class UpdateProfileResponse(AnswerOf[Row]):
    """The changed person, and whether the address has to be confirmed."""

    user: PublicUser
    email_verification_required: bool
