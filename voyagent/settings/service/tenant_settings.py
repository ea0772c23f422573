"""Services of an agency's settings: create them at sign-up, change and audit them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypedDict

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock, resealing
from voyagent.kernel.actor import Actor
from voyagent.kernel.addresses import normal_address
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.database.reauthentication import authenticate_again
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Conflict, PreconditionFailed, Unprocessable
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import Money, is_currency
from voyagent.kernel.resealing import SealedColumn
from voyagent.kernel.tenancy import bind
from voyagent.settings import queries
from voyagent.settings.models import BANK, TenantSettings
from voyagent.taxes.rules.numbers import country_of

SEALED = (SealedColumn("tenant_settings", "bank_details_sealed", BANK, clear="bank_details"),)
STEP_UP = {
    "four_eyes": "settings.policy",
    "approval_limits": "settings.policy",
    "audit_mail_administrators": "settings.policy",
    "audit_mail_addresses": "settings.policy",
    "bank_details": "settings.bank_details",
    "tax_number": "settings.tax_number",
    "bill_tolerance_percent": "settings.policy",
    "bill_tolerance_minor": "settings.policy",
    "confirm_treatments": "settings.policy",
}
"""Permission with step-up that a change of a setting needs beside `settings.update`."""
GUARDED: Mapping[str, Any] = {
    "bank_details": None,
    "four_eyes": True,
    "approval_limits": {},
    "system_prompt_suffix": None,
    "audit_mail_administrators": False,
    "audit_mail_addresses": None,
    "bill_tolerance_percent": "2.00",
    "bill_tolerance_minor": 50_000,
}
"""Settings that decide where money and data go and who must agree, with their defaults."""
DEFAULT_CURRENCY = "INR"
DEFAULT_TIMEZONE = "UTC"
DEFAULT_LOCALE = "en"
_PRIVATE = frozenset({"bank_details", "audit_mail_addresses"})
"""Settings of which an audit event has only the name, because events are never deleted."""
_FREE_TEXTS = ("system_prompt_suffix",)
"""Settings whose values may name customers, so the values are in the erasable part of an event."""
_LIKE_GSTIN = re.compile(r"[0-9]{2}[0-9A-Z]{13}")
"""Fifteen characters in the form of a GSTIN (Rule 10 of the CGST Rules).

