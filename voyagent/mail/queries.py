"""Reading the outbox."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from voyagent.kernel import clock
from voyagent.kernel.db import db


def agencies_with_mail() -> list[UUID]:
    """The agencies with mail to see to: due and in no queue, of no use any more, or long past."""
    return list(db.session.scalars(text("select app.tenants_with_mail(:at)"), {"at": clock.now()}))


def agency_name() -> str:
    """The bound agency's name as it is now."""
    return str(
        db.session.scalar(
            text(
                "select display_name from tenants where id = (select"
                " nullif(current_setting('app.tenant', true), '')::uuid)"
            )
        )
    )
