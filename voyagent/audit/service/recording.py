"""Record events during a transaction and insert them before its commit.

If an event cannot be inserted, the whole transaction fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.db import db, execute_and_commit
from voyagent.kernel.financial_numbers import hidden_everywhere
from voyagent.kernel.ids import new_id
from voyagent.kernel.metrics import forgotten_when_raised
from voyagent.kernel.tenancy import TENANT, TenantNotBound

_PENDING = "audit_events"
Fact: TypeAlias = (
    "str | int | bool | UUID | date | Sequence[Fact] | Mapping[str, Fact] | JsonValue | None"
)
"""Value of an audit event: JSON, with ids and dates that become text."""


def record(  # noqa: PLR0913 - each keyword is a column of the event
    actor: Actor,
    kind: str,
    *,
    entity_refs: Mapping[str, Fact] | None = None,
    inputs: Mapping[str, Fact] | None = None,
    outputs: Mapping[str, Fact] | None = None,
    private: Mapping[str, Fact] | None = None,
    private_outputs: Mapping[str, Fact] | None = None,
    status: str = "succeeded",
    error: str | None = None,
    driver: str | None = None,
    approved_by: UUID | None = None,
    approved_at: datetime | None = None,
    started_at: datetime | None = None,
) -> None:
    """Record the event of an act, such as `enquiry.promoted`.

    The event is inserted at the end of the running transaction.

    `inputs` and `outputs` are small JSON objects without secrets, with amounts as decimal strings
    and ids as text. Members that may have personal text of customers are given as `private` and
    `private_outputs`. These members are stored outside the chain, so that they can be erased. PANs,
    tax numbers and bank accounts in `private` and `private_outputs` are masked. `status` is
    started, succeeded, failed, rejected or cancelled.
    """
    parts = {
        name: hidden_everywhere(values)
        for name, values in (("inputs", private), ("outputs", private_outputs))
        if values and any(value is not None for value in values.values())
    }
    db.session().info.setdefault(_PENDING, []).append(
        ({"private": parts} if parts else {})
        | {
            "id": new_id(),
            "actor_kind": _kind_of(actor),
            "actor_id": actor.user_id,
            "actor_email": actor.email,
            "channel": actor.channel.value,
            "kind": kind,
            "driver": driver,
            "status": status,
            "error": error,
            "entity_refs": {
                **(entity_refs or {}),
                **({"by_api_key_id": actor.key_id} if actor.key_id else {}),
            },
            "inputs": dict(inputs or {}),
            "outputs": dict(outputs or {}),
            "approval_required": approved_by is not None,
            "approved_by": approved_by,
            "approved_at": approved_at,
            "started_at": started_at,
        }
    )


def split_changes(
    fields: Sequence[Mapping[str, Fact]], *, private: Iterable[str]
) -> tuple[dict[str, Fact], dict[str, Fact] | None]:
    """Return the public and the private part of an event that lists changed fields.

    `fields` are objects with `field`, `before` and `after`. `private` names the fields with free
    text. The public part lists all changed fields, but without the values of free text. The private
    part lists all changed fields with their values. It is None if no free text was changed.
    """
    hidden = frozenset(private)
    shown = [{"field": one["field"]} if one["field"] in hidden else dict(one) for one in fields]
    return {"fields": shown}, {"fields": list(fields)} if shown != list(fields) else None


@contextmanager
def savepoint() -> Iterator[None]:
    """Run a block in a savepoint.

    If the block raises an exception, its writes and its events are undone.
    """
    pending = db.session().info.setdefault(_PENDING, [])
    before = len(pending)
    try:
        with forgotten_when_raised(db.session), db.session.begin_nested():
            yield
    except BaseException:
        del pending[before:]
        raise


def open_chain(tenant_id: UUID) -> None:
    """Create the head of a new agency's chain, before its first event."""
    db.session.execute(
        text("insert into audit_heads (tenant_id) values (:tenant_id)"), {"tenant_id": tenant_id}
    )


def install() -> None:
    """Register the session listeners that insert events at commit."""
    if not event.contains(db.session, "before_commit", _write):
        event.listen(db.session, "before_commit", _write)
        event.listen(db.session, "after_rollback", _forget)


def _kind_of(actor: Actor) -> str:
    if actor.channel is Channel.ASSISTANT:
        return "agent"
    return "system" if actor.user_id is None else "human"


def _write(session: Session) -> None:
    pending = session.info.get(_PENDING)
    if (
        not pending or session.in_nested_transaction()
    ):  # a savepoint is not the commit, before which the head is locked
        return
    if session.info.get(TENANT) is None:
        raise TenantNotBound("an audit event needs a bound agency")
    session.flush()
    events = session.info.pop(_PENDING)
    execute_and_commit(
        session,
        "select app.audit(%(events)s::jsonb)",
        {"events": json.dumps(events, default=_plain)},
    )


def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_PENDING, None)


def _plain(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} does not belong in an audit event")
