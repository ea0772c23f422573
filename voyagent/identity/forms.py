"""The forms of coming in; what is right stands in the schemas."""

from __future__ import annotations

from babel.core import Locale
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField, PasswordField, SelectChoice, SelectField, StringField

from voyagent.http.forms import SchemaForm
from voyagent.http.presentation import ROLE_WORDS, page_locale
from voyagent.identity.permissions import Role
from voyagent.identity.schemas import CreateInviteRequest, JoinPage, SignInRequest, SignUpPage
from voyagent.kernel import clock, money

FIRST_CURRENCIES = ("INR", "AED", "USD", "EUR", "GBP", "SAR", "QAR", "SGD")
FIRST_ZONES = ("Asia/Kolkata", "Asia/Dubai", "Asia/Singapore", "Europe/London", "UTC")
ROLE_ORDER = (Role.AGENT, Role.VIEWER, Role.TICKETING_LEAD, Role.ACCOUNTING_LEAD, Role.AGENCY_ADMIN)
_PASSWORD_LENGTH = _("Use 12 to 128 characters.")
_SENTENCES = {
    "email_invalid": _("Write an address such as neha@malabargulf.in."),
    "password.missing": _("Choose a password."),
    "password.string_too_short": _PASSWORD_LENGTH,
    "password.string_too_long": _PASSWORD_LENGTH,
    "password_no_letter": _("Add a letter, or use 20 characters or more."),
    "password_no_digit": _("Add a figure, or use 20 characters or more."),
    "full_name.missing": _("Write your name."),
    "agency_name.missing": _("Write the agency's name."),
    "email.missing": _("Write your address."),
    "invalid_role": _("Choose one of the list."),
    "invalid_currency": _("Choose one of the list."),
    "invalid_timezone": _("Choose one of the list."),
}


class SignInForm(SchemaForm[SignInRequest]):
    """Address and password."""

    schema = SignInRequest
    sentences = {**_SENTENCES, "password.missing": _("Write your password."), "password.string_too_long": _("This is too long.")}  # noqa: RUF012 - declared by the base
    email = EmailField(_("E-mail"))
    password = PasswordField(_("Password"))
    remember = BooleanField(_("Keep me signed in on this computer"))


class SignUpForm(SchemaForm[SignUpPage]):
    """A new agency and its administrator."""

    schema = SignUpPage
    sentences = _SENTENCES
    agency_name = StringField(_("Agency name"))
    full_name = StringField(_("Your name"))
    email = EmailField(_("E-mail"))
    password = PasswordField(_("Password"))
    default_currency = SelectField(
        _("Books kept in"), default="INR", choices=lambda: _named(_first(FIRST_CURRENCIES, money.currency_codes())), validate_choice=False
    )
    timezone = SelectField(_("Time zone"), default="Asia/Kolkata", choices=lambda: _first(FIRST_ZONES, clock.zones()), validate_choice=False)


class JoinForm(SchemaForm[JoinPage]):
    """Who joins by an invitation."""

    schema = JoinPage
    sentences = _SENTENCES
    full_name = StringField(_("Your name"))
    password = PasswordField(_("Password"))


class InviteForm(SchemaForm[CreateInviteRequest]):
    """Whom to invite, and as what."""

    schema = CreateInviteRequest
    sentences = {**_SENTENCES, "email.missing": _("Write your colleague's address.")}  # noqa: RUF012 - declared by the base
    email = EmailField(_("E-mail"))
    role = SelectField(
        _("Role"), default=Role.AGENT.value, choices=[SelectChoice(role.value, ROLE_WORDS[role.value]) for role in ROLE_ORDER], validate_choice=False
    )


def _named(codes: list[str]) -> list[SelectChoice]:
    """Currencies with their names in the page's language."""
    names = Locale.parse(page_locale().replace("-", "_")).currencies
    return [SelectChoice(code, f"{code}, {names.get(code, code)}") for code in codes]


def _first(usual: tuple[str, ...], every: tuple[str, ...]) -> list[str]:
    """The usual ones on top, then every one in order."""
    return [*usual, *(name for name in every if name not in usual)]
