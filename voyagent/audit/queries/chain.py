"""Queries that stream an agency's chain and read its head in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from voyagent.audit.rules.verifier import ARCHIVE, EXPORTED, Head
from voyagent.kernel import db as database
from voyagent.kernel.db import db

FIRST = UUID(int=0)
_ROWS_AT_A_TIME = 1000
_BOUND = "(select nullif(current_setting('app.tenant', true), '')::uuid)"
_HEAD = text(f"select seq, encode(hash, 'hex') as hash from audit_heads where tenant_id = {_BOUND}")  # noqa: S608 - built from a constant
_LINES = text(
    f"select app.audit_line(e) from audit_events e where tenant_id = {_BOUND} order by seq"  # noqa: S608
)
_CHANGED_PART = text(
    "select p.seq from audit_private p join audit_events e on e.tenant_id = p.tenant_id"  # noqa: S608
    f" and e.seq = p.seq where p.tenant_id = {_BOUND} and e.inputs->>'private' is distinct from"
    " encode(sha256(p.salt || convert_to(p.parts::text, 'UTF8')), 'hex') order by p.seq limit 1"
)
_LAST_ARCHIVED = text(
    f"select seq, encode(hash, 'hex') as hash from audit_events where tenant_id = {_BOUND}"  # noqa: S608 - as above
    " and kind = :kind and inputs->>'format' = :format order by seq desc limit 1"
)

HEADS_OF_EVERY_AGENCY = "select tenant_id::text, seq || ':' || encode(hash, 'hex') from audit_heads"
"""The heads of all chains as `NUMBER:HASH`, for a role that sees all rows."""


@dataclass(frozen=True, slots=True)
class Chain:
    """An agency's chain of events, read in one database snapshot.

    `head` is None if the chain's head is missing. `archived` is the number and hash of the event of
    the newest archive export, or None. `lines` yields the events in the archive's format, oldest
    first, without line ends. `changed_part` is the number of the first event with a changed
    personal text, or None.
    """

    tenant_id: UUID
    head: Head | None
    archived: Head | None
    lines: Iterator[bytes]
    changed_part: int | None = None


@contextmanager
def snapshot(tenant_id: UUID) -> Iterator[Chain]:
    """Yield an agency's chain, read in one snapshot.

    The open transaction of the session is rolled back first. After the block there is no current
    agency (see `db.snapshot`).
    """
    with database.snapshot(tenant_id) as connection:
        yield read_chain(connection, tenant_id)


def read_chain(connection: Connection, tenant_id: UUID) -> Chain:
    """Return the chain of the agency to which the open transaction is bound.

    The lines are read while they are used.
    """
    head = connection.execute(_HEAD).first()
    archived = connection.execute(_LAST_ARCHIVED, {"kind": EXPORTED, "format": ARCHIVE}).first()
    changed = connection.execute(_CHANGED_PART).scalar()
    rows = connection.execute(
        _LINES, execution_options={"stream_results": True, "yield_per": _ROWS_AT_A_TIME}
    )
    lines = (str(line).encode() for line in rows.scalars())
    return Chain(tenant_id, _head(head), _head(archived), lines, changed)


def locked_head() -> Head | None:
    """Return the head of the bound agency's chain and lock it; None without a head.

    Nobody adds an event until the transaction ends.
    """
    return _head(db.session.execute(text(f"{_HEAD} for update")).first())


def agencies(after: UUID = FIRST, *, limit: int = 100) -> list[UUID]:
    """Return up to `limit` agency ids after a given id, in order.

    Suspended agencies are included.
    """
    return list(
        db.session.scalars(
            text("select app.agencies_after(:after, :limit)"), {"after": after, "limit": limit}
        )
    )


def every_agency() -> Iterator[UUID]:
    """Yield the ids of all agencies in order; suspended agencies are included.

    The caller may use the database session between two ids.
    """
    last = FIRST
    while batch := agencies(last):
        db.session.remove()
        yield from batch
        last = batch[-1]


def exists(tenant_id: UUID) -> bool:
    """Return True if an agency with this id exists."""
    return agencies(UUID(int=max(tenant_id.int - 1, 0)), limit=1) == [tenant_id]


def _head(found: Row[Any] | None) -> Head | None:
    return None if found is None else Head(found.seq, found.hash)
