"""What an API key looks like: `vy_<prefix>_<secret>`.

The prefix is public and names the key, the secret is shown once.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, field

from voyagent.identity.tokens import secret_digest

MARK = "vy_"
PREFIX_CHARS, SECRET_CHARS = 8, 32
_ALPHABET = string.ascii_letters + string.digits
_SHAPE = re.compile(rf"vy_([A-Za-z0-9]{{{PREFIX_CHARS}}})_[A-Za-z0-9]{{{SECRET_CHARS}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made; `text` is what its maker is shown, once."""

    prefix: str
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """What is kept of it: the SHA-256 of the whole, which is enough for 190 random bits."""
        return secret_digest(self.text)


def new_key() -> NewKey:
    """A fresh key: 32 of 62 characters, hence 190 bits, from the system's generator."""
    prefix = _random(PREFIX_CHARS)
    return NewKey(prefix, f"{MARK}{prefix}_{_random(SECRET_CHARS)}")


def is_key(token: str) -> bool:
    """Whether a bearer means to be an API key; an access token never begins so."""
    return token.startswith(MARK)


def prefix_of(token: str) -> str | None:
    """The public prefix of a key, or None where the text has not the shape of one."""
    found = _SHAPE.fullmatch(token)
    return found[1] if found else None


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
