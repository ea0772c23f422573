"""Format of API keys: `vy_<prefix>_<secret>`.

The prefix is public and identifies the key; the secret is shown once, when the key is created.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, field

from voyagent.identity.rules.tokens import secret_digest

MARK = "vy_"
PREFIX_CHARS, SECRET_CHARS = 8, 32
_ALPHABET = string.ascii_letters + string.digits
_SHAPE = re.compile(rf"vy_([A-Za-z0-9]{{{PREFIX_CHARS}}})_[A-Za-z0-9]{{{SECRET_CHARS}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new API key; its `text` is shown once to the user who created it."""

    prefix: str
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """Return the SHA-256 hash to store.

        A fast hash is sufficient, because the secret has 190 random bits.
        """
        return secret_digest(self.text)


def new_key() -> NewKey:
    """Return a new API key whose secret has 32 characters out of 62: 190 random bits."""
    prefix = _random(PREFIX_CHARS)
    return NewKey(prefix, f"{MARK}{prefix}_{_random(SECRET_CHARS)}")


def is_key(token: str) -> bool:
    """Return True if a bearer token begins like an API key; no access token does."""
    return token.startswith(MARK)


def prefix_of(token: str) -> str | None:
    """Return the public prefix of an API key, or None if the text is not of that form."""
    found = _SHAPE.fullmatch(token)
    return found[1] if found else None


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
