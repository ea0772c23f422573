"""Inputs and results of identity's rules."""

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
    """The installation as the rules need it: parameters, hasher, signer, secrets, outbox."""

    settings: Settings
    passwords: Passwords
    tokens: AccessTokens
    keyring: Keyring
    limiter: Limiter
    outbox: Outbox


@dataclass(frozen=True, slots=True)
class Device:
    """The client of a sign-in, for the list of sessions."""

    channel: Channel
    user_agent: str = ""
    ip: str = ""


@dataclass(frozen=True, slots=True)
class SignedInPerson:
    """A person with a new session; a browser has its cookie and no tokens."""

    actor: Actor
    credential: Credential
    access_token: str
    refresh_token: str
    expires_in_s: int
