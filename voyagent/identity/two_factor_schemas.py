"""The shapes of the second factor and of asking for the password again, on the wire and in forms."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from voyagent.identity.account_schemas import Code, PresentPassword
from voyagent.identity.schemas import Email
from voyagent.kernel.fields import Answer, Closed, Open, Text

PAGE_CODE_MAX = 32  # with the spaces and hyphens that people put between
PageCode = Annotated[str, Text(PAGE_CODE_MAX, min_length=1)]


class SignInTotpRequest(Closed):
    """An address, its password and a code: six figures of the authenticator, or a recovery code."""

    email: Email
    password: PresentPassword
    totp_code: Code


class TotpSetupRequest(Closed):
    """To replace an authenticator: the password and a code of the present one. Both or nothing."""

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
    """The password, with a code where two-factor is on."""

    password: PresentPassword
    totp_code: Code | None = None


class ConfirmPage(Open):
    """The password, and where two-factor is on a code, as a page asks for them."""

    password: PresentPassword
    code: PageCode | None = None


class CodePage(Open):
    """A code, as a page asks for it."""

    code: PageCode


class TotpSetup(Answer):
    """What an authenticator app needs; shown this once."""

    secret: str
    otpauth_url: str


class TotpStatus(Answer):
    """Whether the second factor is on, and nothing else."""

    totp_enabled: bool


class RecoveryCodes(Answer):
    """Ten codes, each good once; shown this once."""

    codes: list[str]


class FreshToken(Answer):
    """A fresh access token of the same session."""

    access_token: str
    expires_in: int
