"""Reading the audit: what happened to one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, Text, any_, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from voyagent.audit.models import AuditEvent
from voyagent.kernel.canonical import canonical_json
from voyagent.kernel.reading import Reader, Row
from voyagent.kernel.tenancy import owned

_EVENTS = AuditEvent.__table__.c
HISTORY_MAX = 100


def events_of(reader: Reader, entity: str, entity_id: object, *, limit: int = HISTORY_MAX) -> list[Row]:
    """The newest events that name a thing, such as `("enquiry_id", id)`."""
    return reader.read(events_statement({entity: str(entity_id)}, limit=limit))[0]


def events_statement(refs: Mapping[str, str], *, limit: int = HISTORY_MAX) -> Select[Any]:
    """The newest events whose references hold all of `refs`, for a page that reads more in the same trip.

    The keys come from a look-up function, because a policy hides the index of `entity_refs` from the planner; the rows are read behind the wall.
    """
    keys = func.array(select(func.app.events_of(cast(literal(canonical_json(dict(refs)), Text), JSONB), limit)).scalar_subquery())
    return (
        select(
            _EVENTS.seq,
            _EVENTS.kind,
            _EVENTS.status,
            _EVENTS.actor_kind,
            _EVENTS.actor_id,
            _EVENTS.actor_email,
            _EVENTS.channel,
            _EVENTS.inputs,
            _EVENTS.outputs,
            _EVENTS.recorded_at,
        )
        .where(owned(AuditEvent), _EVENTS.seq == any_(keys))
        .order_by(_EVENTS.seq.desc())
    )
