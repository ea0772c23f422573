"""Queries of an agency's settings, logo, approval limits and history of changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, select, text
from sqlalchemy.orm.util import identity_key

from voyagent.audit.queries import events as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.canonical import digest
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Forbidden, NotFound
from voyagent.kernel.keyring import opened_text
from voyagent.kernel.money import Money
from voyagent.kernel.tenancy import current_tenant, owned
from voyagent.settings import models
from voyagent.settings.models import TenantLogo, TenantSettings

COLUMNS = tuple(
    column.name for column in TenantSettings.__table__.c if column.name != "bank_details_sealed"
)
CHANGED = "settings.changed"
LOGO = "logo"
"""The name of the logo in the history of changes."""
BUILT_IN = "built-in"
"""The value of `model_override` if the agency uses only the built-in planner."""
HISTORY_MAX = 20
AUDIT_ADDRESSES_MAX = 5
"""Most addresses, besides those of administrators, to which audit statements are mailed."""
_MARK_DIGITS = 32


class AmountAboveLimit(Forbidden):
    """The amount is above the approval limit of the person's role."""

    code = "amount_above_limit"
    message = N_("This is above your approval limit. Ask a colleague with a higher limit.")


class LogoNotFound(NotFound):
    """The agency has no logo."""

    code = "logo_not_found"
    message = N_("Your agency has no logo yet.")


@cached_statement
def statement() -> Select[Any]:
    """Select the settings of the current agency; use `opened` to decrypt a row."""
    return select(*TenantSettings.__table__.c).where(owned(TenantSettings))


def chosen(name: str) -> ScalarSelect[Any]:
    """Return a scalar select of one setting of the current agency.

    The value of the select is null if the agency has no row of settings.
    """
    return select(TenantSettings.__table__.c[name]).where(owned(TenantSettings)).scalar_subquery()


def read(reader: Reader) -> Row | None:
    """Return the agency's settings; None if they do not exist yet."""
    rows = reader.read(statement())[0]
    return opened(rows[0]) if rows else None


def opened(row: Row) -> Row:
    """Return a row of `statement` with the bank details decrypted."""
    known = dict(row)
    sealed = known.pop("bank_details_sealed")
    return known | {"bank_details": opened_text(models.BANK, sealed, known["bank_details"])}


def logo_statement() -> Select[Any]:
    """Select the logo of the current agency: type, bytes, digest, size in pixels."""
    return select(*TenantLogo.__table__.c).where(owned(TenantLogo))


def logo_mark() -> ScalarSelect[str]:
    """Return a scalar select of the logo's digest, which is null without a logo."""
    return select(TenantLogo.digest).where(owned(TenantLogo)).scalar_subquery()


def letterhead_lines() -> ScalarSelect[Any]:
    """Return a scalar select of postal address and tax number, as one JSON object.

    The keys are `address` and `tax_number`. The value of the select is null if the agency has no
    row of settings.
    """
    columns = TenantSettings.__table__.c
    return (
        select(func.json_build_object("address", columns.address, "tax_number", columns.tax_number))
        .where(owned(TenantSettings))
        .scalar_subquery()
    )


def read_logo(reader: Reader) -> Row:
    """Return the agency's logo. Raises LogoNotFound."""
    return first_row(reader.read(logo_statement())[0], LogoNotFound)


def read_letterhead(reader: Reader) -> Row:
    """Return the settings that letterheads need, such as the postal address.

    The row has the columns of the settings, and the key `logo` with the logo's row or None. If the
    agency has no settings, the row has only the key `logo`.
    """
    rows, logos = reader.read(statement(), logo_statement())
    return {**(opened(rows[0]) if rows else {}), "logo": logos[0] if logos else None}


def get_logo() -> TenantLogo | None:
    """Return the logo of the current agency, or None."""
    return db.session.scalar(select(TenantLogo))


def read_history(reader: Reader, tenant_id: object) -> list[Row]:
    """Return the newest changes of the settings: person, time, and old and new values."""
    happened = audit.events_statement({"settings_id": str(tenant_id)}, limit=HISTORY_MAX)
    happened = happened.add_columns(
        audit.name_of(happened.selected_columns.actor_id).label("actor_name")
    )
    return [{**row, "changes": row["inputs"].get("fields", [])} for row in reader.read(happened)[0]]


def get_settings(*, lock: bool = False) -> TenantSettings:
    """Return the settings of the current agency; create the row if it is missing.

    If `lock` is true, the row is locked until the transaction ends.
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


def forget() -> None:
    """Discard the loaded settings, so that their next use reads them again.

    Another transaction may have changed them. Changes that are not yet written are kept.
    """
    key = identity_key(TenantSettings, current_tenant(db.session))
    known = db.session().identity_map.get(key)
    if known is not None and not db.session.is_modified(known):
        db.session.expire(known)


def wanted_model(settings: TenantSettings | Row) -> str | None:
    """Return the model that the agency chose.

    The result is None if the agency uses the operator's default model.
    """
    row = settings if isinstance(settings, dict) else row_of(settings)
    wanted: str | None = row["model_override"] or row["model"]
    return wanted


def audit_addresses(settings: TenantSettings) -> list[str]:
    """Return the e-mail addresses in the settings to which audit statements are sent.

    The addresses of administrators, who may also receive the statements, are not included.
    """
    return (settings.audit_mail_addresses or "").replace(",", " ").split()


def row_of(settings: TenantSettings) -> Row:
    """Return the columns of the settings by name, with the bank details decrypted."""
    return {name: getattr(settings, name) for name in COLUMNS}


def mark_of(row: Row) -> str:
    """Return the version of the settings; equal settings have equal versions."""
    return digest({**row, "tenant_id": str(row["tenant_id"])})[:_MARK_DIGITS]


def is_above(role: str, amounts: Sequence[Money] | None) -> bool:
    """Return True if one of the amounts is above the approval limit of a role.

    The result is False if the role has no limit. An amount in another currency than the limit
    cannot be compared and counts as above the limit. So does an unknown amount: `amounts` is None.
    """
    limit = get_settings().approval_limits.get(role)
    if limit is None:
        return False
    if amounts is None:
        return True
    most = Money.parse(limit["amount"], limit["currency"])
    return any(
        amount.currency != most.currency or amount.amount_minor > most.amount_minor
        for amount in amounts
    )


def check_limit(actor: Actor, *amounts: Money) -> None:
    """Check that the amounts of an act without approval are within the limit.

    The limit is the approval limit of the actor's role. If the actor has a grant, nothing is
    checked: somebody with a sufficient limit has approved the act. Raises AmountAboveLimit.
    """
    if actor.grant is None and is_above(actor.role, amounts):
        raise AmountAboveLimit
