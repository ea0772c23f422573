"""Encrypt stored values again with the current secret of the installation."""

from __future__ import annotations

from sqlalchemy import func, inspect, or_, select

from voyagent.kernel.db import Base, db
from voyagent.kernel.keyring import Keyring

ROWS_MAX = 500


def reseal(keyring: Keyring, model: type[Base], *names: str) -> int:
    """Encrypt old values of up to 500 rows with the current secret.

    An old value is unencrypted, because an earlier release stored it, or encrypted with an earlier
    secret. Only rows of the current agency are changed. For each name in `names` the model has a
    column `{name}_sealed`, a column `{name}_clear` with the unencrypted value of an earlier
    release, and a property `{name}` that decrypts and encrypts. Rows that another transaction has
    locked are left out. Returns the number of rows.
    """
    mark = keyring.present_mark
    clear = [getattr(model, f"{name}_clear").is_not(None) for name in names]
    old = [func.substring(getattr(model, f"{name}_sealed"), 1, len(mark)) != mark for name in names]
    rows = db.session.scalars(
        select(model)
        .where(or_(*clear, *old))
        .order_by(*inspect(model).primary_key)
        .limit(ROWS_MAX)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        for name in names:
            setattr(row, name, getattr(row, name))
    db.session.flush()
    return len(rows)
