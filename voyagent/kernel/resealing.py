"""Encrypt stored values again, with the current secret or for another key ring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, inspect, or_, select

from voyagent.kernel.db import Base, db
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.keyring import Keyring

ROWS_MAX = 500


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column with values that are encrypted with the secret of the installation.

    `purpose` and `bound_to` are the arguments of `Keyring.seal`; in `bound_to`, `{id}` stands for
    the row's value of the column `id`. `clear` is the column in which an earlier release stored the
    value unencrypted. `hashed` is a column with keyed hashes of the value, which `hashes` returns.
    Values that begin with the byte `foreign` are encrypted with another key.
    """

    table: str
    column: str
    purpose: str
    bound_to: str = ""
    clear: str | None = None
    hashed: str | None = None
    hashes: Callable[[Keyring, str], bytes | list[bytes]] | None = None
    foreign: bytes | None = None

    @property
    def columns(self) -> set[str]:
        """Return the names of the columns that depend on the secret."""
        return {name for name in (self.column, self.clear, self.hashed) if name is not None}

    def resealed(self, row: JsonObject, old: Keyring, new: Keyring) -> JsonObject:
        r"""Return `columns` of a row, encrypted by `new` instead of `old`.

        Values are as in JSON from PostgreSQL: bytes are hexadecimal digits after `\x`. Raises
        SealBroken.
        """
        found: JsonObject = dict.fromkeys(self.columns)
        sealed = None if row[self.column] is None else bytes.fromhex(row[self.column][2:])
        if sealed is not None and sealed[:1] == self.foreign:
            return found | {self.column: row[self.column]}
        bound_to = self.bound_to.format_map(row)
        if sealed is not None:
            plain = old.open(self.purpose, sealed, bound_to=bound_to)
        elif self.clear is not None and row[self.clear] is not None:
            plain = row[self.clear].encode()
        else:
            return found
        found[self.column] = _hex(new.seal(self.purpose, plain, bound_to=bound_to))
        if self.hashed is not None and self.hashes is not None:
            hashes = self.hashes(new, plain.decode())
            found[self.hashed] = (
                _hex(hashes) if isinstance(hashes, bytes) else list(map(_hex, hashes))
            )
        return found


def reseal(keyring: Keyring, model: type[Base], *names: str) -> int:
    """Encrypt old values of up to 500 rows with the current secret.

    An old value is unencrypted, because an earlier release stored it, or encrypted with an earlier
    secret. Only rows of the current agency are changed. For each name in `names` the model has a
    column `{name}_sealed`, a property `{name}` that decrypts and encrypts, and perhaps a column
    `{name}_clear` with the unencrypted value of an earlier release. Rows that another transaction
    has locked are left out. Returns the number of rows.
    """
    mark = keyring.present_mark
    clear = [
        getattr(model, f"{name}_clear").is_not(None)
        for name in names
        if hasattr(model, f"{name}_clear")
    ]
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


def _hex(value: bytes) -> str:
    return f"\\x{value.hex()}"
