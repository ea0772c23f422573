"""Forms of settings and logo, and the labels and texts that display settings."""

from __future__ import annotations

import re
from typing import Any, ClassVar, NamedTuple

from babel.core import Locale
from babel.dates import get_month_names
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from flask_wtf.file import FileField
from pydantic import BaseModel
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)

from voyagent.http.forms import SchemaForm
from voyagent.http.template_filters import number
from voyagent.kernel import clock, money
from voyagent.kernel.database.read_pool import Row
from voyagent.settings import queries
from voyagent.settings.rules import BYTES_MAX
from voyagent.settings.schemas import OVERRIDES, LogoFile, TenantSettingsPatchRequest

MODEL_WORDS = {
    "": _l("As this installation is set up"),
    queries.BUILT_IN: _l("Built-in planner only"),
    "claude-sonnet-5": "Claude Sonnet 5",
    "claude-opus-5": "Claude Opus 5",
    "claude-sonnet-4-5": "Claude Sonnet 4.5",
    "claude-opus-4-6": "Claude Opus 4.6",
    "claude-haiku-4-5-20251001": "Claude Haiku 4.5",
}
# Roles that may approve. The labels are repeated here, because this package must not import
# identity.
ROLE_WORDS = {
    "agent": _l("Agent"),
    "ticketing_lead": _l("Ticketing lead"),
    "accounting_lead": _l("Accounting lead"),
    "agency_admin": _l("Administrator"),
}
_LIMIT = "approval_limits."
_SUM = re.compile(r"([A-Za-z]{3})?\s*([0-9][0-9,\s]*+(?:\.[0-9]+)?)\s*([A-Za-z]{3})?")
LANGUAGES = {"en": "English", "hi": "हिन्दी"}
# The form field at which each error of the service is shown.
ERROR_FIELDS = {
    "zone_unknown": "timezone",
    "currency_unknown": "default_currency",
    "base_currency_fixed": "default_currency",
    "invalid_tax_number": "tax_number",
    "invalid_mail_addresses": "audit_mail_addresses",
    "settings_changed": "",
}
LOGO_ERROR_FIELDS = dict.fromkeys(("picture_too_large", "picture_unreadable"), "logo")
_NEEDED = ("rate_limit_per_minute", "rate_limit_per_hour", "rate_max_age_days")
_NUMBERS = (*_NEEDED, "daily_token_budget")
_TEXT_MAX = 160
_FIELD_OF = {"model_override": "model"}
_WHOLE = _l("Enter a whole number.")


class Section(NamedTuple):
    """A section of the settings page: anchor, title and field names."""

    id: str
    title: Any
    fields: tuple[str, ...]


SECTIONS = (
    Section("agency", _l("Agency"), ("locale", "timezone", "default_currency")),
    Section("paper", _l("Documents"), ("address", "tax_number", "sac_digits", "bank_details")),
    Section("assistant", _l("Assistant"), ("model", "system_prompt_suffix")),
    Section(
        "limits",
        _l("Budget and limits"),
        ("daily_token_budget", "rate_limit_per_minute", "rate_limit_per_hour"),
    ),
    Section(
        "approvals",
        _l("Approvals"),
        ("four_eyes", *(f"approval_limits.{role}" for role in ROLE_WORDS)),
    ),
    Section("audit", _l("Audit log"), ("audit_mail_administrators", "audit_mail_addresses")),
    Section(
        "books",
        _l("Books"),
        (
            *("financial_year_start_month", "round_invoices", "rate_max_age_days"),
            *("bill_tolerance_percent", "bill_tolerance_minor", "confirm_treatments"),
        ),
    ),
)


