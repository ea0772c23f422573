"""Order in which approved acts run, and the acts that a preview must run first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select, text

from voyagent.approvals.models import Approval
from voyagent.kernel.db import db

# Approvals in an agency that change measured amounts or create documents are checked one after the
# other, so that the second of two concurrent ones sees the first.
_GRANTS = text(
    "select pg_advisory_xact_lock(hashtextextended('grants of ' ||"
    " current_setting('app.tenant'), 0))"
)


def parties_in(shown: Mapping[str, object] | None) -> set[tuple[str, str]]:
    """Return the parties in a preview as pairs of party name and currency."""
    seen: Mapping[str, Any] = shown or {}
    measured = {
        (balance["key"], balance["after"]["currency"])
        for balance in seen.get("balances", [])
        if "key" in balance
    }
    document = seen.get("document") or {}
    return measured | (
        {(document["party"], document["total"]["currency"])}
        if document.get("party") and "total" in document
        else set()
    )


def lock_balances(approvals: Iterable[Approval]) -> None:
    """Let other decisions wait if a proposal's preview shows a customer or supplier.

    The agency's other decisions about parties wait until the transaction ends. The caller must have
    locked the conversations of the proposals.
    """
    if any(parties_in(approval.preview) for approval in approvals):
        db.session.execute(_GRANTS)


def queue_of(approval: Approval) -> str:
    """Return the name of the queue in which the approved act of a proposal runs.

    The acts of a queue run one at a time, in the order of the approvals. An agency has a queue for
    the acts on customers and suppliers. The other acts of a conversation are another queue, so that
    a slow supplier delays no posting.
    """
    owner = approval.tenant_id if parties_in(approval.preview) else approval.session_id
    return f"approvals:{owner}"


def waiting_about(parties: set[tuple[str, str]]) -> list[Approval]:
    """Return approved proposals about parties that have not run, oldest first.

    Their acts cannot run until the transaction ends.
    """
    if not parties:
        return []
    waiting = db.session.scalars(
        select(Approval)
        .where(Approval.effect_status == "waiting")
        .order_by(Approval.resolved_at, Approval.id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return [approval for approval in waiting if parties & parties_in(approval.preview)]
