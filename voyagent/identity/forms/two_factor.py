"""HTML forms of two-factor authentication and of reauthentication."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import PasswordField, StringField

from voyagent.http.forms import SchemaForm
from voyagent.identity.schemas.two_factor import CodePage, ConfirmPage

_SENTENCES = {
    "password.missing": _("Enter your password."),
    "password.string_too_long": _("This is too long."),
    "code.missing": _("Enter the code."),
    "code.string_too_long": _("This is too long."),
}


class ConfirmForm(SchemaForm[ConfirmPage]):
    """Form that asks for the password, and for a code if two-factor is on."""

    schema = ConfirmPage
    sentences = _SENTENCES
    password = PasswordField(_("Your password"))
    code = StringField(_("Code from your phone, or a recovery code"))


class CodeForm(SchemaForm[CodePage]):
    """Form that asks for a two-factor code."""

    schema = CodePage
    sentences = _SENTENCES
    code = StringField(_("Code"))
