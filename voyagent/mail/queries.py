"""Reads of the outbox."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from voyagent.kernel import clock
from voyagent.kernel.db import db


def agencies_with_mail() -> list[UUID]:
    """Return agencies with mail that is due and not queued, outdated, or old enough to delete."""
    return list(db.session.scalars(text("select app.tenants_with_mail(:at)"), {"at": clock.now()}))


def agency_name() -> str:
    """Return the name of the bound agency."""
    return str(
        db.session.scalar(
            text(
                "select display_name from tenants where id = (select"
                " nullif(current_setting('app.tenant', true), '')::uuid)"
            )
        )
    )
