"""A key for each person whose data is encrypted.

The data is erased by destroying the key. Nobody can then read the data, even in rows that cannot be
changed. A key is random and is stored encrypted with the installation's secret.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ScalarSelect, delete, func, select
from sqlalchemy.orm import Mapped

from voyagent.kernel.db import Base, DefaultNow, db
from voyagent.kernel.keyring import KEY_BYTES, NONCE_BYTES, Keyring, SealBroken
from voyagent.kernel.resealing import SealedColumn
from voyagent.kernel.tenancy import TenantOwned, owned

_PURPOSE = "person_key"
SEALED = (SealedColumn("person_keys", "sealed", _PURPOSE, "person_keys:{id}"),)
VERSION = b"\x02"
"""First byte of a value encrypted with a person's key; `Keyring.seal` uses another one."""
RESEALED_MAX = 500


class PersonKey(TenantOwned, Base):
    """The encrypted key of a person; `id` is the id of the passenger or party."""

    __tablename__ = "person_keys"

    sealed: Mapped[bytes]
    created_at: Mapped[DefaultNow]


def seal(keyring: Keyring, person_id: UUID, purpose: str, plain: bytes) -> bytes:
    """Encrypt bytes with the key of a person; create the key if there is none.

    `purpose` names the kind of data. `unseal` needs the same purpose.
    """
    row = db.session.scalar(select(PersonKey).where(PersonKey.id == person_id))
    if row is None:
        row = PersonKey(
            id=person_id, sealed=_sealed(keyring, person_id, secrets.token_bytes(KEY_BYTES))
        )
        db.session.add(row)
        db.session.flush()
    nonce = secrets.token_bytes(NONCE_BYTES)
    key = AESGCM(_opened(keyring, person_id, row.sealed))
    return VERSION + nonce + key.encrypt(nonce, plain, _bound(person_id, purpose))


def unseal(
    keyring: Keyring, person_id: UUID, purpose: str, sealed: bytes, key: bytes | None
) -> bytes | None:
    """Decrypt a value that `seal` returned; `key` is the encrypted key of the person.

    Returns None if `key` is None, because the key was destroyed. Raises SealBroken if the value,
    the key, the person and `purpose` do not belong together, or if the installation no longer has
    the secret that encrypted the key.
    """
    if key is None:
        return None
    nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    if sealed[:1] != VERSION:
        raise SealBroken(purpose)
    try:
        return AESGCM(_opened(keyring, person_id, key)).decrypt(
            nonce, rest, _bound(person_id, purpose)
        )
    except InvalidTag:
        raise SealBroken(purpose) from None


def key_of(person_id: UUID) -> bytes | None:
    """Return the encrypted key of a person; None if there is none or it is destroyed."""
    return db.session.scalar(select(PersonKey.sealed).where(PersonKey.id == person_id))


def key_column(person_id: object) -> ScalarSelect[bytes]:
    """Return a scalar select of the encrypted key of a person.

    `person_id` is the column with the person's id.
    """
    keys = PersonKey.__table__.c
    return select(keys.sealed).where(owned(PersonKey), keys.id == person_id).scalar_subquery()


def destroy(person_ids: Iterable[UUID]) -> int:
    """Destroy the keys of people and return the number of keys; this cannot be undone."""
    gone = db.session.scalars(
        delete(PersonKey)
        .where(PersonKey.id.in_(list(person_ids)))
        .returning(PersonKey.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def reseal(keyring: Keyring) -> int:
    """Encrypt keys of people again with the current secret; return the number of keys.

    A call encrypts up to 500 keys of the current agency that an earlier secret encrypted.
    """
    mark = keyring.present_mark
    old = func.substring(PersonKey.sealed, 1, len(mark)) != mark
    rows = db.session.scalars(
        select(PersonKey).where(old).limit(RESEALED_MAX).with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.sealed = _sealed(keyring, row.id, _opened(keyring, row.id, row.sealed))
    db.session.flush()
    return len(rows)


def _sealed(keyring: Keyring, person_id: UUID, key: bytes) -> bytes:
    return keyring.seal(_PURPOSE, key, bound_to=f"person_keys:{person_id}")


def _opened(keyring: Keyring, person_id: UUID, sealed: bytes) -> bytes:
    return keyring.open(_PURPOSE, sealed, bound_to=f"person_keys:{person_id}")


def _bound(person_id: UUID, purpose: str) -> bytes:
    return f"{purpose}:{person_id}".encode()
