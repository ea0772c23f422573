"""The secrets without which the data of the installation cannot be read."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voyagent.backup.errors import OtherSecrets, PassphraseTooShort
from voyagent.backup.rules.sealing import PASSPHRASE_LENGTH_MIN
from voyagent.kernel.config import Settings, load_settings

SECRET, PREVIOUS = "VOYAGENT_AUTH_SECRET", "VOYAGENT_AUTH_SECRETS_PREVIOUS"
SIGNING, PUBLIC = "VOYAGENT_AUDIT_SIGNING_KEY", "VOYAGENT_AUDIT_PUBLIC_KEYS_PREVIOUS"
_FIELDS = {
    SECRET: "auth_secret",
    PREVIOUS: "auth_secrets_previous",
    SIGNING: "audit_signing_key",
    PUBLIC: "audit_public_keys_previous",
}


def check_passphrase(passphrase: str) -> None:
    """Check that a passphrase is long enough. Raises PassphraseTooShort."""
    if len(passphrase) < PASSPHRASE_LENGTH_MIN:
        raise PassphraseTooShort(PASSPHRASE_LENGTH_MIN)


def secrets_of(settings: Settings) -> dict[str, str]:
    """Return the secrets that are set, by the name of their environment variable."""
    values = {
        SECRET: settings.auth_secret.get_secret_value(),
        PREVIOUS: settings.auth_secrets_previous.get_secret_value(),
        SIGNING: settings.audit_signing_key.get_secret_value(),
        PUBLIC: settings.audit_public_keys_previous,
    }
    return {name: value for name, value in values.items() if value}


def require_secrets(settings: Settings, sealed: dict[str, str]) -> None:
    """Check that the installation has the secrets of a backup.

    A secret may also be among the earlier secrets of the installation. Raises OtherSecrets.
    """
    theirs = load_settings(
        env="test", **{_FIELDS[name]: value for name, value in sealed.items() if name in _FIELDS}
    )
    lacking = []
    if not _passwords(theirs) <= _passwords(settings):
        lacking.append(SECRET)
    if not _public_keys(theirs) <= _public_keys(settings):
        lacking.append(SIGNING)
    if lacking:
        raise OtherSecrets(lacking)


def write_secrets(file: Path, values: dict[str, str]) -> None:
    """Write secrets as shell variables to a new file that only its owner can read.

    Raises OSError.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(file, flags, 0o600), "w") as opened:
        opened.writelines(
            f"{name}={shlex.quote(value)}\n" for name, value in sorted(values.items())
        )


def _passwords(settings: Settings) -> set[str]:
    return {settings.auth_secret.get_secret_value(), *settings.previous_secrets}


def _public_keys(settings: Settings) -> set[bytes]:
    seed = settings.signing_seed
    own = (
        []
        if seed is None
        else [Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()]
    )
    return {*own, *settings.previous_public_keys}
