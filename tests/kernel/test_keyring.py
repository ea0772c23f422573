"""Encryption with the installation's secrets, also after a rotation."""

from __future__ import annotations

from typing import Any

import pytest

from voyagent.kernel.config import ConfigurationError, Settings, load_settings
from voyagent.kernel.keyring import Keyring, SealBroken

OLD, NEW = "old-secret-" + "0" * 30, "new-secret-" + "1" * 30


def settings(**given: Any) -> Settings:
    return load_settings(env="test", **{"auth_secret": NEW, **given})


def test_an_encrypted_value_can_be_decrypted() -> None:
    ring = Keyring(settings())
    sealed = ring.seal("totp", b"JBSWY3DPEHPK3PXP", bound_to="row-1")
    assert b"JBSW" not in sealed
    assert sealed != ring.seal("totp", b"JBSWY3DPEHPK3PXP", bound_to="row-1")
    assert ring.open("totp", sealed, bound_to="row-1") == b"JBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(("purpose", "row"), [("mail", "row-1"), ("totp", "row-2"), ("totp", "")])
def test_a_value_cannot_be_decrypted_for_another_purpose_or_row(purpose: str, row: str) -> None:
    ring = Keyring(settings())
    with pytest.raises(SealBroken):
        ring.open(purpose, ring.seal("totp", b"seed", bound_to="row-1"), bound_to=row)


def test_a_changed_encrypted_value_is_refused() -> None:
    ring = Keyring(settings())
    sealed = ring.seal("totp", b"seed")
    for place in range(len(sealed)):
        broken = bytes([*sealed[:place], sealed[place] ^ 1, *sealed[place + 1 :]])
        with pytest.raises(SealBroken):
            ring.open("totp", broken)


def test_a_previous_secret_decrypts_until_it_is_removed() -> None:
    before = Keyring(settings(auth_secret=OLD))
    sealed, digest = before.seal("totp", b"seed"), before.digest("recovery", "ABCD2345")
    after = Keyring(settings(auth_secrets_previous=f" {OLD} , "))
    assert after.open("totp", sealed) == b"seed"
    assert digest in after.digests("recovery", "ABCD2345")
    assert after.digest("recovery", "ABCD2345") != digest
    assert after.secrets == [NEW, OLD]
    with pytest.raises(SealBroken):
        Keyring(settings()).open("totp", sealed)


def test_a_digest_is_keyed_by_secret_and_purpose() -> None:
    ring = Keyring(settings())
    assert (
        len(
            {
                ring.digest("a", "x"),
                ring.digest("b", "x"),
                Keyring(settings(auth_secret=OLD)).digest("a", "x"),
            }
        )
        == 3
    )


def test_a_previous_secret_that_is_too_short_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="VOYAGENT_AUTH_SECRETS_PREVIOUS"):
        settings(auth_secrets_previous="short")
