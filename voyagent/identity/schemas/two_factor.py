"""Schemas of two-factor and reauthentication, for JSON API and HTML forms."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from voyagent.identity.schemas.account import Code, PresentPassword
from voyagent.identity.schemas.entry import Email
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Closed,
    Exact,
    Open,
)
from voyagent.kernel.serializers import AnswerOf

PAGE_CODE_MAX = 32  # leaves room for the spaces and hyphens that people type
PageCode = Annotated[str, Exact(PAGE_CODE_MAX, min_length=1)]


class SignInTotpRequest(Closed):
    """E-mail address, password and a code: six digits, or a recovery code."""

    email: Email
    password: PresentPassword
    totp_code: Code


class TotpSetupRequest(Closed):
    """Password and present code, which are needed to replace an authenticator.

    Give both or neither.
    """

    password: PresentPassword | None = None
    code: Code | None = None

    @model_validator(mode="after")
    def _both_or_nothing(self) -> Self:
        if (self.password is None) != (self.code is None):
            raise PydanticCustomError("both_or_nothing", "Give password and code, or neither")
        return self


class TotpVerifyRequest(Closed):
    """A code that the authenticator app made from the new secret."""

    code: Code


class PasswordAndCode(Closed):
    """The user's password and a two-factor code."""

    password: PresentPassword
    code: Code


class ReauthenticateRequest(Closed):
    """The user's password, and a code if two-factor authentication is on."""

    password: PresentPassword
    totp_code: Code | None = None


class ConfirmPage(Open):
    """HTML form input with the password, and a code if two-factor is on."""

    password: PresentPassword
    code: PageCode | None = None


class CodePage(Open):
    """HTML form input with a two-factor code."""

    code: PageCode


class TotpSetup(AnswerOf[Row]):
    """The secret for an authenticator app; only this response contains it."""

    secret: str
    otpauth_url: str


class TotpStatus(AnswerOf[Row]):
    """The state of two-factor authentication: on or off."""

    totp_enabled: bool


class RecoveryCodes(AnswerOf[Row]):
    """Ten recovery codes, each of which works once; only this response contains them."""

    codes: list[str]


class FreshToken(AnswerOf[Row]):
    """A fresh access token of the caller's session."""

    access_token: str
    expires_in: int
