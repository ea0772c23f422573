"""Reading an agency's settings."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.exc import NoResultFound

from voyagent.kernel.db import db
from voyagent.kernel.reading import Reader, Row
from voyagent.kernel.tenancy import current_tenant, owned
from voyagent.settings.models import TenantSettings

_COLUMNS = TenantSettings.__table__.c


def statement() -> Select[Any]:
    """The settings row of the bound agency."""
    return select(*_COLUMNS).where(owned(TenantSettings))


def read(reader: Reader) -> Row:
    """The agency's settings as a row. Raises NoResultFound where sign-up did not make it, a fault of ours."""
    rows = reader.read(statement())[0]
    if not rows:
        raise NoResultFound("an agency without settings")
    return rows[0]


def get_settings() -> TenantSettings:
    """The settings of the bound agency, made where they are absent (one row under any number of parallel first reads)."""
    tenant_id = current_tenant(db.session)
    found = db.session.get(TenantSettings, tenant_id)
    if found is None:
        db.session.execute(text("insert into tenant_settings (tenant_id) values (:tenant_id) on conflict do nothing"), {"tenant_id": tenant_id})
        found = db.session.get_one(TenantSettings, tenant_id)
    return found
