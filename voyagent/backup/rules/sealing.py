"""The secrets of an installation, encrypted with a passphrase.

The key is derived from the passphrase with scrypt and encrypts with AES-256-GCM. The digest of the
manifest is authenticated too, so the secrets belong to one backup.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

FORMAT = 1
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
PASSPHRASE_LENGTH_MIN = 12


class Damaged(ValueError):
    """The sealed secrets were changed, or belong to another manifest."""


class CannotOpen(ValueError):
    """The passphrase is wrong."""


def seal(values: dict[str, str], passphrase: str, manifest: bytes) -> bytes:
    """Return secrets encrypted with a passphrase and bound to one manifest.

    `values` has the secrets by the name of their environment variable. `manifest` is the content of
    the manifest.
    """
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    digest = hashlib.sha256(manifest).hexdigest()
    plain = json.dumps(values, sort_keys=True).encode()
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, plain, digest.encode())
    fields: dict[str, Any] = {
        "format": FORMAT,
        "manifest": digest,
        "nonce": base64.b64encode(nonce).decode(),
        "salt": base64.b64encode(salt).decode(),
        "sealed": base64.b64encode(sealed).decode(),
    }
    return json.dumps(fields | {"sha256": _digest(fields)}, sort_keys=True).encode()


def unseal(content: bytes, passphrase: str, manifest: bytes) -> dict[str, str]:
    """Return the secrets that `seal` encrypted, by the name of their variable.

    Raises Damaged, CannotOpen.
    """
    try:
        fields: dict[str, Any] = json.loads(content)
        own = fields.pop("sha256")
        if own != _digest(fields) or fields["format"] != FORMAT:
            raise Damaged
        if json.dumps(fields | {"sha256": own}, sort_keys=True).encode() != content:
            raise Damaged
        if fields["manifest"] != hashlib.sha256(manifest).hexdigest():
            raise Damaged
        salt, nonce, sealed = (
            base64.b64decode(fields[name], validate=True) for name in ("salt", "nonce", "sealed")
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Damaged from None
    try:
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, sealed, fields["manifest"].encode())
    except InvalidTag:
        raise CannotOpen from None
    return {str(name): str(value) for name, value in json.loads(plain).items()}


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(
        passphrase.encode()
    )


def _digest(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