class SettingsForm(SchemaForm[TenantSettingsPatchRequest]):
    """Form of all settings; numbers may have group separators.

    `seen` is the version of the settings when the form was opened. If the stored version differs
    when the form is saved, somebody else has changed the settings.
    """

    schema: ClassVar[type[BaseModel]] = TenantSettingsPatchRequest
    sentences: ClassVar[dict[str, Any]] = {
        "int_parsing": _WHOLE,
        "int_parsing_size": _WHOLE,
        "int_from_float": _WHOLE,
        "rate_limit_per_minute.greater_than_equal": _l("At least 1."),
        "rate_limit_per_minute.less_than_equal": _l("At most 10,000."),
        "rate_limit_per_hour.greater_than_equal": _l("At least 1."),
        "rate_limit_per_hour.less_than_equal": _l("At most 1,000,000."),
        "rate_max_age_days.greater_than_equal": _l("Enter 0 or more days."),
        "rate_max_age_days.less_than_equal": _l("At most 366 days."),
        "bill_tolerance_percent.string_pattern_mismatch": _l("Enter a percentage such as 2.00."),
        "bill_tolerance_minor.int_parsing": _l("Enter an amount such as 500.00."),
        "bill_tolerance_minor.greater_than_equal": _l("Enter an amount such as 500.00."),
        "daily_token_budget.greater_than_equal": _l("At least 1. Leave it empty for no limit."),
        "system_prompt_suffix.string_too_long": _l("At most 10,000 characters."),
        "address.string_too_long": _l("At most 500 characters."),
        "bank_details.string_too_long": _l("At most 500 characters."),
        "audit_mail_addresses.string_too_long": _l("At most 500 characters."),
        "tax_number.string_too_long": _l("At most 32 characters."),
        "string_pattern_mismatch": _l("Enter an amount such as 50,000 or AED 50,000."),
        "invalid_amount": _l("This has more decimals than the currency allows."),
        "currency_unknown": _l("Enter a currency code of three capital letters, such as INR."),
        "default_currency.string_pattern_mismatch": _l("Choose one from the list."),
        **dict.fromkeys(
            (
                "sac_digits.greater_than_equal",
                "sac_digits.less_than_equal",
                "sac_digits.multiple_of",
            ),
            _l("Choose one from the list."),
        ),
    }

    locale = SelectField(
        _l("Language"),
        choices=[SelectChoice(code, word) for code, word in LANGUAGES.items()],
        validate_choice=False,
    )
    timezone = SelectField(
        _l("Time zone"), choices=lambda: list(clock.zones()), validate_choice=False
    )
    default_currency = SelectField(
        _l("Currency"),
        choices=lambda: [SelectChoice(*named) for named in _currencies()],
        validate_choice=False,
    )
    address = TextAreaField(_l("Address"))
    tax_number = StringField(_l("Tax number"))
    sac_digits = SelectField(
        _l("Digits of the SAC"),
        choices=[SelectChoice("6", "6"), SelectChoice("4", "4")],
        validate_choice=False,
    )
    bank_details = TextAreaField(_l("Bank details"))
    model = RadioField(
        _l("Model"),
        choices=lambda: [(code, str(word)) for code, word in MODEL_WORDS.items()],
        validate_choice=False,
    )
    system_prompt_suffix = TextAreaField(_l("Instructions for the assistant"))
    daily_token_budget = StringField(_l("Tokens per day"))
    rate_limit_per_minute = StringField(_l("Turns per minute"))
    rate_limit_per_hour = StringField(_l("Turns per hour"))
    four_eyes = BooleanField(_l("Requesters can’t approve their own requests"))
    financial_year_start_month = SelectField(
        _l("Financial year starts in"),
        choices=lambda: [SelectChoice(*named) for named in _months()],
        validate_choice=False,
    )
    round_invoices = BooleanField(_l("Round invoice totals to whole currency units"))
    rate_max_age_days = StringField(_l("Days for which an exchange rate is used"))
    bill_tolerance_percent = StringField(_l("Bills may differ by, in percent"))
    bill_tolerance_minor = StringField(_l("and by at most"))
    confirm_treatments = BooleanField(_l("Tax rates must be confirmed before their first use"))
    audit_mail_administrators = BooleanField(_l("Mail the signed head to administrators"))
    audit_mail_addresses = TextAreaField(_l("Mail the signed head to"))
    limit_agent = StringField(ROLE_WORDS["agent"])
    limit_ticketing_lead = StringField(ROLE_WORDS["ticketing_lead"])
    limit_accounting_lead = StringField(ROLE_WORDS["accounting_lead"])
    limit_agency_admin = StringField(ROLE_WORDS["agency_admin"])
    seen = HiddenField()

    @classmethod
    def of(cls, row: Row) -> SettingsForm:
        """Return a form filled with the settings."""
        figures = {name: _figure(row[name]) for name in _NUMBERS}
        known = {
            "model": queries.wanted_model(row) or "",
            "financial_year_start_month": str(row["financial_year_start_month"]),
            "sac_digits": str(row["sac_digits"]),
            "bill_tolerance_minor": money.Money(
                row["bill_tolerance_minor"], row["base_currency"] or row["default_currency"]
            ).wire,
            "seen": queries.mark_of(row),
        }
        limits = {
            f"limit_{role}": money.spoken(limit["amount"], limit["currency"])
            for role, limit in row["approval_limits"].items()
        }
        return cls(data={**row, **figures, **known, **limits})

    def values(self) -> dict[str, Any]:
        """Return the submitted values; numbers have no group separators.

        A blank number is left out. A required number is included even if it is blank, so that
        validation refuses it.
        """
        values = super().values()
        for name in _NUMBERS:
            typed = "".join((self._fields[name].data or "").replace(",", "").split())
            if typed or name in _NEEDED:
                values[name] = typed
        if values.get("model") in OVERRIDES:
            values["model_override"] = values.pop("model")
            values["model"] = None
        values["bill_tolerance_minor"] = self._tolerance()
        values["approval_limits"] = {role: self._limit(role) for role in ROLE_WORDS}
        return values

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the name of the form field at which a schema error is shown.

        `loc` is the location of the error in the schema, such as `("approval_limits", "agent")`.
        The approval limit of each role has its own field, such as `limit_agent`.
        """
        return (
            f"limit_{loc[1]}"
            if loc[0] == "approval_limits" and len(loc) > 1
            else super().place_of(loc)
        )

    def _tolerance(self) -> int | str:
        """Return the typed amount in minor units, or as it was typed."""
        typed = "".join((self.bill_tolerance_minor.data or "").replace(",", "").split())
        try:
            return money.Money.parse(typed, self.default_currency.data or "").amount_minor
        except (money.InvalidAmount, money.UnknownCurrency):
            return typed

    def _limit(self, role: str) -> dict[str, str] | None:
        """Parse a limit such as `50,000` or `AED 50,000`; return None for an empty field.

        A limit without a currency is in the agency's currency.
        """
        typed = (self[f"limit_{role}"].data or "").strip()
        if not typed:
            return None
        found = _SUM.fullmatch(typed)
        if found is None or (found[1] and found[3]):
            return {"amount": typed, "currency": self.default_currency.data}
        currency = (found[1] or found[3] or self.default_currency.data or "").upper()
        return {"amount": "".join(found[2].replace(",", "").split()), "currency": currency}


class LogoForm(SchemaForm[LogoFile]):
    """Form to upload a logo."""

    schema: ClassVar[type[BaseModel]] = LogoFile
    sentences: ClassVar[dict[str, Any]] = {
        "missing": _l("Choose a file."),
        "bytes_too_short": _l("Choose a file."),
    }

    logo = FileField(_l("Image"))

    def values(self) -> dict[str, Any]:
        """Return the bytes of the file, at most one byte more than the allowed size.

        With the extra byte, the service refuses a file that is too large.
        """
        chosen = self.logo.data
        return (
            {"logo": chosen.stream.read(BYTES_MAX + 1)}
            if isinstance(chosen, FileStorage) and chosen.filename
            else {}
        )


def label_of(name: str) -> str:
    """Return the label of a setting."""
    if name == queries.LOGO:
        return _("Logo")
    if name.startswith(_LIMIT):
        return _("Limit, %(role)s", role=ROLE_WORDS.get(name.removeprefix(_LIMIT), name))
    field = getattr(SettingsForm, _FIELD_OF.get(name, name), None)
    return str(field.args[0]) if field is not None else name.replace("_", " ")


def value_of(row: Row, name: str) -> Any:
    """Return the value of a setting.

    `name` may also be `approval_limits.` with the name of a role, such as `approval_limits.agent`.
    For `model`, the value is `model_override` if it is set, else `model`.
    """
    if name == "model":
        return queries.wanted_model(row)
    if not name.startswith(_LIMIT):
        return row[name]
    limit = row["approval_limits"].get(name.removeprefix(_LIMIT))
    return None if limit is None else f"{limit['currency']} {limit['amount']}"


def words_of(name: str, value: Any) -> str:
    """Return a setting's value as text for display."""
    if _FIELD_OF.get(name, name) == "model":
        return str(MODEL_WORDS.get(value or "", value))
    if value is None:
        return (
            _("no limit")
            if name == "daily_token_budget" or name.startswith(_LIMIT)
            else _("nothing")
        )
    if name.startswith(_LIMIT):
        currency, _space, amount = str(value).partition(" ")
        return money.spoken(amount, currency)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "locale":
        return LANGUAGES.get(value, value)
    if name == "financial_year_start_month":
        return dict(_months()).get(str(value), str(value))
    if isinstance(value, int):
        return _figure(value)
    text = str(value)
    return text if len(text) <= _TEXT_MAX else text[:_TEXT_MAX].rstrip() + " …"


def _figure(value: int | None) -> str:
    return "" if value is None else number(value)


def _months() -> list[tuple[str, str]]:
    names = get_month_names("wide", context="stand-alone", locale=_locale())
    return [(str(number), names[number]) for number in range(1, 13)]


def _currencies() -> list[tuple[str, str]]:
    names = _locale().currencies
    return [
        (code, f"{code}, {names[code]}" if code in names else code)
        for code in money.currency_codes()
    ]


def _locale() -> Locale:
    return get_locale() or Locale("en")
