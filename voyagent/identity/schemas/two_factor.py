"""Shapes of two-factor authentication and reauthentication, for API and forms."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from voyagent.identity.schemas.account import Code, PresentPassword
from voyagent.identity.schemas.entry import Email
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Closed, Open, Text
from voyagent.kernel.serializers import AnswerOf

PAGE_CODE_MAX = 32  # with the spaces and hyphens that people put between
PageCode = Annotated[str, Text(PAGE_CODE_MAX, min_length=1)]


class SignInTotpRequest(Closed):
    """An address, its password and a code: six digits, or a recovery code."""

    email: Email
    password: PresentPassword
    totp_code: Code


class TotpSetupRequest(Closed):
    """The password and a current code, to replace an authenticator. Both or neither."""

    password: PresentPassword | None = None
    code: Code | None = None

    @model_validator(mode="after")
    def _both_or_nothing(self) -> Self:
        if (self.password is None) != (self.code is None):
            raise PydanticCustomError("both_or_nothing", "Give password and code, or neither")
        return self


class TotpVerifyRequest(Closed):
    """A code of the new secret."""

    code: Code


class PasswordAndCode(Closed):
    """The password and a code."""

    password: PresentPassword
    code: Code


class ReauthenticateRequest(Closed):
    """The password, and a code if two-factor is on."""

    password: PresentPassword
    totp_code: Code | None = None


class ConfirmPage(Open):
    """The password, and a code if two-factor is on, on a page."""

    password: PresentPassword
    code: PageCode | None = None


class CodePage(Open):
    """A code, on a page."""

    code: PageCode


class TotpSetup(AnswerOf[Row]):
    """The secret for an authenticator app, shown once."""

    secret: str
    otpauth_url: str


class TotpStatus(AnswerOf[Row]):
    """The state of the second factor."""

    totp_enabled: bool


class RecoveryCodes(AnswerOf[Row]):
    """Ten codes that work once each, shown once."""

    codes: list[str]


class FreshToken(AnswerOf[Row]):
    """A fresh access token of the same session."""

    access_token: str
    expires_in: int
