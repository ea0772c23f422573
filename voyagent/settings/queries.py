"""Reading an agency's settings, and who changed them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select, text

from voyagent.audit import queries as audit
from voyagent.kernel.canonical import digest
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.tenancy import current_tenant, owned
from voyagent.settings.models import TenantLogo, TenantSettings

COLUMNS = tuple(TenantSettings.__table__.c.keys())
CHANGED = "settings.changed"
LOGO = "logo"
"""How the history names the logo, beside the settings that are columns."""
BUILT_IN = "built-in"
"""The value of `model_override` by which an agency keeps to the built-in planner, whatever its
operator has set up.
"""
HISTORY_MAX = 20
_MARK_DIGITS = 32


class LogoNotFound(NotFound):
    """The agency has no logo."""

    code = "logo_not_found"
    message = N_("Your agency has no logo yet.")


@cached_statement
def statement() -> Select[Any]:
    """The settings row of the bound agency."""
    return select(*TenantSettings.__table__.c).where(owned(TenantSettings))


def chosen(name: str) -> Any:
    """One setting of the bound agency as a scalar select; nothing where nobody has made them yet."""
    return select(TenantSettings.__table__.c[name]).where(owned(TenantSettings)).scalar_subquery()


def read(reader: Reader) -> Row | None:
    """The agency's settings as a row; None where nobody has made them yet."""
    rows = reader.read(statement())[0]
    return rows[0] if rows else None


def logo_statement() -> Select[Any]:
    """The logo of the bound agency: its kind, bytes, digest and size in pixels."""
    return select(*TenantLogo.__table__.c).where(owned(TenantLogo))


def logo_mark() -> Any:
    """The digest of the bound agency's logo as a scalar select; nothing where it has none."""
    return select(TenantLogo.digest).where(owned(TenantLogo)).scalar_subquery()


def letterhead_lines() -> Any:
    """The `address` and `tax_number` of the bound agency as one object, for the head of what is
    printed: a scalar select, empty where it has no settings.
    """
    columns = TenantSettings.__table__.c
    return (
        select(func.json_build_object("address", columns.address, "tax_number", columns.tax_number))
        .where(owned(TenantSettings))
        .scalar_subquery()
    )


def read_logo(reader: Reader) -> Row:
    """The agency's logo. Raises LogoNotFound."""
    rows = reader.read(logo_statement())[0]
    if not rows:
        raise LogoNotFound
    return rows[0]


def read_letterhead(reader: Reader) -> Row:
    """What stands on the agency's paper: its settings, among them address, tax number and bank, and
    its `logo`, None where it has none.
    """
    rows, logos = reader.read(statement(), logo_statement())
    return {**(rows[0] if rows else {}), "logo": logos[0] if logos else None}


def get_logo() -> TenantLogo | None:
    """The logo of the bound agency, None where it has none."""
    return db.session.scalar(select(TenantLogo))


def read_history(reader: Reader, tenant_id: object) -> list[Row]:
    """The last changes of the agency's settings, newest first: who, when, and of each field the
    value before and after.
    """
    happened = audit.events_statement({"settings_id": str(tenant_id)}, limit=HISTORY_MAX)
    happened = happened.add_columns(
        audit.name_of(happened.selected_columns.actor_id).label("actor_name")
    )
    return [{**row, "changes": row["inputs"].get("fields", [])} for row in reader.read(happened)[0]]


def get_settings(*, lock: bool = False) -> TenantSettings:
    """The settings of the bound agency, made where they are absent (one row under any number of
    parallel first reads).

    `lock` holds the row until the transaction ends, so that of two changes at once the second sees
    the first.
    """
    tenant_id = current_tenant(db.session)
    statement = select(TenantSettings)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(statement) if lock else db.session.get(TenantSettings, tenant_id)
    if found is None:
        db.session.execute(
            text(
                "insert into tenant_settings (tenant_id) values (:tenant_id) on conflict do nothing"
            ),
            {"tenant_id": tenant_id},
        )
        found = db.session.scalars(statement).one()
    return found


def wanted_model(settings: TenantSettings | Row) -> str | None:
    """What the agency has chosen to answer it; None for whatever the operator has set up."""
    row = settings if isinstance(settings, dict) else row_of(settings)
    wanted: str | None = row["model_override"] or row["model"]
    return wanted


def row_of(settings: TenantSettings) -> Row:
    """Loaded settings as a row."""
    return {name: getattr(settings, name) for name in COLUMNS}


def mark_of(row: Row) -> str:
    """A short mark of what the settings say: equal settings, equal mark."""
    return digest({**row, "tenant_id": str(row["tenant_id"])})[:_MARK_DIGITS]
