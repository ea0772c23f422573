"""Values that the services of identity take and return."""

from __future__ import annotations

from dataclasses import dataclass

from voyagent.identity.rules.passwords import Passwords
from voyagent.identity.rules.tokens import AccessTokens
from voyagent.kernel.actor import Actor, Channel, Credential
from voyagent.kernel.config import Settings
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.limits import Limiter
from voyagent.mail.service import Outbox


@dataclass(frozen=True, slots=True)
class Identity:
    """Configuration and objects that the services of identity take as an argument."""

    settings: Settings
    passwords: Passwords
    tokens: AccessTokens
    keyring: Keyring
    limiter: Limiter
    outbox: Outbox


@dataclass(frozen=True, slots=True)
class Device:
    """Browser or program of a sign-in, shown in the list of sessions."""

    channel: Channel
    user_agent: str = ""
    ip: str = ""


@dataclass(frozen=True, slots=True)
class SignedInPerson:
    """A user with a new session.

    For a browser both tokens are empty, because the browser uses a cookie.
    """

    actor: Actor
    credential: Credential
    access_token: str
    refresh_token: str
    expires_in_s: int
