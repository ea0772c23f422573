"""Rules of an agency's settings: created at sign-up, changed by administrators, audited."""

from __future__ import annotations

import re
from typing import Any, TypedDict

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, PreconditionFailed, Unprocessable
from voyagent.kernel.money import Money, is_currency
from voyagent.kernel.tenancy import bind
from voyagent.settings import queries
from voyagent.settings.models import TenantSettings
from voyagent.taxes.rules.numbers import country_of

DEFAULT_CURRENCY = "INR"
DEFAULT_TIMEZONE = "UTC"
DEFAULT_LOCALE = "en"
_LIKE_GSTIN = re.compile(r"[0-9]{2}[0-9A-Z]{13}")
"""Fifteen characters like a GSTIN (Rule 10 of the CGST Rules).

Other text is taken for another country's number and not checked.
"""


class SettingsChangedSince(PreconditionFailed):
    """The settings have changed since the caller read them."""

    code = "settings_changed"
    message = N_(
        "The settings were changed after you opened them. Reload the page, then repeat your"
        " changes."
    )


class UnknownZone(Unprocessable):
    """A time zone that the IANA database does not list."""

    code = "zone_unknown"
    message = N_("Enter a time zone such as Asia/Kolkata.")


class UnbookableCurrency(Unprocessable):
    """A currency that ISO 4217 does not list, or one without minor units."""

    code = "currency_unknown"
    message = N_("Enter a currency code of three capital letters, such as INR.")


class InvalidTaxNumber(Unprocessable):
    """A text in the form of a GSTIN whose check character is wrong."""

    code = "invalid_tax_number"
    message = N_(
        "This GSTIN is not valid: its check character does not match. Compare it with the"
        " certificate."
    )


class SettingsChanges(TypedDict, total=False):
    """Changes of settings: an absent key is kept.

    None clears the model, the suffix, the budget and the texts on documents.
    """

    model: str | None
    model_override: str | None
    """Takes precedence over `model`; naming `model` alone clears it."""
    system_prompt_suffix: str | None
    rate_limit_per_minute: int
    rate_limit_per_hour: int
    daily_token_budget: int | None
    locale: str
    timezone: str
    default_currency: str
    four_eyes: bool
    financial_year_start_month: int
    approval_limits: dict[str, Any]
    """Limits by role as `{amount, currency}`; None removes one, roles not named keep theirs."""
    address: str | None
    tax_number: str | None
    bank_details: str | None
    round_invoices: bool


def open_settings(
    *,
    default_currency: str = DEFAULT_CURRENCY,
    timezone: str = DEFAULT_TIMEZONE,
    locale: str = DEFAULT_LOCALE,
) -> None:
    """Create the settings of a new agency: currency of the books, time zone, language."""
    db.session.add(
        TenantSettings(default_currency=default_currency, timezone=timezone, locale=locale)
    )


def make(actor: Actor) -> Row:
    """Return the settings as a row; create them if an old agency has none. Raises Forbidden."""
    actor.require("settings.read")
    bind(db.session(), actor.tenant_id)
    return queries.row_of(queries.get_settings())


def update(actor: Actor, changes: SettingsChanges, *, seen: str | None = None) -> TenantSettings:
    """Change the settings; they apply from the next request, on pages and in the API.

    Without a difference nothing happens. The row is locked, so that neither of two changes loses
    the other's fields and each event has the real values before. `seen` is the version
    (`queries.mark_of`) that the caller has read. What is posted keeps its currency, number and day.

    Raises Forbidden, UnknownZone, UnbookableCurrency, InvalidTaxNumber, SettingsChangedSince (API
    contract).
    """
    actor.require("settings.update")
    _check(changes)
    settings = queries.get_settings(lock=True)
    if seen is not None and seen != queries.mark_of(queries.row_of(settings)):
        raise SettingsChangedSince
    if "model" in changes:
        changes = {"model_override": None, **changes}
    changed: list[dict[str, Any]] = []
    limits = changes.get("approval_limits", {})
    for name, value in changes.items():
        before = getattr(settings, name)
        if name != "approval_limits" and before != value:
            setattr(settings, name, value)
            changed.append({"field": name, "before": before, "after": value})
    if limits:
        changed += _limit(settings, limits)
    if changed:
        db.session.flush()
        audit.record(
            actor,
            queries.CHANGED,
            entity_refs={"settings_id": actor.tenant_id},
            inputs={"fields": changed},
        )
    return settings


def _limit(settings: TenantSettings, limits: dict[str, Any]) -> list[dict[str, Any]]:
    """Set the limit of each named role; return the changes, one field for each role."""
    before = settings.approval_limits
    exact = {
        role: limit and {**limit, "amount": Money.parse(limit["amount"], limit["currency"]).wire}
        for role, limit in limits.items()
    }
    after = {role: limit for role, limit in {**before, **exact}.items() if limit is not None}
    if after != before:
        settings.approval_limits = after
    return [
        {
            "field": f"approval_limits.{role}",
            "before": _said(before.get(role)),
            "after": _said(after.get(role)),
        }
        for role in limits
        if before.get(role) != after.get(role)
    ]


def _said(limit: dict[str, str] | None) -> str | None:
    return None if limit is None else f"{limit['currency']} {limit['amount']}"


def _check(changes: SettingsChanges) -> None:
    """Check names for every caller; the schema has checked the rest."""
    if "timezone" in changes and not clock.is_zone(changes["timezone"]):
        raise UnknownZone
    if "default_currency" in changes and not is_currency(changes["default_currency"]):
        raise UnbookableCurrency
    tax_number = changes.get("tax_number")
    if tax_number and _LIKE_GSTIN.fullmatch(tax_number) and country_of(tax_number) is None:
        raise InvalidTaxNumber