Text in another form is the tax number of another country and is not checked.
"""


class SettingsChangedSince(PreconditionFailed):
    """The settings have changed since the caller read them."""

    code = "settings_changed"
    message = N_(
        "The settings were changed after you opened them. Reload the page, then repeat your"
        " changes."
    )


class UnknownZone(Unprocessable):
    """The time zone is not in the IANA database."""

    code = "zone_unknown"
    message = N_("Enter a time zone such as Asia/Kolkata.")


class UnbookableCurrency(Unprocessable):
    """The text is not the ISO 4217 code of a currency in which amounts can be booked.

    ISO 4217 defines no minor units for some codes, such as that of gold. Such a code is refused.
    """

    code = "currency_unknown"
    message = N_("Enter a currency code of three capital letters, such as INR.")


class BaseCurrencyFixed(Conflict):
    """The base amounts are established, so the currency of the books cannot change."""

    code = "base_currency_fixed"
    message = N_("All postings have amounts in the currency of your books, so it can’t change.")


class InvalidTaxNumber(Unprocessable):
    """The tax number has the form of a GSTIN but a wrong check character."""

    code = "invalid_tax_number"
    message = N_(
        "This GSTIN is not valid: its check character does not match. Compare it with the"
        " certificate."
    )


class InvalidMailAddresses(Unprocessable):
    """A recipient of audit statements is no e-mail address, or there are too many."""

    code = "invalid_mail_addresses"
    message = N_("Enter at most five e-mail addresses, separated by commas.")


class SettingsChanges(TypedDict, total=False):
    """Changes of settings: a setting whose key is absent is unchanged.

    None clears `model`, `model_override`, `system_prompt_suffix`, `daily_token_budget`, `address`
    (the postal address), `tax_number`, `bank_details` or `audit_mail_addresses`.
    """

    model: str | None
    model_override: str | None
    """The model that takes precedence over `model`; changing only `model` clears it."""
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
    """Approval limits by role as `{amount, currency}`.

    None as the limit of a role removes the limit. The limits of absent roles are unchanged.
    """
    address: str | None
    tax_number: str | None
    bank_details: str | None
    round_invoices: bool
    audit_mail_administrators: bool
    audit_mail_addresses: str | None
    """At most five e-mail addresses, separated by commas."""
    rate_max_age_days: int
    """Age in days up to which an exchange rate is used for a later day."""
    sac_digits: int
    """Digits of the service codes (SAC) on new invoices: 4 or 6."""
    bill_tolerance_percent: str
    """Percent by which a bill may differ from the expected amount, with two decimals."""
    bill_tolerance_minor: int
    """Amount by which a bill may differ, in minor units of the currency of the books."""
    confirm_treatments: bool
    """True if tax rates must be confirmed before an invoice uses them for the first time."""


def open_settings(
    *,
    default_currency: str = DEFAULT_CURRENCY,
    timezone: str = DEFAULT_TIMEZONE,
    locale: str = DEFAULT_LOCALE,
) -> None:
    """Create the settings of a new agency.

    `default_currency` is the currency of the books.
    """
    db.session.add(
        TenantSettings(default_currency=default_currency, timezone=timezone, locale=locale)
    )


def make(actor: Actor) -> Row:
    """Return the settings as a row; create them if the agency has none.

    Raises Forbidden.
    """
    actor.require("settings.read")
    bind(db.session(), actor.tenant_id)
    return queries.row_of(queries.get_settings())


def update(actor: Actor, changes: SettingsChanges, *, seen: str | None = None) -> TenantSettings:
    """Change the settings of the agency.

    A change applies from the next request, on pages and in the API. If no value differs, nothing is
    stored or audited. If `seen` is given, it must equal the current version of the settings
    (`queries.mark_of`), else SettingsChangedSince is raised. A change of a setting in `STEP_UP`
    needs a password entered just now, or an API key with the scope `settings`.

    The currency cannot change once the base amounts of the postings are established.

    Raises Unauthorized, Forbidden, NotFresh, UnknownZone, UnbookableCurrency, BaseCurrencyFixed,
    InvalidTaxNumber, InvalidMailAddresses, SettingsChangedSince.
    """
    actor.require("settings.update")
    _check(changes)
    if "audit_mail_addresses" in changes:
        text = changes["audit_mail_addresses"]
        changes = {**changes, "audit_mail_addresses": ", ".join(_addresses(text or "")) or None}
    # locked, so that each audit event has the true old values
    settings = queries.get_settings(lock=True)
    if seen is not None and seen != queries.mark_of(queries.row_of(settings)):
        raise SettingsChangedSince
    currency = changes.get("default_currency", settings.base_currency)
    if settings.base_currency not in (None, currency):
        raise BaseCurrencyFixed
    if "model" in changes:
        changes = {"model_override": None, **changes}
    changed: list[dict[str, Any]] = []
    limits = changes.get("approval_limits", {})
    for name, value in changes.items():
        before = getattr(settings, name)
        if name != "approval_limits" and before != value:
            setattr(settings, name, value)
            changed.append(
                {"field": name}
                if name in _PRIVATE
                else {"field": name, "before": before, "after": value}
            )
    if limits:
        changed += _limit(settings, limits)
    _check_again(actor, {str(change["field"]).partition(".")[0] for change in changed})
    if changed:
        db.session.flush()
        _record(actor, changed)
    return settings


def fix_base_currency(currency: str) -> None:
    """Store the base currency of the agency, and mark its base amounts as established.

    The caller must have locked the settings, and must check the permission and the postings.
    """
    settings = queries.get_settings()
    settings.base_currency, settings.base_state = currency, "ready"
    db.session.flush()


def restore_guarded(actor: Actor) -> None:
    """Set the current agency's settings in `GUARDED` back to their defaults.

    These settings decide where money and data go, and who must agree. A stranger may have created
    the agency with the e-mail address of somebody else. This function is called when the owner of
    that address takes over the agency.
    """
    settings = queries.get_settings(lock=True)
    changed: list[dict[str, Any]] = []
    for name, default in GUARDED.items():
        before = getattr(settings, name)
        if before != default:
            setattr(settings, name, default)
            private = name in _PRIVATE
            changed.append(
                {"field": name} if private else {"field": name, "before": before, "after": default}
            )
    if changed:
        db.session.flush()
        _record(actor, changed)


def reseal(keyring: Keyring) -> int:
    """Encrypt the current agency's bank details with the current secret.

    Returns 1 if the bank details were encrypted with an earlier secret or not at all, else 0.
    """
    return resealing.reseal(keyring, TenantSettings, "bank_details")


def _check_again(actor: Actor, fields: set[str]) -> None:
    """Check again that the actor may change these fields, after locking the settings.

    While this transaction waited for the lock, another transaction may have called
    `restore_guarded` and ended the actor's session.
    """
    if fields & GUARDED.keys():
        authenticate_again(actor).require("settings.update")
    for field in fields & STEP_UP.keys():
        actor.require_step_up(STEP_UP[field])


def _record(actor: Actor, changed: list[dict[str, Any]]) -> None:
    inputs, private = audit.split_changes(changed, private=_FREE_TEXTS)
    audit.record(
        actor,
        queries.CHANGED,
        entity_refs={"settings_id": actor.tenant_id},
        inputs=inputs,
        private=private,
    )


def _addresses(text: str) -> list[str]:
    """Return the normalised e-mail addresses in a text. Raises InvalidMailAddresses."""
    found = [normal_address(part) for part in text.replace(",", " ").replace(";", " ").split()]
    addresses = [address for address in dict.fromkeys(found) if address is not None]
    if None in found or len(addresses) > queries.AUDIT_ADDRESSES_MAX:
        raise InvalidMailAddresses
    return addresses


def _limit(settings: TenantSettings, limits: dict[str, Any]) -> list[dict[str, Any]]:
    """Set the approval limits of the given roles; None removes a limit.

    Returns a change with the old and new limit for each role whose limit changed, for the audit
    log.
    """
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
            "before": _limit_text(before.get(role)),
            "after": _limit_text(after.get(role)),
        }
        for role in limits
        if before.get(role) != after.get(role)
    ]


def _limit_text(limit: dict[str, str] | None) -> str | None:
    return None if limit is None else f"{limit['currency']} {limit['amount']}"


def _check(changes: SettingsChanges) -> None:
    """Check time zone, currency and tax number; the request schema checks the rest."""
    if "timezone" in changes and not clock.is_zone(changes["timezone"]):
        raise UnknownZone
    if "default_currency" in changes and not is_currency(changes["default_currency"]):
        raise UnbookableCurrency
    tax_number = changes.get("tax_number")
    if tax_number and _LIKE_GSTIN.fullmatch(tax_number) and country_of(tax_number) is None:
        raise InvalidTaxNumber
