"""What the rules of coming in take and give back."""

from __future__ import annotations

from dataclasses import dataclass

from voyagent.identity.passwords import Passwords
from voyagent.identity.tokens import AccessTokens
from voyagent.kernel.actor import Actor, Channel, Credential
from voyagent.kernel.config import Settings
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.limits import Limiter
from voyagent.mail.service import Outbox


@dataclass(frozen=True, slots=True)
class Identity:
    """What the rules need of the installation: parameters, hasher, signer, secrets, and where mail
    is left.
    """

    settings: Settings
    passwords: Passwords
    tokens: AccessTokens
    keyring: Keyring
    limiter: Limiter
    outbox: Outbox


@dataclass(frozen=True, slots=True)
class Device:
    """Where a sign-in comes from, for the list of one's sessions."""

    channel: Channel
    user_agent: str = ""
    ip: str = ""


@dataclass(frozen=True, slots=True)
class SignedInPerson:
    """A person with a new session; the tokens are empty for a browser, whose session is its cookie."""

    actor: Actor
    credential: Credential
    access_token: str
    refresh_token: str
    expires_in_s: int
