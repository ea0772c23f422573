"""Secrets of the installation and the keys derived from them.

`VOYAGENT_AUTH_SECRET` is the current secret, with which new values are encrypted and signed. The
secrets in `VOYAGENT_AUTH_SECRETS_PREVIOUS` can still decrypt and verify older values.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from voyagent.kernel.config import Settings

KEY_BYTES = 32
NONCE_BYTES = 12
KID_BYTES = 8
_VERSION = b"\x01"


class SealBroken(Exception):
    """A value cannot be decrypted.

    The secret that encrypted the value is not configured, the value was encrypted for another
    purpose or row, or the value is damaged. The cause is an error of the program or of its
    operator.
    """


@dataclass(frozen=True, slots=True)
class Key:
    """A secret, and its id: a part of a hash, which does not reveal the secret."""

    kid: str
    secret: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """Derive a key of 32 bytes for one purpose (HKDF, RFC 5869)."""
        return HKDF(
            algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"voyagent:{purpose}".encode()
        ).derive(self.secret)


class Keyring:
    """Encrypts, decrypts and hashes values with the secrets of one installation."""

    def __init__(self, settings: Settings) -> None:
        given = [settings.auth_secret.get_secret_value(), *settings.previous_secrets]
        self._keys = {key.kid: key for key in map(_key, reversed(given))}
        self.present = _key(given[0])

    def find(self, kid: object) -> Key | None:
        """Return the key with the id `kid`, or None if there is none."""
        return self._keys.get(kid) if isinstance(kid, str) else None

    @cached_property
    def secrets(self) -> list[str]:
        """Return the secrets as text, the current one first, for signing libraries."""
        others = [key for key in self._keys.values() if key.kid != self.present.kid]
        return [key.secret.decode() for key in (self.present, *reversed(others))]

    @property
    def present_mark(self) -> bytes:
        """Return the prefix that all values encrypted with the current secret have."""
        return _VERSION + bytes.fromhex(self.present.kid)

    def seal(self, purpose: str, plain: bytes, *, bound_to: str = "") -> bytes:
        """Encrypt bytes for one purpose with AES-256-GCM.

        `bound_to` is the id of the row that stores the value. A copy of the value in another row
        cannot be decrypted.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self.present.derive(purpose)).encrypt(nonce, plain, bound_to.encode())
        return self.present_mark + nonce + sealed

    def open(self, purpose: str, sealed: bytes, *, bound_to: str = "") -> bytes:
        """Decrypt a value that `seal` made for this purpose and row. Raises SealBroken."""
        kid, nonce, rest = (
            sealed[1 : 1 + KID_BYTES],
            sealed[1 + KID_BYTES : 1 + KID_BYTES + NONCE_BYTES],
            sealed[1 + KID_BYTES + NONCE_BYTES :],
        )
        key = self.find(kid.hex())
        if sealed[:1] != _VERSION or key is None:
            raise SealBroken(purpose)
        try:
            return AESGCM(key.derive(purpose)).decrypt(nonce, rest, bound_to.encode())
        except InvalidTag:
            raise SealBroken(purpose) from None

    def is_old(self, sealed: bytes) -> bool:
        """Return True if an earlier secret encrypted the value.

        The caller should then encrypt the value again.
        """
        return sealed[1 : 1 + KID_BYTES].hex() != self.present.kid

    def digest(self, purpose: str, text: str) -> bytes:
        """Return a keyed hash of 32 bytes (HMAC-SHA256), for short secrets such as codes."""
        return _digest(self.present, purpose, text)

    def digests(self, purpose: str, text: str) -> list[bytes]:
        """Return the keyed hashes of a text, one with each secret, to find older values."""
        return [_digest(key, purpose, text) for key in self._keys.values()]


_current: list[Callable[[], Keyring]] = []


def use_keyring(find: Callable[[], Keyring]) -> None:
    """Set the function that returns the running application's keyring."""
    _current[:] = [find]


def current_keyring() -> Keyring:
    """Return the running application's keyring. Raises LookupError if none was set."""
    if not _current:
        raise LookupError("no keyring was set")
    return _current[0]()


def opened_text(purpose: str, sealed: bytes | None, clear: str | None) -> str | None:
    """Decrypt a text, or return the unencrypted text of an earlier release.

    `sealed` is the value of the encrypted column. If `sealed` is None, the result is `clear`, the
    value of the unencrypted column that the earlier release wrote. Raises SealBroken.
    """
    if sealed is None:
        return clear
    return current_keyring().open(purpose, bytes(sealed)).decode()


def _key(secret: str) -> Key:
    return Key(
        hashlib.sha256(b"voyagent:kid:" + secret.encode()).digest()[:KID_BYTES].hex(),
        secret.encode(),
    )


def _digest(key: Key, purpose: str, text: str) -> bytes:
    return hmac.digest(key.derive(purpose), text.encode(), "sha256")
