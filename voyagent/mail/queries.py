"""Queries of the outbox."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from voyagent.kernel import clock
from voyagent.kernel.db import db


def agencies_with_mail() -> list[UUID]:
    """Return the ids of agencies that have mails to queue, or mails too old to send."""
    return list(db.session.scalars(text("select app.tenants_with_mail(:at)"), {"at": clock.now()}))


def agency_name() -> str:
    """Return the name of the current agency."""
    return str(
        db.session.scalar(
            text(
                "select display_name from tenants where id = (select"
                " nullif(current_setting('app.tenant', true), '')::uuid)"
            )
        )
    )
