"""Lock of a party name against new documents and postings."""

from __future__ import annotations

from sqlalchemy import text

from voyagent.kernel.db import db
from voyagent.kernel.tenancy import current_tenant

_LOCK = text("select pg_advisory_xact_lock(app.name_lock(:tenant_id, lower(:name)))")


def lock_name(name: str) -> None:
    """Keep others from writing a party name into the books until the transaction ends.

    The call first waits for all transactions that have written a document or posting of the name.
    Statements after the call see what these transactions have committed. Case does not matter.
    Lock the documents of the name before, because services that post to a document lock it first.
    """
    db.session.execute(_LOCK, {"tenant_id": current_tenant(db.session), "name": name})
