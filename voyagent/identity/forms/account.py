"""HTML forms of the user's own account and of mailed links."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from pydantic import BaseModel
from wtforms import EmailField, PasswordField, StringField

from voyagent.http.forms import SchemaForm
from voyagent.identity.forms.entry import PASSWORD_RULE, SENTENCES
from voyagent.identity.schemas.account import (
    AddressPage,
    ForgotPage,
    NamePage,
    PasswordPage,
    ResetPage,
    VerifyPage,
)

_WRITE_PASSWORD = _("Enter your password.")
_TOO_LONG = _("This is too long.")
_NEW_PASSWORD = {
    "new_password.missing": _("Choose a password."),
    "new_password.string_too_short": _("Use 12 to 128 characters."),
    "new_password.string_too_long": _("Use 12 to 128 characters."),
}


class ForgotForm(SchemaForm[ForgotPage]):
    """Form that requests a link to reset a password."""

    schema: ClassVar[type[BaseModel]] = ForgotPage
    sentences: ClassVar[dict[str, Any]] = SENTENCES
    email = EmailField(_("E-mail"))


class ResetForm(SchemaForm[ResetPage]):
    """Form for the new password, opened by the link in a mail."""

    schema: ClassVar[type[BaseModel]] = ResetPage
    sentences: ClassVar[dict[str, Any]] = {**SENTENCES, **_NEW_PASSWORD}
    new_password = PasswordField(_("New password"), description=PASSWORD_RULE)


class VerifyForm(SchemaForm[VerifyPage]):
    """Form that confirms an e-mail address, opened by the link in a mail."""

    schema: ClassVar[type[BaseModel]] = VerifyPage
    sentences: ClassVar[dict[str, Any]] = {"password.string_too_long": _TOO_LONG}
    password = PasswordField(_("Your password"))


class NameForm(SchemaForm[NamePage]):
    """Form for a new name."""

    schema: ClassVar[type[BaseModel]] = NamePage
    sentences: ClassVar[dict[str, Any]] = SENTENCES
    full_name = StringField(_("Your name"))


class AddressForm(SchemaForm[AddressPage]):
    """Form for a new e-mail address.

    The form asks for the password, and for a code if two-factor is on.
    """

    schema: ClassVar[type[BaseModel]] = AddressPage
    sentences: ClassVar[dict[str, Any]] = {
        **SENTENCES,
        "password.missing": _WRITE_PASSWORD,
        "password.string_too_long": _TOO_LONG,
    }
    email = EmailField(_("New e-mail address"))
    password = PasswordField(_("Your password"), id="address-password")
    code = StringField(_("Code from your phone, or a recovery code"), id="address-code")


class PasswordForm(SchemaForm[PasswordPage]):
    """Form for a new password; needs the current one, and a code if two-factor is on."""

    schema: ClassVar[type[BaseModel]] = PasswordPage
    sentences: ClassVar[dict[str, Any]] = {
        **SENTENCES,
        **_NEW_PASSWORD,
        "current_password.missing": _WRITE_PASSWORD,
        "current_password.string_too_long": _TOO_LONG,
    }
    current_password = PasswordField(_("Current password"))
    new_password = PasswordField(_("New password"), description=PASSWORD_RULE)
    code = StringField(_("Code from your phone, or a recovery code"), id="password-code")
