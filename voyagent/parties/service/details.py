"""Code that the services of addresses, contacts and tax numbers of a party share.

Each of these is a detail of a party: a row of its own, of which one may be the default.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.ids import new_id
from voyagent.parties import queries
from voyagent.parties.queries import AnyDetail, Detail
from voyagent.parties.service.parties import PartyChanged


def check_room(
    model: type[AnyDetail],
    party_id: UUID,
    most: int,
    too_many: type[VoyagentError],
) -> None:
    """Lock a party, and check that it has room for a further detail.

    Raises PartyNotFound, and `too_many` if the party has `most` details.
    """
    queries.get_party(party_id, lock=True)
    number = db.session.scalar(select(func.count()).where(model.party_id == party_id))
    if (number or 0) >= most:
        raise too_many


def insert_detail(
    model: type[Detail], party_id: UUID, values: Mapping[str, object], *alike: ColumnElement[bool]
) -> Detail:
    """Store a new detail; a new default replaces the earlier one.

    `alike` are the conditions of the party's details of which only one is the default.
    """
    if values.get("is_default"):
        _clear_default(model, party_id, *alike)
    now = clock.now()
    detail = model(id=new_id(), party_id=party_id, created_at=now, updated_at=now, **values)
    db.session.add(detail)
    db.session.flush()
    return detail


def check_unchanged(detail: AnyDetail, seen: datetime | None) -> None:
    """Check that a detail is as the caller has read it.

    `seen` is the `updated_at` that the caller has read, or None. Raises PartyChanged.
    """
    if seen is not None and seen != detail.updated_at:
        raise PartyChanged


def update_detail(
    detail: AnyDetail, values: Mapping[str, object], *alike: ColumnElement[bool]
) -> dict[str, object]:
    """Store the values of a detail, and return those that differ.

    If none differs, nothing is stored. `alike` is as in `insert_detail`.
    """
    changed = {name: value for name, value in values.items() if getattr(detail, name) != value}
    if not changed:
        return {}
    if values["is_default"]:
        _clear_default(type(detail), detail.party_id, *alike)
    for name, value in values.items():
        setattr(detail, name, value)
    detail.updated_at = clock.now()
    db.session.flush()
    return changed


def delete_detail(detail: AnyDetail) -> None:
    """Delete a detail."""
    db.session.delete(detail)
    db.session.flush()


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


def _clear_default(model: type[AnyDetail], party_id: UUID, *alike: ColumnElement[bool]) -> None:
    db.session.execute(
        update(model).where(model.party_id == party_id, *alike).values(is_default=False)
    )
