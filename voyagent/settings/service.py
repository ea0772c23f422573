"""The rules of an agency's settings: a new agency begins with a row of its own; an administrator
changes it, and every change is told.
"""

from __future__ import annotations

import re
from typing import Any, TypedDict

from voyagent.audit import service as audit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, PreconditionFailed, Unprocessable
from voyagent.kernel.money import Money, is_currency
from voyagent.kernel.tenancy import bind
from voyagent.settings import queries
from voyagent.settings.models import TenantSettings
from voyagent.taxes.numbers import country_of

DEFAULT_CURRENCY = "INR"
DEFAULT_TIMEZONE = "UTC"
DEFAULT_LOCALE = "en"
_LIKE_GSTIN = re.compile(r"[0-9]{2}[0-9A-Z]{13}")
"""Fifteen characters that begin with the number of a state, as under Rule 10 of the CGST Rules;
another country's number is taken as it is.
"""


class SettingsChangedSince(PreconditionFailed):
    """The caller has seen older settings than those that stand now."""

    code = "settings_changed"
    message = N_(
        "Somebody has changed the settings since you opened them. Load the page again, then repeat"
        " what you changed."
    )


class UnknownZone(Unprocessable):
    """A time zone that the zone database does not list."""

    code = "zone_unknown"
    message = N_("That is not a time zone. Choose one such as Asia/Kolkata.")


class UnbookableCurrency(Unprocessable):
    """A code that ISO 4217 does not list, or one without minor units."""

    code = "currency_unknown"
    message = N_("That is not a currency code. Use three capitals such as INR.")


class InvalidTaxNumber(Unprocessable):
    """Written like a GSTIN of India, and its check character says that it is mistyped."""

    code = "invalid_tax_number"
    message = N_(
        "That is not a GSTIN: its last character does not fit the others. Please compare it with"
        " the certificate."
    )


class SettingsChanges(TypedDict, total=False):
    """What may be changed: an absent field stays; None clears model, suffix, budget and what stands
    on paper.
    """

    model: str | None
    model_override: str | None
    """Counts before `model`; named alone, `model` takes it away."""
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
    """A role's limit as `{amount, currency}`, None to lift it; a role that is not named keeps its
    own.
    """
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
    """Give the bound, new agency its settings: the currency of its books, its zone and its
    language, all else by default.
    """
    db.session.add(
        TenantSettings(default_currency=default_currency, timezone=timezone, locale=locale)
    )


def make(actor: Actor) -> Row:
    """The agency's settings as a row, made by default where an old agency has none.

    Raises Forbidden.
    """
    actor.require("settings.read")
    bind(db.session(), actor.tenant_id)
    return queries.row_of(queries.get_settings())


def update(actor: Actor, changes: SettingsChanges, *, seen: str | None = None) -> TenantSettings:
    """Change what the agency has chosen; it counts from the next request on, at both doors.

    Where nothing differs, nothing happens.

    The row is locked, so that of two changes at once neither loses the other's fields and each
    event tells what it really found. `seen` is the mark (`queries.mark_of`) of the settings that
    the caller has before her. What is booked already keeps its currency, its number and its day.
    Raises Forbidden, UnknownZone, UnbookableCurrency, InvalidTaxNumber, SettingsChangedSince. From
    the API contract.
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
    """Set what each named role may grant; what changed, a field for each role."""
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
    """Names that must be known, whoever asks; the schema has looked at everything else."""
    if "timezone" in changes and not clock.is_zone(changes["timezone"]):
        raise UnknownZone
    if "default_currency" in changes and not is_currency(changes["default_currency"]):
        raise UnbookableCurrency
    tax_number = changes.get("tax_number")
    if tax_number and _LIKE_GSTIN.fullmatch(tax_number) and country_of(tax_number) is None:
        raise InvalidTaxNumber
