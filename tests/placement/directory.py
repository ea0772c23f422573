"""The directory: a small database that knows the cluster of each agency.

It reserves what must be unique over all clusters: e-mail addresses, of which it has keyed hashes,
and prefixes of API keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from voyagent.kernel.ids import new_id
from voyagent.kernel.keyring import Keyring

SCHEMA = Path(__file__).with_name("directory.sql").read_text()
HASH = "directory_email"
_FIND_LOGIN = """
select l.tenant_id, l.reservation, p.cluster,
       l.state = 'active' or l.reserved_at < now() - interval '10 minutes' as is_settled
  from logins l join placements p using (tenant_id)
 where l.email_hmac = any(:hashes)
"""

# A hash with an earlier secret of the installation is renewed first, so that the key finds it.
_RESERVE = (
    "delete from logins where reservation = any(:over)",
    "update logins set email_hmac = :hash where email_hmac = any(:earlier)",
    "insert into logins (email_hmac, tenant_id, reservation)"
    " values (:hash, :tenant_id, :reservation)",
)


@dataclass(frozen=True, slots=True)
class Placement:
    """The cluster of an agency; `version` rises with each move."""

    cluster: str
    version: int
    is_moving: bool


class Directory:
    """Finds the agency of an e-mail address or API key, and the cluster of an agency.

    All clusters have the secrets of `keyring`. `has_account(cluster, email)` asks a cluster if an
    active account has an address.
    """

    def __init__(
        self, engine: sa.Engine, keyring: Keyring, has_account: Callable[[str, str], bool]
    ) -> None:
        self._engine, self._keyring, self._has_account = engine, keyring, has_account

    def create(self, addresses: Mapping[str, str]) -> None:
        """Create the tables, with the address of each cluster by name."""
        with self._engine.begin() as connection:
            connection.execute(sa.text(SCHEMA))
        for name, address in addresses.items():
            self._change(
                "insert into clusters values (:name, :address)", name=name, address=address
            )

    def addresses(self) -> dict[str, str]:
        """Return the address of each cluster by name."""
        return {row.name: row.address for row in self._rows("select * from clusters")}

    def by_size(self) -> list[str]:
        """Return the names of the clusters, the one with the fewest agencies first."""
        statement = (
            "select name from clusters left join placements on cluster = name group by name"
            " order by count(tenant_id), name"
        )
        return [row.name for row in self._rows(statement)]

    def placement(self, tenant_id: UUID) -> Placement | None:
        """Return the placement of an agency, or None if it has none."""
        statement = (
            "select cluster, version, is_moving from placements where tenant_id = :tenant_id"
        )
        rows = self._rows(statement, tenant_id=tenant_id)
        return Placement(*rows[0]) if rows else None

    def place(self, tenant_id: UUID, cluster: str) -> None:
        """Store the cluster of a new agency."""
        self._change(
            "insert into placements (tenant_id, cluster) values (:tenant_id, :cluster)",
            tenant_id=tenant_id,
            cluster=cluster,
        )

    def forget(self, tenant_id: UUID) -> None:
        """Delete an agency whose sign-up was rolled back, with its reservations."""
        self._change("delete from placements where tenant_id = :tenant_id", tenant_id=tenant_id)

    def agency_of_login(self, email: str) -> UUID | None:
        """Return the agency that has reserved an address, or None.

        Its cluster knows if there is an account. So a person can sign in even if the confirmation
        of the reservation was lost.
        """
        return next((row.tenant_id for row in self._logins(email)), None)

    def agency_of_key(self, prefix: str) -> UUID | None:
        """Return the agency that has the API key with a prefix, or None."""
        rows = self._rows("select tenant_id from keys where prefix = :prefix", prefix=prefix)
        return rows[0].tenant_id if rows else None

    def reserve_login(self, tenant_id: UUID, email: str) -> UUID:
        """Reserve an address for a new account and return the reservation.

        A reservation that is neither confirmed nor released holds the address for ten minutes, and
        no transaction of a cluster takes so long. After that, and after a confirmation, the cluster
        alone knows if the address has an account. If it has none, because the person was removed or
        the account was never stored, the address can be reserved again.

        Raises sqlalchemy.exc.IntegrityError for `uq_users_email` if the address is taken.
        """
        over = [
            row.reservation
            for row in self._logins(email)
            if row.is_settled and not self._has_account(row.cluster, email)
        ]
        reservation = new_id()
        with self._engine.begin() as connection:
            values = {
                "over": over,
                "earlier": self._keyring.digests(HASH, email),
                "hash": self._keyring.digest(HASH, email),
                "tenant_id": tenant_id,
                "reservation": reservation,
            }
            for statement in _RESERVE:
                connection.execute(sa.text(statement), values)
        return reservation

    def confirm_login(self, reservation: UUID) -> None:
        """Note that the cluster has stored the account of a reservation."""
        self._change("update logins set state = 'active' where reservation = :id", id=reservation)

    def release_login(self, reservation: UUID) -> None:
        """Delete a reservation whose account was not stored."""
        self._change("delete from logins where reservation = :id", id=reservation)

    def reserve_key(self, tenant_id: UUID, prefix: str) -> None:
        """Reserve the prefix of an API key for ever.

        Raises sqlalchemy.exc.IntegrityError for `uq_api_keys_prefix` if another key has it.
        """
        self._change(
            "insert into keys (prefix, tenant_id) values (:prefix, :tenant_id)",
            prefix=prefix,
            tenant_id=tenant_id,
        )

    def begin_move(self, tenant_id: UUID) -> Placement:
        """Stop the requests of an agency; return its placement. Raises LookupError."""
        rows = self._change(
            "update placements set is_moving = true where tenant_id = :tenant_id and not is_moving"
            " returning cluster, version, is_moving",
            tenant_id=tenant_id,
        )
        if not rows:
            raise LookupError("the agency has no placement, or it moves already")
        return Placement(*rows[0])

    def change_cluster(self, tenant_id: UUID, cluster: str) -> None:
        """Store the new cluster of an agency that moves, and raise the version."""
        self._change(
            "update placements set cluster = :cluster, version = version + 1"
            " where tenant_id = :tenant_id and is_moving returning 1",
            tenant_id=tenant_id,
            cluster=cluster,
        )

    def end_move(self, tenant_id: UUID) -> None:
        """Let the requests of an agency through again."""
        self._change(
            "update placements set is_moving = false where tenant_id = :tenant_id",
            tenant_id=tenant_id,
        )

    def _logins(self, email: str) -> list[sa.Row[Any]]:
        hashes = self._keyring.digests(HASH, email)
        return self._rows(_FIND_LOGIN, hashes=hashes)

    def _rows(self, statement: str, **values: object) -> list[sa.Row[Any]]:
        with self._engine.connect() as connection:
            return list(connection.execute(sa.text(statement), values))

    def _change(self, statement: str, **values: object) -> list[sa.Row[Any]]:
        with self._engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return list(result) if result.returns_rows else []
