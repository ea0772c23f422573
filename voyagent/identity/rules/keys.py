"""Format of API keys: `vy_<prefix>_<secret>`.

The prefix is public and identifies the key; the secret is shown once.
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
    """A new key; `text` is shown to its maker once."""

    prefix: str
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """Return the stored SHA-256 of the key, sufficient for 190 random bits."""
        return secret_digest(self.text)


def new_key() -> NewKey:
    """Return a new key: 32 of 62 characters, 190 bits from the system's generator."""
    prefix = _random(PREFIX_CHARS)
    return NewKey(prefix, f"{MARK}{prefix}_{_random(SECRET_CHARS)}")


def is_key(token: str) -> bool:
    """True if a bearer has the form of an API key; an access token never does."""
    return token.startswith(MARK)


def prefix_of(token: str) -> str | None:
    """Return the public prefix of a key, or None for text in another form."""
    found = _SHAPE.fullmatch(token)
    return found[1] if found else None


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
