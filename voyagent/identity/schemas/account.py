"""Schemas of the own account and of mailed links, for JSON API and HTML forms."""

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
from voyagent.kernel.fields import (
    Closed,
    Exact,
    Open,
    Trimmed,
)
from voyagent.kernel.serializers import AnswerOf

CODE_MIN, CODE_MAX = 6, 8
PresentPassword = Annotated[str, Exact(SIGN_IN_PASSWORD_MAX, min_length=1)]
Code = Annotated[str, Exact(CODE_MAX, min_length=CODE_MIN)]


class VerifyEmailRequest(Open):
    """The token from the link in a mail."""

    token: Token


class RequestPasswordResetRequest(Closed):
    """The e-mail address of the account whose password is to be reset."""

    email: Email


class ResetPasswordRequest(Closed):
    """The token from the link in a mail, and the new password."""

    token: Token
    new_password: NewPassword


class UpdateProfileRequest(Closed):
    """Fields of the profile to change; a field that is absent or null stays as it is."""

    full_name: Annotated[str, Trimmed(NAME_MAX)] | None = None
    email: Email | None = None


class ChangePasswordRequest(Closed):
    """The current password, the new one, and a code if two-factor is on."""

    current_password: PresentPassword
    new_password: NewPassword
    totp_code: Code | None = None


class ForgotPage(Open):
    """HTML form input that requests a password reset."""

    email: Email


class ResetPage(Open):
    """HTML form input with a new password; the token of the link is in the session."""

    new_password: NewPassword


class VerifyPage(Open):
    """HTML form input that confirms an e-mail address.

    `password` is None if the page does not ask for the password.
    """

    password: PresentPassword | None = None


class NamePage(Open):
    """HTML form input with a new name."""

    full_name: Annotated[str, Trimmed(NAME_MAX)]


class AddressPage(Open):
    """HTML form input with a new e-mail address, the password and a code."""

    email: Email
    password: PresentPassword
    code: Annotated[str, Exact(64)] | None = None


class PasswordPage(Open):
    """HTML form input with a new password, the current one and a code."""

    current_password: PresentPassword
    new_password: NewPassword
    code: Annotated[str, Exact(64)] | None = None


class Queued(AnswerOf[Row]):
    """A mail was queued for sending."""

    queued: Literal[True]


class Verified(AnswerOf[Row]):
    """The e-mail address was confirmed."""

    verified: Literal[True]


class RequestPasswordResetResponse(AnswerOf[Row]):
    """Response that does not depend on whether the e-mail address has an account.

    `debug_token` is null, except in a test installation that is configured to show tokens.
    """

    queued: Literal[True]
    debug_token: str | None


class PasswordReset(AnswerOf[Row]):
    """The new password was set."""

    reset: Literal[True]


class UpdateProfileResponse(AnswerOf[Row]):
    """The changed user, and whether the new e-mail address must be confirmed."""

    user: PublicUser
    email_verification_required: bool
