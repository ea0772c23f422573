"""Audit events of the details of a party, such as its addresses and contacts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.kernel.actor import Actor


def record_details(
    actor: Actor,
    kind: str,
    refs: Mapping[str, UUID],
    changed: Mapping[str, object],
    *,
    private: Collection[str],
) -> None:
    """Record an audit event; of the fields in `private` it has only the names."""
    fields = [
        {"field": name} if name in private else {"field": name, "after": str(value).lower()}
        for name, value in changed.items()
        if value is not None
    ]
    audit.record(actor, kind, entity_refs=refs, inputs={"fields": fields} if fields else {})
