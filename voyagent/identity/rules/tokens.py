"""Signed access tokens, and random one-time secrets that are stored as hashes."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

import jwt

from voyagent.kernel import clock
from voyagent.kernel.actor import Channel, Credential
from voyagent.kernel.config import Settings
from voyagent.kernel.errors import Unauthorized
from voyagent.kernel.ids import parse_id
from voyagent.kernel.keyring import Keyring

ALGORITHM = "HS256"
KEPT = 1024
"""Number of tokens whose verified credentials a process keeps."""
_HEADS_KEPT = 16
_NAMES_AGENCY = re.compile(r"v2\.([0-9a-f]{32})\.[A-Za-z0-9_-]{43}", re.ASCII)
_REQUIRED = ["exp", "iat", "sub", "jti", "iss", "aud", "tid", "sid"]


@dataclass(frozen=True, slots=True)
class Subject:
    """Agency, user, session and role in an access token.

    Role and e-mail address are for information only: each request reads the present role from the
    database.
    """

    tenant_id: UUID
    user_id: UUID
    session_id: UUID
    role: str
    email: str


class AccessTokens:
    """Signs and verifies access tokens.

    The tokens are JWTs signed with HS256. The claim `fresh` is true if the user obtained the token
    with a password.
    """

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._settings = settings
        self._keyring = keyring
        # The signature of a token does not change, and a client sends one token many times.
        self._signed = lru_cache(KEPT)(self._verify)

    def issue(self, subject: Subject, *, fresh: bool) -> str:
        """Return a new token that is valid for the configured lifetime."""
        now = clock.now()
        claims = {
            "sub": str(subject.user_id),
            "tid": str(subject.tenant_id),
            "sid": str(subject.session_id),
            "role": subject.role,
            "email": subject.email,
            "fresh": fresh,
            "iat": now,
            "exp": now + timedelta(seconds=self.lifetime_s),
            "jti": secrets.token_hex(16),
            "iss": self._settings.auth_issuer,
            "aud": self._settings.auth_audience,
        }
        key = self._keyring.present
        return jwt.encode(claims, key.secret, algorithm=ALGORITHM, headers={"kid": key.kid})

    @property
    def lifetime_s(self) -> int:
        """Return the lifetime of an access token in seconds."""
        return self._settings.auth_access_ttl_seconds

    def read(self, token: str) -> Credential:
        """Return the credential in a token.

        Raises Unauthorized if the signature or a claim is invalid, or if the token has expired.
        """
        try:
            key = self._keyring.find(_kid(token.partition(".")[0], self._keyring.present.kid))
            if key is None:
                raise Unauthorized
            credential, expires_at = self._signed(token, key.secret)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Unauthorized from None
        if expires_at <= clock.seconds():
            raise Unauthorized
        return credential

    def _verify(self, token: str, secret: bytes) -> tuple[Credential, float]:
        """Return the credential in a token after verifying the signature with a secret.

        The second result is the time at which the token expires, in seconds since 1970. The token
        may have expired.
        """
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            audience=self._settings.auth_audience,
            issuer=self._settings.auth_issuer,
            # Another server whose clock is ahead may have issued the token, so `iat` is not
            # checked; only `exp` limits the time of a token.
            options={"require": _REQUIRED, "verify_iat": False, "verify_exp": False},
        )
        if not isinstance(claims["exp"], int | float):
            raise jwt.DecodeError
        tenant_id, user_id, session_id = (parse_id(claims[name]) for name in ("tid", "sub", "sid"))
        token_id = claims["jti"]
        if tenant_id is None or user_id is None or session_id is None:
            raise Unauthorized
        if not isinstance(token_id, str):
            raise Unauthorized
        fresh = claims.get("fresh") is True
        return Credential(
            tenant_id, user_id, session_id, token_id=token_id, channel=Channel.API, fresh=fresh
        ), claims["exp"]


@lru_cache(_HEADS_KEPT)
def _kid(head: str, otherwise: str) -> object:
    """Return the id of the secret that the header of a token names.

    If the header names no secret, the result is `otherwise`. The header is read without
    verification, so the result must not be trusted. Raises ValueError.
    """
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return header.get("kid", otherwise) if isinstance(header, dict) else None


def new_token(tenant_id: UUID) -> str:
    """Return a token that names its agency, `v2.<agency>.<secret>`: 79 characters.

    The secret is 32 random bytes in base64url. Tokens of earlier releases are a secret alone.
    """
    return f"v2.{tenant_id.hex}.{secrets.token_urlsafe(32)}"


def agency_of_token(token: str) -> UUID | None:
    """Return the agency that a token names, or None for a token of an earlier release.

    Only the form of the token is checked, so anybody can invent such a token. It is genuine only if
    the agency has stored its hash.
    """
    found = _NAMES_AGENCY.fullmatch(token)
    return UUID(found[1]) if found else None


def secret_digest(secret: str) -> bytes:
    """Return the SHA-256 hash of a secret for storage: 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()
