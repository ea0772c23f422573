"""HTML forms of sign-up, sign-in and the team; the schemas validate them."""

from __future__ import annotations

from babel.core import Locale
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    EmailField,
    PasswordField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.widgets import CheckboxInput, ListWidget

from voyagent.http.forms import SchemaForm
from voyagent.http.template_filters import ROLE_WORDS, page_locale
from voyagent.identity.rules.permissions import Role, is_within_reach
from voyagent.identity.schemas.entry import (
    CreateInviteRequest,
    JoinPage,
    MakeKeyPage,
    RolePage,
    SignInRequest,
    SignUpPage,
)
from voyagent.kernel import clock, money
from voyagent.kernel.fields import Open

FIRST_CURRENCIES = ("INR", "AED", "USD", "EUR", "GBP", "SAR", "QAR", "SGD")
FIRST_ZONES = ("Asia/Kolkata", "Asia/Dubai", "Asia/Singapore", "Europe/London", "UTC")
ROLE_ORDER = (Role.AGENT, Role.VIEWER, Role.TICKETING_LEAD, Role.ACCOUNTING_LEAD, Role.AGENCY_ADMIN)
PASSWORD_RULE = _("12 or more characters with a letter and a digit, or 20 or more of any kind.")
"""Hint shown below every field for a new password."""
_PASSWORD_LENGTH = _("Use 12 to 128 characters.")
SENTENCES = {
    "email_invalid": _("Enter an address such as neha@malabargulf.in."),
    "password.missing": _("Choose a password."),
    "password.string_too_short": _PASSWORD_LENGTH,
    "password.string_too_long": _PASSWORD_LENGTH,
    "password_no_letter": _("Add a letter, or use 20 characters or more."),
    "password_no_digit": _("Add a digit, or use 20 characters or more."),
    "full_name.missing": _("Enter your name."),
    "agency_name.missing": _("Enter the agency’s name."),
    "email.missing": _("Enter your address."),
    "invalid_role": _("Choose one from the list."),
    "invalid_currency": _("Choose one from the list."),
    "invalid_timezone": _("Choose one from the list."),
}


class SignInForm(SchemaForm[SignInRequest]):
    """Form of the sign-in with e-mail address and password."""

    schema = SignInRequest
    sentences = {  # noqa: RUF012
        **SENTENCES,
        "password.missing": _("Enter your password."),
        "password.string_too_long": _("This is too long."),
    }
    email = EmailField(_("E-mail"))
    password = PasswordField(_("Password"))
    remember = BooleanField(_("Keep me signed in on this computer"))


class SignUpForm(SchemaForm[SignUpPage]):
    """Form that creates an agency and its first administrator."""

    schema = SignUpPage
    sentences = SENTENCES
    agency_name = StringField(_("Agency name"))
    full_name = StringField(_("Your name"))
    email = EmailField(_("E-mail"))
    password = PasswordField(_("Password"), description=PASSWORD_RULE)
    default_currency = SelectField(
        _("Accounting currency"),
        default="INR",
        choices=lambda: _named(_first(FIRST_CURRENCIES, money.currency_codes())),
        validate_choice=False,
    )
    timezone = SelectField(
        _("Time zone"),
        default="Asia/Kolkata",
        choices=lambda: _first(FIRST_ZONES, clock.zones()),
        validate_choice=False,
    )


class JoinForm(SchemaForm[JoinPage]):
    """Form for a person who accepts an invitation."""

    schema = JoinPage
    sentences = SENTENCES
    full_name = StringField(_("Your name"))
    password = PasswordField(_("Password"), description=PASSWORD_RULE)


class InviteForm(SchemaForm[CreateInviteRequest]):
    """Form with the e-mail address and the role of a new invitation."""

    schema = CreateInviteRequest
    sentences = {  # noqa: RUF012
        **SENTENCES,
        "email.missing": _("Enter your colleague’s address."),
    }
    email = EmailField(_("E-mail"))
    role = SelectField(
        _("Role"),
        default=Role.AGENT.value,
        choices=[SelectChoice(role.value, ROLE_WORDS[role.value]) for role in ROLE_ORDER],
        validate_choice=False,
    )


# Labels of the scopes of an API key, in the order of the page.
SCOPE_WORDS = {
    "read": (_("Read everything"), _("Everything you can see, read-only")),
    "enquiries": (_("Enquiries"), _("Create and edit enquiries, open conversations")),
    "assistant": (
        _("Assistant"),
        _("Use the assistant with your permissions"),
    ),
    "trips": (
        _("Trips"),
        _("Passengers, flights, hotels and services. Itineraries include full passport details"),
    ),
    "approvals": (_("Approvals"), _("See requests, approve and decline within your permissions")),
    "books": (_("Books"), _("Invoices, bills, payments, journal, reports")),
    "reports": (_("Reports"), _("Receivables, payables, trial balance")),
    "team": (_("Team"), _("See users; invite, change roles and remove within your permissions")),
    "settings": (_("Settings"), _("View, and change within your permissions")),
    "audit": (_("Audit"), _("View and export the audit log")),
    "full": (_("Full access"), _("Except creating keys and changing sign-in")),
}
_KEY_DAYS = (
    ("30", _("in 30 days")),
    ("90", _("in 90 days")),
    ("365", _("in a year")),
    ("", _("never")),
)


class MakeKeyForm(SchemaForm[MakeKeyPage]):
    """Form of a new API key: name, expiry, scopes, and the user's password."""

    schema = MakeKeyPage
    sentences = {  # noqa: RUF012 - declared by the base
        **SENTENCES,
        "name.missing": _("Enter a name, such as the program that will use the key."),
        "scopes.too_short": _("Choose the permissions of the key."),
        "invalid_scope": _("Choose one from the list."),
        "password.missing": _("Enter your password."),
    }
    name = StringField(_("Name"))
    expires_in_days = SelectField(
        _("Expires"),
        default="90",
        choices=[SelectChoice(days, words) for days, words in _KEY_DAYS],
        validate_choice=False,
    )
    scopes = SelectMultipleField(
        _("Permissions"),
        default=["read"],
        validate_choice=False,
        widget=ListWidget(),
        option_widget=CheckboxInput(),
    )
    password = PasswordField(_("Your password"))
    code = StringField(_("Code from your phone, or a recovery code"))

    @classmethod
    def of(cls, role: str) -> MakeKeyForm:
        """Return the form, with only the scopes that allow this role at least one act."""
        form = cls()
        form.scopes.choices = [
            SelectChoice(scope, words)
            for scope, (words, _about) in SCOPE_WORDS.items()
            if is_within_reach(scope, role)
        ]
        return form


class RoleForm(SchemaForm[RolePage]):
    """Form that changes a user's role."""

    schema = RolePage
    sentences = SENTENCES
    role = SelectField(
        _("Role"),
        choices=[SelectChoice(role.value, ROLE_WORDS[role.value]) for role in ROLE_ORDER],
        validate_choice=False,
    )


class SureForm(SchemaForm[Open]):
    """Form without fields that confirms an action."""

    schema = Open


def _named(codes: list[str]) -> list[SelectChoice]:
    """Return a choice for each currency, labelled in the language of the page."""
    names = Locale.parse(page_locale().replace("-", "_")).currencies
    return [
        SelectChoice(code, f"{code}, {names[code]}" if code in names else code) for code in codes
    ]


def _first(usual: tuple[str, ...], every: tuple[str, ...]) -> list[str]:
    """Return the values in `usual` first, then the other values in their order."""
    return [*usual, *(name for name in every if name not in usual)]
