"""Services that merge records of one customer or supplier, and undo it.

A merge changes no document: documents and postings keep their party. It only changes the root of
the merged parties (`PartyRoot`): the party under which lists, statements and limits add up their
amounts. Of holds and credit limits the strictest of the merged parties counts. After a merge is
undone, the roots are those that the other merges give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select, text, update

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db, load_one
from voyagent.kernel.errors import N_, Conflict, Forbidden, NotFound, Unprocessable
from voyagent.kernel.ids import new_id
from voyagent.kernel.tenancy import current_tenant
from voyagent.parties import queries
from voyagent.parties.models import Party, PartyMerge, PartyRoot

MEMBERS_MAX = 50
REASON_MAX = 500
ERROR_FIELDS = {
    "merge_reason_required": "reason",
    **dict.fromkeys(("merge_cycle", "party_already_merged", "merge_too_large"), ""),
    "party_pans_differ": "",
}
"""The form field at which each error is shown, by error code."""
# One merge at a time in an agency: two merges could otherwise make a cycle. An edit of a PAN waits
# too: it could otherwise miss the PAN of a record that is merged at the same moment.
_LOCK = text("select pg_advisory_xact_lock(app.name_lock(:tenant_id, chr(31) || 'merges'))")


class MergeReasonRequired(Unprocessable):
    """The reason is missing or too long."""

    code = "merge_reason_required"
    message = N_("Enter a reason of at most 500 characters.")


class MergeCycle(Conflict):
    """Both parties are the same, or are merged already."""

    code = "merge_cycle"
    message = N_("These are already one customer or supplier.")


class AlreadyMerged(Conflict):
    """The party to merge is merged into another one."""

    code = "party_already_merged"
    message = N_("This record is merged into another one. Undo that first.")


class MergeTooLarge(Conflict):
    """The merged parties would be more than MEMBERS_MAX."""

    code = "merge_too_large"
    message = N_("At most 50 records can be one customer or supplier.")


class PansDiffer(Forbidden):
    """The parties have different PANs, and the actor may not merge such parties."""

    code = "party_pans_differ"
    message = N_("These records have different PANs. Only an administrator may merge them.")


class PanIsNotOfMerged(Conflict):
    """A record that is merged with the party has another PAN."""

    code = "pan_is_not_of_merged"
    message = N_(
        "A record that is merged with this one has another PAN. Check the PAN, or undo the merge"
        " first."
    )


class MergeNotFound(NotFound):
    """The agency has no such merge, or it was undone."""

    code = "merge_not_found"
    message = N_("We could not find that merge. It may have been undone.")


@dataclass(frozen=True, slots=True)
class Group:
    """Parties that a merge would make one.

    `ids` has the ids of all, that of the root first. `pans` has their different PANs.
    """

    ids: tuple[UUID, ...]
    pans: frozenset[str]


def check(actor: Actor, from_id: UUID, into_id: UUID) -> Group:
    """Check that a party can be merged into another; return the resulting group.

    Raises Forbidden, PartyNotFound, MergeCycle, AlreadyMerged, MergeTooLarge, PansDiffer.
    """
    actor.require("party.merge")
    for party_id in (from_id, into_id):
        queries.get_party(party_id)
    if queries.root_of(from_id) != from_id:
        raise AlreadyMerged
    root_id = queries.root_of(into_id)
    if root_id == from_id:
        raise MergeCycle
    ids = (*queries.members_of(root_id), *queries.members_of(from_id))
    if len(ids) > MEMBERS_MAX:
        raise MergeTooLarge
    group = Group(ids, queries.pans_of(ids))
    if len(group.pans) > 1 and not actor.can("party.merge_over_pan"):
        raise PansDiffer
    return group


def merge(actor: Actor, from_id: UUID, into_id: UUID, *, reason: str) -> PartyMerge:
    """Merge a party, with all that are merged into it, into another one.

    The rows of both roots are locked, so an invoice that is issued at this moment is compared with
    the credit limit before the merge or after it.

    Raises MergeReasonRequired, and the errors of `check`.
    """
    actor.require("party.merge")
    why = reason.strip()
    if not 1 <= len(why) <= REASON_MAX:
        raise MergeReasonRequired
    lock()
    group = check(actor, from_id, into_id)
    root_id = group.ids[0]
    _lock_rows(root_id, from_id)
    made = PartyMerge(
        id=new_id(),
        from_id=from_id,
        into_id=into_id,
        reason=why,
        merged_at=clock.now(),
        merged_by_user_id=actor.user_id,
    )
    db.session.execute(
        update(PartyRoot).where(PartyRoot.root_id == from_id).values(root_id=root_id)
    )
    db.session.add_all([made, PartyRoot(party_id=from_id, root_id=root_id)])
    db.session.flush()
    audit.record(
        actor,
        "party.merged",
        entity_refs={"party_id": from_id, "into_id": into_id, "merge_id": made.id},
        inputs={"has_different_pans": len(group.pans) > 1},
        private={"reason": why},
    )
    return made


def unmerge(actor: Actor, merge_id: UUID) -> PartyMerge:
    """Undo a merge; what was merged into the merged party before stays with it.

    The merged party is then its own root.

    Raises Forbidden, MergeNotFound.
    """
    actor.require("party.merge")
    lock()
    active = select(PartyMerge).where(PartyMerge.id == merge_id, PartyMerge.undone_at.is_(None))
    undone: PartyMerge = load_one(active, MergeNotFound, lock=True)
    _lock_rows(queries.root_of(undone.from_id), undone.from_id)
    undone.undone_at, undone.undone_by_user_id = clock.now(), actor.user_id
    db.session.flush()
    below = _below(undone.from_id)
    db.session.execute(delete(PartyRoot).where(PartyRoot.party_id == undone.from_id))
    db.session.execute(
        update(PartyRoot).where(PartyRoot.party_id.in_(below)).values(root_id=undone.from_id)
    )
    audit.record(
        actor,
        "party.unmerged",
        entity_refs={
            "party_id": undone.from_id,
            "into_id": undone.into_id,
            "merge_id": undone.id,
        },
    )
    return undone


def lock() -> None:
    """Let other merges, and edits of PANs, wait until the transaction ends."""
    db.session.execute(_LOCK, {"tenant_id": current_tenant(db.session)})


def check_pan(party_id: UUID, pan: str | None) -> None:
    """Check that a PAN gives a party and the records merged with it no further PAN.

    A record with a PAN of its own could otherwise be merged without it and get it afterwards. The
    caller has called `lock`. A PAN that one of the records has is allowed.

    Raises PanIsNotOfMerged.
    """
    ids = queries.members_of(queries.root_of(party_id))
    others = [one for one in ids if one != party_id]
    if pan and others and queries.pans_of(others) and pan not in queries.pans_of(ids):
        raise PanIsNotOfMerged


def _lock_rows(*party_ids: UUID) -> None:
    rows = select(Party.id).where(Party.id.in_(party_ids)).order_by(Party.id)
    db.session.execute(rows.with_for_update(key_share=True))


def _below(party_id: UUID) -> Sequence[UUID]:
    """Return the parties that are merged into a party, directly or through others."""
    merges = select(PartyMerge.from_id.label("id")).where(PartyMerge.undone_at.is_(None))
    found = merges.where(PartyMerge.into_id == party_id).cte("below", recursive=True)
    found = found.union(merges.join(found, PartyMerge.into_id == found.c.id))
    return db.session.scalars(select(found.c.id)).all()
