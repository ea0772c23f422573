"""Lock of a party's key against new documents and postings."""

from __future__ import annotations

from sqlalchemy import text

from voyagent.kernel.db import db
from voyagent.kernel.tenancy import current_tenant

_LOCK = text("select pg_advisory_xact_lock(app.name_lock(:tenant_id, lower(:name)))")


def lock_name(name: str) -> None:
    """Lock the `party_key` of a party until this transaction ends.

    `name` is the key, ignoring case. Until then, no other transaction can write a document or a
    posting with the key.

    The call waits for all other transactions that have written a document or posting with the key.
    Later statements of this transaction see the rows that the other transactions have committed.

    Lock the documents of the party before you call this function. Services that post to a document
    lock first the document and then the key, and another order could end in a deadlock.
    """
    db.session.execute(_LOCK, {"tenant_id": current_tenant(db.session), "name": name})
